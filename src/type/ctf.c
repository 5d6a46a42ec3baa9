/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CTF of FreeBSD kernels (sys/sys/ctf.h; written by cddl/contrib/opensolaris/
 * tools/ctf/cvt/ctf.c).  Opening checks that all records lie inside their
 * section; references between types are checked when they are followed.
 */
#include "type/ctf_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "base/rd.h"

#define CTF_MAGIC	0xcff1
#define COMPRESSED	0x01

struct header {
	unsigned int	 version, flags;
	uint32_t	 parent_name;
	uint32_t	 types_off, strings_off, strings_len;
	bool		 big_endian;
};

static int
read_header(const uint8_t *p, size_t len, struct header *h,
    struct kvmi_err *err)
{
	struct kvmi_rd rd = { .base = p, .len = len, .what = "CTF header",
	    .err = err };

	rd.big_endian = len >= 2 && kvmi_get16(p, true) == CTF_MAGIC;
	*h = (struct header){ .big_endian = rd.big_endian };
	if (kvmi_rd_u16(&rd, "magic") != CTF_MAGIC && rd.status == 0)
		return (kvmi_fail(err, KVMI_EFORMAT, "no CTF: magic is 0x%x",
		    kvmi_get16(p, false)));
	h->version = (unsigned int)kvmi_rd_uint(&rd, "version", 1);
	h->flags = (unsigned int)kvmi_rd_uint(&rd, "flags", 1);
	kvmi_rd_u32(&rd, "parent's label");
	h->parent_name = kvmi_rd_u32(&rd, "parent's name");
	kvmi_rd_u32(&rd, "offset of labels");
	kvmi_rd_u32(&rd, "offset of objects");
	kvmi_rd_u32(&rd, "offset of functions");
	h->types_off = kvmi_rd_u32(&rd, "offset of types");
	h->strings_off = kvmi_rd_u32(&rd, "offset of strings");
	h->strings_len = kvmi_rd_u32(&rd, "length of strings");
	if (rd.status != 0)
		return (rd.status);
	if (h->version != 2 && h->version != 3)
		return (kvmi_fail(err, KVMI_ENOTSUP, "CTF version %u: only 2 "
		    "and 3 are known", h->version));
	if (h->types_off > h->strings_off)
		return (kvmi_fail(err, KVMI_EFORMAT, "CTF types at 0x%" PRIx32
		    " are behind the strings at 0x%" PRIx32, h->types_off,
		    h->strings_off));
	return (0);
}

int
kvmi_ctf_length(const uint8_t *p, size_t len, uint64_t *ret,
    bool *compressed, struct kvmi_err *err)
{
	struct header h;
	int r = read_header(p, len, &h, err);

	if (r != 0)
		return (r);
	*ret = (uint64_t)KVMI_CTF_HEADER + h.strings_off + h.strings_len;
	*compressed = (h.flags & COMPRESSED) != 0;
	return (0);
}

/* Structures with members before typedefs and the rest; 0: not looked up. */
static uint8_t
type_rank(const struct kvmi_ctf_view *v)
{
	/* What is not a root has the name of another type. */
	const uint8_t root = v->root ? 8 : 0;

	switch (v->kind) {
	case CTF_STRUCT:
	case CTF_UNION:
		return (root + (v->vlen > 0 ? 4 : 1));
	case CTF_TYPEDEF:
		return (root + 3);
	case CTF_ENUM:
	case CTF_INTEGER:
	case CTF_FLOAT:
		return (root + 2);
	default:
		return (0);
	}
}

static bool
index_enumerators(struct kvmi_ctf *c, const struct kvmi_ctf_view *v)
{
	const char *name;

	for (uint32_t i = 0; i < v->vlen; i++) {
		name = kvmi_ctf_string(c, kvmi_ctf_u32(c, v->extra + i * 8));
		if (name != NULL && !kvmi_names_add(&c->enumerators, name,
		    v->extra + i * 8 + 4, 0, 0))
			return (false);
	}
	return (true);
}

static int
index_type(struct kvmi_ctf *c, const struct kvmi_ctf_view *v,
    struct kvmi_err *err)
{
	const char *name = kvmi_ctf_string(c, v->name);
	uint8_t rank = type_rank(v);

	if (name == NULL)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: type %" PRIu32
		    " at 0x%zx: its name 0x%" PRIx32 " is outside the strings",
		    c->t.where, c->n, c->types_at + c->off[c->n], v->name));
	if ((v->kind == CTF_ENUM && !index_enumerators(c, v)) ||
	    (*name != '\0' && rank != 0 &&
	    !kvmi_names_add(&c->names, name, c->n, 0, rank)))
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: no memory for names",
		    c->t.where));
	return (0);
}

static int
index_types(struct kvmi_ctf *c, struct kvmi_err *err)
{
	const uint32_t smallest = c->wide ? 12 : 8;
	struct kvmi_ctf_view v;
	uint32_t off;
	int r = 0;

	c->off = malloc(((size_t)c->types_len / smallest + 2) *
	    sizeof(c->off[0]));
	if (c->off == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: no memory for an "
		    "index of %" PRIu32 " bytes of types", c->t.where,
		    c->types_len));
	for (off = 0; r == 0 && off < c->types_len;
	    off = v.extra + (uint32_t)v.extra_len) {
		/* The strings may begin behind some padding. */
		if (c->types_len - off < smallest)
			break;
		c->off[++c->n] = off;
		if (!kvmi_ctf_view(c, off, &v) || v.kind >= CTF_KINDS)
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: type %"
			    PRIu32 " at 0x%zx, of kind %u, passes the end of "
			    "the types or is unknown", c->t.where, c->n,
			    c->types_at + off, v.kind));
		r = index_type(c, &v, err);
	}
	return (r);
}

static int
ctf_enumerator(struct kvmi_types *t, const char *name, int64_t *ret,
    struct kvmi_err *err)
{
	const struct kvmi_ctf *c = (const struct kvmi_ctf *)t;
	const struct kvmi_name *n = kvmi_names_find(&c->enumerators, name);

	if (n == NULL)
		return (kvmi_fail(err, KVMI_ENOENT, "%s: no enumerator %s",
		    t->where, name));
	*ret = (int32_t)kvmi_ctf_u32(c, (uint32_t)n->where);
	return (0);
}

static void
release(struct kvmi_ctf *c)
{
	kvmi_names_free(&c->names);
	kvmi_names_free(&c->enumerators);
	free(c->off);
	free(c);
}

static void
ctf_close(struct kvmi_types *t)
{
	struct kvmi_ctf *c = (struct kvmi_ctf *)t;

	free(c->bytes);
	release(c);
}

static const struct kvmi_types_ops ctf_ops = {
	.name = "CTF",
	.path = &kvmi_ctf_path_ops,
	.size = kvmi_path_size,
	.member = kvmi_path_member,
	.list = kvmi_path_list,
	.enumerator = ctf_enumerator,
	.close = ctf_close,
};

static int
set_up(struct kvmi_ctf *c, const struct kvmi_ctf_input *in,
    struct kvmi_err *err)
{
	struct header h;
	int r = read_header(in->p, in->len, &h, err);

	if (r != 0)
		return (r);
	if ((h.flags & COMPRESSED) != 0)
		return (kvmi_fail(err, KVMI_EINVAL, "CTF is still "
		    "compressed"));
	if (!kvmi_inside(h.strings_off, h.strings_len,
	    in->len - KVMI_CTF_HEADER))
		return (kvmi_fail(err, KVMI_ETRUNC, "%s: strings at 0x%" PRIx32
		    "+0x%" PRIx32 " pass the end at 0x%zx", c->t.where,
		    h.strings_off, h.strings_len, in->len));
	c->big_endian = h.big_endian;
	c->wide = h.version == 3;
	c->child = h.parent_name != 0;
	c->child_bit = c->wide ? UINT32_C(1) << 31 : UINT32_C(1) << 15;
	c->types_at = (size_t)KVMI_CTF_HEADER + h.types_off;
	c->types = in->p + c->types_at;
	c->types_len = h.strings_off - h.types_off;
	c->strings[0] = (const char *)in->p + KVMI_CTF_HEADER + h.strings_off;
	c->strings_len[0] = h.strings_len;
	c->strings[1] = (const char *)in->strings;
	c->strings_len[1] = in->strings_len;
	for (int i = 0; i < 2; i++)
		if (c->strings_len[i] != 0 &&
		    c->strings[i][c->strings_len[i] - 1] != '\0')
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: the strings "
			    "do not end with a NUL", c->t.where));
	return (0);
}

int
kvmi_ctf_open(const struct kvmi_ctf_input *in, struct kvmi_types **ret,
    struct kvmi_err *err)
{
	struct kvmi_ctf *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "no memory for CTF"));
	c->t.ops = &ctf_ops;
	snprintf(c->t.where, sizeof(c->t.where), "CTF");
	c->pointer_size = in->pointer_size;
	r = set_up(c, in, err);
	if (r == 0)
		r = index_types(c, err);
	if (r != 0) {
		release(c);
		return (r);
	}
	c->bytes = (void *)(uintptr_t)in->p;
	*ret = &c->t;
	return (0);
}
