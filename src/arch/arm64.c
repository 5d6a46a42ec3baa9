/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arm64 page tables of 4, 16 and 64 KiB pages: Arm ARM (DDI 0487), D8.3,
 * "Translation table descriptor formats".
 */
#include "arch/arch.h"

#define D_VALID		UINT64_C(1)
#define D_TABLE		UINT64_C(2)	/* in level 0: a page */
#define D_READONLY	(UINT64_C(1) << 7)
#define D_PXN		(UINT64_C(1) << 53)
#define D_UXN		(UINT64_C(1) << 54)
#define D_ADDR		UINT64_C(0x0003fffffffff000)

static const struct kvmi_level level_4k[] = {
	{ .shift = 12, .bits = 9, .may_leaf = true },
	{ .shift = 21, .bits = 9, .may_leaf = true },
	{ .shift = 30, .bits = 9, .may_leaf = true },
	{ .shift = 39, .bits = 9, .may_leaf = false },
};

static const struct kvmi_level level_16k[] = {
	{ .shift = 14, .bits = 11, .may_leaf = true },
	{ .shift = 25, .bits = 11, .may_leaf = true },
	{ .shift = 36, .bits = 11, .may_leaf = false },
	{ .shift = 47, .bits = 1, .may_leaf = false },
};

/* With FEAT_LVA there are 10 bits of the last; else fewer are used. */
static const struct kvmi_level level_64k[] = {
	{ .shift = 16, .bits = 13, .may_leaf = true },
	{ .shift = 29, .bits = 13, .may_leaf = true },
	{ .shift = 42, .bits = 10, .may_leaf = true },
};

static const struct kvmi_level level_lpa2[] = {
	{ .shift = 12, .bits = 9, .may_leaf = true },
	{ .shift = 21, .bits = 9, .may_leaf = true },
	{ .shift = 30, .bits = 9, .may_leaf = true },
	{ .shift = 39, .bits = 9, .may_leaf = true },
	{ .shift = 48, .bits = 4, .may_leaf = false },
};

static const struct kvmi_level level_lpa2_16k[] = {
	{ .shift = 14, .bits = 11, .may_leaf = true },
	{ .shift = 25, .bits = 11, .may_leaf = true },
	{ .shift = 36, .bits = 11, .may_leaf = true },
	{ .shift = 47, .bits = 5, .may_leaf = false },
};

/* addr: the address bits, those that lie elsewhere already in place. */
static void
decode(uint64_t raw, uint64_t addr, const struct kvmi_level *table,
    unsigned int level, struct kvmi_pte *ret)
{
	const struct kvmi_level *lv = &table[level];
	bool table_bit = (raw & D_TABLE) != 0;

	*ret = (struct kvmi_pte){ .present = (raw & D_VALID) != 0 };
	/* The last level knows pages only, the highest tables only. */
	if ((level == 0 && !table_bit) || (!lv->may_leaf && !table_bit))
		ret->present = false;
	if (!ret->present)
		return;
	ret->leaf = level == 0 || !table_bit;
	ret->pa = addr &
	    ~((UINT64_C(1) << (ret->leaf ? lv->shift : table[0].shift)) - 1);
	ret->prot = KVMI_PROT_R;
	if (!(raw & D_READONLY))
		ret->prot |= KVMI_PROT_W;
	/* Executable to the kernel or to programs, hardly ever to both. */
	if ((raw & (D_PXN | D_UXN)) != (D_PXN | D_UXN))
		ret->prot |= KVMI_PROT_X;
}

static void
pte_4k(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	decode(raw, raw & D_ADDR, level_4k, level, ret);
}

static void
pte_16k(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	decode(raw, raw & D_ADDR, level_16k, level, ret);
}

/* FEAT_LPA keeps bits 51 to 48 in bits 15 to 12, which else are zero. */
static void
pte_64k(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	decode(raw, (raw & UINT64_C(0x0000ffffffff0000)) |
	    (raw >> 12 & 0xf) << 48, level_64k, level, ret);
}

/* FEAT_LPA2 keeps bits 51 and 50 where else the shareability is. */
static inline uint64_t
lpa2_addr(uint64_t raw)
{
	return ((raw & D_ADDR) | (raw >> 8 & 3) << 50);
}

static void
pte_lpa2(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	decode(raw, lpa2_addr(raw), level_lpa2, level, ret);
}

static void
pte_lpa2_16k(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	decode(raw, lpa2_addr(raw), level_lpa2_16k, level, ret);
}

/* The kernel's half is that of TTBR1, a process's that of TTBR0. */
static bool
arm64_reachable(const struct kvmi_paging *p, uint64_t va)
{
	const struct kvmi_level *top = &p->arch->level[p->levels - 1];
	unsigned int bits = p->va_bits != 0 ? p->va_bits :
	    top->shift + top->bits;

	return (va >> bits == (p->user ? 0 : UINT64_MAX >> bits));
}

static const char *const arm64_uname[] = { "aarch64", "arm64", NULL };

const struct kvmi_arch kvmi_arch_arm64 = {
	.name = "aarch64",
	.freebsd = "aarch64",
	.uname = arm64_uname,
	.elf_machine = 183,
	.pointer_size = 8,
	.page_shift = 12,
	.prstatus_size = 392,
	.entry_size = 8,
	.level = level_4k,
	.max_levels = 4,
	.pte = pte_4k,
	.reachable = arm64_reachable,
};

const struct kvmi_arch kvmi_arch_arm64_16k = {
	.name = "aarch64",
	.freebsd = "aarch64",
	.uname = arm64_uname,
	.elf_machine = 183,
	.pointer_size = 8,
	.page_shift = 14,
	.prstatus_size = 392,
	.entry_size = 8,
	.level = level_16k,
	.max_levels = 4,
	.pte = pte_16k,
	.reachable = arm64_reachable,
};

const struct kvmi_arch kvmi_arch_arm64_64k = {
	.name = "aarch64",
	.freebsd = "aarch64",
	.uname = arm64_uname,
	.elf_machine = 183,
	.pointer_size = 8,
	.page_shift = 16,
	.prstatus_size = 392,
	.entry_size = 8,
	.level = level_64k,
	.max_levels = 3,
	.pte = pte_64k,
	.reachable = arm64_reachable,
};

const struct kvmi_arch kvmi_arch_arm64_lpa2 = {
	.name = "aarch64",
	.freebsd = "aarch64",
	.uname = arm64_uname,
	.elf_machine = 183,
	.pointer_size = 8,
	.page_shift = 12,
	.prstatus_size = 392,
	.entry_size = 8,
	.level = level_lpa2,
	.max_levels = 5,
	.pte = pte_lpa2,
	.reachable = arm64_reachable,
};

const struct kvmi_arch kvmi_arch_arm64_lpa2_16k = {
	.name = "aarch64",
	.freebsd = "aarch64",
	.uname = arm64_uname,
	.elf_machine = 183,
	.pointer_size = 8,
	.page_shift = 14,
	.prstatus_size = 392,
	.entry_size = 8,
	.level = level_lpa2_16k,
	.max_levels = 4,
	.pte = pte_lpa2_16k,
	.reachable = arm64_reachable,
};
