/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arm64 page tables of 4 and 16 KiB pages: Arm ARM (DDI 0487), D8.3,
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

static void
decode(uint64_t raw, const struct kvmi_level *table, unsigned int level,
    struct kvmi_pte *ret)
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
	ret->pa = raw & D_ADDR &
	    ~((UINT64_C(1) << (ret->leaf ? lv->shift : table[0].shift)) - 1);
	ret->prot = KVMI_PROT_R;
	if (!(raw & D_READONLY))
		ret->prot |= KVMI_PROT_W;
	if (!(raw & (D_PXN | D_UXN)))
		ret->prot |= KVMI_PROT_X;
}

static void
pte_4k(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	decode(raw, level_4k, level, ret);
}

static void
pte_16k(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	decode(raw, level_16k, level, ret);
}

/* The kernel's half, of TTBR1. */
static bool
arm64_reachable(const struct kvmi_paging *p, uint64_t va)
{
	const struct kvmi_level *top = &p->arch->level[p->levels - 1];

	return (va >> (top->shift + top->bits) ==
	    UINT64_MAX >> (top->shift + top->bits));
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
