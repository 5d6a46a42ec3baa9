/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel files as they should be. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "elf_symbols.h"

static void
test_kernels(void **state)
{
	const struct elf_spec row[] = {
		x86_64,
		{ .name = "FreeBSD", .class = ELFCLASS64, .type = ET_EXEC,
		    .machine = EM_X86_64, .osabi = ELFOSABI_FREEBSD,
		    .base = BASE64, .sym = sym64,
		    .n_sym = KVMI_COUNT(sym64) },
		{ .name = "big endian", .class = ELFCLASS64,
		    .big_endian = true, .type = ET_DYN, .machine = EM_S390,
		    .base = BASE64, .sym = sym64,
		    .n_sym = KVMI_COUNT(sym64) },
		{ .name = "32 bit", .class = ELFCLASS32, .type = ET_EXEC,
		    .machine = EM_386, .base = BASE32, .sym = sym32,
		    .n_sym = KVMI_COUNT(sym32) },
		{ .name = "32 bit big endian", .class = ELFCLASS32,
		    .big_endian = true, .type = ET_EXEC, .machine = EM_PPC,
		    .base = BASE32, .sym = sym32,
		    .n_sym = KVMI_COUNT(sym32) },
		{ .name = "only .dynsym", .class = ELFCLASS64, .type = ET_DYN,
		    .machine = EM_AARCH64, .base = BASE64, .dynsym = true,
		    .sym = sym64, .n_sym = KVMI_COUNT(sym64) },
		{ .name = "compressed .symtab", .class = ELFCLASS64,
		    .type = ET_EXEC, .machine = EM_X86_64, .base = BASE64,
		    .compress_symbols = true, .sym = sym64,
		    .n_sym = KVMI_COUNT(sym64) },
		{ .name = "compressed .strtab", .class = ELFCLASS64,
		    .type = ET_EXEC, .machine = EM_X86_64, .base = BASE64,
		    .compress_strings = true, .sym = sym64,
		    .n_sym = KVMI_COUNT(sym64) },
		{ .name = "both compressed, big endian, 32 bit",
		    .class = ELFCLASS32, .big_endian = true, .type = ET_EXEC,
		    .machine = EM_PPC, .base = BASE32,
		    .compress_symbols = true, .compress_strings = true,
		    .sym = sym32, .n_sym = KVMI_COUNT(sym32) },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct bytes b = elf_build(&row[i]);
		struct kvmi_elf *e;
		void *ro;

		/* As a mapped file is: not to be written to. */
		ro = mmap(NULL, b.len, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_ptr_not_equal(ro, MAP_FAILED);
		memcpy(ro, b.p, b.len);
		assert_int_equal(mprotect(ro, b.len, PROT_READ), 0);
		if (open_bytes(ro, b.len, &e) != 0)
			fail_msg("%s: %s", row[i].name, err.text);
		assert_int_equal(kvmi_elf_machine(e), row[i].machine);
		assert_int_equal(kvmi_elf_big_endian(e), row[i].big_endian);
		assert_int_equal(kvmi_elf_osabi(e), row[i].osabi);
		check_symbols(e, &row[i], 0);
		check_symbols(e, &row[i], DISP);
		check_symbols(e, &row[i], -DISP);
		check_symbols(e, &row[i], INT64_C(0x7fff0000));
		kvmi_elf_close(e);
		munmap(ro, b.len);
		bytes_free(&b);
	}
	kvmi_elf_close(NULL);
}

/* Images linked low have nothing below them. */
static void
test_low_image(void **state)
{
	static const struct elf_sym sym[] = {
		{ "lowcore", 0x10, 0, STB_GLOBAL, STT_NOTYPE, S_PERCPU },
		{ "_text", 0x20, 0, STB_GLOBAL, STT_NOTYPE, S_TEXT },
	};
	struct elf_spec spec = x86_64;
	struct kvmi_symtab *t = new_symtab();
	struct kvmi_elf *e;
	struct kvmi_sym s;
	struct bytes b;

	(void)state;
	spec.base = 0x20;
	spec.sym = sym;
	spec.n_sym = 2;
	b = elf_build(&spec);
	e = must_open(&b);
	assert_int_equal(kvmi_elf_symbols(e, 0x1000, t, &err), 0);
	assert_int_equal(kvmi_symtab_by_name(t, "lowcore", &s, &err), 0);
	assert_int_equal(s.addr, 0x1010);
	assert_int_equal(kvmi_symtab_by_name(t, "_text", &s, &err), 0);
	assert_int_equal(s.addr, 0x1020);
	kvmi_elf_close(e);
	kvmi_symtab_destroy(t);
	bytes_free(&b);
}

static void
test_one_symbol(void **state)
{
	static const struct {
		const char *name;
		int r;
		uint64_t value;
	} row[] = {
		{ "_text", 0, BASE64 },
		{ "text_local", 0, BASE64 + 8 },
		{ "twice", 0, BASE64 + 32 },	/* the global one */
		{ "percpu_global", 0, 0x18 },
		{ "abs_global", 0, 0x5678 },
		{ "undefined", KVMI_ENOENT, 1 },
		{ "weak_undefined", KVMI_ENOENT, 1 },
		{ "vmlinux.c", KVMI_ENOENT, 1 },
		{ "nope", KVMI_ENOENT, 1 },
		{ "", KVMI_ENOENT, 1 },
	};
	struct bytes b = elf_build(&x86_64);
	struct kvmi_elf *e = must_open(&b);

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		uint64_t v = 1;
		int r = kvmi_elf_symbol(e, row[i].name, &v, &err);

		if (r != row[i].r || v != row[i].value)
			fail_msg("%s: %d, %" PRIx64, row[i].name, r, v);
	}
	kvmi_elf_symbol(e, "nope", &(uint64_t){ 0 }, &err);
	assert_string_equal(err.text, "vmlinux: no symbol nope");
	kvmi_elf_close(e);
	bytes_free(&b);
}

static void
test_buildid(void **state)
{
	static const struct {
		const char *name;
		bool no_note_section, no_segments, no_buildid, big_endian;
		int r;
	} row[] = {
		{ "section and segment", false, false, false, false, 0 },
		{ "segment only", true, false, false, false, 0 },
		{ "section only", false, true, false, false, 0 },
		{ "big endian", false, false, false, true, 0 },
		{ "big endian segment", true, false, false, true, 0 },
		{ "no such note", false, false, true, false, KVMI_ENOENT },
		{ "no notes", true, true, false, false, KVMI_ENOENT },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct elf_spec spec = x86_64;
		struct kvmi_buildid id;
		struct kvmi_elf *e;
		struct bytes b;

		spec.no_note_section = row[i].no_note_section;
		spec.no_segments = row[i].no_segments;
		spec.no_buildid = row[i].no_buildid;
		spec.big_endian = row[i].big_endian;
		b = elf_build(&spec);
		e = must_open(&b);
		if (kvmi_elf_buildid(e, &id, &err) != row[i].r)
			fail_msg("%s: %s", row[i].name, err.text);
		if (row[i].r == 0) {
			assert_int_equal(id.len, 20);
			for (uint8_t j = 0; j < 20; j++)
				assert_int_equal(id.bytes[j], j + 1);
			assert_int_equal(id.note_va, BASE64 + ELF_NOTE_OFF +
			    24 + 16);
		}
		kvmi_elf_close(e);
		bytes_free(&b);
	}
}

static void
test_read(void **state)
{
	static const struct {
		const char *name;
		uint64_t va;
		size_t len;
		int r;
		uint8_t first, last;
	} row[] = {
		{ "text", BASE64, 4, 0, 0x40, 0x43 },
		{ "all text", BASE64, ELF_TEXT_LEN, 0, 0x40, 0x7f },
		{ "last byte of text", BASE64 + ELF_TEXT_LEN - 1, 1, 0, 0x7f,
		    0x7f },
		{ "past the text", BASE64, ELF_TEXT_LEN + 1, KVMI_ENOTMAPPED,
		    0, 0 },
		{ "before the text", BASE64 - 1, 2, KVMI_ENOTMAPPED, 0, 0 },
		{ "data", BASE64 + ELF_DATA_OFF, 4, 0, 0xdd, 0xdd },
		{ "data and bss", BASE64 + ELF_DATA_OFF + ELF_DATA_LEN - 1, 3,
		    0, 0xdd, 0 },
		{ "bss", BASE64 + ELF_DATA_OFF + ELF_DATA_LEN, ELF_BSS_LEN, 0,
		    0, 0 },
		{ "past the bss", BASE64 + ELF_DATA_OFF + ELF_DATA_LEN,
		    ELF_BSS_LEN + 1, KVMI_ENOTMAPPED, 0, 0 },
		{ "per-CPU template", ELF_PERCPU_VA, 2, 0, 0xee, 0xee },
		{ "nowhere", 0x7fff00000000, 1, KVMI_ENOTMAPPED, 0, 0 },
		{ "top", UINT64_MAX, 2, KVMI_ENOTMAPPED, 0, 0 },
		{ "nothing", 1, 0, 0, 0xaa, 0xaa },
	};
	struct bytes b = elf_build(&x86_64);
	struct kvmi_elf *e = must_open(&b);

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		uint8_t *buf = malloc(row[i].len + 1);
		int r;

		assert_non_null(buf);
		memset(buf, 0xaa, row[i].len + 1);
		r = kvmi_elf_read(e, row[i].va, buf, row[i].len, &err);
		if (r != row[i].r || (r == 0 && (buf[0] != row[i].first ||
		    (row[i].len > 0 && buf[row[i].len - 1] != row[i].last))) ||
		    buf[row[i].len] != 0xaa)
			fail_msg("%s: %d", row[i].name, r);
		free(buf);
	}
	kvmi_elf_close(e);
	bytes_free(&b);
}

/* A source without a mapping is copied, up to a limit. */
static const uint8_t *
unmapped_map(struct kvmi_src *s, uint64_t off, uint64_t *run)
{
	(void)s;
	(void)off;
	(void)run;
	return (NULL);
}

static struct bytes unmapped_bytes;

static int
unmapped_read(struct kvmi_src *s, uint64_t off, void *buf, size_t n,
    struct kvmi_err *e)
{
	(void)s;
	(void)e;
	memcpy(buf, unmapped_bytes.p + off, n);
	return (0);
}

static int closed;

static int
unmapped_close(struct kvmi_src *s)
{
	(void)s;
	closed++;
	return (0);
}

static void
test_unmapped_source(void **state)
{
	static const struct kvmi_src_ops ops = {
		.map = unmapped_map,
		.read = unmapped_read,
		.close = unmapped_close,
	};
	struct kvmi_src src = { .ops = &ops, .name = "pipe" };
	struct kvmi_elf *e;

	(void)state;
	unmapped_bytes = elf_build(&x86_64);
	src.size = unmapped_bytes.len;
	assert_int_equal(kvmi_elf_open(&src, &e, &err), 0);
	check_symbols(e, &x86_64, DISP);
	assert_int_equal(closed, 0);
	kvmi_elf_close(e);
	assert_int_equal(closed, 1);
	src.size = (UINT64_C(1) << 30) + 1;
	assert_int_equal(kvmi_elf_open(&src, &e, &err), KVMI_ENOMEM);
	assert_non_null(strstr(err.text, "too large"));
	assert_int_equal(closed, 2);
	bytes_free(&unmapped_bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernels),
		cmocka_unit_test(test_low_image),
		cmocka_unit_test(test_one_symbol),
		cmocka_unit_test(test_buildid),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_unmapped_source),
	};

	return (cmocka_run_group_tests_name("elf_symtab", tests, setup, NULL));
}
