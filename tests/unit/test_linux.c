/* SPDX-License-Identifier: BSD-2-Clause */
/* How the tables of Linux kernels are found, on each architecture. */
#include <fcntl.h>
#include <unistd.h>

#include "os/linux/linux.h"
#include "util.h"

static const char *types_file;

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
		cmocka_unit_test(test_kernels),
		cmocka_unit_test(test_types_of_file),
	};

	if (argc != 2)
		return (2);
	types_file = argv[1];
	return (cmocka_run_group_tests(tests, NULL, util_report));
}
