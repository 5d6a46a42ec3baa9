/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "convert/convert.h"

/* 8 TiB of 4 KiB pages; both bitmaps are held in memory. */
#define MAX_PAGES	(UINT64_C(1) << 31)

static void
set_range(uint64_t *bits, uint64_t from, uint64_t to, bool value)
{
	for (uint64_t i = from; i < to;) {
		uint64_t bit = UINT64_C(1) << i % 64;

		if (i % 64 == 0 && to - i >= 64) {
			bits[i / 64] = value ? UINT64_MAX : 0;
			i += 64;
			continue;
		}
		bits[i / 64] = value ? bits[i / 64] | bit : bits[i / 64] & ~bit;
		i++;
	}
}

uint64_t
kvmi_pageset_run(const struct kvmi_pageset *s, const uint64_t *bits,
    uint64_t pfn, bool *set)
{
	uint64_t i = pfn, same;

	*set = bits[pfn / 64] >> pfn % 64 & 1;
	same = *set ? UINT64_MAX : 0;
	while (i < s->npages) {
		if (i % 64 == 0 && bits[i / 64] == same) {
			i += 64;
			continue;
		}
		if ((bits[i / 64] >> i % 64 & 1) != (same & 1))
			break;
		i++;
	}
	return (kvmi_min(i, s->npages) - pfn);
}

/* What the image stores, left out, or lost: all of these were memory. */
static int
take_extents(struct kvmi_pageset *s, struct kvmi_image *img,
    struct kvmi_err *err)
{
	uint64_t end = s->npages << s->shift, pa = 0;

	while (pa < end) {
		struct kvmi_extent e;
		uint64_t to, from = pa >> s->shift;
		int r = kvmi_image_locate(img, pa, &e, err);

		if (r != 0)
			return (r);
		if (!kvmi_add(e.start, e.len, &to) || to > end)
			to = end;
		pa = to;
		if (e.state == KVMI_ABSENT)
			continue;
		if (!kvmi_round_up(to, UINT64_C(1) << s->shift, &to))
			to = end;
		to = kvmi_min(to >> s->shift, s->npages);
		set_range(s->ram, from, to, true);
		if (e.state != KVMI_EXCLUDED) {
			set_range(s->have, from, to, true);
			set_range(s->dump, from, to, true);
		}
	}
	return (0);
}

/*
 * Where memory ends: what was left out may lie behind all that was not.  It
 * counts as far as there may be pages.
 */
static int
find_end(struct kvmi_image *img, unsigned int shift, uint64_t *ret,
    struct kvmi_err *err)
{
	uint64_t pa = img->max_pa, limit = MAX_PAGES << shift;

	*ret = pa;
	while (pa < limit) {
		struct kvmi_extent e;
		int r = kvmi_image_locate(img, pa, &e, err);

		if (r != 0)
			return (r);
		if (!kvmi_add(e.start, e.len, &pa))
			break;
		if (e.state == KVMI_EXCLUDED)
			*ret = kvmi_min(pa, limit);
	}
	return (0);
}

struct exclusion {
	struct kvmi_pageset *s;
	int		 kinds;		/* KVM_EXCLUDE_* */
};

static void
exclude(void *arg, uint64_t pfn, uint64_t n, int kind)
{
	const struct exclusion *x = arg;

	if ((kind & x->kinds) != 0 && pfn < x->s->npages)
		set_range(x->s->dump, pfn, kvmi_min(x->s->npages - pfn, n) +
		    pfn, false);
}

int
kvmi_pageset_init(struct kvmi_pageset *s, struct kvmi_kernel *k,
    struct kvmi_cx *cx, unsigned int shift, int kinds)
{
	struct exclusion x = { s, kinds & ~KVM_EXCLUDE_ZERO };
	uint64_t words, end;
	int r = find_end(k->img, shift, &end, &cx->err);

	if (r != 0)
		return (r);
	*s = (struct kvmi_pageset){ .shift = shift };
	s->npages = (end >> s->shift) +
	    (end & ((UINT64_C(1) << s->shift) - 1) ? 1 : 0);
	if (s->npages == 0 || s->npages > MAX_PAGES)
		return (kvmi_fail(&cx->err, s->npages == 0 ? KVMI_ENOTSUP :
		    KVMI_ENOMEM, "%s: memory up to 0x%" PRIx64 " cannot be "
		    "converted: wanted 1 to %" PRIu64 " pages",
		    k->img->src->name, end, MAX_PAGES));
	words = s->npages / 64 + 1;
	s->ram = calloc(words, sizeof(*s->ram));
	s->have = calloc(words, sizeof(*s->have));
	s->dump = calloc(words, sizeof(*s->dump));
	if (s->ram == NULL || s->have == NULL || s->dump == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "no memory for the "
		    "bitmaps of %" PRIu64 " pages", s->npages));
	r = take_extents(s, k->img, &cx->err);
	if (r == 0 && x.kinds != 0) {
		if (k->os->page_kinds == NULL)
			return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: what the "
			    "pages of a kernel of %s are for is not known: "
			    "only pages of zeros can be left out",
			    k->img->src->name, k->os->name));
		r = k->os->page_kinds(k, cx, exclude, &x);
	}
	kvmi_pageset_count(s);
	return (r);
}

void
kvmi_pageset_count(struct kvmi_pageset *s)
{
	s->ndump = 0;
	for (uint64_t i = 0; i < s->npages / 64 + 1; i++)
		s->ndump += (uint64_t)__builtin_popcountll(s->dump[i]);
}

void
kvmi_pageset_drop(struct kvmi_pageset *s, uint64_t first, uint64_t end)
{
	set_range(s->dump, first, end, false);
}

void
kvmi_pageset_fill_gaps(struct kvmi_pageset *s, uint64_t min)
{
	uint64_t n;

	for (uint64_t pfn = 0; pfn < s->npages; pfn += n) {
		bool dumped;

		n = kvmi_pageset_run(s, s->dump, pfn, &dumped);
		for (uint64_t i = pfn; i < pfn + n && !dumped && n < min; i++)
			if (s->have[i / 64] >> i % 64 & 1)
				set_range(s->dump, i, i + 1, true);
	}
	kvmi_pageset_count(s);
}

void
kvmi_pageset_deinit(struct kvmi_pageset *s)
{
	free(s->ram);
	free(s->have);
	free(s->dump);
}

int
kvmi_pageset_read(const struct kvmi_pageset *s, struct kvmi_image *img,
    uint64_t pfn, uint8_t *buf, struct kvmi_err *err)
{
	uint64_t pa = pfn << s->shift, left = UINT64_C(1) << s->shift;

	while (left > 0) {
		struct kvmi_extent e;
		uint64_t step;
		int r = kvmi_image_locate(img, pa, &e, err);

		if (r != 0)
			return (r);
		step = kvmi_min(e.start + e.len - pa, left);
		if (e.state == KVMI_LOST)
			return (kvmi_state_fail(img, &e, pa, err));
		if (e.state != KVMI_STORED)
			memset(buf, 0, (size_t)step);
		else
			r = kvmi_extent_read(img, &e, pa, buf, (size_t)step,
			    err);
		if (r != 0)
			return (r);
		buf += step;
		pa += step;
		left -= step;
	}
	return (0);
}
