/* SPDX-License-Identifier: BSD-2-Clause */
#include "space/space.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "base/prefault.h"

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
clip(struct kvmi_mapping *m, const struct kvmi_extent *x, uint64_t pa)
{
	uint64_t before = kvmi_min(pa - m->pa, pa - x->start);
	uint64_t after = kvmi_min(m->pa + m->len - pa, x->start + x->len - pa);

	m->va += pa - before - m->pa;
	m->pa = pa - before;
	m->len = before + after;
}

/* From physical address to pointer; NULL where there is none. */
static const uint8_t *
find_host(struct kvmi_image *img, const struct kvmi_extent *x,
    struct kvmi_mapping *m, uint64_t pa)
{
	uint64_t run;
	const uint8_t *p = kvmi_image_ptr(img, x, m->pa, &run);

	if (p != NULL && run <= pa - m->pa) {
		/* In pieces: take the one of pa. */
		m->va += pa - m->pa;
		m->len -= pa - m->pa;
		m->pa = pa;
		p = kvmi_image_ptr(img, x, pa, &run);
	}
	if (p != NULL)
		m->len = kvmi_min(m->len, run);
	return (p);
}

/* A hole that was met before: no walk, but the whole reason. */
static int
hole_fail(const struct kvmi_space *s, const struct kvmi_tlb_entry *e,
    uint64_t va, struct kvmi_err *err)
{
	uint64_t pa = e->base + va;
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

/* Remember an outcome; base is what the first byte of it has. */
static void
keep(const struct kvmi_space *s, struct kvmi_cx *cx, uint64_t va,
    const struct kvmi_mapping *m, enum kvmi_tlb_kind kind, uint64_t base,
    int code)
{
	const struct kvmi_tlb_entry e = { .va = m->va, .len = m->len,
		.base = base - m->va, .asid = s->asid, .kind = (uint8_t)kind,
		.code = (int8_t)code };

	if (s->asid == 0 && kind == KVMI_TLB_HOST)
		kvmi_tlb_put_near(&cx->tlb, va, &e);
	else
		kvmi_tlb_put_far(&cx->tlb, va, &e);
}

/* Translate va and remember the outcome: the cache then has an entry. */
static int
fill(const struct kvmi_space *s, struct kvmi_cx *cx, uint64_t va)
{
	const uint8_t *host = NULL;
	struct kvmi_mapping m;
	struct kvmi_extent x;
	uint64_t pa;
	int r;

	r = kvmi_space_translate(s, va, &m, &cx->err);
	/* Only what will be the same next time is worth keeping. */
	if (r == KVMI_ENOTMAPPED)
		keep(s, cx, va, &m, KVMI_TLB_HOLE, m.pa, r);
	if (r != 0)
		return (r);
	pa = m.pa + (va - m.va);
	r = kvmi_image_locate(s->img, pa, &x, &cx->err);
	if (r != 0)
		return (r);
	if (x.state != KVMI_STORED) {
		clip(&m, &x, pa);
		r = kvmi_state_fail(s->img, &x, pa, &cx->err);
		r = kvmi_wrap(&cx->err, r, "address 0x%" PRIx64, va);
		keep(s, cx, va, &m, KVMI_TLB_HOLE, m.pa, r);
		return (r);
	}
	if (x.codec == NULL) {
		clip(&m, &x, pa);
		host = find_host(s->img, &x, &m, pa);
	}
	if (host != NULL)
		keep(s, cx, va, &m, KVMI_TLB_HOST, (uintptr_t)host, 0);
	else
		keep(s, cx, va, &m, KVMI_TLB_PHYS, m.pa, 0);
	return (0);
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
	struct kvmi_image *img = s->img;

	*ret = (struct kvmi_mapping){ 0 };
	if (img->ops->va_to_pa == NULL)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s is read by virtual "
		    "address; it has no page tables to translate 0x%" PRIx64
		    " with", img->src->name, va));
	if (img->ops->va_to_pa(img, va, &ret->va, &ret->len, &ret->pa) == 0)
		return (0);
	return (kvmi_fail(err, KVMI_ENOTMAPPED, "%s does not tell the physical "
	    "address of 0x%" PRIx64 ": it is neither in the direct map nor in "
	    "the kernel itself", img->src->name, va));
}

const struct kvmi_space_ops kvmi_space_segments = {
	.translate = segments_translate,
};

static int
read_host(const struct kvmi_space *s, struct kvmi_cx *cx,
    const struct kvmi_tlb_entry *e, uint64_t va, uint8_t *out, size_t len,
    size_t *done)
{
	const uint8_t *host = kvmi_tlb_host(e, va);
	size_t step = (size_t)kvmi_min(e->len - (va - e->va), len);
	int r;

	memcpy(out, host, step);
	r = kvmi_src_check_lost(s->img->src, host, step, &cx->err);
	*done = r == 0 ? step : 0;
	return (r);
}

static int
read_phys(const struct kvmi_space *s, struct kvmi_cx *cx,
    const struct kvmi_tlb_entry *e, uint64_t va, uint8_t *out, size_t len,
    size_t *done)
{
	size_t step = (size_t)kvmi_min(e->len - (va - e->va), len);
	int r = kvmi_image_read(s->img, e->base + va, out, step, done,
	    &cx->err);

	if (r == 0)
		return (0);
	return (kvmi_wrap(&cx->err, r, "address 0x%" PRIx64, va + *done));
}

/* What one entry has of [va, va + len), which is *done bytes. */
static int
read_some(const struct kvmi_space *s, struct kvmi_cx *cx, uint64_t va,
    uint8_t *out, size_t len, size_t *done)
{
	const struct kvmi_tlb_entry *e;

	*done = 0;
	if (s->asid == 0 && (e = kvmi_tlb_near(&cx->tlb, va)) != NULL)
		return (read_host(s, cx, e, va, out, len, done));
	e = kvmi_tlb_far(&cx->tlb, s->asid, va);
	if (e == NULL)
		return (fill(s, cx, va));
	if (e->kind == KVMI_TLB_HOLE)
		return (hole_fail(s, e, va, &cx->err));
	if (e->kind == KVMI_TLB_PHYS)
		return (read_phys(s, cx, e, va, out, len, done));
	return (read_host(s, cx, e, va, out, len, done));
}

int
kvmi_space_read(const struct kvmi_space *s, struct kvmi_cx *cx, uint64_t va,
    void *buf, size_t len, size_t *done)
{
	uint8_t *out = buf;

	*done = 0;
	if (s->ops == &kvmi_space_segments)
		return (read_segments(s, cx, va, out, len, done));
	while (*done < len) {
		uint64_t at = va + *done;
		size_t part;
		int r;

		if (at < va)
			return (kvmi_fail(&cx->err, KVMI_ENOTMAPPED,
			    "invalid address: 0x%" PRIx64 " + %zu wraps", va,
			    len));
		r = read_some(s, cx, at, out + *done, len - *done, &part);
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

/* What an extent has from va to the end of its page, at most. */
static void
fill_glance(const struct kvmi_space *s, struct kvmi_cx *cx, uint64_t va)
{
	struct kvmi_glance *g = &cx->glance;
	struct kvmi_mapping m;
	struct kvmi_extent x;
	struct kvmi_src *src = s->img->src;
	uint64_t pa, off, len = kvmi_min(sizeof(g->bytes), 4096 - va % 4096);

	g->len = 0;
	if (s->ops->translate(s, va, &m, &cx->err) != 0)
		return;
	pa = m.pa + (va - m.va);
	len = kvmi_min(len, m.len - (va - m.va));
	if (kvmi_image_locate(s->img, pa, &x, &cx->err) != 0 ||
	    x.state != KVMI_STORED || x.zero || x.codec != NULL)
		return;
	len = kvmi_min(len, x.start + x.len - pa);
	off = x.off + (pa - x.start);
	if (kvmi_src_check(src, off, len, "memory", &cx->err) != 0 ||
	    src->ops->read(src, off, g->bytes, (size_t)len, &cx->err) != 0)
		return;
	g->va = va;
	g->len = (size_t)len;
}

int
kvmi_space_glance(const struct kvmi_space *s, struct kvmi_cx *cx, uint64_t va,
    void *buf, size_t len)
{
	const struct kvmi_glance *g = &cx->glance;

	/* Only what stays as it is, and is the kernel's. */
	if (s->asid != 0 || s->img->live)
		return (kvmi_space_copy(s, cx, va, buf, len));
	if (va < g->va || !kvmi_inside(va - g->va, len, g->len))
		fill_glance(s, cx, va);
	if (va < g->va || !kvmi_inside(va - g->va, len, g->len))
		return (kvmi_space_copy(s, cx, va, buf, len));
	memcpy(buf, g->bytes + (va - g->va), len);
	return (0);
}

const uint8_t *
kvmi_space_ptr(const struct kvmi_space *s, const struct kvmi_cx *cx,
    uint64_t va, uint64_t len)
{
	const struct kvmi_tlb_entry *e = s->asid == 0 ?
	    kvmi_tlb_near(&cx->tlb, va) : NULL;

	return (e == NULL || len > e->len - (va - e->va) ? NULL :
	    kvmi_tlb_host(e, va));
}

/* Several mappings may follow each other in the image too. */
static const uint8_t *
in_place(const struct kvmi_space *s, struct kvmi_cx *cx, uint64_t va,
    uint64_t len)
{
	const uint8_t *start = NULL;

	for (uint64_t done = 0, step; done < len; done += step) {
		const struct kvmi_tlb_entry *e;
		uint64_t at = va + done;
		uint8_t byte;

		/* So that the cache has its place. */
		if (s->asid != 0 || kvmi_space_copy(s, cx, at, &byte, 1) != 0)
			return (NULL);
		e = kvmi_tlb_near(&cx->tlb, at);
		if (e == NULL || (done > 0 && kvmi_tlb_host(e, at) != start +
		    done))
			return (NULL);
		if (done == 0)
			start = kvmi_tlb_host(e, at);
		step = e->len - (at - e->va);
	}
	return (start);
}

int
kvmi_space_blob(const struct kvmi_space *s, struct kvmi_cx *cx, uint64_t va,
    uint64_t len, struct kvmi_blob *ret)
{
	void *copy;
	int r;

	*ret = (struct kvmi_blob){ .p = in_place(s, cx, va, len),
		.len = (size_t)len };
	if (ret->p != NULL)
		return (0);
	copy = malloc((size_t)len + 1);
	if (copy == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "no memory for %"
		    PRIu64 " bytes", len));
	kvmi_prefault(copy, (size_t)len);
	r = kvmi_space_copy(s, cx, va, copy, (size_t)len);
	if (r != 0) {
		free(copy);
		return (r);
	}
	ret->p = ret->owned = copy;
	return (0);
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
	kvmi_tlb_deinit(&cx->tlb);
	kvmi_tlb_init(&cx->tlb);
	cx->glance.len = 0;
}
