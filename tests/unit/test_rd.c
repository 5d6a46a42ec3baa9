/* SPDX-License-Identifier: BSD-2-Clause */
/* The bounded reader, and what it stands on: byte order, checked arithmetic. */
#include "util.h"

#include "base/endian.h"
#include "base/hex.h"
#include "base/rd.h"

static const uint8_t data[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
	0x88, 0x99 };

static const struct {
	const char *name;
	size_t size;
	uint64_t little, big;
} uint_row[] = {
	{ "1 byte", 1, 0x01, 0x01 },
	{ "2 bytes", 2, 0x0201, 0x0102 },
	{ "3 bytes", 3, 0x030201, 0x010203 },
	{ "4 bytes", 4, 0x04030201, 0x01020304 },
	{ "5 bytes", 5, 0x0504030201, 0x0102030405 },
	{ "6 bytes", 6, 0x060504030201, 0x010203040506 },
	{ "7 bytes", 7, 0x07060504030201, 0x01020304050607 },
	{ "8 bytes", 8, UINT64_C(0x8807060504030201),
	    UINT64_C(0x0102030405060788) },
};

static void
test_uint(void **state)
{
	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(uint_row); i++)
		for (size_t shift = 0; shift < 8; shift++) {
			uint8_t moved[24] = { 0 };

			memcpy(moved + shift, data, sizeof(data));
			UTIL_EQ(uint_row[i].name, kvmi_get_uint(moved + shift,
			    (unsigned int)uint_row[i].size, false),
			    uint_row[i].little);
			UTIL_EQ(uint_row[i].name, kvmi_get_uint(moved + shift,
			    (unsigned int)uint_row[i].size, true),
			    uint_row[i].big);
		}
	UTIL_EQ("get16", kvmi_get16(data, true), 0x0102);
	UTIL_EQ("get32", kvmi_get32(data + 1, false), 0x05040302);
	UTIL_EQ("get64", kvmi_get64(data + 1, true),
	    UINT64_C(0x0203040506078899));
}

/* Each size at each length of what there is. */
static void
test_bounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(uint_row); i++)
		for (size_t len = 0; len <= sizeof(data); len++) {
			const char *name = uint_row[i].name;
			struct bytes b = { .p = (uint8_t *)(uintptr_t)data };
			uint8_t *copy = bytes_exact(&b, len);
			struct kvmi_err err = { 0 };
			struct kvmi_rd r = { .what = "header", .len = len,
				.base = copy, .off = 0x100, .err = &err };
			bool fits = uint_row[i].size <= len;
			uint64_t v;

			v = kvmi_rd_uint(&r, "the field", uint_row[i].size);
			UTIL_EQ(name, v, fits ? uint_row[i].little : 0);
			UTIL_EQ(name, r.status, fits ? 0 : KVMI_ETRUNC);
			UTIL_EQ(name, r.pos, fits ? uint_row[i].size : 0);
			if (!fits) {
				UTIL_EQ(name, err.code, KVMI_ETRUNC);
				UTIL_TRUE(name, strstr(err.text, "header") !=
				    NULL && strstr(err.text, "the field") !=
				    NULL && strstr(err.text, "0x100") != NULL);
			}
			free(copy);
		}
}

static void
test_sticky(void **state)
{
	struct kvmi_err err = { 0 };
	struct kvmi_rd r = { .base = data, .len = 4, .what = "header",
		.err = &err };

	(void)state;
	UTIL_EQ("first", kvmi_rd_u16(&r, "a"), 0x0201);
	UTIL_EQ("fails", kvmi_rd_u32(&r, "b"), 0);
	UTIL_EQ("fails", r.status, KVMI_ETRUNC);
	UTIL_EQ("then nothing more", kvmi_rd_u16(&r, "c"), 0);
	UTIL_TRUE("then nothing more", kvmi_rd_bytes(&r, "d", 0) == NULL);
	kvmi_rd_seek(&r, "e", 0);
	UTIL_EQ("not moved", r.pos, 2);
	UTIL_TRUE("the first is told", strstr(err.text, "header: b at 0x2") !=
	    NULL);
	UTIL_EQ("after", kvmi_rd_u64(&r, "f"), 0);
	UTIL_TRUE("the first is told", strstr(err.text, "header: b at 0x2") !=
	    NULL);
}

static void
test_bytes_and_seek(void **state)
{
	static const struct {
		const char *name;
		size_t seek, size;
		int want;
	} row[] = {
		{ "all", 0, 9, 0 },
		{ "nothing", 0, 0, 0 },
		{ "nothing, at the end", 9, 0, 0 },
		{ "the last byte", 8, 1, 0 },
		{ "one too many", 0, 10, KVMI_ETRUNC },
		{ "one behind the end", 9, 1, KVMI_ETRUNC },
		{ "seek past the end", 10, 0, KVMI_ETRUNC },
		{ "seek to the largest", SIZE_MAX, 0, KVMI_ETRUNC },
		{ "the largest size", 1, SIZE_MAX, KVMI_ETRUNC },
		{ "a size that wraps", 4, SIZE_MAX - 3, KVMI_ETRUNC },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_err err = { 0 };
		struct kvmi_rd r = { .base = data, .len = sizeof(data),
			.what = "header", .err = &err };
		const void *p;

		kvmi_rd_seek(&r, "start", row[i].seek);
		p = kvmi_rd_bytes(&r, "rest", row[i].size);
		UTIL_FAILS(row[i].name, r.status, row[i].want, &err);
		UTIL_TRUE(row[i].name, row[i].want == 0 ?
		    p == data + row[i].seek : p == NULL);
	}
}

static void
test_math(void **state)
{
	static const struct {
		const char *name;
		uint64_t off, len, size;
		bool inside;
	} inside[] = {
		{ "all", 0, 10, 10, true },
		{ "nothing at the end", 10, 0, 10, true },
		{ "nothing behind the end", 11, 0, 10, false },
		{ "one too many", 0, 11, 10, false },
		{ "a sum that wraps", UINT64_MAX, 2, 10, false },
		{ "a sum that wraps to inside", UINT64_MAX - 4, 10, 10,
		    false },
		{ "the largest length", 1, UINT64_MAX, 10, false },
		{ "an empty file", 0, 0, 0, true },
		{ "one byte of an empty file", 0, 1, 0, false },
		{ "the largest file", 0, UINT64_MAX, UINT64_MAX, true },
	};
	static const struct {
		const char *name;
		uint64_t v, align, want;
		bool ok;
	} round[] = {
		{ "zero", 0, 4096, 0, true },
		{ "one", 1, 4096, 4096, true },
		{ "exact", 4096, 4096, 4096, true },
		{ "by one", 7, 1, 7, true },
		{ "the last multiple", UINT64_MAX - 4095, 4096,
		    UINT64_MAX - 4095, true },
		{ "beyond the last multiple", UINT64_MAX - 4094, 4096, 0,
		    false },
		{ "the largest", UINT64_MAX, 2, 0, false },
	};
	static const char *const digits = "00ff10a9";
	const uint8_t raw[] = { 0x00, 0xff, 0x10, 0xa9 };
	char hex[9];
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(inside); i++)
		UTIL_EQ(inside[i].name, kvmi_inside(inside[i].off,
		    inside[i].len, inside[i].size), inside[i].inside);
	for (size_t i = 0; i < KVMI_COUNT(round); i++) {
		v = 0;
		UTIL_EQ(round[i].name, kvmi_round_up(round[i].v,
		    round[i].align, &v), round[i].ok);
		UTIL_EQ(round[i].name, v, round[i].want);
	}
	UTIL_TRUE("add", kvmi_add(UINT64_MAX - 1, 1, &v) && v == UINT64_MAX);
	UTIL_TRUE("add wraps", !kvmi_add(UINT64_MAX, 1, &v));
	UTIL_TRUE("mul", kvmi_mul(UINT64_C(1) << 32, UINT32_MAX, &v) &&
	    v == (uint64_t)UINT32_MAX << 32);
	UTIL_TRUE("mul wraps", !kvmi_mul(UINT64_C(1) << 32,
	    UINT64_C(1) << 32, &v));
	UTIL_TRUE("mul by zero", kvmi_mul(UINT64_MAX, 0, &v) && v == 0);
	UTIL_EQ("pow2", kvmi_is_pow2(0), false);
	UTIL_EQ("pow2", kvmi_is_pow2(1), true);
	UTIL_EQ("pow2", kvmi_is_pow2(UINT64_C(1) << 63), true);
	UTIL_EQ("pow2", kvmi_is_pow2(UINT64_MAX), false);
	UTIL_EQ("pow2", kvmi_is_pow2(4096 + 1024), false);
	kvmi_hex(hex, raw, sizeof(raw));
	UTIL_STR("hex", hex, digits);
	kvmi_hex(hex, raw, 0);
	UTIL_STR("hex of nothing", hex, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uint),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_sticky),
		cmocka_unit_test(test_bytes_and_seek),
		cmocka_unit_test(test_math),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
