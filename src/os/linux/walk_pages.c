/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_walk_pages() on Linux: the kernel's part, which has the direct map in it. */
#include "base/math.h"
#include "os/linux/linux.h"
#include "os/pages.h"

struct walk {
	kvm_walk_pages_cb_t *cb;
	void		*closure;
	uint64_t	 dmap_va;
	uint64_t	 dmap_pa;
	uint64_t	 dmap_len;	/* 0: not known */
};

static bool
give(struct kvmi_kernel *k, const struct kvmi_mapping *m, void *arg)
{
	struct walk *w = arg;
	uint64_t dmap = m->pa - w->dmap_pa < w->dmap_len ?
	    w->dmap_va + (m->pa - w->dmap_pa) : 0;
	uint64_t kmap = m->va == dmap ? 0 : m->va;

	return (kvmi_pages_find(k, m, kmap, dmap, w->cb, w->closure) != 0);
}

/* What is translated without tables is mapped where there is memory. */
static bool
give_direct(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kvmi_direct *d, struct walk *w)
{
	uint64_t end = kvmi_min(d->len, k->img->max_pa - d->pa), at = 0;

	while (d->pa < k->img->max_pa && at < end) {
		struct kvmi_mapping m = { .va = d->va + at, .pa = d->pa + at,
			.prot = KVMI_PROT_R | KVMI_PROT_W | KVMI_PROT_X };
		struct kvmi_extent x;

		if (kvmi_image_locate(k->img, m.pa, &x, &cx->err) != 0)
			break;
		m.len = kvmi_min(x.len - (m.pa - x.start), end - at);
		if (x.state != KVMI_ABSENT && !give(k, &m, w))
			return (false);
		at += m.len;
	}
	return (true);
}

/* Several windows may show the same memory: the first is the kernel's own. */
static bool
is_alias(const struct kvmi_paging *p, size_t i)
{
	return (i > 0 && p->direct[i].pa == p->direct[0].pa &&
	    p->direct[i].len == p->direct[0].len);
}

int
kvmi_linux_walk_pages(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_pages_cb_t *cb, void *closure, bool *done)
{
	const struct kvmi_paging *p = &k->space.paging;
	const struct kvmi_linux *l = k->priv;
	struct walk w = { .cb = cb, .closure = closure };
	struct kvmi_mapping dmap = { 0 };
	int r;

	*done = false;
	if (l->arch->linear != NULL && l->arch->linear(k, cx, &dmap) == 0 &&
	    dmap.pa < k->img->max_pa) {
		w.dmap_va = dmap.va;
		w.dmap_pa = dmap.pa;
		w.dmap_len = dmap.len != 0 ? dmap.len :
		    k->img->max_pa - dmap.pa;
	}
	for (size_t i = 0; i < p->ndirect; i++)
		if (p->direct[i].va < l->va.first && !is_alias(p, i) &&
		    !give_direct(k, cx, &p->direct[i], &w))
			return (0);
	r = kvmi_pages_each(k, cx, l->va.first, l->va.last, give, &w, done);
	if (r != 0 || !*done)
		return (r);
	for (size_t i = 0; i < p->ndirect; i++)
		if (p->direct[i].va > l->va.last && !is_alias(p, i) &&
		    !give_direct(k, cx, &p->direct[i], &w)) {
			*done = false;
			return (0);
		}
	return (0);
}
