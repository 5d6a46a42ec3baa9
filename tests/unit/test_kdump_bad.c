/* SPDX-License-Identifier: BSD-2-Clause */
/* kdump-compressed files that are wrong, cut, or fail while they are read. */
#include "kdump_pages.h"

#include <unistd.h>

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
	int code = KVMI_ESYS;

	(void)state;
	util_kdump(&b, &plain);
	for (uint64_t n = util_open_errors(&b); code != 0; n++) {
		const struct util_src_opts o = { .reads = n };

		img = util_image("later", util_src(b.p, b.len, &o));
		UTIL_TRUE("read", util_read_right(img, 8192, 4096, &code,
		    &err));
		UTIL_EQ("read", code, code == 0 ? 0 : KVMI_ESYS);
		kvmi_image_close(img);
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
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_disagreeing),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_read_errors),
		cmocka_unit_test(test_shrinks),
	};

	return (cmocka_run_group_tests(tests, setup, util_report));
}
