/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AVML, version 2: blocks of at most 16 MiB of physical memory, each behind
 * LiME's header (with another magic), as a framed snappy stream that is
 * followed by its length.  https://github.com/microsoft/avml, src/image.rs;
 * google/snappy, framing_format.txt.
 *
 * A chunk of the stream, 64 KiB of memory, is decoded on its own: the chunks'
 * headers are all that an open reads.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/endian.h"
#include "base/math.h"
#include "image/image.h"
#include "image/lime.h"

#define CHUNK_HEADER	4
#define CHUNK_CRC	4
#define CHUNK_MAX	65536
#define CHUNK_DATA	0x00
#define CHUNK_PLAIN	0x01
#define CHUNK_SKIP	0x80		/* this one and those above it */
#define CHUNK_ID	0xff

struct chunk {
	uint64_t	pa;
	uint64_t	off;		/* of the CRC before its data */
	uint32_t	stored_len;	/* of both */
	uint32_t	len : 31;
	uint32_t	plain : 1;
};

struct avml {
	struct chunk	*v;		/* in the file's order, then by pa */
	size_t		 n, cap;
	uint64_t	 bytes;
};

/* A chunk and the CRC before it, masked as the framing format says. */
static int
check(const uint8_t *p, const void *data, size_t len)
{
	uint32_t crc = kvmi_crc32c(data, len);

	crc = (crc >> 15 | crc << 17) + 0xa282ead8u;
	return (crc == kvmi_get32(p, false) ? 0 : KVMI_CODEC_SUM);
}

static int
plain_decode(const void *src, size_t src_len, void *dst, size_t dst_len)
{
	const uint8_t *p = src;

	if (src_len != CHUNK_CRC + dst_len)
		return (-1);
	memcpy(dst, p + CHUNK_CRC, dst_len);
	return (check(p, dst, dst_len));
}

#ifdef HAVE_SNAPPY
static int
packed_decode(const void *src, size_t src_len, void *dst, size_t dst_len)
{
	const uint8_t *p = src;

	if (src_len < CHUNK_CRC || kvmi_codec_snappy.decode(p + CHUNK_CRC,
	    src_len - CHUNK_CRC, dst, dst_len) != 0)
		return (-1);
	return (check(p, dst, dst_len));
}
#endif

/* None of kdump's flags: they key the cache. */
static const struct kvmi_codec plain_codec = {
	.name = "plain",
	.kdump_flag = 0x40,
	.decode = plain_decode,
};

static const struct kvmi_codec packed_codec = {
	.name = "snappy",
	.kdump_flag = 0x44,
#ifdef HAVE_SNAPPY
	.decode = packed_decode,
#endif
};

static int
push(struct avml *a, const struct chunk *c, struct kvmi_err *err)
{
	if (a->n == a->cap) {
		size_t cap = a->cap == 0 ? 256 : a->cap * 2;
		void *p = realloc(a->v, cap * sizeof(*a->v));

		if (p == NULL)
			return (kvmi_fail(err, KVMI_ENOMEM,
			    "no memory for %zu chunks", cap));
		a->v = p;
		a->cap = cap;
	}
	a->v[a->n++] = *c;
	a->bytes += c->len;
	return (0);
}

/* How much a compressed chunk decodes to: the varint that it begins with. */
static int
decoded_len(struct kvmi_src *src, const struct chunk *c, uint32_t *ret,
    struct kvmi_err *err)
{
	uint8_t b[5];
	size_t n = (size_t)kvmi_min(sizeof(b), c->stored_len - CHUNK_CRC);
	uint64_t v = 0;
	int r = kvmi_src_read(src, c->off + CHUNK_CRC, b, n, "snappy chunk",
	    err);

	if (r != 0)
		return (r);
	for (size_t i = 0; i < n; i++) {
		v |= (uint64_t)(b[i] & 0x7f) << 7 * i;
		if ((b[i] & 0x80) != 0)
			continue;
		if (v == 0 || v > CHUNK_MAX)
			break;
		*ret = (uint32_t)v;
		return (0);
	}
	return (kvmi_fail(err, KVMI_EFORMAT, "%s: snappy chunk at 0x%" PRIx64
	    " is to decode to %" PRIu64 " bytes, wanted 1 to %d", src->name,
	    c->off, v, CHUNK_MAX));
}

/*
 * One chunk of the stream at *at, which is moved behind it; *left is what the
 * block still lacks.
 */
static int
read_chunk(struct kvmi_image *img, struct avml *a, uint64_t *at, uint64_t *pa,
    uint64_t *left, struct kvmi_err *err)
{
	struct chunk c = { .pa = *pa };
	uint8_t h[CHUNK_HEADER];
	uint32_t len, out;
	int r = kvmi_src_read(img->src, *at, h, sizeof(h), "snappy chunk",
	    err);

	if (r != 0)
		return (r);
	len = kvmi_get32(h, false) >> 8;
	c.off = *at + CHUNK_HEADER;
	c.plain = h[0] == CHUNK_PLAIN;
	*at += CHUNK_HEADER + len;
	if (h[0] >= CHUNK_SKIP)		/* CHUNK_ID is one of these */
		return (0);
	if ((h[0] != CHUNK_DATA && !c.plain) || len <= CHUNK_CRC)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: snappy chunk at 0x%"
		    PRIx64 " has type 0x%02x and %" PRIu32 " bytes",
		    img->src->name, c.off - CHUNK_HEADER, h[0],
		    len));
	c.stored_len = len;
	if (!kvmi_inside(c.off, c.stored_len, img->src->size))
		return (kvmi_fail(err, KVMI_ETRUNC, "%s: ends within the "
		    "snappy chunk at 0x%" PRIx64, img->src->name, c.off));
	out = len - CHUNK_CRC;
	if (!c.plain && (r = decoded_len(img->src, &c, &out, err)) != 0)
		return (r);
	if (out > CHUNK_MAX || out > *left)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: snappy chunk at 0x%"
		    PRIx64 " has 0x%" PRIx32 " bytes, wanted at most 0x%x and "
		    "its block's 0x%" PRIx64, img->src->name, c.off, out,
		    CHUNK_MAX, *left));
	c.len = out & 0x7fffffff;
	*pa += out;
	*left -= out;
	return (push(a, &c, err));
}

static int
read_blocks(struct kvmi_image *img, struct avml *a, struct kvmi_err *err)
{
	uint64_t at = 0, size = img->src->size;
	int r = 0;

	while (at < size && r == 0) {
		struct kvmi_lime_range g;
		uint64_t pa, left;

		r = kvmi_lime_range(img->src, at, KVMI_AVML_MAGIC, 2, &g, err);
		if (r != 0)
			break;
		at += KVMI_LIME_HEADER;
		pa = g.start;
		left = g.len;
		while (left > 0 && r == 0)
			r = read_chunk(img, a, &at, &pa, &left, err);
		if (r == 0 && !kvmi_add(at, 8, &at))	/* its length */
			r = KVMI_ETRUNC;
		img->max_pa = img->max_pa > pa ? img->max_pa : pa;
	}
	/* What comes before the cut is whole. */
	if (r == KVMI_ETRUNC && a->n > 0) {
		img->truncated = true;
		return (0);
	}
	return (r);
}

static int
by_pa(const void *x, const void *y)
{
	const struct chunk *a = x, *b = y;

	if (a->pa != b->pa)
		return (a->pa < b->pa ? -1 : 1);
	return (a->off < b->off ? -1 : a->off > b->off);
}

static int
check_overlap(const struct kvmi_image *img, const struct avml *a,
    struct kvmi_err *err)
{
	for (size_t i = 1; i < a->n; i++)
		if (a->v[i].pa < a->v[i - 1].pa + a->v[i - 1].len)
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: the chunks "
			    "at 0x%" PRIx64 " and 0x%" PRIx64 " both hold "
			    "physical address 0x%" PRIx64, img->src->name,
			    a->v[i - 1].off, a->v[i].off, a->v[i].pa));
	return (0);
}

static int
avml_open(struct kvmi_image *img, struct kvmi_err *err)
{
	struct avml *a = calloc(1, sizeof(*a));
	int r;

	img->priv = a;
	if (a == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory",
		    img->src->name));
	img->block_size = CHUNK_MAX;
	r = read_blocks(img, a, err);
	if (r != 0)
		return (r);
	qsort(a->v, a->n, sizeof(*a->v), by_pa);
	snprintf(img->format, sizeof(img->format), "AVML, snappy");
	return (check_overlap(img, a, err));
}

static int
avml_locate(struct kvmi_image *img, uint64_t pa, struct kvmi_extent *ret,
    struct kvmi_err *err)
{
	const struct avml *a = img->priv;
	size_t lo = 0, hi = a->n;

	(void)err;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (a->v[mid].pa <= pa)
			lo = mid + 1;
		else
			hi = mid;
	}
	*ret = (struct kvmi_extent){ .state = KVMI_ABSENT };
	if (lo > 0 && pa - a->v[lo - 1].pa < a->v[lo - 1].len) {
		const struct chunk *c = &a->v[lo - 1];

		*ret = (struct kvmi_extent){ .start = c->pa, .len = c->len,
			.state = KVMI_STORED, .off = c->off,
			.stored_len = c->stored_len,
			.codec = c->plain ? &plain_codec : &packed_codec };
		return (0);
	}
	ret->start = lo > 0 ? a->v[lo - 1].pa + a->v[lo - 1].len : 0;
	ret->len = (lo < a->n ? a->v[lo].pa : UINT64_MAX) - ret->start;
	if (img->truncated && lo == a->n) {
		ret->state = KVMI_LOST;
		ret->why = "the file ends before it (was it copied whole?)";
	} else if (lo > 0 && lo < a->n) {
		/* Blocks of zeros look like gaps between them. */
		ret->state = KVMI_EXCLUDED;
		ret->why = "AVML stores neither blocks of zeros nor what is "
		    "not memory";
	}
	return (0);
}

static int
avml_count(struct kvmi_image *img, struct kvmi_err *err)
{
	const struct avml *a = img->priv;

	(void)err;
	img->pages_present = a->bytes / 4096;
	return (0);
}

static void
avml_close(struct kvmi_image *img)
{
	struct avml *a = img->priv;

	if (a == NULL)
		return;
	free(a->v);
	free(a);
}

const struct kvmi_image_ops kvmi_image_avml = {
	.name = "AVML file",
	.magic = { { .off = 0, .len = 8, .bytes = "AVML\2\0\0\0" } },
	.min_size = KVMI_LIME_HEADER,
	.open = avml_open,
	.locate = avml_locate,
	.count = avml_count,
	.close = avml_close,
};
