/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LiME: ranges of physical memory, each behind a header of 32 bytes; little
 * endian on every machine.  https://github.com/504ensicsLabs/LiME, doc/.
 * A "padded" LiME file has no headers: it is raw memory (raw.c).
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/math.h"
#include "image/image.h"
#include "image/lime.h"
#include "image/segments.h"

static int
read_ranges(struct kvmi_image *img, struct kvmi_segments *segs,
    struct kvmi_err *err)
{
	uint64_t at = 0;

	while (at < img->src->size) {
		struct kvmi_lime_range g;
		uint64_t end;
		int r;

		/* Less than a header: nothing of value was cut off. */
		if (img->src->size - at < KVMI_LIME_HEADER) {
			img->truncated = true;
			break;
		}
		r = kvmi_lime_range(img->src, at, KVMI_LIME_MAGIC, 1, &g, err);
		if (r == 0)
			r = kvmi_segments_add(segs, g.start, g.len, g.len,
			    at + KVMI_LIME_HEADER, err);
		if (r != 0)
			return (r);
		img->max_pa = img->max_pa > g.start + g.len ? img->max_pa :
		    g.start + g.len;
		if (!kvmi_add(at + KVMI_LIME_HEADER, g.len, &end) ||
		    end > img->src->size) {
			img->truncated = true;
			break;
		}
		at = end;
	}
	return (0);
}

static int
lime_open(struct kvmi_image *img, struct kvmi_err *err)
{
	struct kvmi_segments *segs = calloc(1, sizeof(*segs));
	int r;

	img->priv = segs;
	if (segs == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory",
		    img->src->name));
	r = read_ranges(img, segs, err);
	if (r != 0)
		return (r);
	kvmi_segments_sort(segs);
	snprintf(img->format, sizeof(img->format), "LiME");
	return (0);
}

const struct kvmi_image_ops kvmi_image_lime = {
	.name = "LiME file",
	.magic = { { .off = 0, .len = 8, .bytes = "EMiL\1\0\0\0" } },
	.min_size = KVMI_LIME_HEADER,
	.open = lime_open,
	.locate = kvmi_segments_locate_pa,
	.count = kvmi_segments_count,
	.close = kvmi_segments_close,
};
