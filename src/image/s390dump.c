/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the stand-alone dump tools of s390 leave on disks or a tape: a header
 * of one page, memory, an end marker.  s390-tools, include/dump/s390_dump.h and
 * zipl/boot; always big-endian.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "base/rd.h"
#include "image/s390_impl.h"

#define MAGIC		"\xa8\x19\x01\x73\x61\x8f\x23\xfd"
#define MAGIC_EXTENDED	"\xa8\x19\x01\x73\x61\x8f\x23\xfe"
#define MAGIC_LEN	8
#define HEADER_LEN	104
#define MAX_HEADER	(UINT64_C(1) << 20)
#define MAX_MEMORY	(UINT64_C(1) << 52)
#define ARCH_64		2

#define END_MARKER	"DUMP_END"
#define END_LEN		16

/* The clock counts in units of 2^-12 us from 1900 on. */
#define TOD_1970	UINT64_C(0x7d91048bca000000)
#define TOD_SECOND	UINT64_C(4096000000)

static const char file_ends[] = "the file ends before it (was it copied "
    "whole?)";

int
kvmi_s390_header(struct kvmi_image *img, uint64_t off, struct s390_header *h,
    struct kvmi_err *err)
{
	uint8_t raw[HEADER_LEN];
	struct kvmi_rd r = { .base = raw, .len = sizeof(raw), .off = off,
		.what = "s390 dump header", .big_endian = true, .err = err };
	int s = kvmi_src_read(img->src, off, raw, sizeof(raw), "header", err);

	if (s != 0)
		return (s);
	*h = (struct s390_header){ 0 };
	h->extended = memcmp(raw, MAGIC_EXTENDED, MAGIC_LEN) == 0;
	if (!h->extended && memcmp(raw, MAGIC, MAGIC_LEN) != 0)
		return (KVMI_ENOTMINE);
	kvmi_rd_seek(&r, "version", MAGIC_LEN);
	h->version = kvmi_rd_u32(&r, "version");
	h->len = kvmi_rd_u32(&r, "header size");
	kvmi_rd_u32(&r, "dump level");
	kvmi_rd_u32(&r, "page size");
	/* Where it ends some writers count in and some do not. */
	h->mem_len = kvmi_rd_u64(&r, "memory size");
	kvmi_rd_seek(&r, "time", 56);
	h->tod = kvmi_rd_u64(&r, "time");
	h->cpu = kvmi_rd_u64(&r, "CPU");
	h->arch = kvmi_rd_u32(&r, "architecture");
	h->volume = kvmi_rd_u32(&r, "volume");
	kvmi_rd_seek(&r, "several volumes", 92);
	h->many_volumes = kvmi_rd_uint(&r, "several volumes", 1) != 0;
	kvmi_rd_u32(&r, "CPUs");
	h->packing = (uint8_t)kvmi_rd_uint(&r, "way to compress", 1);
	h->entry_len = kvmi_rd_u32(&r, "size of an entry");
	return (r.status);
}

static int
check_header(const struct kvmi_image *img, const struct s390_header *h,
    struct kvmi_err *err)
{
	const char *name = img->src->name;

	if (h->arch != ARCH_64)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: an s390 dump of "
		    "architecture %" PRIu32 ", wanted %u (64 bit)", name,
		    h->arch, ARCH_64));
	if (h->len < HEADER_LEN || h->len > MAX_HEADER || h->mem_len == 0 ||
	    h->mem_len > MAX_MEMORY ||
	    (h->extended && h->mem_len % KVMI_S390_BLOCK != 0))
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: s390 dump header of %"
		    PRIu32 " bytes with 0x%" PRIx64 " bytes of memory; wanted "
		    "at most 0x%" PRIx64 " and 0x%" PRIx64 ", and of an "
		    "extended dump whole pages", name, h->len, h->mem_len,
		    MAX_HEADER, MAX_MEMORY));
	return (0);
}

int
kvmi_s390_add(struct s390 *s, const struct s390_piece *p, struct kvmi_err *err)
{
	if (p->len == 0)
		return (0);
	if (s->n == s->cap) {
		size_t cap = s->cap == 0 ? 16 : s->cap * 2;
		void *v = realloc(s->v, cap * sizeof(*s->v));

		if (v == NULL)
			return (kvmi_fail(err, KVMI_ENOMEM,
			    "no memory for %zu stretches of memory", cap));
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = *p;
	return (0);
}

uint64_t
kvmi_s390_at(const struct s390 *s)
{
	return (s->n > 0 ? s->v[s->n - 1].start + s->v[s->n - 1].len : 0);
}

int
kvmi_s390_lose(struct s390 *s, uint64_t end, uint8_t why, struct kvmi_err *err)
{
	uint64_t at = kvmi_s390_at(s);

	if (why == S390_STORED || at >= end)
		return (0);
	s->lost += end - at;
	return (kvmi_s390_add(s, &(struct s390_piece){ .start = at,
	    .len = end - at, .why = why }, err));
}

uint8_t
kvmi_s390_why(struct s390 *s, const char *fmt, ...)
{
	uint8_t at = s->nwhy;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->why[at], sizeof(s->why[at]), fmt, ap);
	va_end(ap);
	/* There are as many as can be needed; the last is written over. */
	if ((size_t)at + 1 < KVMI_COUNT(s->why))
		s->nwhy++;
	return (at);
}

bool
kvmi_s390_ends(struct kvmi_image *img, const struct s390_header *h,
    uint64_t off, uint64_t end)
{
	struct kvmi_err ignored;
	uint8_t raw[END_LEN];
	struct kvmi_rd r = { .base = raw, .len = sizeof(raw), .pos = 8,
		.what = "end marker", .big_endian = true, .err = &ignored };

	return (kvmi_inside(off, sizeof(raw), end) &&
	    kvmi_src_read(img->src, off, raw, sizeof(raw), "end marker",
	    &ignored) == 0 && memcmp(raw, END_MARKER, 8) == 0 &&
	    kvmi_rd_u64(&r, "time") >= h->tod);
}

/* A dump that was not finished ends in what the disk held before. */
bool
kvmi_s390_finished(struct kvmi_image *img, const struct s390_header *h,
    uint64_t off, uint64_t end)
{
	if (kvmi_s390_ends(img, h, off, end))
		return (true);
	if (!kvmi_inside(off, END_LEN, end)) {
		img->truncated = true;
		kvmi_remark(img->note, sizeof(img->note), "the file ends "
		    "before its end marker");
		return (false);
	}
	img->incomplete = true;
	kvmi_remark(img->note, sizeof(img->note), "the dump has no end marker "
	    "of its own: it was not finished");
	return (false);
}

int
kvmi_s390_linear(struct kvmi_image *img, struct s390 *s, struct kvmi_err *err)
{
	uint64_t size = img->src->size, off = s->h.len, end;

	s->h.extended = false;		/* whatever a tape's header says */
	if (!kvmi_add(off, s->end, &end) || end > size)
		img->truncated = true;
	else
		kvmi_s390_finished(img, &s->h, end, size);
	return (kvmi_s390_add(s, &(struct s390_piece){ .len = s->end,
	    .off = off, .stored = off < size ? size - off : 0,
	    .why = S390_STORED }, err));
}

static int
s390_open(struct kvmi_image *img, struct kvmi_err *err)
{
	struct s390 *s = calloc(1, sizeof(*s));
	int r;

	img->priv = s;
	if (s == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory",
		    img->src->name));
	r = kvmi_s390_header(img, 0, &s->h, err);
	if (r == 0)
		r = check_header(img, &s->h, err);
	if (r != 0)
		return (r);
	s->end = s->h.mem_len;
	img->arch = &kvmi_arch_s390x;
	img->big_endian = true;
	img->max_pa = s->end;
	if (s->h.tod > TOD_1970)
		img->timestamp = (int64_t)((s->h.tod - TOD_1970) / TOD_SECOND);
	r = kvmi_s390_volumes(img, s, err);
	if (s->nentries != 0)
		img->block_size = s->h.entry_len;
	snprintf(img->format, sizeof(img->format), "s390 stand-alone dump v%"
	    PRIu32 "%s%s%s", s->h.version, s->h.extended ? ", extended" : "",
	    s->h.many_volumes ? ", of several volumes" : "",
	    s->nentries != 0 ? ", zlib" : "");
	return (r);
}

/* The entry that pa lies in: as it is, or compressed. */
static void
locate_entry(const struct s390 *s, const struct s390_piece *p, uint64_t pa,
    struct kvmi_extent *ret)
{
	uint64_t i = (pa - p->start) / s->h.entry_len;
	uint64_t in = i * s->h.entry_len;
	const uint32_t *e = &s->entry[p->entry + i];
	uint64_t off = (uint64_t)(e[0] & ~S390_PLAIN) * KVMI_S390_BLOCK;
	uint64_t next = (uint64_t)(e[1] & ~S390_PLAIN) * KVMI_S390_BLOCK;

	*ret = (struct kvmi_extent){ .state = KVMI_STORED,
		.start = p->start + in,
		.len = kvmi_min(s->h.entry_len, p->len - in),
		.off = p->off + off };
	if ((e[0] & S390_PLAIN) == 0) {
		ret->codec = &kvmi_codec_zlib;
		ret->stored_len = (uint32_t)(next - off);
	}
	if (next > p->stored) {
		ret->state = KVMI_LOST;
		ret->why = file_ends;
	}
}

static int
s390_locate(struct kvmi_image *img, uint64_t pa, struct kvmi_extent *ret,
    struct kvmi_err *err)
{
	const struct s390 *s = img->priv;
	const struct s390_piece *p;
	size_t lo = 0, hi = s->n;
	uint64_t there, gap;

	(void)err;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->v[mid].start <= pa)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (pa >= s->end) {
		*ret = (struct kvmi_extent){ .state = KVMI_ABSENT,
			.start = s->end, .len = UINT64_MAX - s->end };
		return (0);
	}
	p = lo > 0 ? &s->v[lo - 1] : NULL;
	if (p == NULL || pa - p->start >= p->len) {
		gap = p != NULL ? p->start + p->len : 0;
		*ret = (struct kvmi_extent){ .state = KVMI_STORED,
			.zero = true, .start = gap,
			.len = (lo < s->n ? s->v[lo].start : s->end) - gap };
		return (0);
	}
	if (p->nentries != 0) {
		locate_entry(s, p, pa, ret);
		return (0);
	}
	there = kvmi_min(p->len, p->stored);
	if (pa - p->start < there) {
		*ret = (struct kvmi_extent){ .state = KVMI_STORED,
			.start = p->start, .len = there, .off = p->off };
		return (0);
	}
	*ret = (struct kvmi_extent){ .state = KVMI_LOST,
		.start = p->start + there, .len = p->len - there,
		.why = p->why == S390_STORED ? file_ends : s->why[p->why] };
	return (0);
}

static int
s390_count(struct kvmi_image *img, struct kvmi_err *err)
{
	const struct s390 *s = img->priv;

	(void)err;
	img->ram_bytes = s->end;
	img->pages_present = (s->end - s->lost) / 4096;
	return (0);
}

static void
s390_close(struct kvmi_image *img)
{
	struct s390 *s = img->priv;

	if (s == NULL)
		return;
	free(s->v);
	free(s->entry);
	free(s);
}

const struct kvmi_image_ops kvmi_image_s390dump = {
	.name = "s390 dump",
	.magic = { { .off = 0, .len = MAGIC_LEN, .bytes = MAGIC },
		{ .off = 0, .len = MAGIC_LEN, .bytes = MAGIC_EXTENDED } },
	.min_size = HEADER_LEN,
	.open = s390_open,
	.locate = s390_locate,
	.count = s390_count,
	.close = s390_close,
};
