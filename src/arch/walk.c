/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk over radix page tables; the formats are data and a decoder each. */
#include <inttypes.h>

#include "arch/arch.h"
#include "base/endian.h"
#include "base/math.h"

/* The aligned stretch of 1 << shift bytes around va. */
static void
stretch(struct kvmi_mapping *m, uint64_t va, unsigned int shift)
{
	m->len = UINT64_C(1) << shift;
	m->va = va & ~(m->len - 1);
}

void
kvmi_pte_decode(const struct kvmi_paging *p, const void *entry, uint64_t va,
    unsigned int level, struct kvmi_pte *ret)
{
	const struct kvmi_arch *a = p->arch;
	uint64_t part;

	a->pte(kvmi_get_uint(entry, a->entry_size, p->big_endian) &
	    ~p->clear_mask, level, ret);
	if (!ret->present)
		return;
	/* Below the size of a page there are bits of other meanings. */
	if (ret->leaf)
		ret->pa &= ~((UINT64_C(1) << a->level[level].shift) - 1);
	if (ret->leaf_shift == 0)
		return;
	/* Of a page that takes several entries, the part this one maps. */
	part = (UINT64_C(1) << ret->leaf_shift) -
	    (UINT64_C(1) << a->level[level].shift);
	ret->pa = (ret->pa & ~part) | (va & part);
}

static bool
walk_direct(const struct kvmi_paging *p, uint64_t va,
    struct kvmi_mapping *ret)
{
	for (size_t i = 0; i < p->ndirect; i++) {
		const struct kvmi_direct *d = &p->direct[i];

		if (va - d->va >= d->len)
			continue;
		*ret = (struct kvmi_mapping){ .va = d->va, .len = d->len,
			.pa = d->pa, .level = p->levels,
			.prot = KVMI_PROT_R | KVMI_PROT_W | KVMI_PROT_X };
		return (true);
	}
	return (false);
}

/* An entry that says there is nothing, in either way. */
static bool
is_empty(const struct kvmi_paging *p, const struct kvmi_pte *pte,
    unsigned int level)
{
	if (!pte->present)
		return (true);
	return (level > 0 && !pte->leaf && p->empty_pa[level - 1] != 0 &&
	    pte->pa == p->empty_pa[level - 1]);
}

int
kvmi_walk(const struct kvmi_paging *p, uint64_t va, kvmi_read_phys_fn *read,
    void *arg, struct kvmi_mapping *ret, struct kvmi_err *err)
{
	const struct kvmi_arch *a = p->arch;
	uint64_t table = p->root_pa;

	*ret = (struct kvmi_mapping){ 0 };
	if (walk_direct(p, va, ret))
		return (0);
	if (!a->reachable(p, va)) {
		stretch(ret, va, a->level[0].shift);
		return (kvmi_fail(err, KVMI_ENOTMAPPED, "invalid address (0x%"
		    PRIx64 "): not canonical with %u-level paging", va,
		    p->levels));
	}
	/* Every step goes one level down, so a cycle of tables ends too. */
	for (unsigned int l = p->levels; l-- > 0;) {
		const struct kvmi_level *lv = &a->level[l];
		unsigned int bits = l + 1 == p->levels && p->va_bits != 0 ?
		    p->va_bits - lv->shift : lv->bits;
		uint64_t index = va >> lv->shift &
		    ((UINT64_C(1) << bits) - 1);
		uint64_t pa = table + index * a->entry_size;
		struct kvmi_pte pte;
		uint8_t raw[8];
		int r;

		ret->level = l;
		r = read(arg, pa, raw, a->entry_size, err);
		if (r != 0) {
			stretch(ret, va, lv->shift + lv->bits);
			return (kvmi_wrap(err, r, "invalid address (0x%" PRIx64
			    "): level %u page table at physical 0x%" PRIx64, va,
			    l + 1, table));
		}
		kvmi_pte_decode(p, raw, va, l, &pte);
		if (is_empty(p, &pte, l)) {
			stretch(ret, va, lv->shift);
			ret->entry_pa = pa;
			return (kvmi_fail(err, KVMI_ENOTMAPPED,
			    "invalid address (0x%" PRIx64 "): not mapped "
			    "(level %u entry at physical 0x%" PRIx64
			    " is not present)", va, l + 1, pa));
		}
		if (l == 0 || pte.leaf) {
			stretch(ret, va, lv->shift);
			ret->pa = pte.pa;
			ret->prot = pte.prot;
			ret->entry_pa = pa;
			return (0);
		}
		table = pte.pa;
	}
	return (kvmi_fail(err, KVMI_EFORMAT, "page walk without levels"));
}

/* Of a larger table, the part around the entry. */
#define MAX_TABLE	4096

/* Does entry i of the copied table map pa? */
static bool
maps(const struct kvmi_paging *p, const uint8_t *table, unsigned int level,
    uint64_t i, uint64_t pa)
{
	const struct kvmi_arch *a = p->arch;
	struct kvmi_pte pte;

	kvmi_pte_decode(p, table + i * a->entry_size,
	    i << a->level[level].shift, level, &pte);
	return (pte.present && (level == 0 || pte.leaf) && pte.pa == pa);
}

void
kvmi_widen(const struct kvmi_paging *p, kvmi_read_phys_fn *read, void *arg,
    struct kvmi_mapping *m)
{
	const struct kvmi_arch *a = p->arch;
	uint64_t page = m->len;
	uint64_t size = kvmi_min((uint64_t)a->entry_size <<
	    a->level[m->level < p->levels ? m->level : 0].bits, MAX_TABLE);
	uint64_t entries = size / a->entry_size;
	uint64_t index = m->entry_pa % size / a->entry_size;
	uint64_t first = index, last = index;
	uint8_t table[MAX_TABLE];
	struct kvmi_err ignored;

	if (m->entry_pa == 0 || read(arg, m->entry_pa -
	    m->entry_pa % size, table, size, &ignored) != 0)
		return;
	while (last + 1 < entries && maps(p, table, m->level, last + 1,
	    m->pa + (last + 1 - index) * page))
		last++;
	while (first > 0 && maps(p, table, m->level, first - 1,
	    m->pa - (index - first + 1) * page))
		first--;
	m->va -= (index - first) * page;
	m->pa -= (index - first) * page;
	m->len = (last - first + 1) * page;
}
