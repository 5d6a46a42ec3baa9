/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Linux does on each architecture: what it keeps in table entries of
 * pages that are not there, and how its tables are found.
 */
#include <fcntl.h>
#include <unistd.h>

#include "os/linux/linux.h"
#include "util.h"

static const char *types_file;

#define HUGE		0x80
#define PROT_NONE_	0x100
#define ADDR		UINT64_C(0x000ffffffffff000)

struct absent_row {
	const char	*name;
	uint64_t	 raw;
	unsigned int	 level;
	enum kvmi_linux_absent want;
	uint64_t	 value;		/* address or swap type */
};

static void
check_absent_in(const struct kvmi_linux_arch *linux_,
    const struct kvmi_paging *p, const struct absent_row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t pa = 0;
		unsigned int type = 0;

		if (linux_->absent(p, row[i].raw, row[i].level, &pa,
		    &type) != row[i].want)
			fail_msg("%s", row[i].name);
		if (row[i].want == KVMI_ABSENT_KEPT && pa != row[i].value)
			fail_msg("%s: 0x%jx", row[i].name, (uintmax_t)pa);
		if (row[i].want == KVMI_ABSENT_SWAP && type != row[i].value)
			fail_msg("%s: %u", row[i].name, type);
	}
}

static void
check_absent(const struct kvmi_linux_arch *linux_, const struct kvmi_arch *arch,
    const struct absent_row *row, size_t n)
{
	const struct kvmi_paging p = { .arch = arch };

	check_absent_in(linux_, &p, row, n);
}

static void
test_x86_64_absent(void **state)
{
	/* The address bits of a page that is withheld are inverted. */
	static const struct absent_row row[] = {
		{ "empty", 0, 0, KVMI_ABSENT_NONE, 0 },
		{ "page", (~UINT64_C(0x12345000) & ADDR) | PROT_NONE_, 0,
		    KVMI_ABSENT_KEPT, 0x12345000 },
		{ "page, dirty and no-execute", (~UINT64_C(0x12345000) &
		    ADDR) | UINT64_C(1) << 63 | 0x40 | PROT_NONE_, 0,
		    KVMI_ABSENT_KEPT, 0x12345000 },
		{ "huge page", (~UINT64_C(0x40000000) & ADDR) | HUGE |
		    PROT_NONE_, 1, KVMI_ABSENT_KEPT, 0x40000000 },
		{ "huge page that is split", (~UINT64_C(0x40000000) & ADDR) |
		    HUGE, 1, KVMI_ABSENT_KEPT, 0x40000000 },
		{ "swap, device 0", UINT64_C(0x07fffffffffffe00), 0,
		    KVMI_ABSENT_SWAP, 0 },
		{ "swap, device 1, soft dirty", UINT64_C(0x0ffffffffff00002),
		    0, KVMI_ABSENT_SWAP, 1 },
		{ "special, type 31", UINT64_C(31) << 59 | 0x200, 0,
		    KVMI_ABSENT_SWAP, 31 },
		{ "migration of a huge page", UINT64_C(30) << 59 | 0x200, 1,
		    KVMI_ABSENT_SWAP, 30 },
		{ "page of 1 GiB", (~UINT64_C(0x80000000) & ADDR) | HUGE |
		    PROT_NONE_, 2, KVMI_ABSENT_KEPT, 0x80000000 },
		{ "of a higher table", 0x200, 3, KVMI_ABSENT_NONE, 0 },
	};

	(void)state;
	check_absent(&kvmi_linux_x86_64, &kvmi_arch_x86_64, row,
	    KVMI_COUNT(row));
}

static void
test_i386_absent(void **state)
{
	static const struct absent_row row[] = {
		{ "empty", 0, 0, KVMI_ABSENT_NONE, 0 },
		{ "page", 0x12345162, 0, KVMI_ABSENT_KEPT, 0x12345000 },
		{ "swap, device 0", 0x00123e00, 0, KVMI_ABSENT_SWAP, 0 },
		{ "swap, device 3, exclusive", 0x00123e86, 0,
		    KVMI_ABSENT_SWAP, 3 },
		{ "special, type 30", 0x0012303c, 0, KVMI_ABSENT_SWAP, 30 },
		{ "no table", 0x1000, 1, KVMI_ABSENT_NONE, 0 },
	};
	static const struct absent_row pae[] = {
		{ "PAE page", (~UINT64_C(0x112345000) & ADDR) | PROT_NONE_, 0,
		    KVMI_ABSENT_KEPT, UINT64_C(0x112345000) },
		{ "PAE huge page", (~UINT64_C(0x12200000) & ADDR) | HUGE, 1,
		    KVMI_ABSENT_KEPT, 0x12200000 },
		{ "PAE swap, device 2", UINT64_C(2) << 59 | 0x200, 0,
		    KVMI_ABSENT_SWAP, 2 },
	};

	(void)state;
	check_absent(&kvmi_linux_i386, &kvmi_arch_i386, row, KVMI_COUNT(row));
	check_absent(&kvmi_linux_i386, &kvmi_arch_i386_pae, pae,
	    KVMI_COUNT(pae));
}

/* Of entries that Linux keeps beside the hardware's. */
static void
test_arm_absent(void **state)
{
	static const struct absent_row row[] = {
		{ "empty", 0, 0, KVMI_ABSENT_NONE, 0 },
		{ "page that was not used lately", 0x12345f41, 0,
		    KVMI_ABSENT_KEPT, 0x12345000 },
		{ "page without rights", 0x12345b43, 0, KVMI_ABSENT_KEPT,
		    0x12345000 },
		{ "swap, device 0", 0x00123e00, 0, KVMI_ABSENT_SWAP, 0 },
		{ "swap, device 5, exclusive", 0x00123e94, 0,
		    KVMI_ABSENT_SWAP, 5 },
		{ "special, type 31", 0x0012307c, 0, KVMI_ABSENT_SWAP, 31 },
		{ "no table", 0x1000, 1, KVMI_ABSENT_NONE, 0 },
	};
	static const struct absent_row lpae[] = {
		{ "LPAE page", UINT64_C(0x0200000812345f42), 0,
		    KVMI_ABSENT_KEPT, UINT64_C(0x812345000) },
		{ "LPAE huge page", UINT64_C(0x0200000812300f40), 1,
		    KVMI_ABSENT_KEPT, UINT64_C(0x812200000) },
		{ "LPAE swap, device 1", 0x00123e04, 0, KVMI_ABSENT_SWAP, 1 },
		{ "LPAE, of the highest table", 0x1000, 2, KVMI_ABSENT_NONE,
		    0 },
	};
	static const struct kvmi_paging classic = { .arch = &kvmi_arch_arm },
	    longer = { .arch = &kvmi_arch_arm_lpae };

	(void)state;
	check_absent(&kvmi_linux_arm, &kvmi_arch_arm, row, KVMI_COUNT(row));
	check_absent(&kvmi_linux_arm, &kvmi_arch_arm_lpae, lpae,
	    KVMI_COUNT(lpae));
	assert_int_equal(kvmi_linux_arm.linux_entry(&classic, 0x40001804, 0),
	    0x40001004);
	assert_int_equal(kvmi_linux_arm.linux_entry(&classic, 0x40001804, 1),
	    0x40001804);
	assert_int_equal(kvmi_linux_arm.linux_entry(&longer, 0x40001808, 0),
	    0x40001808);
}

/* Before and since 6.10. */
static void
test_arm64_absent(void **state)
{
	static const struct absent_row before[] = {
		{ "empty", 0, 0, KVMI_ABSENT_NONE, 0 },
		{ "page without rights", UINT64_C(0x0460000081234fc2), 0,
		    KVMI_ABSENT_KEPT, 0x81234000 },
		{ "huge page without rights", UINT64_C(0x0460000081200fc0), 1,
		    KVMI_ABSENT_KEPT, 0x81200000 },
		{ "huge page that is split", UINT64_C(0x0860000081200f40), 1,
		    KVMI_ABSENT_KEPT, 0x81200000 },
		{ "swap, device 0", 0x123800, 0, KVMI_ABSENT_SWAP, 0 },
		{ "swap, device 1, exclusive", 0x12380c, 0, KVMI_ABSENT_SWAP,
		    1 },
		{ "migration of a huge page", 0x1238f0, 1, KVMI_ABSENT_SWAP,
		    30 },
		{ "of the highest table", 0x1238f0, 3, KVMI_ABSENT_NONE, 0 },
	}, since[] = {
		{ "6.10: page without rights", UINT64_C(0x0060000081234fc2),
		    0, KVMI_ABSENT_KEPT, 0x81234000 },
		{ "6.10: huge page without rights",
		    UINT64_C(0x0060000081200fc0), 1, KVMI_ABSENT_KEPT,
		    0x81200000 },
		{ "6.10: swap, device 1, far out", UINT64_C(0x0400000001234044),
		    0, KVMI_ABSENT_SWAP, 1 },
		{ "6.10: migration of a huge page",
		    UINT64_C(0x0400000001234784), 1, KVMI_ABSENT_SWAP, 30 },
	}, wide[] = {
		{ "LPA2: page without rights", UINT64_C(0x0060000081234ec2),
		    0, KVMI_ABSENT_KEPT, UINT64_C(0x8000081234000) },
	};
	struct kvmi_paging p = { .arch = &kvmi_arch_arm64 };

	(void)state;
	check_absent_in(&kvmi_linux_arm64, &p, before, KVMI_COUNT(before));
	p.soft = 1;
	check_absent_in(&kvmi_linux_arm64, &p, since, KVMI_COUNT(since));
	p.arch = &kvmi_arch_arm64_lpa2;
	check_absent_in(&kvmi_linux_arm64, &p, wide, KVMI_COUNT(wide));
}

static void
test_riscv64_absent(void **state)
{
	static const struct absent_row row[] = {
		{ "empty", 0, 0, KVMI_ABSENT_NONE, 0 },
		{ "page without rights", 0x200044e2, 0, KVMI_ABSENT_KEPT,
		    0x80011000 },
		{ "page with memory attributes",
		    UINT64_C(0x20000000200044e2), 0, KVMI_ABSENT_KEPT,
		    0x80011000 },
		{ "huge page", 0x200800e2, 1, KVMI_ABSENT_KEPT, 0x80200000 },
		{ "huge page that is split", 0x200800c6, 1, KVMI_ABSENT_KEPT,
		    0x80200000 },
		{ "swap, device 0", 0x123000, 0, KVMI_ABSENT_SWAP, 0 },
		{ "swap, device 2, exclusive", 0x123140, 0, KVMI_ABSENT_SWAP,
		    2 },
		{ "special, type 31", 0x123f80, 0, KVMI_ABSENT_SWAP, 31 },
		{ "of a higher table", 0x200800c6, 3, KVMI_ABSENT_NONE, 0 },
	};

	(void)state;
	check_absent(&kvmi_linux_riscv64, &kvmi_arch_riscv64, row,
	    KVMI_COUNT(row));
}

/*
 * Kernels of a few words: tables that map themselves.  MARK lies in the page
 * of the root.
 */
#define MARK		0x4b564d00
#define MARK_OFF	0xfe0
#define MEMORY		0x600000

struct kernel_row {
	const char	*name;
	uint16_t	 machine;
	const char	*info;
	uint64_t	 base;		/* of memory */
	struct { uint64_t pa; uint8_t size; uint64_t v; } word[6];
	int		 want;
	uint64_t	 root_va, root_pa;
	const struct kvmi_arch *arch;
	unsigned int	 levels;
	uint64_t	 first;		/* address of the kernel */
	uint64_t	 linear_va, linear_pa;	/* 0: not known */
};

#define INFO		"OSRELEASE=6.1.0\n"
#define SWAPPER(va)	INFO "SYMBOL(swapper_pg_dir)=" va "\n"
#define RISCV_ROOT	"ffffffff80205000"
#define RISCV_WORDS	{ { 0x80205ff0, 8, 0x20081801 }, \
	{ 0x80206008, 8, 0x200800cf } }

#define ARM64_OFFSETS	"NUMBER(kimage_voffset)=0xffff800040000000\n" \
	"NUMBER(PHYS_OFFSET)=0x40000000\nSYMBOL(_stext)=ffff800080010000\n"

static const struct kernel_row kernel_row[] = {
	{ "i386", 3, SWAPPER("c0405000"), 0, { { 0x405c04, 4, 0x4000e3 } }, 0,
	    0xc0405000, 0x405000, &kvmi_arch_i386, 2, 0xc0000000 },
	{ "i386, its half", 3, SWAPPER("80405000"), 0,
	    { { 0x405800, 4, 0xe3 }, { 0x405804, 4, 0x4000e3 } }, 0,
	    0x80405000, 0x405000, &kvmi_arch_i386, 2, 0x80000000,
	    0x80000000, 0 },
	{ "i386, an unusual part", 3, SWAPPER("a0405000"), 0,
	    { { 0x405a04, 4, 0x4000e3 } }, 0, 0xa0405000, 0x405000,
	    &kvmi_arch_i386, 2, 0xa0000000 },
	{ "PAE", 3, SWAPPER("c0405000") "CONFIG_X86_PAE=y\n", 0,
	    { { 0x405018, 8, 0x406001 }, { 0x406010, 8, 0x4000e3 } }, 0,
	    0xc0405000, 0x405000, &kvmi_arch_i386_pae, 3, 0xc0000000 },
	{ "PAE that is none", 3, SWAPPER("c0405000") "CONFIG_X86_PAE=y\n", 0,
	    { { 0x405c04, 4, 0x4000e3 } }, KVMI_ENOENT },
	{ "arm", 40, SWAPPER("c0204000"), 0x40000000,
	    { { 0x40207008, 4, 0x40200402 }, { 0x40207000, 4, 0x40000402 },
	    { 0x40207004, 4, 0x40100402 } }, 0,
	    0xc0204000, 0x40204000, &kvmi_arch_arm, 2, 0xbf000000, 0xc0000000,
	    0x40000000 },
	{ "arm, other half", 40, SWAPPER("80204000"), 0x10000000,
	    { { 0x10206008, 4, 0x10200402 } }, 0, 0x80204000, 0x10204000,
	    &kvmi_arch_arm, 2, 0x7f000000 },
	{ "LPAE", 40, SWAPPER("c0203000") "CONFIG_ARM_LPAE=y\n", 0x800000000,
	    { { 0x800203018, 8, 0x800204003 }, { 0x800204008, 8, 0x800200701 },
	    { 0x800204000, 8, 0x800000701 } },
	    0, 0xc0203000, 0x800203000, &kvmi_arch_arm_lpae, 3, 0xbf000000,
	    0xc0000000, 0x800000000 },
	{ "Sv39", 243, SWAPPER(RISCV_ROOT) "NUMBER(VA_BITS)=39\n",
	    0x80000000, RISCV_WORDS, 0, 0xffffffff80205000, 0x80205000,
	    &kvmi_arch_riscv64, 3, 0xffffffc000000000 },
	{ "Sv39, by its offset and keys", 243, SWAPPER(RISCV_ROOT)
	    "NUMBER(VA_BITS)=39\nNUMBER(va_kernel_pa_offset)="
	    "0xffffffff00000000\nNUMBER(PAGE_OFFSET)=0xffffffd600000000\n"
	    "NUMBER(phys_ram_base)=2147483648\n", 0x80000000, RISCV_WORDS, 0,
	    0xffffffff80205000, 0x80205000, &kvmi_arch_riscv64, 3,
	    0xffffffc000000000, 0xffffffd600000000, 0x80000000 },
	{ "Sv39, with a wrong offset", 243, SWAPPER(RISCV_ROOT)
	    "NUMBER(VA_BITS)=39\nNUMBER(va_kernel_pa_offset)="
	    "0xffffffff00200000\n", 0x80000000, RISCV_WORDS, 0,
	    0xffffffff80205000, 0x80205000, &kvmi_arch_riscv64, 3,
	    0xffffffc000000000 },
	{ "Sv39, by no key", 243, SWAPPER(RISCV_ROOT), 0x80000000,
	    RISCV_WORDS, 0, 0xffffffff80205000, 0x80205000,
	    &kvmi_arch_riscv64, 3, 0xffffffc000000000 },
	{ "Sv48, by satp", 243, SWAPPER(RISCV_ROOT)
	    "NUMBER(satp)=0x9000000000080205\nKERNELOFFSET=200000\n",
	    0x80000000, { { 0x80205ff8, 8, 0x20081801 },
	    { 0x80206ff0, 8, 0x20081c01 }, { 0x80207008, 8, 0x200800cf } }, 0,
	    0xffffffff80205000, 0x80205000, &kvmi_arch_riscv64, 4,
	    0xffff800000000000 },
	{ "Sv57, by no key", 243, SWAPPER(RISCV_ROOT), 0x80000000,
	    { { 0x80205ff8, 8, 0x20081801 }, { 0x80206ff8, 8, 0x20081c01 },
	    { 0x80207ff0, 8, 0x20082001 }, { 0x80208008, 8, 0x200800cf } }, 0,
	    0xffffffff80205000, 0x80205000, &kvmi_arch_riscv64, 5,
	    0xff00000000000000 },
	{ "Sv57, said to be Sv39", 243, SWAPPER(RISCV_ROOT)
	    "NUMBER(VA_BITS)=39\n", 0x80000000,
	    { { 0x80205ff8, 8, 0x20081801 }, { 0x80206ff8, 8, 0x20081c01 },
	    { 0x80207ff0, 8, 0x20082001 }, { 0x80208008, 8, 0x200800cf } },
	    KVMI_ENOENT },
	{ "arm64, 48 bits", 183, SWAPPER("ffff800080205000")
	    ARM64_OFFSETS "NUMBER(VA_BITS)=48\nPAGESIZE=4096\n", 0x40000000,
	    { { 0x40205800, 8, 0x40206003 }, { 0x40206010, 8, 0x40000701 } },
	    0, 0xffff800080205000, 0x40205000, &kvmi_arch_arm64, 4,
	    0xffff000000000000, 0xffff000000000000, 0x40000000 },
	{ "arm64, 39 bits, before 5.4", 183, SWAPPER("ffffff8088205000")
	    "NUMBER(kimage_voffset)=0xffffff8048000000\n"
	    "NUMBER(PHYS_OFFSET)=0x40000000\nNUMBER(VA_BITS)=39\n"
	    "SYMBOL(_stext)=ffffff8088080000\n", 0x40000000,
	    { { 0x40205010, 8, 0x40206003 }, { 0x40206208, 8, 0x40200701 } },
	    0, 0xffffff8088205000, 0x40205000, &kvmi_arch_arm64, 3,
	    0xffffff8000000000, 0xffffffc000000000, 0x40000000 },
	{ "arm64, made for 52 bits, has 48", 183, SWAPPER("ffff800080205000")
	    "NUMBER(kimage_voffset)=0xffff800040000000\n"
	    "NUMBER(PHYS_OFFSET)=0xfff1000040000000\nNUMBER(VA_BITS)=52\n"
	    "NUMBER(TCR_EL1_T1SZ)=0x10\nSYMBOL(_stext)=ffff800080010000\n",
	    0x40000000,
	    { { 0x40205800, 8, 0x40206003 }, { 0x40206010, 8, 0x40000701 } },
	    0, 0xffff800080205000, 0x40205000, &kvmi_arch_arm64, 4,
	    0xffff000000000000, 0xfffeffffc0000000, 0 },
	{ "arm64, LPA2", 183, SWAPPER("ffff800080205000")
	    ARM64_OFFSETS "NUMBER(VA_BITS)=52\n"
	    "NUMBER(TCR_EL1_T1SZ)=0xc\n", 0x40000000,
	    { { 0x40205078, 8, 0x40206003 }, { 0x40206800, 8, 0x40207003 },
	    { 0x40207010, 8, 0x40000401 } },
	    0, 0xffff800080205000, 0x40205000, &kvmi_arch_arm64_lpa2, 5,
	    0xfff0000000000000, 0xfff0000000000000, 0x40000000 },
	{ "arm64, 16 KiB, 47 bits", 183, SWAPPER("ffffc00080204000")
	    "NUMBER(kimage_voffset)=0xffffc00040000000\n"
	    "NUMBER(VA_BITS)=47\nPAGESIZE=16384\n", 0x40000000,
	    { { 0x40206000, 8, 0x40208003 }, { 0x40208200, 8, 0x40000701 } },
	    0, 0xffffc00080204000, 0x40204000, &kvmi_arch_arm64_16k, 3,
	    0xffff800000000000 },
	{ "arm64, 16 KiB, LPA2", 183, SWAPPER("ffffc00080204000")
	    "NUMBER(kimage_voffset)=0xffffc00040000000\n"
	    "NUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=12\n"
	    "PAGESIZE=16384\n", 0x40000000, { { 0x402040f8, 8, 0x40208003 },
	    { 0x4020a000, 8, 0x4020c003 }, { 0x4020c200, 8, 0x40000401 } },
	    0, 0xffffc00080204000, 0x40204000, &kvmi_arch_arm64_lpa2_16k, 4,
	    0xfff0000000000000 },
	{ "arm64, 64 KiB, 42 bits", 183, SWAPPER("fffffe0080210000")
	    "NUMBER(kimage_voffset)=0xfffffe0040000000\n"
	    "NUMBER(VA_BITS)=42\nPAGESIZE=65536\n", 0x40000000,
	    { { 0x40218020, 8, 0x40000701 } },
	    0, 0xfffffe0080210000, 0x40210000, &kvmi_arch_arm64_64k, 2,
	    0xfffffc0000000000 },
	{ "arm64, 64 KiB, made for 52 bits, has 48", 183,
	    SWAPPER("ffff800080210000") ARM64_OFFSETS
	    "NUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0x10\n"
	    "PAGESIZE=65536\n", 0x40000000, { { 0x40211f00, 8, 0x40220003 },
	    { 0x40220020, 8, 0x40000701 } },
	    0, 0xffff800080210000, 0x40210000, &kvmi_arch_arm64_64k, 3,
	    0xfff0000000000000 },
	{ "arm64 without a size of addresses", 183,
	    SWAPPER("ffff800080205000") ARM64_OFFSETS, 0x40000000,
	    { { 0, 0, 0 } }, KVMI_ENOTSUP },
	{ "arm64 with pages of 8 KiB", 183, SWAPPER("ffff800080205000")
	    ARM64_OFFSETS "NUMBER(VA_BITS)=48\nPAGESIZE=8192\n", 0x40000000,
	    { { 0, 0, 0 } }, KVMI_ENOTSUP },
	{ "arm64 without an offset", 183, SWAPPER("ffff800080205000")
	    "NUMBER(VA_BITS)=48\n", 0x40000000, { { 0, 0, 0 } },
	    KVMI_EFORMAT },
	{ "i386 without a root", 3, INFO "CRASHTIME=1\n", 0, { { 0, 0, 0 } },
	    KVMI_EFORMAT },
	{ "arm without a root", 40, INFO "CRASHTIME=1\n", 0, { { 0, 0, 0 } },
	    KVMI_EFORMAT },
	{ "riscv without a root", 243, INFO "CRASHTIME=1\n", 0,
	    { { 0, 0, 0 } }, KVMI_EFORMAT },
	{ "arm without tables", 40, SWAPPER("c0204000"), 0x40000000,
	    { { 0, 0, 0 } }, KVMI_ENOENT },
	{ "riscv64, the largest root", 243, SWAPPER("ffffffffffffffff"),
	    0x80000000, { { 0, 0, 0 } }, KVMI_ENOENT },
};

static struct kvmi_image *
make_image(const struct kernel_row *row, struct bytes *file)
{
	const struct util_elf e = { .machine = row->machine };
	const struct util_phdr ph[] = {
		{ 1, 0x2000, 0, row->base, MEMORY, MEMORY },
		{ 4, 0x1000, 0, 0, 0x1000, 0x1000 },
	};
	struct bytes note = { 0 };

	util_elf(file, &e, ph, 2);
	bytes_fill(file, 0, 0x1000 - file->len);
	util_note(&note, "VMCOREINFO", 11, 0, row->info,
	    (uint32_t)strlen(row->info));
	bytes_put(file, note.p, note.len);
	bytes_fill(file, 0, 0x2000 + MEMORY - file->len);
	for (size_t i = 0; i < KVMI_COUNT(row->word); i++)
		for (unsigned int b = 0; b < row->word[i].size; b++)
			file->p[0x2000 + row->word[i].pa - row->base + b] =
			    (uint8_t)(row->word[i].v >> 8 * b);
	if (row->want == 0)
		memcpy(file->p + 0x2000 + row->root_pa - row->base + MARK_OFF,
		    &(uint32_t){ MARK }, 4);
	bytes_free(&note);
	return (util_image(row->name, util_bytes(file, file->len)));
}

static void
check_kernel(const struct kernel_row *row, struct kvmi_kernel *k,
    struct kvmi_cx *cx)
{
	const struct kvmi_linux *l = k->priv;
	struct kvmi_mapping m = { 0 };
	uint64_t v = 0;

	UTIL_TRUE(row->name, k->space.paging.arch == row->arch);
	UTIL_EQ(row->name, k->space.paging.levels, row->levels);
	UTIL_EQ(row->name, k->space.paging.root_pa, row->root_pa);
	UTIL_EQ(row->name, l->va.first, row->first);
	UTIL_EQ(row->name, kvmi_kread_uint(k, cx, row->root_va + MARK_OFF, 4,
	    &v), 0);
	UTIL_EQ(row->name, v, MARK);
	if (row->linear_va == 0)
		return;
	UTIL_EQ(row->name, l->arch->linear(k, cx, &m), 0);
	UTIL_EQ(row->name, m.va, row->linear_va);
	UTIL_EQ(row->name, m.pa, row->linear_pa);
}

static void
test_kernels(void **state)
{
	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(kernel_row); i++) {
		const struct kernel_row *row = &kernel_row[i];
		struct kvmi_cx *cx = kvmi_cx_new();
		struct bytes file = { 0 };
		struct kvmi_kernel *k = NULL;

		assert_non_null(cx);
		UTIL_FAILS(row->name, kvmi_kernel_open(make_image(row, &file),
		    NULL, NULL, cx, &k), row->want, &cx->err);
		if (row->want == 0) {
			check_kernel(row, k, cx);
			kvmi_kernel_close(k);
		}
		bytes_free(&file);
		kvmi_cx_free(cx);
	}
}

static void
test_other_absent(void **state)
{
	static const struct {
		const char	*name;
		const struct kvmi_linux_arch *linux_;
		const struct kvmi_arch *arch;
		uint64_t	 raw;
		unsigned int	 level;
		enum kvmi_linux_absent want;
		uint64_t	 value;		/* address or swap type */
	} row[] = {
		{ "s390x empty", &kvmi_linux_s390x, &kvmi_arch_s390x, 0x400, 0,
		    KVMI_ABSENT_NONE, 0 },
		{ "s390x withheld", &kvmi_linux_s390x, &kvmi_arch_s390x,
		    0x12345601, 0, KVMI_ABSENT_KEPT, 0x12345000 },
		{ "s390x not used lately", &kvmi_linux_s390x, &kvmi_arch_s390x,
		    0x12345439, 0, KVMI_ABSENT_KEPT, 0x12345000 },
		{ "s390x swapped", &kvmi_linux_s390x, &kvmi_arch_s390x,
		    0x12345604, 0, KVMI_ABSENT_SWAP, 1 },
		{ "s390x swapped, exclusive", &kvmi_linux_s390x,
		    &kvmi_arch_s390x, 0x12345e7c, 0, KVMI_ABSENT_SWAP, 31 },
		{ "s390x no segment", &kvmi_linux_s390x, &kvmi_arch_s390x,
		    0x20, 1, KVMI_ABSENT_NONE, 0 },
		{ "s390x huge page", &kvmi_linux_s390x, &kvmi_arch_s390x,
		    0x12303620, 1, KVMI_ABSENT_KEPT, 0x12300000 },
		{ "s390x huge page of 2 GiB", &kvmi_linux_s390x,
		    &kvmi_arch_s390x, UINT64_C(0x180003624), 2,
		    KVMI_ABSENT_KEPT, UINT64_C(0x180000000) },
		{ "s390x migration of a huge page", &kvmi_linux_s390x,
		    &kvmi_arch_s390x, 0x12345630, 1, KVMI_ABSENT_SWAP, 31 },
		{ "s390x no region", &kvmi_linux_s390x, &kvmi_arch_s390x,
		    0x428, 3, KVMI_ABSENT_NONE, 0 },
		{ "ppc64 empty", &kvmi_linux_ppc64, &kvmi_arch_ppc64_64k, 0, 0,
		    KVMI_ABSENT_NONE, 0 },
		{ "ppc64 being changed", &kvmi_linux_ppc64,
		    &kvmi_arch_ppc64_64k, UINT64_C(0x600000001234f187), 0,
		    KVMI_ABSENT_KEPT, 0x12340000 },
		{ "ppc64 huge page that is split", &kvmi_linux_ppc64,
		    &kvmi_arch_ppc64, UINT64_C(0x6000000012345187), 1,
		    KVMI_ABSENT_KEPT, 0x12200000 },
		{ "ppc64 swapped", &kvmi_linux_ppc64, &kvmi_arch_ppc64_64k,
		    UINT64_C(0x4000000012340001), 0, KVMI_ABSENT_SWAP, 1 },
		{ "ppc64 no table", &kvmi_linux_ppc64, &kvmi_arch_ppc64_64k,
		    0x12340000, 1, KVMI_ABSENT_NONE, 0 },
		{ "loongarch empty", &kvmi_linux_loongarch64,
		    &kvmi_arch_loongarch64, 0x40, 0, KVMI_ABSENT_NONE, 0 },
		{ "loongarch withheld", &kvmi_linux_loongarch64,
		    &kvmi_arch_loongarch64, UINT64_C(0x200000001234441c), 0,
		    KVMI_ABSENT_KEPT, 0x12344000 },
		{ "loongarch swapped", &kvmi_linux_loongarch64,
		    &kvmi_arch_loongarch64, 0x1234810000, 0,
		    KVMI_ABSENT_SWAP, 1 },
		{ "loongarch huge page that is split", &kvmi_linux_loongarch64,
		    &kvmi_arch_loongarch64, UINT64_C(0x1000000006001050), 1,
		    KVMI_ABSENT_KEPT, 0x6000000 },
		{ "loongarch no table", &kvmi_linux_loongarch64,
		    &kvmi_arch_loongarch64, UINT64_C(0x9000000012344000), 1,
		    KVMI_ABSENT_NONE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		const struct kvmi_paging p = { .arch = row[i].arch };
		uint64_t pa = 0;
		unsigned int type = 0;

		if (row[i].linux_->absent(&p, row[i].raw, row[i].level, &pa,
		    &type) != row[i].want)
			fail_msg("%s", row[i].name);
		if (row[i].want == KVMI_ABSENT_KEPT && pa != row[i].value)
			fail_msg("%s: 0x%jx", row[i].name, (uintmax_t)pa);
		if (row[i].want == KVMI_ABSENT_SWAP && type != row[i].value)
			fail_msg("%s: %u", row[i].name, type);
	}
}

/* A kernel without BTF has its types in the file that is given with it. */
static void
test_types_of_file(void **state)
{
	struct kvm_options o = { .ko_execfile = types_file };
	struct kvmi_kernel *k = NULL;
	struct kvmi_cx *cx;
	struct bytes file = { 0 };
	struct kvmi_elf *exec;
	struct kvmi_types *t;
	struct kvmi_src *src;
	uint64_t size;
	int fd = open(types_file, O_RDONLY);

	(void)state;
	if (lseek(fd, 0, SEEK_END) <= 0) {
		close(fd);
		skip();		/* no compiler for i386 */
	}
	cx = kvmi_cx_new();
	assert_non_null(cx);
	UTIL_EQ("file", kvmi_file_open(fd, types_file, &src, &cx->err), 0);
	UTIL_EQ("ELF", kvmi_elf_open(src, &exec, &cx->err), 0);
	UTIL_EQ("kernel", kvmi_kernel_open(make_image(&kernel_row[0], &file),
	    exec, &o, cx, &k), 0);
	UTIL_EQ("types", kvmi_kernel_types(k, cx, &t), 0);
	UTIL_TRUE("named", strcmp(t->where, "DWARF of linux-i386.sample") == 0);
	UTIL_EQ("structure", kvmi_type_size(t, "link", &size, &cx->err), 0);
	UTIL_EQ("structure", size, 8);
	kvmi_kernel_close(k);
	/* Without it the image has none. */
	k = NULL;
	UTIL_EQ("no file", kvmi_kernel_open(util_image("bare",
	    util_bytes(&file, file.len)), NULL, NULL, cx, &k), 0);
	UTIL_TRUE("no types", kvmi_kernel_types(k, cx, &t) != 0);
	kvmi_kernel_close(k);
	bytes_free(&file);
	kvmi_cx_free(cx);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x86_64_absent),
		cmocka_unit_test(test_other_absent),
		cmocka_unit_test(test_i386_absent),
		cmocka_unit_test(test_arm_absent),
		cmocka_unit_test(test_arm64_absent),
		cmocka_unit_test(test_riscv64_absent),
		cmocka_unit_test(test_kernels),
		cmocka_unit_test(test_types_of_file),
	};

	if (argc != 2)
		return (2);
	types_file = argv[1];
	return (cmocka_run_group_tests(tests, NULL, util_report));
}
