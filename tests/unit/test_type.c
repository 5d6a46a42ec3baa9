/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "base/math.h"
#include "build_btf_sample.h"
#include "check_list.h"
#include "type/listed.h"

static void
test_first(void **state)
{
	static const struct {
		const char *name, *spellings;
		int r;
		uint64_t off;
		const char *text;
	} row[] = {
		{ "one", "task.comm", 0, 40, NULL },
		{ "first of two", "task.comm task.tasks", 0, 40, NULL },
		{ "second", "task.name task.comm", 0, 40, NULL },
		{ "type is gone", "gone.comm task.comm", 0, 40, NULL },
		{ "no array any more", "task.state[0] task.tasks.next", 0, 24,
		    NULL },
		{ "spaces", "  task.name   task.comm ", 0, 40, NULL },
		{ "missing", "task.name", KVMI_ENOENT, 0,
		    "BTF: no member task.name" },
		{ "all missing", "task.name task.nom", KVMI_ENOENT, 0,
		    "BTF: none of these is there: task.name task.nom" },
		{ "none", "", KVMI_EINVAL, 0, "no member named" },
		{ "spaces only", "  ", KVMI_EINVAL, 0, "no member named" },
		{ "no member", "task", KVMI_EINVAL, 0,
		    "no member of a structure: task" },
		{ "an error ends it", "task.unaligned task.comm", KVMI_EFORMAT,
		    0, NULL },
	};
	struct kvmi_types *t = must_open(sample(false, 24, 0));
	char spellings[400];
	struct kvmi_member m;

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		memset(&m, 0, sizeof(m));
		err.text[0] = '\0';
		if (kvmi_type_first(t, row[i].spellings, &m, &err) !=
		    row[i].r || m.off != row[i].off || (row[i].text != NULL &&
		    strcmp(err.text, row[i].text) != 0))
			fail_msg("%s: %" PRIu64 " %s", row[i].name, m.off,
			    err.text);
	}
	memset(spellings, 'x', sizeof(spellings));
	spellings[sizeof(spellings) - 1] = '\0';
	assert_int_equal(kvmi_type_first(t, spellings, &m, &err), KVMI_EINVAL);
	kvmi_types_close(t);
}

static void
test_member_get(void **state)
{
	static const uint8_t copy[16] = {
		0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8,
		0x00, 0x00, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00,
	};
	static const struct {
		const char *name;
		struct kvmi_member m;
		uint64_t little, big;
	} row[] = {
		{ "u8", { 0, 1, 1, 0, 0, false, false }, 0x81, 0x81 },
		{ "s8", { 0, 1, 1, 0, 0, true, false }, (uint64_t)-0x7f,
		    (uint64_t)-0x7f },
		{ "u16", { 1, 2, 1, 0, 0, false, false }, 0xa392, 0x92a3 },
		{ "u24", { 0, 3, 1, 0, 0, false, false }, 0xa39281, 0x8192a3 },
		{ "u32", { 0, 4, 1, 0, 0, false, false }, 0xb4a39281,
		    0x8192a3b4 },
		{ "s32", { 4, 4, 1, 0, 0, true, false }, 0xfffffffff8e7d6c5,
		    0xffffffffc5d6e7f8 },
		{ "positive s32", { 8, 4, 1, 0, 0, true, false }, 0, 0 },
		{ "u64", { 0, 8, 1, 0, 0, false, false }, 0xf8e7d6c5b4a39281,
		    0x8192a3b4c5d6e7f8 },
		{ "s64", { 0, 8, 1, 0, 0, true, false }, 0xf8e7d6c5b4a39281,
		    0x8192a3b4c5d6e7f8 },
		{ "pointer", { 8, 8, 1, 0, 0, false, true }, 0x8000000000,
		    0x80000000 },
		{ "array: its first element", { 0, 8, 4, 0, 0, false, false },
		    0x9281, 0x8192 },
		{ "array of one", { 0, 2, 1, 0, 0, false, false }, 0x9281,
		    0x8192 },
		{ "bit 0", { 0, 1, 1, 0, 1, false, false }, 1, 1 },
		{ "bit 1", { 0, 1, 1, 1, 1, false, false }, 0, 0 },
		{ "signed bit", { 0, 1, 1, 0, 1, true, false }, UINT64_MAX,
		    UINT64_MAX },
		{ "12 bits from 1 on", { 0, 2, 1, 1, 12, false, false }, 0x940,
		    0x032 },
		{ "signed 12 bits", { 0, 2, 1, 1, 12, true, false },
		    (uint64_t)-0x6c0, 0x032 },
		{ "64 bits", { 0, 8, 1, 0, 64, true, false },
		    0xf8e7d6c5b4a39281, 0x8192a3b4c5d6e7f8 },
		{ "last byte", { 15, 1, 1, 0, 0, false, false }, 0, 0 },
		{ "bits past its bytes", { 0, 1, 1, 4, 5, false, false }, 0,
		    0 },
		{ "structure", { 0, 16, 1, 0, 0, false, false }, 0, 0 },
		{ "array without elements", { 0, 0, 0, 0, 0, false, false }, 0,
		    0 },
		{ "past the end", { 16, 1, 1, 0, 0, false, false }, 0, 0 },
		{ "across the end", { 9, 8, 1, 0, 0, false, false }, 0, 0 },
		{ "far away", { UINT64_MAX, 8, 1, 0, 0, false, false }, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		uint8_t *p = malloc(sizeof(copy));
		uint64_t little, big;

		assert_non_null(p);
		memcpy(p, copy, sizeof(copy));
		little = kvmi_member_get(&row[i].m, p, sizeof(copy), false);
		big = kvmi_member_get(&row[i].m, p, sizeof(copy), true);
		if (little != row[i].little || big != row[i].big)
			fail_msg("%s: %" PRIx64 " %" PRIx64, row[i].name,
			    little, big);
		free(p);
	}
}

/* Bit-fields as a compiler lays them out, through BTF of either order. */
static void
test_bit_fields(void **state)
{
	static const uint8_t little[] = { 0x47, 0x95 };
	static const uint8_t big[] = { 0xd5, 0x1c };
	static const struct {
		const char *path;
		uint64_t want;
	} row[] = {
		/* int low:1 = -1, mid:12 = -0x55d; then 100 in binary. */
		{ "low", UINT64_MAX },
		{ "mid", (uint64_t)-0x55d },
	};

	(void)state;
	for (int be = 0; be <= 1; be++) {
		struct kvmi_types *t = must_open(sample(be != 0, 24, 0));
		uint8_t copy[424] = { 0 };

		memcpy(copy + 184, be != 0 ? big : little, 2);
		for (size_t i = 0; i < KVMI_COUNT(row); i++) {
			struct kvmi_member m;

			assert_int_equal(kvmi_type_member(t, "task",
			    row[i].path, &m, &err), 0);
			if (kvmi_member_get(&m, copy, sizeof(copy),
			    be != 0) != row[i].want)
				fail_msg("%s %s: %" PRIx64, row[i].path,
				    be != 0 ? "big" : "little",
				    kvmi_member_get(&m, copy, sizeof(copy),
				    be != 0));
		}
		kvmi_types_close(t);
	}
}

/* Of a source that was told of some members one by one, and one of none. */
static void
test_listed(void **state)
{
	static const struct kvmi_listed rows[] = {
		{ "task", "second", { .off = 8, .size = 4, .count = 1 } },
		{ "task", "", { .size = 32 } },
		{ "task", "first", { .off = 0, .size = 8, .count = 1,
		    .is_pointer = true } },
		{ "task", "first.inner", { .off = 4, .size = 4, .count = 1 } },
		{ "task", "many[1]", { .off = 20, .size = 4, .count = 1 } },
		{ "other", "third", { .off = 4, .size = 4, .count = 1 } },
		{ "sized", "", { .size = 8 } },
	};
	static const struct kvmi_types_ops none = { .name = "none" };
	struct kvmi_types bare = { .ops = &none, .where = "bare" }, *t;
	struct kvmi_member_list l = { 0 };
	struct kvmi_member m;

	(void)state;
	assert_int_equal(kvmi_listed_open(rows, KVMI_COUNT(rows), "told", &t,
	    &err), 0);
	assert_int_equal(check_list(t, "task", "first"), 2);
	assert_int_equal(check_list(t, "other", "third"), 1);
	assert_int_equal(kvmi_type_list(t, "sized", &l, &err), 0);
	assert_int_equal(l.n, 0);
	assert_int_equal(kvmi_type_list(t, "nothing", &l, &err), KVMI_ENOENT);
	assert_int_equal(kvmi_type_member(t, "task", "second", &m, &err), 0);
	assert_int_equal(kvmi_type_member(t, "task", "", &m, &err),
	    KVMI_EINVAL);
	kvmi_types_close(t);
	assert_int_equal(kvmi_type_list(&bare, "task", &l, &err),
	    KVMI_ENOTSUP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_member_get),
		cmocka_unit_test(test_bit_fields),
		cmocka_unit_test(test_listed),
	};

	return (cmocka_run_group_tests_name("type", tests, NULL, NULL));
}
