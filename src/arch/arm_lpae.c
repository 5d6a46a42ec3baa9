/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 32-bit Arm page tables, long descriptors (LPAE): Arm ARM (DDI 0406), B3.6.
 * Three levels lead from 32 bits to 40.
 */
#include "arch/arch.h"

#define D_VALID		UINT64_C(1)
#define D_TABLE		UINT64_C(2)	/* in level 0: a page */
#define D_READONLY	(UINT64_C(1) << 7)
#define D_PXN		(UINT64_C(1) << 53)
#define D_XN		(UINT64_C(1) << 54)
#define D_ADDR		UINT64_C(0x000000fffffff000)

static const struct kvmi_level lpae_level[] = {
	{ .shift = 12, .bits = 9, .may_leaf = true },
	{ .shift = 21, .bits = 9, .may_leaf = true },
	{ .shift = 30, .bits = 2, .may_leaf = true },
};

static void
lpae_pte(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	bool table = (raw & D_TABLE) != 0;

	/* What would be a block in the last level is reserved. */
	*ret = (struct kvmi_pte){ .present = (raw & D_VALID) != 0 &&
		(level != 0 || table) };
	if (!ret->present)
		return;
	ret->leaf = level == 0 || !table;
	ret->pa = raw & D_ADDR;
	if (ret->leaf)
		ret->pa &= ~((UINT64_C(1) << lpae_level[level].shift) - 1);
	ret->prot = KVMI_PROT_R;
	if (!(raw & D_READONLY))
		ret->prot |= KVMI_PROT_W;
	if (!(raw & (D_PXN | D_XN)))
		ret->prot |= KVMI_PROT_X;
}

static bool
lpae_reachable(const struct kvmi_paging *p, uint64_t va)
{
	(void)p;
	return (va <= UINT32_MAX);
}

static const char *const lpae_uname[] = { "armv8l", "armv7l", NULL };

const struct kvmi_arch kvmi_arch_arm_lpae = {
	.name = "arm",
	.freebsd = "arm",
	.uname = lpae_uname,
	.elf_machine = 40,
	.pointer_size = 4,
	.page_shift = 12,
	.prstatus_size = 148,
	.entry_size = 8,
	.level = lpae_level,
	.max_levels = 3,
	.pte = lpae_pte,
	.reachable = lpae_reachable,
};
