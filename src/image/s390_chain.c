/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extended dumps of s390, since 2018: segments of memory that are not zero,
 * each behind a block that says where it is in memory.  They follow each other
 * in both; the last has a stop marker, and the end marker behind it.  With
 * zlib, entries of 1 MiB are compressed on their own, each from the start of a
 * block on; the header of the segment has a list of them.  s390-tools,
 * zipl/boot/stage2dump.c, eckd2dump.c and eckd2dump_zlib.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "base/zero.h"
#include "image/s390_impl.h"

#define BLOCK		KVMI_S390_BLOCK
#define ENTRIES		0x34		/* where the list is in the header */
#define MAX_ENTRIES	((BLOCK - ENTRIES) / 4)
#define PACKED_ZLIB	1
#define MAX_ENTRY	(UINT32_C(4) << 20)
/* What is written for a volume to have any use. */
#define MIN_SEGMENT	(UINT64_C(1) << 20)

struct segment {
	uint64_t	start, len;	/* of memory */
	uint64_t	disk_len;
	bool		last;
	uint32_t	nentries;	/* 0: as it is */
};

/* Entries that fit together: they follow each other, up to the end. */
static bool
check_entries(const struct s390 *s, const struct segment *g, const uint8_t *p)
{
	uint64_t entry_len = s->h.entry_len;

	if (g->nentries > MAX_ENTRIES ||
	    g->nentries != g->len / entry_len + (g->len % entry_len != 0))
		return (false);
	for (uint32_t i = 0; i < g->nentries; i++) {
		uint32_t at = kvmi_get32(p + ENTRIES + 4 * i, true);
		uint64_t len = kvmi_min(entry_len, g->len - i * entry_len);
		uint64_t off = (uint64_t)(at & ~S390_PLAIN) * BLOCK, end;

		end = i + 1 == g->nentries ? g->disk_len : (uint64_t)
		    (kvmi_get32(p + ENTRIES + 4 * i + 4, true) & ~S390_PLAIN) *
		    BLOCK;
		if ((i == 0 && off != 0) || end <= off ||
		    end - off > 2 * entry_len ||
		    ((at & S390_PLAIN) != 0 && end - off < len))
			return (false);
	}
	return (true);
}

/* The last may be empty, when all that follows is zero. */
static bool
is_behind(const struct s390 *s, const struct segment *g, uint64_t stop)
{
	uint64_t last;

	return ((stop == 0 || stop == UINT64_MAX) && g->start % BLOCK == 0 &&
	    g->len % BLOCK == 0 && (g->len != 0 ? g->start >= kvmi_s390_at(s) :
	    g->last) && kvmi_add(g->start, g->len, &last) && last <= s->end);
}

/*
 * The header of a segment behind what is known.  KVMI_ENOENT: there is none,
 * and *why the segments end here.
 */
static int
read_segment(struct kvmi_image *img, const struct s390 *s,
    const struct s390_volume *vol, uint64_t off, uint8_t p[BLOCK],
    struct segment *g, enum s390_chain_end *why, struct kvmi_err *err)
{
	bool alone = off == vol->off + s->h.len && !s->h.many_volumes, plain;
	uint64_t stop;
	uint32_t blocks;
	int r;

	*why = S390_CUT;
	if (!kvmi_inside(off, BLOCK, vol->end))
		return (KVMI_ENOENT);
	r = kvmi_src_read(img->src, off, p, BLOCK, "header of a segment", err);
	if (r != 0)	/* what was lost while it was mapped is cut as well */
		return (r == KVMI_ETRUNC ? KVMI_ENOENT : r);
	stop = kvmi_get64(p + 16, true);
	blocks = kvmi_get32(p + 24, true);
	*g = (struct segment){ .start = kvmi_get64(p, true),
		.len = kvmi_get64(p + 8, true), .last = stop != 0,
		.nentries = kvmi_get32(p + 48, true) };
	g->disk_len = blocks != 0 ? (uint64_t)blocks * BLOCK : g->len;
	plain = kvmi_all_zero(p + 24, BLOCK - 24);
	*why = plain ? S390_BROKEN : S390_MEMORY;
	if (!is_behind(s, g, stop))
		return (KVMI_ENOENT);
	if (blocks == 0)
		return (plain ? 0 : KVMI_ENOENT);
	*why = S390_BROKEN;
	/* What a disk held before may look like one that is compressed. */
	if (s->h.packing == 0 && !alone)
		return (KVMI_ENOENT);
	if (s->h.packing != PACKED_ZLIB || s->h.entry_len < BLOCK ||
	    s->h.entry_len > MAX_ENTRY || s->h.entry_len % BLOCK != 0)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: segment of an s390 "
		    "dump at 0x%" PRIx64 " compressed in way %u, in entries of "
		    "%" PRIu32 " bytes; wanted way %u", img->src->name, off,
		    s->h.packing, s->h.entry_len, PACKED_ZLIB));
	return (check_entries(s, g, p) ? 0 : KVMI_ENOENT);
}

/* Keep where the entries are, and where the last one ends. */
static int
add_entries(struct s390 *s, const struct segment *g, const uint8_t *p,
    struct kvmi_err *err)
{
	size_t want = s->nentries + g->nentries + 1;

	if (want > UINT32_MAX)
		return (kvmi_fail(err, KVMI_EFORMAT, "too many entries"));
	if (want > s->cap_entries) {
		size_t cap = want * 2;
		void *v = realloc(s->entry, cap * sizeof(*s->entry));

		if (v == NULL)
			return (kvmi_fail(err, KVMI_ENOMEM,
			    "no memory for %zu entries", cap));
		s->entry = v;
		s->cap_entries = cap;
	}
	for (uint32_t i = 0; i < g->nentries; i++)
		s->entry[s->nentries++] = kvmi_get32(p + ENTRIES + 4 * i, true);
	s->entry[s->nentries++] = (uint32_t)(g->disk_len / BLOCK);
	return (0);
}

static int
add_segment(struct s390 *s, const struct segment *g, const uint8_t *p,
    uint64_t off, uint64_t end, struct kvmi_err *err)
{
	struct s390_piece piece = { .start = g->start, .len = g->len,
		.off = off, .stored = kvmi_min(g->disk_len, end - off),
		.why = S390_STORED };

	if (g->nentries != 0) {
		int r;

		piece.entry = (uint32_t)s->nentries;
		piece.nentries = g->nentries;
		r = add_entries(s, g, p, err);
		if (r != 0)
			return (r);
	}
	return (kvmi_s390_add(s, &piece, err));
}

/* Why no other follows. */
static enum s390_chain_end
end_of(const struct s390 *s, const struct s390_chain *c, uint64_t end,
    enum s390_chain_end why)
{
	if (why == S390_CUT || c->n == 0)
		return (why);
	return (s->h.many_volumes && end - c->at < MIN_SEGMENT + 2 * BLOCK ?
	    S390_FULL : S390_BROKEN);
}

int
kvmi_s390_chain(struct kvmi_image *img, struct s390 *s,
    const struct s390_volume *vol, uint8_t gap, struct s390_chain *ret,
    struct kvmi_err *err)
{
	uint64_t end = vol->end;
	uint8_t p[BLOCK];

	*ret = (struct s390_chain){ .at = vol->off + s->h.len };
	/* Each takes a block at least, and is behind the last in memory. */
	for (;;) {
		enum s390_chain_end why;
		struct segment g;
		int r = read_segment(img, s, vol, ret->at, p, &g, &why, err);

		if (r == KVMI_ENOENT) {
			ret->end = end_of(s, ret, end, why);
			return (0);
		}
		if (r == 0 && ret->n == 0)
			r = kvmi_s390_lose(s, g.len != 0 ? g.start : s->end,
			    gap, err);
		ret->at += BLOCK;
		if (r == 0)
			r = add_segment(s, &g, p, ret->at, end, err);
		if (r != 0)
			return (r);
		ret->n++;
		if (!kvmi_inside(ret->at, g.disk_len, end)) {
			ret->end = S390_CUT;
			ret->at = end;
			return (0);
		}
		ret->at += g.disk_len;
		if (g.last) {
			ret->end = S390_LAST;
			return (0);
		}
	}
}
