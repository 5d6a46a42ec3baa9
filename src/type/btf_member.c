/* SPDX-License-Identifier: BSD-2-Clause */
/* BTF's types as path.h wants them; every reference is checked on the way. */
#include "type/btf_impl.h"

#include <inttypes.h>

#define MEMBER_SIZE	12

static bool
is_transparent(uint8_t kind)
{
	return (kind == BTF_TYPEDEF || kind == BTF_CONST ||
	    kind == BTF_VOLATILE || kind == BTF_RESTRICT ||
	    kind == BTF_TYPE_TAG);
}

/*
 * Before kind_flag, an INT of fewer bits than its size was a bit-field; its
 * encoding says where in the integer it lies.
 */
static void
integer_node(const struct kvmi_btf *b, const struct kvmi_btf_view *v,
    struct kvmi_tnode *ret)
{
	uint32_t encoding = kvmi_btf_u32(b, v->extra);

	ret->kind = KVMI_T_INT;
	ret->size = v->size;
	if ((encoding & 0xff) != v->size * UINT64_C(8)) {
		ret->bit_off = encoding >> 16 & 0xff;
		ret->bit_size = encoding & 0xff;
	}
}

static int
btf_node(struct kvmi_types *t, struct kvmi_tref ref, struct kvmi_tnode *ret,
    struct kvmi_err *err)
{
	const struct kvmi_btf *b = (const struct kvmi_btf *)t;
	struct kvmi_btf_view v;

	if (ref.id > b->n)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: a reference to type "
		    "%" PRIu64 " of %" PRIu32, b->t.where, ref.id, b->n));
	if (ref.id == 0)
		return (0);
	kvmi_btf_view(b, (uint32_t)ref.id, &v);
	ret->size = v.size;
	switch (v.kind) {
	case BTF_INT:
		integer_node(b, &v, ret);
		break;
	case BTF_PTR:
		ret->kind = KVMI_T_POINTER;
		ret->size = b->pointer_size;
		break;
	case BTF_ARRAY:
		ret->kind = KVMI_T_ARRAY;
		ret->to.id = kvmi_btf_u32(b, v.extra);
		ret->nelems = kvmi_btf_u32(b, v.extra + 8);
		break;
	case BTF_STRUCT:
	case BTF_UNION:
		ret->kind = KVMI_T_STRUCT;
		break;
	case BTF_ENUM:
	case BTF_ENUM64:
		ret->kind = KVMI_T_ENUM;
		break;
	case BTF_FLOAT:
		ret->kind = KVMI_T_FLOAT;
		break;
	default:
		if (is_transparent(v.kind)) {
			ret->kind = KVMI_T_ALIAS;
			ret->to.id = v.size;
		}
		break;
	}
	return (0);
}

static int
btf_next_member(struct kvmi_types *t, const struct kvmi_tnode *s,
    uint64_t *pos, struct kvmi_tmember *ret, struct kvmi_err *err)
{
	const struct kvmi_btf *b = (const struct kvmi_btf *)t;
	struct kvmi_btf_view v;
	const uint8_t *p;
	uint32_t off;

	kvmi_btf_view(b, (uint32_t)s->self.id, &v);
	if (*pos >= v.vlen)
		return (KVMI_ENOENT);
	p = v.extra + *pos * MEMBER_SIZE;
	off = kvmi_btf_u32(b, p + 8);
	*ret = (struct kvmi_tmember){
		.name = kvmi_btf_name(b, kvmi_btf_u32(b, p)),
		.type.id = kvmi_btf_u32(b, p + 4),
		.bits = v.flag ? off & 0xffffff : off,
		.bit_size = v.flag ? off >> 24 : 0,
	};
	if (ret->name == NULL)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: type %" PRIu32
		    " at 0x%zx: member %" PRIu64 " has no valid name",
		    b->t.where, v.id, kvmi_btf_at(b, v.id), *pos));
	++*pos;
	return (0);
}

static bool
btf_is_signed(struct kvmi_types *t, const struct kvmi_tnode *n)
{
	const struct kvmi_btf *b = (const struct kvmi_btf *)t;
	struct kvmi_btf_view v;

	kvmi_btf_view(b, (uint32_t)n->self.id, &v);
	if (v.kind == BTF_INT)
		return ((kvmi_btf_u32(b, v.extra) >> 24 & 1) != 0);
	return (v.flag || !b->has_signed_enums);
}

static int
btf_find(struct kvmi_types *t, const char *type, struct kvmi_tref *ret,
    struct kvmi_err *err)
{
	uint32_t id = kvmi_btf_find((const struct kvmi_btf *)t, type);

	(void)err;
	*ret = (struct kvmi_tref){ .id = id };
	return (id == 0 ? KVMI_ENOENT : 0);
}

const struct kvmi_path_ops kvmi_btf_path_ops = {
	.find = btf_find,
	.node = btf_node,
	.member = btf_next_member,
	.is_signed = btf_is_signed,
};
