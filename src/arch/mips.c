/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MIPS has no page tables of its own, but a TLB that software fills.  The
 * entries are those FreeBSD keeps: EntryLo with software bits above,
 * sys/mips/include/pte.h.
 */
#include "arch/arch.h"
#include "base/math.h"

#define PTE_V		UINT64_C(0x2)
#define PTE32_PFN	UINT64_C(0x1fffffc0)
#define PTE64_PFN	UINT64_C(0x3ffffffc0)
#define PTE32_READONLY	(UINT64_C(1) << 29)
#define PTE64_READONLY	(UINT64_C(1) << 55)

/* KSEG0, KSEG1 */
#define SEGMENT_LEN	UINT64_C(0x20000000)

static const struct kvmi_direct mips_direct[] = {
	{ UINT64_C(0x80000000), SEGMENT_LEN, 0 },
	{ UINT64_C(0xa0000000), SEGMENT_LEN, 0 },
};

/* XKPHYS has a window for each way to cache; kernels use number 3. */
#define XKPHYS(n)	{ UINT64_C(0x8000000000000000) +		\
			    ((UINT64_C(n)) << 59), UINT64_C(1) << 40, 0 }

static const struct kvmi_direct mips64_direct[] = {
	XKPHYS(3), XKPHYS(0), XKPHYS(1), XKPHYS(2), XKPHYS(4), XKPHYS(5),
	XKPHYS(6), XKPHYS(7),
	{ UINT64_C(0xffffffff80000000), SEGMENT_LEN, 0 },
	{ UINT64_C(0xffffffffa0000000), SEGMENT_LEN, 0 },
};

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

/* Above the entries are pointers, into what the CPU maps without them. */
static void
decode_pointer(uint64_t raw, const struct kvmi_direct *d, size_t n,
    struct kvmi_pte *ret)
{
	*ret = (struct kvmi_pte){ 0 };
	for (size_t i = 0; i < n && !ret->present; i++) {
		ret->present = raw - d[i].va < d[i].len;
		ret->pa = raw - d[i].va;
	}
}

static void
mips_pte(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	if (level == 0)
		decode(raw, PTE32_PFN, PTE32_READONLY, ret);
	else
		decode_pointer(raw, mips_direct, KVMI_COUNT(mips_direct), ret);
}

static void
mips64_pte(uint64_t raw, unsigned int level, struct kvmi_pte *ret)
{
	if (level == 0)
		decode(raw, PTE64_PFN, PTE64_READONLY, ret);
	else
		decode_pointer(raw, mips64_direct, KVMI_COUNT(mips64_direct),
		    ret);
}

static bool
mips_reachable(const struct kvmi_paging *p, uint64_t va)
{
	(void)p;
	return (va <= UINT32_MAX);
}

#define XKSEG		UINT64_C(0xc000000000000000)

/* XKSEG and XUSEG, of which the tables see the same bits. */
static bool
mips64_reachable(const struct kvmi_paging *p, uint64_t va)
{
	return (va >> 39 == (p->user ? 0 : XKSEG >> 39));
}

static const char *const mips_uname[] = { "mips", NULL };
static const char *const mips64_uname[] = { "mips64", NULL };

const struct kvmi_arch kvmi_arch_mips = {
	.name = "mips",
	.freebsd = "mips",
	.freebsd_le = "mipsel",
	.uname = mips_uname,
	.elf_machine = 8,
	.pointer_size = 4,
	.page_shift = 12,
	.prstatus_size = 256,
	.entry_size = 4,
	.level = mips_level,
	.max_levels = 2,
	.direct = mips_direct,
	.ndirect = KVMI_COUNT(mips_direct),
	.pte = mips_pte,
	.reachable = mips_reachable,
};

const struct kvmi_arch kvmi_arch_mips64 = {
	.name = "mips64",
	.freebsd = "mips64",
	.freebsd_le = "mips64el",
	.uname = mips64_uname,
	.elf_machine = 8,
	.pointer_size = 8,
	.page_shift = 12,
	.prstatus_size = 480,
	.entry_size = 8,
	.level = mips64_level,
	.max_levels = 3,
	.direct = mips64_direct,
	.ndirect = KVMI_COUNT(mips64_direct),
	.kernel_va = XKSEG,
	.pte = mips64_pte,
	.reachable = mips64_reachable,
};
