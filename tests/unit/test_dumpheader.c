/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

#include "base/endian.h"
#include "image/dumpheader.h"
#include "image/dumpdev.h"
#include "image/slice.h"

#define SIZE	KVMI_DUMPHEADER_SIZE

enum field { EXTENT, TIME, KEY_SIZE, BLOCK_SIZE, COMPRESSION, HOSTNAME, KERNEL,
	PANIC, NFIELDS };

/* Offset and size, by version; 0: not there. */
static const struct { size_t off, len; } place[4][NFIELDS] = {
	{ { 0, 0 }, { 48, 8 }, { 0, 0 }, { 56, 4 }, { 0, 0 }, { 60, 64 },
	    { 124, 192 }, { 316, 192 } },
	{ { 0, 0 }, { 48, 8 }, { 56, 4 }, { 60, 4 }, { 0, 0 }, { 64, 64 },
	    { 128, 192 }, { 320, 188 } },
	{ { 48, 8 }, { 56, 8 }, { 64, 4 }, { 68, 4 }, { 72, 1 }, { 73, 64 },
	    { 137, 192 }, { 329, 179 } },
	{ { 496, 8 }, { 48, 8 }, { 56, 4 }, { 60, 4 }, { 495, 1 }, { 64, 64 },
	    { 128, 192 }, { 320, 175 } },
};

static void
put(uint8_t *h, size_t off, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h[off + i] = (uint8_t)(v >> 8 * (n - 1 - i));
}

static void
finish(uint8_t *h)
{
	uint32_t sum = 0;

	put(h, 508, 0, 4);
	for (size_t i = 0; i < SIZE; i += 4)
		sum ^= kvmi_get32(h + i, true);
	put(h, 508, sum, 4);
}

static void
build(uint8_t *h, const char *magic, uint32_t version, uint64_t length)
{
	memset(h, 0, SIZE);
	strncpy((char *)h, magic, 20);
	memcpy(h + 20, "amd64", 5);
	put(h, 32, version, 4);
	put(h, 36, 2, 4);
	put(h, 40, length, 8);
}

static uint64_t
got(const struct kvmi_dumpheader *d, enum field f)
{
	switch (f) {
	case EXTENT:
		return (d->extent);
	case TIME:
		return (d->time);
	case KEY_SIZE:
		return (d->key_size);
	case BLOCK_SIZE:
		return (d->block_size);
	default:
		return (d->compression);
	}
}

/* Each number alone at 0, 1 and its largest. */
static void
test_numbers(void **state)
{
	static const uint64_t value[] = { 0, 1, UINT64_MAX };

	(void)state;
	for (uint32_t v = 1; v <= 4; v++)
		for (unsigned int f = EXTENT; f <= COMPRESSION; f++)
			for (size_t i = 0; i < 3; i++) {
				size_t len = place[v - 1][f].len;
				uint64_t want = len == 0 ? 0 : value[i] &
				    UINT64_MAX >> (64 - 8 * len);
				struct kvmi_dumpheader d;
				struct kvmi_err err;
				char name[40];
				uint8_t h[SIZE];

				snprintf(name, sizeof(name), "v%u field %u",
				    v, f);
				build(h, "FreeBSD Kernel Dump", v, 77);
				put(h, place[v - 1][f].off, want, len);
				finish(h);
				UTIL_FAILS(name, kvmi_dumpheader_decode(h,
				    "f", 0, &d, &err), 0, &err);
				/* Without an extent it is the length. */
				if (f == EXTENT && len == 0)
					want = 77;
				UTIL_EQ(name, got(&d, f), want);
				UTIL_EQ(name, d.length, 77);
				UTIL_EQ(name, d.version, v);
				UTIL_STR(name, d.arch, "amd64");
			}
}

/* Strings that fill their fields are cut there, and take nothing behind. */
static void
test_strings(void **state)
{
	static const uint8_t full[200] = { [0 ... 199] = 'x' };

	(void)state;
	for (uint32_t v = 1; v <= 4; v++)
		for (unsigned int f = HOSTNAME; f <= PANIC; f++)
			for (size_t n = 0; n <= place[v - 1][f].len; n +=
			    place[v - 1][f].len - (n == 0)) {
				struct kvmi_dumpheader d;
				struct kvmi_told told;
				struct kvmi_err err;
				uint8_t h[SIZE];
				const char *s;

				build(h, "FreeBSD Kernel Dump", v, 1);
				memcpy(h + place[v - 1][f].off, full, n);
				finish(h);
				UTIL_FAILS("string", kvmi_dumpheader_decode(h,
				    "f", 0, &d, &err), 0, &err);
				s = f == HOSTNAME ? d.hostname :
				    f == KERNEL ? d.kernel : d.panic;
				UTIL_EQ("length", strlen(s), n);
				UTIL_EQ("others", strlen(d.hostname) +
				    strlen(d.kernel) + strlen(d.panic), n);
				kvmi_dumpheader_told(&d, &told);
				UTIL_EQ("told", strlen(told.hostname) +
				    strlen(told.version) + strlen(told.panic), n);
				if (n == place[v - 1][f].len)
					break;
			}
}

static void
test_marks(void **state)
{
	static const struct {
		const char *magic, *was;	/* was: what the parity is of */
		uint32_t version;
		int want;
		bool text, cleared;
	} row[] = {
		{ "FreeBSD Kernel Dump", NULL, 4, 0, false, false },
		{ "FreeBSD Text Dump", NULL, 4, 0, true, false },
		{ "FreeBSD Text Dump", NULL, 1, 0, true, false },
		{ "Cleared Kernel Dump", "FreeBSD Kernel Dump", 4, 0, false,
		    true },
		{ "Cleared Kernel Dump", "FreeBSD Text Dump", 4, 0, true,
		    true },
		{ "Cleared Kernel Dump", NULL, 4, KVMI_EFORMAT, false, true },
		{ "FreeBSD Kernel Dump", "FreeBSD Text Dump", 4, KVMI_EFORMAT,
		    false, false },
		{ "FreeBSD Kernel Dum", NULL, 4, KVMI_EFORMAT, false, false },
		{ "", NULL, 4, KVMI_EFORMAT, false, false },
		{ "FreeBSD Kernel Dump", NULL, 0, KVMI_ENOTSUP, false, false },
		{ "FreeBSD Kernel Dump", NULL, 5, KVMI_ENOTSUP, false, false },
		{ "FreeBSD Kernel Dump", NULL, UINT32_MAX, KVMI_ENOTSUP, false,
		    false },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_dumpheader d;
		struct kvmi_err err;
		uint8_t h[SIZE];

		build(h, row[i].was != NULL ? row[i].was : row[i].magic,
		    row[i].version, 512);
		finish(h);
		memset(h, 0, 20);
		strncpy((char *)h, row[i].magic, 20);
		UTIL_FAILS(row[i].magic, kvmi_dumpheader_decode(h, "f", 0, &d,
		    &err), row[i].want, &err);
		if (row[i].want != 0)
			continue;
		UTIL_EQ(row[i].magic, d.text, row[i].text);
		UTIL_EQ(row[i].magic, d.cleared, row[i].cleared);
	}
}

/* Any one bit that is wrong is seen. */
static void
test_parity(void **state)
{
	struct kvmi_dumpheader d;
	struct kvmi_err err;
	uint8_t h[SIZE];

	(void)state;
	build(h, "FreeBSD Kernel Dump", 4, 4096);
	finish(h);
	for (size_t bit = 20 * 8; bit < SIZE * 8; bit++) {
		h[bit / 8] ^= (uint8_t)(1 << bit % 8);
		UTIL_FAILS("bit", kvmi_dumpheader_decode(h, "f", 0, &d, &err),
		    KVMI_EFORMAT, &err);
		h[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

/* A device of which only the end counts, with extremes in its header. */
static void
test_device(void **state)
{
	static const struct {
		const char *name;
		const char *magic;
		uint64_t length, extent;
		uint32_t key;
		int want;
	} row[] = {
		{ "good", "FreeBSD Kernel Dump", 1000, 1024, 0, 0 },
		{ "nothing", "FreeBSD Kernel Dump", 0, 0, 0, 0 },
		{ "all there is", "FreeBSD Kernel Dump", 7168, 7168, 0, 0 },
		{ "one block more", "FreeBSD Kernel Dump", 7680, 7680, 0,
		    KVMI_EFORMAT },
		{ "with a key", "FreeBSD Kernel Dump", 6656, 6656, 512, 0 },
		{ "the key too long", "FreeBSD Kernel Dump", 6656, 6656, 1024,
		    KVMI_EFORMAT },
		{ "a sum of 2^64", "FreeBSD Kernel Dump", 0, UINT64_MAX, 1,
		    KVMI_EFORMAT },
		{ "longer than its room", "FreeBSD Kernel Dump", 1025, 1024, 0,
		    KVMI_EFORMAT },
		{ "textdump", "FreeBSD Text Dump", 1024, 0, 0, 0 },
		{ "textdump, no blocks", "FreeBSD Text Dump", 1000, 0, 0,
		    KVMI_EFORMAT },
		{ "textdump, too long", "FreeBSD Text Dump", 8192, 0, 0,
		    KVMI_EFORMAT },
		{ "textdump of 2^64", "FreeBSD Text Dump", UINT64_MAX - 511, 0,
		    0, KVMI_EFORMAT },
	};
	static uint8_t disk[8192];

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		uint64_t first = 8192 - 512 - row[i].extent - row[i].key - 512;
		struct kvmi_src *src = NULL;
		struct kvmi_dumpdev d;
		struct kvmi_err err;
		uint8_t *h = disk + 8192 - 512;

		memset(disk, 0, sizeof(disk));
		build(h, row[i].magic, 4, row[i].length);
		put(h, 496, row[i].extent, 8);
		put(h, 56, row[i].key, 4);
		finish(h);
		if (first <= 8192 - 1024)
			memcpy(disk + first, h, SIZE);
		src = util_src(disk, sizeof(disk),
		    &(struct util_src_opts){ .piece = 64 });
		UTIL_FAILS(row[i].name, kvmi_dumpdev_find(src, &d, &err),
		    row[i].want, &err);
		if (row[i].want == 0 && !d.h.text)
			UTIL_EQ(row[i].name, d.dump_off, 8192 - 512 -
			    row[i].extent);
		kvmi_src_close(src);
	}
}

/* Blocks backwards, read in all sizes. */
static void
test_slice(void **state)
{
	static uint8_t file[4096], want[2048], buf[2048];
	static const uint32_t way[] = { 0, 512 };
	uint64_t rnd = 5;

	(void)state;
	mkimage_fill(file, sizeof(file), 0);
	for (size_t w = 0; w < 2; w++) {
		const struct kvmi_slice_opts o = { .off = w ? 3072 : 1024,
			.len = 2048, .backwards = way[w], .wrapping = "w" };
		struct kvmi_src *s;
		struct kvmi_err err;

		for (size_t i = 0; i < 4; i++)
			memcpy(want + 512 * i, file + 1024 + 512 * (w ? 3 - i :
			    i), 512);
		for (int piece = 0; piece < 2; piece++) {
			const struct util_src_opts p = { .piece = piece ? 100 :
				0 };

			UTIL_FAILS("slice", kvmi_slice_open(util_src(file,
			    sizeof(file), &p), &o, &s, &err), 0, &err);
			for (int i = 0; i < 500; i++) {
				uint64_t off = util_random(&rnd) % 2048;
				size_t n = (size_t)(util_random(&rnd) %
				    (2048 - off) + 1);

				UTIL_FAILS("slice", kvmi_src_read(s, off, buf,
				    n, "x", &err), 0, &err);
				UTIL_TRUE("slice", memcmp(buf, want + off,
				    n) == 0);
			}
			UTIL_FAILS("slice", kvmi_src_read(s, 2048, buf, 1, "x",
			    &err), KVMI_ETRUNC, &err);
			UTIL_EQ("slice", s->ops->file_off(s, 2048), -1);
			kvmi_src_close(s);
		}
	}
}

static void
tar_file(struct bytes *b, const char *name, size_t len)
{
	char h[512] = { 0 };
	unsigned int sum = 0;

	snprintf(h, 100, "%s", name);
	snprintf(h + 124, 12, "%zo", len);
	memcpy(h + 257, "ustar", 6);
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%6o", sum);
	bytes_put(b, h, sizeof(h));
	bytes_fill(b, 'x', len);
	bytes_align(b, 512);
}

/* A textdump cut at each byte: what is there, and known to be cut. */
static void
test_textdump(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	tar_file(&b, "ddb.txt", 700);
	tar_file(&b, "panic.txt", 3);
	for (size_t len = 512; len <= b.len; len++) {
		struct kvmi_image *img = util_image("cut",
		    util_bytes(&b, len));
		size_t first = (size_t)kvmi_min(700, len - 512);
		struct kvmi_blob file;
		struct kvmi_err err;

		/* The filling of the last block is not missed, nor a file. */
		UTIL_EQ("cut", img->truncated, len < 512 + 700 ||
		    (len > 1536 && len < 1536 + 512 + 3));
		UTIL_EQ("files", img->nfiles, len < 2048 ? 1 : 2);
		UTIL_EQ("size", img->files[0].len, first);
		UTIL_FAILS("file", kvmi_image_file(img, &img->files[0], &file,
		    &err), 0, &err);
		for (size_t i = 0; i < first; i++)
			UTIL_TRUE("content", file.p[i] == 'x');
		kvmi_blob_release(&file);
		kvmi_image_close(img);
	}
	bytes_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_parity),
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_slice),
		cmocka_unit_test(test_textdump),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
