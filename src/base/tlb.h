/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The software translation cache.  One entry covers one contiguous stretch
 * of one address space, however large: entries live in three direct-mapped
 * classes so that a 1 GiB page takes one slot.  Holes are entries too.
 */
#ifndef KVMI_TLB_H
#define KVMI_TLB_H

#include <stddef.h>
#include <stdint.h>

struct kvmi_tlb_entry {
	uint64_t	 va;		/* first byte */
	uint64_t	 len;		/* 0: empty */
	uint64_t	 pa;		/* of va; unused in a hole */
	const uint8_t	*host;		/* the bytes at va; NULL: go by pa */
	uint32_t	 asid;		/* which address space */
	int		 code;		/* 0, or why it is a hole */
};

#define KVMI_TLB_SMALL	1024
#define KVMI_TLB_MEDIUM	256
#define KVMI_TLB_LARGE	16

struct kvmi_tlb {
	struct kvmi_tlb_entry large[KVMI_TLB_LARGE];	/* >= 1 GiB */
	struct kvmi_tlb_entry medium[KVMI_TLB_MEDIUM];	/* >= 2 MiB */
	struct kvmi_tlb_entry small[KVMI_TLB_SMALL];
};

#define KVMI_TLB_SLOT(tlb, class, shift, va) \
	(&(tlb)->class[((va) >> (shift)) & \
	    (sizeof((tlb)->class) / sizeof((tlb)->class[0]) - 1)])

static inline const struct kvmi_tlb_entry *
kvmi_tlb_find(const struct kvmi_tlb *tlb, uint32_t asid, uint64_t va)
{
	const struct kvmi_tlb_entry *e;

	e = KVMI_TLB_SLOT(tlb, large, 30, va);
	if (va - e->va < e->len && e->asid == asid)
		return (e);
	e = KVMI_TLB_SLOT(tlb, medium, 21, va);
	if (va - e->va < e->len && e->asid == asid)
		return (e);
	e = KVMI_TLB_SLOT(tlb, small, 12, va);
	if (va - e->va < e->len && e->asid == asid)
		return (e);
	return (NULL);
}

/* Where an entry of len bytes that is to be found by va goes. */
static inline struct kvmi_tlb_entry *
kvmi_tlb_slot(struct kvmi_tlb *tlb, uint64_t va, uint64_t len)
{
	if (len >= UINT64_C(1) << 30)
		return (KVMI_TLB_SLOT(tlb, large, 30, va));
	if (len >= UINT64_C(1) << 21)
		return (KVMI_TLB_SLOT(tlb, medium, 21, va));
	return (KVMI_TLB_SLOT(tlb, small, 12, va));
}

#endif
