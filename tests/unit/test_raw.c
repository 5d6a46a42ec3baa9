/* SPDX-License-Identifier: BSD-2-Clause */
/* Containers that are memory and little else: raw, LiME, AVML; and foreign. */
#include "base/crc32c.h"
#include "util.h"

#include "image/lime.h"

static int
open_as(const struct bytes *b, size_t len, const char *raw, const char *arch,
    struct kvmi_image **ret, struct kvmi_err *err)
{
	struct kvm_options o = KVM_OPTIONS_INIT;

	o.ko_raw = raw;
	o.ko_arch = arch;
	return (kvmi_image_open(util_bytes(b, len), &o, ret, err));
}

/* Where pa is in the file; -1: not stored. */
static int64_t
place(struct kvmi_image *img, uint64_t pa)
{
	struct kvmi_err err;
	struct kvmi_extent e;

	if (kvmi_image_locate(img, pa, &e, &err) != 0 ||
	    e.state != KVMI_STORED)
		return (-1);
	return ((int64_t)(e.off + (pa - e.start)));
}

static void
test_maps(void **state)
{
	static const struct {
		const char *map;
		int	 want;
		uint64_t pa;
		int64_t	 off;
		bool	 truncated;
	} row[] = {
		{ "", 0, 0x123, 0x123, false },
		{ "", 0, 0x2000, -1, false },
		{ "0x40000000", 0, 0x40000010, 0x10, false },
		{ "0x40000000", 0, 0x10, -1, false },
		{ "4096", 0, 4097, 1, false },
		{ "0x1000-0x2000", 0, 0x1fff, 0xfff, false },
		{ "0x1000-0x2000", 0, 0x2000, -1, false },
		{ "0x1000-0x2000,0x9000-0xa000", 0, 0x9001, 0x1001, false },
		{ "0x1000-0x2000@0x1000,0x9000-0xa000@0", 0, 0x9001, 1, false },
		{ "0x9000-0xa000,0x1000-0x2000", 0, 0x1000, 0x1000, false },
		{ "0x1000-0x5000", 0, 0x2fff, 0x1fff, true },
		{ "0x1000-0x5000", 0, 0x3000, -1, true },
		{ "0xffffffffffffe000-0xfffffffffffff000", 0,
		    0xffffffffffffe001, 1, false },
		{ "0x1000-0x2000@0xffffffffffffffff", 0, 0x1000, -1, true },
		{ "x", KVMI_EINVAL, 0, 0, false },
		{ "0x1000-", KVMI_EINVAL, 0, 0, false },
		{ "0x1000-0x1000", KVMI_EINVAL, 0, 0, false },
		{ "0x2000-0x1000", KVMI_EINVAL, 0, 0, false },
		{ "0x1000-0x2000@", KVMI_EINVAL, 0, 0, false },
		{ "0x1000-0x2000;", KVMI_EINVAL, 0, 0, false },
		{ "0x1000,", KVMI_EINVAL, 0, 0, false },
		{ "0x10000000000000000", KVMI_EINVAL, 0, 0, false },
	};
	struct bytes b = { 0 };

	(void)state;
	/* Whatever it begins with: the caller knows better. */
	bytes_put(&b, "\177ELF", 4);
	bytes_fill(&b, 7, 0x2000 - b.len);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_err err = { 0 };
		struct kvmi_image *img;
		int r = open_as(&b, b.len, row[i].map, NULL, &img, &err);

		UTIL_FAILS(row[i].map, r, row[i].want, &err);
		if (r != 0)
			continue;
		UTIL_EQ(row[i].map, place(img, row[i].pa), row[i].off);
		UTIL_EQ(row[i].map, img->truncated, row[i].truncated);
		kvmi_image_close(img);
	}
	bytes_free(&b);
}

static void
test_arch(void **state)
{
	struct kvmi_err err = { 0 };
	struct kvmi_image *img;
	struct bytes b = { 0 };

	(void)state;
	bytes_fill(&b, 0, 4096);
	UTIL_FAILS("aarch64", open_as(&b, b.len, "", "aarch64", &img, &err), 0,
	    &err);
	UTIL_TRUE("aarch64", img->arch == &kvmi_arch_arm64);
	kvmi_image_close(img);
	UTIL_FAILS("vax", open_as(&b, b.len, "", "vax", &img, &err),
	    KVMI_EINVAL, &err);
	bytes_free(&b);
}

static void
range(struct bytes *b, const char *magic, uint32_t version, uint64_t first,
    uint64_t last)
{
	bytes_put(b, magic, 4);
	bytes_uint(b, version, 4);
	bytes_uint(b, first, 8);
	bytes_uint(b, last, 8);
	bytes_uint(b, 0, 8);
}

static void
test_lime(void **state)
{
	static const struct {
		const char *name;
		const char *second;	/* magic of the second range */
		uint32_t version;
		uint64_t first, last;
		size_t	 cut;
		int	 want;
		bool	 truncated;
	} row[] = {
		{ "two ranges", "EMiL", 1, 0x9000, 0x90ff, 0, 0, false },
		{ "magic", "EMiX", 1, 0x9000, 0x90ff, 0, KVMI_EFORMAT, false },
		{ "version", "EMiL", 2, 0x9000, 0x90ff, 0, KVMI_EFORMAT,
		    false },
		{ "reversed", "EMiL", 1, 0x9000, 0x8fff, 0, KVMI_EFORMAT,
		    false },
		{ "all addresses", "EMiL", 1, 0, UINT64_MAX, 0, KVMI_EFORMAT,
		    false },
		{ "to the end of addresses", "EMiL", 1, 0x9000, UINT64_MAX, 0,
		    KVMI_EFORMAT, false },
		{ "huge", "EMiL", 1, 0x9000, UINT64_MAX - 1, 0, 0, true },
		{ "data cut", "EMiL", 1, 0x9000, 0x90ff, 1, 0, true },
		{ "header cut", "EMiL", 1, 0x9000, 0x90ff, 0x101, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_err err = { 0 };
		struct kvmi_image *img;
		struct bytes b = { 0 };
		int r;

		range(&b, "EMiL", 1, 0x1000, 0x1fff);
		bytes_fill(&b, 1, 0x1000);
		range(&b, row[i].second, row[i].version, row[i].first,
		    row[i].last);
		bytes_fill(&b, 2, 0x100);
		r = open_as(&b, b.len - row[i].cut, NULL, NULL, &img, &err);
		UTIL_FAILS(row[i].name, r, row[i].want, &err);
		if (r == 0) {
			UTIL_EQ(row[i].name, img->truncated, row[i].truncated);
			UTIL_EQ(row[i].name, place(img, 0x1fff), 0x101f);
			UTIL_EQ(row[i].name, place(img, 0x9000),
			    row[i].cut > 0x100 ? -1 : 0x1040);
			UTIL_EQ(row[i].name, place(img, 0x5000), -1);
			kvmi_image_close(img);
		}
		bytes_free(&b);
	}
}

static void
chunk(struct bytes *b, uint8_t type, const void *p, size_t len)
{
	bytes_uint(b, type | len << 8, 4);
	bytes_put(b, p, len);
}

/* A bit at a time, as the framing format defines it. */
static uint32_t
masked_crc(const char *p, size_t len)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < len; i++) {
		crc ^= (uint8_t)p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
	}
	crc = ~crc;
	return ((crc >> 15 | crc << 17) + 0xa282ead8);
}

/* A chunk whose CRC is that of these 8 bytes. */
static void
sum_chunk(struct bytes *b, uint8_t type, const void *p, size_t len,
    const char *data)
{
	size_t at = b->len + 4;

	chunk(b, type, p, len);
	bytes_poke(b, at, masked_crc(data, 8), 4);
}

/* Of every length, against what is defined. */
static void
test_crc(void **state)
{
	char data[100];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++) {
		uint32_t crc = kvmi_crc32c(data, i);

		data[i] = (char)(i * 77);
		UTIL_EQ("crc", (crc >> 15 | crc << 17) + 0xa282ead8,
		    masked_crc(data, i));
	}
	UTIL_EQ("123456789", kvmi_crc32c("123456789", 9), 0xe3069283);
}

/* One block of two chunks, of which the second is as the row says. */
static void
test_avml(void **state)
{
	/* A CRC, the length 8 and a literal of 8 bytes. */
	static const char good[] = "CRC.\x08\x1c" "abcdefgh";
	static const struct {
		const char *name;
		uint8_t	 type;
		const char *body;
		size_t	 len;
		int	 want;
		int	 read;		/* of the second chunk */
		const char *sum;	/* that of these */
	} row[] = {
		{ "compressed", 0, good, 14, 0, 0, "abcdefgh" },
		{ "plain", 1, "CRC.12345678", 12, 0, 0, "12345678" },
		{ "compressed, wrong sum", 0, good, 14, 0, KVMI_EFORMAT,
		    "abcdefgi" },
		{ "plain, wrong sum", 1, "CRC.12345678", 12, 0, KVMI_EFORMAT,
		    "12345679" },
		{ "unknown type", 2, good, 14, KVMI_EFORMAT, 0 },
		{ "no data", 0, good, 4, KVMI_EFORMAT, 0 },
		{ "no length", 0, "CRC.\x80\x80\x80\x80\x80\x80", 10,
		    KVMI_EFORMAT, 0 },
		{ "length 0", 0, "CRC.\0", 5, KVMI_EFORMAT, 0 },
		{ "length beyond 64 KiB", 0, "CRC.\x81\x80\x04\0", 8,
		    KVMI_EFORMAT, 0 },
		{ "beyond the block", 0, "CRC.\x09\x20" "abcdefghi", 15,
		    KVMI_EFORMAT, 0 },
		{ "damaged", 0, "CRC.\x08\x40" "abcdefgh", 14, 0,
		    KVMI_EFORMAT },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_err err = { 0 };
		struct kvmi_image *img;
		struct bytes b = { 0 };
		uint8_t buf[16];
		size_t done;
		int r;

		range(&b, "AVML", 2, 0x1000, 0x100f);
		chunk(&b, 0xff, "sNaPpY", 6);
		sum_chunk(&b, 0, good, 14, "abcdefgh");
		chunk(&b, 0x80, "skipped", 7);
		sum_chunk(&b, row[i].type, row[i].body, row[i].len,
		    row[i].sum != NULL ? row[i].sum : "abcdefgh");
		bytes_uint(&b, 0, 8);
		r = open_as(&b, b.len, NULL, NULL, &img, &err);
		UTIL_FAILS(row[i].name, r, row[i].want, &err);
		if (r == 0) {
			r = kvmi_image_read(img, 0x1000, buf, 16, &done, &err);
			UTIL_FAILS(row[i].name, r, row[i].read, &err);
			UTIL_EQ(row[i].name, done, r == 0 ? 16 : 8);
			UTIL_TRUE(row[i].name, strstr(row[i].name, "sum") ==
			    NULL || (strstr(err.text, "checksum") != NULL &&
			    strstr(err.text, "physical 0x1008, stored at") !=
			    NULL));
			UTIL_TRUE(row[i].name, memcmp(buf, "abcdefgh", 8) == 0);
			kvmi_image_close(img);
		}
		bytes_free(&b);
	}
}

static void
test_avml_overlap(void **state)
{
	struct kvmi_err err = { 0 };
	struct kvmi_image *img;
	struct bytes b = { 0 };

	(void)state;
	for (uint64_t first = 0x1000; first <= 0x1004; first += 4) {
		range(&b, "AVML", 2, first, first + 7);
		chunk(&b, 1, "CRC.12345678", 12);
		bytes_uint(&b, 0, 8);
	}
	UTIL_FAILS("overlap", open_as(&b, b.len, NULL, NULL, &img, &err),
	    KVMI_EFORMAT, &err);
	bytes_free(&b);
}

/* Cut anywhere: a reason, or what comes before the cut. */
static void
test_avml_cut(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	range(&b, "AVML", 2, 0x1000, 0x100f);
	chunk(&b, 1, "CRC.12345678", 12);
	chunk(&b, 1, "CRC.12345678", 12);
	bytes_uint(&b, 32, 8);
	for (size_t len = 0; len < b.len - 8; len++) {
		struct kvmi_err err = { 0 };
		struct kvmi_image *img;
		int r = open_as(&b, len, NULL, NULL, &img, &err);

		if (r != 0) {
			UTIL_TRUE("cut", err.text[0] != '\0');
			UTIL_TRUE("cut", len < 32 + 16);
			continue;
		}
		UTIL_TRUE("cut", img->truncated);
		UTIL_EQ("cut", place(img, 0x1000), 36);
		UTIL_EQ("cut", place(img, 0x1008), -1);
		kvmi_image_close(img);
	}
	bytes_free(&b);
}

static void
test_foreign(void **state)
{
	static const struct {
		const char *magic;
		size_t	 len;
		const char *name;
	} row[] = {
		{ "sadump\0\0", 8, "sadump" },
		{ "\xed\x23\x8f\x61\x73\x01\x19\xa8", 8, "LKCD" },
		{ "PAGEDU64", 8, "Windows" },
		{ "\xee\xeb\x0f\xf0", 4, "Xen" },
		{ "XenSavedDomain", 14, "Xen" },
		{ "QFI\xfb", 4, "qcow2" },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_err err = { 0 };
		struct kvmi_image *img;
		struct bytes b = { 0 };

		bytes_put(&b, row[i].magic, row[i].len);
		bytes_fill(&b, 0, 4096);
		UTIL_FAILS(row[i].name, open_as(&b, b.len, NULL, NULL, &img,
		    &err), KVMI_ENOTSUP, &err);
		UTIL_TRUE(row[i].name, strstr(err.text, row[i].name) != NULL);
		/* Too short for its magic number. */
		UTIL_FAILS(row[i].name, open_as(&b, row[i].len - 1, NULL, NULL,
		    &img, &err), KVMI_EFORMAT, &err);
		bytes_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_arch),
		cmocka_unit_test(test_lime),
		cmocka_unit_test(test_crc),
		cmocka_unit_test(test_avml),
		cmocka_unit_test(test_avml_overlap),
		cmocka_unit_test(test_avml_cut),
		cmocka_unit_test(test_foreign),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
