/* SPDX-License-Identifier: BSD-2-Clause */
/* System.map and boot images: what may be given as the kernel file. */
#include "util.h"

#include "image/vmlinuz.h"
#include "sym/system_map.h"

static const char good[] =
    "0000000000000000 D __per_cpu_start\n"
    "0000000000001000 d cpu_var\n"
    "000000000f000000 A absolute\n"
    "ffffffff81000000 T _text\n"
    "ffffffff81000000 T _stext\n"
    "ffffffff81000040 t local_function\n"
    "ffffffff82000000 D data with spaces behind\n"
    "ffffffff83000000 B _end\n"
    "ffffffffff600000 T far_away\n";

static struct kvmi_src *
text_src(const char *text, size_t len)
{
	struct bytes b = { 0 };
	struct kvmi_src *s;

	bytes_put(&b, text, len);
	s = util_bytes(&b, len);
	bytes_free(&b);
	return (s);
}

static void
test_symbols(void **state)
{
	static const struct {
		const char *name;
		uint64_t addr;
		char letter;
	} row[] = {
		{ "__per_cpu_start", 0, 'D' }, { "cpu_var", 0x1000, 'd' },
		{ "absolute", 0xf000000, 'A' },
		{ "_text", 0xffffffff91000000, 'T' },
		{ "local_function", 0xffffffff91000040, 't' },
		{ "data", 0xffffffff92000000, 'D' },
		{ "_end", 0xffffffff93000000, 'B' },
		{ "far_away", 0xffffffffff600000, 'T' },
	};
	struct kvmi_err err = { 0 };
	struct kvmi_sysmap *m;
	struct kvmi_symtab *t;
	struct kvmi_src *s = text_src(good, sizeof(good) - 1);

	(void)state;
	UTIL_TRUE("recognised", kvmi_sysmap_recognise(s));
	UTIL_FAILS("open", kvmi_sysmap_open(s, &m, &err), 0, &err);
	UTIL_FAILS("table", kvmi_symtab_create(&t, &err), 0, &err);
	UTIL_FAILS("symbols", kvmi_sysmap_symbols(m, 0x10000000, t, &err), 0,
	    &err);
	UTIL_EQ("count", kvmi_symtab_count(t), 9);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_sym sym = { 0 };

		UTIL_EQ(row[i].name, kvmi_symtab_by_name(t, row[i].name, &sym,
		    &err), 0);
		UTIL_EQ(row[i].name, sym.addr, row[i].addr);
		UTIL_EQ(row[i].name, sym.letter, row[i].letter);
	}
	kvmi_symtab_destroy(t);
	kvmi_sysmap_close(m);
}

/* 32-bit addresses stay such. */
static void
test_narrow(void **state)
{
	static const char text[] = "c0008000 T _text\nc0800000 B _end\n";
	struct kvmi_err err = { 0 };
	struct kvmi_sysmap *m;
	struct kvmi_symtab *t;
	struct kvmi_sym sym;

	(void)state;
	UTIL_FAILS("open", kvmi_sysmap_open(text_src(text, sizeof(text) - 1),
	    &m, &err), 0, &err);
	kvmi_symtab_create(&t, &err);
	UTIL_FAILS("symbols", kvmi_sysmap_symbols(m, 0x50000000, t, &err), 0,
	    &err);
	UTIL_EQ("_text", kvmi_symtab_by_name(t, "_text", &sym, &err), 0);
	UTIL_EQ("_text", sym.addr, 0x10008000);
	kvmi_symtab_destroy(t);
	kvmi_sysmap_close(m);
}

static void
test_bad(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		bool	 recognised;
		int	 open, symbols;
	} row[] = {
		{ "empty", "", false, KVMI_EFORMAT, 0 },
		{ "text", "hello, world\n", false, KVMI_EFORMAT, 0 },
		{ "few digits", "1234567 T _text\n", false, KVMI_EFORMAT, 0 },
		{ "many digits", "0ffffffff81000000 T _text\n", false,
		    KVMI_EFORMAT, 0 },
		{ "no name", "ffffffff81000000 T \n", false, KVMI_EFORMAT, 0 },
		{ "a placeholder", "ffffffffffffffff B The real one is "
		    "elsewhere\n", true, KVMI_EFORMAT, 0 },
		{ "no end", "ffffffff81000000 T _text\n", true, KVMI_EFORMAT,
		    0 },
		{ "a line that is none", "ffffffff81000000 T _text\n"
		    "ffffffff82000000 B _end\n???\n", true, 0,
		    KVMI_EFORMAT },
		{ "no newline at the end", "ffffffff81000000 T _text\n"
		    "ffffffff82000000 B _end", true, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_err err = { 0 };
		struct kvmi_symtab *t;
		struct kvmi_sysmap *m;
		struct kvmi_src *s = text_src(row[i].text,
		    strlen(row[i].text));
		int r;

		UTIL_EQ(row[i].name, kvmi_sysmap_recognise(s),
		    row[i].recognised);
		r = kvmi_sysmap_open(s, &m, &err);
		UTIL_FAILS(row[i].name, r, row[i].open, &err);
		if (r != 0)
			continue;
		kvmi_symtab_create(&t, &err);
		UTIL_FAILS(row[i].name, kvmi_sysmap_symbols(m, 0, t, &err),
		    row[i].symbols, &err);
		kvmi_symtab_destroy(t);
		kvmi_sysmap_close(m);
	}
}

/* Cut anywhere it is refused or has what comes before. */
static void
test_cut(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(good); len++) {
		struct kvmi_err err = { 0 };
		struct kvmi_symtab *t;
		struct kvmi_sysmap *m;

		if (kvmi_sysmap_open(text_src(good, len), &m, &err) != 0)
			continue;
		kvmi_symtab_create(&t, &err);
		kvmi_sysmap_symbols(m, 0, t, &err);
		UTIL_TRUE("count", kvmi_symtab_count(t) >= 6);
		kvmi_symtab_destroy(t);
		kvmi_sysmap_close(m);
	}
}

/* A bzImage whose setup takes two sectors. */
static void
put_bzimage(struct bytes *b, const void *payload, size_t len, uint32_t claimed)
{
	size_t begin = b->len;

	bytes_fill(b, 0, 3 * 512 + 16);
	b->p[begin + 0x1f1] = 2;
	memcpy(b->p + begin + 0x202, "HdrS", 4);
	bytes_poke(b, begin + 0x206, 0x20f, 2);
	bytes_poke(b, begin + 0x248, 16, 4);
	bytes_poke(b, begin + 0x24c, claimed, 4);
	bytes_put(b, payload, len);
	bytes_fill(b, 0xee, 32);
}

static void
put_zboot(struct bytes *b, const void *payload, size_t len)
{
	size_t begin = b->len;

	bytes_fill(b, 0, 0x300);
	memcpy(b->p + begin, "MZ\0\0zimg", 8);
	bytes_poke(b, begin + 8, 0x300, 4);
	bytes_poke(b, begin + 12, len, 4);
	bytes_put(b, payload, len);
	bytes_fill(b, 0xee, 32);
}

/* "payload", compressed. */
#ifdef HAVE_LZMA
static const uint8_t lzma[] = { 0x5d, 0x00, 0x00, 0x04, 0x00, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x38, 0x18, 0x4b, 0x99, 0x75,
	0x0f, 0x46, 0x0c, 0x4e, 0xe0, 0x4f, 0xff, 0xfd, 0xdf, 0x10, 0x00 };
#endif
#ifdef HAVE_LZO
static const uint8_t lzop[] = { 0x89, 0x4c, 0x5a, 0x4f, 0x00, 0x0d, 0x0a,
	0x1a, 0x0a, 0x10, 0x40, 0x20, 0xa0, 0x09, 0x40, 0x01, 0x05, 0x03, 0x00,
	0x00, 0x01, 0x00, 0x00, 0x81, 0x80, 0x5f, 0x5e, 0x10, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x06, 0x76, 0x6d, 0x63, 0x6f, 0x72, 0x65, 0x4c, 0x53, 0x05,
	0xc4, 0x00, 0x00, 0x00, 0x07, 0x00, 0x00, 0x00, 0x07, 0x0b, 0xdd, 0x02,
	0xeb, 0x70, 0x61, 0x79, 0x6c, 0x6f, 0x61, 0x64, 0x00, 0x00, 0x00,
	0x00 };
#endif

static void
test_boot_images(void **state)
{
	static const struct {
		const char *name;
		char	 kind;		/* b, z, or none */
		const void *payload;
		size_t	 len;
		uint32_t claimed;
		int	 want;
		size_t	 size;		/* of what is inside */
	} row[] = {
		{ "bzImage", 'b', "payload", 7, 7, 0, 7 },
		{ "zboot", 'z', "payload", 7, 7, 0, 7 },
		{ "neither", 'n', "payload", 7, 7, 0, 7 },
#ifdef HAVE_LZ4
		/* Behind it, as in a kernel, how much it is decoded to. */
		{ "bzImage of LZ4", 'b', "\x02\x21\x4c\x18\x08\0\0\0"
		    "\x70payload\x07\0\0", 20, 20, 0, 7 },
		{ "zboot of LZ4", 'z', "\x02\x21\x4c\x18\x08\0\0\0\x70payload",
		    16, 16, 0, 7 },
		{ "bzImage of bad LZ4", 'b', "\x02\x21\x4c\x18\x08\0\0\0"
		    "\x00payload", 16, 16, KVMI_ETRUNC, 0 },
#endif
#ifdef HAVE_LZMA
		{ "bzImage of LZMA", 'b', lzma, sizeof(lzma), sizeof(lzma), 0,
		    7 },
		{ "bzImage of cut LZMA", 'b', lzma, 16, 16, KVMI_ETRUNC, 0 },
#endif
#ifdef HAVE_LZO
		{ "bzImage of LZO", 'b', lzop, sizeof(lzop), sizeof(lzop), 0,
		    7 },
		{ "bzImage of cut LZO", 'b', lzop, 50, 50, KVMI_ETRUNC, 0 },
#endif
		{ "payload beyond the end", 'b', "payload", 7, 1000,
		    KVMI_ETRUNC, 0 },
		{ "the largest payload", 'b', "payload", 7, UINT32_MAX,
		    KVMI_ETRUNC, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		static const struct kvm_options o = KVM_OPTIONS_INIT;
		struct kvmi_err err = { 0 };
		struct bytes b = { 0 };
		struct kvmi_src *s;
		int r;

		if (row[i].kind == 'b')
			put_bzimage(&b, row[i].payload, row[i].len,
			    row[i].claimed);
		else if (row[i].kind == 'z')
			put_zboot(&b, row[i].payload, row[i].len);
		else
			bytes_put(&b, row[i].payload, row[i].len);
		s = util_bytes(&b, b.len);
		r = kvmi_vmlinuz_unwrap(&s, &o, &err);
		UTIL_FAILS(row[i].name, r, row[i].want, &err);
		if (r == 0) {
			char inside[8] = "";

			UTIL_EQ(row[i].name, s->size, row[i].size);
			UTIL_EQ(row[i].name, kvmi_src_read(s, 0, inside, 7,
			    "it", &err), 0);
			UTIL_STR(row[i].name, inside, "payload");
			kvmi_src_close(s);
		}
		bytes_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_boot_images),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
