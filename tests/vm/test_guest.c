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

#define MAX_LEN	65536

struct tally {
	int	reads, syms, checks, procs, strings, percpu, wrong;
};

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
	} else if (strncmp(line, "proc ", 5) == 0) {
		t->procs++;
		return;
	} else if (check_state(kd, line, t) == 1) {
		return;
	}
	if (t->wrong++ < 10)
		printf("not as the guest saw it: %s", line);
}

static int
check_dump(const char *out, const char *dump)
{
	char why[2048] = "", line[1024];
	kvm_t *kd = kvm_open2(NULL, dump, O_RDONLY, why, NULL);
	FILE *f = fopen(out, "r");
	struct tally t = { 0 };

	if (kd == NULL || f == NULL) {
		printf("%s: %s\n", f == NULL ? out : dump, why);
		return (1);
	}
	while (fgets(line, sizeof(line), f) != NULL)
		check_line(kd, line, &t);
	printf("%s: %d reads, %d symbols, %d checks, %d strings, %d wrong\n",
	    dump, t.reads, t.syms, t.checks, t.strings, t.wrong);
	fclose(f);
	kvm_close(kd);
	return (t.wrong != 0 || t.reads < 4000 || t.syms < 2 ||
	    t.checks < 8 || t.procs < 10 || t.strings < 10 ||
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
