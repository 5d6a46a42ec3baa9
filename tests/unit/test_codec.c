/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

#include "codec/codec.h"

#define MAX	65536

static uint8_t plain[MAX], packed[2 * MAX + 1024], out[MAX + 16];

static const struct {
	const char	*name;
	uint32_t	 flag;
	const struct kvmi_codec *codec;
} row[] = {
	{ "zlib", 0x1, &kvmi_codec_zlib },
	{ "lzo", 0x2, &kvmi_codec_lzo },
	{ "snappy", 0x4, &kvmi_codec_snappy },
	{ "zstd", 0x20, &kvmi_codec_zstd },
};

enum kind { ZERO, TEXT, RANDOM };

static void
make(enum kind k, size_t len)
{
	uint64_t rnd = 5;

	for (size_t i = 0; i < len; i++)
		plain[i] = k == ZERO ? 0 : k == TEXT ?
		    (uint8_t)"the quick brown fox "[i % 20] :
		    (uint8_t)util_random(&rnd);
}

static void
test_table(void **state)
{
	static const uint32_t none[] = { 0, 0x8, 0x10, 0x40, 0x3, 0x21,
		0x80000000, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		UTIL_TRUE(row[i].name, kvmi_codec_by_kdump_flag(row[i].flag) ==
		    row[i].codec);
		UTIL_STR(row[i].name, row[i].codec->name, row[i].name);
	}
	for (size_t i = 0; i < KVMI_COUNT(none); i++)
		UTIL_TRUE("none", kvmi_codec_by_kdump_flag(none[i]) == NULL);
}

/* Every codec, kind of content and size of block. */
static void
test_round_trip(void **state)
{
	static const size_t size[] = { 1024, 4096, 8192, 65536 };

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++)
		for (size_t s = 0; s < KVMI_COUNT(size); s++)
			for (enum kind k = ZERO; k <= RANDOM; k++) {
				struct kvmi_err err = { 0 };
				size_t n;

				make(k, size[s]);
				n = util_compress(row[i].flag, plain, size[s],
				    packed, sizeof(packed));
				if (n == 0)
					continue;	/* not in this build */
				memset(out, 0xee, sizeof(out));
				UTIL_FAILS(row[i].name, kvmi_codec_decode(
				    row[i].codec, packed, n, out, size[s],
				    &err), 0, &err);
				UTIL_TRUE(row[i].name, memcmp(out, plain,
				    size[s]) == 0);
				UTIL_TRUE(row[i].name, out[size[s]] == 0xee);
			}
}

static void
check_wrong_length(size_t i, const uint8_t *copy, size_t n)
{
	static const struct { const char *name; size_t len; } want[] = {
		{ "one less", 4095 }, { "one more", 4097 }, { "half", 2048 },
		{ "double", 8192 }, { "one", 1 }, { "a lot", 65536 },
	};
	struct kvmi_err err = { 0 };

	for (size_t w = 0; w < KVMI_COUNT(want); w++) {
		char name[40];
		uint8_t *exact = malloc(want[w].len);

		snprintf(name, sizeof(name), "%s, %s", row[i].name,
		    want[w].name);
		UTIL_FAILS(name, kvmi_codec_decode(row[i].codec, copy, n,
		    exact, want[w].len, &err), KVMI_EFORMAT, &err);
		UTIL_TRUE(name, strstr(err.text, row[i].name) != NULL);
		free(exact);
	}
}

/* Streams of another length, cut at each byte, and with each byte changed. */
static void
test_damaged(void **state)
{
	uint8_t *exact = malloc(4096);

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct bytes b = { .p = packed };
		struct kvmi_err err = { 0 };
		size_t n;

		make(TEXT, 4096);
		for (size_t j = 0; j < 4096; j += 97)
			plain[j] = (uint8_t)j;
		n = util_compress(row[i].flag, plain, 4096, packed,
		    sizeof(packed));
		for (size_t len = 0; len < n; len++) {
			uint8_t *copy = bytes_exact(&b, len);

			UTIL_FAILS(row[i].name, kvmi_codec_decode(
			    row[i].codec, copy, len, exact, 4096, &err),
			    KVMI_EFORMAT, &err);
			free(copy);
		}
		for (size_t at = 0; at < n; at++) {
			uint8_t *copy = bytes_exact(&b, n);
			int r;

			copy[at] ^= (uint8_t)(1u << at % 8);
			r = kvmi_codec_decode(row[i].codec, copy, n, exact,
			    4096, &err);
			UTIL_TRUE(row[i].name, r == 0 || r == KVMI_EFORMAT);
			/* zlib has a checksum of its own. */
			if (row[i].flag == 0x1 && r == 0)
				UTIL_TRUE(row[i].name, memcmp(exact, plain,
				    4096) == 0);
			free(copy);
		}
		if (n != 0)
			check_wrong_length(i, packed, n);
	}
	free(exact);
}

static void
test_garbage(void **state)
{
	static const struct { const char *name; uint8_t byte; } fill[] = {
		{ "zeros", 0 }, { "ones", 0xff }, { "x", 'x' },
	};
	uint8_t *exact = malloc(4096);
	uint64_t rnd = 3;

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_err err = { 0 };
		uint8_t junk[600];

		if (row[i].codec->decode == NULL)
			continue;
		for (size_t f = 0; f < KVMI_COUNT(fill); f++) {
			memset(junk, fill[f].byte, sizeof(junk));
			UTIL_FAILS(fill[f].name, kvmi_codec_decode(
			    row[i].codec, junk, sizeof(junk), exact, 4096,
			    &err), KVMI_EFORMAT, &err);
		}
		for (int n = 0; n < 5000; n++) {
			size_t len = util_random(&rnd) % sizeof(junk);
			int r;

			for (size_t j = 0; j < len; j++)
				junk[j] = (uint8_t)util_random(&rnd);
			r = kvmi_codec_decode(row[i].codec, junk, len, exact,
			    4096, &err);
			UTIL_TRUE(row[i].name, r == 0 || r == KVMI_EFORMAT);
		}
	}
	free(exact);
}

static void
test_left_out(void **state)
{
	static const struct kvmi_codec absent = { .name = "squeeze" };
	struct kvmi_err err = { 0 };

	(void)state;
	UTIL_FAILS("absent", kvmi_codec_decode(&absent, "", 0, out, 4096,
	    &err), KVMI_ENOTSUP, &err);
	UTIL_TRUE("named", strstr(err.text, "built without squeeze") != NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_left_out),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
