/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CTF records (FreeBSD sys/sys/ctf.h, ctf(5)).  Bit-fields have an integer
 * type of fewer bits; members have their offsets in bits, counted as DWARF
 * does, because ctfconvert takes them from there.
 */
#include "type/ctf_impl.h"

#include <inttypes.h>

#include "base/math.h"

#define INT_SIGNED	(1U << 24)

/* Members of structures from this size on have offsets of 64 bits. */
#define LONG_STRUCT_V2	(1U << 13)
#define LONG_STRUCT_V3	(1U << 29)

static uint64_t
extra_len(const struct kvmi_ctf *c, struct kvmi_ctf_view *v)
{
	const uint32_t word = c->wide ? 4 : 2;

	switch (v->kind) {
	case CTF_INTEGER:
	case CTF_FLOAT:
		return (4);
	case CTF_ARRAY:
		return (2 * word + 4);
	case CTF_FUNCTION:
		/* Version 2 keeps records aligned. */
		return ((uint64_t)word * (c->wide ? v->vlen :
		    v->vlen + (v->vlen & 1)));
	case CTF_STRUCT:
	case CTF_UNION:
		if (v->size < (c->wide ? LONG_STRUCT_V3 : LONG_STRUCT_V2))
			v->member_len = 4 + 2 * word;
		else
			v->member_len = 16;
		return ((uint64_t)v->vlen * v->member_len);
	case CTF_ENUM:
		return ((uint64_t)v->vlen * 8);
	default:
		return (0);
	}
}

bool
kvmi_ctf_view(const struct kvmi_ctf *c, uint32_t off,
    struct kvmi_ctf_view *ret)
{
	const uint32_t word = c->wide ? 4 : 2, len = 4 + 2 * word;
	const uint32_t sentinel = c->wide ? UINT32_MAX : UINT16_MAX;
	uint32_t info;

	if (!kvmi_inside(off, len, c->types_len))
		return (false);
	info = kvmi_ctf_word(c, off + 4);
	*ret = (struct kvmi_ctf_view){
		.kind = (uint8_t)(c->wide ? info >> 26 : info >> 11),
		.root = (info & (c->wide ? 1U << 25 : 1U << 10)) != 0,
		.vlen = info & (c->wide ? 0xffffff : 0x3ff),
		.name = kvmi_ctf_u32(c, off),
		.type = kvmi_ctf_word(c, off + 4 + word),
		.extra = off + len,
	};
	ret->size = ret->type;
	if (ret->type == sentinel) {
		if (!kvmi_inside(ret->extra, 8, c->types_len))
			return (false);
		ret->size = (uint64_t)kvmi_ctf_u32(c, ret->extra) << 32 |
		    kvmi_ctf_u32(c, ret->extra + 4);
		ret->extra += 8;
	}
	ret->extra_len = extra_len(c, ret);
	return (kvmi_inside(ret->extra, ret->extra_len, c->types_len));
}

const char *
kvmi_ctf_string(const struct kvmi_ctf *c, uint32_t name)
{
	uint32_t table = name >> 31, off = name & 0x7fffffff;

	return (off < c->strings_len[table] ? c->strings[table] + off : NULL);
}

/* A reference as a number from 1 on; 0: void. */
static int
index_of(const struct kvmi_ctf *c, uint64_t id, uint32_t *ret,
    struct kvmi_err *err)
{
	uint32_t bit = c->child ? c->child_bit : 0;

	if (id != 0 && ((id & c->child_bit) != bit || (id ^ bit) == 0 ||
	    (id ^ bit) > c->n))
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: a reference to type "
		    "0x%" PRIx64 " of %" PRIu32, c->t.where, id, c->n));
	*ret = (uint32_t)(id == 0 ? 0 : id ^ bit);
	return (0);
}

static void
integer_node(const struct kvmi_ctf *c, const struct kvmi_ctf_view *v,
    struct kvmi_tnode *ret)
{
	uint32_t data = kvmi_ctf_u32(c, v->extra);

	ret->kind = KVMI_T_INT;
	ret->size = v->size;
	if ((data & 0xffff) != 0 && (data & 0xffff) != v->size * 8) {
		ret->bit_size = data & 0xffff;
		ret->bit_off = data >> 16 & 0xff;
	}
}

/* A structure that is only declared may be defined under the same name. */
static void
forward_node(const struct kvmi_ctf *c, const struct kvmi_ctf_view *v,
    struct kvmi_tnode *ret)
{
	const char *name = kvmi_ctf_string(c, v->name);
	const struct kvmi_name *n;

	n = name == NULL ? NULL : kvmi_names_find(&c->names, name);
	if (n == NULL)
		return;
	ret->kind = KVMI_T_ALIAS;
	ret->to.id = n->where | (c->child ? c->child_bit : 0);
}

static int
ctf_find(struct kvmi_types *t, const char *type, struct kvmi_tref *ret,
    struct kvmi_err *err)
{
	const struct kvmi_ctf *c = (const struct kvmi_ctf *)t;
	const struct kvmi_name *n = kvmi_names_find(&c->names, type);

	(void)err;
	if (n == NULL)
		return (KVMI_ENOENT);
	*ret = (struct kvmi_tref){
		.id = n->where | (c->child ? c->child_bit : 0) };
	return (0);
}

static int
ctf_node(struct kvmi_types *t, struct kvmi_tref ref, struct kvmi_tnode *ret,
    struct kvmi_err *err)
{
	const struct kvmi_ctf *c = (const struct kvmi_ctf *)t;
	struct kvmi_ctf_view v;
	uint32_t i;
	int r;

	r = index_of(c, ref.id, &i, err);
	if (r != 0 || i == 0)
		return (r);
	/* That there is a record was seen when it was indexed. */
	if (!kvmi_ctf_view(c, c->off[i], &v))
		return (0);
	switch (v.kind) {
	case CTF_INTEGER:
		integer_node(c, &v, ret);
		break;
	case CTF_FLOAT:
		ret->kind = KVMI_T_FLOAT;
		ret->size = v.size;
		break;
	case CTF_POINTER:
		ret->kind = KVMI_T_POINTER;
		ret->size = c->pointer_size;
		break;
	case CTF_ARRAY:
		ret->kind = KVMI_T_ARRAY;
		ret->to.id = kvmi_ctf_word(c, v.extra);
		ret->nelems = kvmi_ctf_u32(c, v.extra +
		    (c->wide ? 8 : 4));
		break;
	case CTF_STRUCT:
	case CTF_UNION:
		ret->kind = KVMI_T_STRUCT;
		ret->size = v.size;
		break;
	case CTF_ENUM:
		ret->kind = KVMI_T_ENUM;
		ret->size = v.size;
		break;
	case CTF_FORWARD:
		forward_node(c, &v, ret);
		break;
	case CTF_TYPEDEF:
	case CTF_VOLATILE:
	case CTF_CONST:
	case CTF_RESTRICT:
		ret->kind = KVMI_T_ALIAS;
		ret->to.id = v.type;
		break;
	default:
		break;
	}
	return (0);
}

static int
ctf_member(struct kvmi_types *t, const struct kvmi_tnode *s, uint64_t *pos,
    struct kvmi_tmember *ret, struct kvmi_err *err)
{
	const struct kvmi_ctf *c = (const struct kvmi_ctf *)t;
	struct kvmi_ctf_view v;
	uint32_t i, at;
	int r;

	r = index_of(c, s->self.id, &i, err);
	if (r != 0)
		return (r);
	if (!kvmi_ctf_view(c, c->off[i], &v) || *pos >= v.vlen)
		return (KVMI_ENOENT);
	at = v.extra + (uint32_t)*pos * v.member_len;
	*ret = (struct kvmi_tmember){
		.name = kvmi_ctf_string(c, kvmi_ctf_u32(c, at)),
		.type.id = kvmi_ctf_word(c, at + 4),
	};
	if (v.member_len == 16)
		ret->bits = (uint64_t)kvmi_ctf_u32(c, at + 8) << 32 |
		    kvmi_ctf_u32(c, at + 12);
	else
		ret->bits = kvmi_ctf_word(c, at + (c->wide ? 8 : 6));
	if (ret->name == NULL)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: member %" PRIu64
		    " of type %" PRIu32 " has no valid name", c->t.where, *pos,
		    i));
	++*pos;
	return (0);
}

static bool
ctf_is_signed(struct kvmi_types *t, const struct kvmi_tnode *n)
{
	const struct kvmi_ctf *c = (const struct kvmi_ctf *)t;
	struct kvmi_ctf_view v;
	struct kvmi_err err;
	uint32_t i;

	if (index_of(c, n->self.id, &i, &err) != 0 || i == 0 ||
	    !kvmi_ctf_view(c, c->off[i], &v))
		return (false);
	/* Enumerators are signed, always. */
	return (v.kind == CTF_ENUM || (v.kind == CTF_INTEGER &&
	    (kvmi_ctf_u32(c, v.extra) & INT_SIGNED) != 0));
}

const struct kvmi_path_ops kvmi_ctf_path_ops = {
	.find = ctf_find,
	.node = ctf_node,
	.member = ctf_member,
	.is_signed = ctf_is_signed,
};
