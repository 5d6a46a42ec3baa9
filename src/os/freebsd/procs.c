/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes of a FreeBSD image.  With types all of a kinfo_proc is filled;
 * without, what the offsets that the kernel exports lead to.
 */
#include <inttypes.h>
#include <string.h>

#include "base/math.h"
#include "os/freebsd/lister.h"

static int
lister_init(struct kvmi_freebsd_lister *x, struct kvmi_kernel *k,
    struct kvmi_cx *cx)
{
	int r;

	*x = (struct kvmi_freebsd_lister){ .k = k, .cx = cx };
	r = kvmi_freebsd_layout(k, cx, &x->l);
	if (r != 0 || !x->l.typed)
		return (r);
	/* Without these the list is still worth having. */
	if (kvmi_freebsd_int(k, cx, "ticks", &x->ticks) != 0 ||
	    kvmi_freebsd_int(k, cx, "hz", &x->hz) != 0 || x->hz < 0)
		x->hz = 0;
	if (kvmi_freebsd_uint(k, cx, "cpu_tick_frequency", 8,
	    &x->tick_frequency) != 0)
		x->tick_frequency = 0;
	if (kvmi_kernel_addr(k, cx, "prison0", &x->prison0) != 0)
		x->prison0 = 0;
	kvmi_freebsd_boottime(k, cx, &x->boot);
	return (0);
}

static int
add_entry(struct kvmi_freebsd_lister *x, const struct kinfo_proc *ki,
    struct kvmi_procs *out, struct kinfo_proc **ret)
{
	*ret = kvmi_procs_add(out);
	if (*ret == NULL)
		return (kvmi_fail(&x->cx->err, KVMI_ENOMEM, "out of memory"));
	**ret = *ki;
	return (0);
}

/* A process in one entry, with its first thread's fields. */
static int
list_whole(struct kvmi_freebsd_lister *x, const struct kinfo_proc *ki,
    const uint64_t *td, size_t n, uint64_t state, struct kvmi_procs *out)
{
	struct kinfo_proc *place;
	int r = add_entry(x, ki, out, &place);

	if (r != 0 || n == 0)
		return (r);
	kvmi_lister_fill_thread(x, place, td[0], state);
	for (size_t i = 0; i < n && x->l.typed; i++) {
		bool running = kvmi_lget(x, td[i], TD_ONCPU) <= INT32_MAX;
		uint32_t pct, est;

		kvmi_lister_cpu_share(x, td[i], running, &pct, &est);
		place->ki_pctcpu += pct;
		place->ki_estcpu += est;
	}
	return (0);
}

static int
list_threads(struct kvmi_freebsd_lister *x, const struct kinfo_proc *ki,
    const uint64_t *td, size_t n, uint64_t state, struct kvmi_procs *out)
{
	struct kinfo_proc *place;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		r = add_entry(x, ki, out, &place);
		if (r != 0)
			break;
		kvmi_lister_fill_thread(x, place, td[i], state);
		if (!x->l.typed)
			continue;
		kvmi_lister_fill_thread_usage(x, place, td[i]);
		kvmi_lister_cpu_share(x, td[i], place->ki_oncpu >= 0,
		    &place->ki_pctcpu, &place->ki_estcpu);
	}
	return (r);
}

static int
list_process(struct kvmi_freebsd_lister *x, size_t i, int op, int arg,
    bool threads, struct kvmi_procs *out)
{
	struct kinfo_proc ki = { .ki_structsize = KINFO_PROC_SIZE,
		.ki_paddr = x->procs.v[i], .ki_oncpu = -1, .ki_lastcpu = -1,
		.ki_oncpu_old = 255, .ki_lastcpu_old = 255 };
	const uint64_t *td;
	uint64_t state, pid;
	size_t first, n;
	int r;

	r = kvmi_freebsd_get(x->k, x->cx, ki.ki_paddr, &x->l.m[PROC_PID],
	    &pid);
	if (r != 0) {
		kvmi_wrap(&x->cx->err, r, "struct proc at 0x%" PRIx64,
		    ki.ki_paddr);
		kvmi_damage(x->cx);
		return (0);
	}
	state = kvmi_lget(x, ki.ki_paddr, PROC_STATE);
	/* One that is being made is nobody's yet. */
	if (x->l.m[PROC_STATE].size != 0 && state == KVMI_PRS_NEW)
		return (0);
	kvmi_lister_fill_identity(x, &ki);
	if (!kvmi_procs_selected(&ki, op, arg))
		return (0);
	kvmi_lister_fill_proc(x, &ki);
	if (i >= x->first_zombie && i < x->end_zombie)
		ki.ki_stat = SZOMB;
	r = kvmi_lister_threads(x, ki.ki_paddr, &first);
	if (r != 0)
		return (r);
	n = x->threads.n - first;
	td = n == 0 ? NULL : x->threads.v + first;
	ki.ki_numthreads = x->l.m[PROC_NUMTHREADS].size == 0 ? (int32_t)n :
	    (int32_t)kvmi_lget(x, ki.ki_paddr, PROC_NUMTHREADS);
	/* The last thread of a zombie has handed all in, and is no more. */
	if (x->l.typed && ki.ki_stat == SZOMB)
		n = 0;
	if (x->l.typed)
		kvmi_lister_fill_usage(x, &ki, td, n);
	return (threads && n > 0 ?
	    list_threads(x, &ki, td, n, state, out) :
	    list_whole(x, &ki, td, n, state, out));
}

/* What op selects by must be something that is known. */
static int
check_op(struct kvmi_freebsd_lister *x, int op)
{
	static const struct {
		int		 op;
		const char	*by;
	} unknown[] = {
		{ KERN_PROC_PGRP, "process group" },
		{ KERN_PROC_SESSION, "session" },
		{ KERN_PROC_TTY, "terminal" },
		{ KERN_PROC_UID, "effective user id" },
		{ KERN_PROC_RUID, "real user id" },
		{ KERN_PROC_RGID, "real group id" },
		{ KERN_PROC_GID, "effective group id" },
	};

	for (size_t i = 0; i < KVMI_COUNT(unknown) && !x->l.typed; i++)
		if (unknown[i].op == op)
			return (kvmi_fail(&x->cx->err, KVMI_ENOTSUP, "%s: "
			    "processes cannot be selected by %s: a FreeBSD "
			    "kernel tells where to find it only in its type "
			    "information, and there is none",
			    x->k->img->src->name, unknown[i].by));
	return (0);
}

int
kvmi_freebsd_procs(struct kvmi_kernel *k, struct kvmi_cx *cx, int op,
    int arg, bool threads, struct kvmi_procs *out)
{
	struct kvmi_freebsd_lister x;
	int r;

	r = lister_init(&x, k, cx);
	if (r == 0)
		r = check_op(&x, op);
	if (r == 0)
		r = kvmi_lister_procs(&x);
	for (size_t i = 0; i < x.procs.n && r == 0; i++)
		r = list_process(&x, i, op, arg, threads, out);
	kvmi_procs_sort(out);
	kvmi_addrs_deinit(&x.procs);
	kvmi_addrs_deinit(&x.threads);
	return (r);
}
