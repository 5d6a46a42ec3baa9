/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

#include <unistd.h>

#include "image/minidump.h"

#define PAGE	4096
#define NPAGES	96
#define KERNBASE UINT64_C(0xfffffe0000000000)
#define DMAP	UINT64_C(0xfffff80000000000)
#define DMAP_END UINT64_C(0xfffffc0000000000)

/* Ranges that begin and end inside pages, touch, and leave holes. */
static const uint64_t avail[] = {
	0x1000, 0x9f000,		/* whole pages */
	0x100800, 0x10a400,		/* both ends inside pages */
	0x10a400, 0x10b000,		/* touches in the middle of a page */
	0x40000000, 0x40005000,
	0x100000000, 0x100000001,	/* one byte */
	0, 0
};

static uint8_t stored[400];

/* The bit of the first page of each range, and one past its last. */
static const struct { const char *name; uint64_t first, n, page; } range[] = {
	{ "whole pages", 0, 158, 0x1000 },
	{ "ends inside pages", 158, 11, 0x100000 },
	{ "touches", 169, 1, 0x10a000 },
	{ "far", 170, 5, 0x40000000 },
	{ "one byte", 175, 1, 0x100000000 },
};
#define NBITS	176

static int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < NBITS; i++)
		stored[i] = i % 5 != 3;
	/* Two bits of one page: the earlier one holds. */
	stored[168] = 1;
	stored[169] = 0;
	/* A page that begins before its range does is never noted. */
	stored[158] = 0;
	return (0);
}

static const uint64_t entry[512] = { 0x40001000 | 3, 0x400000 | 0x83 };

static const struct util_minidump v3 = { .version = 3, .avail = avail,
	.npages = NBITS, .stored = stored, .entry = entry, .nentries = 512,
	.msgbuf = "panic: test\n", .kernbase = KERNBASE, .dmap_start = DMAP,
	.dmap_end = DMAP_END };

static struct util_minidump
old(uint32_t version)
{
	struct util_minidump m = v3;

	m.version = version;
	m.avail = NULL;
	m.npages = NPAGES;
	return (m);
}

static void
test_header(void **state)
{
	(void)state;
	for (uint32_t version = 1; version <= 3; version++) {
		struct util_minidump m = version == 3 ? v3 : old(version);
		const struct kvmi_minidump *h;
		struct kvmi_image *img;
		struct kvmi_err err;
		struct bytes b = { 0 };
		uint64_t n = 0;
		char name[20], want[60];

		snprintf(name, sizeof(name), "version %u", version);
		util_minidump(&b, &m, NULL);
		img = util_image(name, util_bytes(&b, b.len));
		h = img->minidump;
		snprintf(want, sizeof(want),
		    "FreeBSD/amd64 minidump version %u", version);
		UTIL_STR(name, img->format, want);
		UTIL_STR(name, h->arch, "amd64");
		UTIL_EQ(name, h->version, version);
		UTIL_EQ(name, h->kernbase, KERNBASE);
		UTIL_EQ(name, h->dmap_start, DMAP);
		UTIL_EQ(name, h->dmap_end, DMAP_END);
		UTIL_EQ(name, h->dmap_pa, 0);
		UTIL_EQ(name, h->pt_level, version == 1 ? 0 : 1);
		UTIL_EQ(name, h->pt_len, 4096);
		UTIL_TRUE(name, memcmp(b.p + h->pt_off, entry, 4096) == 0);
		UTIL_EQ(name, h->msgbuf_len, 12);
		UTIL_TRUE(name, memcmp(b.p + h->msgbuf_off, "panic: test\n",
		    12) == 0);
		UTIL_TRUE(name, img->arch == &kvmi_arch_x86_64);
		UTIL_EQ(name, img->truncated, false);
		for (uint64_t i = 0; i < m.npages; i++)
			n += stored[i];
		UTIL_EQ(name, img->ops->count(img, &err), 0);
		UTIL_EQ(name, img->pages_present, n);
		UTIL_EQ(name, img->max_pa, version == 3 ? 0x100001000 :
		    NPAGES * PAGE);
		kvmi_image_close(img);
		bytes_free(&b);
	}
}

/* Each page of each range: stored, left out, or no memory. */
static void
test_ranges(void **state)
{
	struct bytes b = { 0 };
	struct kvmi_image *img;
	struct kvmi_extent e;
	struct kvmi_err err;
	int code;

	(void)state;
	util_minidump(&b, &v3, NULL);
	img = util_image("v3", util_bytes(&b, b.len));
	for (size_t r = 0; r < KVMI_COUNT(range); r++)
		for (uint64_t i = 0; i < range[r].n; i++) {
			uint64_t bit = range[r].first + i;
			uint64_t pa = range[r].page + i * PAGE;

			if (bit == 169)
				continue;
			UTIL_EQ(range[r].name, kvmi_image_locate(img, pa, &e,
			    &err), 0);
			UTIL_EQ(range[r].name, e.state, stored[bit] ?
			    KVMI_STORED : bit == 158 ? KVMI_ABSENT :
			    KVMI_EXCLUDED);
			UTIL_TRUE(range[r].name, util_read_right(img, pa,
			    PAGE, &code, &err));
			UTIL_EQ(range[r].name, code, stored[bit] ? 0 :
			    KVMI_ENOTINDUMP);
		}
	UTIL_TRUE("across the touching ends", util_read_right(img, 0x10a3f0,
	    0x20, &code, &err));
	util_walk_extents("v3", img, 0, UINT64_MAX, NULL, NULL);
	kvmi_image_close(img);
	bytes_free(&b);
}

static void
test_holes(void **state)
{
	static const struct {
		const char *name;
		uint64_t pa;
	} row[] = {
		{ "page 0", 0 }, { "the last byte of it", 0xfff },
		{ "behind the first range", 0x9f000 },
		{ "a whole page before the second", 0xff000 },
		{ "between far ones", 0x20000000 },
		{ "behind the last page", 0x100001000 },
		{ "the last address", UINT64_MAX },
	};
	struct bytes b = { 0 };
	struct kvmi_image *img;
	struct kvmi_extent e;
	struct kvmi_err err;

	(void)state;
	util_minidump(&b, &v3, NULL);
	img = util_image("v3", util_bytes(&b, b.len));
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		UTIL_EQ(row[i].name, kvmi_image_locate(img, row[i].pa, &e,
		    &err), 0);
		UTIL_EQ(row[i].name, e.state, KVMI_ABSENT);
		UTIL_TRUE(row[i].name, row[i].pa - e.start < e.len);
	}
	kvmi_image_close(img);
	bytes_free(&b);
}

static void
check_implied(const char *name, uint32_t version)
{
	struct util_minidump m = old(version);
	struct bytes b = { 0 };
	struct kvmi_image *img;
	struct kvmi_err err;
	int code;

	util_minidump(&b, &m, NULL);
	img = util_image(name, util_bytes(&b, b.len));
	for (uint64_t pfn = 0; pfn < NPAGES; pfn++) {
		UTIL_TRUE(name, util_read_right(img, pfn * PAGE, PAGE, &code,
		    &err));
		UTIL_EQ(name, code, stored[pfn] ? 0 : KVMI_ENOTINDUMP);
	}
	UTIL_TRUE(name, util_read_right(img, NPAGES * PAGE, 1, &code, &err));
	UTIL_EQ(name, code, KVMI_ENOTINDUMP);
	util_walk_extents(name, img, 0, UINT64_MAX, NULL, NULL);
	kvmi_image_close(img);
	bytes_free(&b);
}

/* Without dump_avail the bits are of the pages from 0 on. */
static void
test_implied(void **state)
{
	(void)state;
	check_implied("version 1", 1);
	check_implied("version 2", 2);
	check_implied("version 3 without dump_avail", 3);
}

/* A field of the header at a time. */
static void
test_fields(void **state)
{
	static const struct {
		const char *name;
		size_t at;
		unsigned int size;
		uint64_t v;
		int want;
		bool same;		/* pages are as they were */
	} row[] = {
		{ "no such architecture", 16, 1, 'z', KVMI_ENOTSUP, false },
		{ "magic without a NUL", 22, 2, 0x7a7a, KVMI_ENOTSUP,
		    false },
		{ "not FreeBSD", 9, 1, 'x', KVMI_ENOTSUP, false },
		{ "version 0", 24, 4, 0, KVMI_ENOTSUP, false },
		{ "version 4", 24, 4, 4, KVMI_ENOTSUP, false },
		{ "the largest version", 24, 4, UINT32_MAX, KVMI_ENOTSUP,
		    false },
		{ "no message buffer, where there is one", 28, 4, 0,
		    KVMI_EFORMAT, false },
		{ "the largest message buffer", 28, 4, UINT32_MAX,
		    KVMI_ETRUNC, false },
		{ "the largest of whole pages", 28, 4, 0xfffff000,
		    KVMI_ETRUNC, false },
		{ "no bitmap", 32, 4, 0, 0, false },
		{ "bitmap of an odd size", 32, 4, 5, 0, false },
		{ "the largest bitmap", 32, 4, UINT32_MAX, KVMI_ETRUNC,
		    false },
		{ "no page tables", 36, 4, 0, 0, false },
		{ "page tables of an odd size", 36, 4, 4095, 0, true },
		{ "the largest page tables", 36, 4, UINT32_MAX, KVMI_ETRUNC,
		    false },
		{ "kernbase 0", 40, 8, 0, 0, true },
		{ "the largest kernbase", 40, 8, UINT64_MAX, 0, true },
		{ "direct map from the end", 48, 8, UINT64_MAX, 0, true },
		{ "direct map to the end", 56, 8, UINT64_MAX, 0, true },
		{ "direct map reversed", 56, 8, 0, 0, true },
		{ "no dump_avail", 64, 4, 0, 0, false },
		{ "dump_avail of an odd size", 64, 4, 100, 0, true },
		{ "dump_avail of 15 bytes", 64, 4, 15, 0, false },
		{ "dump_avail without its end", 64, 4, 80, 0, true },
		{ "the largest dump_avail", 64, 4, UINT32_MAX, KVMI_ETRUNC,
		    false },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct bytes b = { 0 };
		struct kvmi_image *img = NULL;
		struct kvmi_err err = { 0 };
		int code;

		util_minidump(&b, &v3, NULL);
		bytes_poke(&b, row[i].at, row[i].v, row[i].size);
		UTIL_FAILS(row[i].name, kvmi_image_open(util_bytes(&b, b.len), NULL,
		    &img, &err), row[i].want, &err);
		if (row[i].want == 0) {
			bool right = util_read_right(img, 0x1000, 2 * PAGE,
			    &code, &err);

			UTIL_TRUE(row[i].name, !row[i].same ||
			    (right && code == 0));
			util_walk_extents(row[i].name, img, 0, UINT64_MAX,
			    NULL, NULL);
			kvmi_image_close(img);
		}
		bytes_free(&b);
	}
}

static void
test_avail(void **state)
{
	static const struct {
		const char *name;
		uint64_t avail[8];
		int want;
	} row[] = {
		{ "no range", { 0, 0 }, 0 },
		{ "a range of nothing", { 0x1000, 0x1000 }, 0 },
		{ "reversed", { 0x2000, 0x1000 }, KVMI_EFORMAT },
		{ "overlapping", { 0x1000, 0x3000, 0x2000, 0x4000 },
		    KVMI_EFORMAT },
		{ "descending", { 0x5000, 0x6000, 0x1000, 0x2000 },
		    KVMI_EFORMAT },
		{ "everything", { 0, UINT64_MAX }, KVMI_EFORMAT },
		{ "half of everything", { 0, INT64_MAX }, 0 },
		{ "from the end", { UINT64_MAX - 1, UINT64_MAX },
		    KVMI_EFORMAT },
		{ "twice half of everything", { 0, INT64_MAX, INT64_MAX,
		    INT64_MAX }, 0 },
		{ "touching", { 0, 0x1000, 0x1000, 0x2000 }, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct util_minidump m = v3;
		struct bytes b = { 0 };
		struct kvmi_image *img = NULL;
		struct kvmi_err err = { 0 };

		util_minidump(&b, &m, NULL);
		memcpy(b.p + 2 * PAGE, row[i].avail, sizeof(row[i].avail));
		memset(b.p + 2 * PAGE + sizeof(row[i].avail), 0, 16);
		UTIL_FAILS(row[i].name, kvmi_image_open(util_bytes(&b, b.len), NULL,
		    &img, &err), row[i].want, &err);
		if (row[i].want == 0) {
			util_walk_extents(row[i].name, img, 0, UINT64_MAX,
			    NULL, NULL);
			UTIL_EQ(row[i].name, img->ops->count(img, &err), 0);
			kvmi_image_close(img);
		}
		bytes_free(&b);
	}
}

/* Cut at many places: the pages that are left are right. */
static void
test_cut(void **state)
{
	(void)state;
	for (uint32_t version = 1; version <= 3; version++) {
		struct util_minidump m = version == 3 ? v3 : old(version);
		struct bytes b = { 0 };
		size_t pages_at, n = 0;

		util_minidump(&b, &m, NULL);
		for (uint64_t i = 0; i < m.npages; i++)
			n += stored[i];
		pages_at = b.len - n * PAGE;
		for (size_t len = 0; len < b.len;
		    len += len % PAGE > PAGE - 3 || len % PAGE < 3 ? 1 :
		    len < 100 ? 1 : 389) {
			struct kvmi_image *img = NULL;
			struct kvmi_err err = { 0 };
			uint64_t rank = 0;
			int code, r;

			r = kvmi_image_open(util_bytes(&b, len), NULL, &img, &err);
			if (len < pages_at) {
				UTIL_FAILS("cut", r, len < 8 ? KVMI_EFORMAT :
				    KVMI_ETRUNC, &err);
				continue;
			}
			UTIL_FAILS("cut", r, 0, &err);
			UTIL_EQ("known to be cut", img->truncated, true);
			for (uint64_t i = 0; i < NPAGES; i++) {
				uint64_t pa = (i + (version == 3)) * PAGE;
				bool there = stored[i] && pages_at +
				    (rank + 1) * PAGE <= len;

				rank += stored[i];
				UTIL_TRUE("right", util_read_right(img, pa,
				    PAGE, &code, &err));
				UTIL_EQ("right", code, there ? 0 : stored[i] ?
				    KVMI_ETRUNC : KVMI_ENOTINDUMP);
			}
			kvmi_image_close(img);
		}
		bytes_free(&b);
	}
}

/* A bitmap full of ones, with few pages behind it. */
static void
test_full(void **state)
{
	struct util_minidump m = old(2);
	struct bytes b = { 0 };
	struct kvmi_image *img;
	struct kvmi_err err;
	int code, lost = 0;

	(void)state;
	util_minidump(&b, &m, NULL);
	memset(b.p + 2 * PAGE, 0xff, NPAGES / 8);
	img = util_image("full", util_bytes(&b, b.len));
	UTIL_EQ("known to be cut", img->truncated, true);
	for (uint64_t pfn = 0; pfn < NPAGES; pfn++) {
		uint8_t byte;
		size_t done;

		code = kvmi_image_read(img, pfn * PAGE, &byte, 1, &done, &err);
		UTIL_TRUE("there or lost", code == 0 || code == KVMI_ETRUNC);
		lost += code != 0;
	}
	UTIL_TRUE("lost", lost > 10);
	kvmi_image_close(img);
	bytes_free(&b);
}

/* Pages whose bits follow each other are one extent. */
static void
count_extents(const char *name, struct kvmi_image *img,
    const struct kvmi_extent *e, void *arg)
{
	(void)name;
	(void)img;
	(void)e;
	(*(size_t *)arg)++;
}

static void
test_runs(void **state)
{
	static uint8_t all[5000];
	struct util_minidump m = old(2);
	struct bytes b = { 0 };
	struct kvmi_image *img;
	size_t n = 0;

	(void)state;
	memset(all, 1, sizeof(all));
	m.npages = sizeof(all);
	m.stored = all;
	util_minidump(&b, &m, NULL);
	img = util_image("runs", util_bytes(&b, b.len));
	util_walk_extents("runs", img, 0, 4999 * PAGE, count_extents, &n);
	/* At least the blocks of the rank index. */
	UTIL_TRUE("few", n <= 4);
	kvmi_image_close(img);
	bytes_free(&b);
}

static void
test_other(void **state)
{
	struct bytes b = { 0 };
	const struct util_elf e = { 0 };
	const struct util_phdr load = { 1, 0, 0, 0, 1, 1 };
	struct kvmi_image *img;

	(void)state;
	util_elf(&b, &e, &load, 1);
	img = util_image("ELF", util_bytes(&b, b.len));
	UTIL_TRUE("no minidump", img->minidump == NULL);
	kvmi_image_close(img);
	bytes_free(&b);
}

/* Each read of the file fails in its turn. */
static void
test_read_errors(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	util_minidump(&b, &v3, NULL);
	UTIL_TRUE("several", util_open_errors(&b) > 2);
	bytes_free(&b);
}

/* The file shrinks to each size while it is open. */
static void
test_shrinks(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	util_minidump(&b, &v3, NULL);
	for (size_t left = 0; left < b.len; left += PAGE) {
		int fd = util_file(b.p, b.len), code;
		struct kvmi_image *img = util_image("whole",
		    util_file_src(fd));
		struct kvmi_err err;
		size_t lost = 0;

		UTIL_EQ("shrink", ftruncate(fd, (off_t)left), 0);
		for (size_t r = 0; r < KVMI_COUNT(range); r++)
			for (uint64_t i = 0; i < range[r].n; i++) {
				uint64_t bit = range[r].first + i;

				if (bit == 168 || bit == 169)
					continue;
				UTIL_TRUE("right", util_read_right(img,
				    range[r].page + i * PAGE, PAGE, &code,
				    &err));
				UTIL_TRUE("not absent", code == KVMI_ETRUNC ||
				    (code == 0) == stored[bit]);
				lost += code == KVMI_ETRUNC;
			}
		UTIL_TRUE("something is lost", lost > 0);
		kvmi_image_close(img);
		close(fd);
	}
	bytes_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_implied),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_avail),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_other),
		cmocka_unit_test(test_read_errors),
		cmocka_unit_test(test_shrinks),
	};

	return (cmocka_run_group_tests(tests, setup, util_report));
}
