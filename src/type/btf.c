/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BTF (Linux Documentation/bpf/btf.rst).  Opening checks that all records lie
 * inside their section and notes where each starts; references between types
 * and to strings are checked when they are followed.  Names are hashed into
 * chains: names chosen to collide then slow a look-up down, not opening.
 *
 * Split BTF, a module's, has the types of another, the kernel's, before its
 * own: numbers of types and offsets of strings go on where those end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/hash.h"
#include "base/math.h"
#include "base/rd.h"
#include "type/btf_impl.h"

#define BTF_MAGIC	0xeb9f
#define HEADER_MIN	24

/* What follows a record: bytes each, and whether there are vlen of them. */
static const struct {
	uint8_t	size;
	bool	per_vlen;
} extra[] = {
	[BTF_INT] = { 4, false },
	[BTF_PTR] = { 0, false },
	[BTF_ARRAY] = { 12, false },
	[BTF_STRUCT] = { 12, true },
	[BTF_UNION] = { 12, true },
	[BTF_ENUM] = { 8, true },
	[BTF_FWD] = { 0, false },
	[BTF_TYPEDEF] = { 0, false },
	[BTF_VOLATILE] = { 0, false },
	[BTF_CONST] = { 0, false },
	[BTF_RESTRICT] = { 0, false },
	[BTF_FUNC] = { 0, false },
	[BTF_FUNC_PROTO] = { 8, true },
	[BTF_VAR] = { 4, false },
	[BTF_DATASEC] = { 12, true },
	[BTF_FLOAT] = { 0, false },
	[BTF_DECL_TAG] = { 4, false },
	[BTF_TYPE_TAG] = { 0, false },
	[BTF_ENUM64] = { 12, true },
};

void
kvmi_btf_clip(struct kvmi_btf_view *v, size_t left)
{
	size_t size = v->kind < KVMI_COUNT(extra) ? extra[v->kind].size : 0;

	if (size != 0 && extra[v->kind].per_vlen)
		v->vlen = (uint32_t)kvmi_min(v->vlen, left / size);
	else if (size > left)
		v->kind = BTF_VOID;
}

static bool
is_named(const struct kvmi_btf *b, uint32_t off, const char *name, size_t len)
{
	const struct kvmi_btf *of = off < b->first_string ? b->base : b;

	off -= of->first_string;
	return (kvmi_inside(off, len + 1, of->strings_len) &&
	    memcmp(of->strings + off, name, len + 1) == 0);
}

static bool
is_enum(uint8_t kind)
{
	return (kind == BTF_ENUM || kind == BTF_ENUM64);
}

/* Names of these are looked up. */
static bool
is_indexed(uint8_t kind)
{
	return (kind == BTF_STRUCT || kind == BTF_UNION || kind == BTF_TYPEDEF ||
	    is_enum(kind) || kind == BTF_INT);
}

static bool
add_enum(struct kvmi_btf *b, uint32_t id)
{
	/* Room for twice as many whenever their number is a power of two. */
	if ((b->n_enums & (b->n_enums - 1)) == 0) {
		size_t cap = b->n_enums == 0 ? 1 : 2 * (size_t)b->n_enums;
		void *p = realloc(b->enums, cap * sizeof(b->enums[0]));

		if (p == NULL)
			return (false);
		b->enums = p;
	}
	b->enums[b->n_enums++] = id;
	return (true);
}

static int
index_type(struct kvmi_btf *b, const struct kvmi_btf_view *v,
    struct kvmi_err *err)
{
	const char *name = kvmi_btf_string(b, v->name);
	uint32_t own = v->id - b->first;
	uint32_t *head;

	if (name == NULL)
		return (kvmi_fail(err, KVMI_EFORMAT,
		    "%s: type %" PRIu32 " at 0x%zx: its name at 0x%"
		    PRIx32 " passes the end of the strings", b->t.where,
		    v->id, kvmi_btf_at(b, v->id), v->name));
	if ((v->kind == BTF_ENUM && v->flag) || v->kind == BTF_ENUM64)
		b->has_signed_enums = true;
	if (is_enum(v->kind) && v->vlen > 0 && !add_enum(b, v->id))
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: no memory for the "
		    "numbers of its enums", b->t.where));
	/* In this order: the names of functions are never looked at. */
	if (!is_indexed(v->kind) || *name == '\0')
		return (0);
	head = &b->head[kvmi_hash(name, strlen(name)) & b->mask];
	b->next[own] = *head;
	*head = own;
	return (0);
}

static int
index_types(struct kvmi_btf *b, struct kvmi_err *err)
{
	uint64_t off, len;
	uint32_t id = b->first + 1;
	struct kvmi_btf_view v;
	int r;

	for (off = 0; off < b->types_len; off += len, id++) {
		if (b->types_len - off < KVMI_BTF_RECORD_SIZE)
			return (kvmi_fail(err, KVMI_EFORMAT,
			    "%s: type %" PRIu32 " at 0x%" PRIx64 " passes the "
			    "end of the types", b->t.where, id,
			    b->types_at + off));
		b->off[id - b->first] = (uint32_t)off;
		kvmi_btf_raw(b, id, &v);
		if (v.kind == BTF_VOID || v.kind >= KVMI_COUNT(extra))
			return (kvmi_fail(err, KVMI_EFORMAT,
			    "%s: type %" PRIu32 " at 0x%" PRIx64
			    ": unknown kind %u", b->t.where, id,
			    b->types_at + off, v.kind));
		len = KVMI_BTF_RECORD_SIZE + (uint64_t)extra[v.kind].size *
		    (extra[v.kind].per_vlen ? v.vlen : 1);
		if (len > b->types_len - off)
			return (kvmi_fail(err, KVMI_EFORMAT,
			    "%s: type %" PRIu32 " at 0x%" PRIx64 ", of kind %u"
			    " with %" PRIu32 " elements, passes the end of the"
			    " types", b->t.where, id, b->types_at + off,
			    v.kind, v.vlen));
		r = index_type(b, &v, err);
		if (r != 0)
			return (r);
	}
	b->n = id - 1;
	return (0);
}

/* Structures with members before typedefs, the rest, and empty ones. */
static unsigned int
name_rank(const struct kvmi_btf_view *v)
{
	switch (v->kind) {
	case BTF_STRUCT:
	case BTF_UNION:
		return (v->vlen > 0 ? 3 : 0);
	case BTF_TYPEDEF:
		return (2);
	default:
		return (1);
	}
}

/*
 * The type that a name stands for, of several the first, its own before those
 * of its base; 0: none.
 */
uint32_t
kvmi_btf_find(const struct kvmi_btf *b, const char *name)
{
	size_t len = strlen(name);
	uint32_t own = b->head[kvmi_hash(name, len) & b->mask], best = 0;
	unsigned int rank, best_rank = 0;
	struct kvmi_btf_view v;

	for (; own != 0; own = b->next[own]) {
		kvmi_btf_view(b, b->first + own, &v);
		if (!is_named(b, v.name, name, len))
			continue;
		/* Chains run from the last type to the first. */
		rank = name_rank(&v);
		if (best == 0 || rank >= best_rank) {
			best = v.id;
			best_rank = rank;
		}
	}
	return (best != 0 || b->base == NULL ? best :
	    kvmi_btf_find(b->base, name));
}

/*
 * Up to Linux 5.19 all enumerators are signed 32-bit numbers; since then
 * kind_flag says which enums are signed, and some in each kernel are.
 */
static int64_t
enumerator_value(const struct kvmi_btf *b, const struct kvmi_btf_view *v,
    const uint8_t *p)
{
	uint32_t lo = kvmi_btf_u32(b, p + 4);

	if (v->kind == BTF_ENUM64)
		return ((int64_t)((uint64_t)kvmi_btf_u32(b, p + 8) << 32 | lo));
	if (v->flag || !b->has_signed_enums)
		return ((int32_t)lo);
	return (lo);
}

/*
 * Few are ever asked for, so they are looked through: an index of all that a
 * kernel has takes as long as a dozen look-ups.
 */
static int
btf_enumerator(struct kvmi_types *t, const char *name, int64_t *ret,
    struct kvmi_err *err)
{
	const struct kvmi_btf *b = (const struct kvmi_btf *)t;
	size_t len = strlen(name);
	struct kvmi_btf_view v;
	const uint8_t *p;

	for (uint32_t i = 0; i < b->n_enums; i++) {
		kvmi_btf_view(b, b->enums[i], &v);
		if (!is_enum(v.kind))
			continue;
		p = v.extra;
		for (; v.vlen > 0; v.vlen--, p += extra[v.kind].size) {
			if (!is_named(b, kvmi_btf_u32(b, p), name, len))
				continue;
			*ret = enumerator_value(b, &v, p);
			return (0);
		}
	}
	if (b->base != NULL)
		return (btf_enumerator(&b->base->t, name, ret, err));
	return (kvmi_fail(err, KVMI_ENOENT, "%s: no enumerator %s", t->where,
	    name));
}

static void
release(struct kvmi_btf *b)
{
	free(b->enums);
	free(b->head);
	free(b->next);
	free(b->off);
	free(b);
}

static void
btf_close(struct kvmi_types *t)
{
	struct kvmi_btf *b = (struct kvmi_btf *)t;

	kvmi_blob_release(&b->bytes);
	release(b);
}

static const struct kvmi_types_ops btf_ops = {
	.name = "BTF",
	.path = &kvmi_btf_path_ops,
	.size = kvmi_path_size,
	.member = kvmi_path_member,
	.list = kvmi_path_list,
	.enumerator = btf_enumerator,
	.close = btf_close,
};

/* The first string is empty, but that of split BTF is in its base. */
static int
check_strings(const struct kvmi_btf *b, struct kvmi_err *err)
{
	uint32_t len = b->strings_len;

	if (b->base != NULL && (len == 0 || b->strings[len - 1] == '\0'))
		return (0);
	if (len == 0 || b->strings[0] != '\0' || b->strings[len - 1] != '\0')
		return (kvmi_fail(err, KVMI_EFORMAT,
		    "%s: the strings at 0x%zx do not begin and end with a NUL",
		    b->t.where, b->strings_at));
	return (0);
}

static int
read_header(struct kvmi_btf *b, const uint8_t *p, size_t len,
    struct kvmi_err *err)
{
	struct kvmi_rd rd = { .base = p, .len = len, .what = "BTF header",
	    .err = err };
	uint32_t hdr_len, types_off, strings_off;
	unsigned int version;

	rd.big_endian = len >= 2 && kvmi_get16(p, true) == BTF_MAGIC;
	b->big_endian = rd.big_endian;
	if (kvmi_rd_u16(&rd, "magic") != BTF_MAGIC && rd.status == 0)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: no BTF: magic is "
		    "0x%x", b->t.where, kvmi_get16(p, false)));
	version = (unsigned int)kvmi_rd_uint(&rd, "version", 1);
	kvmi_rd_uint(&rd, "flags", 1);
	hdr_len = kvmi_rd_u32(&rd, "header length");
	types_off = kvmi_rd_u32(&rd, "offset of types");
	b->types_len = kvmi_rd_u32(&rd, "length of types");
	strings_off = kvmi_rd_u32(&rd, "offset of strings");
	b->strings_len = kvmi_rd_u32(&rd, "length of strings");
	if (rd.status != 0)
		return (rd.status);
	if (version != 1)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: BTF version %u",
		    b->t.where, version));
	if (b->base != NULL && b->base->big_endian != b->big_endian)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: its byte order is "
		    "not that of %s", b->t.where, b->base->t.where));
	if (hdr_len < HEADER_MIN || hdr_len > len ||
	    !kvmi_inside(types_off, b->types_len, len - hdr_len) ||
	    !kvmi_inside(strings_off, b->strings_len, len - hdr_len))
		return (kvmi_fail(err, KVMI_ETRUNC, "%s: types at 0x%" PRIx32
		    "+0x%" PRIx32 " and strings at 0x%" PRIx32 "+0x%" PRIx32
		    ", after a header of %" PRIu32 ", pass the end at 0x%zx",
		    b->t.where, types_off, b->types_len, strings_off,
		    b->strings_len, hdr_len, len));
	b->types_at = (size_t)hdr_len + types_off;
	b->types = p + b->types_at;
	b->strings_at = (size_t)hdr_len + strings_off;
	b->strings = (const char *)p + b->strings_at;
	return (check_strings(b, err));
}

/* As many as records can fit; memory that is not touched costs nothing. */
static int
alloc_index(struct kvmi_btf *b, struct kvmi_err *err)
{
	size_t max = b->types_len / KVMI_BTF_RECORD_SIZE + 1;
	uint32_t heads = 16;

	while (heads < b->types_len / 64)
		heads *= 2;
	b->mask = heads - 1;
	b->off = malloc(max * sizeof(b->off[0]));
	b->next = malloc(max * sizeof(b->next[0]));
	b->head = calloc(heads, sizeof(b->head[0]));
	if (b->off == NULL || b->next == NULL || b->head == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: no memory for an "
		    "index of %" PRIu32 " bytes of types", b->t.where,
		    b->types_len));
	return (0);
}

/* BTF does not say, but the kernel's long is as large as a pointer. */
static void
find_pointer_size(struct kvmi_btf *b)
{
	static const char *const names[] = {
		"long unsigned int", "unsigned long", "long int", "long",
	};
	struct kvmi_btf_view v;

	b->pointer_size = 8;
	for (size_t i = 0; i < KVMI_COUNT(names); i++) {
		uint32_t id = kvmi_btf_find(b, names[i]);

		if (id == 0)
			continue;
		kvmi_btf_view(b, id, &v);
		if (v.kind == BTF_INT && (v.size == 4 || v.size == 8)) {
			b->pointer_size = (uint8_t)v.size;
			return;
		}
	}
}

/* What its own types and strings follow. */
static int
set_base(struct kvmi_btf *b, struct kvmi_btf *base, struct kvmi_err *err)
{
	if (base == NULL)
		return (0);
	if (base->base != NULL || base->n > UINT32_MAX / 2)
		return (kvmi_fail(err, KVMI_EINVAL, "%s: no base for split BTF",
		    base->t.where));
	b->base = base;
	b->first = base->n;
	b->first_string = base->strings_len;
	b->has_signed_enums = base->has_signed_enums;
	return (0);
}

static int
btf_open(const struct kvmi_blob *bytes, struct kvmi_btf *base,
    struct kvmi_types **ret, struct kvmi_err *err)
{
	struct kvmi_btf *b = calloc(1, sizeof(*b));
	int r;

	if (b == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "no memory for BTF"));
	b->t.ops = &btf_ops;
	snprintf(b->t.where, sizeof(b->t.where), "BTF");
	r = set_base(b, base, err);
	if (r == 0)
		r = read_header(b, bytes->p, bytes->len, err);
	if (r == 0)
		r = alloc_index(b, err);
	if (r == 0)
		r = index_types(b, err);
	if (r != 0) {
		release(b);
		return (r);
	}
	find_pointer_size(b);
	b->bytes = *bytes;
	*ret = &b->t;
	return (0);
}

int
kvmi_btf_open(const struct kvmi_blob *bytes, struct kvmi_types **ret,
    struct kvmi_err *err)
{
	return (btf_open(bytes, NULL, ret, err));
}

int
kvmi_btf_open_split(const struct kvmi_blob *bytes, struct kvmi_types *base,
    struct kvmi_types **ret, struct kvmi_err *err)
{
	if (base->ops != &btf_ops)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: split BTF needs the "
		    "kernel's own", base->where));
	return (btf_open(bytes, (struct kvmi_btf *)base, ret, err));
}
