/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stand-alone dumps of s390, on one disk or several.
 *
 * Input: a dump; or, packed: a byte of flags (1: extended, 2, 4: up to four
 * volumes, 8: the header is as given), and for each volume the header's first
 * 104 bytes and a byte, how many segments follow: of each 72 bytes of its
 * header, a byte for the blocks on disk, and 64 bytes of these.
 */
#include "packed.h"
#include "use.h"

#define BLOCK		4096
#define VOLUMES		4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t magic[8] = "\xa8\x19\x01\x73\x61\x8f\x23\xfd";

static void
unpack_volume(struct packed *p, uint8_t flags, uint8_t number)
{
	uint8_t n, blocks, *header;
	size_t at = p->len;

	packed_section(p, 104, BLOCK);
	header = p->out + at;
	memcpy(header, magic, 8);
	header[7] += flags & 1;
	if ((flags & 8) == 0) {
		memcpy(header + 12, "\0\0\x10\0", 4);
		memcpy(header + 72, "\0\0\0\2\0\0\0", 7);
		header[79] = number;
		header[92] = (flags & 6) != 0;
	}
	packed_take(p, &n, 1);
	for (n %= 8; n > 0; n--) {
		packed_section(p, 72, BLOCK);
		packed_take(p, &blocks, 1);
		packed_section(p, 64, (size_t)(blocks % 8 + 1) * BLOCK);
	}
	packed_section(p, 16, 16);
}

/* Each volume as a file of its own. */
static struct kvmi_image *
open_volumes(const struct packed *p, const size_t *end, size_t n)
{
	struct kvmi_src *v[VOLUMES], *src;
	struct kvmi_err err = { 0 };
	struct kvmi_image *img;

	for (size_t i = 0; i < n; i++) {
		size_t start = i > 0 ? end[i - 1] : 0;

		if (kvmi_mem_open(p->out + start, end[i] - start, "input",
		    &v[i], &err) != 0)
			abort();
	}
	if (kvmi_image_join(v, n, NULL, &src, &err) != 0 ||
	    kvmi_image_open(src, NULL, &img, &err) != 0) {
		if (err.text[0] == '\0')
			abort();
		return (NULL);
	}
	return (img);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packed p = { .in = data, .left = size };
	size_t end[VOLUMES], n = 0;
	struct kvmi_image *img;

	if (size >= 8 && memcmp(data, magic, 7) == 0) {
		packed_section(&p, size, 1);
	} else {
		uint8_t flags;

		packed_take(&p, &flags, 1);
		do {
			unpack_volume(&p, flags, (uint8_t)n);
			end[n++] = p.len;
		} while (n < (size_t)(flags >> 1 & 3) + 1);
	}
	p.out = packed_finish(&p);
	img = n > 1 ? open_volumes(&p, end, n) : fuzz_open(p.out, p.len);
	if (img != NULL) {
		fuzz_use_image(img);
		kvmi_image_close(img);
	}
	free(p.out);
	return (0);
}
