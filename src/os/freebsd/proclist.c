/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's lists of processes and of their threads (sys/sys/proc.h), and
 * what is left of them when they are broken.
 */
#include <inttypes.h>

#include "base/math.h"
#include "os/freebsd/lister.h"

/* sys/proc.h: process ids end at PID_MAX, those of threads begin behind it. */
#define PID_MAX		99999
#define MAX_THREADS	(4u << 20)

/* hashinit(maxproc / 4) gives a power of two; PID_MAX bounds maxproc. */
#define MAX_HASH	(1u << 20)

/* A list of structures: LIST and TAILQ entries begin with the next one. */
struct chain {
	const char	*what;
	uint64_t	 next;		/* offsets of the link */
	uint64_t	 id;		/* and of the 4-byte id */
	int32_t		 id_min, id_max;
	size_t		 max;
};

static int
add(struct kvmi_freebsd_lister *x, struct kvmi_addrs *a, uint64_t va)
{
	int r = kvmi_addrs_add(a, va);

	if (r < 0)
		return (kvmi_fail(&x->cx->err, r, "no memory for a list of %zu "
		    "entries", a->n));
	return (r);
}

static int
broken(struct kvmi_freebsd_lister *x, const struct chain *c, uint64_t from,
    int r)
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
follow(struct kvmi_freebsd_lister *x, const struct chain *c, uint64_t from,
    uint64_t va, struct kvmi_addrs *ret)
{
	struct kvmi_err *err = &x->cx->err;

	while (va != 0) {
		uint64_t next = 0, id = 0;
		int rid, rnext, r;

		rnext = kvmi_kread_ptr(x->k, x->cx, va + c->next, &next);
		rid = kvmi_kread_uint(x->k, x->cx, va + c->id, 4, &id);
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
			    va + c->next, &next)));
		from = va;
		va = next;
	}
	return (0);
}

/* A process list whose head is the variable name; see follow(). */
static int
collect_list(struct kvmi_freebsd_lister *x, const char *name)
{
	const struct chain c = { .what = "process",
		.next = x->l.m[PROC_LIST].off, .id = x->l.m[PROC_PID].off,
		.id_max = PID_MAX, .max = PID_MAX + 1 };
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
collect_hash(struct kvmi_freebsd_lister *x, struct kvmi_addrs *ret)
{
	const struct chain c = { .what = "process hash",
		.next = x->l.m[PROC_HASH].off, .id = x->l.m[PROC_PID].off,
		.id_max = PID_MAX, .max = PID_MAX + 1 };
	unsigned int ptr = x->k->arch->pointer_size;
	uint64_t table, mask, first;
	int r, any = 0;

	if (x->l.m[PROC_HASH].size == 0 ||
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
add_hashed(struct kvmi_freebsd_lister *x)
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
too_few(struct kvmi_freebsd_lister *x)
{
	int32_t nprocs;

	return (kvmi_freebsd_int(x->k, x->cx, "nprocs", &nprocs) == 0 &&
	    nprocs <= PID_MAX + 1 && (int64_t)x->procs.n < nprocs);
}

/* allproc and zombproc.  Returns as follow() does. */
static int
collect_lists(struct kvmi_freebsd_lister *x)
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

int
kvmi_lister_procs(struct kvmi_freebsd_lister *x)
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


int
kvmi_lister_threads(struct kvmi_freebsd_lister *x, uint64_t proc,
    size_t *first)
{
	const struct chain c = { .what = "thread",
		.next = x->l.m[TD_PLIST].off, .id = x->l.m[TD_TID].off,
		.id_min = PID_MAX + 1, .id_max = INT32_MAX,
		.max = MAX_THREADS };
	uint64_t va;
	int r;

	*first = x->threads.n;
	r = kvmi_kread_ptr(x->k, x->cx, proc + x->l.m[PROC_THREADS].off, &va);
	if (r != 0) {
		broken(x, &c, proc, r);
		return (0);
	}
	r = follow(x, &c, proc, va, &x->threads);
	return (r < 0 ? r : 0);
}
