/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LoongArch page tables of 4, 16 and 64 KiB pages: LoongArch Reference Manual,
 * volume 1, 5.4.5.  Software walks them with instructions of the CPU's, and
 * those take the address of the next table from the low bits of a pointer.
 */
#include "arch/arch.h"

#define PTE_VALID	UINT64_C(0x01)
#define PTE_DIRTY	UINT64_C(0x02)
#define PTE_HUGE	UINT64_C(0x40)	/* above the last level */
/*
 * Of software (arch/loongarch/include/asm/pgtable-bits.h of Linux): a page
 * that was not used lately is present, but not valid.
 */
#define PTE_PRESENT	UINT64_C(0x80)
#define PTE_WRITE	UINT64_C(0x100)
#define PTE_NO_EXEC	(UINT64_C(1) << 62)
#define PTE_ADDR	UINT64_C(0x0000fffffffff000)

static const struct kvmi_level level_4k[] = {
	{ .shift = 12, .bits = 9, .may_leaf = true },
	{ .shift = 21, .bits = 9, .may_leaf = true },
	{ .shift = 30, .bits = 9, .may_leaf = true },
	{ .shift = 39, .bits = 9, .may_leaf = false },
};

static const struct kvmi_level level_16k[] = {
	{ .shift = 14, .bits = 11, .may_leaf = true },
	{ .shift = 25, .bits = 11, .may_leaf = true },
	{ .shift = 36, .bits = 11, .may_leaf = true },
};

static const struct kvmi_level level_64k[] = {
	{ .shift = 16, .bits = 13, .may_leaf = true },
	{ .shift = 29, .bits = 13, .may_leaf = true },
	{ .shift = 42, .bits = 13, .may_leaf = false },
};

static void
loongarch_pte(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	*ret = (struct kvmi_pte){ .prot = KVMI_PROT_R, .pa = raw & PTE_ADDR };
	ret->leaf = level == 0 || (raw & PTE_HUGE) != 0;
	if (!ret->leaf) {
		/* A pointer: one to nothing is told by where it leads. */
		ret->present = raw != 0;
		return;
	}
	ret->present = (raw & (PTE_VALID | PTE_PRESENT)) != 0;
	if ((raw & (PTE_DIRTY | PTE_WRITE)) != 0)
		ret->prot |= KVMI_PROT_W;
	if ((raw & PTE_NO_EXEC) == 0)
		ret->prot |= KVMI_PROT_X;
}

/* The kernel's half has all upper bits set, that of processes none. */
static bool
loongarch_reachable(const struct kvmi_paging *p, uint64_t va)
{
	const struct kvmi_level *top = &p->arch->level[p->levels - 1];
	unsigned int bits = top->shift + top->bits;

	return (va >> bits == (p->user ? 0 : UINT64_MAX >> bits));
}

static const char *const loongarch_uname[] = { "loongarch64", "loongarch",
	NULL };

const struct kvmi_arch kvmi_arch_loongarch64 = {
	.name = "loongarch64",
	.uname = loongarch_uname,
	.elf_machine = 258,
	.pointer_size = 8,
	.page_shift = 14,
	.prstatus_size = 480,
	.entry_size = 8,
	.level = level_16k,
	.max_levels = 3,
	.pte = loongarch_pte,
	.reachable = loongarch_reachable,
};

const struct kvmi_arch kvmi_arch_loongarch64_4k = {
	.name = "loongarch64",
	.uname = loongarch_uname,
	.elf_machine = 258,
	.pointer_size = 8,
	.page_shift = 12,
	.prstatus_size = 480,
	.entry_size = 8,
	.level = level_4k,
	.max_levels = 4,
	.pte = loongarch_pte,
	.reachable = loongarch_reachable,
};

const struct kvmi_arch kvmi_arch_loongarch64_64k = {
	.name = "loongarch64",
	.uname = loongarch_uname,
	.elf_machine = 258,
	.pointer_size = 8,
	.page_shift = 16,
	.prstatus_size = 480,
	.entry_size = 8,
	.level = level_64k,
	.max_levels = 3,
	.pte = loongarch_pte,
	.reachable = loongarch_reachable,
};
