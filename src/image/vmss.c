/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMware's suspended and snapshot states (.vmss, .vmsn): groups of tagged
 * items.  The group "memory" says which pages are where; their bytes are its
 * block Memory or, without one, a file .vmem beside it, which is then given
 * as one more file of the image.  Little-endian.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "base/rd.h"
#include "image/image.h"
#include "image/segments.h"

#define PAGE		4096
#define HEADER		12
#define GROUP		80
#define GROUP_NAME	64
#define MAX_GROUPS	4096
#define MAX_REGIONS	64
#define SIZE_BLOCK	63		/* of a value: a block */
#define SIZE_PACKED	62		/* the same, compressed */

struct region {
	uint64_t	file_page, page, pages;
};

struct vmss {
	struct kvmi_segments segs;
	uint64_t	 count;		/* regionsCount */
	struct region	 region[MAX_REGIONS];
	uint64_t	 data_off;	/* of the block; or of the .vmem */
	uint64_t	 data_len;
	bool		 has_block;
};

/* A tagged item: its name, indices and value, or where its block is. */
struct item {
	char		 name[256];
	uint32_t	 index;		/* the first; 0: none */
	uint64_t	 value;
	bool		 block, packed;
	uint64_t	 off, len;	/* of the block */
};

static int
take_uint(struct kvmi_image *img, uint64_t *at, unsigned int size,
    uint64_t *ret, struct kvmi_err *err)
{
	return (kvmi_src_take_uint(img->src, at, size, false, "tagged item",
	    ret, err));
}

static int
take_block(struct kvmi_image *img, uint64_t *at, struct item *it,
    struct kvmi_err *err)
{
	uint64_t in_memory, pad;
	int r = take_uint(img, at, 8, &it->len, err);

	if (r == 0)
		r = take_uint(img, at, 8, &in_memory, err);
	if (r == 0)
		r = take_uint(img, at, 2, &pad, err);
	if (r != 0)
		return (r);
	it->block = true;
	if (!kvmi_add(*at, pad, &it->off) || !kvmi_add(it->off, it->len, at))
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: block of 0x%" PRIx64
		    " bytes at 0x%" PRIx64, img->src->name, it->len, *at));
	return (0);
}

/* KVMI_ENOENT: the group ends here. */
static int
take_item(struct kvmi_image *img, uint64_t *at, struct item *it,
    struct kvmi_err *err)
{
	uint64_t tag, index = 0;
	unsigned int size, indices;
	int r = take_uint(img, at, 2, &tag, err);

	if (r != 0)
		return (r);
	if (tag == 0)
		return (KVMI_ENOENT);
	*it = (struct item){ 0 };
	size = tag & 63;
	indices = tag >> 6 & 3;
	r = kvmi_src_take(img->src, at, it->name, (size_t)(tag >> 8),
	    "tagged item", err);
	for (unsigned int i = 0; i < indices && r == 0; i++) {
		r = take_uint(img, at, 4, &index, err);
		if (i == 0)
			it->index = (uint32_t)index;
	}
	it->packed = size == SIZE_PACKED;
	if (r == 0 && (size == SIZE_BLOCK || it->packed))
		return (take_block(img, at, it, err));
	if (r == 0 && size <= 8)
		return (size == 0 ? 0 : take_uint(img, at, size, &it->value,
		    err));
	*at += size;
	return (r);
}

static int
use_item(struct kvmi_image *img, struct vmss *v, const struct item *it,
    struct kvmi_err *err)
{
	struct region *g = it->index < MAX_REGIONS ? &v->region[it->index] :
	    NULL;

	if (strcmp(it->name, "regionsCount") == 0) {
		v->count = it->value;
	} else if (strncmp(it->name, "region", 6) == 0) {
		if (g == NULL)
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: memory region "
			    "%" PRIu32 ", wanted less than %d",
			    img->src->name, it->index, MAX_REGIONS));
		if (strcmp(it->name, "regionPageNum") == 0)
			g->file_page = it->value;
		else if (strcmp(it->name, "regionPPN") == 0)
			g->page = it->value;
		else if (strcmp(it->name, "regionSize") == 0)
			g->pages = it->value;
	} else if (it->block && strcmp(it->name, "Memory") == 0) {
		if (it->packed)
			return (kvmi_fail(err, KVMI_ENOTSUP, "%s: its memory is "
			    "compressed, which is not read here; VMware's "
			    "vmss2core converts it", img->src->name));
		v->has_block = true;
		v->data_off = it->off;
		v->data_len = it->len;
	}
	return (0);
}

static int
read_memory_group(struct kvmi_image *img, struct vmss *v, uint64_t at,
    uint64_t len, struct kvmi_err *err)
{
	uint64_t end;

	if (!kvmi_add(at, len, &end))
		end = UINT64_MAX;
	while (at < end) {
		struct item it;
		int r = take_item(img, &at, &it, err);

		if (r == 0)
			r = use_item(img, v, &it, err);
		if (r == KVMI_ENOENT)
			break;
		/* Cut within the block, which comes after the regions. */
		if (r == KVMI_ETRUNC && v->has_block) {
			img->truncated = true;
			break;
		}
		if (r != 0)
			return (r);
	}
	return (0);
}

/* Find the group "memory". */
static int
read_groups(struct kvmi_image *img, struct vmss *v, struct kvmi_err *err)
{
	uint8_t h[HEADER], g[GROUP];
	uint32_t n;
	int r = kvmi_src_read(img->src, 0, h, sizeof(h), "header", err);

	if (r != 0)
		return (r);
	n = kvmi_get32(h + 8, false);
	if (n == 0 || n > MAX_GROUPS)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: VMware state of %"
		    PRIu32 " groups", img->src->name, n));
	for (uint32_t i = 0; i < n; i++) {
		r = kvmi_src_read(img->src, HEADER + (uint64_t)i * GROUP, g,
		    sizeof(g), "group", err);
		if (r != 0)
			return (r);
		if (memcmp(g, "memory", sizeof("memory")) == 0)
			return (read_memory_group(img, v,
			    kvmi_get64(g + GROUP_NAME, false),
			    kvmi_get64(g + GROUP_NAME + 8, false), err));
	}
	return (kvmi_fail(err, KVMI_EFORMAT, "%s: a VMware state without "
	    "memory", img->src->name));
}

/* The bytes: the block, or the file that was given with this one. */
static int
find_data(struct kvmi_image *img, struct vmss *v, struct kvmi_err *err)
{
	if (v->has_block) {
		img->truncated |= !kvmi_inside(v->data_off, v->data_len,
		    img->src->size);
		return (0);
	}
	if (img->src->nparts < 2)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: the memory of this "
		    "VMware state is in the file .vmem beside it: give that "
		    "too (ko_more, --with)", img->src->name));
	v->data_off = img->src->parts[1];
	v->data_len = img->src->size - v->data_off;
	return (0);
}

static int
add_regions(struct kvmi_image *img, struct vmss *v, struct kvmi_err *err)
{
	int r = 0;

	if (v->count > MAX_REGIONS)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: %" PRIu64 " memory "
		    "regions", img->src->name, v->count));
	if (v->count == 0) {
		v->count = 1;
		v->region[0] = (struct region){ 0, 0, v->data_len / PAGE };
	}
	for (uint64_t i = 0; i < v->count && r == 0; i++) {
		const struct region *g = &v->region[i];
		uint64_t off, end;

		if (g->pages > UINT64_MAX / PAGE / 4 ||
		    g->page > UINT64_MAX / PAGE / 4 ||
		    g->file_page > UINT64_MAX / PAGE / 4 ||
		    !kvmi_add(v->data_off, g->file_page * PAGE, &off))
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: memory region "
			    "%" PRIu64 " of 0x%" PRIx64 " pages at page 0x%"
			    PRIx64, img->src->name, i, g->pages, g->page));
		end = (g->page + g->pages) * PAGE;
		img->max_pa = img->max_pa > end ? img->max_pa : end;
		img->truncated |= !kvmi_inside(g->file_page * PAGE,
		    g->pages * PAGE, v->data_len);
		r = kvmi_segments_add(&v->segs, g->page * PAGE,
		    g->pages * PAGE, g->pages * PAGE, off, err);
	}
	kvmi_segments_sort(&v->segs);
	return (r);
}

static int
vmss_open(struct kvmi_image *img, struct kvmi_err *err)
{
	struct vmss *v = calloc(1, sizeof(*v));
	int r;

	img->priv = v;
	if (v == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory",
		    img->src->name));
	r = read_groups(img, v, err);
	if (r == 0)
		r = find_data(img, v, err);
	if (r == 0)
		r = add_regions(img, v, err);
	snprintf(img->format, sizeof(img->format), "VMware state%s",
	    v->has_block ? "" : ", .vmem");
	return (r);
}

static int
vmss_locate(struct kvmi_image *img, uint64_t pa, struct kvmi_extent *ret,
    struct kvmi_err *err)
{
	const struct vmss *v = img->priv;

	(void)err;
	kvmi_segments_locate(&v->segs, pa, v->data_off + v->data_len <
	    img->src->size ? v->data_off + v->data_len : img->src->size, ret);
	return (0);
}

static int
vmss_count(struct kvmi_image *img, struct kvmi_err *err)
{
	const struct vmss *v = img->priv;

	(void)err;
	kvmi_segments_sum(&v->segs, img);
	return (0);
}

static void
vmss_close(struct kvmi_image *img)
{
	struct vmss *v = img->priv;

	if (v == NULL)
		return;
	kvmi_segments_deinit(&v->segs);
	free(v);
}

const struct kvmi_image_ops kvmi_image_vmss = {
	.name = "VMware state",
	.magic = {
		{ .off = 0, .len = 4, .bytes = "\xd2\xbe\xd2\xbe" },
		{ .off = 0, .len = 4, .bytes = "\xd3\xbe\xd3\xbe" },
		{ .off = 0, .len = 4, .bytes = "\xd1\xba\xd1\xba" },
		{ .off = 0, .len = 4, .bytes = "\xd2\xba\xd2\xba" },
	},
	.min_size = HEADER,
	.open = vmss_open,
	.locate = vmss_locate,
	.count = vmss_count,
	.close = vmss_close,
};
