/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A dump of a populated kernel: everything that its .expect file states of the
 * system's state, through the public API.
 *
 * usage: test_state procs|args|system|facts|stacks|symbols IMAGE
 * (a name in $KVM_IMAGES)
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state.h"

#define SHOWN	40		/* failures that are told */

bool
state_check(struct state *s, bool ok, const char *fmt, ...)
{
	va_list ap;

	s->checks++;
	if (ok)
		return (true);
	if (s->failures++ < SHOWN) {
		printf("%s: ", s->name);
		va_start(ap, fmt);
		vprintf(fmt, ap);
		va_end(ap);
		printf("\n");
	}
	return (false);
}

static void
check_load(struct state *s, const char *line)
{
	double want[3], scale, got[3];

	if (sscanf(line, "load %lf %lf %lf %lf", &want[0], &want[1],
	    &want[2], &scale) != 4)
		return;
	if (!state_check(s, kvm_getloadavg(s->kd, got, 3) == 3,
	    "kvm_getloadavg: %s", kvm_geterr(s->kd)))
		return;
	for (int i = 0; i < 3; i++)
		state_check(s, got[i] == want[i] / scale, "load %d is %f", i,
		    got[i]);
}

/* "swap USED TOTAL FLAGS NAME", in the kernel's order; "swaptotal". */
static void
check_swap(struct state *s)
{
	struct kvm_swap swap[16];
	int n = kvm_getswapinfo(s->kd, swap, 16, 0), seen = 0;
	unsigned int used, total;
	int flags;
	char name[40];

	if (!state_check(s, n >= 0, "kvm_getswapinfo: %s",
	    kvm_geterr(s->kd)))
		return;
	for (size_t i = 0; i < s->nline; i++) {
		if (sscanf(s->line[i], "swap %u %u %d %39[^\n]", &used,
		    &total, &flags, name) == 4 && seen < n) {
			state_check(s, swap[seen].ksw_used == used &&
			    swap[seen].ksw_total == total &&
			    swap[seen].ksw_flags == flags &&
			    strcmp(swap[seen].ksw_devname, name) == 0,
			    "%s: used %u of %u, flags %d, %s", s->line[i],
			    swap[seen].ksw_used, swap[seen].ksw_total,
			    swap[seen].ksw_flags, swap[seen].ksw_devname);
			seen++;
		} else if (sscanf(s->line[i], "swaptotal %u %u", &used,
		    &total) == 2) {
			state_check(s, swap[n].ksw_used == used &&
			    swap[n].ksw_total == total && seen == n,
			    "%s: %u of %u", s->line[i], swap[n].ksw_used,
			    swap[n].ksw_total);
		}
	}
}

static void
check_cptime(struct state *s)
{
	long want[CPUSTATES] = { 0 }, t[CPUSTATES];
	int cpu;

	for (size_t i = 0; i < s->nline; i++)
		if (sscanf(s->line[i], "cptime %d %ld %ld %ld %ld %ld", &cpu,
		    &t[0], &t[1], &t[2], &t[3], &t[4]) == 6)
			for (int j = 0; j < CPUSTATES; j++)
				want[j] += t[j];
	if (!state_check(s, kvm_getcptime(s->kd, t) == 0,
	    "kvm_getcptime: %s", kvm_geterr(s->kd)))
		return;
	for (int j = 0; j < CPUSTATES; j++)
		state_check(s, t[j] == want[j], "cptime %d is %ld, not %ld",
		    j, t[j], want[j]);
}

static void
check_pcpu(struct state *s, int cpu, uint64_t va, size_t size)
{
	void *copy = kvm_getpcpu(s->kd, cpu), *want = malloc(size);

	if (state_check(s, copy != NULL && copy != (void *)-1,
	    "kvm_getpcpu(%d): %s", cpu, kvm_geterr(s->kd)) &&
	    kvm_read2(s->kd, va, want, size) == (ssize_t)size)
		state_check(s, memcmp(copy, want, size) == 0,
		    "kvm_getpcpu(%d): other bytes", cpu);
	if (copy != (void *)-1)
		free(copy);
	free(want);
}

static void
check_zpcpu(struct state *s, uint64_t base, int cpu, uint64_t want)
{
	const struct kvm_info *info = kvm_getinfo(s->kd);
	uint8_t b[8] = { 0 };
	uint64_t got = 0;

	if (!state_check(s, kvm_read_zpcpu(s->kd, (unsigned long)base, b, 8,
	    cpu) == 8, "kvm_read_zpcpu(0x%" PRIx64 ", %d): %s", base, cpu,
	    kvm_geterr(s->kd)))
		return;
	for (int i = 0; i < 8; i++)
		got |= (uint64_t)b[i] << 8 * (info->ki_big_endian ? 7 - i : i);
	state_check(s, got == want, "kvm_read_zpcpu(0x%" PRIx64 ", %d): %"
	    PRIu64, base, cpu, got);
}

static void
check_cpus(struct state *s, const char *line)
{
	uint64_t va, size, value;
	int a, b;

	if (sscanf(line, "cpus %d %d", &a, &b) == 2) {
		state_check(s, kvm_getncpus(s->kd) == a, "kvm_getncpus: %d",
		    kvm_getncpus(s->kd));
		state_check(s, kvm_getmaxcpu(s->kd) == b,
		    "kvm_getmaxcpu: %d", kvm_getmaxcpu(s->kd));
		state_check(s, kvm_getpcpu(s->kd, a) == NULL,
		    "kvm_getpcpu(%d): a CPU that is not", a);
	} else if (sscanf(line, "pcpu %d %" SCNx64 " %" SCNx64, &a, &va,
	    &size) == 3) {
		check_pcpu(s, a, va, (size_t)size);
	} else if (sscanf(line, "zpcpu %" SCNx64 " %d %" SCNu64, &va, &a,
	    &value) == 3) {
		check_zpcpu(s, va, a, value);
	} else if (sscanf(line, "counter %" SCNx64 " %" SCNu64, &va,
	    &value) == 2) {
		state_check(s, kvm_counter_u64_fetch(s->kd,
		    (unsigned long)va) == value, "counter 0x%" PRIx64 ": %"
		    PRIu64, va, kvm_counter_u64_fetch(s->kd,
		    (unsigned long)va));
	}
}

/* "info KEY TEXT" and "number KEY N". */
static void
check_info(struct state *s, const char *line)
{
	const struct kvm_info *i = kvm_getinfo(s->kd);
	const struct { const char *key, *text; } text[] = {
		{ "info release ", i->ki_release },
		{ "info hostname ", i->ki_hostname },
		{ "info panic ", i->ki_panic },
		{ "info panicthread ", i->ki_panicthread },
	};
	const struct { const char *key; int64_t value; } number[] = {
		{ "number boottime ", i->ki_boottime },
		{ "number crashtime ", i->ki_crashtime },
		{ "number ncpus ", i->ki_ncpus },
		{ "number paniccpu ", kvm_getpaniccpu(s->kd) },
		{ "number paniccpu ", i->ki_paniccpu },
		{ "number panicpid ", i->ki_panicpid },
		{ "number panictid ", i->ki_panictid },
	};

	for (size_t k = 0; k < sizeof(text) / sizeof(text[0]); k++)
		if (strncmp(line, text[k].key, strlen(text[k].key)) == 0)
			state_check(s, strcmp(text[k].text, line +
			    strlen(text[k].key)) == 0, "%s: \"%s\"", line,
			    text[k].text);
	for (size_t k = 0; k < sizeof(number) / sizeof(number[0]); k++)
		if (strncmp(line, number[k].key, strlen(number[k].key)) == 0)
			state_check(s, number[k].value == strtoll(line +
			    strlen(number[k].key), NULL, 10), "%s: %" PRId64,
			    line, number[k].value);
}

struct walk {
	struct state	*s;
	size_t		 at;		/* the next line of .expect */
	unsigned int	 extra;
};

static bool
next_line(struct walk *w, const char *prefix)
{
	while (w->at < w->s->nline && strncmp(w->s->line[w->at], prefix,
	    strlen(prefix)) != 0)
		w->at++;
	return (w->at < w->s->nline);
}

static int
see_record(const struct kvm_logrec *rec, void *arg)
{
	struct walk *w = arg;
	char line[256];

	snprintf(line, sizeof(line), "log %d %.*s", rec->kl_level,
	    (int)rec->kl_len, rec->kl_text);
	if (next_line(w, "log ") && strcmp(line, w->s->line[w->at]) == 0)
		w->at++;
	else
		w->extra++;
	return (1);
}

static int
see_module(const struct kvm_module *m, void *arg)
{
	struct walk *w = arg;
	char line[4300];

	snprintf(line, sizeof(line), "module %" PRIx64 " %" PRIx64 " %s %s",
	    m->km_addr, m->km_size, m->km_name, m->km_path);
	state_check(w->s, next_line(w, "module ") && strcmp(line,
	    w->s->line[w->at]) == 0, "%s", line);
	w->at++;
	return (1);
}

static void
check_lists(struct state *s)
{
	struct walk w = { .s = s };

	state_check(s, kvm_walk_log(s->kd, see_record, &w) > 0 &&
	    !next_line(&w, "log "), "log: %s",
	    w.at < s->nline ? s->line[w.at] : kvm_geterr(s->kd));
	/* What a ring has of the line it overwrites. */
	state_check(s, w.extra <= 1, "log: %u more lines", w.extra);
	w = (struct walk){ .s = s };
	state_check(s, kvm_walk_modules(s->kd, see_module, &w) > 0 &&
	    !next_line(&w, "module "), "modules: %s", kvm_geterr(s->kd));
}

static void
check_sets(struct state *s, const char *line)
{
	char name[64];
	struct kvm_nlist nl[2] = { { .n_name = name } };
	uint64_t va;
	unsigned int cpu;

	if (sscanf(line, "dpcpu %63s %u %" SCNx64, name, &cpu, &va) == 3)
		state_check(s, kvm_dpcpu_setcpu(s->kd, cpu) == 0, "%s: %s",
		    line, kvm_geterr(s->kd));
	else if (sscanf(line, "vnet %63s %" SCNx64, name, &va) != 2)
		return;
	state_check(s, kvm_nlist2(s->kd, nl) == 0 && nl[0].n_value == va,
	    "%s: at 0x%" PRIx64, line, nl[0].n_value);
}

/* Load, swap, CPUs, and what each CPU and network stack has of its own. */
static void
check_system(struct state *s)
{
	check_swap(s);
	check_cptime(s);
	for (size_t i = 0; i < s->nline; i++) {
		check_load(s, s->line[i]);
		check_cpus(s, s->line[i]);
		check_sets(s, s->line[i]);
	}
}

/* Log, modules, and what kvm_getinfo() says. */
static void
check_facts(struct state *s)
{
	check_lists(s);
	for (size_t i = 0; i < s->nline; i++)
		if (strncmp(s->line[i], "info ", 5) == 0 ||
		    strncmp(s->line[i], "number ", 7) == 0)
			check_info(s, s->line[i]);
}

/* "ksym NAME ADDRESS TYPE": found by name without a kernel file. */
static void
check_symbols(struct state *s)
{
	char name[128];
	uint64_t va;

	for (size_t i = 0; i < s->nline; i++) {
		struct kvm_symbol sym;

		if (sscanf(s->line[i], "ksym %127s %" SCNx64, name, &va) != 2)
			continue;
		state_check(s, kvm_symbol_by_name(s->kd, name, &sym) == 0 &&
		    sym.ks_value == va, "%s: %s", s->line[i],
		    kvm_geterr(s->kd));
	}
}

static const struct {
	const char	*name;
	void		(*check)(struct state *s);
} parts[] = {
	{ "procs", state_procs },
	{ "args", state_strings },
	{ "system", check_system },
	{ "facts", check_facts },
	{ "stacks", state_stacks },
	{ "symbols", check_symbols },
};

/* false: there is no such part. */
static bool
check_part(struct state *s, const char *name)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(parts[i].name, name) == 0) {
			parts[i].check(s);
			return (s->checks > 0);
		}
	return (false);
}

/* The lines of a file without their ends. */
static void
load(struct state *s, const char *path)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t cap = 0;

	if (f == NULL) {
		perror(path);
		exit(1);
	}
	while (getline(&line, &cap, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		s->line = realloc(s->line, (s->nline + 1) * sizeof(*s->line));
		if (s->line == NULL || (s->line[s->nline++] = strdup(line)) ==
		    NULL)
			abort();
	}
	free(line);
	fclose(f);
}

int
main(int argc, char **argv)
{
	const char *dir = getenv("KVM_IMAGES");
	struct state s = { .name = argc >= 3 ? argv[2] : "" };
	struct kvm_options opts = KVM_OPTIONS_INIT;
	char path[4096], kernel[4096], why[2048];
	bool asked;

	if (dir == NULL || access(dir, R_OK) != 0) {
		puts("no images: run tests/mkimage/mkimage --all --out "
		    "$KVM_IMAGES");
		return (77);
	}
	snprintf(path, sizeof(path), "%s/%s.expect", dir, s.name);
	load(&s, path);
	snprintf(kernel, sizeof(kernel), "%s/%s.elf", dir, s.name);
	for (size_t i = 0; i < s.nline; i++) {
		if (strncmp(s.line[i], "fact kernel ", 12) == 0)
			snprintf(kernel, sizeof(kernel), "%s/%s", dir,
			    s.line[i] + 12);
		if (strncmp(s.line[i], "fact raw ", 9) == 0)
			opts.ko_raw = s.line[i] + 9;
	}
	snprintf(path, sizeof(path), "%s/%s", dir, s.name);
	if (argc == 4)
		snprintf(kernel, sizeof(kernel), "%s", argv[3]);
	/* Linux has it all in the image. */
	if (access(kernel, F_OK) == 0)
		opts.ko_execfile = kernel;
	opts.ko_corefile = path;
	s.kd = kvm_open_with(&opts, why);
	if (s.kd == NULL) {
		printf("%s: %s\n", s.name, why);
		return (1);
	}
	if (argc == 4)
		state_check(&s, strncmp(kvm_getinfo(s.kd)->ki_types, "CTF",
		    3) == 0, "types: %s", kvm_getinfo(s.kd)->ki_types);
	asked = check_part(&s, argv[1]);
	kvm_close(s.kd);
	for (size_t i = 0; i < s.nline; i++)
		free(s.line[i]);
	free(s.line);
	printf("%s: %u checks, %u failed\n", s.name, s.checks, s.failures);
	return (!asked || s.failures != 0);
}
