/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/pages.h"

#include "base/math.h"

off_t
kvmi_pages_offset(struct kvmi_image *img, const struct kvmi_extent *e,
    uint64_t pa)
{
	if (e->state != KVMI_STORED || e->zero || e->codec != NULL)
		return (-1);
	return ((off_t)img->src->ops->file_off(img->src,
	    e->off + (pa - e->start)));
}

int
kvmi_pages_find(struct kvmi_kernel *k, const struct kvmi_mapping *m,
    uint64_t kmap_va, uint64_t dmap_va, kvm_walk_pages_cb_t *cb,
    void *closure)
{
	struct kvmi_extent e;
	off_t off = -1;

	if (kvmi_image_locate(k->img, m->pa, &e, NULL) == 0)
		off = kvmi_pages_offset(k->img, &e, m->pa);
	return (kvmi_pages_give(m, kmap_va, dmap_va, off, cb, closure));
}

int
kvmi_pages_give(const struct kvmi_mapping *m, uint64_t kmap_va,
    uint64_t dmap_va, off_t off, kvm_walk_pages_cb_t *cb, void *closure)
{
	struct kvm_page page = {
		.kp_version = LIBKVM_WALK_PAGES_VERSION,
		.kp_paddr = m->pa,
		.kp_kmap_vaddr = kmap_va,
		.kp_dmap_vaddr = dmap_va,
		.kp_offset = off,
		.kp_len = (size_t)m->len,
	};

	if (m->prot & KVMI_PROT_R)
		page.kp_prot |= VM_PROT_READ;
	if (m->prot & KVMI_PROT_W)
		page.kp_prot |= VM_PROT_WRITE;
	if (m->prot & KVMI_PROT_X)
		page.kp_prot |= VM_PROT_EXECUTE;
	return (cb(&page, closure));
}

void
kvmi_pages_kernel(const struct kvmi_paging *p, uint64_t *first,
    uint64_t *last)
{
	const struct kvmi_level *top = &p->arch->level[p->levels - 1];
	uint64_t whole = UINT64_C(1) << (top->shift + top->bits);

	*last = UINT64_MAX;
	if (p->arch->kernel_va != 0) {
		*first = p->arch->kernel_va;
		*last = *first + whole - 1;
	} else if (p->arch->pointer_size == 4) { /* these may map anything */
		*first = 0;
		*last = UINT32_MAX;
	} else if (p->arch->reachable(p, -whole)) {
		/* Where users have tables of their own, it has all of these. */
		*first = -whole;
	} else {
		*first = -whole / 2 + (UINT64_C(1) << 63);
	}
}

/*
 * Tables that refer to each other in circles could keep a walk busy for years.
 * Honest ones have at most 1024 entries for each page that is stored, or for
 * each 4096 bytes of a file that has tables beside its pages.
 */
static uint64_t
budget(struct kvmi_kernel *k)
{
	const struct kvmi_src *src = k->img->src;
	uint64_t pages, size = src->backed != 0 ? src->backed : src->size;
	struct kvmi_err ignored;

	pthread_mutex_lock(&k->lock);
	if (k->img->ops->count != NULL)
		k->img->ops->count(k->img, &ignored);
	pages = k->img->pages_present;
	pthread_mutex_unlock(&k->lock);
	return ((pages + size / 4096 + 256) * 1024);
}

/* Of a larger table, the part around the entry. */
#define MAX_TABLE	4096

static bool
is_direct(const struct kvmi_paging *p, uint64_t va)
{
	for (size_t i = 0; i < p->ndirect; i++)
		if (va - p->direct[i].va < p->direct[i].len)
			return (true);
	return (false);
}

/*
 * From m on what the rest of its table maps, without a walk from the root for
 * each entry; *m is then the last that was looked at.  False to stop.
 */
static bool
rest_of_table(struct kvmi_kernel *k, struct kvmi_mapping *m, uint64_t last,
    kvmi_pages_fn *fn, void *arg, uint64_t *left)
{
	const struct kvmi_paging *p = &k->space.paging;
	unsigned int entry = p->arch->entry_size, level = m->level;
	uint64_t size = kvmi_min((uint64_t)entry << p->arch->level[level].bits,
	    MAX_TABLE), at = m->entry_pa % size;
	uint8_t table[MAX_TABLE];
	struct kvmi_err ignored;
	struct kvmi_pte pte;

	if (m->len != UINT64_C(1) << p->arch->level[level].shift ||
	    kvmi_image_read_phys(k->img, m->entry_pa - at, table, (size_t)size,
	    &ignored) != 0)
		return (true);
	for (at += entry; at < size && *left > 1; at += entry, --*left) {
		uint64_t va = m->va + m->len;

		if (last - m->va < m->len || is_direct(p, va))
			return (true);
		kvmi_pte_decode(p, table + at, va, level, &pte);
		if (pte.present && level > 0 && !pte.leaf)
			return (true);
		m->va = va;
		m->entry_pa += entry;
		m->pa = pte.pa;
		m->prot = pte.prot;
		if (pte.present && !fn(k, m, arg))
			return (false);
	}
	return (true);
}

int
kvmi_pages_each(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t start,
    uint64_t last, kvmi_pages_fn *fn, void *arg, bool *done)
{
	uint64_t va = start;

	*done = false;
	for (uint64_t left = budget(k); left > 0; left--) {
		struct kvmi_mapping m;
		int r = k->space.ops->translate(&k->space, va, &m, NULL);

		if (r == 0 && !fn(k, &m, arg))
			return (0);
		if (r == 0 && m.entry_pa != 0 && !rest_of_table(k, &m, last,
		    fn, arg, &left))
			return (0);
		/* Holes and unreadable tables are stepped over whole. */
		*done = m.len == 0 || m.len - 1 >= last - m.va;
		if (*done)
			return (0);
		va = m.va + m.len;
	}
	return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: more mappings than the "
	    "stored pages can hold tables for: the page tables refer to "
	    "themselves", k->img->src->name));
}
