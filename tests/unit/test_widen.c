/* SPDX-License-Identifier: BSD-2-Clause */
/* How far around an address one walk of the page tables answers. */
#include "walk_memory.h"

#define MB2	(UINT64_C(1) << 21)

/* L1 at 0x8000: what lies beside a page, and how wide it gets by that. */
static void
test_widen(void **state)
{
	static const struct {
		const char *name;
		uint64_t va;
		struct word word[8];
		uint64_t start, len, pa;
	} row[] = {
		{ "alone", 0x3000, { { 0x8018, 0x13003 } },
		    0x3000, 0x1000, 0x13000 },
		{ "two after it", 0x3000, { { 0x8018, 0x13003 },
		    { 0x8020, 0x14003 }, { 0x8028, 0x15003 } },
		    0x3000, 0x3000, 0x13000 },
		{ "two before it", 0x5000, { { 0x8018, 0x13003 },
		    { 0x8020, 0x14003 }, { 0x8028, 0x15003 } },
		    0x3000, 0x3000, 0x13000 },
		{ "on both sides", 0x4000, { { 0x8018, 0x13003 },
		    { 0x8020, 0x14003 }, { 0x8028, 0x15003 } },
		    0x3000, 0x3000, 0x13000 },
		{ "a gap", 0x3000, { { 0x8018, 0x13003 },
		    { 0x8028, 0x15003 } }, 0x3000, 0x1000, 0x13000 },
		{ "another place", 0x3000, { { 0x8018, 0x13003 },
		    { 0x8020, 0x13003 } }, 0x3000, 0x1000, 0x13000 },
		{ "descending", 0x3000, { { 0x8018, 0x13003 },
		    { 0x8020, 0x12003 } }, 0x3000, 0x1000, 0x13000 },
		{ "first entry", 0, { { 0x8000, 0x10003 },
		    { 0x8008, 0x11003 } }, 0, 0x2000, 0x10000 },
		{ "last entry", 0x1ff000, { { 0x8ff0, 0x10003 },
		    { 0x8ff8, 0x11003 } }, 0x1fe000, 0x2000, 0x10000 },
		{ "before physical 0", 0x3000, { { 0x8010, 0xfffffffff003 },
		    { 0x8018, 0x3 }, { 0x8020, 0x1003 } },
		    0x3000, 0x2000, 0 },
		{ "2 MiB pages", 0x400000, { { 0x7010, 0x600083 },
		    { 0x7018, 0x800083 } }, 0x400000, 2 * MB2, 0x600000 },
		{ "a table beside a 2 MiB page", 0x400000,
		    { { 0x7010, 0x600083 }, { 0x7018, 0x800003 } }, 0x400000,
		    MB2, 0x600000 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct word word[16] = { { 0x5000, 0x6003 },
			{ 0x6000, 0x7003 }, { 0x7000, 0x8003 } };
		struct memory m = { .word = word, .n = 11, .end = 0x10000 };
		struct kvmi_paging p = { .arch = &kvmi_arch_x86_64,
			.root_pa = 0x5000, .levels = 4 };
		struct kvmi_mapping ret;
		struct kvmi_err err;

		memcpy(word + 3, row[i].word, sizeof(row[i].word));
		UTIL_EQ(row[i].name, kvmi_walk(&p, row[i].va, read_memory, &m,
		    &ret, &err), 0);
		kvmi_widen(&p, read_memory, &m, &ret);
		UTIL_EQ(row[i].name, ret.va, row[i].start);
		UTIL_EQ(row[i].name, ret.len, row[i].len);
		UTIL_EQ(row[i].name, ret.pa, row[i].pa);
	}
}

/* A full table is one stretch; a table that is half there is left alone. */
static void
test_widen_table(void **state)
{
	static struct word word[3 + 512] = { { 0x5000, 0x6003 },
		{ 0x6000, 0x7003 }, { 0x7000, 0x8003 } };
	struct memory m = { .word = word, .n = KVMI_COUNT(word),
		.end = 0x10000 };
	struct kvmi_paging p = { .arch = &kvmi_arch_x86_64, .root_pa = 0x5000,
		.levels = 4 };
	struct kvmi_mapping ret;
	struct kvmi_err err;

	(void)state;
	for (uint64_t i = 0; i < 512; i++)
		word[3 + i] = (struct word){ 0x8000 + 8 * i,
			(0x100000 + (i << 12)) | 3 };
	UTIL_EQ("full", kvmi_walk(&p, 0x77000, read_memory, &m, &ret, &err),
	    0);
	kvmi_widen(&p, read_memory, &m, &ret);
	UTIL_EQ("full", ret.va, 0);
	UTIL_EQ("full", ret.len, MB2);
	UTIL_EQ("full", ret.pa, 0x100000);
	m.end = 0x8800;
	UTIL_EQ("half", kvmi_walk(&p, 0x77000, read_memory, &m, &ret, &err),
	    0);
	kvmi_widen(&p, read_memory, &m, &ret);
	UTIL_EQ("half", ret.va, 0x77000);
	UTIL_EQ("half", ret.len, 0x1000);
}

/*
 * What each format reaches from its highest level down: each table's entry 1,
 * or where the top has only four its entry 3, leads on.
 */
static void
test_depth(void **state)
{
	static const struct {
		const char *name;
		const struct kvmi_arch *arch;
		unsigned int levels;
		uint64_t va;
		struct word word[5];
		uint64_t pa;
		uint64_t beyond;	/* not translated */
	} row[] = {
		{ "PAE", &kvmi_arch_i386_pae, 3, 0xc0201234,
		    { { 0x5018, 0x6001 }, { 0x6008, 0x7003 },
		    { 0x7008, UINT64_C(0x123456003) } },
		    UINT64_C(0x123456000), UINT64_C(0x1c0201234) },
		{ "LPAE", &kvmi_arch_arm_lpae, 3, 0xc0201234,
		    { { 0x5018, 0x6003 }, { 0x6008, 0x7003 },
		    { 0x7008, UINT64_C(0x123456703) } },
		    UINT64_C(0x123456000), UINT64_C(0x1c0201234) },
		{ "Sv39", &kvmi_arch_riscv64, 3, 0x40201234,
		    { { 0x5008, 0x1801 }, { 0x6008, 0x1c01 },
		    { 0x7008, 0x48d1583 } }, 0x12345000, UINT64_C(1) << 38 },
		{ "Sv48", &kvmi_arch_riscv64, 4, UINT64_C(0x8040201234),
		    { { 0x5008, 0x1801 }, { 0x6008, 0x1c01 },
		    { 0x7008, 0x2001 }, { 0x8008, 0x48d1583 } }, 0x12345000,
		    UINT64_C(1) << 47 },
		{ "Sv57", &kvmi_arch_riscv64, 5, UINT64_C(0x1008040201234),
		    { { 0x5008, 0x1801 }, { 0x6008, 0x1c01 },
		    { 0x7008, 0x2001 }, { 0x8008, 0x2401 },
		    { 0x9008, 0x48d1583 } }, 0x12345000, UINT64_C(1) << 56 },
		/* At level 0: two tables of entries of 4 bytes each. */
		{ "i386", &kvmi_arch_i386, 2, 0x00401234,
		    { { 0x5000, UINT64_C(0x600300000000) },
		    { 0x6000, UINT64_C(0x1234500300000000) } }, 0x12345000,
		    UINT64_C(0x100401234) },
		{ "arm", &kvmi_arch_arm, 2, 0x00101234,
		    { { 0x5000, UINT64_C(0x640100000000) },
		    { 0x6400, UINT64_C(0x1234500200000000) } }, 0x12345000,
		    UINT64_C(0x100101234) },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		const char *name = row[i].name;
		struct memory m = { .word = row[i].word,
			.n = KVMI_COUNT(row[i].word), .end = 0x100000 };
		struct kvmi_paging p = { .arch = row[i].arch,
			.root_pa = 0x5000, .levels = row[i].levels };
		struct kvmi_mapping ret;
		struct kvmi_err err;

		UTIL_EQ(name, kvmi_walk(&p, row[i].va, read_memory, &m, &ret,
		    &err), 0);
		UTIL_EQ(name, ret.pa, row[i].pa);
		UTIL_EQ(name, ret.va, row[i].va & ~UINT64_C(0xfff));
		UTIL_EQ(name, kvmi_walk(&p, row[i].beyond, read_memory, &m,
		    &ret, &err), KVMI_ENOTMAPPED);
		UTIL_EQ(name, m.reads, row[i].levels);
	}
}

/* Of a table of 16 KiB a page is looked at: 1024 sections in a row are one. */
static void
test_widen_sections(void **state)
{
	static struct word word[1024];
	struct memory m = { .word = word, .n = KVMI_COUNT(word),
		.end = 0x10000 };
	struct kvmi_paging p = { .arch = &kvmi_arch_arm, .root_pa = 0x4000,
		.levels = 2 };
	struct kvmi_mapping ret;
	struct kvmi_err err;

	(void)state;
	/* Two to a word, from 0x80000000 to 0xc0000000 and further. */
	for (uint64_t i = 0; i < KVMI_COUNT(word); i++)
		word[i] = (struct word){ 0x6000 + 8 * i,
			(((2 * i + 1) << 20) | 2) << 32 | (2 * i << 20) | 2 };
	UTIL_EQ("section", kvmi_walk(&p, 0xc0312345, read_memory, &m, &ret,
	    &err), 0);
	UTIL_EQ("section", ret.len, 0x100000);
	kvmi_widen(&p, read_memory, &m, &ret);
	UTIL_EQ("section", ret.va, 0xc0000000);
	UTIL_EQ("section", ret.len, UINT64_C(0x40000000));
	UTIL_EQ("section", ret.pa, 0x40000000);
}

/* Entries of any bits: a stretch that holds the address comes back. */
static void
test_random(void **state)
{
	uint64_t rnd = 11;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct word word[64];
		struct memory m = { .word = word, .n = 64, .end = 0x10000 };
		struct kvmi_paging p = { .arch = &kvmi_arch_x86_64,
			.root_pa = 0x1000, .levels = i % 2 ? 5 : 4 };
		uint64_t va = util_random(&rnd);
		struct kvmi_mapping ret;
		struct kvmi_err err;
		int r;

		if (i % 4 < 2)		/* one that tables may map */
			va &= 0x3fffff;
		for (size_t n = 0; n < 64; n++)
			word[n] = (struct word){ (util_random(&rnd) % 0x10000) &
				(n % 2 ? ~UINT64_C(0xfff) : ~UINT64_C(7)),
				util_random(&rnd) & (n % 3 ? 0xf0ff : ~0ull) };
		r = kvmi_walk(&p, va, read_memory, &m, &ret, &err);
		UTIL_TRUE("holds it", ret.len != 0 && va - ret.va < ret.len);
		if (r != 0)
			continue;
		UTIL_TRUE("aligned", ret.pa % 0x1000 == 0);
		kvmi_widen(&p, read_memory, &m, &ret);
		UTIL_TRUE("holds it still", va - ret.va < ret.len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_widen),
		cmocka_unit_test(test_widen_table),
		cmocka_unit_test(test_widen_sections),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_random),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
