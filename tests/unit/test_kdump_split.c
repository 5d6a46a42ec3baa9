/* SPDX-License-Identifier: BSD-2-Clause */
/* A dump in several files: split by makedumpfile, or cut in pieces. */
#include "build_flattened.h"
#include "kdump_pages.h"

/* Members of a split dump: each has its own pages. */
static void
test_split(void **state)
{
	static const struct {
		const char *name;
		uint64_t start, end;
	} row[] = {
		{ "first", 0, 50 }, { "second", 50, 121 },
		{ "last", 121, NPAGES }, { "empty", 60, 60 },
		{ "all", 0, NPAGES }, { "beyond", NPAGES, NPAGES + 5 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++)
		for (int version = 2; version <= 6; version += 2) {
			struct util_kdump k = plain;
			struct kvmi_image *img;

			k.version = version;
			k.split = 1;
			k.start_pfn = row[i].start;
			k.end_pfn = row[i].end;
			img = open_kdump(row[i].name, &k);
			UTIL_TRUE(row[i].name, strstr(img->format, "split") !=
			    NULL);
			check_pages(row[i].name, img, &k);
			kvmi_image_close(img);
		}
}

struct range {
	uint64_t	start, end;
	bool		flattened;
};

/* Open the members of a split dump together. */
static int
open_members(const struct range *range, size_t n, uint64_t npages_last,
    struct kvmi_image **ret, struct kvmi_err *err)
{
	static const char *const name[] = { "first", "second", "third",
		"fourth" };
	struct kvmi_src *v[4], *src;
	int r;

	for (size_t i = 0; i < n; i++) {
		struct util_kdump k = plain;
		struct bytes b = { 0 };

		k.split = range[i].end != UINT64_MAX;
		k.start_pfn = range[i].start;
		k.end_pfn = range[i].end;
		if (i == n - 1)
			k.npages = npages_last;
		util_kdump(&b, &k);
		if (range[i].flattened)
			flatten(&b, 5000);
		v[i] = util_bytes(&b, b.len);
		v[i]->name = name[i];
		bytes_free(&b);
	}
	r = kvmi_image_join(v, n, NULL, &src, err);
	return (r != 0 ? r : kvmi_image_open(src, NULL, ret, err));
}

/* In any order; an empty one does not matter. */
static void
test_members(void **state)
{
	static const struct {
		const char *name;
		size_t n;
		struct range v[4];
	} row[] = {
		{ "in order", 3, { { 0, 50 }, { 50, 121 }, { 121, NPAGES } } },
		{ "reversed", 3, { { 121, NPAGES }, { 50, 121 }, { 0, 50 } } },
		{ "mixed", 4, { { 50, 121 }, { 121, 121 }, { 0, 50 },
		    { 121, NPAGES } } },
		{ "flattened", 3, { { 50, 121, true }, { 121, NPAGES, true },
		    { 0, 50, true } } },
		{ "one flattened", 3, { { 0, 50, false }, { 50, 121, true },
		    { 121, NPAGES, false } } },
		{ "beyond the end", 2, { { 77, NPAGES + 100 }, { 0, 77 } } },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_err err = { 0 };
		struct kvmi_image *img;

		UTIL_FAILS(row[i].name, open_members(row[i].v, row[i].n,
		    NPAGES, &img, &err), 0, &err);
		UTIL_STR(row[i].name, img->note, "");
		check_pages(row[i].name, img, &plain);
		kvmi_image_close(img);
	}
}

/* The message says which pages are elsewhere. */
static void
test_missing_member(void **state)
{
	static const struct range v[] = { { 121, NPAGES }, { 0, 50 } };
	struct kvmi_err err = { 0 };
	struct kvmi_image *img;
	uint8_t buf[16];
	size_t done;
	uint64_t pfn = 50, present = 0;

	(void)state;
	while (states[pfn] != UTIL_STORED)
		pfn++;
	UTIL_FAILS("missing", open_members(v, 2, NPAGES, &img, &err), 0, &err);
	UTIL_FAILS("missing", kvmi_image_read(img, pfn * 4096, buf, 16, &done,
	    &err), KVMI_ETRUNC, &err);
	UTIL_TRUE("missing", strstr(err.text, "pages 0x32 to 0x79") != NULL &&
	    strstr(err.text, "--with") != NULL);
	UTIL_TRUE("missing", strstr(img->note, "2 of at least 3 files") !=
	    NULL && strstr(img->note, " 0x32 to 0x79") != NULL);
	UTIL_EQ("missing", img->ops->count(img, &err), 0);
	for (pfn = 0; pfn < NPAGES; pfn++)
		present += states[pfn] == UTIL_STORED && (pfn < 50 ||
		    pfn >= 121);
	UTIL_EQ("missing", img->pages_present, present);
	kvmi_image_close(img);
}

/* A file of these bytes from a to b, by this name. */
static struct kvmi_src *
piece(const struct bytes *b, size_t from, size_t to, const char *name)
{
	struct kvmi_src *s;
	struct kvmi_err err;

	assert_int_equal(kvmi_mem_open(b->p + from, to - from, name, &s,
	    &err), 0);
	return (s);
}

/*
 * Pieces of one file: their order is told by what begins the file, by names
 * that a tool has given, and by the length of the last.
 */
static void
test_pieces(void **state)
{
	static const struct {
		const char *name;
		bool	 flattened;
		size_t	 n;
		size_t	 at[4];		/* in which order they are given */
		const char *names[4];	/* of the pieces */
	} row[] = {
		{ "in order", false, 4, { 0, 1, 2, 3 }, { "a", "b", "c", "d" } },
		{ "by name", false, 4, { 3, 1, 0, 2 }, { "a", "b", "c", "d" } },
		{ "short one last", false, 4, { 3, 1, 0, 2 },
		    { "x1", "x", "x22", "xx" } },
		{ "as given", false, 4, { 0, 1, 2, 3 },
		    { "x", "z3", "y22", "xxxx" } },
		{ "names that say nothing", false, 3, { 2, 0, 1 },
		    { "core", "core", "core" } },
		{ "flattened", true, 4, { 2, 3, 1, 0 }, { "a", "b", "c", "d" } },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_err err = { 0 };
		struct bytes b = { 0 };
		struct kvmi_src *v[4], *src;
		struct kvmi_image *img;
		size_t each;

		util_kdump(&b, &plain);
		if (row[i].flattened)
			flatten(&b, 5000);
		each = b.len / row[i].n + 100;
		for (size_t j = 0; j < row[i].n; j++) {
			size_t n = row[i].at[j], end = (n + 1) * each;

			v[j] = piece(&b, n * each, end < b.len ? end : b.len,
			    row[i].names[n]);
		}
		UTIL_FAILS(row[i].name, kvmi_image_join(v, row[i].n, NULL,
		    &src, &err), 0, &err);
		UTIL_FAILS(row[i].name, kvmi_image_open(src, NULL, &img, &err),
		    0, &err);
		UTIL_TRUE(row[i].name, row[i].flattened ||
		    strstr(img->format, " files") != NULL);
		check_pages(row[i].name, img, &plain);
		kvmi_image_close(img);
		bytes_free(&b);
	}
}

/* One that lacks is memory that is lost. */
static void
test_missing_piece(void **state)
{
	struct kvmi_err err = { 0 };
	struct bytes b = { 0 };
	struct kvmi_src *v[2], *src;
	struct kvmi_image *img;
	unsigned int lost = 0;

	(void)state;
	util_kdump(&b, &plain);
	v[0] = piece(&b, b.len / 4, b.len / 2, "b");
	v[1] = piece(&b, 0, b.len / 4, "a");
	UTIL_FAILS("join", kvmi_image_join(v, 2, NULL, &src, &err), 0, &err);
	UTIL_FAILS("open", kvmi_image_open(src, NULL, &img, &err), 0, &err);
	for (uint64_t pfn = 0; pfn < NPAGES; pfn++) {
		int code;

		UTIL_TRUE("half", util_read_right(img, pfn * 4096, 4096, &code,
		    &err));
		UTIL_TRUE("half", states[pfn] != UTIL_STORED || code == 0 ||
		    code == KVMI_ETRUNC);
		lost += code == KVMI_ETRUNC;
	}
	UTIL_TRUE("half", lost > 10);
	kvmi_image_close(img);
	bytes_free(&b);
}

static void
test_bad_members(void **state)
{
	static const struct {
		const char *name;
		struct range v[2];
		uint64_t npages;
		const char *text;
	} row[] = {
		{ "twice", { { 0, 50 }, { 0, 50 } }, NPAGES, "given twice" },
		{ "overlap", { { 0, 50 }, { 49, NPAGES } }, NPAGES,
		    "given twice" },
		{ "not split", { { 0, 50 }, { 0, UINT64_MAX } }, NPAGES,
		    "second, given with it" },
		{ "of another dump", { { 0, 50 }, { 50, 90 } }, NPAGES - 8,
		    "second, given with it" },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_err err = { 0 };
		struct kvmi_image *img;

		UTIL_FAILS(row[i].name, open_members(row[i].v, 2,
		    row[i].npages, &img, &err), KVMI_EFORMAT, &err);
		UTIL_TRUE(err.text, strstr(err.text, row[i].text) != NULL);
	}
}

/* A member whose range says nothing sensible: errors, no crash. */
static void
test_bad_split(void **state)
{
	static const struct {
		const char *name;
		uint64_t start, end;
	} row[] = {
		{ "reversed", 100, 50 },
		{ "the largest start", UINT64_MAX, UINT64_MAX },
		{ "from 2^63", UINT64_C(1) << 63, UINT64_MAX },
		{ "the largest end", 10, UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct util_kdump k = plain;
		struct util_kdump_layout l = util_kdump_layout(&k);
		struct bytes b = { 0 };
		struct kvmi_image *img;
		struct kvmi_err err;
		int code;

		util_kdump(&b, &k);
		bytes_poke(&b, l.sub + 12, 1, 4);
		bytes_poke(&b, l.sub + 80, row[i].start, 8);
		bytes_poke(&b, l.sub + 88, row[i].end, 8);
		if (kvmi_image_open(util_bytes(&b, b.len), NULL, &img, &err) == 0) {
			for (uint64_t pfn = 0; pfn < NPAGES; pfn++)
				util_read_right(img, pfn * 4096, 4096, &code,
				    &err);
			util_walk_extents(row[i].name, img, 0, UINT64_MAX,
			    NULL, NULL);
			kvmi_image_close(img);
		}
		bytes_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_missing_member),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_missing_piece),
		cmocka_unit_test(test_bad_members),
		cmocka_unit_test(test_bad_split),
	};

	return (cmocka_run_group_tests(tests, setup, util_report));
}
