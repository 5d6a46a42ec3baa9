/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FreeBSD minidumps: the pages that the kernel uses, behind a bitmap of them
 * and the kernel's page tables.  sys/<arch>/include/minidump.h and
 * sys/<arch>/<arch>/minidump_machdep.c of FreeBSD.
 *
 *	page 0		header
 *	then		message buffer; dump_avail; bitmap; page tables; pages
 * each rounded up to a page.
 */
#include "image/minidump.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "base/rank.h"
#include "base/rd.h"

#define MIN_PAGE	4096

/* A range of physical memory, and the bitmap's bit of its first page. */
struct range {
	uint64_t	start;
	uint64_t	end;
	uint64_t	first_bit;
};

struct minidump {
	struct kvmi_minidump pub;
	struct range	*range;
	size_t		 nranges;
	struct kvmi_rank stored;
	uint64_t	 pages_off;
};

static uint64_t
page_size(const struct minidump *m)
{
	return (UINT64_C(1) << m->pub.page_shift);
}

static uint64_t
page_down(const struct minidump *m, uint64_t pa)
{
	return (pa & ~(page_size(m) - 1));
}

static uint64_t
page_up(const struct minidump *m, uint64_t pa)
{
	return (page_down(m, pa + page_size(m) - 1));
}

/* Place the sections one after the other. */
static int
place_sections(struct kvmi_image *img, struct minidump *m, uint64_t *avail_off,
    uint64_t *bitmap_off, struct kvmi_err *err)
{
	uint64_t off = page_size(m);
	struct { uint64_t *off; uint64_t len; const char *what; } part[] = {
		{ &m->pub.msgbuf_off, m->pub.msgbuf_len, "message buffer" },
		{ avail_off, m->pub.avail_len, "dump_avail" },
		{ bitmap_off, m->pub.bitmap_len, "page bitmap" },
		{ &m->pub.pt_off, m->pub.pt_len, "page tables" },
		{ &m->pages_off, 0, "pages" },
	};

	for (size_t i = 0; i < KVMI_COUNT(part); i++) {
		*part[i].off = off;
		/* Lengths are 32-bit, so the sums cannot wrap. */
		off += page_up(m, part[i].len);
		if (off > img->src->size)
			return (kvmi_fail(err, KVMI_ETRUNC, "%s: %s of %" PRIu64
			    " bytes at 0x%" PRIx64 " passes the end of the file "
			    "at 0x%" PRIx64, img->src->name, part[i].what,
			    part[i].len, *part[i].off, img->src->size));
	}
	return (0);
}

/* One range from 0 on, for versions without dump_avail. */
static int
implied_range(struct minidump *m, struct kvmi_err *err)
{
	m->range = malloc(sizeof(*m->range));
	if (m->range == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "no memory for dump_avail"));
	m->range[0] = (struct range){ .end = (uint64_t)m->pub.bitmap_len * 8 <<
		m->pub.page_shift };
	m->nranges = 1;
	return (0);
}

/* Pairs of addresses, ended by a zero end; bits run on without the holes. */
static int
read_ranges(struct kvmi_image *img, struct minidump *m, uint64_t off,
    struct kvmi_err *err)
{
	size_t max = m->pub.avail_len / 16;
	unsigned int shift = m->pub.page_shift;
	uint64_t bit = 0, last_end = 0;
	struct kvmi_blob blob;
	int r;

	if (m->pub.avail_len == 0)
		return (implied_range(m, err));
	r = kvmi_src_blob(img->src, off, m->pub.avail_len, "dump_avail", &blob,
	    err);
	if (r != 0)
		return (r);
	m->range = calloc(max + 1, sizeof(*m->range));
	if (m->range == NULL)
		r = kvmi_fail(err, KVMI_ENOMEM, "no memory for dump_avail");
	for (size_t i = 0; i < max && r == 0; i++) {
		uint64_t start = kvmi_get64(blob.p + 16 * i, img->big_endian);
		uint64_t end = kvmi_get64(blob.p + 16 * i + 8,
		    img->big_endian);

		if (end == 0)
			break;
		if (end < start || start < last_end || end > INT64_MAX) {
			r = kvmi_fail(err, KVMI_EFORMAT, "%s: dump_avail range "
			    "%zu at 0x%" PRIx64 ": 0x%" PRIx64 " to 0x%" PRIx64
			    " is reversed or overlaps the one before",
			    img->src->name, i, off + 16 * i, start, end);
			break;
		}
		m->range[m->nranges++] = (struct range){ start, end, bit };
		bit += (page_up(m, end) >> shift) - (start >> shift);
		last_end = end;
	}
	kvmi_blob_release(&blob);
	return (r);
}

/*
 * arm's writer does not align the pages behind its tables, though readers
 * were told so: the length of the file decides, then the writer.
 */
static void
settle_packed(struct kvmi_image *img, struct minidump *m)
{
	uint64_t len, end;

	if (!kvmi_mul(m->stored.total, page_size(m), &len) ||
	    !kvmi_add(m->pages_off, len, &end) || end != img->src->size)
		m->pages_off = m->pub.pt_off + m->pub.pt_len;
}

static void
check_length(struct kvmi_image *img, const struct minidump *m)
{
	uint64_t want;

	if (!kvmi_mul(m->stored.total, page_size(m), &want) ||
	    !kvmi_add(want, m->pages_off, &want) || want > img->src->size)
		img->truncated = true;
}

static uint64_t
pa_of_bit(const struct minidump *m, uint64_t bit)
{
	for (size_t i = m->nranges; i-- > 0;)
		if (bit >= m->range[i].first_bit)
			return (page_down(m, m->range[i].start) +
			    ((bit - m->range[i].first_bit) << m->pub.page_shift));
	return (0);
}

static int
minidump_open(struct kvmi_image *img, struct kvmi_err *err)
{
	struct minidump *m = calloc(1, sizeof(*m));
	uint64_t avail_off, bitmap_off;
	int r;

	img->priv = m;
	if (m == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory",
		    img->src->name));
	m->pub.src = img->src;
	r = kvmi_minidump_header(img->src, &m->pub, err);
	img->minidump = &m->pub;
	img->arch = m->pub.machine;
	img->big_endian = m->pub.big_endian;
	if (r == 0)
		r = place_sections(img, m, &avail_off, &bitmap_off, err);
	if (r == 0)
		r = read_ranges(img, m, avail_off, err);
	if (r == 0)
		r = kvmi_rank_init(&m->stored, img->src, bitmap_off,
		    (uint64_t)m->pub.bitmap_len * 8, m->pub.bitmap_word,
		    "page bitmap", err);
	if (r != 0)
		return (r);
	if (m->pub.pt_packed)
		settle_packed(img, m);
	img->max_pa = m->stored.last == 0 ? 0 :
	    pa_of_bit(m, m->stored.last - 1) + page_size(m);
	check_length(img, m);
	snprintf(img->format, sizeof(img->format),
	    "FreeBSD/%s minidump version %" PRIu32, m->pub.arch,
	    m->pub.version);
	return (0);
}

/*
 * The range that the page at pa begins in, or NULL and the gap around it: a
 * page that begins before its range does was never noted (vm_page_dump_add()
 * of FreeBSD).
 */
static const struct range *
range_of(const struct minidump *m, uint64_t pa, uint64_t *gap_start,
    uint64_t *gap_end)
{
	size_t lo = 0, hi = m->nranges;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->range[mid].end <= pa)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < m->nranges && pa >= m->range[lo].start)
		return (&m->range[lo]);
	*gap_start = lo > 0 ? page_up(m, m->range[lo - 1].end) : 0;
	*gap_end = lo < m->nranges ? page_up(m, m->range[lo].start) : UINT64_MAX;
	return (NULL);
}

static int
minidump_locate(struct kvmi_image *img, uint64_t pa, struct kvmi_extent *ret,
    struct kvmi_err *err)
{
	const struct minidump *m = img->priv;
	uint64_t gap_start, gap_end, bit, first, there;
	unsigned int shift = m->pub.page_shift;
	uint64_t page = page_down(m, pa);
	const struct range *g = range_of(m, page, &gap_start, &gap_end);
	struct kvmi_rank_at at;
	int r;

	*ret = (struct kvmi_extent){ .state = KVMI_ABSENT };
	if (g == NULL) {
		ret->start = gap_start;
		ret->len = gap_end - gap_start;
		return (0);
	}
	bit = g->first_bit + ((page >> shift) - (g->start >> shift));
	ret->start = page;
	ret->len = page_up(m, g->end) - page;
	if (bit >= m->stored.nbits)
		return (0);
	/* Pages whose bits follow each other are stored one after the other. */
	first = g->first_bit + (page_up(m, g->start) > g->start);
	r = kvmi_rank_get(&m->stored, bit, kvmi_min(first, bit),
	    bit + (ret->len >> shift), &at, err);
	if (r != 0)
		return (r);
	ret->start = page - (at.before << shift);
	ret->len = (at.before + at.run) << shift;
	if (!at.set) {
		ret->state = KVMI_EXCLUDED;
		return (0);
	}
	ret->off = m->pages_off + ((at.rank - at.before) << shift);
	there = ret->off < img->src->size ?
	    (img->src->size - ret->off) >> shift : 0;
	if (there <= at.before) {
		ret->start = page;
		ret->len = at.run << shift;
		ret->state = KVMI_LOST;
		ret->why = "the file ends before it (was it copied whole?)";
		return (0);
	}
	ret->state = KVMI_STORED;
	ret->len = kvmi_min(at.before + at.run, there) << shift;
	return (0);
}

static int
minidump_count(struct kvmi_image *img, struct kvmi_err *err)
{
	const struct minidump *m = img->priv;
	uint64_t ram = 0;

	(void)err;
	img->pages_present = m->stored.total;
	if (m->pub.avail_len == 0)
		return (0);
	for (size_t i = 0; i < m->nranges; i++)
		ram += m->range[i].end - m->range[i].start;
	img->ram_bytes = ram;
	ram >>= m->pub.page_shift;
	if (ram > m->stored.total)
		img->pages_excluded = ram - m->stored.total;
	return (0);
}

static void
minidump_close(struct kvmi_image *img)
{
	struct minidump *m = img->priv;

	if (m == NULL)
		return;
	kvmi_rank_deinit(&m->stored);
	free(m->range);
	free(m);
}

const struct kvmi_image_ops kvmi_image_minidump = {
	.name = "FreeBSD minidump",
	.magic = { { .off = 0, .len = 8, .bytes = "minidump" } },
	.min_size = MIN_PAGE,
	.open = minidump_open,
	.locate = minidump_locate,
	.count = minidump_count,
	.close = minidump_close,
};
