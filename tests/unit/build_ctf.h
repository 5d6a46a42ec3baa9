/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CTF as ctfmerge writes it: either version and byte order, from the
 * writer's side of the format.
 */
#ifndef BUILD_CTF_H
#define BUILD_CTF_H

#include "build_bytes.h"

enum {
	K_INTEGER = 1, K_FLOAT, K_POINTER, K_ARRAY, K_FUNCTION, K_STRUCT,
	K_UNION, K_ENUM, K_FORWARD, K_TYPEDEF, K_VOLATILE, K_CONST, K_RESTRICT,
};

struct ctf {
	struct bytes	 types, strings, labels;
	unsigned int	 version;
	uint32_t	 n;
	bool		 not_root;	/* the types that follow */
	uint32_t	 parent;	/* name, in the strings; 0: none */
};

static inline void
ctf_init(struct ctf *c, unsigned int version, bool big_endian)
{
	*c = (struct ctf){ .version = version,
		.types.big_endian = big_endian,
		.labels.big_endian = big_endian };
	bytes_put(&c->strings, "", 1);
}

static inline uint32_t
ctf_string(struct ctf *c, const char *s)
{
	uint32_t off = (uint32_t)c->strings.len;

	if (*s == '\0')
		return (0);
	bytes_put(&c->strings, s, strlen(s) + 1);
	return (off);
}

/* What is 16 bits in version 2. */
static inline void
ctf_word(struct ctf *c, uint32_t v)
{
	bytes_uint(&c->types, v, c->version == 3 ? 4 : 2);
}

static inline void
ctf_record(struct ctf *c, unsigned int kind, const char *name, uint32_t vlen,
    uint32_t size_or_type)
{
	bytes_uint(&c->types, ctf_string(c, name), 4);
	if (c->version == 3)
		bytes_uint(&c->types, kind << 26 |
		    (c->not_root ? 0U : 1U << 25) | vlen, 4);
	else
		bytes_uint(&c->types, kind << 11 |
		    (c->not_root ? 0U : 1U << 10) | vlen, 2);
	ctf_word(c, size_or_type);
	c->n++;
}

/* A type with a size, which may be too large for the short record. */
static inline void
ctf_sized(struct ctf *c, unsigned int kind, const char *name, uint32_t vlen,
    uint64_t size)
{
	if (size <= (c->version == 3 ? 0xfffffffe : 0xfffe)) {
		ctf_record(c, kind, name, vlen, (uint32_t)size);
		return;
	}
	ctf_record(c, kind, name, vlen, UINT32_MAX);
	bytes_uint(&c->types, size >> 32, 4);
	bytes_uint(&c->types, (uint32_t)size, 4);
}

static inline void
ctf_int(struct ctf *c, const char *name, uint64_t size, unsigned int encoding,
    unsigned int bits)
{
	ctf_sized(c, K_INTEGER, name, 1, size);
	bytes_uint(&c->types, encoding << 24 | bits, 4);
}

static inline void
ctf_array(struct ctf *c, uint32_t type, uint32_t index, uint32_t nelems)
{
	ctf_sized(c, K_ARRAY, "", 1, 0);
	ctf_word(c, type);
	ctf_word(c, index);
	bytes_uint(&c->types, nelems, 4);
}

/* A member of a structure of this size. */
static inline void
ctf_member(struct ctf *c, uint64_t size, const char *name, uint32_t type,
    uint64_t bits)
{
	bytes_uint(&c->types, ctf_string(c, name), 4);
	ctf_word(c, type);
	if (size < (c->version == 3 ? 1U << 29 : 1U << 13)) {
		ctf_word(c, (uint32_t)bits);
		return;
	}
	if (c->version == 2)
		bytes_uint(&c->types, 0, 2);
	bytes_uint(&c->types, bits >> 32, 4);
	bytes_uint(&c->types, (uint32_t)bits, 4);
}

static inline void
ctf_enumerator(struct ctf *c, const char *name, int32_t value)
{
	bytes_uint(&c->types, ctf_string(c, name), 4);
	bytes_uint(&c->types, (uint32_t)value, 4);
}

static inline void
ctf_function(struct ctf *c, uint32_t returns, uint32_t nargs, uint32_t arg)
{
	ctf_record(c, K_FUNCTION, "", nargs, returns);
	for (uint32_t i = 0; i < nargs; i++)
		ctf_word(c, arg);
	if (c->version == 2 && nargs % 2 != 0)
		ctf_word(c, 0);
}

/* Header and body; label entries stand before the types. */
static inline struct bytes
ctf_finish(struct ctf *c, unsigned int flags)
{
	struct bytes b = { .big_endian = c->types.big_endian };

	bytes_fill(&c->labels, 0, 8);
	bytes_uint(&b, 0xcff1, 2);
	bytes_uint(&b, c->version, 1);
	bytes_uint(&b, flags, 1);
	bytes_uint(&b, 0, 4);
	bytes_uint(&b, c->parent, 4);
	bytes_uint(&b, 0, 4);
	bytes_uint(&b, c->labels.len, 4);
	bytes_uint(&b, c->labels.len, 4);
	bytes_uint(&b, c->labels.len, 4);
	bytes_uint(&b, c->labels.len + c->types.len, 4);
	bytes_uint(&b, c->strings.len, 4);
	bytes_put(&b, c->labels.p, c->labels.len);
	bytes_put(&b, c->types.p, c->types.len);
	bytes_put(&b, c->strings.p, c->strings.len);
	bytes_free(&c->labels);
	bytes_free(&c->types);
	bytes_free(&c->strings);
	return (b);
}

#endif
