/* SPDX-License-Identifier: BSD-2-Clause */
/* Walks of page tables; how far their answers reach: test_widen.c. */
#include "walk_memory.h"

#define NX	(UINT64_C(1) << 63)
#define GB	(UINT64_C(1) << 30)
#define MB2	(UINT64_C(1) << 21)
#define TOP	UINT64_C(0xffff800000000000)
#define SME	(UINT64_C(1) << 47)

static const struct word tables4[] = {
	{ 0x5000, 0x6003 },			/* L4[0]     -> 0x6000 */
	{ 0x5008, 0x6003 | SME },		/* L4[1]     the same, encrypted */
	{ 0x5010, 0x6083 },			/* L4[2]     bit 7 means nothing */
	{ 0x5ff8, 0x6003 },			/* L4[511] */
	{ 0x5018, 0x90000003 },			/* L4[3]     -> not in the dump */
	{ 0x5800, 0x5003 },			/* L4[256]   -> itself */
	{ 0x6000, 0x7003 },			/*   L3[0]   -> 0x7000 */
	{ 0x6008, 0x40000083 | NX },		/*   L3[1]   1 GiB */
	{ 0x6010, 0x80001183 },			/*   L3[2]   1 GiB with PAT */
	{ 0x6018, 0x90000003 },			/*   L3[3]   -> not in the dump */
	{ 0x6020, 0x7002 },			/*   L3[4]   not present */
	{ 0x6ff8, 0x7003 },			/*   L3[511] */
	{ 0x7000, 0x8003 },			/*     L2[0] -> 0x8000 */
	{ 0x7028, 0xe00083 },			/*     L2[5] 2 MiB */
	{ 0x7030, 0x90000003 },			/*     L2[6] -> not in the dump */
	{ 0x7038, 0xe01183 },			/*     L2[7] 2 MiB with PAT */
	{ 0x7ff8, 0x8003 },			/*     L2[511] */
	{ 0x8000, 0x123001 },			/*       L1[0] read-only */
	{ 0x8008, 0x124003 | NX },		/*       L1[1] */
	{ 0x8010, 0x125083 },			/*       L1[2] bit 7 is PAT */
	{ 0x8018, 0xdead000 },			/*       L1[3] not present */
	{ 0x8020, UINT64_MAX },			/*       L1[4] all ones */
	{ 0x8ff8, 0x200003 | SME },		/*       L1[511] */
};

static const struct word tables5[] = {
	{ 0x4000, 0x5003 },			/* L5[0] */
	{ 0x4ff8, 0x5003 },			/* L5[511] */
	{ 0x5000, 0x6003 },
	{ 0x5ff8, 0x6003 },
	{ 0x6000, 0x7003 },
	{ 0x6ff8, 0x40000083 },
	{ 0x7000, 0x8003 },
	{ 0x8000, 0x123003 },
};

static const struct {
	const char *name;
	unsigned int levels;
	uint64_t va;
	int want;
	uint64_t pa;		/* of ret->va */
	uint64_t start, len;
	uint8_t prot;
} walk_row[] = {
	{ "first page", 4, 0x10, 0, 0x123000, 0, 0x1000, KVMI_PROT_R |
	    KVMI_PROT_X },
	{ "second page", 4, 0x1fff, 0, 0x124000, 0x1000, 0x1000,
	    KVMI_PROT_R | KVMI_PROT_W },
	{ "bit 7 in a last-level entry", 4, 0x2000, 0, 0x125000, 0x2000,
	    0x1000, 7 },
	{ "not present", 4, 0x3000, KVMI_ENOTMAPPED, 0, 0x3000, 0x1000, 0 },
	{ "all ones", 4, 0x4000, 0, UINT64_C(0xffffffffff000), 0x4000, 0x1000,
	    KVMI_PROT_R | KVMI_PROT_W },
	{ "zero entry", 4, 0x5000, KVMI_ENOTMAPPED, 0, 0x5000, 0x1000, 0 },
	{ "2 MiB page", 4, 0xa12345, 0, 0xe00000, 0xa00000, MB2, 7 },
	{ "2 MiB page, its last byte", 4, 0xbfffff, 0, 0xe00000, 0xa00000,
	    MB2, 7 },
	{ "2 MiB page with PAT", 4, 0xe00000, 0, 0xe00000, 0xe00000, MB2, 7 },
	{ "level 1 table not in the dump", 4, 0xc01000, KVMI_ENOTINDUMP, 0,
	    0xc00000, MB2, 0 },
	{ "no level 1 table", 4, 0x400000, KVMI_ENOTMAPPED, 0, 0x400000, MB2,
	    0 },
	{ "1 GiB page", 4, GB + 12345, 0, 0x40000000, GB, GB,
	    KVMI_PROT_R | KVMI_PROT_W },
	{ "1 GiB page with PAT", 4, 2 * GB, 0, 0x80000000, 2 * GB, GB, 7 },
	{ "level 2 table not in the dump", 4, 3 * GB + 1, KVMI_ENOTINDUMP, 0,
	    3 * GB, GB, 0 },
	{ "level 3 entry not present", 4, 4 * GB, KVMI_ENOTMAPPED, 0, 4 * GB,
	    GB, 0 },
	{ "level 3 table not in the dump", 4, 3 * 512 * GB + 5,
	    KVMI_ENOTINDUMP, 0, 3 * 512 * GB, 512 * GB, 0 },
	{ "bit 7 in a level 4 entry", 4, 2 * 512 * GB, 0, 0x123000,
	    2 * 512 * GB, 0x1000, 5 },
	{ "no level 3 table", 4, 5 * 512 * GB, KVMI_ENOTMAPPED, 0,
	    5 * 512 * GB, 512 * GB, 0 },
	{ "encrypted entry", 4, 512 * GB, 0, 0x123000, 512 * GB, 0x1000, 5 },
	{ "the last page", 4, UINT64_MAX, 0, 0x200000, UINT64_MAX - 0xfff,
	    0x1000, 7 },
	{ "the last page of the lower half", 4, TOP - 1, KVMI_ENOTMAPPED, 0,
	    TOP - 0x1000, 0x1000, 0 },
	{ "the first that is not canonical", 4, UINT64_C(1) << 47,
	    KVMI_ENOTMAPPED, 0, UINT64_C(1) << 47, 0x1000, 0 },
	{ "the last that is not canonical", 4, TOP - 1, KVMI_ENOTMAPPED, 0,
	    TOP - 0x1000, 0x1000, 0 },
	{ "the root as a table below itself", 4, TOP, 0, 0x8000, TOP, 0x1000, 7 },
	{ "five levels", 5, 0, 0, 0x123000, 0, 0x1000, 7 },
	{ "five levels, canonical with four", 5, UINT64_C(1) << 47,
	    KVMI_ENOTMAPPED, 0, UINT64_C(1) << 47, 512 * GB, 0 },
	{ "five levels, not canonical", 5, UINT64_C(1) << 56,
	    KVMI_ENOTMAPPED, 0, UINT64_C(1) << 56, 0x1000, 0 },
	{ "five levels, the top", 5, UINT64_MAX, 0, 0x40000000,
	    UINT64_MAX - GB + 1, GB, 7 },
	{ "five levels, level 4 absent", 5, -(UINT64_C(1) << 56),
	    KVMI_ENOTMAPPED, 0, -(UINT64_C(1) << 56), UINT64_C(1) << 48, 0 },
};

static void
test_walk(void **state)
{
	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(walk_row); i++) {
		const char *name = walk_row[i].name;
		bool five = walk_row[i].levels == 5;
		struct memory m = { .word = five ? tables5 : tables4,
			.n = five ? KVMI_COUNT(tables5) : KVMI_COUNT(tables4),
			.end = 0x100000 };
		struct kvmi_paging p = { .arch = &kvmi_arch_x86_64,
			.root_pa = five ? 0x4000 : 0x5000,
			.levels = walk_row[i].levels, .clear_mask = SME };
		struct kvmi_mapping ret;
		struct kvmi_err err = { 0 };

		UTIL_FAILS(name, kvmi_walk(&p, walk_row[i].va, read_memory, &m,
		    &ret, &err), walk_row[i].want, &err);
		UTIL_EQ(name, ret.va, walk_row[i].start);
		UTIL_EQ(name, ret.len, walk_row[i].len);
		if (walk_row[i].want == 0) {
			/* All ones have the mask's bit cleared as well. */
			UTIL_EQ(name, ret.pa, walk_row[i].pa & ~SME);
			UTIL_EQ(name, ret.prot, walk_row[i].prot);
		} else {
			char hex[24];

			snprintf(hex, sizeof(hex), "0x%" PRIx64,
			    walk_row[i].va);
			UTIL_TRUE(name, strstr(err.text, hex) != NULL);
		}
		UTIL_TRUE(name, m.reads <= walk_row[i].levels);
	}
}

/* No root, no levels, tables anywhere: an error or an answer, no crash. */
static void
test_walk_nowhere(void **state)
{
	static const struct { const char *name; uint64_t root; } row[] = {
		{ "at 0", 0 }, { "not in the dump", 0x1000000 },
		{ "the largest", UINT64_MAX & ~UINT64_C(0xfff) },
		{ "odd", 0x5001 }, { "the very largest", UINT64_MAX },
	};
	struct kvmi_mapping ret;
	struct kvmi_err err;

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++)
		for (unsigned int levels = 4; levels <= 5; levels++) {
			struct memory m = { .first = 0x1000, .end = 0x100000 };
			struct kvmi_paging p = { .levels = levels,
				.arch = &kvmi_arch_x86_64,
				.root_pa = row[i].root };

			UTIL_TRUE(row[i].name, kvmi_walk(&p, 0, read_memory,
			    &m, &ret, &err) != 0);
			UTIL_TRUE(row[i].name, kvmi_walk(&p, UINT64_MAX,
			    read_memory, &m, &ret, &err) != 0);
			UTIL_TRUE(row[i].name, ret.len != 0);
		}
}

/* Walks through the tables of other machines, all at 0x10000 and above. */
static const struct word s390x_tables[] = {
	{ 0x10000, 0x1400b },			/* R2[0]    -> 0x14000 */
	{ 0x10008, 0x2c },			/* R2[1]    invalid */
	{ 0x14000, 0x18007 },			/*   R3[0]  -> 0x18000 */
	{ 0x14008, UINT64_C(0x80000407) },	/*   R3[1]  2 GiB */
	{ 0x18000, 0x1c800 },			/*     S[0] -> 0x1c800 */
	{ 0x18008, 0x300403 },			/*     S[1] 1 MiB */
	{ 0x1c800, 0x20000 },
	{ 0x1c808, 0x21200 },
	{ 0x1c810, 0x400 },
};

static const struct word loongarch_tables[] = {
	{ 0x10000, UINT64_C(0x9000000000014000) },	/* [0] */
	{ 0x10008, UINT64_C(0x9000000000018000) },	/* [1] to nothing */
	{ 0x14000, UINT64_C(0x900000000001c000) },	/*   [0] */
	{ 0x14008, UINT64_C(0x9000000000020000) },	/*   [1] to nothing */
	{ 0x14010, 0x60000d3 },				/*   [2] 32 MiB */
	{ 0x18000, UINT64_C(0x9000000000020000) },
	{ 0x1c000, 0x240d3 },
};

static const struct word radix_tables[] = {
	{ 0x10000, UINT64_C(0x8000000000020009) },	/* [0] */
	{ 0x18000, UINT64_C(0x8000000000020009) },	/* [0x1000], 2^51 */
	{ 0x20000, UINT64_C(0x8000000000021009) },
	{ 0x21000, UINT64_C(0x8000000000022005) },
	{ 0x22000, UINT64_C(0xc000000000030187) },
	{ 0x22008, UINT64_C(0xc000000000050187) },
};

static const struct kvmi_direct windows[] = {
	{ UINT64_C(0x9000000000000000), UINT64_C(1) << 48, 0 },
	{ UINT64_C(0x8000000000000000), UINT64_C(1) << 48, 0 },
};

static void
test_walk_others(void **state)
{
	const struct kvmi_paging s390x = { .arch = &kvmi_arch_s390x,
		.root_pa = 0x10000, .levels = 4, .big_endian = true };
	const struct kvmi_paging s390x_2 = { .arch = &kvmi_arch_s390x,
		.root_pa = 0x18000, .levels = 2, .big_endian = true };
	const struct kvmi_paging loongarch = { .arch = &kvmi_arch_loongarch64,
		.root_pa = 0x10000, .levels = 3, .direct = windows,
		.ndirect = 2, .empty_pa = { 0x20000, 0x18000 } };
	const struct kvmi_paging loongarch_user = { .root_pa = 0x10000,
		.arch = &kvmi_arch_loongarch64, .levels = 3, .user = true,
		.empty_pa = { 0x20000, 0x18000 } };
	const struct kvmi_paging radix = { .arch = &kvmi_arch_ppc64_64k,
		.root_pa = 0x10000, .levels = 4, .big_endian = true };
	const struct kvmi_paging radix_user = { .root_pa = 0x10000,
		.arch = &kvmi_arch_ppc64_64k, .levels = 4, .big_endian = true,
		.user = true };
	const struct {
		const char *name;
		const struct kvmi_paging *p;
		const struct word *word;
		size_t n;
		uint64_t va;
		int want;
		uint64_t start, len, pa;
	} row[] = {
#define ROW(p, w) &(p), (w), KVMI_COUNT(w)
		{ "s390x page", ROW(s390x, s390x_tables), 0x123, 0, 0, 0x1000,
		    0x20000 },
		{ "s390x, second page", ROW(s390x, s390x_tables), 0x1000, 0,
		    0x1000, 0x1000, 0x21000 },
		{ "s390x, no page", ROW(s390x, s390x_tables), 0x2000,
		    KVMI_ENOTMAPPED, 0x2000, 0x1000, 0 },
		{ "s390x 1 MiB", ROW(s390x, s390x_tables), 0x123456, 0,
		    0x100000, 0x100000, 0x300000 },
		{ "s390x 2 GiB", ROW(s390x, s390x_tables), 0x80000000, 0,
		    0x80000000, 0x80000000, 0x80000000 },
		{ "s390x, no region", ROW(s390x, s390x_tables),
		    UINT64_C(1) << 42, KVMI_ENOTMAPPED, UINT64_C(1) << 42,
		    UINT64_C(1) << 42, 0 },
		{ "s390x, beyond four levels", ROW(s390x, s390x_tables),
		    UINT64_C(1) << 53, KVMI_ENOTMAPPED, UINT64_C(1) << 53,
		    0x1000, 0 },
		{ "s390x, two levels", ROW(s390x_2, s390x_tables), 0x1fff,
		    0, 0x1000, 0x1000, 0x21000 },
		{ "s390x, beyond two levels", ROW(s390x_2, s390x_tables),
		    0x80000000, KVMI_ENOTMAPPED, 0x80000000, 0x1000, 0 },
		{ "loongarch page", ROW(loongarch, loongarch_tables),
		    UINT64_C(0xffff800000003fff), 0,
		    UINT64_C(0xffff800000000000), 0x4000, 0x24000 },
		{ "loongarch, no last table",
		    ROW(loongarch, loongarch_tables),
		    UINT64_C(0xffff800002000000), KVMI_ENOTMAPPED,
		    UINT64_C(0xffff800002000000), 0x2000000, 0 },
		{ "loongarch 32 MiB", ROW(loongarch, loongarch_tables),
		    UINT64_C(0xffff800004000000), 0,
		    UINT64_C(0xffff800004000000), 0x2000000, 0x6000000 },
		{ "loongarch, no middle table",
		    ROW(loongarch, loongarch_tables),
		    UINT64_C(0xffff801000000000), KVMI_ENOTMAPPED,
		    UINT64_C(0xffff801000000000), UINT64_C(1) << 36, 0 },
		{ "loongarch window", ROW(loongarch, loongarch_tables),
		    UINT64_C(0x9000000012345678), 0, windows[0].va,
		    windows[0].len, 0 },
		{ "loongarch, the other window",
		    ROW(loongarch, loongarch_tables),
		    UINT64_C(0x8000ffffffffffff), 0, windows[1].va,
		    windows[1].len, 0 },
		{ "loongarch, behind the window",
		    ROW(loongarch, loongarch_tables),
		    UINT64_C(0x9001000000000000), KVMI_ENOTMAPPED,
		    UINT64_C(0x9001000000000000), 0x4000, 0 },
		{ "loongarch, a user's address",
		    ROW(loongarch, loongarch_tables), 0, KVMI_ENOTMAPPED, 0,
		    0x4000, 0 },
		{ "loongarch user", ROW(loongarch_user, loongarch_tables),
		    0x123, 0, 0, 0x4000, 0x24000 },
		{ "loongarch user, a kernel's address",
		    ROW(loongarch_user, loongarch_tables),
		    UINT64_C(0xffff800000000000), KVMI_ENOTMAPPED,
		    UINT64_C(0xffff800000000000), 0x4000, 0 },
		{ "radix", ROW(radix, radix_tables),
		    UINT64_C(0xc000000000001234), 0,
		    UINT64_C(0xc000000000000000), 0x10000, 0x30000 },
		{ "radix vmalloc", ROW(radix, radix_tables),
		    UINT64_C(0xc008000000010000), 0,
		    UINT64_C(0xc008000000010000), 0x10000, 0x50000 },
		{ "radix, a user's address", ROW(radix, radix_tables), 0,
		    KVMI_ENOTMAPPED, 0, 0x10000, 0 },
		{ "radix user", ROW(radix_user, radix_tables), 0x1234, 0, 0,
		    0x10000, 0x30000 },
		{ "radix user, a kernel's address",
		    ROW(radix_user, radix_tables),
		    UINT64_C(0xc000000000000000), KVMI_ENOTMAPPED,
		    UINT64_C(0xc000000000000000), 0x10000, 0 },
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct word word[16];
		struct memory m = { .word = word, .n = row[i].n,
			.end = 0x100000 };
		struct kvmi_mapping ret;
		struct kvmi_err err = { 0 };

		memcpy(word, row[i].word, row[i].n * sizeof(word[0]));
		for (size_t j = 0; j < row[i].n && row[i].p->big_endian; j++)
			word[j].v = __builtin_bswap64(word[j].v);
		UTIL_FAILS(row[i].name, kvmi_walk(row[i].p, row[i].va,
		    read_memory, &m, &ret, &err), row[i].want, &err);
		UTIL_EQ(row[i].name, ret.va, row[i].start);
		UTIL_EQ(row[i].name, ret.len, row[i].len);
		if (row[i].want == 0)
			UTIL_EQ(row[i].name, ret.pa, row[i].pa);
		kvmi_widen(row[i].p, read_memory, &m, &ret);
		UTIL_TRUE(row[i].name, ret.va <= row[i].start &&
		    ret.len >= row[i].len);
	}
}

/* The tables of Linux beside a hash table: each set of widths, its last page. */
static void
test_walk_hash(void **state)
{
	static const struct {
		unsigned int shift, bits[4];
	} row[] = {
		{ 16, { 8, 10, 10, 8 } }, { 16, { 8, 10, 7, 8 } },
		{ 16, { 8, 5, 5, 12 } }, { 12, { 9, 7, 9, 9 } },
		{ 12, { 9, 7, 7, 9 } },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct word word[4];
		struct memory m = { .word = word, .n = 4, .end = 0x100000 };
		struct kvmi_paging p = { .arch = &kvmi_arch_ppc64_hash[i],
			.root_pa = 0x10000, .levels = 4, .big_endian = true };
		unsigned int shift = row[i].shift;
		struct kvmi_mapping ret;
		struct kvmi_err err = { 0 };
		uint64_t va = 0xd;

		for (unsigned int l = 0; l < 4; l++) {
			uint64_t last = (UINT64_C(1) << row[i].bits[l]) - 1;

			shift += row[i].bits[l];
			word[l] = (struct word){ 0x10000 * (4 - l) + 8 * last,
				__builtin_bswap64(l == 0 ?
				UINT64_C(0xc000000000080186) :
				UINT64_C(0x10000) * (5 - l)) };
		}
		va = va << 60 | ((UINT64_C(1) << shift) - 1);
		UTIL_FAILS(p.arch->name, kvmi_walk(&p, va, read_memory, &m,
		    &ret, &err), 0, &err);
		UTIL_EQ(p.arch->name, ret.pa, 0x80000);
		UTIL_EQ(p.arch->name, ret.len, UINT64_C(1) << row[i].shift);
		UTIL_FAILS(p.arch->name, kvmi_walk(&p, va + 1, read_memory,
		    &m, &ret, &err), KVMI_ENOTMAPPED, &err);
		UTIL_FAILS(p.arch->name, kvmi_walk(&p, va & ~(UINT64_C(1) <<
		    (shift - 1)), read_memory, &m, &ret, &err),
		    KVMI_ENOTMAPPED, &err);
	}
	UTIL_TRUE("end", kvmi_arch_ppc64_hash[KVMI_COUNT(row)].name == NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_walk_others),
		cmocka_unit_test(test_walk_hash),
		cmocka_unit_test(test_walk_nowhere),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
