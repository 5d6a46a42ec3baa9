/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

#include <unistd.h>

#define NPAGES	200

/* Which pages there are: some of each state, changing within bytes. */
static uint8_t states[NPAGES];

static int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < NPAGES; i++)
		states[i] = i < 20 ? UTIL_STORED : i < 40 ? UTIL_EXCLUDED :
		    i < 70 ? UTIL_ABSENT : i % 3 == 0 ? UTIL_STORED :
		    i % 3 == 1 ? UTIL_EXCLUDED : UTIL_ABSENT;
	states[NPAGES - 1] = UTIL_STORED;
	return (0);
}

static const struct util_kdump plain = { .version = 6, .npages = NPAGES,
	.state = states };

static struct kvmi_image *
open_kdump(const char *name, const struct util_kdump *k)
{
	struct bytes b = { 0 };
	struct kvmi_image *img;

	util_kdump(&b, k);
	img = util_image(name, util_bytes(&b, b.len));
	bytes_free(&b);
	return (img);
}

/* Every page is in its state, with its content. */
static void
check_pages(const char *name, struct kvmi_image *img,
    const struct util_kdump *k)
{
	uint64_t bs = k->block_size != 0 ? k->block_size : 4096;

	for (uint64_t pfn = 0; pfn < k->npages; pfn++) {
		struct kvmi_extent e;
		struct kvmi_err err;
		int code;
		enum kvmi_state want = states[pfn] == UTIL_STORED ?
		    KVMI_STORED : states[pfn] == UTIL_EXCLUDED &&
		    !k->one_bitmap ? KVMI_EXCLUDED : KVMI_ABSENT;

		if (k->split != 0 && want == KVMI_STORED &&
		    (pfn < k->start_pfn || pfn >= k->end_pfn))
			want = KVMI_LOST;
		UTIL_EQ(name, kvmi_image_locate(img, pfn * bs + 1, &e, &err),
		    0);
		UTIL_EQ(name, e.start, pfn * bs);
		UTIL_EQ(name, e.len, bs);
		UTIL_EQ(name, e.state, want);
		UTIL_TRUE(name, util_read_right(img, pfn * bs, (size_t)bs,
		    &code, &err));
		UTIL_EQ(name, code, want == KVMI_STORED ? 0 :
		    want == KVMI_LOST ? KVMI_ETRUNC : KVMI_ENOTINDUMP);
		UTIL_TRUE(name, util_read_right(img, pfn * bs + bs / 3, 5,
		    &code, &err));
		UTIL_EQ(name, code, want == KVMI_STORED ? 0 :
		    want == KVMI_LOST ? KVMI_ETRUNC : KVMI_ENOTINDUMP);
	}
	util_walk_extents(name, img, 0, UINT64_MAX, NULL, NULL);
}

/* Versions, widths and byte orders. */
static void
test_shapes(void **state)
{
	static const struct {
		const char *name;
		bool is32, padded, big_endian;
	} shape[] = {
		{ "64-bit", false, false, false },
		{ "64-bit big-endian", false, false, true },
		{ "32-bit packed", true, false, false },
		{ "32-bit packed big-endian", true, false, true },
		{ "32-bit padded", true, true, false },
		{ "32-bit padded big-endian", true, true, true },
	};
	static const char info[] = "OSRELEASE=6.1.0\nPAGESIZE=4096\n";

	(void)state;
	for (size_t s = 0; s < KVMI_COUNT(shape); s++)
		for (int version = 0; version <= 6; version++) {
			struct bytes notes = { .big_endian =
			    shape[s].big_endian };
			struct util_kdump k = plain;
			struct kvmi_image *img;
			struct kvmi_note n;
			char name[80], want[80];
			size_t pos = 0;

			util_note(&notes, "CORE", 5, 1, "0123", 4);
			k.version = version;
			k.is32 = shape[s].is32;
			k.padded = shape[s].padded;
			k.big_endian = shape[s].big_endian;
			k.info = info;
			k.notes = &notes;
			snprintf(name, sizeof(name), "%s, version %d",
			    shape[s].name, version);
			img = open_kdump(name, &k);
			check_pages(name, img, &k);
			snprintf(want, sizeof(want), "kdump-compressed v%d",
			    version);
			UTIL_STR(name, img->format, want);
			UTIL_EQ(name, img->big_endian, k.big_endian);
			UTIL_EQ(name, img->timestamp, 1700000000);
			UTIL_STR(name, img->nodename, "node");
			UTIL_STR(name, img->release, "6.1.0");
			UTIL_STR(name, img->version, "#1 SMP");
			UTIL_TRUE(name, img->arch == &kvmi_arch_x86_64);
			UTIL_EQ(name, img->max_pa, NPAGES * 4096);
			UTIL_EQ(name, img->truncated, false);
			UTIL_EQ(name, img->incomplete, false);
			UTIL_EQ(name, img->vmcoreinfo.len, version >= 3 ?
			    sizeof(info) - 1 : 0);
			UTIL_TRUE(name, version < 3 || memcmp(
			    img->vmcoreinfo.p, info, sizeof(info) - 1) == 0);
			UTIL_EQ(name, kvmi_note_next(&img->notes,
			    img->big_endian, &pos, &n), version >= 4);
			UTIL_TRUE(name, version < 4 || (n.descsz == 4 &&
			    memcmp(n.desc, "0123", 4) == 0));
			kvmi_image_close(img);
			bytes_free(&notes);
		}
}

static bool
numbered(uint64_t pfn, uint8_t *page)
{
	memset(page, (int)pfn, 4096);
	return (true);
}

/* makedumpfile, and it alone, counts Arm's pages from where memory begins. */
static void
test_base(void **state)
{
	static const struct {
		const char *name, *machine;
		bool unnamed;
		uint64_t phys_base, want;
	} row[] = {
		{ "arm", "armv7l", false, 0x40000000, 0x40000000 },
		{ "arm at 0", "armv7l", false, 0, 0 },
		{ "arm by QEMU", "armv7l", true, 0x40000000, 0 },
		{ "i386", "i686", false, 0x40000000, 0 },
		{ "x86-64", "x86_64", false, 0x40000000, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		const char *name = row[i].name;
		uint64_t base = row[i].want;
		struct util_kdump k = plain;
		struct kvmi_image *img;
		struct kvmi_extent e;
		struct kvmi_err err;
		uint8_t byte;
		size_t done;

		k.is32 = k.padded = strcmp(row[i].machine, "x86_64") != 0;
		k.machine = row[i].machine;
		k.unnamed = row[i].unnamed;
		k.phys_base = row[i].phys_base;
		k.page = numbered;
		k.info = "OSRELEASE=6.1.0\n";
		img = open_kdump(name, &k);
		UTIL_EQ(name, img->max_pa, base + NPAGES * 4096);
		for (uint64_t pfn = 0; pfn < NPAGES; pfn++) {
			if (k.state[pfn] != UTIL_STORED)
				continue;
			UTIL_EQ(name, kvmi_image_read(img, base + pfn * 4096 +
			    77, &byte, 1, &done, &err), 0);
			UTIL_EQ(name, byte, (uint8_t)pfn);
		}
		UTIL_EQ(name, kvmi_image_locate(img, base + NPAGES * 4096, &e,
		    &err), 0);
		UTIL_EQ(name, e.state, KVMI_ABSENT);
		util_walk_extents(name, img, 0, UINT64_MAX, NULL, NULL);
		kvmi_image_close(img);
	}
}

static void
test_codecs(void **state)
{
	static const struct {
		const char *name;
		uint32_t flag;
	} codec[] = {
		{ "raw", 0 }, { "zlib", 0x1 }, { "lzo", 0x2 },
		{ "snappy", 0x4 }, { "zstd", 0x20 },
	};
	static const uint32_t block[] = { 1024, 2048, 4096, 16384, 65536 };

	(void)state;
	for (size_t c = 0; c < KVMI_COUNT(codec); c++)
		for (size_t s = 0; s < KVMI_COUNT(block); s++) {
			struct util_kdump k = plain;
			struct kvmi_image *img;
			char name[80];

			k.flags = codec[c].flag;
			k.block_size = block[s];
			snprintf(name, sizeof(name), "%s, blocks of %u",
			    codec[c].name, block[s]);
			img = open_kdump(name, &k);
			UTIL_EQ(name, img->block_size, block[s]);
			if (k.flags != 0)
				UTIL_TRUE(name, strstr(img->format,
				    codec[c].name) != NULL);
			check_pages(name, img, &k);	/* read */
			check_pages(name, img, &k);	/* from the cache */
			kvmi_image_close(img);
		}
}

static void
test_counts(void **state)
{
	struct util_kdump k = plain;
	struct kvmi_image *img;
	struct kvmi_err err;
	uint64_t stored = 0, ram = 0;

	(void)state;
	for (size_t i = 0; i < NPAGES; i++) {
		stored += states[i] == UTIL_STORED;
		ram += states[i] != UTIL_ABSENT;
	}
	img = open_kdump("two bitmaps", &k);
	UTIL_EQ("count", img->ops->count(img, &err), 0);
	UTIL_EQ("stored", img->pages_present, stored);
	UTIL_EQ("excluded", img->pages_excluded, ram - stored);
	UTIL_EQ("memory", img->ram_bytes, ram * 4096);
	kvmi_image_close(img);
	k.one_bitmap = true;
	img = open_kdump("one bitmap", &k);
	check_pages("one bitmap", img, &k);
	UTIL_EQ("count", img->ops->count(img, &err), 0);
	UTIL_EQ("stored", img->pages_present, stored);
	UTIL_EQ("excluded", img->pages_excluded, 0);
	kvmi_image_close(img);
}

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

/* The same as makedumpfile -F writes it: records, their numbers big-endian. */
static void
flatten(struct bytes *b)
{
	struct bytes flat = { .big_endian = true };

	bytes_put(&flat, "makedumpfile\0\0\0\0", 16);
	bytes_uint(&flat, 1, 8);
	bytes_uint(&flat, 1, 8);
	bytes_fill(&flat, 0, 4096 - flat.len);
	for (size_t at = 0; at < b->len; at += 5000) {
		size_t n = b->len - at < 5000 ? b->len - at : 5000;

		bytes_uint(&flat, at, 8);
		bytes_uint(&flat, n, 8);
		bytes_put(&flat, b->p + at, n);
	}
	bytes_fill(&flat, 0xff, 16);
	bytes_free(b);
	*b = flat;
}

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
			flatten(&b);
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
			flatten(&b);
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

/* A field of the headers at a time, of a 64-bit dump of version 6. */
static void
test_fields(void **state)
{
	enum { MAIN, SUB };
	static const struct {
		const char *name;
		int where;
		size_t at;
		unsigned int size;
		uint64_t v;
		int want;
	} row[] = {
		{ "signature", MAIN, 3, 1, 'x', KVMI_EFORMAT },
		{ "version -1", MAIN, 8, 4, UINT32_MAX, KVMI_EFORMAT },
		{ "version 7", MAIN, 8, 4, 7, 0 },
		{ "the largest version", MAIN, 8, 4, INT32_MAX,
		    KVMI_EFORMAT },
		{ "machine without a NUL", MAIN, 12 + 4 * 65, 8, UINT64_MAX,
		    0 },
		{ "block_size 0", MAIN, 428, 4, 0, KVMI_EFORMAT },
		{ "block_size 1", MAIN, 428, 4, 1, KVMI_EFORMAT },
		{ "block_size 512", MAIN, 428, 4, 512, KVMI_EFORMAT },
		{ "block_size 4097", MAIN, 428, 4, 4097, KVMI_EFORMAT },
		{ "block_size 12288", MAIN, 428, 4, 12288, KVMI_EFORMAT },
		{ "block_size 2 MiB", MAIN, 428, 4, 1 << 21, KVMI_EFORMAT },
		{ "block_size 2^31", MAIN, 428, 4, 1u << 31, KVMI_EFORMAT },
		{ "the largest block_size", MAIN, 428, 4, UINT32_MAX,
		    KVMI_EFORMAT },
		{ "sub_hdr_size 0", MAIN, 432, 4, 0, KVMI_EFORMAT },
		{ "sub_hdr_size beyond the file", MAIN, 432, 4, 100000,
		    KVMI_ETRUNC },
		{ "the largest sub_hdr_size", MAIN, 432, 4, UINT32_MAX,
		    KVMI_EFORMAT },
		{ "bitmap_blocks 0", MAIN, 436, 4, 0, KVMI_EFORMAT },
		{ "bitmap_blocks beyond the file", MAIN, 436, 4, 100000,
		    KVMI_ETRUNC },
		{ "the largest bitmap_blocks", MAIN, 436, 4, UINT32_MAX,
		    KVMI_ETRUNC },
		{ "max_mapnr_64 of too many bits", SUB, 96, 8,
		    2 * 4096 * 8 + 1, KVMI_EFORMAT },
		{ "the largest max_mapnr_64", SUB, 96, 8, UINT64_MAX,
		    KVMI_EFORMAT },
		{ "max_mapnr_64 2^62", SUB, 96, 8, UINT64_C(1) << 62,
		    KVMI_EFORMAT },
		{ "max_mapnr_64 0", SUB, 96, 8, 0, 0 },
		{ "the largest size_note", SUB, 56, 8, UINT64_MAX,
		    KVMI_EFORMAT },
		{ "size_note of 65 MiB", SUB, 56, 8, 65 << 20,
		    KVMI_EFORMAT },
		{ "size_note beyond the file", SUB, 56, 8, 60 << 20, 0 },
		{ "the largest size_vmcoreinfo", SUB, 40, 8, UINT64_MAX,
		    KVMI_EFORMAT },
		{ "size_vmcoreinfo beyond the file", SUB, 40, 8, 60 << 20,
		    0 },
		{ "the largest offset_vmcoreinfo", SUB, 32, 8, UINT64_MAX,
		    0 },
		{ "offset_vmcoreinfo 2^63", SUB, 32, 8, UINT64_C(1) << 63,
		    0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct util_kdump k = plain;
		struct bytes b = { 0 };
		struct kvmi_image *img = NULL;
		struct kvmi_err err = { 0 };
		int code;

		k.info = "OSRELEASE=6.1.0\n";
		util_kdump(&b, &k);
		bytes_poke(&b, row[i].at + (row[i].where == SUB ?
		    util_kdump_layout(&k).sub : 0), row[i].v, row[i].size);
		UTIL_FAILS(row[i].name, kvmi_image_open(util_bytes(&b, b.len), NULL,
		    &img, &err), row[i].want, &err);
		if (row[i].want == 0) {
			UTIL_TRUE(row[i].name, util_read_right(img, 4096, 4096,
			    &code, &err));
			UTIL_TRUE(row[i].name, code == 0 || row[i].at == 96);
			util_walk_extents(row[i].name, img, 0, UINT64_MAX,
			    NULL, NULL);
			kvmi_image_close(img);
		}
		bytes_free(&b);
	}
}

/* The first page's descriptor; its neighbour is as it was. */
static void
test_descriptors(void **state)
{
	enum { OFF = 0, SIZE = 8, FLAGS = 12 };
	static const struct {
		const char *name;
		uint32_t codec;		/* of the dump */
		size_t at;
		uint64_t v;
		int want;
	} row[] = {
		{ "offset 0: out of space", 0, OFF, 0, KVMI_ETRUNC },
		{ "the largest offset", 0, OFF, UINT64_MAX, KVMI_ETRUNC },
		{ "offset beyond the file", 0, OFF, UINT64_C(1) << 40,
		    KVMI_ETRUNC },
		{ "offset -4096", 0, OFF, (uint64_t)-4096, KVMI_ETRUNC },
		{ "size 0", 0, SIZE, 0, KVMI_EFORMAT },
		{ "one short", 0, SIZE, 4095, KVMI_EFORMAT },
		{ "one long", 0, SIZE, 4097, KVMI_EFORMAT },
		{ "the largest size", 0, SIZE, UINT32_MAX, KVMI_ETRUNC },
		{ "size 0, compressed", 1, SIZE, 0, KVMI_EFORMAT },
		{ "more than a block, compressed", 1, SIZE, 4097,
		    KVMI_EFORMAT },
		{ "unknown compression", 0, FLAGS, 0x40, KVMI_ENOTSUP },
		{ "two compressions", 1, FLAGS, 0x3, KVMI_ENOTSUP },
		{ "all flags", 0, FLAGS, UINT32_MAX, KVMI_ENOTSUP },
		{ "raw, said to be zlib", 0, FLAGS, 0x1, KVMI_EFORMAT },
		{ "raw, said to be lzo", 0, FLAGS, 0x2, KVMI_EFORMAT },
		{ "raw, said to be snappy", 0, FLAGS, 0x4, KVMI_EFORMAT },
		{ "raw, said to be zstd", 0, FLAGS, 0x20, KVMI_EFORMAT },
		{ "zlib, said to be raw", 1, FLAGS, 0, KVMI_EFORMAT },
		{ "zlib, said to be zstd", 1, FLAGS, 0x20, KVMI_EFORMAT },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct util_kdump k = plain;
		struct bytes b = { 0 };
		struct kvmi_image *img;
		struct kvmi_err err = { 0 };
		int code;

		k.flags = row[i].codec;
		util_kdump(&b, &k);
		/* Page 1 compresses, page 0 does not. */
		bytes_poke(&b, util_kdump_layout(&k).desc + 24 + row[i].at,
		    row[i].v, row[i].at == OFF ? 8 : 4);
		img = util_image(row[i].name, util_bytes(&b, b.len));
		UTIL_TRUE(row[i].name, util_read_right(img, 4096, 4096, &code,
		    &err));
		UTIL_FAILS(row[i].name, code, row[i].want, &err);
		UTIL_TRUE(row[i].name, util_read_right(img, 0, 4096, &code,
		    &err) && code == 0);
		UTIL_TRUE(row[i].name, util_read_right(img, 8192, 4096, &code,
		    &err) && code == 0);
		/* Up to the bad page and no further. */
		UTIL_TRUE(row[i].name, util_read_right(img, 4000, 8192, &code,
		    &err) && code == row[i].want);
		kvmi_image_close(img);
		bytes_free(&b);
	}
}

/* Descriptors may share their data, as zero pages do. */
static void
test_shared(void **state)
{
	struct util_kdump k = plain;
	struct util_kdump_layout l = util_kdump_layout(&k);
	struct bytes b = { 0 };
	struct kvmi_image *img;
	struct kvmi_err err;
	uint8_t want[4096], got[4096];
	size_t done;

	(void)state;
	k.flags = 1;
	util_kdump(&b, &k);
	for (size_t i = 0; i < 10; i++)
		memcpy(b.p + l.desc + i * 24, b.p + l.desc + 24, 24);
	mkimage_fill(want, 4096, 4096);
	img = util_image("shared", util_bytes(&b, b.len));
	for (uint64_t i = 0; i < 10; i++) {
		UTIL_EQ("shared", kvmi_image_read(img, i * 4096, got, 4096,
		    &done, &err), 0);
		UTIL_TRUE("shared", memcmp(got, want, 4096) == 0);
	}
	kvmi_image_close(img);
	bytes_free(&b);
}

/* Two descriptors of the same data that disagree: each for itself. */
static void
test_disagreeing(void **state)
{
	struct util_kdump k = plain;
	struct util_kdump_layout l = util_kdump_layout(&k);
	struct bytes b = { 0 };

	(void)state;
	k.flags = 1;
	util_kdump(&b, &k);
	memcpy(b.p + l.desc + 48, b.p + l.desc + 24, 24);
	memcpy(b.p + l.desc + 72, b.p + l.desc + 24, 24);
	bytes_poke(&b, l.desc + 48 + 12, 0x2, 4);	/* page 2: LZO */
	bytes_poke(&b, l.desc + 72 + 8, 1, 4);		/* page 3: one byte */
	for (int first = 1; first <= 3; first++) {
		struct kvmi_image *img = util_image("two",
		    util_bytes(&b, b.len));
		struct kvmi_err err;
		uint8_t buf[16];
		size_t done;

		/* Whichever is asked for first. */
		for (int i = 0; i < 3; i++) {
			uint64_t page = (uint64_t)((first + i - 1) % 3 + 1);

			UTIL_EQ("each for itself", kvmi_image_read(img,
			    page * 4096, buf, 16, &done, &err), page == 1 ? 0 :
			    KVMI_EFORMAT);
		}
		kvmi_image_close(img);
	}
	bytes_free(&b);
}

/* Bits set beyond the last page, and descriptors that are not there. */
static void
test_bits(void **state)
{
	struct util_kdump k = plain;
	struct util_kdump_layout l = util_kdump_layout(&k);
	struct bytes b = { 0 };
	struct kvmi_image *img;
	struct kvmi_extent e;
	struct kvmi_err err;
	int code;

	(void)state;
	util_kdump(&b, &k);
	memset(b.p + l.bitmap2 + NPAGES / 8, 0xff, 4096 - NPAGES / 8);
	img = util_image("behind the end", util_bytes(&b, b.len));
	check_pages("behind the end", img, &k);
	UTIL_EQ("max_pa", img->max_pa, NPAGES * 4096);
	UTIL_EQ("behind", kvmi_image_locate(img, NPAGES * 4096, &e, &err), 0);
	UTIL_EQ("behind", e.state, KVMI_ABSENT);
	kvmi_image_close(img);
	memset(b.p + l.bitmap2, 0xff, NPAGES / 8);
	img = util_image("more bits than descriptors", util_bytes(&b, b.len));
	for (uint64_t pfn = 0; pfn < NPAGES; pfn++) {
		uint8_t buf[16];
		size_t done;

		/* Which page's bytes these are nobody can tell. */
		code = kvmi_image_read(img, pfn * 4096, buf, 16, &done, &err);
		UTIL_TRUE("an answer", code <= 0 && (code == 0) ==
		    (done == 16));
	}
	kvmi_image_close(img);
	bytes_free(&b);
}

static void
test_incomplete(void **state)
{
	struct util_kdump k = plain;
	struct kvmi_image *img;

	(void)state;
	k.status = 0x8;
	img = open_kdump("incomplete", &k);
	UTIL_EQ("incomplete", img->incomplete, true);
	check_pages("incomplete", img, &k);
	kvmi_image_close(img);
}

/* Cut at many places: right bytes or an error, and the file is known to be. */
static void
test_cut(void **state)
{
	static const struct { const char *name; bool is32, big; } row[] = {
		{ "64-bit", false, false }, { "32-bit big-endian", true, true },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct util_kdump k = plain;
		struct util_kdump_layout l;
		struct bytes b = { 0 };

		k.block_size = 1024;
		k.flags = 1;
		k.info = "OSRELEASE=6.1.0\n";
		k.is32 = row[i].is32;
		k.big_endian = row[i].big;
		l = util_kdump_layout(&k);
		util_kdump(&b, &k);
		for (size_t len = 0; len < b.len; len += len < 600 ||
		    (len >= l.desc - 2 && len < l.desc + l.ndesc * 24 + 50) ||
		    len > b.len - 50 || len % 1024 > 1021 ? 1 : 31) {
			struct kvmi_image *img = NULL;
			struct kvmi_err err = { 0 };
			int code, r;

			r = kvmi_image_open(util_bytes(&b, len), NULL, &img, &err);
			if (len < l.desc) {
				UTIL_FAILS(row[i].name, r, len < 8 ?
				    KVMI_EFORMAT : KVMI_ETRUNC, &err);
				continue;
			}
			UTIL_FAILS(row[i].name, r, 0, &err);
			UTIL_EQ(row[i].name, img->truncated, len < b.len);
			for (uint64_t pfn = 0; pfn < NPAGES; pfn += 1 +
			    len % 7) {
				UTIL_TRUE(row[i].name, util_read_right(img,
				    pfn * 1024, 1024, &code, &err));
				UTIL_TRUE(row[i].name,
				    states[pfn] == UTIL_STORED ?
				    code == 0 || code == KVMI_ETRUNC :
				    code == KVMI_ENOTINDUMP);
			}
			kvmi_image_close(img);
		}
		bytes_free(&b);
	}
}

/* Each read of the file fails in its turn. */
static void
test_read_errors(void **state)
{
	struct bytes b = { 0 };
	struct kvmi_image *img;
	struct kvmi_err err;
	int r = KVMI_ESYS, code;
	uint64_t n;

	(void)state;
	util_kdump(&b, &plain);
	for (n = 1; r != 0; n++) {
		const struct util_src_opts o = { .reads = n };

		r = kvmi_image_open(util_src(b.p, b.len, &o), NULL, &img, &err);
		UTIL_FAILS("open", r, r == 0 ? 0 : KVMI_ESYS, &err);
		if (r == 0)
			kvmi_image_close(img);
	}
	for (n--;; n++) {
		const struct util_src_opts o = { .reads = n };

		img = util_image("later", util_src(b.p, b.len, &o));
		UTIL_TRUE("read", util_read_right(img, 8192, 4096, &code,
		    &err));
		kvmi_image_close(img);
		if (code == 0)
			break;
		UTIL_EQ("read", code, KVMI_ESYS);
	}
	bytes_free(&b);
}

/* The file shrinks to each size while it is open. */
static void
test_shrinks(void **state)
{
	struct util_kdump k = plain;
	struct bytes b = { 0 };

	(void)state;
	k.flags = 1;
	util_kdump(&b, &k);
	for (size_t left = 0; left < b.len; left += 4096) {
		int fd = util_file(b.p, b.len), code;
		struct kvmi_image *img = util_image("whole",
		    util_file_src(fd));
		struct kvmi_err err;
		unsigned int lost = 0;

		UTIL_EQ("shrink", ftruncate(fd, (off_t)left), 0);
		for (uint64_t pfn = 0; pfn < NPAGES; pfn++) {
			UTIL_TRUE("right", util_read_right(img, pfn * 4096,
			    4096, &code, &err));
			/* What was there once is not absent now. */
			UTIL_TRUE("not absent", code == KVMI_ETRUNC ||
			    (code == 0) == (states[pfn] == UTIL_STORED));
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
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_base),
		cmocka_unit_test(test_codecs),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_missing_member),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_missing_piece),
		cmocka_unit_test(test_bad_members),
		cmocka_unit_test(test_bad_split),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_disagreeing),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_read_errors),
		cmocka_unit_test(test_shrinks),
	};

	return (cmocka_run_group_tests(tests, setup, util_report));
}
