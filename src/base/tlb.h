/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The software translation cache.  One entry covers one contiguous stretch
 * of one address space, however large: entries live in direct-mapped classes
 * by size, so that a 1 GiB page takes one slot.  Holes are entries too.
 */
#ifndef KVMI_TLB_H
#define KVMI_TLB_H

#include <stddef.h>
#include <stdint.h>

enum kvmi_tlb_kind {
	KVMI_TLB_HOST,		/* the bytes are at host */
	KVMI_TLB_PHYS,		/* they are found by physical address */
	KVMI_TLB_HOLE,		/* code says why there are none */
};

/* 32 bytes: an entry is in one cache line. */
struct kvmi_tlb_entry {
	uint64_t	 va;		/* first byte */
	uint64_t	 len;		/* 0: empty */
	union {
		const uint8_t *host;	/* of va */
		uint64_t pa;		/* of va; also in a hole that has one */
	};
	uint32_t	 asid;		/* which address space */
	uint8_t		 kind;
	int8_t		 code;
};

#define KVMI_TLB_SMALL	1024
#define KVMI_TLB_RUN	512
#define KVMI_TLB_MEDIUM	256
#define KVMI_TLB_LARGE	16

struct kvmi_tlb {
	struct kvmi_tlb_entry medium[KVMI_TLB_MEDIUM];	/* >= 2 MiB */
	struct kvmi_tlb_entry large[KVMI_TLB_LARGE];	/* >= 1 GiB */
	struct kvmi_tlb_entry run[KVMI_TLB_RUN];	/* >= 64 KiB */
	struct kvmi_tlb_entry small[KVMI_TLB_SMALL];
};

#define KVMI_TLB_SLOT(tlb, class, shift, va) \
	(&(tlb)->class[((va) >> (shift)) & \
	    (sizeof((tlb)->class) / sizeof((tlb)->class[0]) - 1)])

/* Where most reads end comes first: the direct map has 2 MiB pages. */
static inline const struct kvmi_tlb_entry *
kvmi_tlb_find(const struct kvmi_tlb *tlb, uint32_t asid, uint64_t va)
{
	const struct kvmi_tlb_entry *e;

	e = KVMI_TLB_SLOT(tlb, medium, 21, va);
	if (__builtin_expect(va - e->va < e->len && e->asid == asid, 1))
		return (e);
	e = KVMI_TLB_SLOT(tlb, large, 30, va);
	if (va - e->va < e->len && e->asid == asid)
		return (e);
	e = KVMI_TLB_SLOT(tlb, run, 16, va);
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
	if (len >= UINT64_C(1) << 16)
		return (KVMI_TLB_SLOT(tlb, run, 16, va));
	return (KVMI_TLB_SLOT(tlb, small, 12, va));
}

#endif
