/* SPDX-License-Identifier: BSD-2-Clause */
/* Stand-alone dumps of s390 on several disks. */
#include "build_s390.h"
#include "os/kernel.h"

/* One of the files of a dump on several disks. */
struct part {
	unsigned int	volume;
	enum { VOLUME, OTHER, UNUSED, FOREIGN, CUT, DAMAGED, ENDLESS } what;
	size_t		len;		/* of CUT; 0: within its first run */
};

/*
 * Three volumes: extended with the first run, the next two, and the last; else
 * with 10, 30 and the other pages.
 */
static void
volume(struct bytes *b, const struct part *p, bool extended_)
{
	static const size_t share[] = { 0, 10, 40, PAGES };
	static const size_t run[] = { 0, 1, 3, 4 };
	struct kind k = { .extended = extended_, .many = true,
		.volume = p->volume, .tod = p->what == OTHER ? TOD + 5 : 0 };
	size_t v = p->volume < 3 ? p->volume : 2;

	b->big_endian = true;
	if (p->what == FOREIGN || p->what == UNUSED) {
		bytes_fill(b, 0, 16 * BLOCK);
		bytes_poke(b, 0x200, p->what == UNUSED ? MAGIC_EXTENDED : 5, 8);
		return;
	}
	header(b, &k);
	for (size_t i = run[v]; i < run[v + 1] && extended_; i++)
		segment(b, &k, runs[i].first, runs[i].n, i + 1 == NRUNS);
	if (!extended_)
		memory(b, share[v], share[v + 1] - share[v]);
	if (v == 2)
		end_marker(b, TOD + 1);
	if (p->what == ENDLESS)
		bytes_poke(b, BLOCK + 16, 0, 8);
	if (p->what == DAMAGED && extended_)
		b->p[BLOCK] = 1;
	/* Each has room for that; what it held before is there. */
	if (v == 2 || extended_)
		bytes_fill(b, 0x5a, 3 * BLOCK);
	if (p->what == CUT)
		b->len = (size_t)kvmi_min(b->len, p->len != 0 ? p->len :
		    5 * BLOCK + 100);
}

static int
open_volumes(const struct part *p, size_t n, bool extended_,
    struct kvmi_image **ret, struct kvmi_err *err)
{
	static const char *const name[] = { "first", "second", "third",
		"fourth" };
	struct kvmi_src *v[4] = { NULL }, *src;

	for (size_t i = 0; i < n; i++) {
		struct bytes b = { 0 };

		volume(&b, &p[i], extended_);
		v[i] = util_bytes(&b, b.len);
		v[i]->name = name[i];
		bytes_free(&b);
	}
	if (n > 1) {
		int r = kvmi_image_join(v, n, NULL, &src, err);

		if (r != 0)
			return (r);
		v[0] = src;
	}
	return (kvmi_image_open(v[0], NULL, ret, err));
}

static void
test_volumes(void **state)
{
	static const struct {
		const char *name;
		size_t	 n;
		struct part p[4];
		/* Extended, and as it lies. */
		struct {
			int	 want;
			unsigned int pages;
			bool	 truncated, incomplete;
		} of[2];
		const char *note;	/* how it begins */
	} row[] = {
		{ "in order", 3, { { 0, VOLUME }, { 1, VOLUME },
		    { 2, VOLUME } }, { { 0, PAGES, 0, 0 },
		    { 0, PAGES, 0, 0 } }, "" },
		{ "reversed", 3, { { 2, VOLUME }, { 1, VOLUME },
		    { 0, VOLUME } }, { { 0, PAGES, 0, 0 },
		    { 0, PAGES, 0, 0 } }, "" },
		{ "with one that was not used", 4, { { 1, VOLUME },
		    { 2, VOLUME }, { 3, UNUSED }, { 0, VOLUME } },
		    { { 0, PAGES, 0, 0 }, { 0, PAGES, 0, 0 } }, "" },
		{ "the first alone", 1, { { 0, VOLUME } }, { { 0, 4, 0, 1 },
		    { 0, 10, 0, 1 } }, "volume 1 or one after it of this dump "
		    "was not given (ko_more, --with), or the disks were too "
		    "small" },
		{ "the second alone", 1, { { 1, VOLUME } }, { { 0, 32, 0, 1 },
		    { 0, 0, 0, 0 } }, "volume 0 of this dump was not given" },
		{ "without the second", 2, { { 2, VOLUME }, { 0, VOLUME } },
		    { { 0, 8, 0, 0 }, { 0, 10, 0, 0 } },
		    "volume 1 of this dump was not given" },
		{ "without the last", 2, { { 1, VOLUME }, { 0, VOLUME } },
		    { { 0, 40, 0, 1 }, { 0, 10, 0, 1 } },
		    "volume 2 or one after it" },
		{ "only the last", 1, { { 2, VOLUME } }, { { 0, 4, 0, 0 },
		    { 0, 0, 0, 0 } }, "volumes 0 to 1 of this dump were" },
		{ "twice the same", 3, { { 0, VOLUME }, { 1, VOLUME },
		    { 1, VOLUME } }, { { .want = KVMI_EFORMAT },
		    { .want = KVMI_EFORMAT } }, "" },
		{ "with one left of another", 4, { { 0, VOLUME },
		    { 1, VOLUME }, { 2, VOLUME }, { 3, OTHER } },
		    { { 0, PAGES, 0, 0 }, { 0, PAGES, 0, 0 } },
		    "fourth is of another dump and is not used" },
		{ "with one of another in its place", 3, { { 0, VOLUME },
		    { 1, OTHER }, { 2, VOLUME } }, { { 0, 8, 0, 0 },
		    { .want = KVMI_EFORMAT } }, "second is of another" },
		{ "with one of another for the last", 3, { { 0, VOLUME },
		    { 1, VOLUME }, { 2, OTHER } }, { { .want = KVMI_EFORMAT },
		    { .want = KVMI_EFORMAT } }, "" },
		{ "another file", 2, { { 0, VOLUME }, { 1, FOREIGN } },
		    { { .want = KVMI_EFORMAT }, { .want = KVMI_EFORMAT } },
		    "" },
		{ "too large a number", 2, { { 0, VOLUME },
		    { UINT32_MAX, VOLUME } }, { { .want = KVMI_EFORMAT },
		    { .want = KVMI_EFORMAT } }, "" },
		{ "the second cut", 3, { { 0, VOLUME }, { 1, CUT },
		    { 2, VOLUME } }, { { 0, 15, 1, 0 }, { 0, 10, 0, 1 } },
		    "" },
		{ "the second cut to its header", 3, { { 0, VOLUME },
		    { 1, CUT, BLOCK }, { 2, VOLUME } }, { { 0, 8, 1, 0 },
		    { 0, 10, 0, 1 } }, "" },
		{ "the second damaged", 3, { { 0, VOLUME }, { 1, DAMAGED },
		    { 2, VOLUME } }, { { 0, 8, 0, 1 }, { 0, PAGES, 0, 0 } },
		    "" },
		{ "the first damaged", 3, { { 0, DAMAGED }, { 1, VOLUME },
		    { 2, VOLUME } }, { { 0, 56, 0, 1 }, { 0, PAGES, 0, 0 } },
		    "" },
		{ "all damaged", 2, { { 0, DAMAGED }, { 1, DAMAGED } },
		    { { .want = KVMI_EFORMAT }, { 0, 10, 0, 1 } }, "" },
		{ "all cut to their headers", 2, { { 0, CUT, BLOCK },
		    { 1, CUT, BLOCK } }, { { .want = KVMI_ETRUNC },
		    { 0, 0, 0, 1 } }, "" },
		{ "the second cut, the last missing", 2, { { 0, VOLUME },
		    { 1, CUT } }, { { 0, 11, 1, 0 }, { 0, 10, 0, 1 } }, "" },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row) * 2; i++) {
		bool extended_ = i % 2 == 0;
		const char *name = row[i / 2].name;
		struct kvmi_err err = { 0 };
		struct kvmi_image *img;
		int r = open_volumes(row[i / 2].p, row[i / 2].n, extended_,
		    &img, &err);

		UTIL_FAILS(name, r, row[i / 2].of[i % 2].want, &err);
		if (r != 0)
			continue;
		UTIL_TRUE(name, strstr(img->note, row[i / 2].note) != NULL);
		UTIL_EQ(name, check_pages(name, img),
		    row[i / 2].of[i % 2].pages);
		UTIL_EQ(name, img->truncated, row[i / 2].of[i % 2].truncated);
		UTIL_EQ(name, img->incomplete,
		    row[i / 2].of[i % 2].incomplete);
		kvmi_image_close(img);
	}
}

/* One of the files cut anywhere: nothing is elsewhere, no zeros for what is lost. */
static void
test_cut_volume(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		unsigned int before = 0;

		for (size_t len = BLOCK - 1; len < 40 * BLOCK; len += len %
		    BLOCK == 1 ? BLOCK - 2 : 1) {
			struct part p[] = { { 0, VOLUME }, { 1, VOLUME },
				{ 2, VOLUME } };
			struct kvmi_err err = { 0 };
			struct kvmi_image *img;
			unsigned int n;

			p[i % 3].what = CUT;
			p[i % 3].len = len;
			UTIL_EQ(err.text, open_volumes(p, 3, i < 3, &img, &err),
			    0);
			n = check_pages("cut", img);
			UTIL_TRUE("more", n >= before);
			before = n;
			kvmi_image_close(img);
		}
		UTIL_EQ("whole", before, PAGES);
	}
}

/* A file is named for what is in the one that lacks. */
static void
test_missing_named(void **state)
{
	static const struct part p[] = { { 2, VOLUME }, { 0, VOLUME } };

	(void)state;
	for (int e = 0; e < 2; e++) {
		struct kvmi_err err = { 0 };
		struct kvmi_image *img;
		uint8_t buf[16];
		size_t done;

		UTIL_EQ("open", open_volumes(p, 2, e != 0, &img, &err), 0);
		UTIL_FAILS("read", kvmi_image_read(img, 12 * BLOCK, buf, 16,
		    &done, &err), KVMI_ETRUNC, &err);
		UTIL_TRUE("named", strstr(err.text, "--with") != NULL &&
		    strstr(img->note, "volume 1") != NULL);
		kvmi_image_close(img);
	}
}

/* Why no kernel is found in a part of a dump, and which file is wrong. */
static void
test_told(void **state)
{
	static const struct part second[] = { { 1, VOLUME } };
	static const struct part full[] = { { 0, VOLUME }, { 31, ENDLESS } };
	static const struct {
		struct part p[2];
		const char *text;
	} bad[] = {
		{ { { 0, VOLUME }, { 0, VOLUME } }, "first and second both" },
		{ { { 0, VOLUME }, { 1, OTHER } }, "second, given with it" },
		{ { { 0, VOLUME }, { 1, FOREIGN } }, "second, given with it" },
	};
	struct kvmi_image *all;
	struct kvmi_err none;

	(void)state;
	UTIL_EQ("full", open_volumes(full, 2, true, &all, &none), 0);
	UTIL_EQ("full", check_pages("full", all), 6);
	UTIL_TRUE("full", all->incomplete && strstr(all->note,
	    "; the disks were too small for this dump") != NULL);
	kvmi_image_close(all);
	for (size_t i = 0; i < 2 * KVMI_COUNT(bad); i++) {
		struct kvmi_err err = { 0 };
		struct kvmi_image *img;

		UTIL_FAILS("bad", open_volumes(bad[i / 2].p, 2, i % 2 != 0,
		    &img, &err), KVMI_EFORMAT, &err);
		UTIL_TRUE(err.text, strstr(err.text, bad[i / 2].text) != NULL);
	}
	for (int e = 0; e < 2; e++) {
		struct kvmi_cx *cx = kvmi_cx_new();
		struct kvmi_kernel *k;
		struct kvmi_image *img;

		UTIL_EQ("open", open_volumes(second, 1, e != 0, &img,
		    &cx->err), 0);
		UTIL_FAILS("kernel", kvmi_kernel_open(img, NULL, NULL, cx, &k),
		    KVMI_ENOTSUP, &cx->err);
		UTIL_TRUE(cx->err.text, strstr(cx->err.text, "volume 0 of this "
		    "dump was not given") != NULL);
		kvmi_cx_free(cx);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_volumes),
		cmocka_unit_test(test_cut_volume),
		cmocka_unit_test(test_missing_named),
		cmocka_unit_test(test_told),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
