/* SPDX-License-Identifier: BSD-2-Clause */
#include "type/type.h"

#include <stdlib.h>
#include <string.h>

#include "base/endian.h"

#define SPELLING_MAX	256

/* One spelling: "struct.path". */
static int
look_up(struct kvmi_types *t, const char *spelling, size_t len,
    struct kvmi_member *ret, struct kvmi_err *err)
{
	char type[SPELLING_MAX];
	char *dot;

	if (len >= sizeof(type))
		return (kvmi_fail(err, KVMI_EINVAL,
		    "member too long: %.*s", (int)len, spelling));
	memcpy(type, spelling, len);
	type[len] = '\0';
	dot = strchr(type, '.');
	if (dot == NULL)
		return (kvmi_fail(err, KVMI_EINVAL,
		    "no member of a structure: %s", type));
	*dot = '\0';
	return (kvmi_type_member(t, type, dot + 1, ret, err));
}

int
kvmi_type_first(struct kvmi_types *t, const char *spellings,
    struct kvmi_member *ret, struct kvmi_err *err)
{
	const char *p = spellings;
	size_t len, tried = 0;
	int r;

	for (p += strspn(p, " "); *p != '\0'; p += strspn(p, " ")) {
		len = strcspn(p, " ");
		r = look_up(t, p, len, ret, err);
		if (r != KVMI_ENOENT)
			return (r);
		p += len;
		tried++;
	}
	if (tried == 0)
		return (kvmi_fail(err, KVMI_EINVAL, "no member named"));
	if (tried == 1)
		return (KVMI_ENOENT);
	return (kvmi_fail(err, KVMI_ENOENT, "%s: none of these is there: %s",
	    t->where, spellings));
}

int
kvmi_type_members(struct kvmi_types *t, const char *const *spellings,
    size_t n, struct kvmi_member *ret, struct kvmi_err *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = kvmi_type_first(t, spellings[i], &ret[i], err);
	return (r);
}

/*
 * Bits are counted as BTF and DWARF count them: from the least significant
 * of little-endian bytes, from the most significant of big-endian ones.
 */
uint64_t
kvmi_member_get(const struct kvmi_member *m, const void *copy,
    size_t copy_len, bool big_endian)
{
	const uint8_t *p = copy;
	uint64_t size = m->size;
	unsigned int bits, used;
	uint64_t v;

	if (m->count > 1)
		size /= m->count;
	if (size == 0 || size > sizeof(v) || m->off > copy_len ||
	    size > copy_len - m->off)
		return (0);
	v = kvmi_get_uint(p + m->off, (unsigned int)size, big_endian);
	bits = (unsigned int)size * 8;
	if (m->bit_size != 0) {
		used = m->bit_off + m->bit_size;
		if (used > bits)
			return (0);
		v >>= big_endian ? bits - used : m->bit_off;
		bits = m->bit_size;
	}
	if (bits == 64)
		return (v);
	v &= (UINT64_C(1) << bits) - 1;
	if (m->is_signed && (v >> (bits - 1)) != 0)
		v |= ~UINT64_C(0) << bits;
	return (v);
}

bool
kvmi_member_list_add(struct kvmi_member_list *l, const char *name,
    const struct kvmi_member *m)
{
	size_t cap = l->cap == 0 ? 64 : 2 * l->cap;
	void *v;

	if (l->n == l->cap) {
		v = realloc(l->v, cap * sizeof(l->v[0]));
		if (v == NULL)
			return (false);
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = (struct kvmi_named_member){ name, *m };
	return (true);
}

void
kvmi_types_close(struct kvmi_types *t)
{
	if (t != NULL)
		t->ops->close(t);
}
