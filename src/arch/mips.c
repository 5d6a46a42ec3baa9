/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MIPS has no page tables of its own, but a TLB that software fills.  The
 * entries are those FreeBSD keeps: EntryLo with software bits above,
 * sys/mips/include/pte.h.
 */
#include "arch/arch.h"

#define PTE_V		UINT64_C(0x2)
#define PTE32_PFN	UINT64_C(0x1fffffc0)
#define PTE64_PFN	UINT64_C(0x3ffffffc0)
#define PTE32_READONLY	(UINT64_C(1) << 29)
#define PTE64_READONLY	(UINT64_C(1) << 55)

static const struct kvmi_level mips_level[] = {
	{ .shift = 12, .bits = 10, .may_leaf = true },
	{ .shift = 22, .bits = 10, .may_leaf = false },
};

static const struct kvmi_level mips64_level[] = {
	{ .shift = 12, .bits = 9, .may_leaf = true },
	{ .shift = 21, .bits = 9, .may_leaf = false },
	{ .shift = 30, .bits = 9, .may_leaf = false },
};

static void
decode(uint64_t raw, uint64_t pfn, uint64_t readonly, struct kvmi_pte *ret)
{
	*ret = (struct kvmi_pte){ .present = (raw & PTE_V) != 0, .leaf = true,
		.pa = (raw & pfn) >> 6 << 12,
		.prot = KVMI_PROT_R | KVMI_PROT_X };
	if (!(raw & readonly))
		ret->prot |= KVMI_PROT_W;
}

static void
mips_pte(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	(void)level;
	decode(raw, PTE32_PFN, PTE32_READONLY, ret);
}

static void
mips64_pte(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	(void)level;
	decode(raw, PTE64_PFN, PTE64_READONLY, ret);
}

/* Tables above the entries are pointers, which no walk here follows. */
static bool
mips_reachable(const struct kvmi_paging *p, uint64_t va)
{
	(void)p;
	(void)va;
	return (false);
}

static const char *const mips_uname[] = { "mips", NULL };
static const char *const mips64_uname[] = { "mips64", NULL };

const struct kvmi_arch kvmi_arch_mips = {
	.name = "mips",
	.freebsd = "mips",
	.uname = mips_uname,
	.elf_machine = 8,
	.pointer_size = 4,
	.page_shift = 12,
	.prstatus_size = 256,
	.entry_size = 4,
	.level = mips_level,
	.max_levels = 2,
	.pte = mips_pte,
	.reachable = mips_reachable,
};

const struct kvmi_arch kvmi_arch_mips64 = {
	.name = "mips64",
	.freebsd = "mips64",
	.uname = mips64_uname,
	.elf_machine = 8,
	.pointer_size = 8,
	.page_shift = 12,
	.prstatus_size = 480,
	.entry_size = 8,
	.level = mips64_level,
	.max_levels = 3,
	.pte = mips64_pte,
	.reachable = mips_reachable,
};
