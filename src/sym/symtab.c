/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The symbol table: 32-byte records in order of addition, names in an arena
 * of chunks, so that pointers to them stay good.  Adding needs the table for
 * itself, and drops the indexes (symtab_lookup.c).
 */
#include "sym/symtab_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/math.h"
#include "base/prefault.h"

#define CHUNK_SIZE	((size_t)1 << 18)
#define MAX_MODULES	((1U << 24) - 1)

struct kvmi_sym_chunk {
	struct kvmi_sym_chunk	*next;
	size_t		 used;
	size_t		 size;
	char		 bytes[];
};

struct kvmi_sym_interned {
	struct kvmi_sym_interned	*next;
	char		 name[];
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

void
kvmi_symtab_kernel_order(struct kvmi_symtab *t)
{
	t->kernel_order = true;
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
	struct kvmi_sym_chunk *c;

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
	struct kvmi_sym_chunk *c = t->chunk;
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
	struct kvmi_sym_record *p;

	if (cap > SIZE_MAX / sizeof(*p) || cap >= UINT32_MAX || t->is_part)
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
	struct kvmi_sym_chunk **last = &part->chunk;

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
	t->record[t->n++] = (struct kvmi_sym_record){
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
	struct kvmi_sym_interned **head, *e;

	head = &t->interned[kvmi_hash(module, len) % INTERN_HEADS];
	for (e = *head; e != NULL; e = e->next)
		if (strcmp(e->name, module) == 0)
			return (e->name);
	e = arena_alloc(t, sizeof(*e) + len + 1, _Alignof(struct kvmi_sym_interned),
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
	const struct kvmi_sym_record *r = &t->record[i];

	*ret = (struct kvmi_sym){
		.addr = r->addr,
		.size = r->size,
		.name = r->name,
		.module = t->module[r->module],
		.letter = (char)r->letter,
	};
}
