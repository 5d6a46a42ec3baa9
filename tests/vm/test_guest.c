/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What kvmguest read of its running kernel, through /proc/kcore, must be in
 * the dump of the same machine.
 *
 * usage: test_guest KVMGUEST.OUT DUMP...
 */
#include <kvm.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fnv.h"
#include "kinfo_fields.h"

#define MAX_LEN	65536

/* Of the dump, as listed once. */
struct list {
	struct kinfo_proc *v;
	int		 n;
};

struct tally {
	int	reads, syms, checks, procs, fields, strings, percpu, wrong;
	struct list processes, threads;
};

/* What goes on while the guest reports on itself. */
static const char *const busy[] = { "spinner", "tail", "reporter" };

/* A process, its threads included, that did nothing from then on. */
static bool
is_asleep(const struct kinfo_proc *live)
{
	if ((live->ki_flag & P_KPROC) != 0 || live->ki_pid == 1)
		return (false);
	for (size_t i = 0; i < sizeof(busy) / sizeof(busy[0]); i++)
		if (strcmp(live->ki_comm, busy[i]) == 0)
			return (false);
	return (true);
}

static bool
between(int64_t v, int64_t least, int64_t most)
{
	return (v >= least && v <= most);
}

static int64_t
usec_of(const struct kvm_timeval *t)
{
	return ((int64_t)t->tv_sec * 1000000 + (int64_t)t->tv_usec);
}

/* What has a rule of its own; the name of what does not fit, or NULL. */
static const char *
check_special(const struct kinfo_proc *live, const struct kinfo_proc *dump,
    bool asleep)
{
	/* What a kernel worker works on, behind its number, may be another. */
	size_t comm = strncmp(live->ki_comm, "kworker/", 8) == 0 &&
	    strchr(live->ki_comm, ':') != NULL ?
	    strcspn(live->ki_comm, "-+") : sizeof(live->ki_comm);
	/* Up to 6.1 a thread keeps back 64 faults, of 16 pages each. */
	int64_t rss = dump->ki_rssize - live->ki_rssize, kept = 64 * 16 *
	    (live->ki_numthreads + 1);
	int64_t start = usec_of(&dump->ki_start) - usec_of(&live->ki_start);
	int64_t cpu = usec_of(&dump->ki_rusage.ru_utime) +
	    usec_of(&dump->ki_rusage.ru_stime);

	if (strncmp(live->ki_comm, dump->ki_comm, comm) != 0 ||
	    strncmp(live->ki_tdname, dump->ki_tdname, comm < 16 ? comm : 16) !=
	    0)
		return ("ki_comm, ki_tdname");
	/*
	 * The kernel names what is behind a call, though that returns never; of
	 * ORC kernels it named nothing up to 5.15.
	 */
	if (asleep && strncmp(live->ki_wmesg, "__do_sys", 8) != 0 &&
	    live->ki_wmesg[0] != '\0' &&
	    strcmp(live->ki_wmesg, dump->ki_wmesg) != 0)
		return ("ki_wmesg");
	/* Why it stopped, /proc tells since 5.17. */
	if (live->ki_xstat != dump->ki_xstat && (live->ki_xstat != 0 ||
	    live->ki_stat != SSTOP))
		return ("ki_xstat");
	/* btime is in whole seconds, and ticks have 10 ms. */
	if (!between(start, -10000, 1010000))
		return ("ki_start");
	if (asleep && ((live->ki_flag ^ dump->ki_flag) & ~(int64_t)P_PPWAIT) !=
	    0)
		return ("ki_flag");
	if (asleep && !between(rss, -64, kept))
		return ("ki_rssize");
	if (asleep && !between(dump->ki_rusage.ru_maxrss -
	    live->ki_rusage.ru_maxrss, -256, 4 * kept))
		return ("ru_maxrss");
	/* Its life got longer. */
	if (asleep && dump->ki_pctcpu > live->ki_pctcpu + 1)
		return ("ki_pctcpu");
	if (asleep && live->ki_stat == SSLEEP && dump->ki_slptime > 1000)
		return ("ki_slptime");
	if (asleep && !between(cpu - usec_of(&live->ki_rusage.ru_utime) -
	    usec_of(&live->ki_rusage.ru_stime), -20000, 20000))
		return ("ru_utime, ru_stime");
	return (NULL);
}

static const struct kinfo_proc *
find(const struct list *l, const struct kinfo_proc *ki)
{
	for (int i = 0; i < l->n; i++)
		if (l->v[i].ki_pid == ki->ki_pid &&
		    l->v[i].ki_tid == ki->ki_tid)
			return (&l->v[i]);
	return (NULL);
}

/* The same process or thread: every field. */
static bool
check_kinfo(const struct list *l, const struct kinfo_proc *live,
    struct tally *t)
{
	const struct kinfo_proc *dump = find(l, live);
	bool asleep = is_asleep(live), right = true;
	const char *special;

	t->procs++;
	/* A kernel thread may have ended. */
	if (dump == NULL)
		return ((live->ki_flag & P_KPROC) != 0);
	for (size_t i = 0; i < sizeof(kinfo_fields) / sizeof(kinfo_fields[0]);
	    i++) {
		const struct kinfo_field *f = &kinfo_fields[i];

		t->fields++;
		if (kinfo_agrees(f, live, dump, asleep))
			continue;
		right = false;
		printf("%d/%d %s: %s: %#" PRIx64 " in the guest, %#" PRIx64
		    " in the dump\n", live->ki_pid, live->ki_tid,
		    live->ki_comm, f->name, (uint64_t)kinfo_number(live, f),
		    (uint64_t)kinfo_number(dump, f));
	}
	special = check_special(live, dump, asleep);
	if (special != NULL)
		printf("%d/%d %s: %s\n", live->ki_pid, live->ki_tid,
		    live->ki_comm, special);
	return (right && special == NULL);
}

static bool
parse_kinfo(const char *hex, struct kinfo_proc *ret)
{
	uint8_t *p = (uint8_t *)ret;
	unsigned int byte;

	for (size_t i = 0; i < sizeof(*ret); i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return (false);
		p[i] = (uint8_t)byte;
	}
	return (true);
}

/* The same process, if it is still there, has the same strings. */
static bool
same_strings(kvm_t *kd, int pid, uint64_t args, uint64_t env)
{
	struct kinfo_proc *p;
	int n = 0;

	p = kvm_getprocs(kd, KERN_PROC_PID, pid, &n);
	return (p != NULL && (n == 0 || (
	    hash_strings(kvm_getargv(kd, p, 0)) == args &&
	    hash_strings(kvm_getenvv(kd, p, 0)) == env)));
}

/* Lines about processes' strings and per-CPU data; -1: it is another one. */
static int
check_state(kvm_t *kd, const char *line, struct tally *t)
{
	struct kvm_symbol s;
	uint64_t v[2], got;
	char name[64];
	int n[2];

	if (sscanf(line, "strings %d %" SCNx64 " %" SCNx64, &n[0], &v[0],
	    &v[1]) == 3) {
		t->strings++;
		return (same_strings(kd, n[0], v[0], v[1]));
	}
	if (sscanf(line, "place %" SCNx64 " %" SCNx64, &v[0], &v[1]) == 2)
		return (kvm_vtophys(kd, v[0], &got, NULL) == 0 &&
		    got == v[1]);
	if (sscanf(line, "type %63s %" SCNu64, name, &v[0]) == 2) {
		got = 0;
		kvm_type_size(kd, name, &got);
		return (got == v[0]);
	}
	if (sscanf(line, "cpus %d %d", &n[0], &n[1]) == 2)
		return (kvm_getncpus(kd) == n[0] &&
		    kvm_getmaxcpu(kd) == n[1]);
	if (sscanf(line, "percpu %63s %d %" SCNx64, name, &n[0],
	    &v[0]) == 3) {
		t->percpu++;
		return (kvm_symbol_by_name(kd, name, &s) == 0 &&
		    kvm_read_zpcpu(kd, s.ks_value, &got, 8, n[0]) == 8 &&
		    got == v[0]);
	}
	return (-1);
}

static void
check_line(kvm_t *kd, const char *line, struct tally *t)
{
	static char buf[MAX_LEN];
	char name[256], verdict[256];
	struct kinfo_proc ki;
	struct kvm_symbol s;
	uint64_t va, hash;
	int64_t disp;
	size_t len;

	if (sscanf(line, "read %" SCNx64 " %zu %" SCNx64, &va, &len,
	    &hash) == 3 && len <= MAX_LEN) {
		t->reads++;
		if (kvm_read2(kd, va, buf, len) == (ssize_t)len &&
		    fnv1a(buf, len) == hash)
			return;
	} else if (sscanf(line, "sym %255s %" SCNx64, name, &va) == 2) {
		t->syms++;
		if (kvm_symbol_by_name(kd, name + (name[0] == '_'), &s) == 0 &&
		    s.ks_value == va)
			return;
	} else if (sscanf(line, "kerndisp %" SCNd64, &disp) == 1) {
		if (kvm_kerndisp(kd) == disp)
			return;
	} else if (strncmp(line, "check ", 6) == 0) {
		t->checks++;
		if (sscanf(strrchr(line, ' ') + 1, "%255s", verdict) == 1 &&
		    strcmp(verdict, "ok") == 0)
			return;
	} else if (strncmp(line, "kinfo process ", 14) == 0) {
		if (parse_kinfo(line + 14, &ki) &&
		    check_kinfo(&t->processes, &ki, t))
			return;
	} else if (strncmp(line, "kinfo thread ", 13) == 0) {
		if (parse_kinfo(line + 13, &ki) &&
		    check_kinfo(&t->threads, &ki, t))
			return;
	} else if (check_state(kd, line, t) == 1) {
		return;
	}
	if (t->wrong++ < 10)
		printf("not as the guest saw it: %.100s\n", line);
}

static bool
list(kvm_t *kd, int op, struct list *ret)
{
	struct kinfo_proc *p = kvm_getprocs(kd, op, 0, &ret->n);

	if (p == NULL || kvm_damage(kd, NULL) != 0) {
		printf("%s\n", kvm_geterr(kd));
		return (false);
	}
	ret->v = malloc((size_t)ret->n * sizeof(*p));
	if (ret->v != NULL)
		memcpy(ret->v, p, (size_t)ret->n * sizeof(*p));
	return (ret->v != NULL);
}

static int
check_dump(const char *out, const char *dump)
{
	char why[2048] = "", line[4096];
	kvm_t *kd = kvm_open2(NULL, dump, O_RDONLY, why, NULL);
	FILE *f = fopen(out, "r");
	struct tally t = { 0 };

	if (kd == NULL || f == NULL) {
		printf("%s: %s\n", f == NULL ? out : dump, why);
		return (1);
	}
	if (!list(kd, KERN_PROC_PROC, &t.processes) ||
	    !list(kd, KERN_PROC_ALL, &t.threads))
		t.wrong++;
	while (fgets(line, sizeof(line), f) != NULL)
		check_line(kd, line, &t);
	printf("%s: %d reads, %d symbols, %d checks, %d strings, %d fields of "
	    "%d entries, %d wrong\n", dump, t.reads, t.syms, t.checks,
	    t.strings, t.fields, t.procs, t.wrong);
	free(t.processes.v);
	free(t.threads.v);
	fclose(f);
	kvm_close(kd);
	return (t.wrong != 0 || t.reads < 4000 || t.syms < 2 ||
	    t.checks < 8 || t.procs < 150 || t.strings < 10 ||
	    t.percpu < 1);
}

int
main(int argc, char **argv)
{
	int bad = 0;

	if (argc < 3)
		return (2);
	for (int i = 2; i < argc; i++)
		bad |= check_dump(argv[1], argv[i]);
	return (bad);
}
