/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of architectures, and single entries; walks: test_walk.c. */
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_entries),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
