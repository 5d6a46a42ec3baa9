/* SPDX-License-Identifier: BSD-2-Clause */
/* RISC-V page tables, Sv39 to Sv57: Privileged Architecture, chapter 10. */
#include "arch/arch.h"

#define PTE_V		UINT64_C(0x01)
#define PTE_R		UINT64_C(0x02)
#define PTE_W		UINT64_C(0x04)
#define PTE_X		UINT64_C(0x08)
/* Bits 63:54 are memory attributes (Svpbmt, T-Head), not address. */
#define PTE_PPN		UINT64_C(0x003ffffffffffc00)
#define PTE_N		(UINT64_C(1) << 63)	/* Svnapot: a larger page */
#define PTE_NAPOT	UINT64_C(0x3c00)
#define PTE_NAPOT_64K	UINT64_C(0x2000)	/* the one size there is */

static const struct kvmi_level riscv_level[] = {
	{ .shift = 12, .bits = 9, .may_leaf = true },
	{ .shift = 21, .bits = 9, .may_leaf = true },
	{ .shift = 30, .bits = 9, .may_leaf = true },
	{ .shift = 39, .bits = 9, .may_leaf = true },
	{ .shift = 48, .bits = 9, .may_leaf = true },
};

static void
riscv_pte(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	*ret = (struct kvmi_pte){ .present = (raw & PTE_V) != 0,
		.leaf = (raw & (PTE_R | PTE_W | PTE_X)) != 0 };
	if (level == 0 && !ret->leaf)
		ret->present = false;
	if (!ret->present)
		return;
	ret->pa = (raw & PTE_PPN) << 2;
	if (level == 0 && (raw & PTE_N) &&
	    (raw & PTE_NAPOT) == PTE_NAPOT_64K) {
		ret->leaf_shift = 16;
		ret->pa &= ~UINT64_C(0xffff);
	}
	if (ret->leaf)
		ret->pa &= ~((UINT64_C(1) << riscv_level[level].shift) - 1);
	ret->prot = KVMI_PROT_R;
	if (raw & PTE_W)
		ret->prot |= KVMI_PROT_W;
	if (raw & PTE_X)
		ret->prot |= KVMI_PROT_X;
}

static bool
riscv_reachable(const struct kvmi_paging *p, uint64_t va)
{
	unsigned int bits = 12 + 9 * p->levels;
	uint64_t top = va >> (bits - 1);

	return (top == 0 || top == UINT64_MAX >> (bits - 1));
}

static const char *const riscv_uname[] = { "riscv64", "riscv", NULL };

const struct kvmi_arch kvmi_arch_riscv64 = {
	.name = "riscv64",
	.freebsd = "riscv64",
	.uname = riscv_uname,
	.elf_machine = 243,
	.pointer_size = 8,
	.page_shift = 12,
	.prstatus_size = 376,
	.entry_size = 8,
	.level = riscv_level,
	.max_levels = 5,
	.pte = riscv_pte,
	.reachable = riscv_reachable,
};
