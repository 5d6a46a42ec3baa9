/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Split kdump files (makedumpfile --split): each member has the headers and
 * both bitmaps of the whole, and descriptors for a range of its pages.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "image/kdump_impl.h"

/* Members of one dump have the same main header. */
static bool
same_dump(const struct kdump_header *a, const struct kdump_header *b)
{
	return (a->version == b->version && a->block_size == b->block_size &&
	    a->sub_hdr_size == b->sub_hdr_size &&
	    a->bitmap_blocks == b->bitmap_blocks &&
	    a->max_mapnr == b->max_mapnr && a->sec == b->sec &&
	    memcmp(a->uts, b->uts, sizeof(a->uts)) == 0);
}

/* The range of the i-th file. */
static int
take_part(struct kvmi_image *img, const struct kdump *k, size_t i,
    struct kdump_member *ret, struct kvmi_err *err)
{
	struct kdump_header h;
	struct kdump_sub sub;
	const char *name = img->src->part_names[i];
	int r;

	ret->off = img->src->parts[i];
	r = kvmi_kdump_header(img, ret->off, &h, &sub, err);
	if (r != 0)
		return (kvmi_wrap(err, r, "%s, given with it", name));
	if (sub.split == 0 || !same_dump(&h, &k->h))
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: %s, given with it, "
		    "is %s", img->src->name, name, sub.split == 0 ?
		    "no member of a split dump" :
		    "a member of another dump"));
	ret->start_pfn = kvmi_min(sub.start_pfn, k->stored.nbits);
	ret->end_pfn = kvmi_min(sub.end_pfn, k->stored.nbits);
	return (0);
}

static int
by_start(const void *a, const void *b)
{
	const struct kdump_member *x = a, *y = b;

	if (x->start_pfn != y->start_pfn)
		return (x->start_pfn < y->start_pfn ? -1 : 1);
	return (x->end_pfn < y->end_pfn ? -1 : x->end_pfn > y->end_pfn);
}

/* The next member, which has pages. */
static int
push(struct kdump *k, const struct kdump_member *m, struct kvmi_err *err)
{
	struct kdump_member *to = &k->member[k->nmembers++];
	struct kvmi_rank_at at;
	int r = kvmi_rank_get(&k->stored, m->start_pfn, m->start_pfn,
	    m->start_pfn + 1, &at, err);

	*to = *m;
	to->first_rank = at.rank;
	return (r);
}

static int
push_missing(struct kdump *k, uint64_t start, uint64_t end,
    struct kvmi_err *err)
{
	struct kdump_member m = { .start_pfn = start, .end_pfn = end };

	snprintf(m.missing, sizeof(m.missing), "pages 0x%" PRIx64 " to 0x%"
	    PRIx64 " are in a file of this split dump that was not given "
	    "(ko_more, --with)", start, end);
	return (push(k, &m, err));
}

/*
 * What is not there: a member says which pages it has, but not how many
 * members there are; a gap is at least one.
 */
static void
note_missing(struct kvmi_image *img, const struct kdump *k, size_t given)
{
	size_t gaps = 0, len;

	for (size_t i = 0; i < k->nmembers; i++)
		gaps += k->member[i].missing[0] != '\0';
	if (gaps == 0)
		return;
	len = (size_t)snprintf(img->note, sizeof(img->note), "%zu of at least "
	    "%zu files of this split dump: give the others too (ko_more, "
	    "--with); missing are pages", given, given + gaps);
	for (size_t i = 0; i < k->nmembers && len < sizeof(img->note); i++) {
		const struct kdump_member *m = &k->member[i];

		if (m->missing[0] != '\0')
			len += (size_t)snprintf(img->note + len,
			    sizeof(img->note) - len, " 0x%" PRIx64 " to 0x%"
			    PRIx64 "%s", m->start_pfn, m->end_pfn,
			    --gaps > 0 ? "," : "");
	}
}

/* Put the n members of v, and what lies between them, into k->member. */
static int
fill_gaps(struct kvmi_image *img, struct kdump *k, struct kdump_member *v,
    size_t n, struct kvmi_err *err)
{
	uint64_t at = 0;
	int r = 0;

	qsort(v, n, sizeof(*v), by_start);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (v[i].end_pfn <= v[i].start_pfn)
			continue;	/* empty: there were few pages */
		if (v[i].start_pfn < at)
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: two files of "
			    "this split dump both have page 0x%" PRIx64
			    " (is one given twice?)", img->src->name,
			    v[i].start_pfn));
		if (at < v[i].start_pfn)
			r = push_missing(k, at, v[i].start_pfn, err);
		if (r == 0)
			r = push(k, &v[i], err);
		at = v[i].end_pfn;
	}
	if (r == 0 && at < k->stored.nbits)
		r = push_missing(k, at, k->stored.nbits, err);
	return (r);
}

uint64_t
kvmi_kdump_count(const struct kdump *k, size_t i)
{
	return ((i + 1 < k->nmembers ? k->member[i + 1].first_rank :
	    k->stored.total) - k->member[i].first_rank);
}

uint64_t
kvmi_kdump_pages(const struct kdump *k)
{
	uint64_t n = 0;

	for (size_t i = 0; i < k->nmembers; i++)
		if (k->member[i].missing[0] == '\0')
			n += kvmi_kdump_count(k, i);
	return (n);
}

/*
 * How many files have headers: one, when the others are pieces of it, which
 * are read as if they were one.
 */
static size_t
files(struct kvmi_image *img, const struct kdump *k)
{
	if (k->sub.split != 0 && img->src->nparts > 1)
		return (img->src->nparts);
	for (size_t i = 1; i < img->src->nparts; i++) {
		struct kvmi_err ignored;
		struct kdump_header h;
		struct kdump_sub sub;

		if (kvmi_kdump_header(img, img->src->parts[i], &h, &sub,
		    &ignored) == 0)
			return (img->src->nparts);
	}
	return (1);
}

int
kvmi_kdump_members(struct kvmi_image *img, struct kdump *k,
    struct kvmi_err *err)
{
	size_t n = files(img, k);
	struct kdump_member *v = calloc(n, sizeof(*v));
	int r = 0;

	/* Before each member, and behind the last, one may be missing. */
	k->member = calloc(2 * n + 1, sizeof(*k->member));
	if (v == NULL || k->member == NULL) {
		free(v);
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory",
		    img->src->name));
	}
	if (n > 1) {
		for (size_t i = 0; i < n && r == 0; i++)
			r = take_part(img, k, i, &v[i], err);
	} else {
		v[0].start_pfn = kvmi_min(k->sub.start_pfn, k->stored.nbits);
		v[0].end_pfn = kvmi_min(k->sub.end_pfn, k->stored.nbits);
	}
	if (r == 0)
		r = fill_gaps(img, k, v, n, err);
	free(v);
	if (r == 0 && k->sub.split != 0)
		note_missing(img, k, n);
	return (r);
}

const struct kdump_member *
kvmi_kdump_member(const struct kdump *k, uint64_t pfn)
{
	size_t lo = 0, hi = k->nmembers;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (k->member[mid].start_pfn <= pfn)
			lo = mid;
		else
			hi = mid;
	}
	return (&k->member[lo]);
}
