/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * powerpc's hashed page table as FreeBSD fills it: groups of eight entries
 * of two big-endian words, hashed by virtual segment and page.  Power ISA
 * 2.07, Book III-S, 5.7.7; segment numbers: sys/powerpc/aim/slb.c and
 * moea64 of FreeBSD.  32-bit CPUs: sys/powerpc/include/pte.h, aim/mmu_oea.c.
 */
#include "os/freebsd/hpt.h"

#include <inttypes.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/freebsd/freebsd.h"

#define GROUP		8		/* entries */
#define MAX_GROUP_SIZE	(GROUP * 16)
#define SEGMENT_SHIFT	28
#define SEGMENT_MASK	UINT64_C(0x0fffffff)
#define SEGMENTS_32	16
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
#define PP_RO		3		/* others: the kernel may write */

/* The first word of short entries; the second has no bit against executing. */
#define SHORT_VALID	UINT32_C(0x80000000)
#define SHORT_SECONDARY	UINT32_C(0x40)
#define SHORT_API	UINT32_C(0x3f)
#define SHORT_PA	UINT32_C(0xfffff000)

#define SHIFT_SMALL	12
#define SHIFT_LARGE	24

struct segment {
	uint64_t	 esid;
	uint64_t	 vsid;
	unsigned int	 shift;		/* of its pages */
};

/* An entry, whichever its format. */
struct entry {
	bool		 valid;
	bool		 secondary;
	bool		 large;
	uint64_t	 vsid;
	uint64_t	 api;		/* what the hash of a small table lacks */
	uint64_t	 pa;
	uint8_t		 prot;
};

static size_t
group_size(const struct kvmi_hpt *t)
{
	return (t->short_entries ? MAX_GROUP_SIZE / 2 : MAX_GROUP_SIZE);
}

/* 0 where the table has no such number, which must be a power of two. */
static uint64_t
groups(const struct kvmi_hpt *t)
{
	uint64_t n = t->len / group_size(t);

	return ((n & (n - 1)) == 0 ? n : 0);
}

static struct segment
segment_of(const struct kvmi_hpt *t, uint64_t va)
{
	uint64_t esid = va >> SEGMENT_SHIFT;

	if (t->vsid != 0)
		return ((struct segment){ .esid = esid,
			.vsid = t->vsid + esid, .shift = SHIFT_SMALL });
	return ((struct segment){ .esid = esid,
		.vsid = (((esid << 8 | esid >> 28) * VSID_HASH) &
		    VSID_HASH_MASK) | KERNEL_VSID,
		.shift = va >= t->dmap_start && va < t->dmap_end ?
		    SHIFT_LARGE : SHIFT_SMALL });
}

/* Of a page's number in its segment, the bits that are not in the entry. */
static unsigned int
hashed_bits(const struct kvmi_hpt *t, unsigned int shift)
{
	if (shift == SHIFT_LARGE)
		return (0);
	return (t->short_entries ? 10 : 11);
}

static void
decode_long(uint64_t v, uint64_t r, struct entry *e)
{
	*e = (struct entry){
		.valid = (v & (V_VALID | V_SIZE)) == V_VALID,
		.secondary = (v & V_SECONDARY) != 0,
		.large = (v & V_LARGE) != 0,
		.vsid = (v & V_VSID) >> 12,
		.prot = KVMI_PROT_R };
	e->api = (v & V_API) >> (e->large ? 8 : 7);
	e->pa = r & (e->large ? R_LARGE : R_SMALL);
	if ((r & R_PP) != PP_RO)
		e->prot |= KVMI_PROT_W;
	if (!(r & R_NOEXEC))
		e->prot |= KVMI_PROT_X;
}

static void
decode_short(uint32_t v, uint32_t r, struct entry *e)
{
	*e = (struct entry){
		.valid = (v & SHORT_VALID) != 0,
		.secondary = (v & SHORT_SECONDARY) != 0,
		.vsid = (v & ~SHORT_VALID) >> 7,
		.api = v & SHORT_API,
		.pa = r & SHORT_PA,
		.prot = KVMI_PROT_R | KVMI_PROT_X };
	if ((r & R_PP) != PP_RO)
		e->prot |= KVMI_PROT_W;
}

static void
decode(const struct kvmi_hpt *t, const uint8_t *group, unsigned int i,
    struct entry *ret)
{
	if (t->short_entries)
		decode_short(kvmi_get32(group + i * 8, true),
		    kvmi_get32(group + i * 8 + 4, true), ret);
	else
		decode_long(kvmi_get64(group + i * 16, true),
		    kvmi_get64(group + i * 16 + 8, true), ret);
}

static int
read_group(const struct kvmi_space *s, const struct kvmi_hpt *t, uint64_t n,
    uint8_t raw[MAX_GROUP_SIZE], struct kvmi_err *err)
{
	uint64_t at = t->at + n * group_size(t);
	int r;

	if (t->src != NULL)
		return (kvmi_src_read(t->src, at, raw, group_size(t),
		    "hash table group", err));
	r = kvmi_image_read_phys(s->img, at, raw, group_size(t), err);
	return (r == 0 ? 0 : kvmi_wrap(err, r, "hash table at physical 0x%"
	    PRIx64, t->at));
}

static void
to_mapping(const struct entry *e, uint64_t va, unsigned int shift,
    struct kvmi_mapping *ret)
{
	uint64_t size = UINT64_C(1) << shift;

	*ret = (struct kvmi_mapping){ .va = va & ~(size - 1), .len = size,
		.pa = e->pa, .prot = e->prot };
}

/* 0, KVMI_ENOENT, or an error. */
static int
search_group(const struct kvmi_space *s, const struct kvmi_hpt *t,
    uint64_t hash, bool secondary, const struct segment *g, uint64_t va,
    struct kvmi_mapping *ret, struct kvmi_err *err)
{
	uint64_t page = (va & SEGMENT_MASK) >> g->shift;
	uint8_t raw[MAX_GROUP_SIZE];
	struct entry e;
	int r = read_group(s, t, hash & (groups(t) - 1), raw, err);

	for (unsigned int i = 0; i < GROUP && r == 0; i++) {
		decode(t, raw, i, &e);
		if (!e.valid || e.secondary != secondary ||
		    e.vsid != g->vsid || e.large != (g->shift == SHIFT_LARGE) ||
		    e.api != page >> hashed_bits(t, g->shift))
			continue;
		to_mapping(&e, va, g->shift, ret);
		return (0);
	}
	return (r != 0 ? r : KVMI_ENOENT);
}

int
kvmi_freebsd_hpt_translate(const struct kvmi_space *s,
    const struct kvmi_hpt *t, uint64_t va, struct kvmi_mapping *ret,
    struct kvmi_err *err)
{
	struct segment g = segment_of(t, va);
	uint64_t hash = (g.vsid & HASH_MASK) ^
	    ((va & SEGMENT_MASK) >> g.shift);
	int r = KVMI_ENOENT;

	if (groups(t) > 0 && (t->vsid == 0 || g.esid < SEGMENTS_32)) {
		r = search_group(s, t, hash, false, &g, va, ret, err);
		if (r == KVMI_ENOENT)
			r = search_group(s, t, ~hash & HASH_MASK, true, &g,
			    va, ret, err);
	}
	if (r == 0)
		return (0);
	*ret = (struct kvmi_mapping){ .len = UINT64_C(1) << g.shift };
	ret->va = va & ~(ret->len - 1);
	if (r != KVMI_ENOENT)
		return (r);
	if (t->len == 0)
		return (kvmi_fail(err, KVMI_ENOTINDUMP, "address 0x%" PRIx64
		    ": the hash table that maps it belongs to the hypervisor, "
		    "and is not in the dump", va));
	return (kvmi_fail(err, KVMI_ENOTMAPPED, "invalid address (0x%" PRIx64
	    "): not mapped (no entry for segment 0x%" PRIx64 " in the %s hash "
	    "table)", va, g.vsid, t->src != NULL ? "dump's" : "kernel's"));
}

static int
hash_translate(const struct kvmi_space *s, uint64_t va,
    struct kvmi_mapping *ret, struct kvmi_err *err)
{
	const struct kvmi_hpt *t = s->arg;

	if (kvmi_freebsd_untabled(s, va, ret))
		return (0);
	return (kvmi_freebsd_hpt_translate(s, t, va, ret, err));
}

const struct kvmi_space_ops kvmi_freebsd_hash_space = {
	.translate = hash_translate,
};

/* The kernel map's segment of that number. */
static bool
segment_by_vsid(const struct kvmi_hpt *t, uint64_t vsid, struct segment *ret)
{
	uint64_t esid = vsid - t->vsid;

	if (t->vsid == 0) {
		/* Invertible: an odd factor, of a number of 36 bits. */
		uint64_t inverse = VSID_HASH, n;

		for (int i = 0; i < 6; i++)
			inverse *= 2 - VSID_HASH * inverse;
		n = (vsid & VSID_HASH_MASK) * inverse & VSID_HASH_MASK;
		esid = n >> 8 | (n & 0xff) << 28;
	} else if (esid >= SEGMENTS_32) {
		return (false);
	}
	*ret = segment_of(t, esid << SEGMENT_SHIFT);
	return (ret->vsid == vsid && esid >= t->first >> SEGMENT_SHIFT &&
	    esid <= t->last >> SEGMENT_SHIFT);
}

/* The address that an entry of group n maps; false: not in the kernel map. */
static bool
entry_va(const struct kvmi_hpt *t, uint64_t n, const struct entry *e,
    struct segment *g, uint64_t *va)
{
	uint64_t hash = e->secondary ? ~n & HASH_MASK : n, page;
	unsigned int bits;

	if (!e->valid || !segment_by_vsid(t, e->vsid, g) ||
	    (g->shift == SHIFT_LARGE) != e->large)
		return (false);
	bits = hashed_bits(t, g->shift);
	page = (hash ^ (g->vsid & HASH_MASK)) & (groups(t) - 1);
	/* A small table's hash lacks the upper bits; the entry has them. */
	if (bits > 0)
		page = (page & ((UINT64_C(1) << bits) - 1)) | e->api << bits;
	*va = g->esid << SEGMENT_SHIFT |
	    ((page << g->shift) & SEGMENT_MASK);
	return (true);
}

/* Does it map what its address leads to?  An entry out of place does not. */
static bool
in_effect(struct kvmi_kernel *k, const struct kvmi_hpt *t, uint64_t n,
    const struct entry *e, struct kvmi_mapping *m)
{
	struct kvmi_err ignored;
	struct segment g;
	uint64_t va;

	if (!entry_va(t, n, e, &g, &va))
		return (false);
	return (kvmi_freebsd_hpt_translate(&k->space, t, va, m,
	    &ignored) == 0 && m->pa == e->pa);
}

int
kvmi_freebsd_hpt_each(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kvmi_hpt *t, kvmi_pages_fn *fn, void *arg, bool *done)
{
	uint8_t raw[MAX_GROUP_SIZE];

	*done = false;
	for (uint64_t n = 0; n < groups(t); n++) {
		int r = read_group(&k->space, t, n, raw, &cx->err);

		if (r != 0)
			return (r);
		for (unsigned int i = 0; i < GROUP; i++) {
			struct kvmi_mapping m;
			struct entry e;

			decode(t, raw, i, &e);
			if (in_effect(k, t, n, &e, &m) && !fn(k, &m, arg))
				return (0);
		}
	}
	*done = true;
	return (0);
}
