/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes of a FreeBSD image, from what the kernel exports for debuggers
 * without type information: proc_off_* (sys/kern/kern_proc.c) and
 * thread_off_* (sys/kern/kern_thread.c), since 11.0.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "os/addrs.h"
#include "os/freebsd/freebsd.h"

/* struct proc and struct thread have less than 2 KiB. */
#define MAX_OFFSET	65536

/* sys/proc.h: process ids end at PID_MAX, those of threads begin behind it. */
#define PID_MAX		99999
#define MAX_THREADS	(4u << 20)

/* hashinit(maxproc / 4) gives a power of two; PID_MAX bounds maxproc. */
#define MAX_HASH	(1u << 20)

#define NAME_SIZE	(COMMLEN + 1)	/* MAXCOMLEN + 1, p_comm and td_name */

/* Where the members are; -1: this kernel does not say. */
struct offsets {
	int32_t		 p_list, p_hash, p_threads, p_pid, p_comm;
	int32_t		 td_plist, td_tid, td_oncpu, td_name, td_pcb;
};

struct lister {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	struct offsets	 off;
	struct kvmi_addrs procs;
	struct kvmi_addrs threads;	/* of all processes: each has one owner */
	size_t		 first_zombie;	/* procs from here on */
	size_t		 end_zombie;
};

static int
read_offset(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    bool needed, int32_t *ret)
{
	int r = kvmi_freebsd_int(k, cx, name, ret);

	if (r == 0 && *ret >= 0 && *ret < MAX_OFFSET)
		return (0);
	if (r == 0)
		r = kvmi_fail(&cx->err, KVMI_EFORMAT, "%s is %" PRId32, name,
		    *ret);
	*ret = -1;
	if (!needed)
		return (0);
	if (r == KVMI_ENOENT)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "processes cannot be "
		    "found: the kernel file has no %s (FreeBSD 11 and later "
		    "have it) and its type information is not read", name));
	return (kvmi_wrap(&cx->err, r, "processes cannot be found"));
}

static int
read_offsets(struct kvmi_kernel *k, struct kvmi_cx *cx, struct offsets *o)
{
	const struct {
		const char	*name;
		int32_t		*ret;
		bool		 needed;
	} row[] = {
		{ "proc_off_p_list", &o->p_list, true },
		{ "proc_off_p_pid", &o->p_pid, true },
		{ "proc_off_p_comm", &o->p_comm, true },
		{ "proc_off_p_threads", &o->p_threads, true },
		{ "proc_off_p_hash", &o->p_hash, false },	/* 13.0 */
		{ "thread_off_td_plist", &o->td_plist, true },
		{ "thread_off_td_tid", &o->td_tid, true },
		{ "thread_off_td_name", &o->td_name, false },
		{ "thread_off_td_oncpu", &o->td_oncpu, false },
		{ "thread_off_td_pcb", &o->td_pcb, false },
	};
	int r = 0;

	for (size_t i = 0; i < KVMI_COUNT(row) && r == 0; i++)
		r = read_offset(k, cx, row[i].name, row[i].needed,
		    row[i].ret);
	return (r);
}

/* A list of structures: LIST and TAILQ entries begin with the next one. */
struct chain {
	const char	*what;
	int32_t		 next;		/* offsets of the link */
	int32_t		 id;		/* and of the 4-byte id */
	int32_t		 id_min, id_max;
	size_t		 max;
};

static int
add(struct lister *x, struct kvmi_addrs *a, uint64_t va)
{
	int r = kvmi_addrs_add(a, va);

	if (r < 0)
		return (kvmi_fail(&x->cx->err, r, "no memory for a list of %zu "
		    "entries", a->n));
	return (r);
}

static int
broken(struct lister *x, const struct chain *c, uint64_t from, int r)
{
	kvmi_wrap(&x->cx->err, r, "%s list, after 0x%" PRIx64, c->what, from);
	kvmi_damage(x->cx);
	return (1);
}

/*
 * Collect the chain that begins with va; from is what points to it.  Returns
 * 0, 1 when it is broken (which counts as damage), or KVMI_ENOMEM.
 *
 * The links back are no check of the links onward: a kernel that dies while
 * it changes a list leaves either wrong.
 */
static int
follow(struct lister *x, const struct chain *c, uint64_t from, uint64_t va,
    struct kvmi_addrs *ret)
{
	struct kvmi_err *err = &x->cx->err;

	while (va != 0) {
		uint64_t next = 0, id = 0;
		int rid, rnext, r;

		rnext = kvmi_kread_ptr(x->k, x->cx, va + (uint64_t)c->next,
		    &next);
		rid = kvmi_kread_uint(x->k, x->cx, va + (uint64_t)c->id, 4,
		    &id);
		/* One that can be read in part is worth listing. */
		if (rid != 0 && rnext != 0)
			return (broken(x, c, from, rid));
		if (rid == 0 && ((int32_t)id < c->id_min ||
		    (int32_t)id > c->id_max))
			return (broken(x, c, from, kvmi_fail(err, KVMI_EFORMAT,
			    "0x%" PRIx64 " is no %s: its id is %" PRId32, va,
			    c->what, (int32_t)id)));
		r = add(x, ret, va);
		if (r < 0)
			return (r);
		if (r == 0 || ret->n > c->max)
			return (broken(x, c, from, kvmi_fail(err, KVMI_EFORMAT,
			    r == 0 ? "0x%" PRIx64 " is on a list already" :
			    "0x%" PRIx64 " is one too many", va)));
		if (rnext != 0)
			return (broken(x, c, va, kvmi_kread_ptr(x->k, x->cx,
			    va + (uint64_t)c->next, &next)));
		from = va;
		va = next;
	}
	return (0);
}

/* A process list whose head is the variable name; see follow(). */
static int
collect_list(struct lister *x, const char *name)
{
	const struct chain c = { .what = "process", .next = x->off.p_list,
		.id = x->off.p_pid, .id_max = PID_MAX, .max = PID_MAX + 1 };
	uint64_t head, first;
	int r;

	r = kvmi_kernel_addr(x->k, x->cx, name, &head);
	if (r == 0)
		r = kvmi_kread_ptr(x->k, x->cx, head, &first);
	if (r != 0)
		return (kvmi_wrap(&x->cx->err, r, "%s", name));
	return (follow(x, &c, head, first, &x->procs));
}

/*
 * The table that finds processes by id has them all once more:  pidhash + 1
 * lists at pidhashtbl.  Returns as follow() does.
 */
static int
collect_hash(struct lister *x, struct kvmi_addrs *ret)
{
	const struct chain c = { .what = "process hash", .next = x->off.p_hash,
		.id = x->off.p_pid, .id_max = PID_MAX, .max = PID_MAX + 1 };
	unsigned int ptr = x->k->arch->pointer_size;
	uint64_t table, mask, first;
	int r, any = 0;

	if (x->off.p_hash < 0 ||
	    kvmi_freebsd_ptr(x->k, x->cx, "pidhashtbl", &table) != 0 ||
	    kvmi_freebsd_ptr(x->k, x->cx, "pidhash", &mask) != 0 ||
	    mask >= MAX_HASH || !kvmi_is_pow2(mask + 1))
		return (1);
	for (uint64_t i = 0; i <= mask; i++) {
		uint64_t head = table + i * ptr;

		r = kvmi_kread_ptr(x->k, x->cx, head, &first);
		r = r != 0 ? broken(x, &c, head, r) :
		    follow(x, &c, head, first, ret);
		if (r < 0)
			return (r);
		any |= r;
	}
	return (any);
}

/* Add those that the lists lost.  1: the table is not whole itself. */
static int
add_hashed(struct lister *x)
{
	struct kvmi_addrs hashed = { 0 };
	int r = collect_hash(x, &hashed);

	for (size_t i = 0; i < hashed.n && r >= 0; i++)
		if (add(x, &x->procs, hashed.v[i]) < 0)
			r = KVMI_ENOMEM;
	kvmi_addrs_deinit(&hashed);
	return (r);
}

/* nprocs counts every struct proc in use: a list that ends early shows. */
static bool
too_few(struct lister *x)
{
	int32_t nprocs;

	return (kvmi_freebsd_int(x->k, x->cx, "nprocs", &nprocs) == 0 &&
	    nprocs <= PID_MAX + 1 && (int64_t)x->procs.n < nprocs);
}

/* allproc and zombproc.  Returns as follow() does. */
static int
collect_lists(struct lister *x)
{
	struct kvmi_err *err = &x->cx->err;
	int r = collect_list(x, "allproc"), z = 0;
	uint64_t va;

	x->first_zombie = x->procs.n;
	/* Up to 12.x zombies have a list of their own. */
	if (r >= 0 && kvmi_kernel_addr(x->k, x->cx, "zombproc", &va) == 0)
		z = collect_list(x, "zombproc");
	x->end_zombie = x->procs.n;
	if (z < 0 && z != KVMI_ENOMEM)
		z = broken(x, &(struct chain){ .what = "zombie" }, va, z);
	if (r == 0 && z == 0 && too_few(x))
		r = kvmi_fail(err, KVMI_EFORMAT, "process list: it ends after "
		    "%zu processes, before nprocs", x->procs.n);
	return (z < 0 ? z : r != 0 ? r : z);
}

static int
collect_procs(struct lister *x)
{
	struct kvmi_err first;
	size_t listed;
	int r = collect_lists(x), h;

	if (r == 0 || r == KVMI_ENOMEM)
		return (r);
	first = x->cx->err;
	listed = x->procs.n;
	h = add_hashed(x);
	if (h < 0)
		return (h);
	x->cx->err = first;
	if (x->procs.n == 0)
		return (r < 0 ? r : kvmi_fail(&x->cx->err, KVMI_EFORMAT, "%s",
		    x->cx->damage_why));
	/* nprocs may count one that is nowhere yet: the hash agrees then. */
	if (r < 0 && (h != 0 || x->procs.n > listed))
		kvmi_damage(x->cx);
	return (0);
}

/* A member of 4 bytes; no where it is not known. */
static int32_t
member(struct lister *x, uint64_t va, int32_t off, int32_t no)
{
	uint64_t v;

	if (off < 0 || kvmi_kread_uint(x->k, x->cx, va + (uint64_t)off, 4,
	    &v) != 0)
		return (no);
	return ((int32_t)v);
}

/* A name; "" where it cannot be had, which counts as damage. */
static void
name_at(struct lister *x, uint64_t va, int32_t off, char name[NAME_SIZE])
{
	int r;

	memset(name, 0, NAME_SIZE);
	if (off < 0)
		return;
	r = kvmi_space_string(&x->k->space, x->cx, va + (uint64_t)off, name,
	    NAME_SIZE);
	if (r == 0)
		return;
	kvmi_wrap(&x->cx->err, r, "name in 0x%" PRIx64, va);
	kvmi_damage(x->cx);
}

/* As fill_kinfo_proc_only() and fill_kinfo_thread() (kern_proc.c) do. */
static void
fill_thread(struct lister *x, struct kinfo_proc *ki, uint64_t va)
{
	char name[NAME_SIZE];
	uint64_t pcb;

	ki->ki_tdaddr = va;
	ki->ki_tid = member(x, va, x->off.td_tid, 0);
	/* NOCPU is -1; the CPU of the last run is not known. */
	ki->ki_oncpu = member(x, va, x->off.td_oncpu, -1);
	ki->ki_lastcpu = ki->ki_oncpu;
	ki->ki_oncpu_old = ki->ki_oncpu < 0 ? 255 :
	    (uint8_t)kvmi_min((uint64_t)ki->ki_oncpu, 254);
	ki->ki_lastcpu_old = ki->ki_oncpu_old;
	if (ki->ki_oncpu >= 0)
		ki->ki_stat = SRUN;
	name_at(x, va, x->off.td_name, name);
	memcpy(ki->ki_tdname, name, TDNAMLEN);
	memcpy(ki->ki_moretdname, name + TDNAMLEN, NAME_SIZE - TDNAMLEN);
	if (x->off.td_pcb >= 0 && kvmi_kread_ptr(x->k, x->cx, va +
	    (uint64_t)x->off.td_pcb, &pcb) == 0)
		ki->ki_pcb = pcb;
}

/* The threads of the process are those from *first on in x->threads. */
static int
collect_threads(struct lister *x, uint64_t proc, size_t *first)
{
	const struct chain c = { .what = "thread", .next = x->off.td_plist,
		.id = x->off.td_tid, .id_min = PID_MAX + 1,
		.id_max = INT32_MAX, .max = MAX_THREADS };
	uint64_t va;
	int r;

	*first = x->threads.n;
	r = kvmi_kread_ptr(x->k, x->cx, proc + (uint64_t)x->off.p_threads,
	    &va);
	if (r != 0) {
		broken(x, &c, proc, r);
		return (0);
	}
	r = follow(x, &c, proc, va, &x->threads);
	return (r < 0 ? r : 0);
}

static int
list_process(struct lister *x, size_t i, int op, int arg, bool threads,
    struct kvmi_procs *out)
{
	struct kinfo_proc ki = { .ki_structsize = KINFO_PROC_SIZE,
		.ki_paddr = x->procs.v[i], .ki_oncpu = -1, .ki_lastcpu = -1,
		.ki_oncpu_old = 255, .ki_lastcpu_old = 255 };
	struct kinfo_proc *place;
	size_t first, last;
	uint64_t pid;
	int r;

	r = kvmi_kread_uint(x->k, x->cx, ki.ki_paddr +
	    (uint64_t)x->off.p_pid, 4, &pid);
	if (r != 0) {
		kvmi_wrap(&x->cx->err, r, "struct proc at 0x%" PRIx64,
		    ki.ki_paddr);
		kvmi_damage(x->cx);
		return (0);
	}
	ki.ki_pid = (int32_t)pid;
	if (!kvmi_procs_selected(&ki, op, arg))
		return (0);
	name_at(x, ki.ki_paddr, x->off.p_comm, ki.ki_comm);
	r = collect_threads(x, ki.ki_paddr, &first);
	if (r != 0)
		return (r);
	ki.ki_numthreads = (int32_t)(x->threads.n - first);
	/* An entry of the process is that of its first thread. */
	last = threads ? x->threads.n : first + 1;
	do {
		place = kvmi_procs_add(out);
		if (place == NULL)
			return (kvmi_fail(&x->cx->err, KVMI_ENOMEM,
			    "out of memory"));
		*place = ki;
		if (first < x->threads.n)
			fill_thread(x, place, x->threads.v[first]);
		if (i >= x->first_zombie && i < x->end_zombie)
			place->ki_stat = SZOMB;
	} while (++first < last);
	return (0);
}

/* What op selects by must be something that is known. */
static int
check_op(struct kvmi_kernel *k, struct kvmi_cx *cx, int op)
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

	for (size_t i = 0; i < KVMI_COUNT(unknown); i++)
		if (unknown[i].op == op)
			return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: "
			    "processes cannot be selected by %s: a FreeBSD "
			    "kernel tells where to find it only in its type "
			    "information, which is not read", k->img->src->name,
			    unknown[i].by));
	return (0);
}

int
kvmi_freebsd_procs(struct kvmi_kernel *k, struct kvmi_cx *cx, int op,
    int arg, bool threads, struct kvmi_procs *out)
{
	struct lister x = { .k = k, .cx = cx };
	int r;

	r = check_op(k, cx, op);
	if (r == 0)
		r = read_offsets(k, cx, &x.off);
	if (r == 0)
		r = collect_procs(&x);
	for (size_t i = 0; i < x.procs.n && r == 0; i++)
		r = list_process(&x, i, op, arg, threads, out);
	kvmi_procs_sort(out);
	kvmi_addrs_deinit(&x.procs);
	kvmi_addrs_deinit(&x.threads);
	return (r);
}
