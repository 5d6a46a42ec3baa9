/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

#include "arch/arch.h"

static void
test_tables(void **state)
{
	static const struct {
		const char *name, *uname;
		uint16_t elf, prstatus;
		const struct kvmi_arch *want;
	} row[] = {
		{ "x86-64", "x86_64", 62, 336, &kvmi_arch_x86_64 },
		{ "upper case", "X86_64", 62, 336, &kvmi_arch_x86_64 },
		{ "BSD's name", "amd64", 62, 336,
		    &kvmi_arch_x86_64 },
		{ "arm64", "aarch64", 183, 392, &kvmi_arch_arm64 },
		{ "i386", "i686", 3, 144, &kvmi_arch_i386 },
		{ "arm", "armv7l", 40, 148, &kvmi_arch_arm },
		{ "arm on 64-bit hardware", "armv8l", 40, 148,
		    &kvmi_arch_arm },
		{ "riscv64", "riscv64", 243, 376, &kvmi_arch_riscv64 },
		{ "ppc64le", "ppc64le", 21, 504, &kvmi_arch_ppc64 },
		{ "loongarch64", "loongarch64", 258, 480,
		    &kvmi_arch_loongarch64 },
		{ "nothing", "", 0, 0, NULL },
		{ "none", "vax", 75, 1, NULL },
		{ "the largest", "?", UINT16_MAX, UINT16_MAX, NULL },
		{ "a beginning", "x86_6", 61, 335, NULL },
		{ "more", "x86_64h", 63, 337, NULL },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		const char *name = row[i].name;

		UTIL_TRUE(name, kvmi_arch_by_uname(row[i].uname) ==
		    row[i].want);
		UTIL_TRUE(name, kvmi_arch_by_elf(row[i].elf, 0) ==
		    row[i].want);
		UTIL_TRUE(name, kvmi_arch_by_prstatus(row[i].prstatus) ==
		    row[i].want);
	}
	UTIL_TRUE("2^64 - 1", kvmi_arch_by_prstatus(UINT64_MAX) == NULL);
	/* Its register notes are as long as those of x86-64. */
	UTIL_TRUE("s390x", kvmi_arch_by_uname("S390X") == &kvmi_arch_s390x);
	UTIL_TRUE("s390x", kvmi_arch_by_elf(22, 8) == &kvmi_arch_s390x);
	/* One number for two machines, and files of either kind for one. */
	UTIL_TRUE("mips", kvmi_arch_by_elf(8, 4) == &kvmi_arch_mips);
	UTIL_TRUE("mips64", kvmi_arch_by_elf(8, 8) == &kvmi_arch_mips64);
	UTIL_TRUE("x86-64 in 32 bit", kvmi_arch_by_elf(62, 4) ==
	    &kvmi_arch_x86_64);
}

/* Physical memory: the words that are named, zeros, and pages that fail. */
struct word {
	uint64_t	pa, v;
};

struct memory {
	const struct word *word;
	size_t		 n;
	uint64_t	 first, end;	/* what is in the dump */
	unsigned int	 reads;
};

static int
read_memory(void *arg, uint64_t pa, void *buf, size_t size,
    struct kvmi_err *err)
{
	struct memory *m = arg;

	m->reads++;
	if (pa < m->first || pa >= m->end || size > m->end - pa)
		return (kvmi_fail(err, KVMI_ENOTINDUMP, "0x%" PRIx64
		    " is not there", pa));
	memset(buf, 0, size);
	for (size_t i = 0; i < m->n; i++)
		for (uint64_t b = 0; b < 8; b++)
			if (m->word[i].pa + b - pa < size)
				((uint8_t *)buf)[m->word[i].pa + b - pa] =
				    (uint8_t)(m->word[i].v >> 8 * b);
	return (0);
}

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

#define R	KVMI_PROT_R
#define W	KVMI_PROT_W
#define X	KVMI_PROT_X
#define RWX	(R | W | X)

/* One entry each, worked out by hand from the manuals. */
static void
test_entries(void **state)
{
	static const struct {
		const char *name;
		const struct kvmi_arch *arch;
		unsigned int level;
		uint64_t va, raw;
		bool present, leaf;
		uint64_t pa;
		uint8_t prot;
	} row[] = {
		{ "i386 page", &kvmi_arch_i386, 0, 0, 0x12345063, true, true,
		    0x12345000, RWX },
		{ "i386 page, read-only", &kvmi_arch_i386, 0, 0, 0x12345001,
		    true, true, 0x12345000, R | X },
		{ "i386 not present", &kvmi_arch_i386, 0, 0, 0x12345062, false,
		    false, 0, 0 },
		{ "i386 4 MiB", &kvmi_arch_i386, 1, 0, 0x00c000e3, true, true,
		    0xc00000, RWX },
		{ "i386 PSE-36", &kvmi_arch_i386, 1, 0, 0x00c020e3, true, true,
		    UINT64_C(0x100c00000), RWX },
		{ "i386 table", &kvmi_arch_i386, 1, 0, 0x12345063, true, false,
		    0x12345000, RWX },
		{ "PAE page, no execute", &kvmi_arch_i386_pae, 0, 0,
		    UINT64_C(0x8000000123456063), true, true,
		    UINT64_C(0x123456000), R | W },
		{ "PAE 2 MiB", &kvmi_arch_i386_pae, 1, 0, 0xe000e3, true, true,
		    0xe00000, RWX },
		{ "PAE pointer", &kvmi_arch_i386_pae, 2, 0, 0x1001, true, false,
		    0x1000, RWX },
		{ "arm64 page", &kvmi_arch_arm64, 0, 0,
		    UINT64_C(0x0060000081234703), true, true, 0x81234000,
		    R | W },
		{ "arm64 page, of the kernel's code", &kvmi_arch_arm64, 0, 0,
		    UINT64_C(0x0040000081234783), true, true, 0x81234000,
		    R | X },
		{ "arm64 page, of a program's code", &kvmi_arch_arm64, 0, 0,
		    UINT64_C(0x0020000081234783), true, true, 0x81234000,
		    R | X },
		{ "arm64 page, read-only", &kvmi_arch_arm64, 0, 0, 0x81234783,
		    true, true, 0x81234000, R | X },
		{ "arm64 reserved in the last level", &kvmi_arch_arm64, 0, 0,
		    0x81234701, false, false, 0, 0 },
		{ "arm64 2 MiB block", &kvmi_arch_arm64, 1, 0, 0x81200701, true,
		    true, 0x81200000, RWX },
		{ "arm64 table", &kvmi_arch_arm64, 1, 0, 0x81234003, true,
		    false, 0x81234000, RWX },
		{ "arm64 no block at the top", &kvmi_arch_arm64, 3, 0, 0x1,
		    false, false, 0, 0 },
		{ "arm64 16 KiB page", &kvmi_arch_arm64_16k, 0, 0, 0x81237703,
		    true, true, 0x81234000, RWX },
		{ "arm64 32 MiB block", &kvmi_arch_arm64_16k, 1, 0, 0x83000701,
		    true, true, 0x82000000, RWX },
		{ "arm64 64 KiB page above 48 bits", &kvmi_arch_arm64_64k, 0,
		    0, 0x8123a703, true, true, UINT64_C(0xa000081230000),
		    RWX },
		{ "arm64 512 MiB block", &kvmi_arch_arm64_64k, 1, 0,
		    0xa0000701, true, true, 0xa0000000, RWX },
		{ "arm64 LPA2 page above 50 bits", &kvmi_arch_arm64_lpa2, 0,
		    0, 0x81234603, true, true, UINT64_C(0x8000081234000),
		    RWX },
		{ "arm64 LPA2 512 GiB block", &kvmi_arch_arm64_lpa2, 3, 0,
		    UINT64_C(0x8000000401), true, true,
		    UINT64_C(0x8000000000), RWX },
		{ "arm64 LPA2 table above 50 bits", &kvmi_arch_arm64_lpa2, 4,
		    0, 0x81234103, true, false, UINT64_C(0x4000081234000),
		    RWX },
		{ "arm64 LPA2 64 GiB block", &kvmi_arch_arm64_lpa2_16k, 2, 0,
		    UINT64_C(0x1000000501), true, true,
		    UINT64_C(0x4001000000000), RWX },
		{ "riscv page", &kvmi_arch_riscv64, 0, 0, 0x200004cf, true,
		    true, 0x80001000, RWX },
		{ "riscv page with Svpbmt", &kvmi_arch_riscv64, 0, 0,
		    UINT64_C(0x60000000200004c7), true, true, 0x80001000,
		    R | W },
		{ "riscv part of a page of 64 KiB", &kvmi_arch_riscv64, 0,
		    0x5000, UINT64_C(0x80000000200060c7), true, true,
		    0x80015000, R | W },
		{ "riscv bit 63 of another meaning", &kvmi_arch_riscv64, 0,
		    0x5000, UINT64_C(0x80000000200044c7), true, true,
		    0x80011000, R | W },
		{ "riscv 2 MiB", &kvmi_arch_riscv64, 1, 0, 0x200804cf, true,
		    true, 0x80200000, RWX },
		{ "riscv 1 GiB", &kvmi_arch_riscv64, 2, 0, 0x200804cf, true,
		    true, 0x80000000, RWX },
		{ "riscv 512 GiB", &kvmi_arch_riscv64, 3, 0,
		    UINT64_C(0x20200804cb), true, true,
		    UINT64_C(0x8000000000), R | X },
		{ "riscv 256 TiB", &kvmi_arch_riscv64, 4, 0,
		    UINT64_C(0x4000200804c7), true, true,
		    UINT64_C(0x1000000000000), R | W },
		{ "riscv not valid", &kvmi_arch_riscv64, 1, 0, 0x200804ce,
		    false, false, 0, 0 },
		{ "riscv pointer", &kvmi_arch_riscv64, 1, 0, 0x20000401, true,
		    false, 0x80001000, R },
		{ "riscv pointer in the last level", &kvmi_arch_riscv64, 0, 0,
		    0x20000401, false, true, 0, 0 },
		{ "arm small page", &kvmi_arch_arm, 0, 0, 0x80012452, true,
		    true, 0x80012000, RWX },
		{ "arm small page, read-only, no execute", &kvmi_arch_arm, 0, 0,
		    0x80012653, true, true, 0x80012000, R },
		{ "arm part of a large page", &kvmi_arch_arm, 0, 0xc0005000,
		    0x80010051, true, true, 0x80015000, RWX },
		{ "arm large page, no execute", &kvmi_arch_arm, 0, 0xc0005000,
		    0x80018051, true, true, 0x80015000, R | W },
		{ "FreeBSD's armv6 page, read-only, no execute",
		    &kvmi_arch_arm_v6, 0, 0, 0x800124d3, true, true,
		    0x80012000, R },
		{ "FreeBSD's armv6 page, not written to", &kvmi_arch_arm_v6, 0,
		    0, 0x80012652, true, true, 0x80012000, RWX },
		{ "FreeBSD's armv6 section", &kvmi_arch_arm_v6, 1, 0,
		    0x80108412, true, true, 0x80100000, RWX },
		{ "arm fault", &kvmi_arch_arm, 0, 0, 0x80010050, false, true, 0,
		    0 },
		{ "arm section", &kvmi_arch_arm, 1, 0, 0x80100402, true, true,
		    0x80100000, RWX },
		{ "arm part of a supersection", &kvmi_arch_arm, 1, 0xc0500000,
		    0x81040402, true, true, 0x81500000, RWX },
		{ "arm supersection above 4 GiB", &kvmi_arch_arm, 1, 0xc0500000,
		    0x81240462, true, true, UINT64_C(0x3281500000), RWX },
		{ "arm section, read-only, no execute", &kvmi_arch_arm, 1, 0,
		    0x80108412, true, true, 0x80100000, R },
		{ "arm section, no execute by the kernel", &kvmi_arch_arm, 1, 0,
		    0x80100403, true, true, 0x80100000, RWX },
		{ "arm table", &kvmi_arch_arm, 1, 0, 0x80012c01, true, false,
		    0x80012c00, 0 },
		{ "arm fault with an address", &kvmi_arch_arm, 1, 0, 0x80012c00,
		    false, false, 0, 0 },
		{ "armv4 small page", &kvmi_arch_arm_v4, 0, 0, 0x80012012,
		    true, true, 0x80012000, R | W },
		{ "armv4 section", &kvmi_arch_arm_v4, 1, 0, 0x80100402, true,
		    true, 0x80100000, RWX },
		{ "armv4 fine table", &kvmi_arch_arm_v4, 1, 0, 0x80100403,
		    false, true, 0, 0 },
		{ "LPAE page", &kvmi_arch_arm_lpae, 0, 0,
		    UINT64_C(0x0040000812345703), true, true,
		    UINT64_C(0x812345000), R | W },
		{ "LPAE page, read-only", &kvmi_arch_arm_lpae, 0, 0, 0x81234783,
		    true, true, 0x81234000, R | X },
		{ "LPAE reserved in the last level", &kvmi_arch_arm_lpae, 0, 0,
		    0x81234701, false, false, 0, 0 },
		{ "LPAE fault", &kvmi_arch_arm_lpae, 0, 0, 0x81234702, false,
		    false, 0, 0 },
		{ "LPAE 2 MiB block", &kvmi_arch_arm_lpae, 1, 0,
		    UINT64_C(0x0020000081300711), true, true, 0x81200000,
		    R | W },
		{ "LPAE table", &kvmi_arch_arm_lpae, 1, 0, 0x81234003, true,
		    false, 0x81234000, RWX },
		{ "LPAE 1 GiB block", &kvmi_arch_arm_lpae, 2, 0, 0x81234711,
		    true, true, 0x80000000, RWX },
		{ "LPAE beyond 40 bits", &kvmi_arch_arm_lpae, 0, 0,
		    UINT64_C(0x000fff0000000703), true, true, 0, RWX },
		{ "armv4 tiny page", &kvmi_arch_arm_v4, 0, 0, 0x80012013, false,
		    true, 0, 0 },
		{ "mips page", &kvmi_arch_mips, 0, 0, 0x00048d1e, true, true,
		    0x1234000, RWX },
		{ "mips page, read-only", &kvmi_arch_mips, 0, 0, 0x20048d1e,
		    true, true, 0x1234000, R | X },
		{ "mips64 page", &kvmi_arch_mips64, 0, 0, 0x200048d1e, true,
		    true, UINT64_C(0x8001234000), RWX },
		{ "mips64 page, read-only", &kvmi_arch_mips64, 0, 0,
		    UINT64_C(0x80000000048d1e), true, true, 0x1234000, R | X },
		{ "Book-E page above 4 GiB", &kvmi_arch_ppc_booke, 0, 0,
		    UINT64_C(0xf12345000255), true, true,
		    UINT64_C(0xf12345000), RWX },
		{ "Book-E page, not valid", &kvmi_arch_ppc_booke, 0, 0,
		    UINT64_C(0xf12345000254), false, true,
		    UINT64_C(0xf12345000), RWX },
		{ "radix page", &kvmi_arch_ppc64, 0, 0,
		    UINT64_C(0xc000000012345187), true, true, 0x12345000,
		    RWX },
		{ "radix 2 MiB", &kvmi_arch_ppc64, 1, 0,
		    UINT64_C(0xc000000012345184), true, true, 0x12200000, R },
		{ "radix table", &kvmi_arch_ppc64, 1, 0,
		    UINT64_C(0x8000000012345109), true, false, 0x12345100, 0 },
		{ "radix 64 KiB page", &kvmi_arch_ppc64_64k, 0, 0,
		    UINT64_C(0xc00000001234f986), true, true, 0x12340000,
		    R | W },
		{ "radix 1 GiB", &kvmi_arch_ppc64_64k, 2, 0,
		    UINT64_C(0xc000000052345185), true, true, 0x40000000,
		    R | X },
		{ "hash page of 64 KiB", &kvmi_arch_ppc64_hash[0], 0, 0,
		    UINT64_C(0xc00000001234f18f), true, true, 0x12340000,
		    RWX },
		{ "hash page above the address", &kvmi_arch_ppc64_hash[0], 0,
		    0, UINT64_C(0xffe0000012340184), true, true, 0x12340000,
		    R },
		{ "hash 16 MiB", &kvmi_arch_ppc64_hash[0], 1, 0,
		    UINT64_C(0xc000000012345186), true, true, 0x12000000,
		    R | W },
		{ "hash table", &kvmi_arch_ppc64_hash[3], 3, 0, 0x12345000,
		    true, false, 0x12345000, 0 },
		{ "hash no table", &kvmi_arch_ppc64_hash[3], 3, 0, 0, false,
		    false, 0, 0 },
		{ "hash huge directory", &kvmi_arch_ppc64_hash[3], 1, 0,
		    0x12345014, false, false, 0, 0 },
		{ "hash swapped", &kvmi_arch_ppc64_hash[3], 0, 0,
		    UINT64_C(0x4000000012345002), false, true, 0, 0 },
		{ "s390x page", &kvmi_arch_s390x, 0, 0, 0x1234503f, true, true,
		    0x12345000, RWX },
		{ "s390x page, read-only, no execute", &kvmi_arch_s390x, 0, 0,
		    0x12345315, true, true, 0x12345000, R },
		{ "s390x invalid page", &kvmi_arch_s390x, 0, 0, 0x12345415,
		    false, true, 0, 0 },
		{ "s390x page with a bit that is to be zero", &kvmi_arch_s390x,
		    0, 0, 0x12345815, false, true, 0, 0 },
		{ "s390x segment table entry", &kvmi_arch_s390x, 1, 0,
		    0x12345800, true, false, 0x12345800, RWX },
		{ "s390x segment of 1 MiB", &kvmi_arch_s390x, 1, 0,
		    0x1234f603, true, true, 0x12300000, R | X },
		{ "s390x invalid segment", &kvmi_arch_s390x, 1, 0, 0x20,
		    false, false, 0, 0 },
		{ "s390x region of 2 GiB", &kvmi_arch_s390x, 2, 0,
		    UINT64_C(0x18000c507), true, true, UINT64_C(0x180000000),
		    R | W },
		{ "s390x region third", &kvmi_arch_s390x, 2, 0, 0x1234c007,
		    true, false, 0x1234c000, RWX },
		{ "s390x region second", &kvmi_arch_s390x, 3, 0, 0x1234c00b,
		    true, false, 0x1234c000, RWX },
		{ "s390x region first", &kvmi_arch_s390x, 4, 0, 0x1234c00f,
		    true, false, 0x1234c000, RWX },
		{ "s390x entry of another level", &kvmi_arch_s390x, 3, 0,
		    0x1234c007, false, false, 0, 0 },
		{ "s390x no leaf in the upper tables", &kvmi_arch_s390x, 3, 0,
		    0x1234c40b, true, false, 0x1234c000, RWX },
		{ "loongarch page", &kvmi_arch_loongarch64, 0, 0,
		    UINT64_C(0x40000000123473d3), true, true, 0x12344000,
		    R | W },
		{ "loongarch page, read-only", &kvmi_arch_loongarch64, 0, 0,
		    0x12344091, true, true, 0x12344000, R | X },
		{ "loongarch page that was not used", &kvmi_arch_loongarch64,
		    0, 0, 0x1234409c, true, true, 0x12344000, R | X },
		{ "loongarch page of 4 KiB", &kvmi_arch_loongarch64_4k, 0, 0,
		    0x12345093, true, true, 0x12345000, RWX },
		{ "loongarch 32 MiB", &kvmi_arch_loongarch64, 1, 0,
		    0x160010d3, true, true, 0x16000000, RWX },
		{ "loongarch pointer", &kvmi_arch_loongarch64, 1, 0,
		    UINT64_C(0x9000000012344000), true, false, 0x12344000,
		    0 },
		{ "loongarch global and nothing else", &kvmi_arch_loongarch64,
		    0, 0, 0x40, false, true, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++)
		for (int big = 0; big < 2; big++) {
			const struct kvmi_paging p = { .arch = row[i].arch,
				.big_endian = big };
			const char *name = row[i].name;
			struct kvmi_pte pte;
			uint8_t raw[8];

			for (unsigned int b = 0; b < p.arch->entry_size; b++)
				raw[big ? p.arch->entry_size - 1 - b : b] =
				    (uint8_t)(row[i].raw >> 8 * b);
			kvmi_pte_decode(&p, raw, row[i].va, row[i].level, &pte);
			UTIL_EQ(name, pte.present, row[i].present);
			if (!row[i].present)
				continue;
			UTIL_EQ(name, pte.leaf, row[i].leaf);
			UTIL_EQ(name, pte.pa, row[i].pa);
			if (pte.leaf)
				UTIL_EQ(name, pte.prot, row[i].prot);
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
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_walk_others),
		cmocka_unit_test(test_walk_hash),
		cmocka_unit_test(test_walk_nowhere),
		cmocka_unit_test(test_widen),
		cmocka_unit_test(test_widen_table),
		cmocka_unit_test(test_widen_sections),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_random),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
