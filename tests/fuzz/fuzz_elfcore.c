/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF cores, as files and as /proc/kcore; the first four bytes are given. */
#include "base/math.h"
#include "packed.h"
#include "use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* By virtual address, as a live image is read. */
static void
use_live(const uint8_t *p, size_t len)
{
	struct kvmi_err err = { 0 };
	struct kvmi_extent e;
	struct kvmi_image *img;
	struct kvmi_src *src;
	uint8_t buf[64];

	if (kvmi_mem_open(p, len, "input", &src, &err) != 0)
		return;
	src->volatile_ = true;
	if (kvmi_image_open(src, NULL, &img, &err) != 0)
		return;
	for (uint64_t a = 1; a != 0; a <<= 1)
		for (uint64_t va = a - 1; va < a + 2; va++) {
			if (img->ops->locate_va == NULL ||
			    img->ops->locate_va(img, -va, &e, &err) != 0 ||
			    e.state != KVMI_STORED)
				continue;
			if (-va - e.start >= e.len)
				abort();
			kvmi_extent_read(img, &e, -va, buf, (size_t)kvmi_min(
			    e.len - (-va - e.start), sizeof(buf)), &err);
		}
	kvmi_image_close(img);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packed p = { .in = data, .left = size };
	struct kvmi_image *img;

	packed_section(&p, size, 1);
	if (p.len >= 4)
		memcpy(p.out, "\177ELF", 4);
	p.out = packed_finish(&p);
	img = fuzz_open(p.out, p.len);
	if (img != NULL) {
		fuzz_use_image(img);
		kvmi_image_close(img);
	}
	use_live(p.out, p.len);
	free(p.out);
	return (0);
}
