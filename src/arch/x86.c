/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x86 page tables: 32 bit, PAE, 4 and 5 levels.  Intel SDM volume 3, chapter
 * 4 ("Paging"); AMD APM volume 2, chapter 5.
 */
#include "arch/arch.h"

#define PTE_P		UINT64_C(0x001)
#define PTE_RW		UINT64_C(0x002)
#define PTE_PS		UINT64_C(0x080)
#define PTE_NX		(UINT64_C(1) << 63)
#define PTE_ADDR	UINT64_C(0x000ffffffffff000)

static const struct kvmi_level x86_64_level[] = {
	{ .shift = 12, .bits = 9, .may_leaf = true },
	{ .shift = 21, .bits = 9, .may_leaf = true },
	{ .shift = 30, .bits = 9, .may_leaf = true },
	{ .shift = 39, .bits = 9, .may_leaf = false },
	{ .shift = 48, .bits = 9, .may_leaf = false },
};

static const struct kvmi_level pae_level[] = {
	{ .shift = 12, .bits = 9, .may_leaf = true },
	{ .shift = 21, .bits = 9, .may_leaf = true },
	{ .shift = 30, .bits = 2, .may_leaf = false },
};

static const struct kvmi_level i386_level[] = {
	{ .shift = 12, .bits = 10, .may_leaf = true },
	{ .shift = 22, .bits = 10, .may_leaf = true },
};

static void
decode(uint64_t raw, const struct kvmi_level *lv, unsigned int level,
    struct kvmi_pte *ret)
{
	*ret = (struct kvmi_pte){ .present = (raw & PTE_P) != 0 };
	if (!ret->present)
		return;
	/* In a last-level entry bit 7 is PAT; above level 2 it means nothing. */
	ret->leaf = level == 0 || (lv->may_leaf && (raw & PTE_PS) != 0);
	ret->pa = raw & PTE_ADDR;
	if (ret->leaf)		/* bit 12 of a large page is PAT */
		ret->pa &= ~((UINT64_C(1) << lv->shift) - 1);
	ret->prot = KVMI_PROT_R;
	if (raw & PTE_RW)
		ret->prot |= KVMI_PROT_W;
	if (!(raw & PTE_NX))
		ret->prot |= KVMI_PROT_X;
}

static void
x86_64_pte(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	decode(raw, &x86_64_level[level], level, ret);
}

static void
pae_pte(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	decode(raw, &pae_level[level], level, ret);
	/* The four uppermost entries have no rights of their own. */
	if (level == 2)
		ret->prot = KVMI_PROT_R | KVMI_PROT_W | KVMI_PROT_X;
}

static void
i386_pte(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	decode(raw, &i386_level[level], level, ret);
	/* PSE-36: address bits 39:32 of a 4 MiB page are in bits 20:13. */
	if (level == 1 && ret->leaf)
		ret->pa |= (raw >> 13 & 0xff) << 32;
}

static bool
x86_64_reachable(const struct kvmi_paging *p, uint64_t va)
{
	unsigned int bits = 12 + 9 * p->levels;
	uint64_t top = va >> (bits - 1);

	return (top == 0 || top == UINT64_MAX >> (bits - 1));
}

static bool
i386_reachable(const struct kvmi_paging *p, uint64_t va)
{
	(void)p;
	return (va <= UINT32_MAX);
}

static const char *const x86_64_uname[] = { "x86_64", "amd64", NULL };
static const char *const i386_uname[] = { "i686", "i586", "i486", "i386",
	NULL };

const struct kvmi_arch kvmi_arch_x86_64 = {
	.name = "x86_64",
	.freebsd = "amd64",
	.uname = x86_64_uname,
	.elf_machine = 62,
	.pointer_size = 8,
	.page_shift = 12,
	.prstatus_size = 336,
	.entry_size = 8,
	.level = x86_64_level,
	.max_levels = 5,
	.pte = x86_64_pte,
	.reachable = x86_64_reachable,
};

const struct kvmi_arch kvmi_arch_i386 = {
	.name = "i386",
	.freebsd = "i386",
	.uname = i386_uname,
	.elf_machine = 3,
	.pointer_size = 4,
	.align_64 = 4,
	.page_shift = 12,
	.prstatus_size = 144,
	.entry_size = 4,
	.level = i386_level,
	.max_levels = 2,
	.pte = i386_pte,
	.reachable = i386_reachable,
};

const struct kvmi_arch kvmi_arch_i386_pae = {
	.name = "i386",
	.freebsd = "i386",
	.uname = i386_uname,
	.elf_machine = 3,
	.pointer_size = 4,
	.align_64 = 4,
	.page_shift = 12,
	.prstatus_size = 144,
	.entry_size = 8,
	.level = pae_level,
	.max_levels = 3,
	.pte = pae_pte,
	.reachable = i386_reachable,
};
