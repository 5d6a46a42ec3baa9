/* SPDX-License-Identifier: BSD-2-Clause */
/* kdump-compressed files as they should be. */
#include "kdump_pages.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_base),
		cmocka_unit_test(test_codecs),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_incomplete),
	};

	return (cmocka_run_group_tests(tests, setup, util_report));
}
