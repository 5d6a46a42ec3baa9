/* SPDX-License-Identifier: BSD-2-Clause */
#include "type/path.h"

#include <inttypes.h>
#include <string.h>

#include "base/math.h"

#define MAX_CHAIN	64	/* typedefs and qualifiers of one type */
#define MAX_STEPS	256	/* and dimensions, each with its own */
#define MAX_NESTING	16	/* anonymous members within each other */
#define MAX_VISITS	(1U << 16)	/* members looked at for one path */

/* Where a path has got to. */
struct cursor {
	struct kvmi_types *t;
	const struct kvmi_path_ops *ops;
	struct kvmi_err	*err;
	uint64_t	 bits;		/* from the start of the first struct */
	struct kvmi_tref type;
	uint32_t	 bit_size;	/* 0: no bit-field */
	unsigned int	 visits;
};

static int
too_deep(const struct cursor *c, struct kvmi_tref ref)
{
	return (kvmi_fail(c->err, KVMI_EFORMAT, "%s: type 0x%" PRIx64
	    " leads in a circle or too deep", c->t->where, ref.id));
}

static int
resolve_within(const struct cursor *c, struct kvmi_tref ref,
    struct kvmi_tnode *ret, unsigned int *steps)
{
	struct kvmi_tref first = ref;
	int r;

	for (unsigned int i = 0; i < MAX_CHAIN && ++*steps <= MAX_STEPS; i++) {
		*ret = (struct kvmi_tnode){ .self = ref };
		r = c->ops->node(c->t, ref, ret, c->err);
		if (r != 0 || ret->kind != KVMI_T_ALIAS)
			return (r);
		ref = ret->to;
	}
	return (too_deep(c, first));
}

/* Behind typedefs and qualifiers. */
static int
resolve(const struct cursor *c, struct kvmi_tref ref, struct kvmi_tnode *ret)
{
	unsigned int steps = 0;

	return (resolve_within(c, ref, ret, &steps));
}

/* The element type of an array, of any dimension; else the type itself. */
static int
resolve_element(const struct cursor *c, struct kvmi_tref ref,
    struct kvmi_tnode *ret, uint64_t *count)
{
	struct kvmi_tref first = ref;
	unsigned int steps = 0;
	int r;

	*count = 1;
	for (unsigned int i = 0; i < MAX_CHAIN; i++) {
		r = resolve_within(c, ref, ret, &steps);
		if (r != 0 || ret->kind != KVMI_T_ARRAY)
			return (r);
		if (!kvmi_mul(*count, ret->nelems, count))
			return (kvmi_fail(c->err, KVMI_EFORMAT, "%s: type 0x%"
			    PRIx64 ": an array of too many elements",
			    c->t->where, first.id));
		ref = ret->to;
	}
	return (too_deep(c, first));
}

static int
size_of(const struct cursor *c, struct kvmi_tref ref, uint64_t *ret)
{
	struct kvmi_tnode n;
	uint64_t count;
	int r;

	r = resolve_element(c, ref, &n, &count);
	if (r != 0)
		return (r);
	if (n.kind == KVMI_T_OTHER)
		return (kvmi_fail(c->err, KVMI_EFORMAT, "%s: type 0x%" PRIx64
		    " has no size", c->t->where, ref.id));
	if (!kvmi_mul(n.size, count, ret))
		return (kvmi_fail(c->err, KVMI_EFORMAT, "%s: type 0x%" PRIx64
		    " is too large", c->t->where, ref.id));
	return (0);
}

/*
 * Have fn see the members of s that have a name, where c then is, until it
 * gives something else than KVMI_ENOENT.
 */
typedef int see_fn(struct cursor *c, const char *name, void *arg);

static int
each_member(struct cursor *c, const struct kvmi_tnode *s, see_fn *fn,
    void *arg, unsigned int depth)
{
	const uint64_t base = c->bits;
	struct kvmi_tnode inner;
	struct kvmi_tmember m;
	uint64_t pos = 0;
	int r;

	if (depth > MAX_NESTING)
		return (too_deep(c, s->self));
	while ((r = c->ops->member(c->t, s, &pos, &m, c->err)) == 0) {
		if (c->visits++ == MAX_VISITS || !kvmi_add(base, m.bits,
		    &c->bits))
			return (kvmi_fail(c->err, KVMI_EFORMAT, "%s: type 0x%"
			    PRIx64 " has too many members, or one too far away",
			    c->t->where, s->self.id));
		c->bit_size = m.bit_size;
		c->type = m.type;
		if (*m.name != '\0') {
			r = fn(c, m.name, arg);
			if (r != KVMI_ENOENT)
				return (r);
			continue;
		}
		r = resolve(c, m.type, &inner);
		if (r != 0)
			return (r);
		if (inner.kind != KVMI_T_STRUCT)
			continue;
		r = each_member(c, &inner, fn, arg, depth + 1);
		if (r != KVMI_ENOENT)
			return (r);
	}
	return (r);
}

struct wanted {
	const char	*name;
	size_t		 len;
};

static int
is_wanted(struct cursor *c, const char *name, void *arg)
{
	const struct wanted *w = arg;

	(void)c;
	return (strncmp(name, w->name, w->len) == 0 && name[w->len] == '\0' ?
	    0 : KVMI_ENOENT);
}

/* Into the member that the first name_len bytes of name name. */
static int
enter_member(struct cursor *c, const char *name, size_t name_len)
{
	struct wanted w = { name, name_len };
	struct kvmi_tnode n;
	int r;

	r = resolve(c, c->type, &n);
	if (r != 0)
		return (r);
	if (n.kind != KVMI_T_STRUCT)
		return (KVMI_ENOENT);
	return (each_member(c, &n, is_wanted, &w, 0));
}

/* Into element n of an array; one without a length has as many as you like. */
static int
enter_element(struct cursor *c, uint32_t n)
{
	uint64_t size, bits;
	struct kvmi_tnode a;
	int r;

	r = resolve(c, c->type, &a);
	if (r != 0)
		return (r);
	if (a.kind != KVMI_T_ARRAY || (a.nelems != 0 && n >= a.nelems))
		return (KVMI_ENOENT);
	c->type = a.to;
	c->bit_size = 0;
	r = size_of(c, c->type, &size);
	if (r != 0)
		return (r);
	if (!kvmi_mul(size, n, &bits) || !kvmi_mul(bits, 8, &bits) ||
	    !kvmi_add(c->bits, bits, &c->bits))
		return (kvmi_fail(c->err, KVMI_EFORMAT, "%s: element %" PRIu32
		    " of type 0x%" PRIx64 " is too far away", c->t->where, n,
		    a.self.id));
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
follow(struct cursor *c, const char *path, const char **at)
{
	const char *p = path;
	size_t len;
	uint32_t n;
	int r;

	for (;; p++) {
		len = strcspn(p, ".[]");
		if (len == 0)
			return (KVMI_EINVAL);
		r = enter_member(c, p, len);
		p += len;
		*at = p;
		if (r != 0)
			return (r);
		while (*p == '[') {
			if (parse_index(&p, &n) != 0)
				return (KVMI_EINVAL);
			*at = p;
			r = enter_element(c, n);
			if (r != 0)
				return (r);
		}
		if (*p == '\0')
			return (0);
		if (*p != '.')
			return (KVMI_EINVAL);
	}
}

static int
fill_member(struct cursor *c, struct kvmi_member *ret)
{
	struct kvmi_tnode outer, element;
	struct kvmi_member m = { .count = 1 };
	uint64_t count;
	int r;

	r = resolve(c, c->type, &outer);
	if (r == 0)
		r = resolve_element(c, c->type, &element, &count);
	if (r == 0)
		r = size_of(c, c->type, &m.size);
	if (r != 0)
		return (r);
	if (outer.kind == KVMI_T_ARRAY)
		m.count = (uint32_t)kvmi_min(outer.nelems, UINT32_MAX);
	if (outer.kind == KVMI_T_INT && c->bit_size == 0 &&
	    outer.bit_size != 0) {
		c->bits += outer.bit_off;
		c->bit_size = outer.bit_size;
	}
	if (element.kind == KVMI_T_INT || element.kind == KVMI_T_ENUM)
		m.is_signed = c->ops->is_signed(c->t, &element);
	m.is_pointer = element.kind == KVMI_T_POINTER;
	m.off = c->bits / 8;
	if ((c->bit_size == 0 && c->bits % 8 != 0) || c->bit_size > 64 ||
	    (c->bits % 8 + c->bit_size + 7) / 8 > 8)
		return (kvmi_fail(c->err, KVMI_EFORMAT, "%s: a member of %"
		    PRIu32 " bits, of type 0x%" PRIx64 ", at bit %" PRIu64,
		    c->t->where, c->bit_size, c->type.id, c->bits));
	if (c->bit_size != 0) {
		m.bit_off = c->bits % 8;
		m.size = (m.bit_off + c->bit_size + 7) / 8;
		m.bit_size = (uint8_t)c->bit_size;
	}
	*ret = m;
	return (0);
}

/* The type is looked for, and c is there. */
static int
begin(struct cursor *c, struct kvmi_types *t, const char *type,
    struct kvmi_err *err)
{
	int r;

	*c = (struct cursor){ .t = t, .ops = t->ops->path, .err = err };
	if (c->ops->enter != NULL)
		c->ops->enter(t);
	r = c->ops->find(t, type, &c->type, err);
	if (r == KVMI_ENOENT)
		r = kvmi_fail(err, r, "%s: no type %s", t->where, type);
	return (r);
}

static int
end(const struct cursor *c, int r)
{
	return (c->ops->leave != NULL ? c->ops->leave(c->t, r, c->err) : r);
}

int
kvmi_path_size(struct kvmi_types *t, const char *type, uint64_t *ret,
    struct kvmi_err *err)
{
	struct cursor c;
	int r = begin(&c, t, type, err);

	if (r == 0) {
		r = size_of(&c, c.type, ret);
		if (r != 0)
			kvmi_wrap(err, r, "%s", type);
	}
	return (end(&c, r));
}

int
kvmi_path_ref_size(struct kvmi_types *t, struct kvmi_tref ref, uint64_t *ret,
    struct kvmi_err *err)
{
	struct cursor c = { .t = t, .ops = t->ops->path, .err = err };

	return (size_of(&c, ref, ret));
}

static int
follow_and_fill(struct cursor *c, const char *type, const char *path,
    struct kvmi_member *ret)
{
	const char *at = path;
	int r;

	r = follow(c, path, &at);
	if (r == 0)
		r = fill_member(c, ret);
	if (r == 0)
		return (0);
	if (r == KVMI_ENOENT)
		return (kvmi_fail(c->err, r, "%s: no member %s.%.*s",
		    c->t->where, type, (int)(at - path), path));
	if (r == KVMI_EINVAL)
		return (kvmi_fail(c->err, r, "%s: bad path to a member: %s.%s",
		    c->t->where, type, path));
	return (kvmi_wrap(c->err, r, "%s.%s", type, path));
}

int
kvmi_path_member(struct kvmi_types *t, const char *type, const char *path,
    struct kvmi_member *ret, struct kvmi_err *err)
{
	struct cursor c;
	int r = begin(&c, t, type, err);

	if (r == 0)
		r = follow_and_fill(&c, type, path, ret);
	return (end(&c, r));
}

static int
add_member(struct cursor *c, const char *name, void *arg)
{
	struct kvmi_member_list *out = arg;
	struct kvmi_member m;
	int r;

	r = fill_member(c, &m);
	if (r != 0)
		return (kvmi_wrap(c->err, r, "%s", name));
	return (kvmi_member_list_add(out, name, &m) ? KVMI_ENOENT :
	    kvmi_fail(c->err, KVMI_ENOMEM, "out of memory"));
}

static int
list_members(struct cursor *c, const char *type,
    struct kvmi_member_list *out)
{
	struct kvmi_tnode n;
	int r = resolve(c, c->type, &n);

	if (r == 0 && n.kind == KVMI_T_STRUCT)
		r = each_member(c, &n, add_member, out, 0);
	return (r == 0 || r == KVMI_ENOENT ? 0 : kvmi_wrap(c->err, r, "%s",
	    type));
}

int
kvmi_path_list(struct kvmi_types *t, const char *type,
    struct kvmi_member_list *out, struct kvmi_err *err)
{
	struct cursor c;
	int r = begin(&c, t, type, err);

	if (r == 0)
		r = list_members(&c, type, out);
	return (end(&c, r));
}
