/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kdump-compressed files, as makedumpfile and QEMU write them, and their
 * ancestor diskdump.  makedumpfile's IMPLEMENTATION document; dump/dump.c and
 * include/sysemu/dump.h of QEMU.
 *
 *	block 0			main header
 *	block 1 ..		sub header, notes
 *	then			bitmap 1: pages that are RAM
 *				bitmap 2: pages that are in the file
 *				a descriptor per page of bitmap 2
 *	anywhere behind		page data
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "base/rank.h"
#include "base/rd.h"
#include "image/image.h"

#define DESC_SIZE	24
#define STATUS_INCOMPLETE 0x8
#define MAX_BLOCK	(1u << 20)
#define MAX_NOTES	(64u << 20)
#define UTS_LEN		65

struct kdump_header {
	bool		 is64;		/* width of the main header */
	bool		 big_endian;
	int32_t		 version;
	char		 uts[6][UTS_LEN];
	uint64_t	 sec;
	uint32_t	 status;
	uint32_t	 block_size;
	uint32_t	 sub_hdr_size;
	uint32_t	 bitmap_blocks;
	uint64_t	 max_mapnr;
};

struct kdump_sub {
	int32_t		 dump_level;
	int32_t		 split;
	uint64_t	 start_pfn, end_pfn;
	uint64_t	 off_vmcoreinfo, size_vmcoreinfo;
	uint64_t	 off_note, size_note;
};

struct kdump {
	struct kdump_header h;
	struct kdump_sub sub;
	struct kvmi_rank stored;	/* bitmap 2 */
	bool		 one_bitmap;
	uint64_t	 ram_off;	/* bitmap 1 in the file */
	uint64_t	 desc_off;
	uint64_t	 first_rank;	/* of a split member's first page */
};

/* Everything before the page descriptors. */
static uint64_t
header_blocks(const struct kdump_header *h)
{
	return (1 + (uint64_t)h->sub_hdr_size + h->bitmap_blocks);
}

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
	    header_blocks(h) <= file_size / h->block_size);
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
read_header(struct kvmi_image *img, struct kdump_header *ret,
    struct kvmi_err *err)
{
	uint8_t buf[464];
	struct kdump_header h = { 0 };
	int r;

	r = kvmi_src_read(img->src, 0, buf, sizeof(buf), "kdump header", err);
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
			    header_blocks(&h) * h.block_size,
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

static int
read_sub(struct kvmi_image *img, struct kdump *k, struct kvmi_err *err)
{
	uint8_t buf[104];
	struct kvmi_rd r = { .base = buf, .len = sizeof(buf),
		.off = k->h.block_size, .what = "kdump sub header",
		.big_endian = k->h.big_endian, .err = err };
	int s;

	s = kvmi_src_read(img->src, k->h.block_size, buf, sizeof(buf),
	    "kdump sub header", err);
	if (s != 0)
		return (s);
	sub_decode(&k->h, &k->sub, &r, sub_layout_of(&k->h, buf));
	return (r.status);
}

/* Notes or the bare VMCOREINFO text; damage here must not hide the pages. */
static int
read_notes(struct kvmi_image *img, struct kdump *k, struct kvmi_err *err)
{
	const struct kdump_sub *s = &k->sub;

	if (s->size_note > MAX_NOTES || s->size_vmcoreinfo > MAX_NOTES)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: kdump sub header has "
		    "notes of %" PRIu64 " and vmcoreinfo of %" PRIu64 " bytes",
		    img->src->name, s->size_note, s->size_vmcoreinfo));
	if (s->size_note != 0 && kvmi_src_blob(img->src, s->off_note,
	    s->size_note, "notes", &img->notes, err) != 0)
		img->truncated = true;
	if (s->size_vmcoreinfo != 0 && kvmi_src_blob(img->src,
	    s->off_vmcoreinfo, s->size_vmcoreinfo, "vmcoreinfo",
	    &img->vmcoreinfo, err) != 0)
		img->truncated = true;
	return (0);
}

/* The rank index of bitmap 2, and where bitmap 1 and the descriptors are. */
static int
index_bitmaps(struct kvmi_image *img, struct kdump *k, struct kvmi_err *err)
{
	const struct kdump_header *h = &k->h;
	uint64_t bs = h->block_size;
	uint64_t both = h->bitmap_blocks * bs;
	uint64_t bytes = h->max_mapnr / 8 + (h->max_mapnr % 8 != 0);
	uint64_t one_blocks = bytes / bs + (bytes % bs != 0);
	uint64_t off = (1 + (uint64_t)h->sub_hdr_size) * bs;
	bool set;
	uint64_t run;
	int r;

	if (one_blocks > h->bitmap_blocks)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: %" PRIu64
		    " pages need a bitmap of %" PRIu64 " bytes, the bitmaps "
		    "have %" PRIu64, img->src->name, h->max_mapnr, bytes,
		    both));
	k->one_bitmap = h->bitmap_blocks < 2 * one_blocks;
	k->ram_off = off;
	k->desc_off = off + both;
	if (!k->one_bitmap)
		off += h->bitmap_blocks / 2 * bs;
	r = kvmi_rank_init(&k->stored, img->src, off, h->max_mapnr,
	    1, "page bitmap", err);
	if (r != 0)
		return (r);
	if (k->sub.start_pfn > 0 && k->sub.start_pfn < h->max_mapnr)
		return (kvmi_rank_get(&k->stored, k->sub.start_pfn, 1, &set,
		    &k->first_rank, &run, err));
	return (0);
}

/*
 * A flattened stream that was cut may lack parts of the bitmap, and every page
 * behind them would be another.  Data begins where the descriptors end, with
 * the first page or with the one that all zero pages share: the first
 * descriptor tells whether their number is right.
 */
static int
check_bitmap(struct kvmi_image *img, const struct kdump *k,
    struct kvmi_err *err)
{
	uint64_t n = k->stored.total - k->first_rank;
	uint64_t data = k->desc_off + n * DESC_SIZE, first;
	uint8_t d[DESC_SIZE];

	if (!img->src->truncated || k->sub.split != 0 || n == 0)
		return (0);
	if (!kvmi_inside(k->desc_off, DESC_SIZE, img->src->size) ||
	    kvmi_src_read(img->src, k->desc_off, d, sizeof(d),
	    "page descriptor", err) != 0 ||
	    ((first = kvmi_get64(d, k->h.big_endian)) != data &&
	    first != data + k->h.block_size))
		return (kvmi_fail(err, KVMI_ETRUNC, "%s: the stream ends before "
		    "its page bitmap is complete", img->src->name));
	return (0);
}

static void
describe(struct kvmi_image *img, const struct kdump *k)
{
	const struct kvmi_codec *c =
	    kvmi_codec_by_kdump_flag(k->h.status & ~0x18u);

	snprintf(img->format, sizeof(img->format),
	    "kdump-compressed v%" PRId32 "%s%s%s%s%s", k->h.version,
	    c != NULL ? ", " : "", c != NULL ? c->name : "",
	    k->sub.split != 0 ? ", split" : "",
	    img->src->wrapping != NULL ? ", " : "",
	    img->src->wrapping != NULL ? img->src->wrapping : "");
}

static int
kdump_open(struct kvmi_image *img, struct kvmi_err *err)
{
	struct kdump *k = calloc(1, sizeof(*k));
	int r;

	img->priv = k;
	if (k == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory",
		    img->src->name));
	r = read_header(img, &k->h, err);
	if (r == 0)
		r = read_sub(img, k, err);
	if (r == 0)
		r = read_notes(img, k, err);
	if (r == 0)
		r = index_bitmaps(img, k, err);
	if (r == 0)
		r = check_bitmap(img, k, err);
	if (r != 0)
		return (r);
	img->block_size = k->h.block_size;
	img->big_endian = k->h.big_endian;
	img->arch = kvmi_arch_by_uname(k->h.uts[4]);
	img->max_pa = k->stored.last * img->block_size;
	img->timestamp = (int64_t)k->h.sec;
	img->incomplete = (k->h.status & STATUS_INCOMPLETE) != 0;
	if (k->desc_off + (k->stored.total - k->first_rank) * DESC_SIZE >
	    img->src->size && k->sub.split == 0)
		img->truncated = true;
	memcpy(img->nodename, k->h.uts[1], UTS_LEN);
	memcpy(img->release, k->h.uts[2], UTS_LEN);
	memcpy(img->version, k->h.uts[3], UTS_LEN);
	describe(img, k);
	return (0);
}

static void
lost(struct kvmi_extent *e, const char *why)
{
	e->state = KVMI_LOST;
	e->why = why;
}

/* The page of descriptor rank. */
static int
describe_page(struct kvmi_image *img, const struct kdump *k, uint64_t rank,
    struct kvmi_extent *e, struct kvmi_err *err)
{
	uint64_t at = k->desc_off + (rank - k->first_rank) * DESC_SIZE;
	uint8_t d[DESC_SIZE];
	uint32_t flags;
	int r;

	if (!kvmi_inside(at, DESC_SIZE, img->src->size)) {
		lost(e, "the file ends before its descriptor");
		return (0);
	}
	r = kvmi_src_read(img->src, at, d, sizeof(d), "page descriptor", err);
	if (r != 0)
		return (r);
	e->off = kvmi_get64(d, k->h.big_endian);
	e->stored_len = kvmi_get32(d + 8, k->h.big_endian);
	flags = kvmi_get32(d + 12, k->h.big_endian);
	if (e->off == 0) {
		lost(e, "the writer ran out of space (incomplete dump)");
		return (0);
	}
	if (!kvmi_inside(e->off, e->stored_len, img->src->size)) {
		lost(e, "the file ends before it (was it copied whole?)");
		return (0);
	}
	e->codec = flags == 0 ? NULL : kvmi_codec_by_kdump_flag(flags);
	if (flags != 0 && e->codec == NULL)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: page descriptor at "
		    "0x%" PRIx64 ": unknown compression flags 0x%" PRIx32,
		    img->src->name, at, flags));
	if (e->stored_len > img->block_size ||
	    (flags == 0 && e->stored_len != img->block_size))
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: page descriptor at "
		    "0x%" PRIx64 ": %" PRIu32 " bytes stored for a page of %"
		    PRIu32, img->src->name, at, e->stored_len,
		    img->block_size));
	e->state = KVMI_STORED;
	return (0);
}

/* A clear bit in bitmap 2: is it RAM that was left out? */
static int
unstored_state(struct kvmi_image *img, const struct kdump *k, uint64_t pfn,
    struct kvmi_extent *e, struct kvmi_err *err)
{
	uint8_t byte;
	int r;

	if (k->one_bitmap) {
		e->state = KVMI_ABSENT;
		return (0);
	}
	r = kvmi_src_read(img->src, k->ram_off + pfn / 8, &byte, 1,
	    "RAM bitmap", err);
	if (r == 0)
		e->state = byte >> pfn % 8 & 1 ? KVMI_EXCLUDED : KVMI_ABSENT;
	return (r);
}

static int
kdump_locate(struct kvmi_image *img, uint64_t pa, struct kvmi_extent *ret,
    struct kvmi_err *err)
{
	const struct kdump *k = img->priv;
	uint64_t pfn = pa / img->block_size;
	uint64_t rank, run;
	bool set;
	int r;

	*ret = (struct kvmi_extent){ .start = pfn * img->block_size,
		.len = img->block_size, .state = KVMI_ABSENT };
	if (pfn >= k->stored.nbits) {
		ret->start = k->stored.nbits * img->block_size;
		ret->len = UINT64_MAX - ret->start;
		return (0);
	}
	r = kvmi_rank_get(&k->stored, pfn, 1, &set, &rank, &run, err);
	if (r != 0)
		return (r);
	if (!set)
		return (unstored_state(img, k, pfn, ret, err));
	if (pfn < k->sub.start_pfn || pfn >= k->sub.end_pfn) {
		lost(ret, "it is in another member of a split dump");
		return (0);
	}
	return (describe_page(img, k, rank, ret, err));
}

static int
kdump_count(struct kvmi_image *img, struct kvmi_err *err)
{
	struct kdump *k = img->priv;
	struct kvmi_rank ram;		/* bitmap 1, indexed to be counted */
	int r;

	img->pages_present = k->stored.total;
	if (k->one_bitmap)
		return (0);
	r = kvmi_rank_init(&ram, img->src, k->ram_off, k->h.max_mapnr,
	    1, "RAM bitmap", err);
	if (r != 0)
		return (r);
	img->ram_bytes = ram.total * img->block_size;
	if (ram.total > k->stored.total)
		img->pages_excluded = ram.total - k->stored.total;
	kvmi_rank_deinit(&ram);
	return (0);
}

static void
kdump_close(struct kvmi_image *img)
{
	struct kdump *k = img->priv;

	if (k == NULL)
		return;
	kvmi_rank_deinit(&k->stored);
	free(k);
}

const struct kvmi_image_ops kvmi_image_kdump = {
	.name = "kdump-compressed file",
	.magic = {
		{ .off = 0, .len = 8, .bytes = "KDUMP   " },
		{ .off = 0, .len = 8, .bytes = "DISKDUMP" },
	},
	.min_size = 1024,
	.open = kdump_open,
	.locate = kdump_locate,
	.count = kdump_count,
	.close = kdump_close,
};
