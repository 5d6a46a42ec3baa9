/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_walk_pages() on Linux: the kernel's half, which has the direct map in it. */
#include "os/linux/linux.h"
#include "os/pages.h"

struct walk {
	kvm_walk_pages_cb_t *cb;
	void		*closure;
	uint64_t	 dmap_va;	/* 0: not known */
	uint64_t	 dmap_pa;
	uint64_t	 dmap_len;
};

static bool
give(struct kvmi_kernel *k, const struct kvmi_mapping *m, void *arg)
{
	struct walk *w = arg;
	uint64_t dmap = w->dmap_va != 0 && m->pa - w->dmap_pa < w->dmap_len ?
	    w->dmap_va + (m->pa - w->dmap_pa) : 0;
	uint64_t kmap = m->va == dmap ? 0 : m->va;

	return (kvmi_pages_give(k, m, kmap, dmap, w->cb, w->closure) != 0);
}

int
kvmi_linux_walk_pages(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_pages_cb_t *cb, void *closure, bool *done)
{
	const struct kvmi_linux *l = k->priv;
	struct walk w = { .cb = cb, .closure = closure };
	struct kvmi_mapping dmap;

	if (l->arch->linear != NULL && l->arch->linear(k, cx, &dmap) == 0 &&
	    dmap.pa < k->img->max_pa) {
		w.dmap_va = dmap.va;
		w.dmap_pa = dmap.pa;
		w.dmap_len = k->img->max_pa - dmap.pa;
	}
	return (kvmi_pages_each(k, cx, l->va.first, l->va.last, give, &w,
	    done));
}
