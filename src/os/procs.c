/* SPDX-License-Identifier: BSD-2-Clause */
/* What every process lister shares: the list and the KERN_PROC_* selections. */
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "os/kernel.h"

bool
kvmi_procs_reserve(struct kvmi_procs *p, size_t n)
{
	void *v;

	if (n <= p->cap)
		return (true);
	v = realloc(p->v, n * sizeof(*p->v));
	if (v == NULL)
		return (false);
	p->v = v;
	p->cap = n;
	return (true);
}

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

bool
kvmi_procs_append(struct kvmi_procs *p, const struct kvmi_procs *more)
{
	if (more->n == 0)
		return (true);
	if (!kvmi_procs_reserve(p, p->n + more->n))
		return (false);
	if (more->v != p->v + p->n)
		memmove(p->v + p->n, more->v, more->n * sizeof(*p->v));
	p->n += more->n;
	return (true);
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
	size_t i = 1;

	/* They mostly are, and they are large. */
	while (i < p->n && by_pid(&p->v[i - 1], &p->v[i]) <= 0)
		i++;
	if (i < p->n)
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

void
kvmi_procs_thread_name(struct kinfo_proc *ki, const char *name)
{
	size_t n = strlen(name);

	memcpy(ki->ki_tdname, name, kvmi_min(n, TDNAMLEN));
	if (n > TDNAMLEN)
		memcpy(ki->ki_moretdname, name + TDNAMLEN,
		    kvmi_min(n - TDNAMLEN, sizeof(ki->ki_moretdname) - 1));
}

uint32_t
kvmi_procs_share(uint64_t used_usec, uint64_t of_usec)
{
	uint64_t n;

	if (of_usec == 0 || !kvmi_mul(used_usec, KI_FSCALE, &n))
		return (0);
	return ((uint32_t)kvmi_min(n / of_usec, UINT32_MAX));
}
