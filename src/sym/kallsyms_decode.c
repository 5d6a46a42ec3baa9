/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoding kallsyms.  Two things about its format are written nowhere, so
 * each is tried and what fits is taken: whether names have lengths of up to
 * two bytes (Linux 6.1), and how addresses are encoded (kallsyms_address.c).
 * Nothing is added to the table before all of that is settled.
 */
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "base/worker.h"
#include "sym/kallsyms_impl.h"

/* Most tokens are shorter: copying so much at once saves a branch or two. */
#define SPLAT	16

/* As many symbols take a millisecond. */
#define WORTH_A_THREAD	30000

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

static int
locate(const struct kvmi_window *w, const char *array, uint64_t va,
    uint64_t len, size_t *ret, struct kvmi_err *err)
{
	if (va == 0)
		return (kvmi_fail(err, KVMI_EINVAL,
		    "kallsyms: the address of kallsyms_%s is not known",
		    array));
	if (!kvmi_ksyms_offset_of(w, va, len, ret))
		return (kvmi_fail(err, KVMI_EFORMAT, "kallsyms: kallsyms_%s at "
		    "0x%" PRIx64 " lies outside 0x%" PRIx64 " to 0x%" PRIx64,
		    array, va, w->va, w->va + w->len));
	return (0);
}

/* Everything about the arrays but the names' encoding and the addresses. */
static int
decoder_init(struct kvmi_ksyms *d, const struct kvmi_window *w,
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
names_fit_markers(const struct kvmi_ksyms *d, size_t off)
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
names_fit_derived(const struct kvmi_ksyms *d, size_t end)
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
choose_lengths(struct kvmi_ksyms *d, uint64_t markers_va,
    struct kvmi_err *err)
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
expand(const struct kvmi_ksyms *d, char text[KVMI_KALLSYMS_TOKENS][SPLAT],
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

/* Symbols first to end - 1. */
static int
add_symbols(const struct kvmi_ksyms *d, const struct kvmi_ksyms_place *pl,
    uint32_t first, uint32_t end, struct kvmi_symtab *t, struct kvmi_err *err)
{
	char text[KVMI_KALLSYMS_TOKENS][SPLAT] = { { 0 } };
	char buf[KVMI_KALLSYMS_NAME_MAX + 1 + SPLAT];
	size_t off = d->names.off, n;
	int r;

	copy_tokens(&d->tok, text);
	r = kvmi_symtab_reserve(t, end - first, err);
	if (r != 0)
		return (r);
	for (uint32_t i = 0; i < first; i++) {
		n = kvmi_kallsyms_record_len(d->w, &d->names, &off);
		off += n;
	}
	for (uint32_t i = first; i < end; i++) {
		n = expand(d, text, &off, buf);
		if (n == 0)
			return (kvmi_fail(err, KVMI_ETRUNC, "kallsyms: the "
			    "names changed while they were read"));
		/* No address: scripts/kallsyms.c gives these an 'A' too. */
		if (kvmi_ksyms_is_number(d, pl, i))
			buf[0] = 'A';
		r = kvmi_symtab_add(t, buf + 1, n - 1, "",
		    kvmi_ksyms_address(d, pl, i), 0, buf[0], err);
		if (r != 0)
			return (r);
	}
	return (0);
}

/* The second half, by a thread of its own. */
struct half {
	const struct kvmi_ksyms *d;
	const struct kvmi_ksyms_place *pl;
	uint32_t	 first;
	struct kvmi_symtab *t;
	struct kvmi_err	 err;
	int		 r;
};

static void *
add_half(void *arg)
{
	struct half *h = arg;

	h->r = add_symbols(h->d, h->pl, h->first, h->d->names.n, h->t,
	    &h->err);
	return (NULL);
}

static int
add_all(const struct kvmi_ksyms *d, const struct kvmi_ksyms_place *pl,
    struct kvmi_symtab *t, struct kvmi_err *err)
{
	uint32_t n = d->names.n;
	struct half h = { .d = d, .pl = pl, .first = n / 2 };
	pthread_t thread;
	int r;

	if (n < WORTH_A_THREAD || kvmi_worker_cpus() == 1 ||
	    kvmi_symtab_split(t, n / 2, n - n / 2, &h.t, err) != 0)
		return (add_symbols(d, pl, 0, n, t, err));
	if (kvmi_worker_start(&thread, add_half, &h) != 0) {
		kvmi_symtab_destroy(h.t);
		return (add_symbols(d, pl, 0, n, t, err));
	}
	r = add_symbols(d, pl, 0, n / 2, t, err);
	pthread_join(thread, NULL);
	if (r == 0 && h.r == 0) {
		kvmi_symtab_join(t, h.t);
		return (0);
	}
	if (r == 0)
		*err = h.err;
	kvmi_symtab_destroy(h.t);
	return (r != 0 ? r : h.r);
}

int
kvmi_kallsyms_decode(const struct kvmi_window *w,
    const struct kvmi_kallsyms *k, const char *anchor, uint64_t anchor_va,
    struct kvmi_symtab *t, struct kvmi_err *err)
{
	struct kvmi_ksyms d = { 0 };
	const struct kvmi_ksyms_place *pl;
	int r;

	if (anchor == NULL || anchor_va == 0) {
		anchor = "_stext";
		anchor_va = 0;
	}
	r = decoder_init(&d, w, k, err);
	if (r != 0)
		return (r);
	r = choose_lengths(&d, k->markers, err);
	if (r != 0)
		return (r);
	r = kvmi_ksyms_choose(&d, k, anchor, anchor_va, &pl, err);
	if (r != 0)
		return (r);
	kvmi_symtab_kernel_order(t);
	return (add_all(&d, pl, t, err));
}
