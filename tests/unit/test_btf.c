/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/endian.h"
#include "base/math.h"
#include "build_btf_sample.h"
#include "check_list.h"
#include "type/type.h"

struct want {
	const char	*type;
	const char	*path;
	int		 r;
	struct kvmi_member m;
};

static const struct want members[] = {
	{ "task", "state", 0, { 0, 4, 1, 0, 0, true, false } },
	{ "task", "x", 0, { 8, 4, 1, 0, 0, true, false } },
	{ "task", "y", 0, { 12, 4, 1, 0, 0, true, false } },
	{ "task", "both", 0, { 8, 8, 1, 0, 0, false, false } },
	{ "task", "usage", 0, { 16, 4, 1, 0, 0, false, false } },
	{ "task", "usage.counter", 0, { 16, 4, 1, 0, 0, true, false } },
	{ "atomic_t", "counter", 0, { 0, 4, 1, 0, 0, true, false } },
	{ "task", "tasks", 0, { 24, 16, 1, 0, 0, false, false } },
	{ "task", "tasks.prev", 0, { 32, 8, 1, 0, 0, false, true } },
	{ "task", "comm", 0, { 40, 16, 16, 0, 0, true, false } },
	{ "task", "comm[3]", 0, { 43, 1, 1, 0, 0, true, false } },
	{ "task", "comm[15]", 0, { 55, 1, 1, 0, 0, true, false } },
	{ "task", "comm[16]", KVMI_ENOENT, { 0 } },
	{ "task", "grid", 0, { 56, 60, 5, 0, 0, true, false } },
	{ "task", "grid[1]", 0, { 68, 12, 3, 0, 0, true, false } },
	{ "task", "grid[4][2]", 0, { 112, 4, 1, 0, 0, true, false } },
	{ "task", "grid[4][3]", KVMI_ENOENT, { 0 } },
	{ "task", "grid[0][0][0]", KVMI_ENOENT, { 0 } },
	{ "task", "pids[2]", 0, { 152, 16, 1, 0, 0, false, false } },
	{ "task", "pids[2].nr", 0, { 152, 4, 1, 0, 0, true, false } },
	{ "task", "pids[3].ns", 0, { 176, 8, 1, 0, 0, false, true } },
	{ "task", "pids.nr", KVMI_ENOENT, { 0 } },
	{ "task", "low", 0, { 184, 1, 1, 0, 1, true, false } },
	{ "task", "mid", 0, { 184, 2, 1, 1, 12, true, false } },
	{ "task", "unsigned_mid", 0, { 185, 2, 1, 5, 7, false, false } },
	{ "task", "wide_bits", 0, { 192, 8, 1, 0, 64, false, false } },
	{ "task", "tagged", 0, { 200, 4, 1, 0, 0, true, false } },
	{ "task", "flags", 0, { 204, 4, 1, 0, 0, false, false } },
	{ "task", "wide", 0, { 208, 8, 1, 0, 0, true, false } },
	{ "task", "elsewhere", 0, { 216, 8, 1, 0, 0, false, true } },
	{ "task", "elsewhere.x", KVMI_ENOENT, { 0 } },
	{ "task", "tail", 0, { 256, 0, 0, 0, 0, false, false } },
	{ "task", "tail[9].prev", 0, { 408, 8, 1, 0, 0, false, true } },
	{ "task", "unaligned", KVMI_EFORMAT, { 0 } },
	{ "task", "nine_bytes", KVMI_EFORMAT, { 0 } },
	{ "task", "second", KVMI_ENOENT, { 0 } },
	{ "old", "bits", 0, { 8, 1, 1, 2, 3, true, false } },
	{ "old", "far", 0, { 0x2468ac0, 4, 1, 0, 0, true, false } },
	{ "old", "real", 0, { 16, 8, 1, 0, 0, false, false } },
	{ "int", "x", KVMI_ENOENT, { 0 } },
	{ "flags", "FLAG_HIGH", KVMI_ENOENT, { 0 } },
	{ "task", "wide.WIDE_LOW", KVMI_ENOENT, { 0 } },
	{ "elsewhere", "x", KVMI_ENOENT, { 0 } },
	{ "variable", "x", KVMI_ENOENT, { 0 } },
	{ "nothing", "x", KVMI_ENOENT, { 0 } },
	{ "", "x", KVMI_ENOENT, { 0 } },
	{ "task", "stat", KVMI_ENOENT, { 0 } },
	{ "task", "states", KVMI_ENOENT, { 0 } },
	{ "task", "tasks.nope", KVMI_ENOENT, { 0 } },
	{ "task", "", KVMI_EINVAL, { 0 } },
	{ "task", ".x", KVMI_EINVAL, { 0 } },
	{ "task", "x.", KVMI_EINVAL, { 0 } },
	{ "task", "tasks.", KVMI_EINVAL, { 0 } },
	{ "task", "tasks..next", KVMI_EINVAL, { 0 } },
	{ "task", "[0]", KVMI_EINVAL, { 0 } },
	{ "task", "tasks]", KVMI_EINVAL, { 0 } },
	{ "task", "comm[", KVMI_EINVAL, { 0 } },
	{ "task", "comm[]", KVMI_EINVAL, { 0 } },
	{ "task", "comm[1", KVMI_EINVAL, { 0 } },
	{ "task", "comm[1x]", KVMI_EINVAL, { 0 } },
	{ "task", "comm[-1]", KVMI_EINVAL, { 0 } },
	{ "task", "comm[1]x", KVMI_EINVAL, { 0 } },
	{ "task", "pids[2]xnr", KVMI_EINVAL, { 0 } },
	{ "task", "comm[99999999999]", KVMI_EINVAL, { 0 } },
	{ "task", "comm[4294967289]", KVMI_ENOENT, { 0 } },
	{ "task", "state[0]", KVMI_ENOENT, { 0 } },
};

/* Of a structure with a member that makes no sense there is no list. */
static void
check_lists(struct kvmi_types *t)
{
	struct kvmi_member_list l = { 0 };

	assert_int_equal(check_list(t, "list_head", "next"), 2);
	assert_int_equal(check_list(t, "upid", "nr"), 2);
	assert_int_equal(check_list(t, "atomic_t", "counter"), 1);
	assert_int_equal(kvmi_type_list(t, "int", &l, &err), 0);
	assert_int_equal(l.n, 0);
	assert_int_equal(kvmi_type_list(t, "nothing", &l, &err), KVMI_ENOENT);
	assert_int_equal(kvmi_type_list(t, "task", &l, &err), KVMI_EFORMAT);
	assert_non_null(strstr(err.text, "task: unaligned: "));
	free(l.v);
}

static void
check_members(struct kvmi_types *t, const char *how)
{
	for (size_t i = 0; i < KVMI_COUNT(members); i++) {
		const struct want *w = &members[i];
		struct kvmi_member m;
		int r;

		memset(&m, 0, sizeof(m));
		r = kvmi_type_member(t, w->type, w->path, &m, &err);
		if (r != w->r || m.off != w->m.off || m.size != w->m.size ||
		    m.count != w->m.count || m.bit_off != w->m.bit_off ||
		    m.bit_size != w->m.bit_size ||
		    m.is_signed != w->m.is_signed ||
		    m.is_pointer != w->m.is_pointer)
			fail_msg("%s: %s.%s: %d, off %" PRIu64 " size %" PRIu64
			    " count %u bits %u+%u%s%s: %s", how, w->type,
			    w->path, r, m.off, m.size, m.count, m.bit_off,
			    m.bit_size, m.is_signed ? " signed" : "",
			    m.is_pointer ? " pointer" : "",
			    r != 0 ? err.text : "");
	}
}

static void
check_sizes(struct kvmi_types *t, const char *how)
{
	static const struct {
		const char *type;
		int r;
		uint64_t size;
	} row[] = {
		{ "int", 0, 4 },
		{ "task", 0, 424 },
		{ "atomic_t", 0, 4 },
		{ "list_head", 0, 16 },
		{ "state", 0, 4 },
		{ "wide", 0, 8 },
		{ "elsewhere", KVMI_ENOENT, 0 },
		{ "fn", KVMI_ENOENT, 0 },
		{ "", KVMI_ENOENT, 0 },
	};

	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		uint64_t size = 0;
		int r = kvmi_type_size(t, row[i].type, &size, &err);

		if (r != row[i].r || size != row[i].size)
			fail_msg("%s: sizeof(%s): %d, %" PRIu64, how,
			    row[i].type, r, size);
	}
}

static void
check_enumerators(struct kvmi_types *t, const char *how)
{
	static const struct {
		const char *name;
		int r;
		int64_t value;
	} row[] = {
		{ "STATE_BAD", 0, -1 },
		{ "STATE_GOOD", 0, 1 },		/* the first of two */
		{ "FLAG_HIGH", 0, 0x80000000 },
		{ "FLAG_LOW", 0, 1 },
		{ "WIDE_LOW", 0, -0xffffffffb },
		{ "WIDE_HIGH", 0, INT64_C(0x100000000) },
		{ "STATE", KVMI_ENOENT, 0 },
		{ "", KVMI_ENOENT, 0 },
	};

	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		int64_t v = 0;
		int r = kvmi_type_enumerator(t, row[i].name, &v, &err);

		if (r != row[i].r || v != row[i].value)
			fail_msg("%s: %s: %d, %" PRId64, how, row[i].name, r,
			    v);
	}
}

static void
test_sample(void **state)
{
	static const struct {
		const char *name;
		bool big_endian;
		uint32_t hdr_len, gap;
	} row[] = {
		{ "little endian", false, 24, 0 },
		{ "big endian", true, 24, 0 },
		{ "7.x header", false, 32, 0 },
		{ "gaps, unaligned", true, 27, 5 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_types *t = must_open(sample(row[i].big_endian,
		    row[i].hdr_len, row[i].gap));

		assert_string_equal(t->ops->name, "BTF");
		check_members(t, row[i].name);
		check_sizes(t, row[i].name);
		check_enumerators(t, row[i].name);
		check_lists(t);
		kvmi_types_close(t);
	}
	kvmi_types_close(NULL);
}

static void
test_error_texts(void **state)
{
	static const struct {
		const char *type, *path, *text;
	} row[] = {
		{ "nothing", "x", "BTF in the image: no type nothing" },
		{ "task", "nope", "BTF in the image: no member task.nope" },
		{ "task", "tasks.nope.more",
		    "BTF in the image: no member task.tasks.nope" },
		{ "task", "comm[16]", "BTF in the image: no member "
		    "task.comm[16]" },
		{ "task", "comm[", "BTF in the image: bad path to a member: "
		    "task.comm[" },
	};
	struct kvmi_types *t = must_open(sample(false, 24, 0));
	struct kvmi_member m;
	int64_t v;

	(void)state;
	strcpy(t->where, "BTF in the image");
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		assert_int_not_equal(kvmi_type_member(t, row[i].type,
		    row[i].path, &m, &err), 0);
		assert_string_equal(err.text, row[i].text);
	}
	kvmi_type_enumerator(t, "NOPE", &v, &err);
	assert_string_equal(err.text, "BTF in the image: no enumerator NOPE");
	kvmi_types_close(t);
}

static void
test_pointer_size(void **state)
{
	static const struct {
		const char *name;
		const char *type;
		uint32_t size;
		uint64_t want;
	} row[] = {
		{ "long of 4", "long unsigned int", 4, 4 },
		{ "long of 8", "long int", 8, 8 },
		{ "clang's name", "unsigned long", 4, 4 },
		{ "nonsense", "long", 3, 8 },
		{ "no long", "int", 4, 8 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_types *t;
		struct kvmi_member m;
		struct btf_build b;

		btf_start(&b, false);
		btf_int(&b, row[i].type, row[i].size, INT_UNSIGNED);
		btf_type(&b, NULL, K_PTR, false, 0, 1);
		btf_type(&b, "s", K_STRUCT, false, 1, 8);
		btf_member(&b, "p", 2, 0);
		t = must_open(btf_finish(&b));
		if (kvmi_type_member(t, "s", "p", &m, &err) != 0 ||
		    m.size != row[i].want || !m.is_pointer)
			fail_msg("%s: %" PRIu64, row[i].name, m.size);
		kvmi_types_close(t);
	}
}

/* Before Linux 6.0 all enumerators are signed and nothing says so. */
static void
test_old_enums(void **state)
{
	struct kvmi_types *t;
	struct kvmi_member m;
	struct btf_build b;
	int64_t v;

	(void)state;
	btf_start(&b, false);
	btf_type(&b, "e", K_ENUM, false, 1, 4);
	btf_value(&b, "MINUS", (uint32_t)-2);
	btf_type(&b, "s", K_STRUCT, false, 1, 4);
	btf_member(&b, "e", 1, 0);
	t = must_open(btf_finish(&b));
	assert_int_equal(kvmi_type_enumerator(t, "MINUS", &v, &err), 0);
	assert_int_equal(v, -2);
	assert_int_equal(kvmi_type_member(t, "s", "e", &m, &err), 0);
	assert_true(m.is_signed);
	kvmi_types_close(t);
}

/* Each of these opens; following it fails, in bounded time. */
static void
test_hostile_references(void **state)
{
	enum { SIZE = 1, MEMBER = 2 };
	static const struct {
		const char *name;
		uint32_t kind;
		uint32_t chain;		/* types of it, each of the next */
		bool cycle;
		int asks;
		int want;
	} row[] = {
		{ "typedef of itself", K_TYPEDEF, 1, true, SIZE | MEMBER,
		    KVMI_EFORMAT },
		{ "circle of three", K_TYPEDEF, 3, true, SIZE | MEMBER,
		    KVMI_EFORMAT },
		{ "circle of qualifiers", K_CONST, 5, true, SIZE | MEMBER,
		    KVMI_EFORMAT },
		{ "circle of tags", K_TYPE_TAG, 5, true, SIZE | MEMBER,
		    KVMI_EFORMAT },
		{ "63 typedefs", K_TYPEDEF, 62, false, SIZE, 0 },
		{ "64 typedefs", K_TYPEDEF, 63, false, SIZE, KVMI_EFORMAT },
		{ "array of itself", K_ARRAY, 1, true, SIZE, KVMI_EFORMAT },
		{ "63 dimensions", K_ARRAY, 63, false, SIZE, 0 },
		{ "64 dimensions", K_ARRAY, 64, false, SIZE, KVMI_EFORMAT },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_types *t;
		struct kvmi_member m;
		struct btf_build b;
		uint64_t size;

		/* 1: int; 2: typedef x; 3...: the chain. */
		btf_start(&b, false);
		btf_int(&b, "int", 4, INT_SIGNED);
		btf_type(&b, "x", K_TYPEDEF, false, 0, 3);
		for (uint32_t j = 0; j < row[i].chain; j++) {
			uint32_t next = j + 1 < row[i].chain ? 4 + j :
			    row[i].cycle ? 3 : 1;

			if (row[i].kind == K_ARRAY)
				btf_array(&b, next, 1);
			else
				btf_type(&b, "y", row[i].kind, false, 0, next);
		}
		t = must_open(btf_finish(&b));
		if ((row[i].asks & SIZE) != 0 &&
		    kvmi_type_size(t, "x", &size, &err) != row[i].want)
			fail_msg("%s: size: %s", row[i].name, err.text);
		if ((row[i].asks & MEMBER) != 0 &&
		    kvmi_type_member(t, "x", "m", &m, &err) != row[i].want)
			fail_msg("%s: member: %s", row[i].name, err.text);
		kvmi_types_close(t);
	}
}

/* One struct "s" whose members are hostile in one way each. */
static void
test_hostile_members(void **state)
{
	static const struct {
		const char *name;
		const char *path;
		int want;
		const char *text;
	} row[] = {
		{ "type out of range", "far", KVMI_EFORMAT, "type 4096 of" },
		{ "largest type", "farthest", KVMI_EFORMAT,
		    "type 4294967295 of" },
		{ "void member", "nothing", KVMI_EFORMAT, "has no size" },
		{ "function", "function", KVMI_EFORMAT, "has no size" },
		{ "array too large", "huge", KVMI_EFORMAT, "too many" },
		{ "size too large", "large", KVMI_EFORMAT, "too large" },
		{ "far element", "bound[4294967280]", KVMI_EFORMAT,
		    "too far away" },
		{ "into void", "nothing.x", KVMI_ENOENT, "s.nothing.x" },
		{ "anonymous out of range", "behind", KVMI_EFORMAT,
		    "type 8192 of" },
	};
	uint32_t s, huge, large, bound, big;
	struct kvmi_types *t;
	struct kvmi_member m;
	struct btf_build b;

	(void)state;
	btf_start(&b, false);
	btf_int(&b, "int", 4, INT_SIGNED);
	huge = btf_array(&b, 1, UINT32_MAX);
	huge = btf_array(&b, huge, UINT32_MAX);
	huge = btf_array(&b, huge, UINT32_MAX);
	large = btf_array(&b, 1, UINT32_MAX);
	large = btf_array(&b, large, UINT32_MAX);
	big = btf_type(&b, "big", K_STRUCT, false, 0, UINT32_MAX);
	bound = btf_array(&b, big, 0);
	s = btf_type(&b, NULL, K_FUNC_PROTO, false, 0, 0);
	btf_type(&b, "s", K_STRUCT, false, 10, 16);
	btf_member(&b, "far", 4096, 0);
	btf_member(&b, "farthest", UINT32_MAX, 0);
	btf_member(&b, "nothing", 0, 0);
	btf_member(&b, "function", s, 0);
	btf_member(&b, "huge", huge, 0);
	btf_member(&b, "large", large, 0);
	btf_member(&b, "bound", bound, UINT32_MAX);
	btf_member(&b, NULL, 0, 0);
	btf_member(&b, NULL, 8192, 0);
	btf_member(&b, "behind", 1, 0);
	t = must_open(btf_finish(&b));
	for (size_t i = 0; i < KVMI_COUNT(row); i++)
		if (kvmi_type_member(t, "s", row[i].path, &m, &err) !=
		    row[i].want || strstr(err.text, row[i].text) == NULL)
			fail_msg("%s: %s", row[i].name, err.text);
	kvmi_types_close(t);
}

static void
test_hostile_nesting(void **state)
{
	static const struct {
		const char *name;
		uint32_t depth;		/* structs below the first */
		uint32_t width;		/* members of each, all alike */
		bool cycle;
		int want;
	} row[] = {
		{ "16 deep", 16, 1, false, 0 },
		{ "17 deep", 17, 1, false, KVMI_EFORMAT },
		{ "within itself", 2, 1, true, KVMI_EFORMAT },
		{ "wide and deep", 15, 64, true, KVMI_EFORMAT },
		{ "wide and not so deep", 4, 64, false, KVMI_EFORMAT },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		uint32_t depth = row[i].depth, width = row[i].width;
		struct kvmi_member_list l;
		struct kvmi_types *t;
		struct kvmi_member m;
		struct btf_build b;

		btf_start(&b, false);
		btf_int(&b, "int", 4, INT_SIGNED);
		for (uint32_t j = 0; j <= depth; j++) {
			uint32_t id = btf_type(&b, j == 0 ? "s" : NULL,
			    K_STRUCT, false, width, 16);

			for (uint32_t k = 0; k < width; k++) {
				if (j < depth)
					btf_member(&b, NULL, id + 1, 8);
				else if (row[i].cycle)
					btf_member(&b, NULL, 2, 8);
				else if (width == 1)
					btf_member(&b, "goal", 1, 8);
				else
					btf_member(&b, "other", 1, 8);
			}
		}
		t = must_open(btf_finish(&b));
		if (kvmi_type_member(t, "s", "goal", &m, &err) != row[i].want)
			fail_msg("%s: %s", row[i].name, err.text);
		memset(&l, 0, sizeof(l));
		if (kvmi_type_list(t, "s", &l, &err) != row[i].want)
			fail_msg("%s: list: %s", row[i].name, err.text);
		free(l.v);
		if (row[i].want == 0)
			assert_int_equal(m.off, depth + 1);
		kvmi_types_close(t);
	}
}

static void
test_bad_files(void **state)
{
	enum { STRINGS = 0xffff };
	static const struct {
		const char *name;
		size_t off;		/* in the file */
		uint64_t value;
		unsigned int size;
		int want;
		const char *text;
	} row[] = {
		{ "magic", 0, 0xdead, 2, KVMI_EFORMAT, "magic is 0xdead" },
		{ "version", 2, 2, 1, KVMI_ENOTSUP, "version 2" },
		{ "header too short", 4, 23, 4, KVMI_ETRUNC, "header of 23" },
		{ "header too long", 4, 0x1000000, 4, KVMI_ETRUNC, "pass" },
		{ "types start outside", 8, UINT32_MAX, 4, KVMI_ETRUNC,
		    "pass" },
		{ "types end outside", 12, UINT32_MAX, 4, KVMI_ETRUNC,
		    "pass" },
		{ "strings start outside", 16, UINT32_MAX, 4, KVMI_ETRUNC,
		    "pass" },
		{ "strings end outside", 20, UINT32_MAX, 4, KVMI_ETRUNC,
		    "pass" },
		{ "no strings", 20, 0, 4, KVMI_EFORMAT, "NUL" },
		{ "strings do not start empty", STRINGS, 'x', 1, KVMI_EFORMAT,
		    "NUL" },
		{ "strings do not end", 20, 10, 4, KVMI_EFORMAT, "NUL" },
		{ "types cut short", 12, 11, 4, KVMI_EFORMAT,
		    "type 1 at 0x18 passes" },
		{ "first type cut short", 12, 15, 4, KVMI_EFORMAT,
		    "type 1 at 0x18, of kind 1" },
		{ "kind 0", 24 + 7, 0, 1, KVMI_EFORMAT,
		    "type 1 at 0x18: unknown kind 0" },
		{ "kind 20", 24 + 7, 20, 1, KVMI_EFORMAT,
		    "type 1 at 0x18: unknown kind 20" },
		{ "kind 127", 24 + 7, 0xff, 1, KVMI_EFORMAT,
		    "unknown kind 127" },
		{ "too many members", 24 + 4, 0x4ffffff, 4, KVMI_EFORMAT,
		    "with 16777215 elements" },
		{ "name outside", 24, UINT32_MAX, 4, KVMI_EFORMAT,
		    "its name at 0xffffffff" },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct bytes b = sample(false, 24, 0);
		size_t off = row[i].off;
		struct kvmi_types *t;
		int r;

		if (off == STRINGS)
			off = 24 + kvmi_get32(b.p + 16, false);
		bytes_poke(&b, off, row[i].value, row[i].size);
		r = open_bytes(&b, b.len, &t);
		if (r != row[i].want || strstr(err.text, row[i].text) == NULL)
			fail_msg("%s: %d %s", row[i].name, r, err.text);
		bytes_free(&b);
	}
}

static void
ask_everything(struct kvmi_types *t)
{
	struct kvmi_member m;
	uint64_t size;
	int64_t v;

	for (size_t i = 0; i < KVMI_COUNT(members); i++) {
		kvmi_type_member(t, members[i].type, members[i].path, &m,
		    &err);
		kvmi_type_size(t, members[i].type, &size, &err);
	}
	kvmi_type_enumerator(t, "STATE_GOOD", &v, &err);
}

static void
test_truncated(void **state)
{
	struct bytes b = sample(false, 24, 0);
	struct kvmi_types *t;

	(void)state;
	for (size_t len = 0; len < b.len; len++)
		if (open_bytes(&b, len, &t) == 0)
			fail_msg("opened %zu bytes of %zu", len, b.len);
	bytes_free(&b);
}

/* Types that end anywhere: whole records open, others do not. */
static void
test_truncated_types(void **state)
{
	struct bytes b = sample(false, 24, 0);
	uint32_t types_len;
	struct kvmi_types *t;
	unsigned int opened = 0;

	(void)state;
	memcpy(&types_len, b.p + 12, 4);
	for (uint32_t len = 0; len < types_len; len++) {
		bytes_poke(&b, 12, len, 4);
		if (open_bytes(&b, b.len, &t) != 0)
			continue;
		opened++;
		ask_everything(t);
		kvmi_types_close(t);
	}
	/* After each of its types but the last one, and with none. */
	assert_int_equal(opened, 40);
	bytes_free(&b);
}

static void
test_corrupted(void **state)
{
	static const uint8_t with[] = { 0x00, 0x01, 0x7f, 0xff };
	struct bytes b = sample(false, 24, 0);
	struct kvmi_types *t;

	(void)state;
	for (size_t i = 0; i < b.len; i++) {
		uint8_t byte = b.p[i];

		for (size_t j = 0; j < KVMI_COUNT(with); j++) {
			b.p[i] = with[j];
			if (open_bytes(&b, b.len, &t) != 0)
				continue;
			ask_everything(t);
			kvmi_types_close(t);
		}
		b.p[i] = byte;
	}
	bytes_free(&b);
}

/* A file that is written to after its types were found to be right. */
static void
test_changed(void **state)
{
	static const uint8_t with[] = { 0x00, 0x01, 0x7f, 0xff };
	struct bytes b = sample(false, 24, 0);

	(void)state;
	for (size_t i = 24; i < b.len; i++)
		for (size_t j = 0; j < KVMI_COUNT(with); j++) {
			uint8_t *p = bytes_exact(&b, b.len);
			struct kvmi_types *t;

			assert_int_equal(kvmi_btf_open(&(struct kvmi_blob){ p,
			    b.len, p }, &t, &err), 0);
			p[i] = with[j];
			/* What follows may have been half written too. */
			memset(p + i + 1, with[j], b.len - i - 1 < 8 ?
			    b.len - i - 1 : 8);
			ask_everything(t);
			kvmi_types_close(t);
		}
	bytes_free(&b);
}

/* No types, one byte of strings. */
static void
test_empty(void **state)
{
	struct btf_build b;
	struct kvmi_types *t;

	(void)state;
	btf_start(&b, false);
	t = must_open(btf_finish(&b));
	ask_everything(t);
	kvmi_types_close(t);
}

static void *
race_thread(void *arg)
{
	struct kvmi_types *t = arg;
	struct kvmi_err e;
	uintptr_t wrong = 0;
	int64_t v;

	for (int i = 0; i < 1000; i++)
		if (kvmi_type_enumerator(t, "STATE_BAD", &v, &e) != 0 ||
		    v != -1)
			wrong++;
	return ((void *)wrong);
}

static void
test_concurrent_enumerators(void **state)
{
	struct kvmi_types *t = must_open(sample(false, 24, 0));
	pthread_t thread[4];

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, race_thread,
		    t), 0);
	for (size_t i = 0; i < KVMI_COUNT(thread); i++) {
		void *wrong;

		pthread_join(thread[i], &wrong);
		assert_null(wrong);
	}
	kvmi_types_close(t);
}

/* The kernel this runs on. */
static void
test_this_kernel(void **state)
{
	struct bytes b = { 0 };
	struct kvmi_types *t;
	struct kvmi_member m, next;
	uint64_t size;
	char buf[65536];
	int64_t v;
	size_t n;
	FILE *f;

	(void)state;
	f = fopen("/sys/kernel/btf/vmlinux", "r");
	if (f == NULL)
		skip();
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		bytes_put(&b, buf, n);
	fclose(f);
	t = must_open(b);
	assert_int_equal(kvmi_type_member(t, "task_struct", "comm", &m, &err),
	    0);
	assert_int_equal(m.size, 16);
	assert_int_equal(m.count, 16);
	assert_int_equal(kvmi_type_member(t, "task_struct", "pid", &m, &err),
	    0);
	assert_int_equal(m.size, 4);
	assert_true(m.is_signed);
	assert_int_equal(kvmi_type_size(t, "task_struct", &size, &err), 0);
	assert_true(m.off + m.size < size);
	assert_int_equal(kvmi_type_first(t, "task_struct.__state "
	    "task_struct.state", &m, &err), 0);
	assert_int_equal(kvmi_type_member(t, "task_struct", "tasks", &m, &err),
	    0);
	assert_int_equal(m.size, 2 * sizeof(void *));
	assert_int_equal(kvmi_type_member(t, "task_struct", "tasks.prev",
	    &next, &err), 0);
	assert_int_equal(next.off, m.off + sizeof(void *));
	assert_true(next.is_pointer);
	/* mm_struct's members lie in an anonymous structure. */
	assert_int_equal(kvmi_type_member(t, "mm_struct", "pgd", &m, &err), 0);
	assert_int_equal(m.size, sizeof(void *));
	assert_int_equal(kvmi_type_first(t, "mm_struct.rss_stat[1].count "
	    "mm_struct.rss_stat.count[1]", &m, &err), 0);
	assert_int_equal(m.size, 8);
	assert_int_equal(kvmi_type_member(t, "task_struct",
	    "sched_reset_on_fork", &m, &err), 0);
	assert_int_equal(m.bit_size, 1);
	assert_int_equal(kvmi_type_enumerator(t, "PIDTYPE_PID", &v, &err), 0);
	assert_int_equal(v, 0);
	assert_int_equal(kvmi_type_enumerator(t, "NETREG_UNINITIALIZED", &v,
	    &err), 0);
	kvmi_types_close(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_error_texts),
		cmocka_unit_test(test_pointer_size),
		cmocka_unit_test(test_old_enums),
		cmocka_unit_test(test_hostile_references),
		cmocka_unit_test(test_hostile_members),
		cmocka_unit_test(test_hostile_nesting),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_truncated_types),
		cmocka_unit_test(test_corrupted),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_concurrent_enumerators),
		cmocka_unit_test(test_this_kernel),
	};

	return (cmocka_run_group_tests_name("btf", tests, NULL, NULL));
}
