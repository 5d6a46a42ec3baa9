/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kallsyms as scripts/kallsyms.c lays it out, in every order of arrays and
 * every encoding of addresses that Linux has had.
 */
#ifndef BUILD_KALLSYMS_H
#define BUILD_KALLSYMS_H

#include <stdio.h>

#include "build_bytes.h"
#include "sym/kallsyms.h"

enum ks_order {
	KS_NAMES_LAST,		/* addresses, names, tokens: up to 6.0 */
	KS_SEQS,		/* the same with seqs_of_names: 6.1 to 6.3 */
	KS_NAMES_FIRST,		/* since 6.4 */
};

enum ks_enc {
	KS_ABSOLUTE,
	KS_BASE,
	KS_PERCPU,
	KS_PLACE,
	KS_PLAIN32,
};

struct ks_spec {
	const char	*name;
	enum ks_order	 order;
	enum ks_enc	 enc;
	uint8_t		 pointer_size;
	bool		 big_endian;
	bool		 big_lengths;	/* 6.1: up to two bytes a length */
	bool		 wide;		/* num_syms and markers: long */
	uint8_t		 align;		/* of labels; 0: pointer size */
	uint32_t	 n;		/* symbols, at least 4 */
	uint64_t	 va;		/* of the window */
	size_t		 lead;		/* bytes before the arrays */
	bool		 long_last;	/* the last name is the longest */
};

struct ks_sym {
	uint64_t	 addr;
	char		 text[600];	/* letter and name */
};

struct ks_built {
	struct bytes	 b;
	struct kvmi_window w;		/* over b */
	struct kvmi_kallsyms k;		/* what finding should find */
	struct kvmi_kallsyms vmcoreinfo; /* what a kernel exports */
	struct ks_sym	*sym;
	uint32_t	 n;
	uint64_t	 stext;
	uint64_t	 base;
};

#define KS_TEXT_GAP	0x1000		/* of _stext from the window */

static const char *const ks_tokens[] = {
	"tsym_", "Tsym_", "_the_same_", "sym_", "__x64_sys_", "_percpu_", "A_",
	"a_token_that_is_longer_than_sixteen_bytes",
};

/* Tokens 1 to 4, which the second byte of a length looks like. */
static const char *const ks_low_tokens[] = {
	"Tone", "Ttwo", "Tthree", "Tfourth",
};


static inline bool
ks_has_percpu(const struct ks_spec *s)
{
	return (s->enc == KS_PERCPU || s->enc == KS_ABSOLUTE);
}

/* Can the last symbol lie more than 2 GiB from all others? */
static inline bool
ks_has_far(const struct ks_spec *s)
{
	uint64_t end = s->va + 0xa0000000;

	return ((s->enc == KS_BASE ||
	    (s->enc == KS_PLACE && s->pointer_size == 4)) && end > s->va &&
	    (s->pointer_size == 8 || end <= UINT32_MAX));
}

/*
 * Symbols in order of address: some per-CPU offsets where the encoding has
 * them, _text and _stext, which share an address with the next as others do,
 * one with a very long name.
 */
static inline void
ks_make_symbols(const struct ks_spec *s, struct ks_built *k)
{
	uint32_t percpu = ks_has_percpu(s) ? 3 : 0;
	uint64_t addr = k->stext;

	k->sym = calloc(s->n, sizeof(k->sym[0]));
	if (k->sym == NULL)
		abort();
	for (uint32_t i = 0; i < s->n; i++) {
		struct ks_sym *y = &k->sym[i];

		if (i < percpu) {
			y->addr = i * 0x40;
			snprintf(y->text, sizeof(y->text), "%c_percpu_%u",
			    s->enc == KS_PERCPU && i == 2 ? 'D' : 'A', i);
			continue;
		}
		if (i == s->n - 1 && ks_has_far(s))
			addr = k->stext + 0x90000000;
		y->addr = addr;
		if (i <= percpu + 1) {
			snprintf(y->text, sizeof(y->text), i == percpu ?
			    "T_text" : "T_stext");
			continue;
		}
		if (i == (s->long_last ? s->n - 1 : percpu + 2)) {
			memset(y->text, 'l', s->big_lengths ? 301 : 128);
			y->text[0] = 't';
		} else if (i % 7 == 0)
			snprintf(y->text, sizeof(y->text), "%ca_token_that_is_"
			    "longer_than_sixteen_bytes_%u", i % 2 == 0 ? '?' :
			    'r', i);
		else
			snprintf(y->text, sizeof(y->text),
			    "%csym_%u_the_same_%u", i % 3 == 0 ? 't' : 'T', i,
			    i / 5);
		if (i % 4 != 3)
			addr += 16 + i % 5;
	}
}

static inline unsigned int
ks_slot(size_t token)
{
	return (0x80 + 3 * (unsigned int)token);
}

/* Longest token first, else the character itself. */
static inline size_t
ks_compress(const char *text, uint8_t *out)
{
	const size_t count = sizeof(ks_tokens) / sizeof(ks_tokens[0]);
	size_t n = 0;

	while (*text != '\0') {
		size_t best = 0, which = 0;

		for (size_t i = 0; i < count; i++) {
			size_t len = strlen(ks_tokens[i]);

			if (len > best &&
			    strncmp(text, ks_tokens[i], len) == 0) {
				best = len;
				which = i;
			}
		}
		out[n++] = (uint8_t)(best == 0 ? (unsigned char)*text :
		    ks_slot(which));
		text += best == 0 ? 1 : best;
	}
	return (n);
}

static inline uint64_t
ks_label(const struct ks_spec *s, struct ks_built *k)
{
	bytes_align(&k->b, s->align != 0 ? s->align : s->pointer_size);
	return (k->w.va + k->b.len);
}

static inline void
ks_put_addresses(const struct ks_spec *s, struct ks_built *k)
{
	uint64_t va = ks_label(s, k);

	*(s->enc == KS_ABSOLUTE ? &k->vmcoreinfo.addresses :
	    &k->vmcoreinfo.offsets) = va;
	for (uint32_t i = 0; i < s->n; i++) {
		uint64_t a = k->sym[i].addr, v = a;

		switch (s->enc) {
		case KS_ABSOLUTE:
			bytes_uint(&k->b, a, s->pointer_size);
			continue;
		case KS_BASE:
			v = a - k->base;
			break;
		case KS_PERCPU:
			if (i >= 3)
				v = k->base - 1 - a;
			break;
		case KS_PLACE:
			v = a - (va + 4 * i);
			break;
		case KS_PLAIN32:
			break;
		}
		bytes_uint(&k->b, v, 4);
	}
	if (s->enc == KS_BASE || s->enc == KS_PERCPU) {
		k->vmcoreinfo.relative_base = ks_label(s, k);
		bytes_uint(&k->b, k->base, s->pointer_size);
	}
}

static inline void
ks_put_names(const struct ks_spec *s, struct ks_built *k)
{
	unsigned int wide = s->wide ? s->pointer_size : 4;
	uint32_t groups = (s->n + 255) / 256, *marker;
	uint8_t tokens[1024];
	size_t len;

	marker = calloc(groups, sizeof(marker[0]));
	if (marker == NULL)
		abort();
	k->k.num_syms = ks_label(s, k);
	bytes_uint(&k->b, s->n, wide);
	k->k.names = ks_label(s, k);
	for (uint32_t i = 0; i < s->n; i++) {
		if (i % 256 == 0)
			marker[i / 256] = (uint32_t)(k->w.va + k->b.len -
			    k->k.names);
		len = ks_compress(k->sym[i].text, tokens);
		if (s->big_lengths && len > 0x7f) {
			bytes_uint(&k->b, (len & 0x7f) | 0x80, 1);
			bytes_uint(&k->b, len >> 7, 1);
		} else
			bytes_uint(&k->b, len, 1);
		bytes_put(&k->b, tokens, len);
	}
	k->k.markers = ks_label(s, k);
	for (uint32_t i = 0; i < groups; i++)
		bytes_uint(&k->b, marker[i], wide);
	free(marker);
}

static inline void
ks_put_tokens(const struct ks_spec *s, struct ks_built *k)
{
	const size_t count = sizeof(ks_tokens) / sizeof(ks_tokens[0]);
	uint16_t index[256];
	char one[2] = "";

	k->k.token_table = ks_label(s, k);
	for (unsigned int i = 0; i < 256; i++) {
		const char *text = "";

		one[0] = (char)i;
		if (i >= ' ' && i < 0x7f)
			text = one;
		if (i >= 1 && i <= 4)
			text = ks_low_tokens[i - 1];
		for (size_t t = 0; t < count; t++)
			if (i == ks_slot(t))
				text = ks_tokens[t];
		index[i] = (uint16_t)(k->w.va + k->b.len - k->k.token_table);
		bytes_put(&k->b, text, strlen(text) + 1);
	}
	k->k.token_index = ks_label(s, k);
	for (unsigned int i = 0; i < 256; i++)
		bytes_uint(&k->b, index[i], 2);
}

/* The first would do for a small relative base, where there is none. */
static inline void
ks_put_seqs(const struct ks_spec *s, struct ks_built *k)
{
	ks_label(s, k);
	for (uint32_t i = 0; i < s->n; i++) {
		uint32_t seq = (i * 7919 + 256) % s->n;
		uint8_t be[3] = { (uint8_t)(seq >> 16), (uint8_t)(seq >> 8),
		    (uint8_t)seq };

		bytes_put(&k->b, be, 3);
	}
}

/* Into w.va and after what b already holds. */
static inline void
ks_build(const struct ks_spec *s, struct ks_built *k)
{
	k->b.big_endian = s->big_endian;
	k->w.va = s->va;
	k->n = s->n;
	k->stext = s->va + KS_TEXT_GAP;
	k->base = k->stext;
	bytes_fill(&k->b, 0xcc, s->lead);
	ks_make_symbols(s, k);
	if (s->order != KS_NAMES_FIRST)
		ks_put_addresses(s, k);
	ks_put_names(s, k);
	if (s->order == KS_SEQS)
		ks_put_seqs(s, k);
	ks_put_tokens(s, k);
	if (s->order == KS_NAMES_FIRST) {
		ks_put_addresses(s, k);
		ks_put_seqs(s, k);
	}
	k->vmcoreinfo.names = k->k.names;
	k->vmcoreinfo.num_syms = k->k.num_syms;
	k->vmcoreinfo.token_table = k->k.token_table;
	k->vmcoreinfo.token_index = k->k.token_index;
	/* The window reaches up to its first symbols at least. */
	while (k->b.len < 2 * KS_TEXT_GAP)
		bytes_put(&k->b, "\xcc", 1);
	k->w = (struct kvmi_window){
		.p = k->b.p,
		.len = k->b.len,
		.va = s->va,
		.big_endian = s->big_endian,
		.pointer_size = s->pointer_size,
	};
}

static inline void
ks_free(struct ks_built *k)
{
	bytes_free(&k->b);
	free(k->sym);
	*k = (struct ks_built){ 0 };
}

#endif
