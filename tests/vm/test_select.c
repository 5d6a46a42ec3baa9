/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each selection of kvm_getprocs() against the whole list of the same dump,
 * whose fields "compare" holds against the guest.
 *
 * usage: test_select DUMP...
 */
#include <kvm.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char	*name;
	int		 op;
} ops[] = {
	{ "PID", KERN_PROC_PID }, { "PGRP", KERN_PROC_PGRP },
	{ "SESSION", KERN_PROC_SESSION }, { "TTY", KERN_PROC_TTY },
	{ "UID", KERN_PROC_UID }, { "RUID", KERN_PROC_RUID },
	{ "RGID", KERN_PROC_RGID }, { "GID", KERN_PROC_GID },
};

/* What an operation looks at; false: the process has none. */
static bool
value_of(const struct kinfo_proc *ki, int op, int *ret)
{
	switch (op) {
	case KERN_PROC_PID:
		*ret = ki->ki_pid;
		return (true);
	case KERN_PROC_PGRP:
		*ret = ki->ki_pgid;
		return (true);
	case KERN_PROC_SESSION:
		*ret = ki->ki_sid;
		return (true);
	case KERN_PROC_TTY:
		*ret = (int)(uint32_t)ki->ki_tdev;
		return ((ki->ki_flag & P_CONTROLT) != 0);
	case KERN_PROC_UID:
		*ret = (int)ki->ki_uid;
		return (true);
	case KERN_PROC_RUID:
		*ret = (int)ki->ki_ruid;
		return (true);
	case KERN_PROC_RGID:
		*ret = (int)ki->ki_rgid;
		return (true);
	default:
		*ret = (int)ki->ki_groups[0];
		return (true);
	}
}

/* Processes, or threads, of all with this value. */
static int
expected(const struct kinfo_proc *all, int n, int op, int value, bool threads)
{
	int v, sum = 0;

	for (int i = 0; i < n; i++)
		if (value_of(&all[i], op, &v) && v == value)
			sum += threads ? all[i].ki_numthreads : 1;
	return (sum);
}

static int
check_value(kvm_t *kd, const struct kinfo_proc *all, int n, size_t o,
    int value)
{
	int wrong = 0;

	for (int threads = 0; threads < 2; threads++) {
		int cnt = -1, v, want = expected(all, n, ops[o].op, value,
		    threads);
		struct kinfo_proc *p = kvm_getprocs(kd, ops[o].op |
		    (threads ? KERN_PROC_INC_THREAD : 0), value, &cnt);
		bool ok = p != NULL && cnt == want;

		for (int i = 0; ok && i < cnt; i++)
			ok = value_of(&p[i], ops[o].op, &v) && v == value;
		if (!ok)
			printf("%s %d%s: %d entries, want %d\n", ops[o].name,
			    value, threads ? " with threads" : "", cnt, want);
		wrong += !ok;
	}
	return (wrong);
}

static int
check(const char *path)
{
	char why[2048] = "";
	kvm_t *kd = kvm_open2(NULL, path, O_RDONLY, why, NULL);
	struct kinfo_proc *p, *all;
	int n, cnt, v, wrong = 0, checks = 0, threads = 0;

	if (kd == NULL || (p = kvm_getprocs(kd, KERN_PROC_PROC, 0,
	    &n)) == NULL || (all = calloc((size_t)n, sizeof(*all))) == NULL) {
		printf("%s: %s\n", path, why);
		return (1);
	}
	memcpy(all, p, (size_t)n * sizeof(*all));
	for (size_t o = 0; o < sizeof(ops) / sizeof(ops[0]); o++) {
		for (int i = 0; i < n; i++)
			if (value_of(&all[i], ops[o].op, &v)) {
				wrong += check_value(kd, all, n, o, v);
				checks++;
			}
		/* And one that nobody has. */
		wrong += check_value(kd, all, n, o, 0x7ffffff0);
	}
	for (int i = 0; i < n; i++)
		threads += all[i].ki_numthreads;
	/* The manual: all processes, and each of their threads. */
	wrong += kvm_getprocs(kd, KERN_PROC_ALL, 0, &cnt) == NULL ||
	    cnt != threads || cnt <= n;
	wrong += kvm_getprocs(kd, 99, 0, &cnt) != NULL;
	printf("%s: %d selections, %d wrong\n", path, checks, wrong);
	free(all);
	kvm_close(kd);
	return (wrong != 0);
}

int
main(int argc, char **argv)
{
	int bad = 0;

	if (argc < 2)
		return (2);
	for (int i = 1; i < argc; i++)
		bad |= check(argv[i]);
	return (bad);
}
