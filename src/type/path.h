/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Following "a.b[3].c" through types, whatever describes them.  A source
 * says what a type is and lists members; all bounds against circles and
 * endless nesting are kept here.
 */
#ifndef KVMI_PATH_H
#define KVMI_PATH_H

#include "type/type.h"

enum kvmi_tkind {
	KVMI_T_OTHER,		/* void, functions: no size */
	KVMI_T_INT,
	KVMI_T_FLOAT,
	KVMI_T_POINTER,
	KVMI_T_ENUM,
	KVMI_T_ARRAY,
	KVMI_T_STRUCT,		/* and unions */
	KVMI_T_ALIAS,		/* typedefs and qualifiers */
};

/* A type of a source; dim: an array without its first dim dimensions. */
struct kvmi_tref {
	uint64_t	 id;
	uint32_t	 dim;
};

struct kvmi_tnode {
	struct kvmi_tref self;
	enum kvmi_tkind	 kind;
	uint64_t	 size;		/* of what is no array or alias */
	uint64_t	 nelems;	/* of an array; 0: not known */
	struct kvmi_tref to;		/* element, or behind an alias */
	uint32_t	 bit_off;	/* of an integer of fewer bits */
	uint32_t	 bit_size;	/* 0: all of them */
};

struct kvmi_tmember {
	const char	*name;		/* "": anonymous */
	uint64_t	 bits;		/* from the start of the structure */
	uint32_t	 bit_size;	/* 0: no bit-field */
	struct kvmi_tref type;
};

struct kvmi_path_ops {
	/*
	 * The type that a name stands for.  KVMI_ENOENT, without a text:
	 * there is none.
	 */
	int (*find)(struct kvmi_types *t, const char *type,
	    struct kvmi_tref *ret, struct kvmi_err *err);
	int (*node)(struct kvmi_types *t, struct kvmi_tref ref,
	    struct kvmi_tnode *ret, struct kvmi_err *err);
	/*
	 * The next member of s; *pos is 0 before the first.  KVMI_ENOENT,
	 * without a text: there are no more.
	 */
	int (*member)(struct kvmi_types *t, const struct kvmi_tnode *s,
	    uint64_t *pos, struct kvmi_tmember *ret, struct kvmi_err *err);
	/* Of an integer or enum. */
	bool (*is_signed)(struct kvmi_types *t, const struct kvmi_tnode *n);

	/*
	 * Around a look-up, where the source needs that; or both NULL.  leave
	 * gets its result and may put another in its place.
	 */
	void (*enter)(struct kvmi_types *t);
	int (*leave)(struct kvmi_types *t, int r, struct kvmi_err *err);
};

/* What a source that has such operations has in its struct kvmi_types_ops. */
int kvmi_path_size(struct kvmi_types *t, const char *type, uint64_t *ret,
    struct kvmi_err *err);
int kvmi_path_member(struct kvmi_types *t, const char *type,
    const char *path, struct kvmi_member *ret, struct kvmi_err *err);
int kvmi_path_list(struct kvmi_types *t, const char *type,
    struct kvmi_member_list *out, struct kvmi_err *err);

/* sizeof(ref), for a source itself while it is asked. */
int kvmi_path_ref_size(struct kvmi_types *t, struct kvmi_tref ref,
    uint64_t *ret, struct kvmi_err *err);

#endif
