/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of processes, and a process to find in them. */
#ifndef TEST_LIVE_LIST_H
#define TEST_LIVE_LIST_H

#include <signal.h>
#include <sys/prctl.h>

#include "test_live_root.h"

static inline int
list(struct root *r, int op, int arg, bool threads, struct kvmi_procs *out)
{
	memset(out, 0, sizeof(*out));
	kvmi_damage_reset(r->cx);
	return (r->k.os->procs(&r->k, r->cx, op, arg, threads, out));
}

static inline void
must_list(struct root *r, int op, int arg, bool threads,
    struct kvmi_procs *out)
{
	if (list(r, op, arg, threads, out) != 0)
		fail_msg("%s", r->cx->err.text);
}

static inline const struct kinfo_proc *
find(const struct kvmi_procs *p, int32_t pid, int32_t tid)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].ki_pid == pid && p->v[i].ki_tid == tid)
			return (&p->v[i]);
	return (NULL);
}

/* fork(), and the child ends with the test, however that ends. */
static inline pid_t
child(void)
{
	pid_t parent = getpid(), pid = fork();

	assert_true(pid >= 0);
	if (pid == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
	    getppid() != parent))
		_exit(1);
	return (pid);
}

#endif
