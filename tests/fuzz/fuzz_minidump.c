/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FreeBSD minidumps and the translation by their page tables.
 *
 * Input: a minidump; or, packed: the header's fields from the version on, a
 * byte of which bit n says that section n has the length its field says,
 * else at most two pages, then the sections' bytes, then 32 bytes for each
 * page, repeated.
 */
#include "packed.h"
#include "use.h"

#define PAGE	4096
#define MAX_PAGES 24
#define FIELDS	48	/* version .. dumpavailsize */

static const char magic[24] = "minidump FreeBSD/amd64";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
unpack(struct packed *p)
{
	uint8_t *header = packed_room(p, PAGE), honest;
	uint32_t len[4], version;

	memset(header, 0, PAGE);
	memcpy(header, magic, sizeof(magic));
	packed_take(p, header + 24, FIELDS);
	packed_take(p, &honest, 1);
	memcpy(&version, header + 24, 4);
	version %= 5;		/* 1 to 3 are known */
	memcpy(header + 24, &version, 4);
	/* In the header's order: message buffer, bitmap, tables; dump_avail. */
	memcpy(len, header + 28, 12);
	memcpy(&len[3], header + 64, 4);
	for (int i = 0; i < 4; i++)
		if ((honest >> i & 1) == 0)
			len[i] %= 2 * PAGE;
	memcpy(header + 28, len, 12);
	memcpy(header + 64, &len[3], 4);
	if (version < 3)
		len[3] = 0;
	for (int i = 0; i < 4; i++)
		len[i] %= 2 * PAGE;
	packed_section(p, len[0], PAGE);
	packed_section(p, len[3], PAGE);
	packed_section(p, len[1], PAGE);
	packed_section(p, len[2], PAGE);
	for (int i = 0; i < MAX_PAGES && p->left > 0; i++) {
		uint8_t *page = packed_room(p, PAGE);

		packed_take(p, page, 32);
		for (size_t at = 32; at < PAGE; at += 32)
			memcpy(page + at, page, 32);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packed p = { .in = data, .left = size };
	struct kvmi_image *img;

	if (size >= 8 && memcmp(data, magic, 8) == 0)
		packed_section(&p, size, 1);
	else
		unpack(&p);
	p.out = packed_finish(&p);
	img = fuzz_open(p.out, p.len);
	if (img != NULL) {
		fuzz_use_image(img);
		fuzz_use_as_kernel(img);
	}
	free(p.out);
	return (0);
}
