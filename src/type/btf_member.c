/* SPDX-License-Identifier: BSD-2-Clause */
/* Following paths through BTF; every reference is checked on the way. */
#include "type/btf_impl.h"

#include <inttypes.h>
#include <string.h>

#include "base/math.h"

#define MEMBER_SIZE	12

#define MAX_CHAIN	64	/* typedefs and qualifiers of one type */
#define MAX_NESTING	16	/* anonymous members within each other */
#define MAX_VISITS	(1U << 20)	/* members looked at for one path */

/* Where a path has got to. */
struct cursor {
	uint64_t	 bits;		/* from the start of the first struct */
	uint32_t	 type;
	uint32_t	 bit_size;	/* 0: no bit-field */
	unsigned int	 visits;
};

static int
view_get(const struct kvmi_btf *b, uint32_t id, struct kvmi_btf_view *ret,
    struct kvmi_err *err)
{
	if (id > b->n)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: a reference to type "
		    "%" PRIu32 " of %" PRIu32, b->t.where, id, b->n));
	if (id == 0)
		*ret = (struct kvmi_btf_view){ .kind = BTF_VOID };
	else
		kvmi_btf_view(b, id, ret);
	return (0);
}

static int
too_deep(const struct kvmi_btf *b, uint32_t id, struct kvmi_err *err)
{
	return (kvmi_fail(err, KVMI_EFORMAT, "%s: type %" PRIu32
	    " at 0x%zx leads in a circle or too deep", b->t.where, id,
	    b->types_at + b->off[id]));
}

static bool
is_transparent(uint8_t kind)
{
	return (kind == BTF_TYPEDEF || kind == BTF_CONST ||
	    kind == BTF_VOLATILE || kind == BTF_RESTRICT ||
	    kind == BTF_TYPE_TAG);
}

/* Behind typedefs and qualifiers. */
static int
resolve(const struct kvmi_btf *b, uint32_t id, struct kvmi_btf_view *ret,
    struct kvmi_err *err)
{
	uint32_t first = id;
	int r;

	for (unsigned int i = 0; i < MAX_CHAIN; i++) {
		r = view_get(b, id, ret, err);
		if (r != 0 || !is_transparent(ret->kind))
			return (r);
		id = ret->size;
	}
	return (too_deep(b, first, err));
}

/* The element type of an array, of any dimension; else the type itself. */
static int
resolve_element(const struct kvmi_btf *b, uint32_t id,
    struct kvmi_btf_view *ret, uint64_t *count, struct kvmi_err *err)
{
	uint32_t first = id;
	int r;

	*count = 1;
	for (unsigned int i = 0; i < MAX_CHAIN; i++) {
		r = resolve(b, id, ret, err);
		if (r != 0 || ret->kind != BTF_ARRAY)
			return (r);
		if (!kvmi_mul(*count, kvmi_btf_u32(b, ret->extra + 8), count))
			return (kvmi_fail(err, KVMI_EFORMAT,
			    "%s: type %" PRIu32 " at 0x%zx: an array "
			    "of too many elements", b->t.where, first,
			    b->types_at + b->off[first]));
		id = kvmi_btf_u32(b, ret->extra);
	}
	return (too_deep(b, first, err));
}

int
kvmi_btf_size_of(const struct kvmi_btf *b, uint32_t id, uint64_t *ret,
    struct kvmi_err *err)
{
	uint64_t count, size;
	struct kvmi_btf_view v;
	int r;

	r = resolve_element(b, id, &v, &count, err);
	if (r != 0)
		return (r);
	switch (v.kind) {
	case BTF_INT:
	case BTF_STRUCT:
	case BTF_UNION:
	case BTF_ENUM:
	case BTF_ENUM64:
	case BTF_FLOAT:
		size = v.size;
		break;
	case BTF_PTR:
		size = b->pointer_size;
		break;
	default:
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: type %" PRIu32
		    ", of kind %u, has no size", b->t.where, id, v.kind));
	}
	if (!kvmi_mul(size, count, ret))
		return (kvmi_fail(err, KVMI_EFORMAT,
		    "%s: type %" PRIu32 " is too large", b->t.where, id));
	return (0);
}

/* KVMI_ENOENT, without a text: no such member. */
static int
find_member(const struct kvmi_btf *b, const struct kvmi_btf_view *s,
    const char *name, size_t name_len, unsigned int depth, struct cursor *c,
    struct kvmi_err *err)
{
	const uint8_t *p = s->extra;
	const uint64_t base = c->bits;
	struct kvmi_btf_view v;
	int r;

	if (depth > MAX_NESTING)
		return (too_deep(b, s->id, err));
	for (uint32_t i = 0; i < s->vlen; i++, p += MEMBER_SIZE) {
		const char *m = kvmi_btf_string(b, kvmi_btf_u32(b, p));
		uint32_t type = kvmi_btf_u32(b, p + 4);
		uint32_t off = kvmi_btf_u32(b, p + 8);

		if (m == NULL || c->visits++ == MAX_VISITS)
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: type %" PRIu32
			    " at 0x%zx: member %" PRIu32 " %s",
			    b->t.where, s->id, b->types_at + b->off[s->id], i,
			    m == NULL ? "has no valid name" :
			    "is one of too many"));
		c->bits = base + (s->flag ? off & 0xffffff : off);
		c->bit_size = s->flag ? off >> 24 : 0;
		c->type = type;
		if (strncmp(m, name, name_len) == 0 && m[name_len] == '\0')
			return (0);
		if (*m != '\0')
			continue;
		r = resolve(b, type, &v, err);
		if (r == 0 && (v.kind == BTF_STRUCT || v.kind == BTF_UNION))
			r = find_member(b, &v, name, name_len, depth + 1, c,
			    err);
		else if (r == 0)
			continue;
		if (r != KVMI_ENOENT)
			return (r);
	}
	return (KVMI_ENOENT);
}

/* Into the member that the first name_len bytes of name name. */
static int
enter_member(const struct kvmi_btf *b, const char *name, size_t name_len,
    struct cursor *c, struct kvmi_err *err)
{
	struct kvmi_btf_view v;
	int r;

	r = resolve(b, c->type, &v, err);
	if (r != 0)
		return (r);
	if (v.kind != BTF_STRUCT && v.kind != BTF_UNION)
		return (KVMI_ENOENT);
	return (find_member(b, &v, name, name_len, 0, c, err));
}

/* Into element n of an array; one without a length has as many as you like. */
static int
enter_element(const struct kvmi_btf *b, uint32_t n, struct cursor *c,
    struct kvmi_err *err)
{
	uint64_t size, bits;
	uint32_t nelems;
	struct kvmi_btf_view v;
	int r;

	r = resolve(b, c->type, &v, err);
	if (r != 0)
		return (r);
	if (v.kind != BTF_ARRAY)
		return (KVMI_ENOENT);
	nelems = kvmi_btf_u32(b, v.extra + 8);
	if (nelems != 0 && n >= nelems)
		return (KVMI_ENOENT);
	c->type = kvmi_btf_u32(b, v.extra);
	c->bit_size = 0;
	r = kvmi_btf_size_of(b, c->type, &size, err);
	if (r != 0)
		return (r);
	if (!kvmi_mul(size, n, &bits) || !kvmi_mul(bits, 8, &bits) ||
	    !kvmi_add(c->bits, bits, &c->bits))
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: element %" PRIu32
		    " of type %" PRIu32 " is too far away", b->t.where, n,
		    v.id));
	return (0);
}

/* "[n]" at *p, which then points behind it; -1: no such thing. */
static int
parse_index(const char **p, uint32_t *ret)
{
	const char *s = *p + 1;
	uint32_t n = 0;

	if (*s < '0' || *s > '9')
		return (-1);
	for (; *s >= '0' && *s <= '9'; s++) {
		if (n > (UINT32_MAX - 9) / 10)
			return (-1);
		n = n * 10 + (uint32_t)(*s - '0');
	}
	if (*s != ']')
		return (-1);
	*p = s + 1;
	*ret = n;
	return (0);
}

/* Follow a path; on failure *at says up to where it was the reason. */
static int
follow(const struct kvmi_btf *b, const char *path, struct cursor *c,
    const char **at, struct kvmi_err *err)
{
	const char *p = path;
	size_t len;
	uint32_t n;
	int r;

	for (;; p++) {
		len = strcspn(p, ".[");
		if (len == 0)
			return (KVMI_EINVAL);
		r = enter_member(b, p, len, c, err);
		p += len;
		*at = p;
		if (r != 0)
			return (r);
		while (*p == '[') {
			if (parse_index(&p, &n) != 0)
				return (KVMI_EINVAL);
			*at = p;
			r = enter_element(b, n, c, err);
			if (r != 0)
				return (r);
		}
		if (*p == '\0')
			return (0);
		if (*p != '.')
			return (KVMI_EINVAL);
	}
}

/*
 * Before kind_flag, an INT of fewer bits than its size was a bit-field; its
 * encoding says where in the integer it lies.
 */
static void
apply_int(const struct kvmi_btf *b, const struct kvmi_btf_view *v,
    struct cursor *c, struct kvmi_member *m)
{
	uint32_t encoding = kvmi_btf_u32(b, v->extra);

	m->is_signed = (encoding >> 24 & 1) != 0;
	if (c->bit_size == 0 && (encoding & 0xff) != v->size * UINT64_C(8)) {
		c->bits += encoding >> 16 & 0xff;
		c->bit_size = encoding & 0xff;
	}
}

static int
fill_member(const struct kvmi_btf *b, struct cursor *c,
    struct kvmi_member *ret, struct kvmi_err *err)
{
	struct kvmi_member m = { .count = 1 };
	struct kvmi_btf_view v, element;
	uint64_t count;
	int r;

	r = resolve(b, c->type, &v, err);
	if (r == 0)
		r = resolve_element(b, c->type, &element, &count, err);
	if (r == 0)
		r = kvmi_btf_size_of(b, c->type, &m.size, err);
	if (r != 0)
		return (r);
	if (v.kind == BTF_ARRAY)
		m.count = kvmi_btf_u32(b, v.extra + 8);
	if (v.kind == BTF_INT)
		apply_int(b, &v, c, &m);
	else if (element.kind == BTF_INT)
		m.is_signed = (kvmi_btf_u32(b, element.extra) >> 24 & 1) != 0;
	else if (element.kind == BTF_ENUM || element.kind == BTF_ENUM64)
		m.is_signed = element.flag || !b->has_signed_enums;
	m.is_pointer = element.kind == BTF_PTR;
	m.off = c->bits / 8;
	if (c->bit_size != 0) {
		m.bit_off = c->bits % 8;
		m.size = (m.bit_off + c->bit_size + 7) / 8;
		m.bit_size = (uint8_t)c->bit_size;
	}
	if ((c->bit_size == 0 && c->bits % 8 != 0) ||
	    (c->bit_size != 0 && m.size > 8))
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: a member of %" PRIu32
		    " bits, of type %" PRIu32 ", at bit %" PRIu64,
		    b->t.where, c->bit_size, c->type, c->bits));
	*ret = m;
	return (0);
}

int
kvmi_btf_member(const struct kvmi_btf *b, uint32_t id, const char *type,
    const char *path, struct kvmi_member *ret, struct kvmi_err *err)
{
	struct cursor c = { .type = id };
	const char *at = path;
	int r;

	r = follow(b, path, &c, &at, err);
	if (r == 0)
		return (fill_member(b, &c, ret, err));
	if (r == KVMI_ENOENT)
		return (kvmi_fail(err, r, "%s: no member %s.%.*s", b->t.where,
		    type, (int)(at - path), path));
	if (r == KVMI_EINVAL)
		return (kvmi_fail(err, r, "%s: bad path to a member: %s.%s",
		    b->t.where, type, path));
	return (kvmi_wrap(err, r, "%s.%s", type, path));
}
