/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The symbol table: 32-byte records in order of addition, names in an arena
 * of chunks, so that pointers to them stay good.  Both indexes are built by
 * the first look-up that needs them, and never change while they are seen:
 * look-ups take no lock after that.  Adding needs the table for itself, and
 * drops the indexes.
 *
 * Names come from images, so their hashes can be made to collide.  The index
 * by name therefore chains: building it stays linear, and a look-up costs at
 * most one pass over the table.
 */
#include "sym/sym.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/math.h"
#include "base/prefault.h"

#define CHUNK_SIZE	((size_t)1 << 18)
#define MAX_MODULES	((1U << 24) - 1)
#define NONE		UINT32_MAX
#define INTERN_HEADS	256

/* Linux per-CPU offsets, where they are absolute, lie below this. */
#define PERCPU_END	0x100000

struct chunk {
	struct chunk	*next;
	size_t		 used;
	size_t		 size;
	char		 bytes[];
};

struct record {
	uint64_t	 addr;
	uint64_t	 size;
	const char	*name;
	uint32_t	 hash;
	uint32_t	 module : 24;	/* index of struct kvmi_symtab.module */
	uint32_t	 letter : 8;
};

struct interned {
	struct interned	*next;
	char		 name[];
};

struct name_index {
	uint32_t	*next;		/* by record: the next in its chain */
	uint32_t	 mask;
	uint32_t	 head[];
};

struct place {
	uint64_t	 addr;
	uint32_t	 i;
};

/* One place for each address, ascending. */
struct addr_index {
	size_t		 n;
	struct place	 place[];
};

struct kvmi_symtab {
	struct record	*record;
	size_t		 n;
	size_t		 cap;
	bool		 is_part;	/* the records are another table's */
	struct chunk	*chunk;		/* the newest */
	const char	**module;	/* a new one whenever it changes */
	size_t		 n_module;
	size_t		 cap_module;
	struct interned	*interned[INTERN_HEADS];
	pthread_mutex_t	 lock;		/* for building the indexes */
	_Atomic(struct name_index *) by_name;
	_Atomic(struct addr_index *) by_addr;
};

int
kvmi_symtab_create(struct kvmi_symtab **ret, struct kvmi_err *err)
{
	struct kvmi_symtab *t = calloc(1, sizeof(*t));

	if (t == NULL || pthread_mutex_init(&t->lock, NULL) != 0) {
		free(t);
		return (kvmi_fail(err, KVMI_ENOMEM,
		    "no memory for a symbol table"));
	}
	*ret = t;
	return (0);
}

static void
drop_indexes(struct kvmi_symtab *t)
{
	free(atomic_exchange_explicit(&t->by_name, NULL,
	    memory_order_relaxed));
	free(atomic_exchange_explicit(&t->by_addr, NULL,
	    memory_order_relaxed));
}

void
kvmi_symtab_destroy(struct kvmi_symtab *t)
{
	struct chunk *c;

	if (t == NULL)
		return;
	drop_indexes(t);
	while ((c = t->chunk) != NULL) {
		t->chunk = c->next;
		free(c);
	}
	pthread_mutex_destroy(&t->lock);
	free(t->module);
	if (!t->is_part)
		free(t->record);
	free(t);
}

/* size bytes that live as long as the table; align is a power of two. */
static void *
arena_alloc(struct kvmi_symtab *t, size_t size, size_t align,
    struct kvmi_err *err)
{
	struct chunk *c = t->chunk;
	size_t at = 0, want;

	if (c != NULL)
		at = (c->used + align - 1) & ~(align - 1);
	if (c == NULL || at > c->size || size > c->size - at) {
		want = size > CHUNK_SIZE ? size : CHUNK_SIZE;
		c = want > SIZE_MAX - sizeof(*c) ? NULL :
		    malloc(sizeof(*c) + want);
		if (c == NULL) {
			kvmi_fail(err, KVMI_ENOMEM,
			    "no memory for symbol names (%zu bytes)", want);
			return (NULL);
		}
		c->next = t->chunk;
		c->size = want;
		t->chunk = c;
		at = 0;
	}
	c->used = at + size;
	return (c->bytes + at);
}

static int
set_cap(struct kvmi_symtab *t, size_t cap, struct kvmi_err *err)
{
	struct record *p;

	if (cap > SIZE_MAX / sizeof(*p) || cap >= NONE || t->is_part)
		return (kvmi_fail(err, KVMI_ENOMEM,
		    "too many symbols: more than %zu", t->cap));
	p = realloc(t->record, cap * sizeof(*p));
	if (p == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM,
		    "no memory for %zu symbols", cap));
	t->record = p;
	t->cap = cap;
	return (0);
}

static int
grow_records(struct kvmi_symtab *t, struct kvmi_err *err)
{
	return (set_cap(t, t->cap == 0 ? 1024 : t->cap * 2, err));
}

static int
make_room(struct kvmi_symtab *t, size_t n, struct kvmi_err *err)
{
	if (n <= t->cap - t->n)
		return (0);
	return (set_cap(t, n > SIZE_MAX - t->n ? SIZE_MAX : t->n + n, err));
}

int
kvmi_symtab_reserve(struct kvmi_symtab *t, size_t n, struct kvmi_err *err)
{
	int r = make_room(t, n, err);

	if (r == 0)
		kvmi_prefault(t->record + t->n, n * sizeof(*t->record));
	return (r);
}

int
kvmi_symtab_split(struct kvmi_symtab *t, size_t before, size_t n,
    struct kvmi_symtab **ret, struct kvmi_err *err)
{
	struct kvmi_symtab *part;
	int r = make_room(t, before + n, err);

	if (r == 0)
		r = kvmi_symtab_create(&part, err);
	if (r != 0)
		return (r);
	part->is_part = true;
	part->record = t->record + t->n + before;
	part->cap = n;
	*ret = part;
	return (0);
}

void
kvmi_symtab_join(struct kvmi_symtab *t, struct kvmi_symtab *part)
{
	uint32_t module = (uint32_t)(t->n_module - 1) & MAX_MODULES;
	struct chunk **last = &part->chunk;

	/* Of those of no module, which have been the last ones of t, too. */
	for (size_t i = 0; module != 0 && i < part->n; i++)
		part->record[i].module = module;
	while (*last != NULL)
		last = &(*last)->next;
	*last = t->chunk;
	t->chunk = part->chunk;
	part->chunk = NULL;
	t->n += part->n;
	kvmi_symtab_destroy(part);
}

static int
push_module(struct kvmi_symtab *t, const char *module, struct kvmi_err *err)
{
	size_t cap = t->cap_module == 0 ? 16 : t->cap_module * 2;
	const char **p;

	if (t->n_module == MAX_MODULES)
		return (kvmi_fail(err, KVMI_ENOMEM,
		    "too many modules among the symbols"));
	if (t->n_module == t->cap_module) {
		p = realloc(t->module, cap * sizeof(*p));
		if (p == NULL)
			return (kvmi_fail(err, KVMI_ENOMEM,
			    "no memory for the modules of symbols"));
		t->module = p;
		t->cap_module = cap;
	}
	t->module[t->n_module++] = module;
	return (0);
}

int
kvmi_symtab_add(struct kvmi_symtab *t, const char *name, size_t name_len,
    const char *module, uint64_t addr, uint64_t size, char letter,
    struct kvmi_err *err)
{
	char *copy;
	int r;

	if (atomic_load_explicit(&t->by_name, memory_order_relaxed) != NULL ||
	    atomic_load_explicit(&t->by_addr, memory_order_relaxed) != NULL)
		drop_indexes(t);
	if (t->n == t->cap && (r = grow_records(t, err)) != 0)
		return (r);
	if ((t->n_module == 0 || t->module[t->n_module - 1] != module) &&
	    (r = push_module(t, module, err)) != 0)
		return (r);
	copy = name_len == SIZE_MAX ? NULL :
	    arena_alloc(t, name_len + 1, 1, err);
	if (copy == NULL)
		return (KVMI_ENOMEM);
	memcpy(copy, name, name_len);
	copy[name_len] = '\0';
	t->record[t->n++] = (struct record){
		.addr = addr,
		.size = size,
		.name = copy,
		.hash = kvmi_hash(name, name_len),
		.module = (uint32_t)(t->n_module - 1) & MAX_MODULES,
		.letter = (uint8_t)letter,
	};
	return (0);
}

const char *
kvmi_symtab_intern(struct kvmi_symtab *t, const char *module,
    struct kvmi_err *err)
{
	size_t len = strlen(module);
	struct interned **head, *e;

	head = &t->interned[kvmi_hash(module, len) % INTERN_HEADS];
	for (e = *head; e != NULL; e = e->next)
		if (strcmp(e->name, module) == 0)
			return (e->name);
	e = arena_alloc(t, sizeof(*e) + len + 1, _Alignof(struct interned),
	    err);
	if (e == NULL)
		return (NULL);
	memcpy(e->name, module, len + 1);
	e->next = *head;
	*head = e;
	return (e->name);
}

size_t
kvmi_symtab_count(const struct kvmi_symtab *t)
{
	return (t->n);
}

void
kvmi_symtab_get(const struct kvmi_symtab *t, size_t i, struct kvmi_sym *ret)
{
	const struct record *r = &t->record[i];

	*ret = (struct kvmi_sym){
		.addr = r->addr,
		.size = r->size,
		.name = r->name,
		.module = t->module[r->module],
		.letter = (char)r->letter,
	};
}

static bool
is_global(const struct record *r)
{
	return (r->letter >= 'A' && r->letter <= 'Z');
}

static bool
is_weak(const struct record *r)
{
	return ((r->letter | 0x20) == 'w' || (r->letter | 0x20) == 'v');
}

static bool
is_undefined(const struct record *r)
{
	return (r->letter == 'U' || (is_weak(r) && r->addr == 0));
}

static struct name_index *
name_index_build(const struct kvmi_symtab *t)
{
	struct name_index *ix;
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

static struct name_index *
name_index_get(struct kvmi_symtab *t, struct kvmi_err *err)
{
	struct name_index *ix;

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
is_better_name(const struct kvmi_symtab *t, const struct record *a,
    const struct record *b)
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
	const struct record *r, *best = NULL;
	struct name_index *ix;
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
has_place(const struct record *r)
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
place_rank(const struct record *r)
{
	if (!is_global(r))
		return (2);
	return (is_weak(r) ? 1 : 0);
}

static void
keep_best_places(const struct kvmi_symtab *t, struct addr_index *ix)
{
	struct place *last;
	size_t n = 0;

	for (size_t i = 0; i < ix->n; i++) {
		last = n == 0 ? NULL : &ix->place[n - 1];
		if (last == NULL || last->addr != ix->place[i].addr)
			ix->place[n++] = ix->place[i];
		else if (place_rank(&t->record[ix->place[i].i]) <
		    place_rank(&t->record[last->i]))
			last->i = ix->place[i].i;
	}
	ix->n = n;
}

static struct addr_index *
addr_index_build(const struct kvmi_symtab *t)
{
	uint64_t lowest = lowest_place(t);
	struct addr_index *ix;
	bool sorted = true;

	ix = malloc(sizeof(*ix) + t->n * sizeof(ix->place[0]));
	if (ix == NULL)
		return (NULL);
	kvmi_prefault(ix, sizeof(*ix) + t->n * sizeof(ix->place[0]));
	ix->n = 0;
	for (size_t i = 0; i < t->n; i++) {
		const struct record *r = &t->record[i];

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

static struct addr_index *
addr_index_get(struct kvmi_symtab *t, struct kvmi_err *err)
{
	struct addr_index *ix;

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
gap_after(const struct kvmi_symtab *t, const struct addr_index *ix, size_t i)
{
	const struct record *a = &t->record[ix->place[i].i], *b;

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
	struct addr_index *ix;
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
