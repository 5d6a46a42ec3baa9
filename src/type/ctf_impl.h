/* SPDX-License-Identifier: BSD-2-Clause */
/* What opening CTF and decoding its types share. */
#ifndef KVMI_CTF_IMPL_H
#define KVMI_CTF_IMPL_H

#include "base/endian.h"
#include "type/names.h"
#include "type/path.h"

enum kvmi_ctf_kind {
	CTF_UNKNOWN,
	CTF_INTEGER,
	CTF_FLOAT,
	CTF_POINTER,
	CTF_ARRAY,
	CTF_FUNCTION,
	CTF_STRUCT,
	CTF_UNION,
	CTF_ENUM,
	CTF_FORWARD,
	CTF_TYPEDEF,
	CTF_VOLATILE,
	CTF_CONST,
	CTF_RESTRICT,
	CTF_KINDS,
};

struct kvmi_ctf {
	struct kvmi_types t;
	void		*bytes;
	const uint8_t	*types;
	uint32_t	 types_len;
	size_t		 types_at;	/* in bytes, for messages */
	const char	*strings[2];	/* own, the ELF file's */
	size_t		 strings_len[2];	/* ends with a NUL */
	uint32_t	 n;		/* types 1 to n */
	uint32_t	*off;		/* of a type's record */
	uint32_t	 child_bit;	/* of ids that are not the parent's */
	bool		 child;
	bool		 wide;		/* version 3: 32 bits where 2 has 16 */
	bool		 big_endian;
	uint8_t		 pointer_size;
	struct kvmi_names names;
	struct kvmi_names enumerators;	/* where: in types */
};

/* A type's record. */
struct kvmi_ctf_view {
	uint8_t		 kind;
	bool		 root;
	uint32_t	 name;
	uint32_t	 vlen;
	uint32_t	 type;		/* the type it refers to */
	uint64_t	 size;
	uint32_t	 extra;		/* where what follows the record is */
	uint64_t	 extra_len;
	uint32_t	 member_len;	/* of structures */
};

/* false: there is no whole record at off. */
bool kvmi_ctf_view(const struct kvmi_ctf *c, uint32_t off,
    struct kvmi_ctf_view *ret);

/* NULL: there is none. */
const char *kvmi_ctf_string(const struct kvmi_ctf *c, uint32_t name);

/* A field of version 2's or 3's size at off, which has been checked. */
static inline uint32_t
kvmi_ctf_word(const struct kvmi_ctf *c, uint32_t off)
{
	return (c->wide ? kvmi_get32(c->types + off, c->big_endian) :
	    kvmi_get16(c->types + off, c->big_endian));
}

static inline uint32_t
kvmi_ctf_u32(const struct kvmi_ctf *c, uint32_t off)
{
	return (kvmi_get32(c->types + off, c->big_endian));
}

extern const struct kvmi_path_ops kvmi_ctf_path_ops;

#endif
