/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translation in a minidump: the direct map by subtraction, the kernel map
 * through the entries in the dump, whose lower tables are dumped pages.
 */
#include <inttypes.h>

#include "base/endian.h"
#include "base/math.h"
#include "image/minidump.h"
#include "os/freebsd/freebsd.h"

static void
stretch(struct kvmi_mapping *m, uint64_t va, uint64_t size)
{
	m->va = va & ~(size - 1);
	m->len = size;
}

/* Zeros are looked at that far ahead: a page of entries. */
#define AHEAD	4096

/*
 * The kernel map is sparse: 8 MiB of entries that amd64 writes for it may have
 * a few hundred that are in use.  How many from index on are zeros, 1 at least.
 */
static uint64_t
empty_entries(const struct kvmi_space *s, const struct kvmi_minidump *h,
    uint64_t index, uint64_t n)
{
	unsigned int size = s->paging.arch->entry_size;
	uint64_t len = kvmi_min((n - index) * size, AHEAD), done = 0;
	const uint8_t *p = kvmi_src_ptr(h->src, h->pt_off + index * size,
	    len);

	if (p == NULL)
		return (1);
	while (done + 8 <= len && kvmi_get64(p + done, false) == 0)
		done += 8;
	return (done / size > 0 ? done / size : 1);
}

/* An entry of the section that is in the dump. */
static int
section_entry(const struct kvmi_space *s, const struct kvmi_minidump *h,
    uint64_t va, struct kvmi_pte *pte, struct kvmi_mapping *ret,
    struct kvmi_err *err)
{
	const struct kvmi_arch *a = s->paging.arch;
	unsigned int shift = a->level[h->pt_level].shift;
	uint64_t n = h->pt_len / a->entry_size;
	uint64_t index = (va - h->pt_base) >> shift;
	uint8_t raw[8];
	int r;

	if (index >= n) {
		ret->va = h->pt_base + (n << shift);
		ret->len = UINT64_MAX - ret->va;
		if (va - ret->va >= ret->len)
			stretch(ret, va, UINT64_C(1) << h->page_shift);
		return (kvmi_fail(err, KVMI_ENOTMAPPED, "invalid address (0x%"
		    PRIx64 "): above the kernel map, which the dump has from 0x%"
		    PRIx64 " to 0x%" PRIx64, va, h->kernbase, ret->va));
	}
	stretch(ret, va, UINT64_C(1) << shift);
	ret->level = h->pt_level;
	r = kvmi_src_read(h->src, h->pt_off + index * a->entry_size, raw,
	    a->entry_size, "page table entry", err);
	if (r != 0)
		return (r);
	kvmi_pte_decode(&s->paging, raw, va, h->pt_level, pte);
	if (pte->present)
		return (0);
	ret->len *= empty_entries(s, h, index, n);
	return (kvmi_fail(err, KVMI_ENOTMAPPED, "invalid address (0x%" PRIx64
	    "): not mapped (entry %" PRIu64 " of the dump's page tables)", va,
	    index));
}

/* The tables below the section's entries. */
static int
lower_entry(const struct kvmi_space *s, uint64_t va, unsigned int level,
    struct kvmi_pte *pte, struct kvmi_mapping *ret, struct kvmi_err *err)
{
	const struct kvmi_arch *a = s->paging.arch;
	const struct kvmi_level *lv = &a->level[level];
	uint64_t index = va >> lv->shift & ((UINT64_C(1) << lv->bits) - 1);
	uint8_t raw[8];
	int r;

	r = kvmi_image_read_phys(s->img, pte->pa + index * a->entry_size, raw,
	    a->entry_size, err);
	if (r != 0)
		return (kvmi_wrap(err, r, "address 0x%" PRIx64
		    ": its page table", va));
	stretch(ret, va, UINT64_C(1) << lv->shift);
	ret->level = level;
	ret->entry_pa = pte->pa + index * a->entry_size;
	kvmi_pte_decode(&s->paging, raw, va, level, pte);
	if (!pte->present)
		return (kvmi_fail(err, KVMI_ENOTMAPPED, "invalid address (0x%"
		    PRIx64 "): not mapped (its page table entry is not valid)",
		    va));
	return (0);
}

bool
kvmi_freebsd_untabled(const struct kvmi_space *s, uint64_t va,
    struct kvmi_mapping *ret)
{
	const struct kvmi_minidump *h = s->img->minidump;

	*ret = (struct kvmi_mapping){ .prot = KVMI_PROT_R | KVMI_PROT_W };
	if (h != NULL && va >= h->dmap_start && va < h->dmap_end) {
		ret->va = h->dmap_start;
		ret->len = h->dmap_end - h->dmap_start;
		ret->pa = h->dmap_pa;
		return (true);
	}
	for (size_t i = 0; i < s->paging.ndirect; i++) {
		const struct kvmi_direct *d = &s->paging.direct[i];

		if (va - d->va >= d->len)
			continue;
		ret->va = d->va;
		ret->len = d->len;
		ret->pa = d->pa;
		return (true);
	}
	return (false);
}

/* Leave [start, last] out of the stretch around va. */
static void
keep_out(struct kvmi_mapping *m, uint64_t va, uint64_t start, uint64_t last)
{
	if (start > va && m->len > start - m->va)
		m->len = start - m->va;
	if (last < va && m->va <= last) {
		m->len -= last + 1 - m->va;
		m->pa += last + 1 - m->va;
		m->va = last + 1;
	}
}

/* What the tables say ends where there are none: holes are wide. */
static void
keep_to_tables(const struct kvmi_space *s, uint64_t va,
    struct kvmi_mapping *m)
{
	const struct kvmi_minidump *h = s->arg;

	if (h->dmap_end > h->dmap_start)
		keep_out(m, va, h->dmap_start, h->dmap_end - 1);
	for (size_t i = 0; i < s->paging.ndirect; i++)
		keep_out(m, va, s->paging.direct[i].va,
		    s->paging.direct[i].va + s->paging.direct[i].len - 1);
}

/* Do the tables say what all of the table around va at that level maps? */
static bool
is_all_tabled(const struct kvmi_space *s, const struct kvmi_level *lv,
    uint64_t va)
{
	uint64_t size = UINT64_C(1) << (lv->shift + lv->bits);
	struct kvmi_mapping m = { 0 };

	stretch(&m, va, size);
	keep_to_tables(s, va, &m);
	return (m.len == size);
}

struct kvmi_hpt
kvmi_freebsd_minidump_hpt(const struct kvmi_minidump *h)
{
	return ((struct kvmi_hpt){ .at = h->pt_off, .len = h->pt_len,
		.src = h->src,
		.dmap_start = h->dmap_large ? h->dmap_start : 0,
		.dmap_end = h->dmap_large ? h->dmap_end : 0,
		.first = h->kernbase, .last = h->kernend });
}

/* Through the section's entries. */
static int
tabled(const struct kvmi_space *s, const struct kvmi_minidump *h, uint64_t va,
    struct kvmi_mapping *ret, struct kvmi_err *err)
{
	struct kvmi_pte pte = { 0 };
	unsigned int level = h->pt_level;
	int r;

	if (h->hashed) {
		struct kvmi_hpt t = kvmi_freebsd_minidump_hpt(h);

		return (kvmi_freebsd_hpt_translate(s, &t, va, ret, err));
	}
	r = section_entry(s, h, va, &pte, ret, err);
	while (r == 0 && !pte.leaf && level > 0)
		r = lower_entry(s, va, --level, &pte, ret, err);
	ret->pa = pte.pa;
	ret->prot = pte.prot;
	return (r);
}

static int
minidump_translate(const struct kvmi_space *s, uint64_t va,
    struct kvmi_mapping *ret, struct kvmi_err *err)
{
	const struct kvmi_minidump *h = s->arg;
	uint64_t disp = 0;
	int r;

	/* powerpc64 kernels are linked low and run in the direct map. */
	if (h->kerndisp != 0 && va < h->dmap_start)
		disp = (uint64_t)h->kerndisp;
	va += disp;
	if (kvmi_freebsd_untabled(s, va, ret)) {
		r = 0;
	} else if (va < h->kernbase) {
		stretch(ret, va, UINT64_C(1) << h->page_shift);
		r = kvmi_fail(err, KVMI_ENOTMAPPED, "invalid address (0x%"
		    PRIx64 "): a minidump has the direct map (0x%" PRIx64
		    " to 0x%" PRIx64 ") and the kernel map (from 0x%" PRIx64
		    " on)", va, h->dmap_start, h->dmap_end, h->kernbase);
	} else {
		r = tabled(s, h, va, ret, err);
		keep_to_tables(s, va, ret);
		if (disp != 0 || !is_all_tabled(s,
		    &s->paging.arch->level[ret->level], va))
			ret->entry_pa = 0;
	}
	if (disp != 0 && ret->va < disp) {
		/* The part of it that link-time addresses reach. */
		ret->pa += disp - ret->va;
		ret->len -= disp - ret->va;
		ret->va = disp;
	}
	ret->va -= disp;
	if (disp != 0 && ret->len > h->dmap_start - ret->va)
		ret->len = h->dmap_start - ret->va;
	return (r);
}

const struct kvmi_space_ops kvmi_freebsd_minidump_space = {
	.translate = minidump_translate,
};
