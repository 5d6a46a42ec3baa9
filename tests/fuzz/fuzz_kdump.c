/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kdump-compressed files.
 *
 * Input: a kdump file; or, packed: a byte of flags (1: 32 bit, 2: big-endian,
 * 4, 8: block size; 16: the sizes in the header are as given), a byte each
 * for the blocks of the sub header and of the bitmaps, the main header's
 * fields from the status on, the sub header, 64 bytes of each bitmap, and
 * descriptors and data.
 */
#include "packed.h"
#include "use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
put32(uint8_t *to, uint32_t v, bool big_endian)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> 8 * (big_endian ? 3 - i : i));
}

static void
unpack(struct packed *p)
{
	uint8_t in[3], *header;
	uint32_t bs, sub, bitmaps;
	size_t status;
	bool big;

	packed_take(p, in, sizeof(in));
	bs = 1024u << (in[0] >> 2 & 3);
	sub = in[1] % 3 + 1;
	bitmaps = in[2] % 4 + 1;
	big = (in[0] & 2) != 0;
	status = in[0] & 1 ? 412 : 424;
	header = packed_room(p, bs);
	memset(header, 0, bs);
	memcpy(header, "KDUMP   ", 8);
	packed_take(p, header + 8, 4);
	put32(header + 8, header[8] % 8, big);
	strcpy((char *)header + 12 + 4 * 65, "x86_64");
	packed_take(p, header + status, 20);
	if ((in[0] & 16) == 0) {
		put32(header + status + 4, bs, big);
		put32(header + status + 8, sub, big);
		put32(header + status + 12, bitmaps, big);
	}
	packed_section(p, 104, bs);
	for (uint32_t i = 1; i < sub; i++)
		packed_section(p, 128, bs);
	for (uint32_t i = 0; i < bitmaps; i++)
		packed_section(p, 64, bs);
	packed_section(p, p->left, 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packed p = { .in = data, .left = size };
	struct kvmi_image *img;

	if (size >= 8 && memcmp(data, "KDUMP   ", 8) == 0)
		packed_section(&p, size, 1);
	else
		unpack(&p);
	p.out = packed_finish(&p);
	img = fuzz_open(p.out, p.len);
	if (img != NULL) {
		fuzz_use_image(img);
		kvmi_image_close(img);
	}
	free(p.out);
	return (0);
}
