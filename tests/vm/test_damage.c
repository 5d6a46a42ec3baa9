/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks that are broken: a copy of a real dump is damaged, one structure at a
 * time, and the other processes must still be listed, with a word about it.
 *
 * usage: test_damage ELF-DUMP
 */
#include <kvm.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/kd.h"
#include "type/type.h"

enum { POISON_NEXT, NULL_NEXT, SELF_LOOP, SHORT_CYCLE, POISON_SIGNAL,
	POISON_MM, POISON_CRED, POISON_THREADS, CASES };

static const struct {
	const char	*name;
	const char	*member;
	int		 missing;	/* processes that may be lost */
} cases[CASES] = {
	[POISON_NEXT] = { "tasks.next is poison", "tasks", 0 },
	[NULL_NEXT] = { "tasks.next is NULL", "tasks", 0 },
	[SELF_LOOP] = { "tasks.next is itself", "tasks", 0 },
	[SHORT_CYCLE] = { "tasks.next goes back", "tasks", 0 },
	[POISON_SIGNAL] = { "signal is poison", "signal", 0 },
	[POISON_MM] = { "mm is poison", "mm", 0 },
	[POISON_CRED] = { "cred is poison", "cred", 0 },
	[POISON_THREADS] = { "thread_node.next is poison", "thread_node", 0 },
};

struct victim {
	kvaddr_t	task, earlier;
	int		pid;
	off_t		off;		/* of the member in the file */
	uint64_t	member_off;
};

struct lookup {
	kpaddr_t	pa;
	off_t		off;
};

static int
find_offset(struct kvm_page *p, void *arg)
{
	struct lookup *l = arg;

	if (p->kp_offset < 0 || l->pa - p->kp_paddr >= p->kp_len)
		return (1);
	l->off = p->kp_offset + (off_t)(l->pa - p->kp_paddr);
	return (0);
}

/* A process in the middle of the list, with threads when that is wanted. */
static bool
choose(const char *path, const char *member, bool threads,
    struct victim *ret, int *nprocs)
{
	kvm_t *kd = kvm_open2(NULL, path, O_RDONLY, NULL, NULL);
	struct kvmi_member m;
	struct kvmi_types *t;
	struct kvmi_cx *cx;
	struct lookup l = { .off = -1 };
	struct kinfo_proc *p;
	int cnt, i;

	if (kd == NULL || (cx = kvmi_kd_enter(kd)) == NULL ||
	    (p = kvm_getprocs(kd, KERN_PROC_PROC, 0, &cnt)) == NULL ||
	    kvmi_kernel_types(kd->kernel, cx, &t) != 0 ||
	    kvmi_type_member(t, "task_struct", member, &m, &cx->err) != 0)
		return (false);
	for (i = cnt / 2; i < cnt - 1; i++)
		if (p[i].ki_vmspace != 0 && (!threads || p[i].ki_numthreads > 2))
			break;
	ret->task = p[i].ki_paddr;
	ret->earlier = p[i - 3].ki_paddr;
	ret->pid = p[i].ki_pid;
	ret->member_off = m.off;
	*nprocs = cnt;
	if (kvm_vtophys(kd, ret->task + m.off, &l.pa, NULL) != 0)
		return (false);
	kvm_walk_pages(kd, find_offset, &l);
	ret->off = l.off;
	kvm_close(kd);
	return (l.off >= 0);
}

static uint64_t
bad_value(int which, const struct victim *v)
{
	switch (which) {
	case NULL_NEXT:
		return (0);
	case SELF_LOOP:
		return (v->task + v->member_off);
	case SHORT_CYCLE:
		return (v->earlier + v->member_off);
	default:
		return (0xdead000000000100);
	}
}

/* How many processes have arguments that cannot be had; only v may. */
static int
without_arguments(kvm_t *kd, const struct kinfo_proc *p, int cnt,
    const struct victim *v)
{
	int n = 0;

	for (int i = 0; i < cnt; i++) {
		if (kvm_getargv(kd, &p[i], 0) != NULL)
			continue;
		n += p[i].ki_pid == v->pid ? 1 : 2;
		if (kvm_geterr(kd)[0] == '\0')
			n += 2;
	}
	return (n);
}

static bool
check(const char *path, int which, const struct victim *v, int nprocs)
{
	char why[2048] = "";
	kvm_t *kd = kvm_open2(NULL, path, O_RDONLY, why, NULL);
	const char *text;
	struct kinfo_proc *p;
	bool found = false, ok;
	unsigned int damage;
	int cnt = 0, lost, op = which == POISON_THREADS ? KERN_PROC_PROC |
	    KERN_PROC_INC_THREAD : KERN_PROC_PROC;

	if (kd == NULL) {
		printf("%s: %s\n", path, why);
		return (false);
	}
	p = kvm_getprocs(kd, op, 0, &cnt);
	for (int i = 0; i < cnt; i++)
		found |= p[i].ki_pid == v->pid;
	damage = kvm_damage(kd, &text);
	ok = p != NULL && cnt >= nprocs - cases[which].missing && found &&
	    damage > 0 && text[0] != '\0';
	printf("%s: %d of %d processes, %u damaged: %s\n", cases[which].name,
	    cnt, nprocs, damage, text);
	lost = p == NULL ? 0 : without_arguments(kd, p, cnt, v);
	if (lost != (which == POISON_MM)) {
		printf("%s: arguments are missing (%d)\n", cases[which].name,
		    lost);
		ok = false;
	}
	kvm_close(kd);
	return (ok);
}

int
main(int argc, char **argv)
{
	char name[] = "/var/tmp/kvm-damage-XXXXXX";
	struct stat st;
	off_t at = 0;
	int in, out, bad = 0;

	if (argc != 2)
		return (2);
	in = open(argv[1], O_RDONLY);
	out = mkstemp(name);
	if (in < 0 || out < 0 || fstat(in, &st) != 0)
		return (1);
	while (at < st.st_size)
		if (sendfile(out, in, &at, (size_t)(st.st_size - at)) <= 0)
			return (1);
	for (int i = 0; i < CASES; i++) {
		struct victim v;
		uint64_t good, value;
		int nprocs;

		if (!choose(name, cases[i].member, i == POISON_THREADS, &v,
		    &nprocs)) {
			printf("%s: no process to damage\n", cases[i].name);
			bad++;
			continue;
		}
		value = bad_value(i, &v);
		if (pread(out, &good, 8, v.off) != 8 ||
		    pwrite(out, &value, 8, v.off) != 8)
			return (1);
		bad += !check(name, i, &v, nprocs);
		if (pwrite(out, &good, 8, v.off) != 8)
			return (1);
	}
	unlink(name);
	return (bad != 0);
}
