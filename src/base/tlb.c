/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/tlb.h"

#include <stdlib.h>
#include <string.h>

/*
 * The classes in the order in which they are asked: how long their stretches
 * are at least, how many there are at first, and at most (in all 5.3 MiB).
 */
static const struct {
	unsigned int	shift;
	unsigned int	near;
	unsigned int	far;
	unsigned int	max;
} class[KVMI_TLB_CLASSES] = {
	{ 21, 256, 64, 4096 },		/* most direct maps */
	{ 12, 1024, 256, 65536 },
	{ 16, 256, 64, 16384 },
	{ 30, 16, 16, 64 },
};

static struct kvmi_tlb_entry *
begin(struct kvmi_tlb_slots *s, struct kvmi_tlb_entry *at, unsigned int n)
{
	s->slot = at;
	s->mask = (n - 1) * sizeof(*at);
	return (at + n);
}

void
kvmi_tlb_init(struct kvmi_tlb *tlb)
{
	struct kvmi_tlb_entry *at = tlb->first;

	for (int c = 0; c < KVMI_TLB_CLASSES; c++) {
		at = begin(&tlb->near.of[c], at, class[c].near);
		at = begin(&tlb->far.of[c], at, class[c].far);
	}
}

static size_t
slots(const struct kvmi_tlb_slots *s)
{
	return ((size_t)(s->mask / sizeof(*s->slot) + 1));
}

static void
release(struct kvmi_tlb *tlb, struct kvmi_tlb_slots *s)
{
	if (s->slot < tlb->first || s->slot >= tlb->first + KVMI_TLB_FIRST)
		free(s->slot);
}

void
kvmi_tlb_deinit(struct kvmi_tlb *tlb)
{
	for (int c = 0; c < KVMI_TLB_CLASSES; c++) {
		release(tlb, &tlb->near.of[c]);
		release(tlb, &tlb->far.of[c]);
	}
	memset(tlb, 0, sizeof(*tlb));
}

/* What was there is found again soon enough. */
static void
grow(struct kvmi_tlb *tlb, struct kvmi_tlb_slots *s, unsigned int max)
{
	size_t n = slots(s) * 4;
	struct kvmi_tlb_entry *slot;

	if (n > max || (slot = calloc(n, sizeof(*slot))) == NULL)
		return;
	release(tlb, s);
	begin(s, slot, (unsigned int)n);
}

static void
put(struct kvmi_tlb *tlb, struct kvmi_tlb_set *set, uint64_t va,
    const struct kvmi_tlb_entry *e)
{
	struct kvmi_tlb_entry *slot;
	int c = e->len < 1 << 16 ? 1 : e->len < 1 << 21 ? 2 :
	    e->len < 1 << 30 ? 0 : 3;

	slot = kvmi_tlb_at(&set->of[c], class[c].shift, va);
	if (slot->len != 0 && ++set->clashes[c] > slots(&set->of[c])) {
		set->clashes[c] = 0;
		grow(tlb, &set->of[c], class[c].max);
		slot = kvmi_tlb_at(&set->of[c], class[c].shift, va);
	}
	*slot = *e;
}

void
kvmi_tlb_put_near(struct kvmi_tlb *tlb, uint64_t va,
    const struct kvmi_tlb_entry *e)
{
	struct kvmi_tlb_entry near = *e;

	near.starts = e->len < 8 ? 0 : e->len - 7;
	put(tlb, &tlb->near, va, &near);
}

void
kvmi_tlb_put_far(struct kvmi_tlb *tlb, uint64_t va,
    const struct kvmi_tlb_entry *e)
{
	put(tlb, &tlb->far, va, e);
}

const struct kvmi_tlb_entry *
kvmi_tlb_near(const struct kvmi_tlb *tlb, uint64_t va)
{
	for (int c = 0; c < KVMI_TLB_CLASSES; c++) {
		const struct kvmi_tlb_entry *e = kvmi_tlb_at(&tlb->near.of[c],
		    class[c].shift, va);

		if (va - e->va < e->len)
			return (e);
	}
	return (NULL);
}

const struct kvmi_tlb_entry *
kvmi_tlb_far(const struct kvmi_tlb *tlb, uint32_t asid, uint64_t va)
{
	for (int c = 0; c < KVMI_TLB_CLASSES; c++) {
		const struct kvmi_tlb_entry *e = kvmi_tlb_at(&tlb->far.of[c],
		    class[c].shift, va);

		if (va - e->va < e->len && e->asid == asid)
			return (e);
	}
	return (NULL);
}
