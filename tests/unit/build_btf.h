/* SPDX-License-Identifier: BSD-2-Clause */
/* BTF, record by record. */
#ifndef BUILD_BTF_H
#define BUILD_BTF_H

#include "build_bytes.h"

enum {
	K_INT = 1, K_PTR, K_ARRAY, K_STRUCT, K_UNION, K_ENUM, K_FWD, K_TYPEDEF,
	K_VOLATILE, K_CONST, K_RESTRICT, K_FUNC, K_FUNC_PROTO, K_VAR,
	K_DATASEC, K_FLOAT, K_DECL_TAG, K_TYPE_TAG, K_ENUM64,
};

enum { INT_UNSIGNED = 0, INT_SIGNED = 1, INT_CHAR = 2, INT_BOOL = 4 };

struct btf_build {
	struct bytes	 types;
	struct bytes	 strings;
	uint32_t	 n;
	uint32_t	 before;	/* bytes of strings that another has */
};

static inline void
btf_start(struct btf_build *b, bool big_endian)
{
	*b = (struct btf_build){ 0 };
	b->types.big_endian = big_endian;
	bytes_put(&b->strings, "", 1);
}

/* What goes on where base ended: its types and strings may be named. */
static inline void
btf_start_split(struct btf_build *b, const struct btf_build *base)
{
	*b = (struct btf_build){ .types.big_endian = base->types.big_endian,
		.n = base->n, .before = (uint32_t)base->strings.len };
}

static inline uint32_t
btf_string(struct btf_build *b, const char *s)
{
	uint32_t off = b->before + (uint32_t)b->strings.len;

	if (s == NULL || *s == '\0')
		return (0);
	bytes_put(&b->strings, s, strlen(s) + 1);
	return (off);
}

static inline void
btf_u32(struct btf_build *b, uint32_t v)
{
	bytes_uint(&b->types, v, 4);
}

/* A record; what its kind adds comes next.  Returns the type's number. */
static inline uint32_t
btf_type(struct btf_build *b, const char *name, unsigned int kind, bool flag,
    uint32_t vlen, uint32_t size)
{
	btf_u32(b, btf_string(b, name));
	btf_u32(b, (uint32_t)flag << 31 | kind << 24 | vlen);
	btf_u32(b, size);
	return (++b->n);
}

static inline uint32_t
btf_int(struct btf_build *b, const char *name, uint32_t size,
    unsigned int encoding)
{
	uint32_t id = btf_type(b, name, K_INT, false, 0, size);

	btf_u32(b, encoding << 24 | size * 8);
	return (id);
}

static inline uint32_t
btf_array(struct btf_build *b, uint32_t type, uint32_t nelems)
{
	uint32_t id = btf_type(b, NULL, K_ARRAY, false, 0, 0);

	btf_u32(b, type);
	btf_u32(b, 1);
	btf_u32(b, nelems);
	return (id);
}

/* off as the record has it: in bits, or with the size of a bit-field. */
static inline void
btf_member(struct btf_build *b, const char *name, uint32_t type, uint32_t off)
{
	btf_u32(b, btf_string(b, name));
	btf_u32(b, type);
	btf_u32(b, off);
}

static inline void
btf_value(struct btf_build *b, const char *name, uint32_t v)
{
	btf_u32(b, btf_string(b, name));
	btf_u32(b, v);
}

/* Header, types, strings; frees the builder. */
static inline struct bytes
btf_finish_as(struct btf_build *b, uint32_t hdr_len, uint32_t gap)
{
	struct bytes out = { .big_endian = b->types.big_endian };

	bytes_uint(&out, 0xeb9f, 2);
	bytes_uint(&out, 1, 1);
	bytes_uint(&out, 0, 1);
	bytes_uint(&out, hdr_len, 4);
	bytes_uint(&out, gap, 4);
	bytes_uint(&out, b->types.len, 4);
	bytes_uint(&out, 2 * gap + b->types.len, 4);
	bytes_uint(&out, b->strings.len, 4);
	bytes_fill(&out, 0xaa, hdr_len - 24 + gap);
	bytes_put(&out, b->types.p, b->types.len);
	bytes_fill(&out, 0xaa, gap);
	bytes_put(&out, b->strings.p, b->strings.len);
	bytes_free(&b->types);
	bytes_free(&b->strings);
	return (out);
}

static inline struct bytes
btf_finish(struct btf_build *b)
{
	return (btf_finish_as(b, 24, 0));
}

#endif
