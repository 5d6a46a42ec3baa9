/* SPDX-License-Identifier: BSD-2-Clause */
/* What opening BTF and following paths through its types share. */
#ifndef KVMI_BTF_IMPL_H
#define KVMI_BTF_IMPL_H

#include <string.h>

#include "base/endian.h"
#include "base/src.h"
#include "type/path.h"

#define KVMI_BTF_RECORD_SIZE	12
/* What follows it, or one element of it, has no more than that. */
#define KVMI_BTF_MAX_EXTRA	12

enum kvmi_btf_kind {
	BTF_VOID,
	BTF_INT,
	BTF_PTR,
	BTF_ARRAY,
	BTF_STRUCT,
	BTF_UNION,
	BTF_ENUM,
	BTF_FWD,
	BTF_TYPEDEF,
	BTF_VOLATILE,
	BTF_CONST,
	BTF_RESTRICT,
	BTF_FUNC,
	BTF_FUNC_PROTO,
	BTF_VAR,
	BTF_DATASEC,
	BTF_FLOAT,
	BTF_DECL_TAG,
	BTF_TYPE_TAG,
	BTF_ENUM64,
};

struct kvmi_btf {
	struct kvmi_types t;
	struct kvmi_btf	*base;		/* what it is split from; NULL: whole */
	uint32_t	 first;		/* its own types come after this one */
	uint32_t	 first_string;	/* and its strings begin here */
	struct kvmi_blob bytes;
	const uint8_t	*types;
	const char	*strings;
	size_t		 types_at;	/* in bytes, for messages */
	size_t		 strings_at;
	uint32_t	 types_len;
	uint32_t	 strings_len;
	bool		 big_endian;
	bool		 has_signed_enums;
	uint8_t		 pointer_size;
	uint32_t	 n;		/* types 1 to n, the base's among them */
	uint32_t	*off;		/* of its own types' records, from 1 on */
	uint32_t	*next;		/* in the chain of its name; 0: last */
	uint32_t	*head;
	uint32_t	 mask;
	uint32_t	*enums;		/* its own types that are enums */
	uint32_t	 n_enums;
};

/* A type's record. */
struct kvmi_btf_view {
	uint32_t	 id;
	uint32_t	 name;
	uint8_t		 kind;
	bool		 flag;
	uint32_t	 vlen;
	uint32_t	 size;		/* or the type that it refers to */
	const uint8_t	*extra;
};

static inline uint32_t
kvmi_btf_u32(const struct kvmi_btf *b, const uint8_t *p)
{
	return (kvmi_get32(p, b->big_endian));
}

/* As the bytes have it; b's own type id. */
static inline void
kvmi_btf_raw(const struct kvmi_btf *b, uint32_t id, struct kvmi_btf_view *ret)
{
	const uint8_t *p = b->types + b->off[id - b->first];
	uint32_t info = kvmi_btf_u32(b, p + 4);

	*ret = (struct kvmi_btf_view){
		.id = id,
		.name = kvmi_btf_u32(b, p),
		.kind = info >> 24 & 0x7f,
		.flag = info >> 31 != 0,
		.vlen = info & 0xffffff,
		.size = kvmi_btf_u32(b, p + 8),
		.extra = p + KVMI_BTF_RECORD_SIZE,
	};
}

/* Keep to what follows a record, of left bytes. */
void kvmi_btf_clip(struct kvmi_btf_view *v, size_t left);

/*
 * id is one of 1 to n.  The bytes may lie in a file that is being changed, so
 * what was found right when it was opened need not be now.
 */
static inline void
kvmi_btf_view(const struct kvmi_btf *b, uint32_t id,
    struct kvmi_btf_view *ret)
{
	size_t left;

	if (id <= b->first)
		b = b->base;
	kvmi_btf_raw(b, id, ret);
	left = b->types_len - b->off[id - b->first] - KVMI_BTF_RECORD_SIZE;
	if (left < KVMI_BTF_MAX_EXTRA * (size_t)(ret->vlen + 1))
		kvmi_btf_clip(ret, left);
}

/* The string at off; NULL: there is none.  The last one ends with a NUL. */
static inline const char *
kvmi_btf_string(const struct kvmi_btf *b, uint32_t off)
{
	if (off < b->first_string)
		return (b->base->strings + off);
	off -= b->first_string;
	return (off < b->strings_len ? b->strings + off : NULL);
}

/* That string, if it still ends before the strings do. */
static inline const char *
kvmi_btf_name(const struct kvmi_btf *b, uint32_t off)
{
	const char *s = kvmi_btf_string(b, off);
	const struct kvmi_btf *of = off < b->first_string ? b->base : b;

	return (s != NULL && memchr(s, '\0', of->strings_len - (size_t)(s -
	    of->strings)) != NULL ? s : NULL);
}

/* Where in its bytes the record of a type is, for messages. */
static inline size_t
kvmi_btf_at(const struct kvmi_btf *b, uint32_t id)
{
	if (id <= b->first)
		b = b->base;
	return (b->types_at + b->off[id - b->first]);
}

/* Of all types named so the one that is meant; 0: none. */
uint32_t kvmi_btf_find(const struct kvmi_btf *b, const char *name);

extern const struct kvmi_path_ops kvmi_btf_path_ops;

#endif
