/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes AVML's file (version 2) of memory that lies plainly in another.  It is
 * in C because that takes a checksum and a compression of every byte.
 *
 * usage: mkavml DUMP FILE [START END OFFSET]...
 *
 * Layout: AVML src/image.rs, which leaves blocks of zeros out; google/snappy
 * framing_format.txt.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <snappy-c.h>

#define BLOCK		(UINT64_C(16) << 20)
#define CHUNK		65536
#define MAX_PACKED	(CHUNK * 2)

enum { PACKED = 0, PLAIN = 1, ID = 0xff };

static const char id[] = "sNaPpY";

static void
put(FILE *f, uint64_t v, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		putc((int)(v >> 8 * i & 0xff), f);
}

static uint32_t
masked_crc32c(const uint8_t *p, size_t len)
{
	static uint32_t table[256];
	uint32_t crc = UINT32_MAX;

	for (uint32_t i = 0; i < 256 && table[1] == 0; i++) {
		uint32_t v = 255 - i;

		for (int bit = 0; bit < 8; bit++)
			v = v >> 1 ^ ((v & 1) != 0 ? 0x82f63b78 : 0);
		table[255 - i] = v;
	}
	for (size_t i = 0; i < len; i++)
		crc = crc >> 8 ^ table[(crc ^ p[i]) & 0xff];
	crc = ~crc;
	return ((crc >> 15 | crc << 17) + 0xa282ead8);
}

/* What does not shrink by an eighth is stored as it is. */
static void
put_chunk(FILE *f, const uint8_t *p, size_t len)
{
	static char packed[MAX_PACKED];
	size_t n = sizeof(packed);
	const void *data = packed;
	int kind = PACKED;

	if (snappy_compress((const char *)p, len, packed, &n) != SNAPPY_OK)
		errx(1, "snappy_compress failed");
	if (n > len - len / 8) {
		kind = PLAIN;
		data = p;
		n = len;
	}
	put(f, (uint64_t)kind, 1);
	put(f, n + 4, 3);
	put(f, masked_crc32c(p, len), 4);
	fwrite(data, 1, n, f);
}

static void
put_block(FILE *f, uint64_t start, const uint8_t *p, uint64_t len)
{
	long begin;

	if (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0)
		return;
	fwrite("AVML", 1, 4, f);
	put(f, 2, 4);
	put(f, start, 8);
	put(f, start + len - 1, 8);
	put(f, 0, 8);
	begin = ftell(f);
	put(f, ID, 1);
	put(f, strlen(id), 3);
	fwrite(id, 1, strlen(id), f);
	for (uint64_t at = 0; at < len; at += CHUNK)
		put_chunk(f, p + at, len - at < CHUNK ? len - at : CHUNK);
	put(f, (uint64_t)(ftell(f) - begin), 8);
}

static uint64_t
number(const char *text)
{
	return (strtoull(text, NULL, 0));
}

int
main(int argc, char **argv)
{
	uint8_t *block = malloc(BLOCK);
	FILE *in, *out;

	if (argc < 3 || argc % 3 != 0 || block == NULL)
		errx(2, "usage: mkavml DUMP FILE [START END OFFSET]...");
	in = fopen(argv[1], "rb");
	out = fopen(argv[2], "wb");
	if (in == NULL || out == NULL)
		err(1, "%s, %s", argv[1], argv[2]);
	for (int i = 3; i < argc; i += 3) {
		uint64_t at = number(argv[i]), end = number(argv[i + 1]);

		fseek(in, (long)number(argv[i + 2]), SEEK_SET);
		while (at < end) {
			uint64_t n = end - at < BLOCK ? end - at : BLOCK;

			if (fread(block, 1, n, in) != n)
				errx(1, "%s: ends early", argv[1]);
			put_block(out, at, block, n);
			at += n;
		}
	}
	if (ferror(out) || fclose(out) != 0)
		err(1, "%s", argv[2]);
	fclose(in);
	free(block);
	return (0);
}
