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
	int r;

	ret->off = img->src->parts[i];
	r = kvmi_kdump_header(img, ret->off, &h, &sub, err);
	if (r != 0)
		return (kvmi_wrap(err, r, "file %zu of the split dump", i + 1));
	if (sub.split == 0 || !same_dump(&h, &k->h))
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: file %zu of those "
		    "given with it is %s", img->src->name, i + 1,
		    sub.split == 0 ? "no member of a split dump" :
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

static void
push_missing(struct kdump *k, uint64_t start, uint64_t end)
{
	struct kdump_member *m = &k->member[k->nmembers++];

	*m = (struct kdump_member){ .start_pfn = start, .end_pfn = end };
	snprintf(m->missing, sizeof(m->missing), "pages 0x%" PRIx64 " to 0x%"
	    PRIx64 " are in a file of this split dump that was not given",
	    start, end);
}

/* Put the n members of v, and what lies between them, into k->member. */
static int
fill_gaps(struct kvmi_image *img, struct kdump *k, struct kdump_member *v,
    size_t n, struct kvmi_err *err)
{
	uint64_t at = 0;

	qsort(v, n, sizeof(*v), by_start);
	for (size_t i = 0; i < n; i++) {
		struct kvmi_rank_at there;
		int r;

		if (v[i].end_pfn <= v[i].start_pfn)
			continue;	/* empty: there were few pages */
		if (v[i].start_pfn < at)
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: two files of "
			    "this split dump both have page 0x%" PRIx64
			    " (is one given twice?)", img->src->name,
			    v[i].start_pfn));
		if (at < v[i].start_pfn)
			push_missing(k, at, v[i].start_pfn);
		r = kvmi_rank_get(&k->stored, v[i].start_pfn, v[i].start_pfn,
		    v[i].start_pfn + 1, &there, err);
		if (r != 0)
			return (r);
		v[i].first_rank = there.rank;
		k->member[k->nmembers++] = v[i];
		at = v[i].end_pfn;
	}
	if (at < k->stored.nbits)
		push_missing(k, at, k->stored.nbits);
	return (0);
}

int
kvmi_kdump_members(struct kvmi_image *img, struct kdump *k,
    struct kvmi_err *err)
{
	size_t n = img->src->nparts > 1 ? img->src->nparts : 1;
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
