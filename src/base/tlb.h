/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The software translation cache.  One entry covers one contiguous stretch
 * of one address space, however large: entries live in direct-mapped classes
 * by size, so that a 1 GiB page takes one slot.  Holes are entries too.  A
 * class whose entries push each other out grows, up to a limit.
 *
 * Kernel memory that lies in memory of ours has entries of its own (near), so
 * that a short read of it need not ask what it met.
 */
#ifndef KVMI_TLB_H
#define KVMI_TLB_H

#include <stddef.h>
#include <stdint.h>

enum kvmi_tlb_kind {
	KVMI_TLB_HOST,		/* the bytes are at host + address */
	KVMI_TLB_PHYS,		/* they are at physical address pa + address */
	KVMI_TLB_HOLE,		/* code says why there are none */
};

/* 32 bytes: an entry is in one cache line. */
struct kvmi_tlb_entry {
	uint64_t	 va;		/* first byte */
	uint64_t	 len;		/* 0: empty */
	uint64_t	 base;		/* to be added to an address, modulo 2^64 */
	union {
		uint64_t starts;	/* near: where 8 bytes begin, less va */
		struct {		/* far */
			uint32_t asid;
			uint8_t	 kind;
			int8_t	 code;
		};
	};
};

#define KVMI_TLB_CLASSES	4

struct kvmi_tlb_slots {
	struct kvmi_tlb_entry *slot;
	uint64_t	 mask;		/* of their offsets in bytes */
};

struct kvmi_tlb_set {
	struct kvmi_tlb_slots of[KVMI_TLB_CLASSES];
	uint64_t	 clashes[KVMI_TLB_CLASSES];	/* since it grew */
};

#define KVMI_TLB_FIRST	2048

struct kvmi_tlb {
	struct kvmi_tlb_set near;
	struct kvmi_tlb_set far;
	struct kvmi_tlb_entry first[KVMI_TLB_FIRST];	/* until they grow */
};

/* Of zeros, and to forget everything. */
void kvmi_tlb_init(struct kvmi_tlb *tlb);
void kvmi_tlb_deinit(struct kvmi_tlb *tlb);

/* The slot of va in a class whose stretches are at least 1 << shift long. */
static inline struct kvmi_tlb_entry *
kvmi_tlb_at(const struct kvmi_tlb_slots *s, unsigned int shift, uint64_t va)
{
	return ((struct kvmi_tlb_entry *)(void *)((char *)s->slot +
	    (va >> (shift - 5) & s->mask)));
}

/*
 * The entry that has the 1 to 8 bytes at va of the kernel, or NULL: then not
 * near, or not in one piece.  How short this is bounds the rate of reads: the
 * processor looks a few hundred instructions ahead for bytes to wait for.
 */
static inline __attribute__((always_inline)) const struct kvmi_tlb_entry *
kvmi_tlb_word(const struct kvmi_tlb *tlb, uint64_t va)
{
	const struct kvmi_tlb_entry *e;

	e = kvmi_tlb_at(&tlb->near.of[0], 21, va);
	if (__builtin_expect(va - e->va < e->starts, 1))
		return (e);
	e = kvmi_tlb_at(&tlb->near.of[1], 12, va);
	if (va - e->va < e->starts)
		return (e);
	e = kvmi_tlb_at(&tlb->near.of[2], 16, va);
	if (va - e->va < e->starts)
		return (e);
	e = kvmi_tlb_at(&tlb->near.of[3], 30, va);
	return (va - e->va < e->starts ? e : NULL);
}

static inline const uint8_t *
kvmi_tlb_host(const struct kvmi_tlb_entry *e, uint64_t va)
{
	return ((const uint8_t *)(uintptr_t)(e->base + va));
}

/* The entry of va, or NULL.  Address space 0 is the kernel's. */
const struct kvmi_tlb_entry *kvmi_tlb_near(const struct kvmi_tlb *tlb,
    uint64_t va);
const struct kvmi_tlb_entry *kvmi_tlb_far(const struct kvmi_tlb *tlb,
    uint32_t asid, uint64_t va);

/* Keep an entry where it will be found by va, which it contains. */
void kvmi_tlb_put_near(struct kvmi_tlb *tlb, uint64_t va,
    const struct kvmi_tlb_entry *e);
void kvmi_tlb_put_far(struct kvmi_tlb *tlb, uint64_t va,
    const struct kvmi_tlb_entry *e);

#endif
