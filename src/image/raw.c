/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical memory without any header, because the caller says so: a file in
 * which the offset is the address, or ranges that the caller lists.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "image/image.h"
#include "image/segments.h"

/* A number at *p, which is moved behind it. */
static bool
take_number(const char **p, uint64_t *ret)
{
	int base = strncmp(*p, "0x", 2) == 0 ? 16 : 10;
	char *end;

	if (**p < '0' || **p > '9')
		return (false);
	errno = 0;
	*ret = strtoull(*p, &end, base);
	*p = end;
	return (errno == 0);
}

static int
malformed(const struct kvmi_image *img, const char *at, struct kvmi_err *err)
{
	return (kvmi_fail(err, KVMI_EINVAL, "%s: map of raw memory at \"%s\": "
	    "wanted an address at which the file begins, or "
	    "START-END[@OFFSET],..., where END is the address behind the range",
	    img->src->name, at));
}

/* START-END[@OFFSET]; without an offset it follows the range before it. */
static int
take_range(struct kvmi_image *img, struct kvmi_segments *segs, const char **p,
    uint64_t *off, struct kvmi_err *err)
{
	const char *begin = *p;
	uint64_t start, end;

	if (!take_number(p, &start) || **p != '-')
		return (malformed(img, begin, err));
	(*p)++;
	if (!take_number(p, &end) || end <= start)
		return (malformed(img, begin, err));
	if (**p == '@') {
		(*p)++;
		if (!take_number(p, off))
			return (malformed(img, begin, err));
	}
	if (**p == ',')
		(*p)++;
	else if (**p != '\0')
		return (malformed(img, begin, err));
	if (!kvmi_inside(*off, end - start, img->src->size))
		img->truncated = true;
	img->max_pa = img->max_pa > end ? img->max_pa : end;
	if (kvmi_segments_add(segs, start, end - start, end - start, *off,
	    err) != 0)
		return (KVMI_ENOMEM);
	*off = kvmi_min(UINT64_MAX - (end - start), *off) + (end - start);
	return (0);
}

static int
take_map(struct kvmi_image *img, struct kvmi_segments *segs, const char *map,
    struct kvmi_err *err)
{
	uint64_t off = 0, base = 0;
	const char *p = map;
	int r = 0;

	if (*p == '\0' || (take_number(&p, &base) && *p == '\0')) {
		uint64_t len = kvmi_min(img->src->size, UINT64_MAX - base);

		img->max_pa = base + len;
		return (kvmi_segments_add(segs, base, len, len, 0, err));
	}
	for (p = map; *p != '\0' && r == 0;)
		r = take_range(img, segs, &p, &off, err);
	return (r);
}

static int
raw_open(struct kvmi_image *img, struct kvmi_err *err)
{
	struct kvmi_segments *segs = calloc(1, sizeof(*segs));
	int r;

	img->priv = segs;
	if (segs == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory",
		    img->src->name));
	r = take_map(img, segs, img->opts->ko_raw, err);
	if (r != 0)
		return (r);
	kvmi_segments_sort(segs);
	snprintf(img->format, sizeof(img->format), "raw memory");
	return (0);
}

const struct kvmi_image_ops kvmi_image_raw = {
	.name = "raw memory",
	.open = raw_open,
	.locate = kvmi_segments_locate_pa,
	.count = kvmi_segments_count,
	.close = kvmi_segments_close,
};
