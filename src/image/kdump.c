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
#include "image/kdump_impl.h"

#define STATUS_INCOMPLETE 0x8
#define LAST		256		/* descriptors */

/* Notes or the bare VMCOREINFO text; damage here must not hide the pages. */
static int
read_notes(struct kvmi_image *img, struct kdump *k, struct kvmi_err *err)
{
	const struct kdump_sub *s = &k->sub;

	if (s->size_note > KVMI_MAX_NOTES || s->size_vmcoreinfo > KVMI_MAX_NOTES)
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
	return (kvmi_kdump_members(img, k, err));
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
	uint64_t n = k->stored.total;
	uint64_t data = k->desc_off + n * KVMI_KDUMP_DESC, first;
	uint8_t d[KVMI_KDUMP_DESC];

	if (!img->src->truncated || k->sub.split != 0 || n == 0)
		return (0);
	if (!kvmi_inside(k->desc_off, KVMI_KDUMP_DESC, img->src->size) ||
	    kvmi_src_read(img->src, k->desc_off, d, sizeof(d),
	    "page descriptor", err) != 0 ||
	    ((first = kvmi_get64(d, k->h.big_endian)) != data &&
	    first != data + k->h.block_size))
		return (kvmi_fail(err, KVMI_ETRUNC, "%s: the stream ends before "
		    "its page bitmap is complete", img->src->name));
	return (0);
}

/*
 * Was a file cut?  Pages are written in order, so one of the last ends where
 * all does; those of zeros share theirs.
 */
static bool
is_cut(struct kvmi_image *img, const struct kdump *k,
    const struct kdump_member *m, uint64_t n)
{
	uint8_t d[LAST * KVMI_KDUMP_DESC];
	uint64_t some = kvmi_min(n, LAST);
	uint64_t at = m->off + k->desc_off + (n - some) * KVMI_KDUMP_DESC;
	size_t len = (size_t)some * KVMI_KDUMP_DESC;
	struct kvmi_err ignored;

	if (!kvmi_inside(at, len, img->src->size))
		return (true);
	if (kvmi_src_read(img->src, at, d, len, "page descriptors",
	    &ignored) != 0)
		return (false);
	for (size_t i = 0; i < len; i += KVMI_KDUMP_DESC) {
		uint64_t off = kvmi_get64(d + i, k->h.big_endian);

		if (off != 0 && kvmi_add(off, m->off, &off) &&
		    !kvmi_inside(off, kvmi_get32(d + i + 8, k->h.big_endian),
		    img->src->size))
			return (true);
	}
	return (false);
}

static void
describe(struct kvmi_image *img, const struct kdump *k)
{
	const struct kvmi_codec *c =
	    kvmi_codec_by_kdump_flag(k->h.status & ~0x18u);

	snprintf(img->format, sizeof(img->format),
	    "kdump-compressed v%" PRId32 "%s%s%s", k->h.version,
	    c != NULL ? ", " : "", c != NULL ? c->name : "",
	    k->sub.split == 0 ? "" : ", split");
}

/*
 * On 32-bit Arm makedumpfile numbers pages from where memory begins.  QEMU,
 * which leaves all names of the kernel empty, does not.
 */
static int
find_base(struct kvmi_image *img, struct kdump *k, struct kvmi_err *err)
{
	uint64_t end;

	if (img->arch != &kvmi_arch_arm || k->h.uts[2][0] == '\0')
		return (0);
	k->base_pa = k->sub.phys_base;
	if (k->base_pa % img->block_size != 0 || !kvmi_mul(k->stored.nbits,
	    img->block_size, &end) || !kvmi_add(end, k->base_pa, &end))
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: memory begins at 0x%"
		    PRIx64 " (phys_base in the kdump sub header)",
		    img->src->name, k->base_pa));
	return (0);
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
	r = kvmi_kdump_header(img, 0, &k->h, &k->sub, err);
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
	r = find_base(img, k, err);
	if (r != 0)
		return (r);
	img->max_pa = k->base_pa + k->stored.last * img->block_size;
	img->timestamp = (int64_t)k->h.sec;
	img->incomplete = (k->h.status & STATUS_INCOMPLETE) != 0;
	for (size_t i = 0; i < k->nmembers; i++)
		img->truncated |= k->member[i].missing[0] == '\0' &&
		    is_cut(img, k, &k->member[i], kvmi_kdump_count(k, i));
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

/* The page of descriptor rank, counted over all members, in one of them. */
static int
describe_page(struct kvmi_image *img, const struct kdump *k,
    const struct kdump_member *m, uint64_t rank, struct kvmi_extent *e,
    struct kvmi_err *err)
{
	uint64_t at = m->off + k->desc_off +
	    (rank - m->first_rank) * KVMI_KDUMP_DESC;
	uint8_t d[KVMI_KDUMP_DESC];
	uint32_t flags;
	int r;

	if (!kvmi_inside(at, KVMI_KDUMP_DESC, img->src->size)) {
		lost(e, "the file ends before its descriptor");
		return (0);
	}
	r = kvmi_src_read(img->src, at, d, sizeof(d), "page descriptor", err);
	if (r != 0)
		return (r);
	e->off = kvmi_get64(d, k->h.big_endian);
	e->stored_len = kvmi_get32(d + 8, k->h.big_endian);
	flags = kvmi_get32(d + 12, k->h.big_endian);
	if (e->off == 0 || !kvmi_add(e->off, m->off, &e->off)) {
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
	uint64_t pfn = (pa - k->base_pa) / img->block_size;
	const struct kdump_member *m;
	struct kvmi_rank_at at;
	int r;

	*ret = (struct kvmi_extent){ .len = k->base_pa,
		.state = KVMI_ABSENT };
	if (pa < k->base_pa)
		return (0);
	ret->start = k->base_pa + kvmi_min(pfn, k->stored.nbits) *
	    img->block_size;
	ret->len = pfn < k->stored.nbits ? img->block_size :
	    UINT64_MAX - ret->start;
	if (pfn >= k->stored.nbits)
		return (0);
	r = kvmi_rank_get(&k->stored, pfn, pfn, pfn + 1, &at, err);
	if (r != 0)
		return (r);
	if (!at.set)
		return (unstored_state(img, k, pfn, ret, err));
	m = kvmi_kdump_member(k, pfn);
	if (m->missing[0] != '\0') {
		lost(ret, m->missing);
		return (0);
	}
	return (describe_page(img, k, m, at.rank, ret, err));
}

static int
kdump_count(struct kvmi_image *img, struct kvmi_err *err)
{
	struct kdump *k = img->priv;
	struct kvmi_rank ram;		/* bitmap 1, indexed to be counted */
	int r;

	img->pages_present = kvmi_kdump_pages(k);
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
	free(k->member);
	free(k);
}

const struct kvmi_image_ops kvmi_image_kdump = {
	.name = "kdump-compressed file",
	.magic = {
		{ .off = 0, .len = 8, .bytes = "KDUMP   " },
		{ .off = 0, .len = 8, .bytes = "DISKDUMP" },
	},
	.min_size = 1024,
	.shares_pages = true,
	.open = kdump_open,
	.locate = kdump_locate,
	.count = kdump_count,
	.close = kdump_close,
};
