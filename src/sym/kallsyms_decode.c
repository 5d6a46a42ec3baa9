/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoding kallsyms.  Two things about its format are written nowhere, so
 * each is tried and what fits is taken: whether names have lengths of up to
 * two bytes (Linux 6.1), and how addresses are encoded (commits 2213e9a66bb8,
 * 64e166099b69, 01157ddc58dc, a081b5789255: Linux 4.6, 6.11, 6.15, 7.0).
 * Nothing is added to the table before all of that is settled.
 */
#include <inttypes.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "sym/kallsyms_impl.h"

/* Most tokens are shorter: copying so much at once saves a branch or two. */
#define SPLAT	16

#define MAX_PLACES	16

enum encoding {
	ABSOLUTE,	/* kallsyms_addresses[i] */
	BASE_PERCPU,	/* negative: from kallsyms_relative_base on */
	BASE_RELATIVE,	/* unsigned, from kallsyms_relative_base on */
	PLACE_RELATIVE,	/* from the element itself on */
	PLAIN_32,
};

/* One way to read the addresses. */
struct place {
	enum encoding	 enc;
	size_t		 off;		/* of the array, in the window */
	uint64_t	 base;
	bool		 checked;
	bool		 regular;	/* when checked */
};

struct decoder {
	const struct kvmi_window *w;
	struct kvmi_kallsyms_tokens tok;
	struct kvmi_kallsyms_names names;
	size_t		 num_syms;
	size_t		 token_index;
	struct place	 place[MAX_PLACES];
	size_t		 n_places;
};

bool
kvmi_kallsyms_tokens(const struct kvmi_window *w, size_t table, size_t index,
    struct kvmi_kallsyms_tokens *ret)
{
	size_t off = 0, len;
	const uint8_t *nul, *p;
	uint8_t c;

	if (table > w->len ||
	    !kvmi_inside(index, KVMI_KALLSYMS_INDEX_LEN, w->len))
		return (false);
	ret->longest = 0;
	for (size_t i = 0; i < KVMI_KALLSYMS_TOKENS; i++) {
		if (kvmi_get16(w->p + index + i * sizeof(uint16_t),
		    w->big_endian) != off)
			return (false);
		p = w->p + table + off;
		nul = memchr(p, '\0', kvmi_min(w->len - table - off,
		    KVMI_KALLSYMS_NAME_MAX + 1));
		if (nul == NULL)
			return (false);
		len = (size_t)(nul - p);
		c = *p | 0x20;
		ret->text[i] = (const char *)p;
		ret->len[i] = (uint16_t)len;
		/* nm(1) has a '?', too, for sections that it can't name. */
		ret->is_type[i] = (c >= 'a' && c <= 'z') || *p == '?';
		if (len > ret->longest)
			ret->longest = (uint16_t)len;
		off += len + 1;
	}
	return (true);
}

/* A type, at least one more character, and not too many. */
static bool
is_name(const struct kvmi_kallsyms_tokens *tok, const uint8_t *p, size_t n)
{
	size_t len = 0;

	if (!tok->is_type[p[0]])
		return (false);
	if (n > 1 && n * tok->longest <= KVMI_KALLSYMS_NAME_MAX)
		return (true);
	for (size_t i = 0; i < n; i++)
		len += tok->len[p[i]];
	return (len > 1 && len <= KVMI_KALLSYMS_NAME_MAX);
}

bool
kvmi_kallsyms_walk(const struct kvmi_window *w,
    const struct kvmi_kallsyms_tokens *tok,
    const struct kvmi_kallsyms_names *names,
    const struct kvmi_kallsyms_markers *m, size_t *ret_end, uint64_t *steps)
{
	size_t off = names->off, len;
	uint32_t i;

	for (i = 0; i < names->n; i++) {
		if (m != NULL && i % KVMI_KALLSYMS_GROUP == 0 &&
		    kvmi_get_uint(w->p + m->off +
		    i / KVMI_KALLSYMS_GROUP * m->size, m->size,
		    w->big_endian) != off - names->off)
			break;
		len = kvmi_kallsyms_record_len(w, names, &off);
		if (len == 0 || !is_name(tok, w->p + off, len))
			break;
		off += len;
	}
	if (steps != NULL)
		*steps += i + 1;
	*ret_end = off;
	return (i == names->n);
}

/* The offset of an array of len bytes; false: not all of it is here. */
static bool
offset_of(const struct kvmi_window *w, uint64_t va, uint64_t len, size_t *ret)
{
	if (!kvmi_inside(va - w->va, len, w->len))
		return (false);
	*ret = (size_t)(va - w->va);
	return (true);
}

static int
locate(const struct kvmi_window *w, const char *array, uint64_t va,
    uint64_t len, size_t *ret, struct kvmi_err *err)
{
	if (va == 0)
		return (kvmi_fail(err, KVMI_EINVAL,
		    "kallsyms: the address of kallsyms_%s is not known",
		    array));
	if (!offset_of(w, va, len, ret))
		return (kvmi_fail(err, KVMI_EFORMAT, "kallsyms: kallsyms_%s at "
		    "0x%" PRIx64 " lies outside 0x%" PRIx64 " to 0x%" PRIx64,
		    array, va, w->va, w->va + w->len));
	return (0);
}

/* Everything about the arrays but the names' encoding and the addresses. */
static int
decoder_init(struct decoder *d, const struct kvmi_window *w,
    const struct kvmi_kallsyms *k, struct kvmi_err *err)
{
	size_t table = 0;
	uint64_t n;
	int r;

	d->w = w;
	if ((r = locate(w, "token_table", k->token_table, 1, &table,
	    err)) != 0 ||
	    (r = locate(w, "token_index", k->token_index,
	    KVMI_KALLSYMS_INDEX_LEN, &d->token_index, err)) != 0 ||
	    (r = locate(w, "names", k->names, 2, &d->names.off, err)) != 0 ||
	    (r = locate(w, "num_syms", k->num_syms, sizeof(uint32_t),
	    &d->num_syms, err)) != 0)
		return (r);
	if (!kvmi_kallsyms_tokens(w, table, d->token_index, &d->tok))
		return (kvmi_fail(err, KVMI_EFORMAT, "kallsyms: the token table"
		    " at 0x%" PRIx64 " and its index at 0x%" PRIx64
		    " do not fit together", k->token_table, k->token_index));
	n = kvmi_get32(w->p + d->num_syms, w->big_endian);
	/* An unsigned long before Linux 4.20. */
	if (n == 0 && w->pointer_size == 8 &&
	    kvmi_inside(d->num_syms, sizeof(uint64_t), w->len))
		n = kvmi_get64(w->p + d->num_syms, w->big_endian);
	d->names.limit = w->len;
	if (n == 0 || n > (d->names.limit - d->names.off) / 2 ||
	    n > UINT32_MAX)
		return (kvmi_fail(err, KVMI_EFORMAT, "kallsyms: %" PRIu64
		    " symbols do not fit in %zu bytes of names at 0x%" PRIx64,
		    n, d->names.limit - d->names.off, k->names));
	d->names.n = (uint32_t)n;
	return (0);
}

/* Do the names agree with markers at off, elements of 8 or 4 bytes? */
static bool
names_fit_markers(const struct decoder *d, size_t off)
{
	struct kvmi_kallsyms_markers m = {
		.off = off,
		.count = (d->names.n + KVMI_KALLSYMS_GROUP - 1) /
		    KVMI_KALLSYMS_GROUP,
	};
	size_t end;

	for (m.size = d->w->pointer_size; m.size >= 4; m.size /= 2)
		if (kvmi_inside(off, m.count * m.size, d->w->len) &&
		    kvmi_kallsyms_walk(d->w, &d->tok, &d->names, &m, &end,
		    NULL) && kvmi_kallsyms_follows(d->w, off, end))
			return (true);
	return (false);
}

/* The same where the markers are not known: they follow the names. */
static bool
names_fit_derived(const struct decoder *d, size_t end)
{
	size_t at4 = kvmi_kallsyms_align(d->w, end, 4);
	size_t at = kvmi_kallsyms_align(d->w, end, d->w->pointer_size);

	return (names_fit_markers(d, at) ||
	    (at4 != at && names_fit_markers(d, at4)));
}

/*
 * Choose the encoding of lengths: what agrees with the markers; without
 * markers, what alone makes names.
 */
static int
choose_lengths(struct decoder *d, uint64_t markers_va, struct kvmi_err *err)
{
	size_t markers = 0, end[2] = { 0, 0 };
	bool fits[2] = { false, false };
	int r;

	if (markers_va != 0) {
		r = locate(d->w, "markers", markers_va, 4, &markers, err);
		if (r != 0)
			return (r);
	}
	for (int big = 0; big <= 1; big++) {
		d->names.big = big != 0;
		if (markers_va != 0) {
			if (names_fit_markers(d, markers))
				return (0);
			continue;
		}
		fits[big] = kvmi_kallsyms_walk(d->w, &d->tok, &d->names, NULL,
		    &end[big], NULL);
		if (fits[big] && names_fit_derived(d, end[big]))
			return (0);
	}
	d->names.big = fits[1];
	if (fits[0] != fits[1] || (fits[0] && end[0] == end[1]))
		return (0);
	return (kvmi_fail(err, KVMI_EFORMAT,
	    "kallsyms: no reading of the %" PRIu32 " names at 0x%" PRIx64
	    " agrees with %s", d->names.n, d->w->va + d->names.off,
	    markers_va != 0 ? "the markers" : "their number"));
}

static int32_t
offset_at(const struct decoder *d, const struct place *pl, size_t i)
{
	return ((int32_t)kvmi_get32(d->w->p + pl->off + i * sizeof(int32_t),
	    d->w->big_endian));
}

/* The address of symbol i. */
static uint64_t
address(const struct decoder *d, const struct place *pl, size_t i)
{
	const struct kvmi_window *w = d->w;
	uint64_t a;
	int32_t o;

	if (pl->enc == ABSOLUTE)
		return (kvmi_get_uint(w->p + pl->off + i * w->pointer_size,
		    w->pointer_size, w->big_endian));
	o = offset_at(d, pl, i);
	switch (pl->enc) {
	case BASE_PERCPU:
		a = o >= 0 ? (uint64_t)o : pl->base - 1 - (uint64_t)(int64_t)o;
		break;
	case BASE_RELATIVE:
		a = pl->base + (uint32_t)o;
		break;
	case PLACE_RELATIVE:
		a = w->va + pl->off + i * sizeof(o) + (uint64_t)(int64_t)o;
		break;
	default:
		a = (uint32_t)o;
		break;
	}
	return (w->pointer_size == 4 ? (uint32_t)a : a);
}

static void
add_place(struct decoder *d, enum encoding enc, uint64_t va, uint64_t base)
{
	uint64_t len = d->names.n *
	    (enc == ABSOLUTE ? d->w->pointer_size : sizeof(int32_t));
	size_t off;

	if (d->n_places < MAX_PLACES && offset_of(d->w, va, len, &off))
		d->place[d->n_places++] = (struct place){
			.enc = enc, .off = off, .base = base,
		};
}

/*
 * An array of offsets, whose base may be at base_va.  No symbol lies where
 * its own offset does: a zero there is padding.
 */
static void
add_offsets(struct decoder *d, uint64_t va, uint64_t base_va)
{
	const struct kvmi_window *w = d->w;
	uint64_t base;
	size_t off;

	if (offset_of(w, base_va, w->pointer_size, &off)) {
		base = kvmi_get_uint(w->p + off, w->pointer_size,
		    w->big_endian);
		add_place(d, BASE_PERCPU, va, base);
		add_place(d, BASE_RELATIVE, va, base);
	}
	if (offset_of(w, va, sizeof(uint32_t), &off) &&
	    kvmi_get32(w->p + off, w->big_endian) != 0)
		add_place(d, PLACE_RELATIVE, va, 0);
	if (w->pointer_size == 4)
		add_place(d, PLAIN_32, va, 0);
}

static uint64_t
align_up(uint64_t va, uint64_t align)
{
	return ((va + align - 1) & ~(align - 1));
}

/*
 * All ways to read the addresses: of arrays that are known, else of those
 * that would lie before the number of symbols (up to Linux 6.3) or behind
 * the token index (since 6.4).
 */
static void
collect_places(struct decoder *d, const struct kvmi_kallsyms *k)
{
	uint64_t ptr = d->w->pointer_size, n = d->names.n, len = 4 * n;
	uint64_t first = d->w->va + d->num_syms, at;
	uint64_t end = d->w->va + d->token_index + KVMI_KALLSYMS_INDEX_LEN;

	if (k->addresses != 0)
		add_place(d, ABSOLUTE, k->addresses, 0);
	if (k->offsets != 0 && k->relative_base != 0)
		add_offsets(d, k->offsets, k->relative_base);
	else if (k->offsets != 0)
		for (uint64_t align = 4; align <= ptr; align *= 2)
			add_offsets(d, k->offsets,
			    align_up(k->offsets + len, align));
	if (k->addresses != 0 || k->offsets != 0)
		return;
	add_offsets(d, first - ptr - align_up(len, ptr), first - ptr);
	add_place(d, ABSOLUTE, first - n * ptr, 0);
	/* 4 first: what would do for padding may be an offset. */
	for (uint64_t align = 4; align <= ptr; align *= 2) {
		at = align_up(end, align);
		add_offsets(d, at, align_up(at + len, align));
		add_place(d, ABSOLUTE, at, 0);
	}
}

/*
 * The base is the address of the first symbol that is no per-CPU offset, so
 * its offset is 0, or -1 where negative ones are addresses.
 */
static bool
is_based(const struct decoder *d, const struct place *pl)
{
	int32_t o = 0;

	if (pl->enc == BASE_RELATIVE)
		return (offset_at(d, pl, 0) == 0);
	if (pl->enc != BASE_PERCPU)
		return (true);
	for (uint32_t i = 0; i < d->names.n && o >= 0; i++)
		o = offset_at(d, pl, i);
	return (o == -1);
}

/* The kernel searches the table by address: it is in ascending order. */
static bool
is_ascending(const struct decoder *d, const struct place *pl)
{
	uint64_t last = 0, a;

	for (uint32_t i = 0; i < d->names.n; i++) {
		a = address(d, pl, i);
		if (a < last)
			return (false);
		last = a;
	}
	return (true);
}

/* Is all as scripts/kallsyms.c makes it? */
static bool
is_regular(const struct decoder *d, struct place *pl)
{
	if (!pl->checked) {
		pl->checked = true;
		pl->regular = is_based(d, pl) && is_ascending(d, pl);
	}
	return (pl->regular);
}

/* Is this record, whatever its type letter, the symbol? */
static bool
is_symbol(const struct kvmi_kallsyms_tokens *tok, const uint8_t *p, size_t n,
    const char *symbol, size_t symbol_len)
{
	size_t at = 0, len, skip = 1;
	const char *text;

	for (size_t i = 0; i < n; i++) {
		text = tok->text[p[i]] + skip;
		len = tok->len[p[i]] - skip;
		skip = 0;
		if (len > symbol_len - at ||
		    memcmp(symbol + at, text, len) != 0)
			return (false);
		at += len;
	}
	return (at == symbol_len);
}

/* What shows that an encoding is the right one. */
struct evidence {
	const char	*symbol;
	uint64_t	 va;		/* 0: anywhere in the window */
};

static bool
agrees(const struct decoder *d, const struct evidence *ev, uint64_t va)
{
	if (ev->va != 0)
		return (va == ev->va);
	return (va >= d->w->va && va - d->w->va < d->w->len);
}

/* The first place that puts symbol i right; a regular one, if there is one. */
static void
try_places(struct decoder *d, const struct evidence *ev, uint32_t i,
    struct place **ret)
{
	for (size_t j = 0; j < d->n_places; j++) {
		struct place *pl = &d->place[j];

		if (!agrees(d, ev, address(d, pl, i)))
			continue;
		if (is_regular(d, pl)) {
			*ret = pl;
			return;
		}
		if (*ret == NULL && ev->va != 0)
			*ret = pl;
	}
}

static int
choose_addresses(struct decoder *d, const struct evidence *ev,
    const struct place **ret, struct kvmi_err *err)
{
	size_t off = d->names.off, len, symbol_len = strlen(ev->symbol);
	struct place *best = NULL;
	bool found = false;

	for (uint32_t i = 0; i < d->names.n; i++, off += len) {
		len = kvmi_kallsyms_record_len(d->w, &d->names, &off);
		if (!is_symbol(&d->tok, d->w->p + off, len, ev->symbol,
		    symbol_len))
			continue;
		found = true;
		try_places(d, ev, i, &best);
		if (best != NULL && best->regular)
			break;
	}
	*ret = best;
	if (best != NULL)
		return (0);
	if (!found)
		return (kvmi_fail(err, KVMI_EFORMAT,
		    "kallsyms: none of %" PRIu32 " symbols is %s", d->names.n,
		    ev->symbol));
	if (ev->va == 0)
		return (kvmi_fail(err, KVMI_EFORMAT, "kallsyms: no reading of "
		    "the addresses puts %s between 0x%" PRIx64 " and 0x%"
		    PRIx64, ev->symbol, d->w->va, d->w->va + d->w->len));
	return (kvmi_fail(err, KVMI_EFORMAT, "kallsyms: no reading of the "
	    "addresses puts %s at 0x%" PRIx64, ev->symbol, ev->va));
}

/* The strings of tokens, each readable for SPLAT bytes. */
static void
copy_tokens(const struct kvmi_kallsyms_tokens *tok,
    char text[KVMI_KALLSYMS_TOKENS][SPLAT])
{
	for (size_t i = 0; i < KVMI_KALLSYMS_TOKENS; i++)
		memcpy(text[i], tok->text[i], kvmi_min(tok->len[i], SPLAT));
}

/*
 * The record at *off, expanded into buf.  The window may be a mapped file,
 * which others may change: what was checked before is checked again.  0: it
 * has changed.
 */
static size_t
expand(const struct decoder *d, char text[KVMI_KALLSYMS_TOKENS][SPLAT],
    size_t *off, char *buf)
{
	const struct kvmi_kallsyms_tokens *tok = &d->tok;
	size_t len, n = 0;

	len = kvmi_kallsyms_record_len(d->w, &d->names, off);
	for (; len > 0; len--) {
		uint8_t b = d->w->p[(*off)++];

		if (tok->len[b] > KVMI_KALLSYMS_NAME_MAX - n)
			return (0);
		if (tok->len[b] <= SPLAT)
			memcpy(buf + n, text[b], SPLAT);
		else
			memcpy(buf + n, tok->text[b], tok->len[b]);
		n += tok->len[b];
	}
	return (n);
}

static int
add_symbols(const struct decoder *d, const struct place *pl,
    struct kvmi_symtab *t, struct kvmi_err *err)
{
	char text[KVMI_KALLSYMS_TOKENS][SPLAT] = { { 0 } };
	char buf[KVMI_KALLSYMS_NAME_MAX + 1 + SPLAT];
	size_t off = d->names.off, n;
	int r;

	copy_tokens(&d->tok, text);
	r = kvmi_symtab_reserve(t, d->names.n, err);
	if (r != 0)
		return (r);
	for (uint32_t i = 0; i < d->names.n; i++) {
		n = expand(d, text, &off, buf);
		if (n == 0)
			return (kvmi_fail(err, KVMI_ETRUNC, "kallsyms: the "
			    "names changed while they were read"));
		/* No address: scripts/kallsyms.c gives these an 'A' too. */
		if (pl->enc == BASE_PERCPU && offset_at(d, pl, i) >= 0)
			buf[0] = 'A';
		r = kvmi_symtab_add(t, buf + 1, n - 1, "", address(d, pl, i),
		    0, buf[0], err);
		if (r != 0)
			return (r);
	}
	return (0);
}

int
kvmi_kallsyms_decode(const struct kvmi_window *w,
    const struct kvmi_kallsyms *k, const char *anchor, uint64_t anchor_va,
    struct kvmi_symtab *t, struct kvmi_err *err)
{
	struct evidence ev = { .symbol = "_stext" };
	struct decoder d = { 0 };
	const struct place *pl;
	int r;

	if (anchor != NULL && anchor_va != 0)
		ev = (struct evidence){ anchor, anchor_va };
	r = decoder_init(&d, w, k, err);
	if (r != 0)
		return (r);
	r = choose_lengths(&d, k->markers, err);
	if (r != 0)
		return (r);
	collect_places(&d, k);
	r = choose_addresses(&d, &ev, &pl, err);
	if (r != 0)
		return (r);
	return (add_symbols(&d, pl, t, err));
}
