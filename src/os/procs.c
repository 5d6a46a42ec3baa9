/* SPDX-License-Identifier: BSD-2-Clause */
/* What every process lister shares: the list and the KERN_PROC_* selections. */
#include <stdlib.h>

#include "os/kernel.h"

struct kinfo_proc *
kvmi_procs_add(struct kvmi_procs *p)
{
	if (p->n == p->cap) {
		size_t c = p->cap == 0 ? 64 : p->cap * 2;
		void *v = realloc(p->v, c * sizeof(*p->v));

		if (v == NULL)
			return (NULL);
		p->v = v;
		p->cap = c;
	}
	p->v[p->n] = (struct kinfo_proc){ .ki_structsize = KINFO_PROC_SIZE };
	return (&p->v[p->n++]);
}

static int
by_pid(const void *a, const void *b)
{
	const struct kinfo_proc *x = a, *y = b;

	if (x->ki_pid != y->ki_pid)
		return (x->ki_pid < y->ki_pid ? -1 : 1);
	return (x->ki_tid < y->ki_tid ? -1 : x->ki_tid > y->ki_tid);
}

void
kvmi_procs_sort(struct kvmi_procs *p)
{
	if (p->n > 0)
		qsort(p->v, p->n, sizeof(*p->v), by_pid);
}

int
kvmi_procs_op(int op, int *ret_op, bool *threads, struct kvmi_err *err)
{
	*threads = (op & KERN_PROC_INC_THREAD) != 0;
	*ret_op = op & ~KERN_PROC_INC_THREAD;
	switch (*ret_op) {
	case KERN_PROC_ALL:
		*threads = true;
		return (0);
	case KERN_PROC_PID:
	case KERN_PROC_PGRP:
	case KERN_PROC_SESSION:
	case KERN_PROC_TTY:
	case KERN_PROC_UID:
	case KERN_PROC_RUID:
	case KERN_PROC_PROC:
	case KERN_PROC_RGID:
	case KERN_PROC_GID:
		return (0);
	default:
		return (kvmi_fail(err, KVMI_EINVAL,
		    "kvm_getprocs: no such selection: 0x%x", op));
	}
}

bool
kvmi_procs_selected(const struct kinfo_proc *ki, int op, int arg)
{
	switch (op) {
	case KERN_PROC_PID:
		return (ki->ki_pid == arg);
	case KERN_PROC_PGRP:
		return (ki->ki_pgid == arg);
	case KERN_PROC_SESSION:
		return (ki->ki_sid == arg);
	case KERN_PROC_TTY:
		return ((ki->ki_flag & P_CONTROLT) != 0 &&
		    ki->ki_tdev == (uint64_t)(uint32_t)arg);
	case KERN_PROC_UID:
		return (ki->ki_uid == (uint32_t)arg);
	case KERN_PROC_RUID:
		return (ki->ki_ruid == (uint32_t)arg);
	case KERN_PROC_RGID:
		return (ki->ki_rgid == (uint32_t)arg);
	case KERN_PROC_GID:
		return (ki->ki_groups[0] == (uint32_t)arg);
	default:
		return (true);
	}
}
