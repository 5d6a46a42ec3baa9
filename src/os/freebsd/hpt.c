/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * powerpc64's hashed page table as FreeBSD fills it: groups of eight entries
 * of two big-endian words, hashed by virtual segment and page.  Power ISA
 * 2.07, Book III-S, 5.7.7; segment numbers: sys/powerpc/aim/slb.c and
 * moea64 of FreeBSD.
 */
#include <inttypes.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/freebsd/freebsd.h"

#define GROUP		8		/* entries */
#define ENTRY		16
#define GROUP_SIZE	(GROUP * ENTRY)
#define SEGMENT_SHIFT	28
#define SEGMENT_MASK	UINT64_C(0x0fffffff)
#define HASH_MASK	UINT64_C(0x7fffffffff)
#define VSID_HASH	UINT64_C(0x13bb)
#define VSID_HASH_MASK	UINT64_C(0xfffffffff)
#define KERNEL_VSID	UINT64_C(0x1000000000)

/* The first word. */
#define V_VALID		UINT64_C(0x1)
#define V_SECONDARY	UINT64_C(0x2)
#define V_LARGE		UINT64_C(0x4)
#define V_SIZE		UINT64_C(0xc000000000000000)
#define V_VSID		UINT64_C(0x3ffffffffffff000)
#define V_API		UINT64_C(0xf80)
/* The second. */
#define R_SMALL		UINT64_C(0x0ffffffffffff000)
#define R_LARGE		UINT64_C(0x0fffffffff000000)
#define R_NOEXEC	UINT64_C(0x4)
#define R_PP		UINT64_C(0x3)
#define PP_RW		2
#define PP_RO		3

#define SHIFT_SMALL	12
#define SHIFT_LARGE	24

struct segment {
	uint64_t	 esid;
	uint64_t	 vsid;
	unsigned int	 shift;		/* of its pages */
};

static struct segment
segment_of(const struct kvmi_minidump *h, uint64_t va)
{
	uint64_t esid = va >> SEGMENT_SHIFT;
	bool direct = va >= h->dmap_start && va < h->dmap_end;

	return ((struct segment){ .esid = esid,
		.vsid = (((esid << 8 | esid >> 28) * VSID_HASH) &
		    VSID_HASH_MASK) | KERNEL_VSID,
		.shift = direct && h->dmap_large ? SHIFT_LARGE : SHIFT_SMALL });
}

/* The abbreviated page index: what the hash of a small table leaves out. */
static uint64_t
api_of(uint64_t page, unsigned int shift)
{
	return (shift == SHIFT_LARGE ? page : page >> 11);
}

static uint64_t
api_in(uint64_t v, unsigned int shift)
{
	return ((v & V_API) >> 7 >> (shift == SHIFT_LARGE ? 1 : 0));
}

static void
entry_to_mapping(uint64_t r, uint64_t va, unsigned int shift,
    struct kvmi_mapping *ret)
{
	uint64_t size = UINT64_C(1) << shift;

	*ret = (struct kvmi_mapping){ .va = va & ~(size - 1), .len = size,
		.pa = r & (shift == SHIFT_LARGE ? R_LARGE : R_SMALL) };
	if ((r & R_PP) == PP_RW)
		ret->prot = KVMI_PROT_R | KVMI_PROT_W;
	else if ((r & R_PP) == PP_RO)
		ret->prot = KVMI_PROT_R;
	if (!(r & R_NOEXEC))
		ret->prot |= KVMI_PROT_X;
}

/* 0, KVMI_ENOENT, or an error. */
static int
search_group(const struct kvmi_space *s, const struct kvmi_minidump *h,
    uint64_t hash, uint64_t secondary, const struct segment *g, uint64_t va,
    struct kvmi_mapping *ret, struct kvmi_err *err)
{
	uint64_t ngroups = h->pt_len / GROUP_SIZE;
	uint64_t page = (va & SEGMENT_MASK) >> g->shift;
	uint64_t want = V_VALID | secondary | g->vsid << 12 |
	    (g->shift == SHIFT_LARGE ? V_LARGE : 0);
	uint8_t raw[GROUP_SIZE];
	int r;

	r = kvmi_src_read(s->img->src, h->pt_off +
	    (hash & (ngroups - 1)) * GROUP_SIZE, raw, sizeof(raw),
	    "hash table group", err);
	for (unsigned int i = 0; i < GROUP && r == 0; i++) {
		uint64_t v = kvmi_get64(raw + i * ENTRY, true);

		if ((v & (V_SIZE | V_VSID | V_LARGE | V_SECONDARY | V_VALID)) !=
		    want || api_in(v, g->shift) != api_of(page, g->shift))
			continue;
		entry_to_mapping(kvmi_get64(raw + i * ENTRY + 8, true), va,
		    g->shift, ret);
		return (0);
	}
	return (r != 0 ? r : KVMI_ENOENT);
}

int
kvmi_freebsd_hpt_translate(const struct kvmi_space *s,
    const struct kvmi_minidump *h, uint64_t va, struct kvmi_mapping *ret,
    struct kvmi_err *err)
{
	struct segment g = segment_of(h, va);
	uint64_t hash = (g.vsid & HASH_MASK) ^
	    ((va & SEGMENT_MASK) >> g.shift);
	uint64_t ngroups = h->pt_len / GROUP_SIZE;
	int r = KVMI_ENOENT;

	if (ngroups > 0 && (ngroups & (ngroups - 1)) == 0) {
		r = search_group(s, h, hash, 0, &g, va, ret, err);
		if (r == KVMI_ENOENT)
			r = search_group(s, h, ~hash & HASH_MASK, V_SECONDARY,
			    &g, va, ret, err);
	}
	if (r == 0)
		return (0);
	*ret = (struct kvmi_mapping){ .len = UINT64_C(1) << g.shift };
	ret->va = va & ~(ret->len - 1);
	if (r != KVMI_ENOENT)
		return (r);
	return (kvmi_fail(err, KVMI_ENOTMAPPED, "invalid address (0x%" PRIx64
	    "): not mapped (no entry for segment 0x%" PRIx64 " in the dump's "
	    "hash table)", va, g.vsid));
}

/* The kernel map's segment of that number. */
static bool
segment_by_vsid(const struct kvmi_minidump *h, uint64_t vsid,
    struct segment *ret)
{
	/* The hash is invertible: an odd factor, of a number of 36 bits. */
	uint64_t inverse = VSID_HASH, n;

	for (int i = 0; i < 6; i++)
		inverse *= 2 - VSID_HASH * inverse;
	n = (vsid & VSID_HASH_MASK) * inverse & VSID_HASH_MASK;
	*ret = segment_of(h, (n >> 8 << SEGMENT_SHIFT) | (n & 0xff) << 56);
	return (ret->vsid == vsid &&
	    ret->esid >= h->kernbase >> SEGMENT_SHIFT &&
	    ret->esid <= h->kernend >> SEGMENT_SHIFT);
}

/* The address that entry number i maps; false: not one of the kernel map. */
static bool
entry_va(const struct kvmi_minidump *h, uint64_t i, uint64_t v,
    struct segment *g, uint64_t *va)
{
	uint64_t ngroups = h->pt_len / GROUP_SIZE, hash = i / GROUP, page;

	if (!(v & V_VALID) || (v & V_SIZE) != 0 ||
	    !segment_by_vsid(h, (v & V_VSID) >> 12, g) ||
	    (g->shift == SHIFT_LARGE) != ((v & V_LARGE) != 0))
		return (false);
	if (v & V_SECONDARY)
		hash = ~hash & HASH_MASK;
	page = (hash ^ (g->vsid & HASH_MASK)) & (ngroups - 1);
	/* A small table's hash lacks the upper bits; the entry has them. */
	if (g->shift == SHIFT_SMALL)
		page = (page & 0x7ff) | api_in(v, g->shift) << 11;
	*va = g->esid << SEGMENT_SHIFT |
	    ((page << g->shift) & SEGMENT_MASK);
	return (true);
}

int
kvmi_freebsd_hpt_each(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvmi_pages_fn *fn, void *arg, bool *done)
{
	const struct kvmi_minidump *h = k->space.arg;
	uint64_t n = h->pt_len / ENTRY;
	uint8_t raw[GROUP_SIZE];

	*done = false;
	for (uint64_t i = 0; i < n; i++) {
		const uint8_t *p = raw + i % GROUP * ENTRY;
		struct kvmi_mapping m, again;
		struct segment g;
		struct kvmi_err ignored;
		uint64_t va;

		if (i % GROUP == 0) {
			int r = kvmi_src_read(k->img->src, h->pt_off +
			    i * ENTRY, raw, (size_t)kvmi_min(GROUP_SIZE,
			    h->pt_len - i * ENTRY), "hash table group",
			    &cx->err);

			if (r != 0)
				return (r);
		}
		if (!entry_va(h, i, kvmi_get64(p, true), &g, &va))
			continue;
		entry_to_mapping(kvmi_get64(p + 8, true), va, g.shift, &m);
		/* An entry that its address does not lead to maps nothing. */
		if (kvmi_freebsd_hpt_translate(&k->space, h, va, &again,
		    &ignored) != 0 || again.pa != m.pa)
			continue;
		if (!fn(k, &m, arg))
			return (0);
	}
	*done = true;
	return (0);
}
