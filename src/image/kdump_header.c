/* SPDX-License-Identifier: BSD-2-Clause */
/* The headers of kdump-compressed files; see kdump.c. */
#include <inttypes.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "base/rd.h"
#include "image/kdump_impl.h"

#define MAX_BLOCK	(1u << 20)

/*
 * The header says neither its width nor its byte order: a guess is right when
 * everything in it agrees.
 */
static bool
header_plausible(const struct kdump_header *h, uint64_t file_size)
{
	return (h->version >= 0 && h->version <= 64 &&
	    kvmi_is_pow2(h->block_size) && h->block_size >= 1024 &&
	    h->block_size <= MAX_BLOCK && h->sub_hdr_size >= 1 &&
	    h->sub_hdr_size <= INT32_MAX && h->bitmap_blocks >= 1 &&
	    kvmi_kdump_header_blocks(h) <= file_size / h->block_size);
}

static int
header_decode(struct kdump_header *h, const uint8_t *p, size_t len,
    struct kvmi_err *err)
{
	struct kvmi_rd r = { .base = p, .len = len, .what = "kdump header",
		.big_endian = h->big_endian, .err = err };

	kvmi_rd_bytes(&r, "signature", 8);
	h->version = (int32_t)kvmi_rd_u32(&r, "header_version");
	for (size_t i = 0; i < KVMI_COUNT(h->uts); i++) {
		const char *s = kvmi_rd_bytes(&r, "utsname", UTS_LEN);

		if (s != NULL)
			memcpy(h->uts[i], s, UTS_LEN - 1);
		h->uts[i][UTS_LEN - 1] = '\0';
	}
	kvmi_rd_seek(&r, "timestamp", h->is64 ? 408 : 404);
	h->sec = kvmi_rd_uint(&r, "timestamp", h->is64 ? 8 : 4);
	kvmi_rd_uint(&r, "timestamp", h->is64 ? 8 : 4);
	h->status = kvmi_rd_u32(&r, "status");
	h->block_size = kvmi_rd_u32(&r, "block_size");
	h->sub_hdr_size = kvmi_rd_u32(&r, "sub_hdr_size");
	h->bitmap_blocks = kvmi_rd_u32(&r, "bitmap_blocks");
	h->max_mapnr = kvmi_rd_u32(&r, "max_mapnr");
	return (r.status);
}

static int
read_header(struct kvmi_image *img, uint64_t off, struct kdump_header *ret,
    struct kvmi_err *err)
{
	uint8_t buf[464];
	struct kdump_header h = { 0 };
	int r;

	r = kvmi_src_read(img->src, off, buf, sizeof(buf), "kdump header", err);
	if (r != 0)
		return (r);
	for (int guess = 0; guess < 8; guess++) {
		/* What is plausible but for the file's size was cut short. */
		bool whole = guess < 4;

		h.is64 = guess % 4 < 2;
		h.big_endian = guess % 2 == 1;
		r = header_decode(&h, buf, sizeof(buf), err);
		if (r != 0)
			return (r);
		if (!header_plausible(&h, whole ? img->src->size : UINT64_MAX))
			continue;
		if (!whole)
			return (kvmi_fail(err, KVMI_ETRUNC, "%s: the headers "
			    "and bitmaps of this kdump file take %" PRIu64
			    " bytes, the file has %" PRIu64, img->src->name,
			    kvmi_kdump_header_blocks(&h) * h.block_size,
			    img->src->size));
		*ret = h;
		return (0);
	}
	h.is64 = true;
	h.big_endian = false;
	header_decode(&h, buf, sizeof(buf), err);
	return (kvmi_fail(err, KVMI_EFORMAT, "%s: kdump header fits no width "
	    "and byte order (as 64-bit little-endian: version %" PRId32
	    ", block size %" PRIu32 ", sub header %" PRIu32 " blocks, bitmaps %"
	    PRIu32 " blocks, file %" PRIu64 " bytes)", img->src->name,
	    h.version, h.block_size, h.sub_hdr_size, h.bitmap_blocks,
	    img->src->size));
}

/* Offsets in the sub header: longs of 8 bytes, of 4, and 4 with packed i64. */
struct sub_layout {
	uint8_t	word;
	uint8_t	dump_level, split, start_pfn, end_pfn;
	uint8_t	off_vmcoreinfo, size_vmcoreinfo, off_note, size_note;
	uint8_t	start_pfn_64, end_pfn_64, max_mapnr_64;
};

static const struct sub_layout sub_64 = { 8, 8, 12, 16, 24, 32, 40, 48, 56,
	80, 88, 96 };
static const struct sub_layout sub_32_padded = { 4, 4, 8, 12, 16, 24, 32, 40,
	48, 72, 80, 88 };
static const struct sub_layout sub_32_packed = { 4, 4, 8, 12, 16, 20, 28, 32,
	40, 56, 64, 72 };

static uint64_t
sub_field(struct kvmi_rd *r, const char *field, uint8_t at, uint8_t size)
{
	kvmi_rd_seek(r, field, at);
	return (kvmi_rd_uint(r, field, size));
}

static void
sub_decode(struct kdump_header *h, struct kdump_sub *s, struct kvmi_rd *r,
    const struct sub_layout *l)
{
	*s = (struct kdump_sub){ .end_pfn = UINT64_MAX };
	s->phys_base = sub_field(r, "phys_base", 0, l->word);
	if (h->version >= 1)
		s->dump_level = (int32_t)sub_field(r, "dump_level",
		    l->dump_level, 4);
	if (h->version >= 2) {
		s->split = (int32_t)sub_field(r, "split", l->split, 4);
		s->start_pfn = sub_field(r, "start_pfn", l->start_pfn,
		    l->word);
		s->end_pfn = sub_field(r, "end_pfn", l->end_pfn, l->word);
	}
	if (h->version >= 3) {
		s->off_vmcoreinfo = sub_field(r, "offset_vmcoreinfo",
		    l->off_vmcoreinfo, 8);
		s->size_vmcoreinfo = sub_field(r, "size_vmcoreinfo",
		    l->size_vmcoreinfo, l->word);
	}
	if (h->version >= 4) {
		s->off_note = sub_field(r, "offset_note", l->off_note, 8);
		s->size_note = sub_field(r, "size_note", l->size_note,
		    l->word);
	}
	if (h->version >= 6) {
		s->start_pfn = sub_field(r, "start_pfn_64", l->start_pfn_64,
		    8);
		s->end_pfn = sub_field(r, "end_pfn_64", l->end_pfn_64, 8);
		h->max_mapnr = sub_field(r, "max_mapnr_64", l->max_mapnr_64,
		    8);
	}
	if (s->split == 0) {
		s->start_pfn = 0;
		s->end_pfn = UINT64_MAX;
	}
}

/* i386 and every 32-bit QEMU pack the 64-bit fields, others align them. */
static const struct sub_layout *
sub_layout_of(const struct kdump_header *h, const uint8_t *p)
{
	uint64_t limit = (1 + (uint64_t)h->sub_hdr_size) * h->block_size;
	uint64_t off, size;

	if (h->is64)
		return (&sub_64);
	if (h->version < 3)
		return (&sub_32_packed);
	/* The main header's number of pages, once more. */
	if (h->version >= 6 && h->max_mapnr != 0 &&
	    kvmi_get64(p + 72, h->big_endian) != h->max_mapnr &&
	    kvmi_get64(p + 88, h->big_endian) == h->max_mapnr)
		return (&sub_32_padded);
	off = kvmi_get64(p + 20, h->big_endian);
	size = kvmi_get32(p + 28, h->big_endian);
	if (off == 0 && size == 0 && h->version >= 4) {
		off = kvmi_get64(p + 32, h->big_endian);
		size = kvmi_get32(p + 40, h->big_endian);
	}
	if ((off == 0 && size == 0) ||
	    (off > h->block_size && kvmi_inside(off, size, limit)))
		return (&sub_32_packed);
	return (&sub_32_padded);
}

int
kvmi_kdump_header(struct kvmi_image *img, uint64_t off,
    struct kdump_header *h, struct kdump_sub *sub, struct kvmi_err *err)
{
	uint8_t buf[104];
	struct kvmi_rd rd = { .base = buf, .len = sizeof(buf),
		.what = "kdump sub header", .err = err };
	int r = read_header(img, off, h, err);

	if (r != 0)
		return (r);
	rd.off = off + h->block_size;
	rd.big_endian = h->big_endian;
	r = kvmi_src_read(img->src, rd.off, buf, sizeof(buf),
	    "kdump sub header", err);
	if (r != 0)
		return (r);
	sub_decode(h, sub, &rd, sub_layout_of(h, buf));
	return (rd.status);
}
