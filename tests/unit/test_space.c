/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtual reads: through page tables in an image, however it is stored. */
#include "space_memory.h"

static const struct {
	const char *name;
	uint64_t va;
	size_t len;
} row[] = {
	{ "a byte", BASE, 1 }, { "a word", BASE + 8, 8 },
	{ "nothing", BASE, 0 }, { "nothing in a hole", BASE + 0x3000, 0 },
	{ "the last byte of a page", BASE + 0xfff, 1 },
	{ "across neighbours", BASE + 0xffc, 8 },
	{ "across pages that are no neighbours", BASE + 0x1ffc, 8 },
	{ "three pages", BASE, 0x3000 },
	{ "into a hole", BASE + 0x2ffc, 8 },
	{ "a hole", BASE + 0x3000, 8 },
	{ "the same hole again", BASE + 0x3abc, 8 },
	{ "no such memory", BASE + 0x4000, 8 },
	{ "no such memory again", BASE + 0x4010, 8 },
	{ "out of a hole", BASE + 0x4ffc, 8 },
	{ "left out", BASE + 0x6000, 8 },
	{ "left out, again", BASE + 0x6fff, 1 },
	{ "into what was left out", BASE + 0x5ff8, 16 },
	{ "the last entry of a table", BASE + 0x1ff000, 0x1000 },
	{ "into the large page", BASE + MB2 - 8, 16 },
	{ "the large page", BASE + MB2, 0x200000 },
	{ "its last byte", BASE + 2 * MB2 - 1, 1 },
	{ "out of it", BASE + 2 * MB2 - 8, 16 },
	{ "below a table that is not there", BASE + 2 * MB2 + 5, 8 },
	{ "below a table that was left out", BASE + 3 * MB2 + 5, 8 },
	{ "below no table", BASE + 4 * MB2 + 5, 8 },
	{ "the last page", LAST, PAGE },
	{ "the last byte of all", UINT64_MAX, 1 },
	{ "beyond it", UINT64_MAX, 2 },
	{ "a page beyond it", LAST, PAGE + 1 },
	{ "not canonical", UINT64_C(1) << 47, 8 },
	{ "page 0", 0, 8 },
};

static void
test_rows(void **state)
{
	struct kvmi_cx *cx = kvmi_cx_new();

	(void)state;
	for (size_t n = 0; n < KVMI_COUNT(store); n++) {
		struct kvmi_image *img = open_store(store[n].s);
		struct kvmi_space s = space_of(img);

		kvmi_space_flush(cx);
		/* Cold, warm, and each on its own. */
		for (int round = 0; round < 3; round++)
			for (size_t i = 0; i < KVMI_COUNT(row); i++) {
				char name[120];

				snprintf(name, sizeof(name), "%s, %s, %d",
				    store[n].name, row[i].name, round);
				if (round == 2)
					kvmi_space_flush(cx);
				UTIL_TRUE(name, read_is_right(&s, cx,
				    row[i].va, row[i].len));
			}
		kvmi_image_close(img);
	}
	kvmi_cx_free(cx);
}

static void
test_random(void **state)
{
	struct kvmi_cx *cx = kvmi_cx_new();
	uint64_t rnd = 31;

	(void)state;
	for (size_t n = 0; n < KVMI_COUNT(store); n++) {
		struct kvmi_image *img = open_store(store[n].s);
		struct kvmi_space s = space_of(img);

		kvmi_space_flush(cx);
		for (int i = 0; i < 3000; i++) {
			uint64_t va = random_va(&rnd);
			size_t len = util_random(&rnd) % (i % 16 == 0 ?
			    20000 : 64);

			UTIL_TRUE(store[n].name, read_is_right(&s, cx, va,
			    len));
			if (i % 100 == 0)
				kvmi_space_flush(cx);
		}
		kvmi_image_close(img);
	}
	kvmi_cx_free(cx);
}

/* A hit gives the same bytes without a call; only where they are whole. */
static void
test_hit(void **state)
{
	struct kvmi_cx *cx = kvmi_cx_new();
	struct kvmi_image *img = open_store(ELF);
	struct kvmi_space s = space_of(img);
	const struct kvmi_tlb_entry *e;
	uint8_t buf[16];
	size_t done;

	(void)state;
	UTIL_TRUE("cold", kvmi_tlb_word(&cx->tlb, BASE) == NULL);
	kvmi_space_read(&s, cx, BASE, buf, 8, &done);
	e = kvmi_tlb_word(&cx->tlb, BASE + 16);
	UTIL_TRUE("warm", e != NULL && mkimage_differs(kvmi_tlb_host(e,
	    BASE + 16), 8, 0x1010) == 8);
	/* The two neighbours are one stretch. */
	e = kvmi_tlb_word(&cx->tlb, BASE + 0xffc);
	UTIL_TRUE("across", e != NULL && mkimage_differs(kvmi_tlb_host(e,
	    BASE + 0xffc), 8, 0x1ffc) == 8);
	kvmi_space_read(&s, cx, BASE + 0x1000, buf, 8, &done);
	UTIL_TRUE("just", kvmi_tlb_word(&cx->tlb, BASE + 0x1ff8) != NULL);
	UTIL_TRUE("over the end", kvmi_tlb_word(&cx->tlb, BASE + 0x1ff9) ==
	    NULL);
	kvmi_space_read(&s, cx, BASE + 0x3000, buf, 8, &done);
	UTIL_TRUE("a hole", kvmi_tlb_word(&cx->tlb, BASE + 0x3000) == NULL);
	/* A process has addresses of its own. */
	s.asid = 1;
	kvmi_space_flush(cx);
	kvmi_space_read(&s, cx, BASE, buf, 8, &done);
	UTIL_TRUE("not the kernel's", kvmi_tlb_word(&cx->tlb, BASE) == NULL);
	s.asid = 0;
	kvmi_space_read(&s, cx, BASE, buf, 8, &done);
	kvmi_space_flush(cx);
	UTIL_TRUE("flushed", kvmi_tlb_word(&cx->tlb, BASE) == NULL);
	kvmi_image_close(img);
	kvmi_cx_free(cx);
}

/* Two spaces of one thread do not mix. */
static void
test_asid(void **state)
{
	struct kvmi_cx *cx = kvmi_cx_new();
	struct kvmi_image *img = open_store(ELF);
	struct kvmi_space a = space_of(img), b = space_of(img);
	uint8_t buf[8];

	(void)state;
	b.asid = 1;
	b.paging.root_pa = OTHER4 * PAGE;
	for (int i = 0; i < 3; i++) {
		UTIL_TRUE("first", read_is_right(&a, cx, BASE, 8));
		/* There the page at 0x1000 is read as a table of pages. */
		UTIL_TRUE("second", kvmi_space_copy(&b, cx, BASE, buf, 8) !=
		    0 || mkimage_differs(buf, 8, 0x1000) != 8);
	}
	kvmi_image_close(img);
	kvmi_cx_free(cx);
}

/* Whatever was read along, a glance tells what a copy tells. */
static void
glances_are_right(enum store how, const char *name)
{
	struct kvmi_cx *cx = kvmi_cx_new();
	struct kvmi_image *img = open_store(how);
	struct kvmi_space s = space_of(img);
	uint8_t buf[700], want[sizeof(buf)];
	uint64_t rnd = 5;
	size_t done;

	for (int i = 0; i < 3000; i++) {
		uint64_t va = BASE + util_random(&rnd) % (9 * PAGE);
		size_t len = 1 + util_random(&rnd) % (i % 3 == 0 ?
		    sizeof(buf) : 24);
		int r = expected(va, want, len, &done);

		UTIL_EQ(name, kvmi_space_glance(&s, cx, va, buf, len), r);
		UTIL_TRUE(name, r != 0 || memcmp(buf, want, len) == 0);
		/* One that lies in what was read along. */
		va += len / 2;
		len -= len / 2;
		r = expected(va, want, len, &done);
		UTIL_EQ(name, kvmi_space_glance(&s, cx, va, buf, len), r);
		UTIL_TRUE(name, r != 0 || memcmp(buf, want, len) == 0);
	}
	kvmi_image_close(img);
	kvmi_cx_free(cx);
}

static void
test_glance(void **state)
{
	struct kvmi_cx *cx = kvmi_cx_new();
	struct kvmi_image *img = open_store(ELF);
	struct kvmi_space s = space_of(img);
	uint8_t buf[8];

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(store); i++)
		glances_are_right(store[i].s, store[i].name);
	UTIL_FAILS("glance", kvmi_space_glance(&s, cx, BASE, buf, 8), 0,
	    &cx->err);
	UTIL_TRUE("past the cache", kvmi_tlb_word(&cx->tlb, BASE) == NULL);
	UTIL_TRUE("kept", cx->glance.len > 8);
	kvmi_space_flush(cx);
	UTIL_EQ("flushed", cx->glance.len, 0);
	/* The addresses of a process are not the kernel's. */
	kvmi_space_glance(&s, cx, BASE, buf, 8);
	s.asid = 1;
	s.paging.root_pa = OTHER4 * PAGE;
	UTIL_TRUE("of a process", kvmi_space_glance(&s, cx, BASE, buf, 8) !=
	    0 || mkimage_differs(buf, 8, 0x1000) != 8);
	kvmi_image_close(img);
	kvmi_cx_free(cx);
}

static void
test_uint(void **state)
{
	struct kvmi_cx *cx = kvmi_cx_new();
	struct kvmi_image *img = open_store(ELF);
	struct kvmi_space s = space_of(img);

	(void)state;
	for (unsigned int size = 1; size <= 8; size++)
		for (int big = 0; big < 2; big++) {
			uint8_t raw[8];
			uint64_t v = 0, want = 0;

			mkimage_fill(raw, size, 0x1ffd);
			for (unsigned int i = 0; i < size; i++)
				want |= (uint64_t)raw[i] << 8 *
				    (big ? size - 1 - i : i);
			UTIL_FAILS("uint", kvmi_space_uint(&s, cx, BASE +
			    0xffd, size, big, &v), 0, &cx->err);
			UTIL_EQ("uint", v, want);
			v = 77;
			UTIL_FAILS("hole", kvmi_space_uint(&s, cx, BASE +
			    0x3000 - size + 1, size, big, &v),
			    KVMI_ENOTMAPPED, &cx->err);
			UTIL_EQ("hole", v, 77);
		}
	UTIL_FAILS("too large", kvmi_space_uint(&s, cx, BASE, 9, false,
	    &(uint64_t){ 0 }), KVMI_EFORMAT, &cx->err);
	UTIL_FAILS("far too large", kvmi_space_uint(&s, cx, BASE, UINT32_MAX,
	    false, &(uint64_t){ 0 }), KVMI_EFORMAT, &cx->err);
	kvmi_image_close(img);
	kvmi_cx_free(cx);
}

static void
test_string(void **state)
{
	static const struct {
		const char *name;
		uint64_t va;
		size_t len;
		int want;
		const char *text;
	} string[] = {
		{ "a string", BASE + 0x8100, 64, 0, "hello" },
		{ "just room", BASE + 0x8100, 6, 0, "hello" },
		{ "cut", BASE + 0x8100, 5, 0, "hell" },
		{ "no room", BASE + 0x8100, 1, 0, "" },
		{ "empty", BASE + 0x8106, 64, 0, "" },
		{ "a long one, cut", BASE + 0x8200, 9, 0, "xxxxxxxx" },
		{ "ends at a hole without a NUL", BASE + 0x8ffb, 64,
		    KVMI_ENOTMAPPED, "nonul" },
		{ "just to the hole", BASE + 0x8ffb, 6, 0, "nonul" },
		{ "a hole", BASE + 0x3000, 64, KVMI_ENOTMAPPED, "" },
		{ "left out", BASE + 0x6000, 64, KVMI_ENOTINDUMP, "" },
	};
	struct kvmi_cx *cx = kvmi_cx_new();

	(void)state;
	for (size_t n = 0; n < KVMI_COUNT(store); n++) {
		struct kvmi_image *img = open_store(store[n].s);
		struct kvmi_space s = space_of(img);

		kvmi_space_flush(cx);
		for (size_t i = 0; i < KVMI_COUNT(string); i++) {
			char buf[65];

			memset(buf, '#', sizeof(buf));
			UTIL_FAILS(string[i].name, kvmi_space_string(&s, cx,
			    string[i].va, buf, string[i].len),
			    string[i].want, &cx->err);
			UTIL_STR(string[i].name, buf, string[i].text);
			UTIL_TRUE(string[i].name, buf[string[i].len] == '#');
		}
		kvmi_image_close(img);
	}
	kvmi_cx_free(cx);
}

static void
test_translate(void **state)
{
	static const struct {
		const char *name;
		uint64_t va;
		int want;
		uint64_t start, len, pa;
	} r[] = {
		{ "neighbours", BASE + 0x1800, 0, BASE, 0x2000, 0x1000 },
		{ "alone", BASE + 0x2000, 0, BASE + 0x2000, 0x1000, 0x20000 },
		{ "not in the dump, but mapped", BASE + 0x4000, 0,
		    BASE + 0x4000, 0x1000, 0x900000 },
		{ "large", BASE + MB2 + 77, 0, BASE + MB2, MB2,
		    BIG_PFN * PAGE },
		{ "a hole", BASE + 0x3000, KVMI_ENOTMAPPED, BASE + 0x3000,
		    0x1000, 0 },
		{ "no table", BASE + 2 * MB2, KVMI_ENOTINDUMP,
		    BASE + 2 * MB2, MB2, 0 },
	};
	struct kvmi_image *img = open_store(ELF);
	struct kvmi_space s = space_of(img);

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(r); i++) {
		struct kvmi_mapping m;
		struct kvmi_err err = { 0 };

		UTIL_FAILS(r[i].name, kvmi_space_translate(&s, r[i].va, &m,
		    &err), r[i].want, &err);
		UTIL_EQ(r[i].name, m.va, r[i].start);
		UTIL_EQ(r[i].name, m.len, r[i].len);
		if (r[i].want == 0)
			UTIL_EQ(r[i].name, m.pa, r[i].pa);
	}
	kvmi_image_close(img);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_hit),
		cmocka_unit_test(test_asid),
		cmocka_unit_test(test_glance),
		cmocka_unit_test(test_uint),
		cmocka_unit_test(test_string),
		cmocka_unit_test(test_translate),
	};

	return (cmocka_run_group_tests(tests, setup, util_report));
}
