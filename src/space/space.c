/* SPDX-License-Identifier: BSD-2-Clause */
#include "space/space.h"

#include <inttypes.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"

static int
paged_translate(const struct kvmi_space *s, uint64_t va,
    struct kvmi_mapping *ret, struct kvmi_err *err)
{
	return (kvmi_walk(&s->paging, va, kvmi_image_read_phys, s->img, ret,
	    err));
}

static void
paged_widen(const struct kvmi_space *s, struct kvmi_mapping *m)
{
	kvmi_widen(&s->paging, kvmi_image_read_phys, s->img, m);
}

const struct kvmi_space_ops kvmi_space_paged = {
	.translate = paged_translate,
	.widen = paged_widen,
};

int
kvmi_space_translate(const struct kvmi_space *s, uint64_t va,
    struct kvmi_mapping *ret, struct kvmi_err *err)
{
	int r = s->ops->translate(s, va, ret, err);

	if (r == 0 && s->ops->widen != NULL)
		s->ops->widen(s, ret);
	return (r);
}

/*
 * Narrow a mapping to the part that lies in one extent, so that one pointer
 * or one state holds for all of it.
 */
static void
clip(struct kvmi_tlb_entry *e, const struct kvmi_extent *x, uint64_t pa)
{
	uint64_t before = kvmi_min(pa - e->pa, pa - x->start);
	uint64_t after = kvmi_min(e->pa + e->len - pa, x->start + x->len - pa);

	e->va += pa - before - e->pa;
	e->pa = pa - before;
	e->len = before + after;
}

/* From physical address to pointer, where there is one. */
static void
find_host(struct kvmi_image *img, const struct kvmi_extent *x,
    struct kvmi_tlb_entry *e, uint64_t pa)
{
	uint64_t run;
	const uint8_t *p = kvmi_image_ptr(img, x, e->pa, &run);

	if (p != NULL && run <= pa - e->pa) {
		/* In pieces: take the one of pa. */
		e->va += pa - e->pa;
		e->len -= pa - e->pa;
		e->pa = pa;
		p = kvmi_image_ptr(img, x, pa, &run);
	}
	if (p == NULL)
		return;
	e->len = kvmi_min(e->len, run);
	e->kind = KVMI_TLB_HOST;
	e->host = p;
}

/* A hole that was met before: no walk, but the whole reason. */
static int
hole_fail(const struct kvmi_space *s, const struct kvmi_tlb_entry *e,
    uint64_t va, struct kvmi_err *err)
{
	uint64_t pa = e->pa + (va - e->va);
	struct kvmi_extent x;
	int r;

	if (e->code == KVMI_ENOTMAPPED)
		return (kvmi_fail(err, e->code, "invalid address (0x%" PRIx64
		    "): not mapped", va));
	r = kvmi_image_locate(s->img, pa, &x, err);
	if (r != 0)
		return (r);
	r = kvmi_state_fail(s->img, &x, pa, err);
	return (kvmi_wrap(err, r, "address 0x%" PRIx64, va));
}

/* Translate va and remember the outcome.  An entry, or NULL and *code. */
static const struct kvmi_tlb_entry *
fill(const struct kvmi_space *s, struct kvmi_cx *cx, uint64_t va, int *code)
{
	struct kvmi_tlb_entry e = { .asid = s->asid };
	struct kvmi_tlb_entry *slot;
	struct kvmi_mapping m;
	struct kvmi_extent x;
	uint64_t pa;

	*code = kvmi_space_translate(s, va, &m, &cx->err);
	e.va = m.va;
	e.len = m.len;
	e.pa = m.pa;
	e.kind = KVMI_TLB_PHYS;
	if (*code != 0) {
		/* Only what will be the same next time is worth keeping. */
		if (*code != KVMI_ENOTMAPPED)
			return (NULL);
		e.kind = KVMI_TLB_HOLE;
		goto keep;
	}
	pa = m.pa + (va - m.va);
	*code = kvmi_image_locate(s->img, pa, &x, &cx->err);
	if (*code != 0)
		return (NULL);
	if (x.state != KVMI_STORED) {
		clip(&e, &x, pa);
		*code = kvmi_state_fail(s->img, &x, pa, &cx->err);
		*code = kvmi_wrap(&cx->err, *code, "address 0x%" PRIx64, va);
		e.kind = KVMI_TLB_HOLE;
	} else if (x.codec == NULL) {
		clip(&e, &x, pa);
		find_host(s->img, &x, &e, pa);
	}
keep:
	e.code = (int8_t)*code;
	slot = kvmi_tlb_slot(&cx->tlb, va, e.len);
	*slot = e;
	return (e.kind == KVMI_TLB_HOLE ? NULL : slot);
}

/* Images that are read by virtual address, and live ones, are never cached. */
static int
read_segments(const struct kvmi_space *s, struct kvmi_cx *cx, uint64_t va,
    uint8_t *out, size_t len, size_t *done)
{
	struct kvmi_image *img = s->img;

	while (*done < len) {
		struct kvmi_extent x;
		uint64_t at = va + *done;
		size_t step;
		int r;

		if (at < va)
			return (kvmi_fail(&cx->err, KVMI_ENOTMAPPED,
			    "invalid address: 0x%" PRIx64 " + %zu wraps", va,
			    len));
		r = img->ops->locate_va(img, at, &x, &cx->err);
		if (r == 0 && x.state != KVMI_STORED)
			r = kvmi_fail(&cx->err, KVMI_ENOTMAPPED, "invalid "
			    "address (0x%" PRIx64 "): in no segment of %s", at,
			    img->src->name);
		if (r != 0)
			return (r);
		step = (size_t)kvmi_min(x.start + x.len - at, len - *done);
		r = kvmi_extent_read(img, &x, at, out + *done, step, &cx->err);
		if (r != 0)
			return (r);
		*done += step;
	}
	return (0);
}

static int
segments_translate(const struct kvmi_space *s, uint64_t va,
    struct kvmi_mapping *ret, struct kvmi_err *err)
{
	(void)ret;
	return (kvmi_fail(err, KVMI_ENOTSUP, "%s is read by virtual address; "
	    "it has no page tables to translate 0x%" PRIx64 " with",
	    s->img->src->name, va));
}

const struct kvmi_space_ops kvmi_space_segments = {
	.translate = segments_translate,
};

int
kvmi_space_read(const struct kvmi_space *s, struct kvmi_cx *cx, uint64_t va,
    void *buf, size_t len, size_t *done)
{
	uint8_t *out = buf;

	*done = 0;
	if (s->ops == &kvmi_space_segments)
		return (read_segments(s, cx, va, out, len, done));
	while (*done < len) {
		const struct kvmi_tlb_entry *e;
		uint64_t at = va + *done, in;
		size_t step, part;
		int r = 0;

		if (at < va)
			return (kvmi_fail(&cx->err, KVMI_ENOTMAPPED,
			    "invalid address: 0x%" PRIx64 " + %zu wraps", va,
			    len));
		e = kvmi_tlb_find(&cx->tlb, s->asid, at);
		if (e == NULL && (e = fill(s, cx, at, &r)) == NULL)
			return (r);
		if (e->kind == KVMI_TLB_HOLE)
			return (hole_fail(s, e, at, &cx->err));
		in = at - e->va;
		step = (size_t)kvmi_min(e->len - in, len - *done);
		if (e->kind == KVMI_TLB_HOST) {
			memcpy(out + *done, e->host + in, step);
			r = kvmi_src_check_lost(s->img->src, e->host + in,
			    step, &cx->err);
			part = r == 0 ? step : 0;
		} else {
			r = kvmi_image_read(s->img, e->pa + in, out + *done,
			    step, &part, &cx->err);
			if (r != 0)
				r = kvmi_wrap(&cx->err, r, "address 0x%" PRIx64,
				    at + part);
		}
		*done += part;
		if (r != 0)
			return (r);
	}
	return (0);
}

int
kvmi_space_copy(const struct kvmi_space *s, struct kvmi_cx *cx, uint64_t va,
    void *buf, size_t len)
{
	size_t done;

	return (kvmi_space_read(s, cx, va, buf, len, &done));
}

int
kvmi_space_uint(const struct kvmi_space *s, struct kvmi_cx *cx, uint64_t va,
    unsigned int size, bool big_endian, uint64_t *ret)
{
	uint8_t raw[8];
	int r;

	if (size > sizeof(raw))
		return (kvmi_fail(&cx->err, KVMI_EFORMAT,
		    "an integer of %u bytes at 0x%" PRIx64, size, va));
	r = kvmi_space_copy(s, cx, va, raw, size);
	if (r == 0)
		*ret = kvmi_get_uint(raw, size, big_endian);
	return (r);
}

int
kvmi_space_string(const struct kvmi_space *s, struct kvmi_cx *cx, uint64_t va,
    char *buf, size_t len)
{
	size_t done;
	int r;

	/* The string may end right before a hole: what came before counts. */
	r = kvmi_space_read(s, cx, va, buf, len - 1, &done);
	buf[done] = '\0';
	if (r != 0 && strlen(buf) == done)
		return (r);
	return (0);
}

void
kvmi_space_flush(struct kvmi_cx *cx)
{
	memset(&cx->tlb, 0, sizeof(cx->tlb));
}
