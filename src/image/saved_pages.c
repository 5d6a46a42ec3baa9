/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/saved_pages.h"

#include <stdlib.h>

#include "base/math.h"

uint64_t
kvmi_saved_off(const struct kvmi_saved_pages *s,
    const struct kvmi_saved_run *r, uint64_t i)
{
	return (r->off + i * (s->header + (r->fill ? 1 : s->page)));
}

static uint64_t
end_of(const struct kvmi_saved_pages *s, const struct kvmi_saved_run *r)
{
	return (r->pa + (uint64_t)r->n * s->page);
}

static int
add(struct kvmi_saved_pages *s, const struct kvmi_saved_run *r,
    struct kvmi_err *err)
{
	struct kvmi_saved_run *last = s->n > 0 ? &s->v[s->n - 1] : NULL;

	s->pages += r->n;
	if (last != NULL && last->fill == r->fill && r->pa == end_of(s, last) &&
	    r->off == kvmi_saved_off(s, last, last->n) &&
	    last->n <= UINT32_MAX - r->n) {
		last->n += r->n;
		return (0);
	}
	if (s->n == s->cap) {
		size_t cap = s->cap == 0 ? 256 : s->cap * 2;
		void *v = realloc(s->v, cap * sizeof(*s->v));

		if (v == NULL)
			return (kvmi_fail(err, KVMI_ENOMEM,
			    "no memory for %zu runs of pages", cap));
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = *r;
	return (0);
}

int
kvmi_saved_push(struct kvmi_saved_pages *s, uint64_t pa, uint64_t off,
    bool fill, struct kvmi_err *err)
{
	struct kvmi_saved_run r = { .pa = pa, .off = off, .n = 1,
		.fill = fill };

	return (add(s, &r, err));
}

static int
by_pa(const void *a, const void *b)
{
	const struct kvmi_saved_run *x = a, *y = b;

	if (x->pa != y->pa)
		return (x->pa < y->pa ? -1 : 1);
	return (x->off < y->off ? -1 : x->off > y->off);
}

/* Runs that have pages around one place: the last of the stream on top. */
struct heap {
	const struct kvmi_saved_run **v;
	size_t		 n;
};

static void
swap(struct heap *h, size_t i, size_t j)
{
	const struct kvmi_saved_run *t = h->v[i];

	h->v[i] = h->v[j];
	h->v[j] = t;
}

static void
heap_push(struct heap *h, const struct kvmi_saved_run *r)
{
	size_t i = h->n++;

	h->v[i] = r;
	for (; i > 0 && h->v[(i - 1) / 2]->off < h->v[i]->off; i = (i - 1) / 2)
		swap(h, i, (i - 1) / 2);
}

static void
heap_pop(struct heap *h)
{
	size_t i = 0;

	h->v[0] = h->v[--h->n];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < h->n && h->v[child + 1]->off > h->v[child]->off)
			child++;
		if (child >= h->n || h->v[child]->off < h->v[i]->off)
			return;
		swap(h, i, child);
		i = child;
	}
}

/* Along memory, with the runs that cover each place at hand. */
static int
resolve(const struct kvmi_saved_pages *s, struct heap *h,
    struct kvmi_saved_pages *to, struct kvmi_err *err)
{
	uint64_t at = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && (i < s->n || h->n > 0);) {
		const struct kvmi_saved_run *top;
		struct kvmi_saved_run part;
		uint64_t end, first;

		if (h->n == 0)
			at = s->v[i].pa;
		while (i < s->n && s->v[i].pa <= at)
			heap_push(h, &s->v[i++]);
		top = h->v[0];
		if (end_of(s, top) <= at) {
			heap_pop(h);
			continue;
		}
		end = end_of(s, top);
		if (i < s->n)
			end = kvmi_min(end, s->v[i].pa);
		first = (at - top->pa) / s->page;
		part = (struct kvmi_saved_run){ .pa = at,
			.off = kvmi_saved_off(s, top, first),
			.n = (uint32_t)((end - at) / s->page),
			.fill = top->fill };
		r = add(to, &part, err);
		at = end;
	}
	return (r);
}

int
kvmi_saved_finish(struct kvmi_saved_pages *s, struct kvmi_err *err)
{
	struct kvmi_saved_pages once = { .page = s->page,
		.header = s->header };
	struct heap h = { 0 };
	bool twice = false;
	int r;

	if (s->n > 0)
		qsort(s->v, s->n, sizeof(*s->v), by_pa);
	for (size_t i = 1; i < s->n; i++)
		twice |= s->v[i].pa < end_of(s, &s->v[i - 1]);
	if (!twice)
		return (0);
	h.v = calloc(s->n, sizeof(*h.v));
	if (h.v == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM,
		    "no memory for %zu runs of pages", s->n));
	r = resolve(s, &h, &once, err);
	free(h.v);
	free(s->v);
	*s = once;
	return (r);
}

const struct kvmi_saved_run *
kvmi_saved_find(const struct kvmi_saved_pages *s, uint64_t pa,
    const struct kvmi_saved_run **next)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->v[mid].pa <= pa)
			lo = mid + 1;
		else
			hi = mid;
	}
	*next = lo < s->n ? &s->v[lo] : NULL;
	return (lo > 0 ? &s->v[lo - 1] : NULL);
}
