/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Containers: recognise, locate, read.  Every format of image_table.c and the
 * notes inside go through here.
 */
#include <stdlib.h>

#include "image/image.h"
#include "image/minidump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
walk(struct kvmi_image *img)
{
	struct kvmi_err err;
	struct kvmi_extent e;
	uint64_t pa = 0;
	uint8_t buf[64];
	size_t done;

	for (int i = 0; i < 200; i++) {
		if (kvmi_image_locate(img, pa, &e, &err) != 0)
			break;
		/* An extent is never empty and holds what was asked for. */
		if (e.len == 0 || pa < e.start || pa - e.start >= e.len)
			abort();
		kvmi_image_read(img, pa, buf, sizeof(buf), &done, &err);
		kvmi_image_read(img, e.start + e.len - 32, buf, sizeof(buf),
		    &done, &err);
		if (e.start + e.len <= pa)
			break;
		pa = e.start + e.len;
	}
	for (uint64_t a = 1; a != 0; a <<= 1) {
		kvmi_image_read(img, a, buf, sizeof(buf), &done, &err);
		kvmi_image_read(img, -a, buf, sizeof(buf), &done, &err);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kvmi_image *img;
	struct kvmi_src *src;
	struct kvmi_note n;
	struct kvmi_err err;
	size_t pos = 0;

	if (kvmi_mem_open(data, size, "input", &src, &err) != 0 ||
	    kvmi_image_open(src, &img, &err) != 0)
		return (0);
	walk(img);
	if (img->ops->count != NULL)
		img->ops->count(img, &err);
	while (kvmi_note_next(&img->notes, img->big_endian, &pos, &n))
		kvmi_note_is(&n, "VMCOREINFO", 0);
	kvmi_image_close(img);
	return (0);
}
