/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * powerpc64 radix page tables of 4 and 64 KiB pages: Power ISA 3.0, Book III,
 * 5.7.10.  Entries are big-endian whatever the kernel's byte order.
 */
#include "arch/arch.h"

#define RPTE_VALID	(UINT64_C(1) << 63)
#define RPTE_LEAF	(UINT64_C(1) << 62)
#define RPTE_RPN	UINT64_C(0x00fffffffffff000)
#define RPTE_NLB	UINT64_C(0x00ffffffffffff00)
#define RPTE_READ	UINT64_C(0x4)
#define RPTE_WRITE	UINT64_C(0x2)
#define RPTE_EXECUTE	UINT64_C(0x1)

static const struct kvmi_level radix_level[] = {
	{ .shift = 12, .bits = 9, .may_leaf = true },
	{ .shift = 21, .bits = 9, .may_leaf = true },
	{ .shift = 30, .bits = 9, .may_leaf = true },
	{ .shift = 39, .bits = 13, .may_leaf = true },
};

static const struct kvmi_level radix_64k_level[] = {
	{ .shift = 16, .bits = 5, .may_leaf = true },
	{ .shift = 21, .bits = 9, .may_leaf = true },
	{ .shift = 30, .bits = 9, .may_leaf = true },
	{ .shift = 39, .bits = 13, .may_leaf = true },
};

static void
radix_pte(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	*ret = (struct kvmi_pte){ .present = (raw & RPTE_VALID) != 0,
		.leaf = (raw & RPTE_LEAF) != 0 };
	if (level == 0 && !ret->leaf)
		ret->present = false;
	if (!ret->leaf) {
		ret->pa = raw & RPTE_NLB;
		return;
	}
	ret->pa = raw & RPTE_RPN;
	if (raw & (RPTE_READ | RPTE_WRITE))
		ret->prot |= KVMI_PROT_R;
	if (raw & RPTE_WRITE)
		ret->prot |= KVMI_PROT_W;
	if (raw & RPTE_EXECUTE)
		ret->prot |= KVMI_PROT_X;
}

/*
 * The upper two bits choose the table: quadrant 3, where kernels live, or 0
 * of processes.
 */
static bool
radix_reachable(const struct kvmi_paging *p, uint64_t va)
{
	return (va >> 52 == (p->user ? 0 : 0xc00));
}

static const char *const ppc64_uname[] = { "ppc64", "ppc64le", "powerpc64",
	"powerpc64le", NULL };

const struct kvmi_arch kvmi_arch_ppc64 = {
	.name = "ppc64",
	.name_le = "ppc64le",
	.freebsd = "powerpc64",
	.freebsd_le = "powerpc64le",
	.uname = ppc64_uname,
	.elf_machine = 21,
	.pointer_size = 8,
	.page_shift = 12,
	.prstatus_size = 504,
	.entry_size = 8,
	.level = radix_level,
	.max_levels = 4,
	.pte = radix_pte,
	.kernel_va = UINT64_C(0xc000000000000000),
	.reachable = radix_reachable,
};

const struct kvmi_arch kvmi_arch_ppc64_64k = {
	.name = "ppc64",
	.name_le = "ppc64le",
	.freebsd = "powerpc64",
	.freebsd_le = "powerpc64le",
	.uname = ppc64_uname,
	.elf_machine = 21,
	.pointer_size = 8,
	.page_shift = 16,
	.prstatus_size = 504,
	.entry_size = 8,
	.level = radix_64k_level,
	.max_levels = 4,
	.pte = radix_pte,
	.reachable = radix_reachable,
};

/* 32-bit dumps hold no page tables: their segments are virtual. */
static bool
ppc_reachable(const struct kvmi_paging *p, uint64_t va)
{
	(void)p;
	(void)va;
	return (false);
}

static const char *const ppc_uname[] = { "ppc", "powerpc", NULL };

const struct kvmi_arch kvmi_arch_ppc = {
	.name = "ppc",
	.freebsd = "powerpc",
	.uname = ppc_uname,
	.elf_machine = 20,
	.pointer_size = 4,
	.page_shift = 12,
	.prstatus_size = 268,
	.entry_size = 8,
	.level = radix_level,
	.pte = radix_pte,
	.reachable = ppc_reachable,
};
