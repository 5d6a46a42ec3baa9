/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel files that are wrong, cut, or no kernel. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "elf_symbols.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_a_kernel),
		cmocka_unit_test(test_wrong_type),
		cmocka_unit_test(test_bad_headers),
		cmocka_unit_test(test_bad_symbol_tables),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_decompression_bomb),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_corrupted),
	};

	return (cmocka_run_group_tests_name("elf_bad", tests, setup, NULL));
}
