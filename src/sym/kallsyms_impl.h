/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What finding and decoding kallsyms share.  Positions are offsets in the
 * window, not addresses.
 */
#ifndef KVMI_KALLSYMS_IMPL_H
#define KVMI_KALLSYMS_IMPL_H

#include "sym/kallsyms.h"

#define KVMI_KALLSYMS_TOKENS	256
#define KVMI_KALLSYMS_GROUP	256	/* symbols to a marker */
#define KVMI_KALLSYMS_INDEX_LEN	(KVMI_KALLSYMS_TOKENS * sizeof(uint16_t))

/* A type and a name; KSYM_NAME_LEN is 512 since Linux 6.1. */
#define KVMI_KALLSYMS_NAME_MAX	1023

struct kvmi_kallsyms_tokens {
	const char	*text[KVMI_KALLSYMS_TOKENS];	/* in the window */
	uint16_t	 len[KVMI_KALLSYMS_TOKENS];
	bool		 is_type[KVMI_KALLSYMS_TOKENS];	/* its first byte */
	uint16_t	 longest;
};

/* kallsyms_markers: where in the names each group begins, for all of them. */
struct kvmi_kallsyms_markers {
	size_t		 off;
	size_t		 count;
	uint8_t		 size;		/* of one */
};

/* kallsyms_names: n records from off on. */
struct kvmi_kallsyms_names {
	size_t		 off;
	size_t		 limit;		/* they end before this */
	uint32_t	 n;
	bool		 big;		/* bit 7 of a length: two bytes long */
};

#define KVMI_KSYMS_PLACES	16

enum kvmi_ksyms_encoding {
	KVMI_ABSOLUTE,	/* kallsyms_addresses[i] */
	KVMI_BASE_PERCPU,	/* negative: from kallsyms_relative_base on */
	KVMI_BASE_RELATIVE,	/* unsigned, from kallsyms_relative_base on */
	KVMI_PLACE_RELATIVE,	/* from the element itself on */
	KVMI_PLAIN_32,
};

/* One way to read the addresses. */
struct kvmi_ksyms_place {
	enum kvmi_ksyms_encoding enc;
	size_t		 off;		/* of the array, in the window */
	uint64_t	 base;
	bool		 checked;
	bool		 regular;	/* when checked */
};

struct kvmi_ksyms {
	const struct kvmi_window *w;
	struct kvmi_kallsyms_tokens tok;
	struct kvmi_kallsyms_names names;
	size_t		 num_syms;
	size_t		 token_index;
	struct kvmi_ksyms_place place[KVMI_KSYMS_PLACES];
	size_t		 n_places;
};

/* false: table and index do not describe the same 256 strings. */
bool kvmi_kallsyms_tokens(const struct kvmi_window *w, size_t table,
    size_t index, struct kvmi_kallsyms_tokens *ret);

/*
 * Step over all names.  false: they pass their limit, do not begin with a
 * type, are too long, or miss one of the markers, where m is not NULL.
 * *steps, where not NULL, grows by the names that were looked at.
 */
bool kvmi_kallsyms_walk(const struct kvmi_window *w,
    const struct kvmi_kallsyms_tokens *tok,
    const struct kvmi_kallsyms_names *names,
    const struct kvmi_kallsyms_markers *m, size_t *ret_end, uint64_t *steps);

/* The length of the record at *off, which then points to its tokens. */
static inline size_t
kvmi_kallsyms_record_len(const struct kvmi_window *w,
    const struct kvmi_kallsyms_names *names, size_t *off)
{
	size_t len;

	if (*off >= names->limit)
		return (0);
	len = w->p[(*off)++];
	if (len >= 0x80 && names->big) {
		if (*off >= names->limit)
			return (0);
		len = (len & 0x7f) | (size_t)w->p[(*off)++] << 7;
	}
	return (len <= names->limit - *off ? len : 0);
}

/* off + up to align - 1, so that the address is a multiple of align. */
static inline size_t
kvmi_kallsyms_align(const struct kvmi_window *w, size_t off, size_t align)
{
	return (off + (size_t)(-(w->va + off) & (align - 1)));
}

/* Are markers at off the array that follows names up to end? */
static inline bool
kvmi_kallsyms_follows(const struct kvmi_window *w, size_t off, size_t end)
{
	return (off == kvmi_kallsyms_align(w, end, 4) ||
	    off == kvmi_kallsyms_align(w, end, w->pointer_size));
}

/* The offset of an array of len bytes; false: not all of it is here. */
bool kvmi_ksyms_offset_of(const struct kvmi_window *w, uint64_t va,
    uint64_t len, size_t *ret);

/*
 * Choose how the addresses are read: the way that puts the symbol right, at
 * va or, where that is 0, anywhere in the window.
 */
int kvmi_ksyms_choose(struct kvmi_ksyms *d, const struct kvmi_kallsyms *k,
    const char *symbol, uint64_t va, const struct kvmi_ksyms_place **ret,
    struct kvmi_err *err);

/* The address of symbol i. */
uint64_t kvmi_ksyms_address(const struct kvmi_ksyms *d,
    const struct kvmi_ksyms_place *pl, size_t i);

/* Is symbol i a number rather than a place?  Of per-CPU variables. */
bool kvmi_ksyms_is_number(const struct kvmi_ksyms *d,
    const struct kvmi_ksyms_place *pl, size_t i);

#endif
