/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking into a symbol table.  Both indexes are built by the first look-up
 * that needs them, and never change while they are seen: look-ups take no lock
 * after that.
 *
 * Names come from images, so their hashes can be made to collide.  The index
 * by name therefore chains: building it stays linear, and a look-up costs at
 * most one pass over the table.
 */
#include "sym/symtab_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/prefault.h"

#define NONE		UINT32_MAX

/* Linux per-CPU offsets, where they are absolute, lie below this. */
#define PERCPU_END	0x100000

struct kvmi_sym_by_name {
	uint32_t	*next;		/* by record: the next in its chain */
	uint32_t	 mask;
	uint32_t	 head[];
};

struct place {
	uint64_t	 addr;
	uint32_t	 i;
};

/* One place for each address, ascending. */
struct kvmi_sym_by_addr {
	size_t		 n;
	struct place	 place[];
};

static bool
is_global(const struct kvmi_sym_record *r)
{
	return (r->letter >= 'A' && r->letter <= 'Z');
}

static bool
is_weak(const struct kvmi_sym_record *r)
{
	return ((r->letter | 0x20) == 'w' || (r->letter | 0x20) == 'v');
}

static bool
is_undefined(const struct kvmi_sym_record *r)
{
	return (r->letter == 'U' || (is_weak(r) && r->addr == 0));
}

static struct kvmi_sym_by_name *
name_index_build(const struct kvmi_symtab *t)
{
	struct kvmi_sym_by_name *ix;
	uint32_t heads = 16, *head;

	while (heads < t->n && heads < UINT32_C(1) << 31)
		heads *= 2;
	ix = malloc(sizeof(*ix) + (heads + t->n) * sizeof(ix->head[0]));
	if (ix == NULL)
		return (NULL);
	kvmi_prefault(ix, sizeof(*ix) + (heads + t->n) * sizeof(ix->head[0]));
	memset(ix->head, 0xff, heads * sizeof(ix->head[0]));
	ix->mask = heads - 1;
	ix->next = ix->head + heads;
	/* Backwards: the first added is then the first in its chain. */
	for (size_t i = t->n; i-- > 0; ) {
		head = &ix->head[t->record[i].hash & ix->mask];
		ix->next[i] = *head;
		*head = (uint32_t)i;
	}
	return (ix);
}

static struct kvmi_sym_by_name *
name_index_get(struct kvmi_symtab *t, struct kvmi_err *err)
{
	struct kvmi_sym_by_name *ix;

	ix = atomic_load_explicit(&t->by_name, memory_order_acquire);
	if (ix == NULL) {
		pthread_mutex_lock(&t->lock);
		ix = atomic_load_explicit(&t->by_name, memory_order_acquire);
		if (ix == NULL)
			ix = name_index_build(t);
		atomic_store_explicit(&t->by_name, ix, memory_order_release);
		pthread_mutex_unlock(&t->lock);
	}
	if (ix == NULL)
		kvmi_fail(err, KVMI_ENOMEM,
		    "no memory for an index of %zu symbols by name", t->n);
	return (ix);
}

/* Of two symbols of one name, is a the one that is meant? */
static bool
is_better_name(const struct kvmi_symtab *t, const struct kvmi_sym_record *a,
    const struct kvmi_sym_record *b)
{
	bool kernel_a = t->module[a->module][0] == '\0';
	bool kernel_b = t->module[b->module][0] == '\0';

	if (is_global(a) != is_global(b))
		return (is_global(a));
	if (kernel_a != kernel_b)
		return (kernel_a);
	return (a->addr < b->addr);
}

int
kvmi_symtab_by_name(struct kvmi_symtab *t, const char *name,
    struct kvmi_sym *ret, struct kvmi_err *err)
{
	const struct kvmi_sym_record *r, *best = NULL;
	struct kvmi_sym_by_name *ix;
	uint32_t h, i;

	ix = name_index_get(t, err);
	if (ix == NULL)
		return (KVMI_ENOMEM);
	h = kvmi_hash(name, strlen(name));
	for (i = ix->head[h & ix->mask]; i != NONE; i = ix->next[i]) {
		r = &t->record[i];
		if (r->hash != h || is_undefined(r) ||
		    strcmp(r->name, name) != 0)
			continue;
		if (best == NULL || is_better_name(t, r, best))
			best = r;
	}
	if (best == NULL)
		return (KVMI_ENOENT);
	kvmi_symtab_get(t, (size_t)(best - t->record), ret);
	return (0);
}

/* Does the symbol stand for a place in memory? */
static bool
has_place(const struct kvmi_sym_record *r)
{
	return (r->letter != 'A' && r->letter != 'a' && !is_undefined(r));
}

/*
 * Kernels in the upper half of the address space have symbols further down
 * that are no addresses but offsets, of per-CPU variables first of all.
 */
static uint64_t
lowest_place(const struct kvmi_symtab *t)
{
	uint64_t highest = 0;

	for (size_t i = 0; i < t->n; i++)
		if (has_place(&t->record[i]) && t->record[i].addr > highest)
			highest = t->record[i].addr;
	if (highest >> 63 != 0)
		return (UINT64_C(1) << 63);
	if (highest >> 31 == 1)
		return (PERCPU_END);
	return (0);
}

static int
compare_places(const void *va, const void *vb)
{
	const struct place *a = va, *b = vb;

	if (a->addr != b->addr)
		return (a->addr < b->addr ? -1 : 1);
	return (a->i < b->i ? -1 : a->i > b->i);
}

/* Global, weak, local: what to call an address that has several names. */
static int
place_rank(const struct kvmi_symtab *t, const struct kvmi_sym_record *r)
{
	if (t->kernel_order)
		return (0);
	if (!is_global(r))
		return (2);
	return (is_weak(r) ? 1 : 0);
}

static void
keep_best_places(const struct kvmi_symtab *t, struct kvmi_sym_by_addr *ix)
{
	struct place *last;
	size_t n = 0;

	for (size_t i = 0; i < ix->n; i++) {
		last = n == 0 ? NULL : &ix->place[n - 1];
		if (last == NULL || last->addr != ix->place[i].addr)
			ix->place[n++] = ix->place[i];
		else if (place_rank(t, &t->record[ix->place[i].i]) <
		    place_rank(t, &t->record[last->i]))
			last->i = ix->place[i].i;
	}
	ix->n = n;
}

static struct kvmi_sym_by_addr *
addr_index_build(const struct kvmi_symtab *t)
{
	uint64_t lowest = lowest_place(t);
	struct kvmi_sym_by_addr *ix;
	bool sorted = true;

	ix = malloc(sizeof(*ix) + t->n * sizeof(ix->place[0]));
	if (ix == NULL)
		return (NULL);
	kvmi_prefault(ix, sizeof(*ix) + t->n * sizeof(ix->place[0]));
	ix->n = 0;
	for (size_t i = 0; i < t->n; i++) {
		const struct kvmi_sym_record *r = &t->record[i];

		if (!has_place(r) || r->addr < lowest)
			continue;
		if (ix->n > 0 && r->addr < ix->place[ix->n - 1].addr)
			sorted = false;
		ix->place[ix->n++] = (struct place){ r->addr, (uint32_t)i };
	}
	if (!sorted)
		qsort(ix->place, ix->n, sizeof(ix->place[0]), compare_places);
	keep_best_places(t, ix);
	return (ix);
}

static struct kvmi_sym_by_addr *
addr_index_get(struct kvmi_symtab *t, struct kvmi_err *err)
{
	struct kvmi_sym_by_addr *ix;

	ix = atomic_load_explicit(&t->by_addr, memory_order_acquire);
	if (ix == NULL) {
		pthread_mutex_lock(&t->lock);
		ix = atomic_load_explicit(&t->by_addr, memory_order_acquire);
		if (ix == NULL)
			ix = addr_index_build(t);
		atomic_store_explicit(&t->by_addr, ix, memory_order_release);
		pthread_mutex_unlock(&t->lock);
	}
	if (ix == NULL)
		kvmi_fail(err, KVMI_ENOMEM,
		    "no memory for an index of %zu symbols by address", t->n);
	return (ix);
}

/* A size that no source gave: up to the next symbol of the same module. */
static uint64_t
gap_after(const struct kvmi_symtab *t, const struct kvmi_sym_by_addr *ix, size_t i)
{
	const struct kvmi_sym_record *a = &t->record[ix->place[i].i], *b;

	if (i + 1 == ix->n)
		return (0);
	b = &t->record[ix->place[i + 1].i];
	if (strcmp(t->module[a->module], t->module[b->module]) != 0)
		return (0);
	return (b->addr - a->addr);
}

int
kvmi_symtab_by_addr(struct kvmi_symtab *t, uint64_t addr,
    struct kvmi_sym *ret, struct kvmi_err *err)
{
	struct kvmi_sym_by_addr *ix;
	size_t lo = 0, hi, mid;

	ix = addr_index_get(t, err);
	if (ix == NULL)
		return (KVMI_ENOMEM);
	/* lo: how many places are known to be <= addr. */
	for (hi = ix->n; lo < hi; ) {
		mid = lo + (hi - lo) / 2;
		if (ix->place[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return (KVMI_ENOENT);
	kvmi_symtab_get(t, ix->place[lo - 1].i, ret);
	if (ret->size == 0)
		ret->size = gap_after(t, ix, lo - 1);
	return (0);
}
