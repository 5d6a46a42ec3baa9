/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_walk_pages() on Linux: the kernel's half, which has the direct map in it. */
#include "os/linux/linux.h"
#include "os/pages.h"

struct walk {
	kvm_walk_pages_cb_t *cb;
	void		*closure;
	uint64_t	 dmap_start;	/* 0: not known */
	uint64_t	 dmap_end;
};

static bool
give(struct kvmi_kernel *k, const struct kvmi_mapping *m, void *arg)
{
	struct walk *w = arg;
	uint64_t dmap = w->dmap_start != 0 &&
	    m->pa < w->dmap_end - w->dmap_start ? w->dmap_start + m->pa : 0;
	uint64_t kmap = m->va == dmap ? 0 : m->va;

	return (kvmi_pages_give(k, m, kmap, dmap, w->cb, w->closure) != 0);
}

int
kvmi_linux_walk_pages(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_pages_cb_t *cb, void *closure, bool *done)
{
	struct walk w = { .cb = cb, .closure = closure };
	unsigned int bits = k->arch->level[k->space.paging.levels - 1].shift +
	    k->arch->level[k->space.paging.levels - 1].bits;
	uint64_t va;

	if (kvmi_kernel_addr(k, cx, "page_offset_base", &va) == 0 &&
	    kvmi_kread_ptr(k, cx, va, &w.dmap_start) == 0)
		w.dmap_end = w.dmap_start + k->img->max_pa;
	return (kvmi_pages_each(k, cx, -(UINT64_C(1) << (bits - 1)),
	    UINT64_MAX, give, &w, done));
}
