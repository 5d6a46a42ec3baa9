/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How kallsyms encodes addresses is written nowhere: each way there was is
 * tried, and the one is taken that puts a symbol right whose address is known
 * (commits 2213e9a66bb8, 64e166099b69, 01157ddc58dc, a081b5789255: Linux 4.6,
 * 6.11, 6.15, 7.0).
 */
#include <inttypes.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "sym/kallsyms_impl.h"

bool
kvmi_ksyms_offset_of(const struct kvmi_window *w, uint64_t va, uint64_t len,
    size_t *ret)
{
	if (!kvmi_inside(va - w->va, len, w->len))
		return (false);
	*ret = (size_t)(va - w->va);
	return (true);
}

static int32_t
offset_at(const struct kvmi_ksyms *d, const struct kvmi_ksyms_place *pl,
    size_t i)
{
	return ((int32_t)kvmi_get32(d->w->p + pl->off + i * sizeof(int32_t),
	    d->w->big_endian));
}

uint64_t
kvmi_ksyms_address(const struct kvmi_ksyms *d,
    const struct kvmi_ksyms_place *pl, size_t i)
{
	const struct kvmi_window *w = d->w;
	uint64_t a;
	int32_t o;

	if (pl->enc == KVMI_ABSOLUTE)
		return (kvmi_get_uint(w->p + pl->off + i * w->pointer_size,
		    w->pointer_size, w->big_endian));
	o = offset_at(d, pl, i);
	switch (pl->enc) {
	case KVMI_BASE_PERCPU:
		a = o >= 0 ? (uint64_t)o : pl->base - 1 - (uint64_t)(int64_t)o;
		break;
	case KVMI_BASE_RELATIVE:
		a = pl->base + (uint32_t)o;
		break;
	case KVMI_PLACE_RELATIVE:
		a = w->va + pl->off + i * sizeof(o) + (uint64_t)(int64_t)o;
		break;
	default:
		a = (uint32_t)o;
		break;
	}
	return (w->pointer_size == 4 ? (uint32_t)a : a);
}

bool
kvmi_ksyms_is_number(const struct kvmi_ksyms *d,
    const struct kvmi_ksyms_place *pl, size_t i)
{
	return (pl->enc == KVMI_BASE_PERCPU && offset_at(d, pl, i) >= 0);
}

static void
add_place(struct kvmi_ksyms *d, enum kvmi_ksyms_encoding enc, uint64_t va,
    uint64_t base)
{
	uint64_t len = d->names.n *
	    (enc == KVMI_ABSOLUTE ? d->w->pointer_size : sizeof(int32_t));
	size_t off;

	if (d->n_places < KVMI_KSYMS_PLACES &&
	    kvmi_ksyms_offset_of(d->w, va, len, &off))
		d->place[d->n_places++] = (struct kvmi_ksyms_place){
			.enc = enc, .off = off, .base = base,
		};
}

/*
 * An array of offsets, whose base may be at base_va.  No symbol lies where
 * its own offset does: a zero there is padding.
 */
static void
add_offsets(struct kvmi_ksyms *d, uint64_t va, uint64_t base_va)
{
	const struct kvmi_window *w = d->w;
	uint64_t base;
	size_t off;

	if (kvmi_ksyms_offset_of(w, base_va, w->pointer_size, &off)) {
		base = kvmi_get_uint(w->p + off, w->pointer_size,
		    w->big_endian);
		add_place(d, KVMI_BASE_PERCPU, va, base);
		add_place(d, KVMI_BASE_RELATIVE, va, base);
	}
	if (kvmi_ksyms_offset_of(w, va, sizeof(uint32_t), &off) &&
	    kvmi_get32(w->p + off, w->big_endian) != 0)
		add_place(d, KVMI_PLACE_RELATIVE, va, 0);
	if (w->pointer_size == 4)
		add_place(d, KVMI_PLAIN_32, va, 0);
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
collect_places(struct kvmi_ksyms *d, const struct kvmi_kallsyms *k)
{
	uint64_t ptr = d->w->pointer_size, n = d->names.n, len = 4 * n;
	uint64_t first = d->w->va + d->num_syms, at;
	uint64_t end = d->w->va + d->token_index + KVMI_KALLSYMS_INDEX_LEN;

	if (k->addresses != 0)
		add_place(d, KVMI_ABSOLUTE, k->addresses, 0);
	if (k->offsets != 0 && k->relative_base != 0)
		add_offsets(d, k->offsets, k->relative_base);
	else if (k->offsets != 0)
		for (uint64_t align = 4; align <= ptr; align *= 2)
			add_offsets(d, k->offsets,
			    align_up(k->offsets + len, align));
	if (k->addresses != 0 || k->offsets != 0)
		return;
	add_offsets(d, first - ptr - align_up(len, ptr), first - ptr);
	add_place(d, KVMI_ABSOLUTE, first - n * ptr, 0);
	/* 4 first: what would do for padding may be an offset. */
	for (uint64_t align = 4; align <= ptr; align *= 2) {
		at = align_up(end, align);
		add_offsets(d, at, align_up(at + len, align));
		add_place(d, KVMI_ABSOLUTE, at, 0);
	}
}

/*
 * The base is the address of the first symbol that is no per-CPU offset, so
 * its offset is 0, or -1 where negative ones are addresses.
 */
static bool
is_based(const struct kvmi_ksyms *d, const struct kvmi_ksyms_place *pl)
{
	int32_t o = 0;

	if (pl->enc == KVMI_BASE_RELATIVE)
		return (offset_at(d, pl, 0) == 0);
	if (pl->enc != KVMI_BASE_PERCPU)
		return (true);
	for (uint32_t i = 0; i < d->names.n && o >= 0; i++)
		o = offset_at(d, pl, i);
	return (o == -1);
}

/* The kernel searches the table by address: it is in ascending order. */
static bool
is_ascending(const struct kvmi_ksyms *d, const struct kvmi_ksyms_place *pl)
{
	uint64_t last = 0, a;

	for (uint32_t i = 0; i < d->names.n; i++) {
		a = kvmi_ksyms_address(d, pl, i);
		if (a < last)
			return (false);
		last = a;
	}
	return (true);
}

/* Is all as scripts/kallsyms.c makes it? */
static bool
is_regular(const struct kvmi_ksyms *d, struct kvmi_ksyms_place *pl)
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

static bool
agrees(const struct kvmi_ksyms *d, uint64_t wanted, uint64_t va)
{
	if (wanted != 0)
		return (va == wanted);
	return (va >= d->w->va && va - d->w->va < d->w->len);
}

/* The first place that puts symbol i right; a regular one, if there is one. */
static void
try_places(struct kvmi_ksyms *d, uint64_t va, uint32_t i,
    struct kvmi_ksyms_place **ret)
{
	for (size_t j = 0; j < d->n_places; j++) {
		struct kvmi_ksyms_place *pl = &d->place[j];

		if (!agrees(d, va, kvmi_ksyms_address(d, pl, i)))
			continue;
		if (is_regular(d, pl)) {
			*ret = pl;
			return;
		}
		if (*ret == NULL && va != 0)
			*ret = pl;
	}
}

int
kvmi_ksyms_choose(struct kvmi_ksyms *d, const struct kvmi_kallsyms *k,
    const char *symbol, uint64_t va, const struct kvmi_ksyms_place **ret,
    struct kvmi_err *err)
{
	size_t off = d->names.off, len, symbol_len = strlen(symbol);
	struct kvmi_ksyms_place *best = NULL;
	bool found = false;

	collect_places(d, k);
	for (uint32_t i = 0; i < d->names.n; i++, off += len) {
		len = kvmi_kallsyms_record_len(d->w, &d->names, &off);
		if (!is_symbol(&d->tok, d->w->p + off, len, symbol,
		    symbol_len))
			continue;
		found = true;
		try_places(d, va, i, &best);
		if (best != NULL && best->regular)
			break;
	}
	*ret = best;
	if (best != NULL)
		return (0);
	if (!found)
		return (kvmi_fail(err, KVMI_EFORMAT,
		    "kallsyms: none of %" PRIu32 " symbols is %s", d->names.n,
		    symbol));
	if (va == 0)
		return (kvmi_fail(err, KVMI_EFORMAT, "kallsyms: no reading of "
		    "the addresses puts %s between 0x%" PRIx64 " and 0x%"
		    PRIx64, symbol, d->w->va, d->w->va + d->w->len));
	return (kvmi_fail(err, KVMI_EFORMAT, "kallsyms: no reading of the "
	    "addresses puts %s at 0x%" PRIx64, symbol, va));
}
