/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * s390x dynamic address translation: z/Architecture Principles of Operation
 * (SA22-7832), chapter 3.  How many tables there are is said by the type of
 * the highest.  A table may be shorter than its index allows; Linux, whose
 * tables these are, makes none that is.
 */
#include "arch/arch.h"

#define PTE_INVALID	UINT64_C(0x400)
#define PTE_ZERO	UINT64_C(0x800)	/* with it, translation fails */
#define ENTRY_INVALID	UINT64_C(0x20)	/* of segments and regions */
#define ENTRY_LARGE	UINT64_C(0x400)	/* format control */
#define ENTRY_TYPE	UINT64_C(0xc)
#define ENTRY_PROTECT	UINT64_C(0x200)
#define ENTRY_NOEXEC	UINT64_C(0x100)
#define SEGMENT_ORIGIN	(~UINT64_C(0x7ff))
#define REGION_ORIGIN	(~UINT64_C(0xfff))

static const struct kvmi_level s390x_level[] = {
	{ .shift = 12, .bits = 8, .may_leaf = true },
	{ .shift = 20, .bits = 11, .may_leaf = true },	/* segment */
	{ .shift = 31, .bits = 11, .may_leaf = true },	/* region third */
	{ .shift = 42, .bits = 11, .may_leaf = false },
	{ .shift = 53, .bits = 11, .may_leaf = false },
};

static void
s390x_pte(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	const struct kvmi_level *lv = &s390x_level[level];

	*ret = (struct kvmi_pte){ .prot = KVMI_PROT_R };
	if (level == 0) {
		ret->present = (raw & (PTE_INVALID | PTE_ZERO)) == 0;
		ret->leaf = true;
	} else {
		/* An entry that says it is of another level ends a walk. */
		ret->present = (raw & ENTRY_INVALID) == 0 &&
		    (raw & ENTRY_TYPE) >> 2 == level - 1;
		ret->leaf = lv->may_leaf && (raw & ENTRY_LARGE) != 0;
	}
	if (ret->leaf)
		ret->pa = raw & ~((UINT64_C(1) << lv->shift) - 1);
	else
		ret->pa = raw & (level == 1 ? SEGMENT_ORIGIN : REGION_ORIGIN);
	if ((raw & ENTRY_PROTECT) == 0)
		ret->prot |= KVMI_PROT_W;
	if ((raw & ENTRY_NOEXEC) == 0)
		ret->prot |= KVMI_PROT_X;
}

/* Kernel and processes have a space of their own each, from 0 on. */
static bool
s390x_reachable(const struct kvmi_paging *p, uint64_t va)
{
	const struct kvmi_level *top = &s390x_level[p->levels - 1];

	return (va >> top->shift < UINT64_C(1) << top->bits);
}

static const char *const s390x_uname[] = { "s390x", NULL };

const struct kvmi_arch kvmi_arch_s390x = {
	.name = "s390x",
	.uname = s390x_uname,
	.elf_machine = 22,
	.pointer_size = 8,
	.page_shift = 12,
	.prstatus_size = 336,
	.entry_size = 8,
	.level = s390x_level,
	.max_levels = 5,
	.pte = s390x_pte,
	.reachable = s390x_reachable,
};
