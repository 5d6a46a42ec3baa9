/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kvm_walk_pages().  Where there is a direct map beside the tables: the kernel
 * map first, then the pages in the dump that only the direct map reaches.
 */
#include "base/bits.h"
#include "image/minidump.h"
#include "os/freebsd/freebsd.h"
#include "os/pages.h"

struct walk {
	const struct kvmi_minidump *h;	/* NULL: a full dump */
	kvm_walk_pages_cb_t *cb;
	void		*closure;
	uint64_t	 page;
	struct kvmi_bits seen;		/* pages of the file */
	bool		 no_memory;	/* for more of them */
};

/* Where the direct map has pa, or 0. */
static uint64_t
dmap_va(const struct kvmi_kernel *k, const struct walk *w, uint64_t pa)
{
	const struct kvmi_paging *p = &k->space.paging;
	const struct kvmi_minidump *h = w->h;

	if (h != NULL && pa >= h->dmap_pa &&
	    pa - h->dmap_pa < h->dmap_end - h->dmap_start)
		return (h->dmap_start + (pa - h->dmap_pa));
	for (size_t i = 0; i < p->ndirect; i++)
		if (pa - p->direct[i].pa < p->direct[i].len)
			return (p->direct[i].va + (pa - p->direct[i].pa));
	return (0);
}

/*
 * A page by its place in the file, not by its physical address: where memory
 * lies far apart its pages are still close to each other there.
 */
static uint64_t
page_key(const struct kvmi_image *img, const struct walk *w,
    const struct kvmi_extent *e, uint64_t pa)
{
	return ((img->ops->shares_pages ? pa : e->off + (pa - e->start)) /
	    w->page);
}

/* Where the first byte is, or -1. */
static off_t
note_seen(struct kvmi_kernel *k, struct walk *w, const struct kvmi_mapping *m)
{
	struct kvmi_extent e;
	off_t off = -1;

	for (uint64_t at = 0; at < m->len; at = e.start + e.len - m->pa) {
		if (kvmi_image_locate(k->img, m->pa + at, &e, NULL) != 0 ||
		    e.start + e.len <= m->pa + at)
			break;
		if (at == 0)
			off = kvmi_pages_offset(k->img, &e, m->pa);
		for (uint64_t p = m->pa + at; e.state == KVMI_STORED &&
		    p < e.start + e.len && p - m->pa < m->len; p += w->page)
			w->no_memory |= !kvmi_bits_add(&w->seen,
			    page_key(k->img, w, &e, p));
	}
	return (off);
}

static bool
give_mapping(struct kvmi_kernel *k, const struct kvmi_mapping *m, void *arg)
{
	struct kvmi_mapping direct;
	struct walk *w = arg;
	off_t off;

	/* The direct map comes last, page by page, wherever it lies. */
	if (kvmi_freebsd_untabled(&k->space, m->va, &direct))
		return (true);
	off = note_seen(k, w, m);
	return (!w->no_memory && kvmi_pages_give(m, m->va,
	    dmap_va(k, w, m->pa), off, w->cb, w->closure) != 0);
}

/* The pages of an extent, from pa on, that no table led to; false to stop. */
static bool
give_extent(struct kvmi_kernel *k, struct walk *w, const struct kvmi_extent *e,
    uint64_t pa)
{
	for (uint64_t p = pa; p < e->start + e->len; p += w->page) {
		const struct kvmi_mapping m = { .pa = p, .len = w->page,
			.prot = KVMI_PROT_R | KVMI_PROT_W };
		uint64_t va = dmap_va(k, w, p);

		if (va == 0 || kvmi_bits_has(&w->seen,
		    page_key(k->img, w, e, p)))
			continue;
		if (kvmi_pages_give(&m, 0, va, kvmi_pages_offset(k->img, e, p),
		    w->cb, w->closure) == 0)
			return (false);
	}
	return (true);
}

static int
give_rest(struct kvmi_kernel *k, struct kvmi_cx *cx, struct walk *w,
    bool *done)
{
	struct kvmi_extent e;

	for (uint64_t pa = 0; pa < k->img->max_pa; pa = e.start + e.len) {
		int r = kvmi_image_locate(k->img, pa, &e, &cx->err);

		if (r != 0)
			return (r);
		if (e.state == KVMI_STORED && !give_extent(k, w, &e, pa))
			return (0);
	}
	*done = true;
	return (0);
}

static bool
give_full(struct kvmi_kernel *k, const struct kvmi_mapping *m, void *arg)
{
	struct walk *w = arg;

	return (kvmi_pages_find(k, m, m->va, 0, w->cb, w->closure) != 0);
}

/* A dump by virtual address says what is there, and no physical addresses. */
static int
walk_segments(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_pages_cb_t *cb, void *closure, bool *done)
{
	struct kvmi_extent e;

	for (uint64_t va = 0, end;; va = end) {
		struct kvmi_mapping m = { .va = va, .pa = UINT64_MAX,
			.prot = KVMI_PROT_R | KVMI_PROT_W };
		int r = k->img->ops->locate_va(k->img, va, &e, &cx->err);

		if (r != 0)
			return (r);
		end = e.start + e.len;
		m.len = end - va;
		if (e.state == KVMI_STORED && kvmi_pages_give(&m, va, 0,
		    kvmi_pages_offset(k->img, &e, va), cb, closure) == 0)
			return (0);
		if (end <= va)
			break;
	}
	*done = true;
	return (0);
}

static int
walk_tables(struct kvmi_kernel *k, struct kvmi_cx *cx, kvmi_pages_fn *fn,
    struct walk *w, bool *done)
{
	uint64_t first, last;

	if (k->space.ops == &kvmi_freebsd_hash_space)
		return (kvmi_freebsd_hpt_each(k, cx, k->space.arg, fn, w,
		    done));
	if (w->h != NULL && w->h->hashed) {
		struct kvmi_hpt t = kvmi_freebsd_minidump_hpt(w->h);

		return (kvmi_freebsd_hpt_each(k, cx, &t, fn, w, done));
	}
	if (w->h != NULL)
		return (kvmi_pages_each(k, cx, w->h->kernbase, UINT64_MAX, fn,
		    w, done));
	kvmi_pages_kernel(&k->space.paging, &first, &last);
	return (kvmi_pages_each(k, cx, first, last, fn, w, done));
}

static int
walk_both(struct kvmi_kernel *k, struct kvmi_cx *cx, struct walk *w,
    bool *done)
{
	bool whole;
	int r;

	r = walk_tables(k, cx, give_mapping, w, &whole);
	if (r == 0 && w->no_memory)
		r = kvmi_fail(&cx->err, KVMI_ENOMEM, "%s: no memory to note "
		    "which pages were seen", k->img->src->name);
	if (r == 0 && whole)
		r = give_rest(k, cx, w, done);
	kvmi_bits_deinit(&w->seen);
	return (r);
}

int
kvmi_freebsd_walk_pages(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_pages_cb_t *cb, void *closure, bool *done)
{
	const struct kvmi_minidump *h = k->img->minidump;
	struct walk w = { .h = h, .cb = cb, .closure = closure,
		.page = UINT64_C(1) << (h != NULL ? h->page_shift :
		k->arch->page_shift) };

	*done = false;
	if (k->space.ops == &kvmi_space_segments)
		return (walk_segments(k, cx, cb, closure, done));
	if (h == NULL && k->space.paging.ndirect == 0)
		return (walk_tables(k, cx, give_full, &w, done));
	return (walk_both(k, cx, &w, done));
}
