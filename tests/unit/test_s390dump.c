/* SPDX-License-Identifier: BSD-2-Clause */
/* Stand-alone dumps of s390: of each kind, on one disk and on several. */
#include "util.h"

#include "base/endian.h"
#include "os/kernel.h"

#define BLOCK		4096
#define PAGES		64
#define END		((uint64_t)PAGES * BLOCK)
#define TOD		UINT64_C(0xd800000000000000)
#define MAGIC		UINT64_C(0xa8190173618f23fd)
#define MAGIC_EXTENDED	UINT64_C(0xa8190173618f23fe)
#define ENTRY		(4 * BLOCK)	/* the tools take 1 MiB */
#define PLAIN		0x80000000u

/* What is not zero, in pages. */
static const struct run {
	unsigned int	first, n;
} runs[] = { { 0, 4 }, { 8, 9 }, { 30, 10 }, { 60, 2 } };

#define NRUNS		KVMI_COUNT(runs)

/* Every other entry does not compress. */
static void
page(uint64_t pfn, uint8_t *p)
{
	uint64_t rnd = pfn + 1;
	bool zero = true;

	for (size_t i = 0; i < NRUNS; i++)
		zero &= pfn - runs[i].first >= runs[i].n;
	memset(p, zero ? 0 : (int)pfn + 1, BLOCK);
	for (size_t i = 0; !zero && pfn / 4 % 2 == 0 && i < BLOCK; i++)
		p[i] = (uint8_t)util_random(&rnd);
}

/* Not of every build. */
static bool
has_zlib(void)
{
	return (kvmi_codec_zlib.encode != NULL);
}

struct kind {
	bool		extended, many;
	unsigned int	volume;
	uint64_t	tod;		/* 0: the usual */
	uint32_t	entry;		/* compressed in these */
};

static void
header(struct bytes *b, const struct kind *k)
{
	size_t at = b->len;

	b->big_endian = true;
	bytes_uint(b, k->extended ? MAGIC_EXTENDED : MAGIC, 8);
	bytes_uint(b, k->extended ? 2 : 5, 4);
	bytes_uint(b, BLOCK, 4);
	bytes_uint(b, 4, 4);
	bytes_uint(b, BLOCK, 4);
	bytes_uint(b, END, 8);
	bytes_uint(b, 0, 8);
	bytes_uint(b, END, 8);
	bytes_uint(b, PAGES, 4);
	bytes_uint(b, 0, 4);
	bytes_uint(b, k->tod != 0 ? k->tod : TOD, 8);
	bytes_uint(b, 0xff, 8);
	bytes_uint(b, 2, 4);
	bytes_uint(b, k->volume, 4);
	bytes_uint(b, 2, 4);
	bytes_uint(b, END, 8);
	bytes_uint(b, k->many, 1);
	bytes_uint(b, 0x10001, 4);
	bytes_uint(b, k->entry != 0, 1);
	bytes_uint(b, k->entry, 4);
	bytes_fill(b, 0, at + 0x200 - b->len);
	bytes_uint(b, !k->many ? 0 : k->extended ? MAGIC_EXTENDED : MAGIC, 8);
	bytes_fill(b, 0, at + BLOCK - b->len);
}

static void
memory(struct bytes *b, uint64_t first, uint64_t n)
{
	uint8_t p[BLOCK];

	for (uint64_t pfn = first; pfn < first + n; pfn++) {
		page(pfn, p);
		bytes_put(b, p, BLOCK);
	}
}

static void
end_marker(struct bytes *b, uint64_t tod)
{
	bytes_put(b, "DUMP_END", 8);
	bytes_uint(b, tod, 8);
	bytes_fill(b, 0, BLOCK - 16);
}

/* A run in entries; what the buffer held before is behind each. */
static void
put_entries(struct bytes *b, size_t head, uint64_t first, uint64_t n)
{
	void *encoder = kvmi_codec_zlib.encoder_create();
	uint8_t plain[ENTRY], stored[ENTRY];
	size_t data = b->len;
	uint32_t count = 0;

	for (uint64_t pfn = first; pfn < first + n; pfn += 4, count++) {
		size_t pages = (size_t)kvmi_min(4, first + n - pfn);
		size_t len;
		uint32_t at = (uint32_t)((b->len - data) / BLOCK);

		for (size_t i = 0; i < pages; i++)
			page(pfn + i, plain + i * BLOCK);
		len = kvmi_codec_zlib.encode(encoder, plain, pages * BLOCK,
		    stored, pages * BLOCK - 1);
		if (len == 0) {
			at |= PLAIN;
			bytes_put(b, plain, pages * BLOCK);
		} else {
			bytes_put(b, stored, len);
			bytes_fill(b, 0xa5, -len % BLOCK);
		}
		bytes_poke(b, head + 0x34 + 4 * count, at, 4);
	}
	bytes_poke(b, head + 0x18, (b->len - data) / BLOCK, 4);
	bytes_poke(b, head + 0x30, count, 4);
	kvmi_codec_zlib.encoder_destroy(encoder);
}

static void
segment(struct bytes *b, const struct kind *k, uint64_t first, uint64_t n,
    bool last)
{
	size_t head = b->len;

	bytes_uint(b, first * BLOCK, 8);
	bytes_uint(b, n * BLOCK, 8);
	bytes_uint(b, last ? UINT64_MAX : 0, 8);
	bytes_fill(b, 0, head + BLOCK - b->len);
	if (k->entry != 0)
		put_entries(b, head, first, n);
	else
		memory(b, first, n);
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

/* What can be read is right; how many pages there are. */
static unsigned int
check_pages(const char *name, struct kvmi_image *img)
{
	uint8_t want[BLOCK], got[BLOCK];
	unsigned int n = 0;

	for (uint64_t pfn = 0; pfn < PAGES; pfn++) {
		struct kvmi_err err = { 0 };
		size_t done;
		int r = kvmi_image_read(img, pfn * BLOCK, got, BLOCK, &done,
		    &err);

		if (r == 0) {
			page(pfn, want);
			UTIL_TRUE(name, memcmp(got, want, BLOCK) == 0);
			n++;
		} else {
			UTIL_TRUE(name, (r == KVMI_ETRUNC ||
			    r == KVMI_EFORMAT) && err.text[0] != '\0');
		}
	}
	util_walk_extents(name, img, 0, UINT64_MAX, NULL, NULL);
	return (n);
}

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
		uint64_t run;
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
			UTIL_TRUE("zeros", kvmi_image_ptr(img, &e, END, &run) ==
			    NULL);
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
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_bad_chain),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_no_tape),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_zlib),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_volumes),
		cmocka_unit_test(test_cut_volume),
		cmocka_unit_test(test_missing_named),
		cmocka_unit_test(test_told),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
