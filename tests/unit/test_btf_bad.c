/* SPDX-License-Identifier: BSD-2-Clause */
/* BTF that leads astray, does not end, or is cut or changed anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/endian.h"
#include "base/math.h"
#include "btf_members.h"
#include "build_btf_sample.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_references),
		cmocka_unit_test(test_hostile_members),
		cmocka_unit_test(test_hostile_nesting),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_truncated_types),
		cmocka_unit_test(test_corrupted),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_empty),
	};

	return (cmocka_run_group_tests_name("btf_bad", tests, NULL, NULL));
}
