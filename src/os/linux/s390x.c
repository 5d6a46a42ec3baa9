/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux on s390x: where its page tables are (arch/s390/kernel/machine_kexec.c,
 * arch/s390/include/asm/page.h, lowcore.h and pgtable.h).
 */
#include <inttypes.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/linux.h"
#include "os/linux/s390x_stack.h"

/* struct lowcore: vmcore_info, the physical address of the note. */
#define LOWCORE_VMCOREINFO	0xe0c
/* Early in a boot it holds where the kernel is loaded instead. */
#define VMCOREINFO_OFFSET	1
#define LOWCORE_OS_INFO		0xe18

/* struct os_info (arch/s390/include/asm/os_info.h): the first of its entries. */
#define OS_INFO_MAGIC		UINT64_C(0x4f53494e464f535a)
#define OS_INFO_VMCOREINFO	32

/* Of an address space control element, and of an entry: which tables. */
#define ASCE_TYPE		UINT64_C(0xc)
#define USUAL_TYPE		UINT64_C(0x4)	/* three levels */
#define MIN_LEVELS		2	/* segments and pages */

#define PTE_PRESENT		UINT64_C(0x001)
#define PTE_PROTECT		UINT64_C(0x200)
#define PTE_ADDR		(~UINT64_C(0xfff))
#define SWAP_TYPE(raw)		((unsigned int)((raw) >> 2) & 0x1f)
#define HUGE_SWAP		UINT64_C(0x010)	/* since 6.13 */
#define HUGE_PAGE		UINT64_C(0x400)
#define SWAP_SPECIAL		31

static unsigned int
levels_of(uint64_t entry)
{
	return (MIN_LEVELS + (unsigned int)((entry & ASCE_TYPE) >> 2));
}

/*
 * Up to 6.9 all addresses but those of vmalloc() are physical.  Since then
 * the image is where KASLR put it, in either sense.
 */
static int
from_vmcoreinfo(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx)
{
	const struct kvmi_level *top;
	uint64_t root, va = 0, pa = 0;
	uint8_t entry[8];
	int r;

	if (!kvmi_vmcoreinfo_symbol(&l->info, "swapper_pg_dir", &root))
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: VMCOREINFO has "
		    "no SYMBOL(swapper_pg_dir)", k->img->src->name));
	kvmi_vmcoreinfo_symbol(&l->info, "_stext", &l->stext);
	kvmi_vmcoreinfo_hex(&l->info, "KERNELOFFSET", &va);
	k->kerndisp = (int64_t)va;
	if (kvmi_vmcoreinfo_hex(&l->info, "KERNELOFFPHYS", &pa))
		root = root - va + pa;
	/*
	 * An entry tells its level even where it leads nowhere; where it is
	 * lost, so is all that it would lead to.
	 */
	r = kvmi_image_read_phys(k->img, root, entry, sizeof(entry),
	    &cx->err);
	if (r == KVMI_ETRUNC)
		kvmi_put64(entry, USUAL_TYPE, true);
	else if (r != 0)
		return (kvmi_wrap(&cx->err, r, "%s: swapper_pg_dir",
		    k->img->src->name));
	k->big_endian = true;
	k->space.ops = &kvmi_space_paged;
	k->space.paging = (struct kvmi_paging){
		.arch = k->arch,
		.root_pa = root,
		.levels = levels_of(kvmi_get64(entry, true)),
		.big_endian = true,
	};
	top = &k->arch->level[k->space.paging.levels - 1];
	l->va.first = 0;
	l->va.last = UINT64_MAX >> (64 - top->shift - top->bits);
	l->va.user_end = UINT64_MAX;
	return (0);
}

static int
read_word(struct kvmi_kernel *k, uint64_t pa, uint64_t *ret,
    struct kvmi_err *err)
{
	uint8_t raw[8];
	int r = kvmi_image_read_phys(k->img, pa, raw, sizeof(raw), err);

	if (r == 0)
		*ret = kvmi_get64(raw, true);
	return (r);
}

/* A kernel says where its note is in the lowcore, or in its os_info. */
static int
note_pa(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t *ret)
{
	uint64_t info, magic;
	int r = read_word(k, LOWCORE_VMCOREINFO, ret, &cx->err);

	if (r == 0 && *ret != 0 && (*ret & VMCOREINFO_OFFSET) == 0)
		return (0);
	*ret = 0;
	r = read_word(k, LOWCORE_OS_INFO, &info, &cx->err);
	if (r == 0)
		r = read_word(k, info, &magic, &cx->err);
	if (r == 0 && magic == OS_INFO_MAGIC)
		r = read_word(k, info + OS_INFO_VMCOREINFO, ret, &cx->err);
	return (*ret != 0 ? 0 : KVMI_ENOTMINE);
}

/*
 * Entries are invalid to the CPU also while their page was not used lately,
 * which only so can be told.
 */
static enum kvmi_linux_absent
absent(const struct kvmi_paging *p, uint64_t raw, unsigned int level,
    uint64_t *pa, unsigned int *swap)
{
	if (level == 0 && (raw & PTE_PRESENT) != 0) {
		*pa = raw & PTE_ADDR;
		return (KVMI_ABSENT_KEPT);
	}
	if (level == 0 && (raw & PTE_PROTECT) != 0) {
		*swap = SWAP_TYPE(raw);
		return (KVMI_ABSENT_SWAP);
	}
	if (level == 0 || !p->arch->level[level].may_leaf)
		return (KVMI_ABSENT_NONE);
	if ((raw & HUGE_SWAP) != 0) {
		*swap = SWAP_SPECIAL;
		return (KVMI_ABSENT_SWAP);
	}
	if ((raw & HUGE_PAGE) == 0)
		return (KVMI_ABSENT_NONE);
	*pa = raw & ~((UINT64_C(1) << p->arch->level[level].shift) - 1);
	return (KVMI_ABSENT_KEPT);
}

/* The tables of a process have as many levels as it needs. */
static int
user(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t mm,
    struct kvmi_paging *p)
{
	uint8_t entry[8];
	int r = kvmi_image_read_phys(k->img, p->root_pa, entry, sizeof(entry),
	    &cx->err);

	(void)mm;
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "page tables of the process"));
	p->levels = levels_of(kvmi_get64(entry, true));
	p->user = true;
	return (0);
}

static int
linear(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_mapping *ret)
{
	const struct kvmi_linux *l = k->priv;

	(void)cx;
	*ret = (struct kvmi_mapping){ 0 };
	kvmi_vmcoreinfo_hex(&l->info, "IDENTITYBASE", &ret->va);
	return (0);
}

/* All memory and, where it is moved, the image, which is above all else. */
static size_t
told(const struct kvmi_kernel *k, const struct kvmi_linux *l,
    struct kvmi_direct ret[KVMI_LINUX_TOLD])
{
	uint64_t va = 0, pa = 0, base = 0;

	(void)k;
	kvmi_vmcoreinfo_hex(&l->info, "IDENTITYBASE", &base);
	ret[0] = (struct kvmi_direct){ .va = base, .len = UINT64_MAX };
	if (!kvmi_vmcoreinfo_hex(&l->info, "KERNELOFFSET", &va) ||
	    !kvmi_vmcoreinfo_hex(&l->info, "KERNELOFFPHYS", &pa) ||
	    va > l->va.last)
		return (1);
	ret[1] = (struct kvmi_direct){ va, l->va.last - va + 1, pa };
	return (2);
}

/* s390_regs (arch/s390/include/uapi/asm/ptrace.h). */
static const struct kvmi_linux_reg regs[] = {
	{ "psw_mask", 0, 8 }, { "psw_addr", 8, 8 }, { "r0", 16, 8 },
	{ "r1", 24, 8 }, { "r2", 32, 8 }, { "r3", 40, 8 }, { "r4", 48, 8 },
	{ "r5", 56, 8 }, { "r6", 64, 8 }, { "r7", 72, 8 }, { "r8", 80, 8 },
	{ "r9", 88, 8 }, { "r10", 96, 8 }, { "r11", 104, 8 },
	{ "r12", 112, 8 }, { "r13", 120, 8 }, { "r14", 128, 8 },
	{ "r15", 136, 8 }, { "orig_r2", 208, 8 },
	{ NULL, 0, 0 },
};

static const struct kvmi_linux_reg control_regs[] = {
	{ "cr0", 0, 8 }, { "cr1", 8, 8 }, { "cr2", 16, 8 }, { "cr3", 24, 8 },
	{ "cr4", 32, 8 }, { "cr5", 40, 8 }, { "cr6", 48, 8 }, { "cr7", 56, 8 },
	{ "cr8", 64, 8 }, { "cr9", 72, 8 }, { "cr10", 80, 8 },
	{ "cr11", 88, 8 }, { "cr12", 96, 8 }, { "cr13", 104, 8 },
	{ "cr14", 112, 8 }, { "cr15", 120, 8 },
	{ NULL, 0, 0 },
};

static const struct kvmi_linux_reg prefix_reg[] = {
	{ "prefix", 0, 4 }, { NULL, 0, 0 },
};

/* NT_S390_CTRS and NT_S390_PREFIX (include/uapi/linux/elf.h). */
static const struct kvmi_linux_note more_regs[] = {
	{ 0x304, control_regs }, { 0x305, prefix_reg }, { 0, NULL },
};

const struct kvmi_linux_arch kvmi_linux_s390x = {
	.arch = &kvmi_arch_s390x,
	.from_vmcoreinfo = from_vmcoreinfo,
	.note_pa = note_pa,
	.absent = absent,
	.user = user,
	.told = told,
	.linear = linear,
	.regs = regs,
	.more_regs = more_regs,
	.saved_regs = kvmi_linux_s390x_saved,
	.stack = kvmi_linux_s390x_stack,
};
