/* SPDX-License-Identifier: BSD-2-Clause */
/* Stand-alone dumps of s390, of each kind, in one file. */
#include "base/endian.h"
#include "build_s390.h"
#include "os/kernel.h"
#include "os/pages.h"

/* Not of every build. */
static bool
has_zlib(void)
{
	return (kvmi_codec_zlib.encode != NULL);
}

static void
extended(struct bytes *b, const struct kind *k)
{
	header(b, k);
	for (size_t i = 0; i < NRUNS; i++)
		segment(b, k, runs[i].first, runs[i].n, i + 1 == NRUNS);
	end_marker(b, TOD + 1);
}

static void
as_it_lies(struct bytes *b, const struct kind *k)
{
	header(b, k);
	memory(b, 0, PAGES);
	end_marker(b, TOD);
}

static const struct kind one = { .extended = true };
static const struct kind packed = { .extended = true, .entry = ENTRY };

static void
test_kinds(void **state)
{
	static const struct {
		const char *name;
		struct kind k;
		bool	 tape;
		const char *format;
	} row[] = {
		{ "as it lies", { 0 }, false, "s390 stand-alone dump v5" },
		{ "extended", { .extended = true }, false,
		    "s390 stand-alone dump v2, extended" },
		{ "zlib", { .extended = true, .entry = ENTRY }, false,
		    "s390 stand-alone dump v2, extended, zlib" },
		{ "tape", { .extended = true, .entry = 1 << 20 }, true,
		    "s390 stand-alone dump v2" },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct bytes b = { 0 };
		struct kvmi_image *img;
		struct kvmi_extent e;
		struct kvmi_err err;

		if (!row[i].tape && row[i].k.entry != 0 && !has_zlib())
			continue;
		if (row[i].k.extended && !row[i].tape)
			extended(&b, &row[i].k);
		else
			as_it_lies(&b, &row[i].k);
		img = util_image(row[i].name, util_bytes(&b, b.len));
		UTIL_STR(row[i].name, img->format, row[i].format);
		UTIL_STR(row[i].name, img->note, "");
		UTIL_TRUE(row[i].name, !img->truncated && !img->incomplete);
		UTIL_EQ(row[i].name, check_pages(row[i].name, img), PAGES);
		UTIL_EQ(row[i].name, kvmi_image_locate(img, END, &e, &err), 0);
		UTIL_EQ(row[i].name, e.state, KVMI_ABSENT);
		img->ops->count(img, &err);
		UTIL_EQ(row[i].name, img->pages_present, PAGES);
		kvmi_image_close(img);
		bytes_free(&b);
	}
}

/* Where the segments of extended() have their headers, in blocks. */
#define SEG(i)		((size_t)(1 + (i) + ((i) > 0 ? 4 : 0) + \
	((i) > 1 ? 9 : 0) + ((i) > 2 ? 10 : 0)) * BLOCK)
#define MARKER		(SEG(3) + 3 * BLOCK)

static void
test_bad_chain(void **state)
{
	static const struct {
		const char *name;
		size_t	 at;
		unsigned int size;
		uint64_t v;
		int	 want;
		unsigned int pages;	/* that are left */
	} row[] = {
		{ "good", MARKER + 16, 1, 0, 0, PAGES },
		{ "no first segment", SEG(0), 8, END, KVMI_EFORMAT, 0 },
		{ "an empty first segment", SEG(0) + 8, 8, 0, KVMI_EFORMAT,
		    0 },
		{ "overlap", SEG(1), 8, 3 * BLOCK, 0, 4 },
		{ "touching", SEG(1), 8, 4 * BLOCK, 0, 0 },
		{ "the same again", SEG(1), 8, 0, 0, 4 },
		{ "backwards", SEG(2), 8, 5 * BLOCK, 0, 17 },
		{ "not of whole pages", SEG(2), 8, 30 * BLOCK + 1, 0, 17 },
		{ "the largest start", SEG(2), 8, UINT64_MAX, 0, 17 },
		{ "the largest aligned start", SEG(2), 8, -(uint64_t)BLOCK, 0,
		    17 },
		{ "no length", SEG(2) + 8, 8, 0, 0, 17 },
		{ "part of a page", SEG(2) + 8, 8, BLOCK + 1, 0, 17 },
		{ "beyond memory", SEG(2) + 8, 8, END, 0, 17 },
		{ "the largest length", SEG(2) + 8, 8, UINT64_MAX, 0, 17 },
		{ "another stop marker", SEG(2) + 16, 8, 1, 0, 17 },
		{ "more in the header", SEG(2) + 4000, 1, 1, 0, 17 },
		{ "compressed, but for the header", SEG(2) + 24, 4, 1, 0, 17 },
		{ "the first compressed, but for the header", SEG(0) + 24, 4,
		    1, KVMI_ENOTSUP, 0 },
		{ "the last one early", SEG(2) + 16, 8, UINT64_MAX, 0, 0 },
		{ "no last one", SEG(3) + 16, 8, 0, 0, PAGES - 2 },
		{ "no end marker", MARKER, 1, 'X', 0, PAGES },
		{ "an older end marker", MARKER + 8, 8, TOD - 1, 0, PAGES },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_err err = { 0 };
		struct kvmi_image *img;
		struct bytes b = { 0 };
		int r;

		extended(&b, &one);
		bytes_poke(&b, row[i].at, row[i].v, row[i].size);
		r = kvmi_image_open(util_bytes(&b, b.len), NULL, &img, &err);
		UTIL_FAILS(row[i].name, r, row[i].want, &err);
		/* A header that says so puts memory elsewhere: not compared. */
		if (r == 0 && row[i].pages != 0) {
			UTIL_EQ(row[i].name, check_pages(row[i].name, img),
			    row[i].pages);
			UTIL_EQ(row[i].name, img->incomplete, i != 0);
			UTIL_EQ(row[i].name, img->note[0] != '\0', i != 0);
		}
		if (r == 0)
			kvmi_image_close(img);
		bytes_free(&b);
	}
}

/* Cut anywhere: what is read is right, and what is lost no zeros. */
static void
test_cut(void **state)
{
	static const struct {
		const char *name;
		struct kind k;
		void	 (*make)(struct bytes *b, const struct kind *k);
	} row[] = {
		{ "extended", { .extended = true }, extended },
		{ "zlib", { .extended = true, .entry = ENTRY }, extended },
		{ "as it lies", { 0 }, as_it_lies },
		{ "tape", { .extended = true, .entry = 1 << 20 }, as_it_lies },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		const char *name = row[i].name;
		struct bytes b = { 0 };
		unsigned int before = 0;
		size_t data;

		if (row[i].k.entry == ENTRY && !has_zlib())
			continue;
		row[i].make(&b, &row[i].k);
		data = b.len - BLOCK;
		for (size_t len = BLOCK - 1; len < b.len; len += len % BLOCK ==
		    1 ? BLOCK - 2 : 1) {
			struct kvmi_err err = { 0 };
			struct kvmi_image *img;
			int r = kvmi_image_open(util_bytes(&b, len), NULL, &img,
			    &err);
			bool extended_ = row[i].make == extended;
			unsigned int n;

			if (row[i].k.extended && len < 2 * BLOCK) {
				UTIL_FAILS(name, r, KVMI_ETRUNC, &err);
				continue;
			}
			UTIL_EQ(name, r, 0);
			n = check_pages(name, img);
			UTIL_TRUE(name, n >= before);
			UTIL_EQ(name, img->truncated, len < data + 16);
			UTIL_TRUE(name, !img->incomplete);
			if (len >= data)
				UTIL_EQ(name, strstr(img->note, "before its "
				    "end marker") != NULL, len < data + 16);
			UTIL_TRUE(name, extended_ || (strstr(img->note,
			    "tape") != NULL) == (row[i].k.extended &&
			    len < data + 16));
			before = n;
			kvmi_image_close(img);
		}
		UTIL_EQ(name, before, PAGES);
		bytes_free(&b);
	}
}

/* A damaged header is not taken for a tape's memory. */
static void
test_no_tape(void **state)
{
	static const size_t at[] = { 1, 15, 17 };

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(at); i++) {
		struct kvmi_err err = { 0 };
		struct kvmi_image *img;
		struct bytes b = { 0 };

		extended(&b, &one);
		bytes_poke(&b, SEG(0) + at[i], 5, 1);
		UTIL_FAILS("no tape", kvmi_image_open(util_bytes(&b, b.len),
		    NULL, &img, &err), KVMI_EFORMAT, &err);
		bytes_free(&b);
	}
}

/* However much a header claims, what is left out takes no time. */
static void
test_claims(void **state)
{
	static const struct {
		const char *name;
		uint64_t v;
		int	 want;
	} row[] = {
		{ "the most", UINT64_C(1) << 52, 0 },
		{ "a page more", (UINT64_C(1) << 52) + BLOCK, KVMI_EFORMAT },
		{ "far more", UINT64_C(1) << 62, KVMI_EFORMAT },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_cx *cx = kvmi_cx_new();
		uint8_t got[16], want[16] = { 0 };
		struct kvmi_err err = { 0 };
		struct kvmi_kernel *k;
		struct kvmi_image *img;
		struct bytes b = { 0 };
		struct kvmi_extent e;
		size_t done;
		int r;

		extended(&b, &one);
		bytes_poke(&b, 24, row[i].v, 8);
		r = kvmi_image_open(util_bytes(&b, b.len), NULL, &img, &err);
		UTIL_FAILS(row[i].name, r, row[i].want, &err);
		if (r == 0) {
			UTIL_EQ("zeros", kvmi_image_locate(img, END, &e, &err),
			    0);
			UTIL_TRUE("zeros", e.zero && e.start == 62 * BLOCK &&
			    e.len == row[i].v - e.start);
			UTIL_EQ("zeros", kvmi_image_read(img, row[i].v - 16,
			    got, 16, &done, &err), 0);
			UTIL_TRUE("zeros", memcmp(got, want, 16) == 0);
			UTIL_FAILS("searched", kvmi_kernel_open(img, NULL,
			    NULL, cx, &k), KVMI_ENOTSUP, &cx->err);
		}
		kvmi_cx_free(cx);
		bytes_free(&b);
	}
}

/* Zeros that are stored nowhere are in no place of the file. */
static void
test_zeros(void **state)
{
	static const struct kvmi_direct same = { .va = 0, .pa = 0,
		.len = END };
	struct kvmi_space space = { .ops = &kvmi_space_paged,
		.paging = { .arch = &kvmi_arch_s390x, .direct = &same,
		.ndirect = 1 } };
	uint8_t got[16], want[16] = { 0 };
	struct kvmi_cx *cx = kvmi_cx_new();
	uint64_t pa = 17 * BLOCK, run;
	struct bytes b = { 0 };
	struct kvmi_extent e;

	(void)state;
	extended(&b, &one);
	space.img = util_image("zeros", util_bytes(&b, b.len));
	UTIL_EQ("zeros", kvmi_image_locate(space.img, pa, &e, &cx->err), 0);
	UTIL_TRUE("zeros", e.zero && e.start == pa && e.len == 13 * BLOCK);
	UTIL_TRUE("zeros", kvmi_image_ptr(space.img, &e, pa, &run) == NULL);
	UTIL_EQ("zeros", kvmi_pages_offset(space.img, &e, pa), -1);
	UTIL_EQ("zeros", kvmi_space_glance(&space, cx, pa, got, 16), 0);
	UTIL_TRUE("zeros", memcmp(got, want, 16) == 0);
	UTIL_EQ("zeros", kvmi_space_copy(&space, cx, pa, got, 16), 0);
	UTIL_TRUE("zeros", memcmp(got, want, 16) == 0);
	kvmi_image_close(space.img);
	kvmi_cx_free(cx);
	bytes_free(&b);
}

static void
test_zlib(void **state)
{
	enum { HEAD = 1 << 20 };	/* in the dump's header, not SEG(0) */
	static const struct {
		const char *name;
		size_t	 at;		/* from the first segment's header */
		unsigned int size;
		uint64_t v;
		int	 want;
		bool	 first;		/* of it some page is read */
	} row[] = {
		{ "good", HEAD + 0x300, 1, 0, 0, true },
		{ "another way", HEAD + 0x61, 1, 2, KVMI_ENOTSUP, false },
		{ "no way", HEAD + 0x61, 1, 0, KVMI_ENOTSUP, false },
		{ "entries of 0", HEAD + 0x62, 4, 0, KVMI_ENOTSUP, false },
		{ "entries of no pages", HEAD + 0x62, 4, ENTRY + 1,
		    KVMI_ENOTSUP, false },
		{ "the largest entries", HEAD + 0x62, 4, UINT32_MAX,
		    KVMI_ENOTSUP, false },
		{ "larger entries", HEAD + 0x62, 4, 2 * ENTRY, 0, true },
		{ "no entry", 0x30, 4, 0, KVMI_EFORMAT, false },
		{ "one more", 0x30, 4, 2, KVMI_EFORMAT, false },
		{ "the most", 0x30, 4, UINT32_MAX, KVMI_EFORMAT, false },
		{ "not from the start", 0x34, 4, PLAIN | 1, KVMI_EFORMAT,
		    false },
		{ "one block on disk", 0x18, 4, 1, KVMI_EFORMAT, false },
		{ "the largest on disk", 0x18, 4, UINT32_MAX, KVMI_EFORMAT,
		    false },
		{ "no stream", 0x34, 4, 0, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row) && has_zlib(); i++) {
		size_t at = row[i].at & HEAD ? row[i].at - HEAD :
		    BLOCK + row[i].at;
		struct kvmi_err err = { 0 };
		struct kvmi_image *img;
		struct bytes b = { 0 };
		uint8_t buf[BLOCK];
		size_t done;
		int r;

		extended(&b, &packed);
		bytes_poke(&b, at, row[i].v, row[i].size);
		r = kvmi_image_open(util_bytes(&b, b.len), NULL, &img, &err);
		UTIL_FAILS(row[i].name, r, row[i].want, &err);
		if (r == 0) {
			UTIL_EQ(row[i].name, kvmi_image_read(img, 0, buf,
			    BLOCK, &done, &err) == 0, row[i].first);
			kvmi_image_close(img);
		}
		bytes_free(&b);
	}
}

/* Entries out of order, of the second segment, which has three. */
static void
test_entries(void **state)
{
	static const uint32_t entry[][3] = { { 0, PLAIN | 1, 1 }, { 0, 2, 1 },
		{ PLAIN | 0, 1, 2 }, { 0, 0x7fffffff, 2 }, { 0, 1, 100 } };

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(entry) && has_zlib(); i++) {
		struct bytes b = { 0 };
		struct kvmi_image *img;
		size_t at;

		extended(&b, &packed);
		at = BLOCK + BLOCK + (size_t)kvmi_get32(b.p + BLOCK + 0x18,
		    true) * BLOCK;
		for (size_t j = 0; j < 3; j++)
			bytes_poke(&b, at + 0x34 + 4 * j, entry[i][j], 4);
		img = util_image("entries", util_bytes(&b, b.len));
		UTIL_EQ("the first segment", check_pages("entries", img), 4);
		UTIL_TRUE("said", img->incomplete);
		kvmi_image_close(img);
		bytes_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_bad_chain),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_no_tape),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_zeros),
		cmocka_unit_test(test_zlib),
		cmocka_unit_test(test_entries),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
