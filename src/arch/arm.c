/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 32-bit Arm page tables, short descriptors: Arm ARM (DDI 0406), B3.5; for
 * the format before ARMv6, DDI 0100, B4.7.
 */
#include "arch/arch.h"

#define TYPE		UINT64_C(3)
#define TYPE_LARGE	1		/* 64 KiB */
#define TYPE_SMALL	2		/* 4 KiB; since ARMv6 bit 0 is XN */
#define TYPE_TINY	3		/* before ARMv6: 1 KiB */
#define L1_TABLE	1
#define L1_SECTION	2
#define L1_SECTION_PXN	3		/* since ARMv7 */
#define L1_SUPER	(UINT64_C(1) << 18)	/* a section of 16 MiB */
#define L1_V6_XN	(UINT64_C(1) << 4)
#define L1_V6_READONLY	(UINT64_C(1) << 15)	/* APX */
#define L2_V6_XN	UINT64_C(0x001)
#define L2_V6_LARGE_XN	UINT64_C(0x8000)
#define L2_V6_READONLY	UINT64_C(0x200)	/* AP[2] */
#define L2_BSD_READONLY	UINT64_C(0x080)	/* TEX[1]; PTE2_RO of FreeBSD */
#define L2_V4_WRITE	UINT64_C(0x010)

static const struct kvmi_level arm_level[] = {
	{ .shift = 12, .bits = 8, .may_leaf = true },
	{ .shift = 20, .bits = 12, .may_leaf = true },
};

static void
decode_first(uint64_t raw, struct kvmi_pte *ret)
{
	*ret = (struct kvmi_pte){ .present = true };
	switch (raw & TYPE) {
	case L1_TABLE:
		ret->pa = raw & 0xfffffc00;
		break;
	case L1_SECTION:
	case L1_SECTION_PXN:
		ret->leaf = true;
		ret->pa = raw & 0xfff00000;
		ret->prot = KVMI_PROT_R | KVMI_PROT_W | KVMI_PROT_X;
		if (raw & L1_SUPER) {
			ret->leaf_shift = 24;
			ret->pa = (raw & 0xff000000) |
			    (raw >> 20 & 0xf) << 32 | (raw >> 5 & 0xf) << 36;
		}
		break;
	default:
		ret->present = false;
	}
}

static void
decode_second(uint64_t raw, struct kvmi_pte *ret)
{
	*ret = (struct kvmi_pte){ .present = (raw & TYPE) != 0, .leaf = true,
		.prot = KVMI_PROT_R };
	if ((raw & TYPE) == TYPE_LARGE) {
		ret->leaf_shift = 16;
		ret->pa = raw & 0xffff0000;
	} else {
		ret->pa = raw & 0xfffff000;
	}
}

static void
arm_pte(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	if (level == 1) {
		decode_first(raw, ret);
		if (raw & L1_V6_READONLY)
			ret->prot &= (uint8_t)~KVMI_PROT_W;
		if (raw & L1_V6_XN)
			ret->prot &= (uint8_t)~KVMI_PROT_X;
		return;
	}
	decode_second(raw, ret);
	if (!(raw & L2_V6_READONLY))
		ret->prot |= KVMI_PROT_W;
	if (!(raw & (ret->leaf_shift != 0 ? L2_V6_LARGE_XN : L2_V6_XN)))
		ret->prot |= KVMI_PROT_X;
}

/*
 * FreeBSD has AP[2] tell what was not written to yet, and what may not be is
 * in a bit that the hardware then leaves to it.
 */
static void
arm_v6_pte(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	if (level == 1) {
		decode_first(raw, ret);
		return;
	}
	decode_second(raw, ret);
	if (!(raw & L2_BSD_READONLY))
		ret->prot |= KVMI_PROT_W;
	if (!(raw & L2_V6_XN))
		ret->prot |= KVMI_PROT_X;
}

static void
arm_v4_pte(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	if (level == 1) {
		decode_first(raw, ret);
		if ((raw & TYPE) == L1_SECTION_PXN)	/* a fine table */
			ret->present = false;
		return;
	}
	decode_second(raw, ret);
	/* No kernel that is read here used tiny pages. */
	if ((raw & TYPE) == TYPE_TINY)
		ret->present = false;
	if (raw & L2_V4_WRITE)
		ret->prot |= KVMI_PROT_W;
}

static bool
arm_reachable(const struct kvmi_paging *p, uint64_t va)
{
	(void)p;
	return (va <= UINT32_MAX);
}

static const char *const arm_uname[] = { "armv7l", "armv6l", "armv8l", "arm",
	NULL };

const struct kvmi_arch kvmi_arch_arm = {
	.name = "arm",
	.freebsd = "arm",
	.uname = arm_uname,
	.elf_machine = 40,
	.pointer_size = 4,
	.page_shift = 12,
	.prstatus_size = 148,
	.entry_size = 4,
	.level = arm_level,
	.max_levels = 2,
	.pte = arm_pte,
	.reachable = arm_reachable,
};

const struct kvmi_arch kvmi_arch_arm_v4 = {
	.name = "arm",
	.freebsd = "arm",
	.uname = arm_uname,
	.elf_machine = 40,
	.pointer_size = 4,
	.page_shift = 12,
	.prstatus_size = 148,
	.entry_size = 4,
	.level = arm_level,
	.max_levels = 2,
	.pte = arm_v4_pte,
	.reachable = arm_reachable,
};

const struct kvmi_arch kvmi_arch_arm_v6 = {
	.name = "arm",
	.freebsd = "arm",
	.uname = arm_uname,
	.elf_machine = 40,
	.pointer_size = 4,
	.page_shift = 12,
	.prstatus_size = 148,
	.entry_size = 4,
	.level = arm_level,
	.max_levels = 2,
	.pte = arm_v6_pte,
	.reachable = arm_reachable,
};
