/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structure layouts by name, whatever describes them.  A source implements
 * struct kvmi_types_ops; BTF is one, DWARF and CTF are others.
 */
#ifndef KVMI_TYPE_H
#define KVMI_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/elfview.h"
#include "base/err.h"

struct kvmi_member {
	uint64_t	off;		/* bytes from the start of the struct */
	uint64_t	size;		/* bytes; an array's as a whole */
	uint32_t	count;		/* elements of an array, else 1 */
	uint8_t		bit_off;	/* of a bit-field, from off on */
	uint8_t		bit_size;	/* 0: no bit-field */
	bool		is_signed;
	bool		is_pointer;
};

/* The members of a structure, in its order. */
struct kvmi_named_member {
	const char	*name;		/* lives as long as the types */
	struct kvmi_member m;
};

struct kvmi_member_list {
	struct kvmi_named_member *v;	/* malloc */
	size_t		 n;
	size_t		 cap;
};

struct kvmi_types;
struct kvmi_path_ops;

struct kvmi_types_ops {
	const char *name;		/* "BTF" */
	const struct kvmi_path_ops *path;	/* for what path.h has */
	int (*size)(struct kvmi_types *t, const char *type, uint64_t *ret,
	    struct kvmi_err *err);
	int (*member)(struct kvmi_types *t, const char *type, const char *path,
	    struct kvmi_member *ret, struct kvmi_err *err);
	int (*list)(struct kvmi_types *t, const char *type,
	    struct kvmi_member_list *out, struct kvmi_err *err);
	int (*enumerator)(struct kvmi_types *t, const char *name, int64_t *ret,
	    struct kvmi_err *err);
	void (*close)(struct kvmi_types *t);
};

struct kvmi_types {
	const struct kvmi_types_ops *ops;
	char		 where[64];	/* "BTF in the image" */
};

/* sizeof(struct, union, enum or typedef type).  KVMI_ENOENT: no such type. */
static inline int
kvmi_type_size(struct kvmi_types *t, const char *type, uint64_t *ret,
    struct kvmi_err *err)
{
	return (t->ops->size(t, type, ret, err));
}

/*
 * A member by path: "signal.nr_threads" follows embedded structures (not
 * pointers), anonymous ones are looked through, "[3]" indexes arrays.
 */
static inline int
kvmi_type_member(struct kvmi_types *t, const char *type, const char *path,
    struct kvmi_member *ret, struct kvmi_err *err)
{
	return (t->ops->member(t, type, path, ret, err));
}

/*
 * All members of a structure or union, those of anonymous ones within it
 * among them; what is neither has none.
 */
static inline int
kvmi_type_list(struct kvmi_types *t, const char *type,
    struct kvmi_member_list *out, struct kvmi_err *err)
{
	if (t->ops->list == NULL)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: members are not "
		    "listed", t->where));
	return (t->ops->list(t, type, out, err));
}

/* The value of an enumerator of any enum. */
static inline int
kvmi_type_enumerator(struct kvmi_types *t, const char *name, int64_t *ret,
    struct kvmi_err *err)
{
	return (t->ops->enumerator(t, name, ret, err));
}

/*
 * The first that exists of several spellings, "struct.path" each, separated
 * by spaces, newest first: "task_struct.__state task_struct.state".
 */
int kvmi_type_first(struct kvmi_types *t, const char *spellings,
    struct kvmi_member *ret, struct kvmi_err *err);

/* false: no memory. */
bool kvmi_member_list_add(struct kvmi_member_list *l, const char *name,
    const struct kvmi_member *m);

/* kvmi_type_first() for n members at once, all of which must be there. */
int kvmi_type_members(struct kvmi_types *t, const char *const *spellings,
    size_t n, struct kvmi_member *ret, struct kvmi_err *err);

/* A member's value out of a copy of its structure; 0 when it is outside. */
uint64_t kvmi_member_get(const struct kvmi_member *m, const void *copy,
    size_t copy_len, bool big_endian);

void kvmi_types_close(struct kvmi_types *t);

/*
 * BTF over bytes, which the result takes over on success.  Own reader: the
 * bytes are hostile, and libbpf before 1.3 trusts type and string references
 * of what it is given.
 */
int kvmi_btf_open(const struct kvmi_blob *bytes, struct kvmi_types **ret,
    struct kvmi_err *err);

/* Split BTF, of a module: base, the kernel's, has to outlive it. */
int kvmi_btf_open_split(const struct kvmi_blob *bytes,
    struct kvmi_types *base, struct kvmi_types **ret, struct kvmi_err *err);

/*
 * DWARF of an ELF file, which view->src has to outlive; view's elf and copy
 * are taken over, also on failure.
 */
int kvmi_dwarf_open(const struct kvmi_elf_view *view, struct kvmi_types **ret,
    struct kvmi_err *err);

/*
 * CTF as FreeBSD's ctfconvert and ctfmerge write it, versions 2 and 3.  Own
 * reader: libctf of binutils knows version 2 of Solaris and its own version 3.
 */
struct kvmi_ctf_input {
	const uint8_t	*p;		/* malloc'ed: taken over on success */
	size_t		 len;
	const uint8_t	*strings;	/* of the ELF file, outliving this */
	size_t		 strings_len;
	uint8_t		 pointer_size;
};
int kvmi_ctf_open(const struct kvmi_ctf_input *in, struct kvmi_types **ret,
    struct kvmi_err *err);

/*
 * The length of the section when it is not compressed; *compressed: behind
 * its header, KVMI_CTF_HEADER bytes, comes a zlib stream.
 */
#define KVMI_CTF_HEADER	36
int kvmi_ctf_length(const uint8_t *p, size_t len, uint64_t *ret,
    bool *compressed, struct kvmi_err *err);

#endif
