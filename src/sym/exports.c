/* SPDX-License-Identifier: BSD-2-Clause */
#include "sym/exports.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"

/* KSYM_NAME_LEN is 512 since 6.1. */
#define MAX_NAME	512
/* Above what any kernel exports; made-up entries may share their names. */
#define MAX_ENTRIES	(1u << 17)

/*
 * An entry is address, name and, since 5.4, namespace: pointers, or with
 * CONFIG_HAVE_ARCH_PREL32_RELOCATIONS 32-bit distances from where they stand.
 */
struct shape {
	unsigned int	word;		/* bytes of each part */
	unsigned int	step;		/* of an entry */
	bool		relative;
};

struct table {
	const struct kvmi_window *w;
	struct shape	 shape;
	size_t		 first, end;	/* entries, as offsets in the window */
};

/* The address that a part of an entry stands for. */
static uint64_t
part(const struct kvmi_window *w, const struct shape *s, size_t at)
{
	uint64_t v = kvmi_get_uint(w->p + at, s->word, w->big_endian);

	if (s->relative)
		v = w->va + at + (uint64_t)(int64_t)(int32_t)v;
	return (w->pointer_size == 4 ? (uint32_t)v : v);
}

/* A name at va; NULL: none that is exported looks so. */
static const char *
name_at(const struct kvmi_window *w, uint64_t va)
{
	size_t at, n = 0;
	const uint8_t *p;

	if (!kvmi_inside(va - w->va, 1, w->len))
		return (NULL);
	at = (size_t)(va - w->va);
	p = w->p + at;
	while (n < MAX_NAME && at + n < w->len && (isalnum(p[n]) ||
	    p[n] == '_' || p[n] == '.' || p[n] == '$'))
		n++;
	return (n > 0 && n < MAX_NAME && at + n < w->len && p[n] == '\0' ?
	    (const char *)p : NULL);
}

/* The name of the entry at an offset, NULL: there is none. */
static const char *
entry_name(const struct table *t, size_t at)
{
	if (!kvmi_inside(at, t->shape.step, t->w->len) ||
	    part(t->w, &t->shape, at) == 0)
		return (NULL);
	return (name_at(t->w, part(t->w, &t->shape, at + t->shape.word)));
}

static size_t
count(const struct table *t)
{
	return ((t->end - t->first) / t->shape.step);
}

/* Entries before and behind the one at, as far as they go. */
static void
extend(struct table *t, size_t at)
{
	t->first = t->end = at;
	while (count(t) < MAX_ENTRIES && entry_name(t, t->end) != NULL)
		t->end += t->shape.step;
	while (count(t) < MAX_ENTRIES && t->first >= t->shape.step &&
	    entry_name(t, t->first - t->shape.step) != NULL)
		t->first -= t->shape.step;
}

/*
 * Is the entry at an offset that of the name, whose address is anchor_va?
 * One that stands alone is not believed.
 */
static bool
is_entry(struct table *t, size_t at, const char *anchor, uint64_t anchor_va)
{
	const unsigned int parts[] = { 3, 2 };
	const struct kvmi_window *w = t->w;
	size_t len = strlen(anchor) + 1, word = t->shape.word;
	uint64_t name;

	if (!kvmi_inside(at, 2 * word, w->len) ||
	    part(w, &t->shape, at) != anchor_va)
		return (false);
	name = part(w, &t->shape, at + word) - w->va;
	if (!kvmi_inside(name, len, w->len) ||
	    memcmp(w->p + name, anchor, len) != 0)
		return (false);
	for (size_t i = 0; i < KVMI_COUNT(parts); i++) {
		t->shape.step = parts[i] * t->shape.word;
		extend(t, at);
		if (count(t) >= 3)
			return (true);
	}
	return (false);
}

/* By the address, which few words are, and then the name. */
static bool
find_table(struct table *t, const char *anchor, uint64_t anchor_va)
{
	const struct shape relative = { .word = 4, .relative = true },
	    absolute = { .word = t->w->pointer_size };

	for (size_t at = 0; at < t->w->len; at += 4) {
		t->shape = relative;
		if (is_entry(t, at, anchor, anchor_va))
			return (true);
		t->shape = absolute;
		if (is_entry(t, at, anchor, anchor_va))
			return (true);
	}
	return (false);
}

int
kvmi_exports_add(const struct kvmi_window *w, const char *anchor,
    uint64_t anchor_va, struct kvmi_symtab *t, struct kvmi_err *err)
{
	struct table x = { .w = w };
	size_t n, i = 0;
	bool *known;
	int r = 0;

	if (!find_table(&x, anchor, anchor_va))
		return (KVMI_ENOENT);
	n = count(&x);
	known = calloc(n, sizeof(*known));
	if (known == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "no memory for %zu "
		    "exported symbols", n));
	/* Looked up first: each addition drops the index of names. */
	for (size_t at = x.first; at < x.end; at += x.shape.step) {
		struct kvmi_sym sym;
		struct kvmi_err ignored;

		known[i++] = kvmi_symtab_by_name(t, entry_name(&x, at), &sym,
		    &ignored) == 0;
	}
	i = 0;
	for (size_t at = x.first; at < x.end && r == 0; at += x.shape.step) {
		const char *name = entry_name(&x, at);

		if (!known[i++])
			r = kvmi_symtab_add(t, name, strlen(name), "",
			    part(w, &x.shape, at), 0, 'D', err);
	}
	free(known);
	return (r);
}
