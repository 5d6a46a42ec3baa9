/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux kernels whose page tables are behind the end of a file that was cut
 * short: what VMCOREINFO tells of where memory is mapped stands in for them.
 */
#include "util.h"

#include "os/linux/linux.h"

/* Memory, and how much of it the file has. */
#define MEMORY		0x400000
#define HELD		0x100000
/* In memory: the root, tables that it leads to, a note, another, init_uts_ns. */
#define ROOT		0x10000
#define LOST		0x300000
#define NOTE		0x8000
#define LATER		0x9000
#define UTS		0x6000
#define RELEASE		"6.1.0"
/* struct lowcore: where the note is. */
#define LOWCORE_VMCOREINFO 0xe0c

#define RISCV_BASE	UINT64_C(0x80000000)
#define RISCV_IMAGE	UINT64_C(0xffffffff80000000)
#define RISCV_LINEAR	UINT64_C(0xffffffd600000000)
#define S390_MOVED	UINT64_C(0x3ffe0000000)
#define S390_IDENTITY	UINT64_C(0x10000000000)

#define KEYS(va)	"OSRELEASE=" RELEASE "\nSYMBOL(swapper_pg_dir)=" va \
	"10000\nSYMBOL(init_uts_ns)=" va "06000\nSYMBOL(_stext)=" va \
	"02000\n" \
	"OFFSET(uts_namespace.name)=0\n"
#define RISCV_KEYS	KEYS("ffffffff800") "NUMBER(VA_BITS)=39\n" \
	"NUMBER(PAGE_OFFSET)=0xffffffd600000000\n" \
	"NUMBER(phys_ram_base)=2147483648\n"
#define RISCV_OFFSET	"NUMBER(va_kernel_pa_offset)=0xffffffff00000000\n"
#define S390_KEYS	KEYS("3ffe00") "KERNELOFFSET=3ffe0000000\n" \
	"IDENTITYBASE=10000000000\nKERNELOFFPHYS=0\n"

enum { NOTED = 1, PLANTED = 2, LOWCORE = 4, FORMER = 8, OTHER = 16,
    TEXT = 32 };

static const struct row {
	const char	*name;
	uint16_t	 machine;
	bool		 big_endian;
	uint64_t	 base;
	const char	*info;
	unsigned int	 how;
	size_t		 held;
	int		 want;
	uint64_t	 image_va, linear_va;	/* of the start of memory */
} rows[] = {
	{ "riscv64, a note of the dump", 243, false, RISCV_BASE,
	    RISCV_KEYS RISCV_OFFSET, NOTED, HELD, 0, RISCV_IMAGE,
	    RISCV_LINEAR },
	{ "riscv64, a note in memory", 243, false, RISCV_BASE,
	    RISCV_KEYS RISCV_OFFSET, PLANTED, HELD, 0, RISCV_IMAGE,
	    RISCV_LINEAR },
	{ "riscv64, with a note of a kernel that ran before", 243, false,
	    RISCV_BASE, RISCV_KEYS RISCV_OFFSET, PLANTED | FORMER, HELD, 0,
	    RISCV_IMAGE, RISCV_LINEAR },
	{ "riscv64, the text alone in memory", 243, false, RISCV_BASE,
	    RISCV_KEYS RISCV_OFFSET, TEXT, HELD, 0, RISCV_IMAGE,
	    RISCV_LINEAR },
	{ "riscv64, the text, and a note of a kernel that ran before", 243,
	    false, RISCV_BASE, RISCV_KEYS RISCV_OFFSET, TEXT | FORMER, HELD, 0,
	    RISCV_IMAGE, RISCV_LINEAR },
	{ "riscv64, the text of another", 243, false, RISCV_BASE,
	    RISCV_KEYS RISCV_OFFSET, TEXT | OTHER, HELD, KVMI_ENOTSUP, 0, 0 },
	{ "riscv64, the kernel is another", 243, false, RISCV_BASE,
	    RISCV_KEYS RISCV_OFFSET, NOTED | OTHER, HELD, KVMI_EFORMAT, 0, 0 },
	{ "riscv64, the image is lost too", 243, false, RISCV_BASE,
	    RISCV_KEYS RISCV_OFFSET, NOTED, 0x1000, 0, 0, 0 },
	{ "riscv64 that does not tell where its image is", 243, false,
	    RISCV_BASE, RISCV_KEYS, NOTED, HELD, KVMI_ENOENT, 0, 0 },
	{ "s390x, by its lowcore", 22, true, 0, KEYS(""), PLANTED | LOWCORE,
	    HELD, 0, 0, 0 },
	{ "s390x, a note in memory", 22, true, 0, KEYS(""), PLANTED, HELD, 0,
	    0, 0 },
	{ "s390x, the text alone in memory", 22, true, 0, KEYS(""), TEXT, HELD,
	    0, 0, 0 },
	{ "s390x, moved", 22, true, 0, S390_KEYS, PLANTED | LOWCORE, HELD, 0,
	    S390_MOVED, S390_IDENTITY },
	{ "s390x, a note of the dump", 22, true, 0, S390_KEYS, NOTED, HELD, 0,
	    S390_MOVED, S390_IDENTITY },
	{ "s390x, the image is lost too", 22, true, 0, S390_KEYS, NOTED,
	    0x1000, 0, 0, 0 },
};

static void
put(struct bytes *file, uint64_t at, const void *p, size_t n)
{
	memcpy(file->p + 0x2000 + at, p, n);
}

static void
put_note(struct bytes *file, uint64_t at, const char *info)
{
	struct bytes note = { .big_endian = file->big_endian };

	util_note(&note, "VMCOREINFO", 11, 0, info, (uint32_t)strlen(info));
	put(file, at, note.p, note.len);
	bytes_free(&note);
}

/* An entry of the root that leads on, to what is lost. */
static void
put_root(const struct row *row, struct bytes *file)
{
	struct bytes root = { .big_endian = row->big_endian };

	for (unsigned int i = 0; i < 2048; i++)
		bytes_uint(&root, row->machine == 22 ? LOST | 7 :
		    (row->base + LOST) >> 2 | 1, 8);
	put(file, ROOT, root.p, root.len);
	bytes_free(&root);
}

static struct kvmi_image *
make(const struct row *row, struct bytes *file)
{
	const struct util_elf e = { .machine = row->machine,
		.big_endian = row->big_endian };
	const struct util_phdr ph[] = {
		{ 1, 0x2000, 0, row->base, MEMORY, MEMORY },
		{ 4, 0x1000, 0, 0, 0x1000, 0x1000 },
	};
	struct bytes lowcore = { .big_endian = row->big_endian };

	file->big_endian = row->big_endian;
	util_elf(file, &e, ph, 2);
	bytes_fill(file, 0, 0x2000 + HELD - file->len);
	put_root(row, file);
	put(file, UTS + 2 * 65, row->how & OTHER ? "5.4.0" : RELEASE, 6);
	put(file, UTS + 0x800, "image", 6);
	if (row->how & NOTED) {
		struct bytes note = { .big_endian = row->big_endian };

		util_note(&note, "VMCOREINFO", 11, 0, row->info,
		    (uint32_t)strlen(row->info));
		memcpy(file->p + 0x1000, note.p, note.len);
		bytes_free(&note);
	}
	if (row->how & PLANTED)
		put_note(file, row->how & FORMER ? LATER : NOTE, row->info);
	if (row->how & TEXT)
		put(file, LATER, row->info, strlen(row->info) + 1);
	/* What that one promises is lost as well. */
	if (row->how & FORMER)
		put_note(file, NOTE, "OSRELEASE=5.4.0\nNUMBER(VA_BITS)=39\n"
		    "SYMBOL(swapper_pg_dir)=ffffffff80205000\n"
		    "SYMBOL(init_uts_ns)=ffffffff80206000\n" RISCV_OFFSET);
	bytes_uint(&lowcore, NOTE, 8);
	if (row->how & LOWCORE)
		put(file, LOWCORE_VMCOREINFO, lowcore.p, 8);
	bytes_free(&lowcore);
	return (util_image(row->name, util_bytes(file, 0x2000 + row->held)));
}

/* What lies in the image, by each of its addresses. */
static void
check(const struct row *row, struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	const uint64_t va[] = { row->image_va, row->linear_va };
	const struct kvmi_linux *l = k->priv;
	char text[6];

	UTIL_TRUE(row->name, kvmi_vmcoreinfo_get(&l->info, "OSRELEASE", text,
	    sizeof(text)) && strcmp(text, RELEASE) == 0);
	for (size_t i = 0; i < KVMI_COUNT(va); i++) {
		memset(text, 0, sizeof(text));
		if (row->held < HELD) {
			UTIL_TRUE(row->name, kvmi_kread(k, cx, va[i] + UTS +
			    0x800, text, 6) != 0 && cx->err.text[0] != '\0');
			continue;
		}
		UTIL_EQ(row->name, kvmi_kread(k, cx, va[i] + UTS + 0x800, text,
		    6), 0);
		UTIL_TRUE(row->name, strcmp(text, "image") == 0);
		UTIL_EQ(row->name, kvmi_kread(k, cx, va[i] + HELD, text, 6),
		    KVMI_ETRUNC);
	}
}

static void
test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct kvmi_cx *cx = kvmi_cx_new();
		struct bytes file = { 0 };
		struct kvmi_kernel *k = NULL;

		assert_non_null(cx);
		UTIL_FAILS(row->name, kvmi_kernel_open(make(row, &file), NULL,
		    NULL, cx, &k), row->want, &cx->err);
		if (row->want == 0) {
			check(row, k, cx);
			kvmi_kernel_close(k);
		}
		bytes_free(&file);
		kvmi_cx_free(cx);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
