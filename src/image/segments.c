/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/segments.h"

#include <stdlib.h>

#include "base/math.h"

static int
push(struct kvmi_segment **v, size_t *n, size_t *cap, uint64_t start,
    uint64_t len, uint64_t off, struct kvmi_err *err)
{
	/* One past the end must be a number: the very last byte is nobody's. */
	len = kvmi_min(len, UINT64_MAX - start);
	if (len == 0)
		return (0);
	if (*n == *cap) {
		size_t c = *cap == 0 ? 16 : *cap * 2;
		void *p = realloc(*v, c * sizeof(**v));

		if (p == NULL)
			return (kvmi_fail(err, KVMI_ENOMEM,
			    "no memory for %zu segments", c));
		*v = p;
		*cap = c;
	}
	(*v)[(*n)++] = (struct kvmi_segment){ start, len, off };
	return (0);
}

int
kvmi_segments_add(struct kvmi_segments *s, uint64_t start, uint64_t filesz,
    uint64_t memsz, uint64_t off, struct kvmi_err *err)
{
	uint64_t tail;
	int r;

	if (!kvmi_add(off, filesz, &tail))
		filesz = UINT64_MAX - off;	/* the end is lost anyway */
	r = push(&s->stored, &s->nstored, &s->cap_stored, start, filesz, off,
	    err);
	if (r != 0 || memsz <= filesz || !kvmi_add(start, filesz, &tail))
		return (r);
	return (push(&s->excluded, &s->nexcluded, &s->cap_excluded, tail,
	    memsz - filesz, 0, err));
}

static int
by_start(const void *a, const void *b)
{
	const struct kvmi_segment *x = a, *y = b;

	if (x->start != y->start)
		return (x->start < y->start ? -1 : 1);
	/* The longest first: it makes the others disappear. */
	return (x->len > y->len ? -1 : x->len < y->len);
}

/* Cut what an earlier segment covers already. */
static size_t
flatten(struct kvmi_segment *v, size_t n)
{
	uint64_t covered = 0;
	size_t out = 0;

	qsort(v, n, sizeof(*v), by_start);
	for (size_t i = 0; i < n; i++) {
		struct kvmi_segment s = v[i];

		if (s.start < covered) {
			uint64_t cut = covered - s.start;

			if (cut >= s.len)
				continue;
			s.start += cut;
			s.off += cut;
			s.len -= cut;
		}
		covered = s.start + s.len;
		v[out++] = s;
	}
	return (out);
}

void
kvmi_segments_sort(struct kvmi_segments *s)
{
	if (s->nstored > 0)
		s->nstored = flatten(s->stored, s->nstored);
	if (s->nexcluded > 0)
		s->nexcluded = flatten(s->excluded, s->nexcluded);
}

/* The index of the last segment that starts at or below addr, or n. */
static size_t
last_below(const struct kvmi_segment *v, size_t n, uint64_t addr)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v[mid].start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (lo == 0 ? n : lo - 1);
}

/*
 * Find addr in v.  false: it is in none, and [*start, *end) is the gap.
 */
static bool
find(const struct kvmi_segment *v, size_t n, uint64_t addr, size_t *index,
    uint64_t *start, uint64_t *end)
{
	size_t i = last_below(v, n, addr);

	if (i < n && addr - v[i].start < v[i].len) {
		*index = i;
		return (true);
	}
	*start = i < n ? v[i].start + v[i].len : 0;
	i = i < n ? i + 1 : 0;
	*end = i < n ? v[i].start : UINT64_MAX;
	return (false);
}

void
kvmi_segments_locate(const struct kvmi_segments *s, uint64_t addr,
    uint64_t file_size, struct kvmi_extent *ret)
{
	uint64_t start, end, x_start, x_end, there;
	size_t i;

	*ret = (struct kvmi_extent){ 0 };
	if (find(s->stored, s->nstored, addr, &i, &start, &end)) {
		const struct kvmi_segment *g = &s->stored[i];

		there = g->off < file_size ?
		    kvmi_min(g->len, file_size - g->off) : 0;
		if (addr - g->start < there) {
			ret->state = KVMI_STORED;
			ret->start = g->start;
			ret->len = there;
			ret->off = g->off;
			return;
		}
		ret->state = KVMI_LOST;
		ret->start = g->start + there;
		ret->len = g->len - there;
		ret->why = "the file ends before it (was it copied whole?)";
		return;
	}
	if (find(s->excluded, s->nexcluded, addr, &i, &x_start, &x_end)) {
		ret->state = KVMI_EXCLUDED;
		x_start = s->excluded[i].start;
		x_end = x_start + s->excluded[i].len;
	} else {
		ret->state = KVMI_ABSENT;
	}
	ret->start = start > x_start ? start : x_start;
	ret->len = kvmi_min(end, x_end) - ret->start;
}

void
kvmi_segments_deinit(struct kvmi_segments *s)
{
	free(s->stored);
	free(s->excluded);
}

void
kvmi_segments_sum(const struct kvmi_segments *s, struct kvmi_image *img)
{
	uint64_t stored = 0, excluded = 0;

	for (size_t i = 0; i < s->nstored; i++)
		stored += s->stored[i].len;
	for (size_t i = 0; i < s->nexcluded; i++)
		excluded += s->excluded[i].len;
	img->ram_bytes = stored + excluded;
	img->pages_present = stored / 4096;
	img->pages_excluded = excluded / 4096;
}

int
kvmi_segments_locate_pa(struct kvmi_image *img, uint64_t pa,
    struct kvmi_extent *ret, struct kvmi_err *err)
{
	(void)err;
	kvmi_segments_locate(img->priv, pa, img->src->size, ret);
	return (0);
}

int
kvmi_segments_count(struct kvmi_image *img, struct kvmi_err *err)
{
	(void)err;
	kvmi_segments_sum(img->priv, img);
	return (0);
}

void
kvmi_segments_close(struct kvmi_image *img)
{
	if (img->priv != NULL)
		kvmi_segments_deinit(img->priv);
	free(img->priv);
}
