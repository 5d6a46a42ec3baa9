/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/math.h"
#include "build_elf.h"
#include "sym/elf_file.h"

static struct kvmi_err err;

static struct elf_sym sym64[KVMI_COUNT(symbols)];
static struct elf_sym sym32[KVMI_COUNT(symbols)];

static const struct elf_spec x86_64 = {
	.name = "x86-64", .class = ELFCLASS64, .type = ET_EXEC,
	.machine = EM_X86_64, .base = BASE64, .sym = sym64,
	.n_sym = KVMI_COUNT(sym64),
};

static int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(symbols); i++) {
		sym64[i] = sym32[i] = symbols[i].sym;
		sym64[i].value += symbols[i].in_image ? BASE64 : 0;
		sym32[i].value += symbols[i].in_image ? BASE32 : 0;
	}
	return (0);
}

static int
open_bytes(const void *p, size_t len, struct kvmi_elf **ret)
{
	struct kvmi_src *src;

	assert_int_equal(kvmi_mem_open(p, len, "vmlinux", &src, &err), 0);
	return (kvmi_elf_open(src, ret, &err));
}

static struct kvmi_elf *
must_open(const struct bytes *b)
{
	struct kvmi_elf *e = NULL;

	if (open_bytes(b->p, b->len, &e) != 0)
		fail_msg("%s", err.text);
	return (e);
}

static struct kvmi_symtab *
new_symtab(void)
{
	struct kvmi_symtab *t = NULL;

	assert_int_equal(kvmi_symtab_create(&t, &err), 0);
	return (t);
}

static void
check_symbols(struct kvmi_elf *e, const struct elf_spec *spec, int64_t disp)
{
	struct kvmi_symtab *t = new_symtab();
	size_t n = 0;

	if (kvmi_elf_symbols(e, disp, t, &err) != 0)
		fail_msg("%s: %s", spec->name, err.text);
	for (size_t i = 0; i < spec->n_sym; i++) {
		struct kvmi_sym s;
		uint64_t want = spec->sym[i].value;

		if (symbols[i].letter == 0)
			continue;
		if (symbols[i].in_image)
			want += (uint64_t)disp;
		if (spec->class == ELFCLASS32)
			want = (uint32_t)want;
		if (n == kvmi_symtab_count(t))
			fail_msg("%s: only %zu symbols", spec->name, n);
		kvmi_symtab_get(t, n++, &s);
		if (strcmp(s.name, spec->sym[i].name) != 0 ||
		    s.addr != want || s.size != spec->sym[i].size ||
		    s.letter != symbols[i].letter || s.module[0] != '\0')
			fail_msg("%s: %" PRIx64 " %" PRIu64 " %c %s, not %"
			    PRIx64 " %c %s", spec->name, s.addr, s.size,
			    s.letter, s.name, want, symbols[i].letter,
			    spec->sym[i].name);
	}
	if (n != kvmi_symtab_count(t))
		fail_msg("%s: %zu symbols", spec->name, kvmi_symtab_count(t));
	kvmi_symtab_destroy(t);
}

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

static void
test_not_a_kernel(void **state)
{
	static const struct {
		const char *name;
		size_t off;
		const char *bytes;
		size_t len;		/* of the file */
		int r;
		const char *text;
	} row[] = {
		{ "empty", 0, "", 0, KVMI_EFORMAT,
		    "vmlinux: not a kernel file: no ELF file" },
		{ "text", 0, "hello", 600, KVMI_EFORMAT, "no ELF file" },
		{ "bzImage", 0x202, "HdrS", 4096, KVMI_EFORMAT,
		    "extract vmlinux" },
		{ "arm64 Image", 0x38, "ARM\x64", 4096, KVMI_EFORMAT,
		    "arm64 Image" },
		{ "gzip", 0, "\x1f\x8b", 64, KVMI_EFORMAT, "gzip" },
		{ "xz", 0, "\xfd" "7zXZ", 64, KVMI_EFORMAT, "xz" },
		{ "zstd", 0, "\x28\xb5\x2f\xfd", 64, KVMI_EFORMAT, "zstd" },
		{ "kdump", 0, "KDUMP   ", 4096, KVMI_EFORMAT, "crash dump" },
		{ "flattened", 0, "makedumpfile", 4096, KVMI_EFORMAT,
		    "crash dump" },
		{ "minidump", 0, "minidump FreeBSD/amd64", 4096, KVMI_EFORMAT,
		    "minidump" },
		{ "archive", 0, "!<arch>\n", 64, KVMI_EFORMAT, "archive" },
		{ "magic only", 0, "\177ELF", 4, KVMI_ETRUNC,
		    "within its ELF header" },
	};
	struct kvmi_elf *e;
	uint8_t file[4096];

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		memset(file, 0, sizeof(file));
		memcpy(file + row[i].off, row[i].bytes, strlen(row[i].bytes));
		if (open_bytes(file, row[i].len, &e) != row[i].r ||
		    strstr(err.text, row[i].text) == NULL)
			fail_msg("%s: %s", row[i].name, err.text);
	}
}

static void
test_wrong_type(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
		const char *text;
	} row[] = {
		{ "core", ET_CORE, "not a kernel file: a core file" },
		{ "module", ET_REL, "not a kernel file: an object file" },
		{ "none", ET_NONE, "not a kernel file: ELF type 0" },
		{ "other", 0xfe01, "not a kernel file: ELF type 65025" },
	};
	struct kvmi_elf *e;

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct bytes b = elf_build(&x86_64);

		bytes_poke(&b, offsetof(Elf64_Ehdr, e_type), row[i].type, 2);
		if (open_bytes(b.p, b.len, &e) != KVMI_EFORMAT ||
		    strstr(err.text, row[i].text) == NULL)
			fail_msg("%s: %s", row[i].name, err.text);
		bytes_free(&b);
	}
}

static void
test_bad_headers(void **state)
{
	static const struct {
		const char *name;
		size_t off;
		uint64_t value;
		unsigned int size;
		const char *text;
	} row[] = {
		{ "program headers outside", offsetof(Elf64_Ehdr, e_phoff),
		    1 << 20, 8, "program headers at 0x100000 pass" },
		{ "program headers far outside", offsetof(Elf64_Ehdr, e_phoff),
		    UINT64_MAX, 8, "program headers" },
		{ "too many program headers", offsetof(Elf64_Ehdr, e_phnum),
		    0x7fff, 2, "program headers" },
		{ "section headers outside", offsetof(Elf64_Ehdr, e_shoff),
		    1 << 20, 8, "section headers at 0x100000 pass" },
		{ "too many section headers", offsetof(Elf64_Ehdr, e_shnum),
		    0x7fff, 2, "section headers" },
	};
	struct kvmi_elf *e;

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct bytes b = elf_build(&x86_64);

		bytes_poke(&b, row[i].off, row[i].value, row[i].size);
		if (open_bytes(b.p, b.len, &e) != KVMI_ETRUNC ||
		    strstr(err.text, row[i].text) == NULL)
			fail_msg("%s: %s", row[i].name, err.text);
		bytes_free(&b);
	}
}

/* Where a section's header lies in the file. */
static size_t
shdr_at(const struct bytes *b, unsigned int section)
{
	Elf64_Ehdr eh;

	memcpy(&eh, b->p, sizeof(eh));
	return (eh.e_shoff + section * sizeof(Elf64_Shdr));
}

static void
test_bad_symbol_tables(void **state)
{
	enum { NONE, SYM_LINK, SYM_TYPE, SYM_SIZE, SYM_OFF, STR_OFF };
	static const struct {
		const char *name;
		int field;
		uint64_t value;
		int r;
		const char *text;
	} row[] = {
		{ "none", SYM_TYPE, SHT_PROGBITS, KVMI_ENOENT, "stripped" },
		{ "links to nothing", SYM_LINK, 0, KVMI_EFORMAT,
		    "section 0" },
		{ "links outside", SYM_LINK, 99, KVMI_EFORMAT, "section 99" },
		{ "passes the end", SYM_SIZE, 24 << 20, KVMI_EFORMAT,
		    "malformed" },
		{ "lies outside", SYM_OFF, UINT64_MAX - 100, KVMI_EFORMAT,
		    "malformed" },
		{ "strings lie outside", STR_OFF, UINT64_C(1) << 40,
		    KVMI_EFORMAT, "malformed" },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct bytes b = elf_build(&x86_64);
		struct kvmi_symtab *t = new_symtab();
		size_t sym = shdr_at(&b, S_SYMTAB);
		struct kvmi_elf *e;
		int r;

		switch (row[i].field) {
		case SYM_LINK:
			bytes_poke(&b, sym + offsetof(Elf64_Shdr, sh_link),
			    row[i].value, 4);
			break;
		case SYM_TYPE:
			bytes_poke(&b, sym + offsetof(Elf64_Shdr, sh_type),
			    row[i].value, 4);
			break;
		case SYM_SIZE:
			bytes_poke(&b, sym + offsetof(Elf64_Shdr, sh_size),
			    row[i].value, 8);
			break;
		case SYM_OFF:
			bytes_poke(&b, sym + offsetof(Elf64_Shdr, sh_offset),
			    row[i].value, 8);
			break;
		case STR_OFF:
			bytes_poke(&b, shdr_at(&b, S_STRTAB) +
			    offsetof(Elf64_Shdr, sh_offset), row[i].value, 8);
			break;
		}
		e = must_open(&b);
		r = kvmi_elf_symbols(e, 0, t, &err);
		if (r != row[i].r || strstr(err.text, row[i].text) == NULL)
			fail_msg("%s: %d %s", row[i].name, r, err.text);
		r = kvmi_elf_symbol(e, "_text", &(uint64_t){ 0 }, &err);
		if (r != row[i].r)
			fail_msg("%s: %d %s", row[i].name, r, err.text);
		kvmi_elf_close(e);
		kvmi_symtab_destroy(t);
		bytes_free(&b);
	}
}

/* Strings that do not end, or not before megabytes. */
static void
test_bad_names(void **state)
{
	static char name[8192];
	struct elf_sym sym[] = {
		{ "first", BASE64, 0, STB_GLOBAL, STT_FUNC, S_TEXT },
		{ name, BASE64 + 8, 0, STB_GLOBAL, STT_FUNC, S_TEXT },
	};
	static const struct {
		const char *name;
		size_t len;		/* of the second symbol's name */
		size_t cut;		/* of the string table */
		int r;
		size_t want;
	} row[] = {
		{ "long", 4096, 0, 0, 2 },
		{ "too long", 4097, 0, KVMI_EFORMAT, 1 },
		{ "does not end", 10, 1, 0, 1 },
		{ "starts at the end", 10, 11, 0, 1 },
		{ "starts outside", 10, 12, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_symtab *t = new_symtab();
		struct elf_spec spec = x86_64;
		struct kvmi_elf *e;
		struct bytes b;
		uint64_t size;
		size_t off;
		int r;

		memset(name, 'n', sizeof(name));
		name[row[i].len] = '\0';
		spec.sym = sym;
		spec.n_sym = 2;
		b = elf_build(&spec);
		off = shdr_at(&b, S_STRTAB) + offsetof(Elf64_Shdr, sh_size);
		memcpy(&size, b.p + off, 8);
		bytes_poke(&b, off, size - row[i].cut, 8);
		e = must_open(&b);
		r = kvmi_elf_symbols(e, 0, t, &err);
		if (r != row[i].r || kvmi_symtab_count(t) != row[i].want)
			fail_msg("%s: %d, %zu symbols", row[i].name, r,
			    kvmi_symtab_count(t));
		kvmi_elf_close(e);
		kvmi_symtab_destroy(t);
		bytes_free(&b);
	}
}

/* A header that promises more than its data could ever become. */
static void
test_decompression_bomb(void **state)
{
	static const struct {
		uint64_t size;
		int r;
	} row[] = {
		{ UINT64_MAX, KVMI_ENOMEM },
		{ UINT64_C(1) << 62, KVMI_ENOMEM },
		{ (UINT64_C(1) << 30) + 1, KVMI_ENOMEM },
		{ 100000000, KVMI_EFORMAT },
		{ 1, KVMI_EFORMAT },
	};
	struct elf_spec spec = x86_64;
	struct bytes b;

	(void)state;
	spec.compress_symbols = true;
	b = elf_build(&spec);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_symtab *t = new_symtab();
		struct kvmi_elf *e;
		uint64_t off;

		memcpy(&off, b.p + shdr_at(&b, S_SYMTAB) +
		    offsetof(Elf64_Shdr, sh_offset), 8);
		bytes_poke(&b, off + offsetof(Elf64_Chdr, ch_size),
		    row[i].size, 8);
		e = must_open(&b);
		if (kvmi_elf_symbols(e, 0, t, &err) != row[i].r)
			fail_msg("%" PRIu64 " bytes: %s", row[i].size,
			    err.text);
		kvmi_elf_close(e);
		kvmi_symtab_destroy(t);
	}
	bytes_free(&b);
}

static void
ask_everything(struct kvmi_elf *e)
{
	struct kvmi_symtab *t = new_symtab();
	struct kvmi_buildid id;
	uint8_t buf[64];
	uint64_t v;

	kvmi_elf_buildid(e, &id, &err);
	kvmi_elf_read(e, BASE64, buf, sizeof(buf), &err);
	kvmi_elf_read(e, BASE64 + ELF_DATA_OFF, buf, sizeof(buf), &err);
	kvmi_elf_symbol(e, "twice", &v, &err);
	kvmi_elf_symbols(e, DISP, t, &err);
	kvmi_elf_symbols(e, DISP, t, &err);
	kvmi_symtab_destroy(t);
}

/* No truncated file passes for a whole one. */
static void
test_truncated(void **state)
{
	struct bytes b = elf_build(&x86_64);
	struct kvmi_elf *e;

	(void)state;
	for (size_t len = 0; len < b.len; len++) {
		uint8_t *p = bytes_exact(&b, len);
		int r = open_bytes(p, len, &e);

		if (len >= EI_NIDENT && r != KVMI_ETRUNC &&
		    r != KVMI_EFORMAT)
			fail_msg("%zu bytes of %zu: %d", len, b.len, r);
		if (len >= sizeof(Elf64_Ehdr) && r != KVMI_ETRUNC)
			fail_msg("%zu bytes of %zu: %s", len, b.len,
			    r == 0 ? "opened" : err.text);
		if (r == 0)
			kvmi_elf_close(e);
		free(p);
	}
	bytes_free(&b);
}

static void
corrupt(const struct elf_spec *spec)
{
	static const uint8_t with[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	struct bytes b = elf_build(spec);

	for (size_t i = 0; i < b.len; i++) {
		for (size_t j = 0; j < KVMI_COUNT(with); j++) {
			uint8_t *p = bytes_exact(&b, b.len);
			struct kvmi_elf *e;

			p[i] = with[j];
			if (open_bytes(p, b.len, &e) == 0) {
				ask_everything(e);
				kvmi_elf_close(e);
			}
			free(p);
		}
	}
	bytes_free(&b);
}

static void
test_corrupted(void **state)
{
	struct elf_spec spec = x86_64;

	(void)state;
	corrupt(&spec);
	spec.compress_symbols = true;
	spec.compress_strings = true;
	corrupt(&spec);
	spec = x86_64;
	spec.class = ELFCLASS32;
	spec.big_endian = true;
	spec.base = BASE32;
	spec.sym = sym32;
	corrupt(&spec);
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
		cmocka_unit_test(test_not_a_kernel),
		cmocka_unit_test(test_wrong_type),
		cmocka_unit_test(test_bad_headers),
		cmocka_unit_test(test_bad_symbol_tables),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_decompression_bomb),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_corrupted),
		cmocka_unit_test(test_unmapped_source),
	};

	return (cmocka_run_group_tests_name("elf_symtab", tests, setup, NULL));
}
