/* SPDX-License-Identifier: BSD-2-Clause */
/* CTF of versions 2 and 3, in either byte order. */
#include <sys/mman.h>
#include <unistd.h>

#include <gelf.h>

#include "build_ctf.h"
#include "os/freebsd/freebsd.h"
#include "util.h"
#include "check_list.h"

#define FAR	UINT64_C(0x20000)	/* large for version 2 only */
#define HUGE_BYTES (UINT64_C(5) << 30)

static struct kvmi_err err;

/* Ids in order from 1 on; sign is 1 in an encoding. */
enum id {
	INT = 1, UINT, SHORT, CHAR, LOW, MID, NEG, MYINT, CV, POINTER, ARRAY4,
	GRID_IN, GRID, LINK, LINKS, DEEP, ANON, COLOUR, FUNCTION, FUNCTION_P,
	SAMPLE, LARGE, HUGE_T, FWD, FWD_P, AWAY, AWAY_T, LOOP, BITS_CHAR,
	HIDDEN, CHARS,
};

static struct bytes
sample(unsigned int version, bool big_endian, unsigned int flags)
{
	struct ctf c;

	ctf_init(&c, version, big_endian);
	ctf_int(&c, "int", 4, 1, 32);
	ctf_int(&c, "unsigned int", 4, 0, 32);
	ctf_int(&c, "short", 2, 1, 16);
	ctf_int(&c, "char", 1, 3, 8);
	ctf_int(&c, "unsigned int", 1, 0, 1);
	ctf_int(&c, "unsigned int", 2, 0, 12);
	ctf_int(&c, "int", 1, 1, 7);
	ctf_record(&c, K_TYPEDEF, "myint", 0, INT);
	ctf_record(&c, K_VOLATILE, "", 0, MYINT);
	ctf_record(&c, K_POINTER, "", 0, CV);
	ctf_array(&c, SHORT, INT, 4);
	ctf_array(&c, INT, INT, 3);
	ctf_array(&c, GRID_IN, INT, 5);
	ctf_sized(&c, K_STRUCT, "link", 2, 16);
	ctf_member(&c, 16, "next", POINTER, 0);
	ctf_member(&c, 16, "prev", POINTER, 64);
	ctf_array(&c, LINK, INT, 2);
	ctf_sized(&c, K_STRUCT, "", 2, 4);
	ctf_member(&c, 4, "deep", SHORT, 0);
	ctf_member(&c, 4, "deeper", SHORT, 16);
	ctf_sized(&c, K_UNION, "", 2, 4);
	ctf_member(&c, 4, "u_int", INT, 0);
	ctf_member(&c, 4, "", DEEP, 0);
	ctf_sized(&c, K_ENUM, "colour", 3, 4);
	ctf_enumerator(&c, "RED", 0);
	ctf_enumerator(&c, "BLUE", 200);
	ctf_enumerator(&c, "MINUS", -3);
	ctf_function(&c, INT, 3, SHORT);
	ctf_record(&c, K_POINTER, "", 0, FUNCTION);
	ctf_sized(&c, K_STRUCT, "sample", 12, 160);
	ctf_member(&c, 160, "first", MYINT, 0);
	ctf_member(&c, 160, "second", UINT, 32);
	ctf_member(&c, 160, "", ANON, 64);
	ctf_member(&c, 160, "low", LOW, 96);
	ctf_member(&c, 160, "mid", MID, 97);
	ctf_member(&c, 160, "neg", NEG, 109);
	ctf_member(&c, 160, "grid", GRID, 128);
	ctf_member(&c, 160, "links", LINKS, 640);
	ctf_member(&c, 160, "colour", COLOUR, 896);
	ctf_member(&c, 160, "function", FUNCTION_P, 960);
	ctf_member(&c, 160, "away", FWD_P, 1024);
	ctf_member(&c, 160, "comm", CHARS, 1088);
	ctf_sized(&c, K_STRUCT, "large", 2, FAR + 4);
	ctf_member(&c, FAR + 4, "near", INT, 0);
	ctf_member(&c, FAR + 4, "far", INT, FAR * 8);
	ctf_sized(&c, K_STRUCT, "huge", 1, HUGE_BYTES);
	ctf_member(&c, HUGE_BYTES, "far", INT, (HUGE_BYTES - 4) * 8);
	ctf_record(&c, K_FORWARD, "away", 0, 0);
	ctf_record(&c, K_POINTER, "", 0, FWD);
	ctf_sized(&c, K_STRUCT, "away", 1, 4);
	ctf_member(&c, 4, "here", INT, 0);
	ctf_record(&c, K_TYPEDEF, "away_t", 0, FWD);
	ctf_record(&c, K_TYPEDEF, "loop", 0, LOOP);
	ctf_int(&c, "bool_bits", 1, 4, 1);
	c.not_root = true;
	ctf_sized(&c, K_STRUCT, "myint", 1, 64);
	ctf_member(&c, 64, "wrong", INT, 0);
	c.not_root = false;
	ctf_array(&c, CHAR, INT, 16);
	return (ctf_finish(&c, flags));
}

static int
open_bytes(const struct bytes *b, size_t len, struct kvmi_types **t)
{
	struct kvmi_ctf_input in = { .p = bytes_exact(b, len), .len = len,
	    .pointer_size = 8 };
	int r = kvmi_ctf_open(&in, t, &err);

	if (r != 0)
		free((void *)(uintptr_t)in.p);
	return (r);
}

static const struct {
	const char	*type, *path;
	int		 r;
	struct kvmi_member m;
	const char	*text;
} members[] = {
	{ "sample", "first", 0, { 0, 4, 1, 0, 0, true, false }, NULL },
	{ "sample", "second", 0, { 4, 4, 1, 0, 0, false, false }, NULL },
	{ "sample", "u_int", 0, { 8, 4, 1, 0, 0, true, false }, NULL },
	{ "sample", "deeper", 0, { 10, 2, 1, 0, 0, true, false }, NULL },
	{ "sample", "low", 0, { 12, 1, 1, 0, 1, false, false }, NULL },
	{ "sample", "mid", 0, { 12, 2, 1, 1, 12, false, false }, NULL },
	{ "sample", "neg", 0, { 13, 2, 1, 5, 7, true, false }, NULL },
	{ "sample", "grid", 0, { 16, 60, 5, 0, 0, true, false }, NULL },
	{ "sample", "grid[4][2]", 0, { 72, 4, 1, 0, 0, true, false }, NULL },
	{ "sample", "links[1].prev", 0, { 104, 8, 1, 0, 0, false, true },
	    NULL },
	{ "sample", "colour", 0, { 112, 4, 1, 0, 0, true, false }, NULL },
	{ "sample", "function", 0, { 120, 8, 1, 0, 0, false, true }, NULL },
	{ "sample", "away", 0, { 128, 8, 1, 0, 0, false, true }, NULL },
	{ "sample", "comm", 0, { 136, 16, 16, 0, 0, true, false }, NULL },
	{ "large", "near", 0, { 0, 4, 1, 0, 0, true, false }, NULL },
	{ "large", "far", 0, { FAR, 4, 1, 0, 0, true, false }, NULL },
	{ "huge", "far", 0, { HUGE_BYTES - 4, 4, 1, 0, 0, true, false },
	    NULL },
	{ "away_t", "here", 0, { 0, 4, 1, 0, 0, true, false }, NULL },
	{ "myint", "wrong", KVMI_ENOENT, { 0 }, "no member myint.wrong" },
	{ "loop", "x", KVMI_EFORMAT, { 0 }, "circle" },
	{ "sample", "firs", KVMI_ENOENT, { 0 }, "no member sample.firs" },
	{ "no_such", "x", KVMI_ENOENT, { 0 }, "no type no_such" },
};

static void
check_members(const char *name, struct kvmi_types *t)
{
	struct kvmi_member m;

	for (size_t i = 0; i < KVMI_COUNT(members); i++) {
		memset(&m, 0, sizeof(m));
		UTIL_EQ(members[i].path, kvmi_type_member(t, members[i].type,
		    members[i].path, &m, &err), members[i].r);
		UTIL_EQ(members[i].path, m.off, members[i].m.off);
		UTIL_EQ(members[i].path, m.size, members[i].m.size);
		UTIL_EQ(members[i].path, m.count, members[i].m.count);
		UTIL_EQ(members[i].path, m.bit_off, members[i].m.bit_off);
		UTIL_EQ(members[i].path, m.bit_size, members[i].m.bit_size);
		UTIL_EQ(members[i].path, m.is_signed, members[i].m.is_signed);
		UTIL_EQ(members[i].path, m.is_pointer,
		    members[i].m.is_pointer);
		if (members[i].text != NULL)
			UTIL_TRUE(name, strstr(err.text, members[i].text) !=
			    NULL);
	}
}

static void
check_rest(const char *name, struct kvmi_types *t)
{
	uint64_t size;
	int64_t v;

	UTIL_EQ(name, kvmi_type_size(t, "sample", &size, &err), 0);
	UTIL_EQ(name, size, 160);
	UTIL_TRUE(name, check_list(t, "sample", "first") > 10);
	UTIL_EQ(name, kvmi_type_size(t, "huge", &size, &err), 0);
	UTIL_EQ(name, size, HUGE_BYTES);
	UTIL_EQ(name, kvmi_type_size(t, "myint", &size, &err), 0);
	UTIL_EQ(name, size, 4);
	UTIL_EQ(name, kvmi_type_enumerator(t, "BLUE", &v, &err), 0);
	UTIL_EQ(name, v, 200);
	UTIL_EQ(name, kvmi_type_enumerator(t, "MINUS", &v, &err), 0);
	UTIL_EQ(name, v, -3);
	UTIL_FAILS(name, kvmi_type_enumerator(t, "GREEN", &v, &err),
	    KVMI_ENOENT, &err);
}

static void
test_versions(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct bytes b = sample(2 + i / 2, i & 1, 0);
		struct kvmi_types *t;
		char name[32];

		snprintf(name, sizeof(name), "version %u %s", 2 + i / 2,
		    i & 1 ? "big" : "little");
		if (open_bytes(&b, b.len, &t) != 0)
			fail_msg("%s: %s", name, err.text);
		check_members(name, t);
		check_rest(name, t);
		kvmi_types_close(t);
		bytes_free(&b);
	}
}

/* A module's CTF numbers its types apart from the kernel's. */
static void
test_child(void **state)
{
	(void)state;
	for (unsigned int version = 2; version <= 3; version++) {
		uint32_t bit = version == 3 ? 1U << 31 : 1U << 15;
		struct kvmi_types *t;
		struct kvmi_member m;
		struct bytes b;
		struct ctf c;

		ctf_init(&c, version, false);
		c.parent = ctf_string(&c, "kernel");
		ctf_int(&c, "int", 4, 1, 32);
		ctf_sized(&c, K_STRUCT, "softc", 2, 8);
		ctf_member(&c, 8, "own", bit | 1, 0);
		ctf_member(&c, 8, "kernels", 1, 32);
		b = ctf_finish(&c, 0);
		assert_int_equal(open_bytes(&b, b.len, &t), 0);
		assert_int_equal(kvmi_type_member(t, "softc", "own", &m, &err),
		    0);
		assert_int_equal(m.size, 4);
		UTIL_FAILS("child", kvmi_type_member(t, "softc", "kernels", &m,
		    &err), KVMI_EFORMAT, &err);
		kvmi_types_close(t);
		bytes_free(&b);
	}
}

static void
test_refused(void **state)
{
	static const struct {
		const char *name;
		size_t at;
		unsigned int size;
		uint64_t value;
		int r;
	} row[] = {
		{ "magic", 0, 2, 0xcff2, KVMI_EFORMAT },
		{ "version", 2, 1, 4, KVMI_ENOTSUP },
		{ "version 1", 2, 1, 1, KVMI_ENOTSUP },
		{ "compressed", 3, 1, 1, KVMI_EINVAL },
		{ "types behind strings", 24, 4, 0xffff, KVMI_EFORMAT },
		{ "strings too long", 32, 4, 0xfffff, KVMI_ETRUNC },
		{ "strings cut", 32, 4, 7, KVMI_EFORMAT },
		{ "name", KVMI_CTF_HEADER + 8, 4, 0x7fffff, KVMI_EFORMAT },
		{ "name in no table", KVMI_CTF_HEADER + 8, 4, 0x80000001,
		    KVMI_EFORMAT },
		{ "kind", KVMI_CTF_HEADER + 12, 4, 14U << 26, KVMI_EFORMAT },
		{ "vlen", KVMI_CTF_HEADER + 12, 4, 6U << 26 | 0xffffff,
		    KVMI_EFORMAT },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct bytes b = sample(3, false, 0);
		struct kvmi_types *t;

		bytes_poke(&b, row[i].at, row[i].value, row[i].size);
		UTIL_FAILS(row[i].name, open_bytes(&b, b.len, &t), row[i].r,
		    &err);
		bytes_free(&b);
	}
}

/* Cut anywhere, and with bytes changed: any answer, but an answer. */
static void
test_damage(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (unsigned int i = 0; i < 4000; i++) {
		struct bytes b = sample(2 + i % 2, i & 2, 0);
		struct kvmi_types *t;
		struct kvmi_member m;
		size_t len = b.len;

		if (i < len)
			len = i;
		for (unsigned int k = 0; i >= b.len && k < 1 + i % 4; k++)
			b.p[util_random(&seed) % len] =
			    (uint8_t)util_random(&seed);
		if (open_bytes(&b, len, &t) == 0) {
			UTIL_TRUE("cut", i >= b.len);
			for (size_t j = 0; j < KVMI_COUNT(members); j++)
				kvmi_type_member(t, members[j].type,
				    members[j].path, &m, &err);
			kvmi_types_close(t);
		}
		bytes_free(&b);
	}
}

/* An ELF file with this section. */
static struct kvmi_elf *
elf_with(const struct bytes *b)
{
	static const char names[] = "\0.shstrtab\0.SUNW_ctf";
	int fd = memfd_create("elf", 0);
	struct kvmi_src *src;
	struct kvmi_elf *e;
	GElf_Ehdr eh;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_WRITE, NULL);
	assert_non_null(gelf_newehdr(elf, ELFCLASS64));
	assert_non_null(gelf_getehdr(elf, &eh));
	eh.e_ident[EI_DATA] = ELFDATA2LSB;
	eh.e_type = ET_EXEC;
	eh.e_machine = EM_X86_64;
	eh.e_version = EV_CURRENT;
	eh.e_shstrndx = 2;
	gelf_update_ehdr(elf, &eh);
	for (int i = 0; i < 2; i++) {
		Elf_Scn *scn = elf_newscn(elf);
		Elf_Data *d = elf_newdata(scn);
		GElf_Shdr sh;

		d->d_buf = i == 0 ? b->p : (void *)(uintptr_t)names;
		d->d_size = i == 0 ? b->len : sizeof(names);
		gelf_getshdr(scn, &sh);
		sh.sh_type = i == 0 ? SHT_PROGBITS : SHT_STRTAB;
		sh.sh_name = i == 0 ? 11 : 1;
		gelf_update_shdr(scn, &sh);
	}
	assert_true(elf_update(elf, ELF_C_WRITE) > 0);
	elf_end(elf);
	assert_int_equal(kvmi_file_open(fd, "kernel", &src, &err), 0);
	assert_int_equal(kvmi_elf_open(src, &e, &err), 0);
	return (e);
}

static void
check_section(const char *name, const struct bytes *b, int want)
{
	struct kvmi_elf *e = elf_with(b);
	struct kvmi_types *t;
	int r = kvmi_freebsd_ctf(e, 8, &t, &err);

	if (want != 0) {
		UTIL_FAILS(name, r, want, &err);
		UTIL_TRUE(name, strncmp(err.text, "kernel: .SUNW_ctf: ", 19) ==
		    0);
	} else if (r != 0) {
		fail_msg("%s: %s", name, err.text);
	} else {
		check_members(name, t);
		kvmi_types_close(t);
	}
	kvmi_elf_close(e);
}

static void
test_section(void **state)
{
	struct bytes b, packed = { 0 };
	uint8_t body[4096];
	size_t n;

	(void)state;
	for (unsigned int version = 2; version <= 3; version++) {
		b = sample(version, false, 0);
		check_section("plain", &b, 0);
		b.p[3] = 1;
		n = util_compress(1, b.p + KVMI_CTF_HEADER,
		    b.len - KVMI_CTF_HEADER, body, sizeof(body));
		if (n == 0) {
			check_section("not in this build", &b, KVMI_ENOTSUP);
			bytes_free(&b);
			continue;
		}
		check_section("not compressed after all", &b, KVMI_EFORMAT);
		packed = (struct bytes){ 0 };
		bytes_put(&packed, b.p, KVMI_CTF_HEADER);
		bytes_put(&packed, body, n);
		check_section("compressed", &packed, 0);
		/* It says that it is longer than it is, or than can be. */
		bytes_poke(&packed, 32, 0x10000, 4);
		check_section("longer", &packed, KVMI_EFORMAT);
		bytes_poke(&packed, 32, 0xf0000000, 4);
		check_section("huge", &packed, KVMI_ENOMEM);
		bytes_free(&packed);
		bytes_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_child),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_section),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
