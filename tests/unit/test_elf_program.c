/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs and libraries are no kernels, whatever else they have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/math.h"
#include "build_elf.h"
#include "sym/elf_file.h"

#define PHDRS	64
#define PHDR	56
#define NAME	1		/* DT_SONAME's string */

/* The last program header becomes another, of bytes in the text section. */
struct row {
	const char	*name;
	uint32_t	 segment;
	const char	*bytes;
	size_t		 len;
	const char	*why;		/* NULL: it is taken */
	uint64_t	 off;		/* of the segment; 0: the bytes' */
};

static const uint64_t named[] = { DT_SONAME, NAME, DT_STRTAB, 0, DT_NULL, 0 };
static const uint64_t unnamed[] = { DT_STRTAB, 0, DT_NULL, 0, DT_SONAME, NAME };
static const uint64_t no_strings[] = { DT_HASH, 0, DT_SONAME, NAME, DT_NULL,
    0 };
static const uint64_t no_end[] = { DT_STRTAB, 0, DT_SONAME, NAME, DT_HASH };

static const struct row rows[] = {
	{ "interpreter", PT_INTERP, "/lib64/ld-linux-x86-64.so.2", 28,
	    "a program (the kernel's is called vmlinux", 0 },
	{ "FreeBSD's kernel", PT_INTERP, "/red/herring", 13, NULL, 0 },
	{ "other bytes", PT_INTERP, "lib64/ld", 9, NULL, 0 },
	{ "no end", PT_INTERP, "/lib64/ld.so", 12, NULL, 0 },
	{ "longer", PT_INTERP, "/lib\0x", 7, NULL, 0 },
	{ "empty", PT_INTERP, "", 1, NULL, 0 },
	{ "outside", PT_INTERP, "/lib", (size_t)1 << 40, NULL, 0 },
	{ "at no address", PT_INTERP, "/lib", 5, NULL, UINT64_MAX - 255 },
	{ "library", PT_DYNAMIC, (const char *)named, sizeof(named),
	    "a shared library", 0 },
	{ "relocatable kernel", PT_DYNAMIC, (const char *)unnamed,
	    sizeof(unnamed), NULL, 0 },
	{ "outside", PT_DYNAMIC, (const char *)named, SIZE_MAX, NULL, 0 },
	{ "at no address", PT_DYNAMIC, (const char *)named, sizeof(named),
	    NULL, UINT64_MAX - 255 },
	{ "no strings", PT_DYNAMIC, (const char *)no_strings,
	    sizeof(no_strings), NULL, 0 },
	{ "no end", PT_DYNAMIC, (const char *)no_end, sizeof(no_end), NULL,
	    0 },
	{ "variables of threads", PT_TLS, "", 0, "variables of threads", 0 },
};

static void
test_programs(void **state)
{
	static const struct elf_spec spec = { .class = ELFCLASS64,
		.type = ET_DYN, .machine = EM_X86_64, .no_symbols = true,
		.base = UINT64_C(0xffffffff81000000) };

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(rows); i++) {
		struct bytes b = elf_build(&spec);
		const size_t ph = PHDRS + 4 * PHDR;
		struct kvmi_elf *e = NULL;
		struct kvmi_err err = { 0 };
		struct kvmi_src *src;
		uint64_t off;
		int r;

		memcpy(&off, b.p + PHDRS + 8, sizeof(off));
		if (rows[i].len <= ELF_TEXT_LEN)
			memcpy(b.p + off, rows[i].bytes, rows[i].len);
		bytes_poke(&b, ph, rows[i].segment, 4);
		bytes_poke(&b, ph + 8, rows[i].off != 0 ? rows[i].off : off,
		    8);
		bytes_poke(&b, ph + 32, rows[i].len, 8);
		assert_int_equal(kvmi_mem_open(b.p, b.len, "file", &src,
		    &err), 0);
		r = kvmi_elf_open(src, &e, &err);
		if (r != (rows[i].why != NULL ? KVMI_EFORMAT : 0) ||
		    (r != 0 && strstr(err.text, rows[i].why) == NULL))
			fail_msg("%s: %d, %s", rows[i].name, r, err.text);
		if (r == 0)
			kvmi_elf_close(e);
		/* What a module may be is not asked. */
		assert_int_equal(kvmi_mem_open(b.p, b.len, "file", &src,
		    &err), 0);
		assert_int_equal(kvmi_elf_open_module(src, &e, &err), 0);
		kvmi_elf_close(e);
		bytes_free(&b);
	}
}

/* Made-up files have thousands, which would take thousands of looks. */
static void
test_only_first(void **state)
{
	static const struct elf_spec spec = { .class = ELFCLASS64,
		.type = ET_DYN, .machine = EM_X86_64, .no_symbols = true,
		.base = UINT64_C(0xffffffff81000000) };
	struct bytes b = elf_build(&spec);
	struct kvmi_elf *e = NULL;
	struct kvmi_err err = { 0 };
	struct kvmi_src *src;
	uint64_t off;

	(void)state;
	memcpy(&off, b.p + PHDRS + 8, sizeof(off));
	memcpy(b.p + off, named, sizeof(named));
	for (size_t ph = PHDRS + 3 * PHDR; ph <= PHDRS + 4 * PHDR; ph += PHDR) {
		bytes_poke(&b, ph, PT_DYNAMIC, 4);
		bytes_poke(&b, ph + 8, off, 8);
		bytes_poke(&b, ph + 32, ph == PHDRS + 3 * PHDR ? 0 :
		    sizeof(named), 8);
	}
	assert_int_equal(kvmi_mem_open(b.p, b.len, "file", &src, &err), 0);
	assert_int_equal(kvmi_elf_open(src, &e, &err), 0);
	kvmi_elf_close(e);
	bytes_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_only_first),
	};

	return (cmocka_run_group_tests_name("elf_program", tests, NULL, NULL));
}
