/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * powerpc64 with a hash table: the CPU looks into that only, and Linux keeps
 * page tables beside it that say what goes in (arch/powerpc/include/asm/
 * book3s/64/hash-4k.h, hash-64k.h; big-endian in either kernel since 4.7).
 * How many bits of an address each level takes has changed over time.  The
 * direct map is in neither.
 */
#include "arch/arch.h"

#define PTE_PRESENT	(UINT64_C(1) << 63)
#define PTE_LEAF	(UINT64_C(1) << 62)	/* _PAGE_PTE */
#define PTE_RPN		UINT64_C(0x001ffffffffff000)
#define PTE_WRITE	UINT64_C(0x2)
#define PTE_EXECUTE	UINT64_C(0x1)
#define POINTER		UINT64_C(0x3fffffffffffff00)
/* The pointer to a directory of huge pages (up to Linux 6.10) has some set. */
#define HUGEPD		UINT64_C(0x3f)

static void
hash_pte(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	bool leaf = (raw & PTE_LEAF) != 0;

	*ret = (struct kvmi_pte){ .leaf = leaf, .prot = KVMI_PROT_R };
	if (!leaf) {
		ret->present = level > 0 && raw != 0 && (raw & HUGEPD) == 0;
		ret->pa = raw & POINTER;
		return;
	}
	ret->present = (raw & PTE_PRESENT) != 0;
	ret->pa = raw & PTE_RPN;
	if (raw & PTE_WRITE)
		ret->prot |= KVMI_PROT_W;
	if (raw & PTE_EXECUTE)
		ret->prot |= KVMI_PROT_X;
}

/*
 * The kernel's regions differ in their upper four bits and in the next, of
 * which tables see as many as their levels have; a process has the first.
 */
static bool
hash_reachable(const struct kvmi_paging *p, uint64_t va)
{
	const struct kvmi_level *top = &p->arch->level[p->levels - 1];
	uint64_t low = va & UINT64_C(0x0fffffffffffffff);

	if (p->user)
		return (va >> (top->shift + top->bits) == 0);
	return ((va >> 60 == 0xc || va >> 60 == 0xd) &&
	    low >> (top->shift + top->bits) == 0);
}

#define PAGE_4K		12
#define PAGE_64K	16

/* A row for each set of widths, from the last level up. */
#define LEVELS(page, pte, pmd, pud, pgd)				\
	{								\
		{ .shift = (page), .bits = (pte), .may_leaf = true },	\
		{ .shift = (page) + (pte), .bits = (pmd),		\
		    .may_leaf = true },					\
		{ .shift = (page) + (pte) + (pmd), .bits = (pud),	\
		    .may_leaf = true },					\
		{ .shift = (page) + (pte) + (pmd) + (pud),		\
		    .bits = (pgd), .may_leaf = true },			\
	}

static const struct kvmi_level widths[][4] = {
	LEVELS(PAGE_64K, 8, 10, 10, 8),		/* since 4.17 */
	LEVELS(PAGE_64K, 8, 10, 7, 8),		/* since 4.12 */
	LEVELS(PAGE_64K, 8, 5, 5, 12),		/* since 4.6 */
	LEVELS(PAGE_4K, 9, 7, 9, 9),
	LEVELS(PAGE_4K, 9, 7, 7, 9),
};

static const char *const ppc64_uname[] = { "ppc64", "ppc64le", NULL };

#define HASH(page, levels)						\
	{								\
		.name = "ppc64",					\
		.name_le = "ppc64le",					\
		.freebsd = "powerpc64",					\
		.freebsd_le = "powerpc64le",				\
		.uname = ppc64_uname,					\
		.elf_machine = 21,					\
		.pointer_size = 8,					\
		.page_shift = (page),					\
		.prstatus_size = 504,					\
		.entry_size = 8,					\
		.level = (levels),					\
		.max_levels = 4,					\
		.pte = hash_pte,					\
		.reachable = hash_reachable,				\
	}

const struct kvmi_arch kvmi_arch_ppc64_hash[] = {
	HASH(PAGE_64K, widths[0]),
	HASH(PAGE_64K, widths[1]),
	HASH(PAGE_64K, widths[2]),
	HASH(PAGE_4K, widths[3]),
	HASH(PAGE_4K, widths[4]),
	{ .name = NULL },
};
