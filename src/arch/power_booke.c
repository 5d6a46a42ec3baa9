/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 32-bit Book-E, whose CPUs have no tables: FreeBSD's, as its kernel map has
 * them (sys/powerpc/include/pte.h): one after the other from the first of its
 * addresses on, with entries of 64 bits.
 */
#include "arch/arch.h"

#define KERNEL_VA	UINT64_C(0xc0000000)

#define PTE_VALID	UINT64_C(0x1)
#define PTE_SR		UINT64_C(0x4)
#define PTE_SW		UINT64_C(0x10)
#define PTE_SX		UINT64_C(0x40)
#define PTE_ARPN_SHIFT	12
#define PAGE_MASK	UINT64_C(0xfff)

static const struct kvmi_level booke_level[] = {
	{ .shift = 12, .bits = 18, .may_leaf = true },
};

static void
booke_pte(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	(void)level;
	*ret = (struct kvmi_pte){ .present = (raw & PTE_VALID) != 0,
		.leaf = true, .pa = raw >> PTE_ARPN_SHIFT & ~PAGE_MASK };
	if (raw & PTE_SR)
		ret->prot |= KVMI_PROT_R;
	if (raw & PTE_SW)
		ret->prot |= KVMI_PROT_W;
	if (raw & PTE_SX)
		ret->prot |= KVMI_PROT_X;
}

static bool
booke_reachable(const struct kvmi_paging *p, uint64_t va)
{
	(void)p;
	return (va >= KERNEL_VA && va <= UINT32_MAX);
}

static const char *const booke_uname[] = { "powerpc", NULL };

const struct kvmi_arch kvmi_arch_ppc_booke = {
	.name = "ppc",
	.freebsd = "powerpc",
	.uname = booke_uname,
	.elf_machine = 20,
	.pointer_size = 4,
	.page_shift = 12,
	.entry_size = 8,
	.level = booke_level,
	.max_levels = 1,
	.kernel_va = KERNEL_VA,
	.pte = booke_pte,
	.reachable = booke_reachable,
};
