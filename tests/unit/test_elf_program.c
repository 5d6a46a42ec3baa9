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
};

static const uint64_t named[] = { DT_HASH, 0, DT_SONAME, NAME, DT_NULL, 0 };
static const uint64_t unnamed[] = { DT_HASH, 0, DT_NULL, 0, DT_SONAME, NAME };

static const struct row rows[] = {
	{ "interpreter", PT_INTERP, "/lib64/ld-linux-x86-64.so.2", 28,
	    "a program (the kernel's is called vmlinux" },
	{ "FreeBSD's kernel", PT_INTERP, "/red/herring", 13, NULL },
	{ "other bytes", PT_INTERP, "lib64/ld", 9, NULL },
	{ "no end", PT_INTERP, "/lib64/ld.so", 12, NULL },
	{ "longer", PT_INTERP, "/lib\0x", 7, NULL },
	{ "empty", PT_INTERP, "", 1, NULL },
	{ "outside", PT_INTERP, "/lib", (size_t)1 << 40, NULL },
	{ "library", PT_DYNAMIC, (const char *)named, sizeof(named),
	    "a shared library" },
	{ "relocatable kernel", PT_DYNAMIC, (const char *)unnamed,
	    sizeof(unnamed), NULL },
	{ "outside", PT_DYNAMIC, (const char *)named, SIZE_MAX, NULL },
	{ "variables of threads", PT_TLS, "", 0, "variables of threads" },
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
		bytes_poke(&b, ph + 8, off, 8);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs),
	};

	return (cmocka_run_group_tests_name("elf_program", tests, NULL, NULL));
}
