/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux on 32-bit Arm, with LPAE and without.  Its VMCOREINFO says neither
 * where its part of the address space begins nor where memory does
 * (arch/arm/kernel/vmcore_info.c, arch/arm/include/asm/memory.h,
 * pgtable-2level.h and pgtable-3level.h of Linux).
 */
#include "base/math.h"
#include "os/linux/linux.h"
#include "os/linux/linear.h"

/* Configurations of VMSPLIT: where the linear map begins. */
static const uint64_t splits[] = { 0xc0000000, 0xb0000000, 0x80000000,
	0x40000000 };

#define MODULES_LEN	(UINT64_C(1) << 24)	/* below the linear map */

/*
 * Without LPAE the hardware has tables of its own beside Linux's, which hold
 * what the hardware's entries have no room for.
 */
#define LINUX_TABLE	2048

/* Linux's entries: of pages that are there; otherwise of swap. */
#define L_PTE_PRESENT	UINT64_C(1)
#define L_PTE_ADDR	UINT64_C(0xfffff000)
#define LPAE_PRESENT	UINT64_C(2)
#define LPAE_NONE	(UINT64_C(1) << 57)
#define LPAE_ADDR	UINT64_C(0x000000fffffff000)
#define SWAP_TYPE(raw)	((unsigned int)((raw) >> 2 & 0x1f))

static int
from_vmcoreinfo(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx)
{
	struct kvmi_paging p = { .arch = &kvmi_arch_arm, .levels = 2 };
	uint64_t root, split;
	char lpae[8];
	int r;

	if (!kvmi_vmcoreinfo_symbol(&l->info, "swapper_pg_dir", &root))
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: VMCOREINFO has "
		    "no SYMBOL(swapper_pg_dir)", k->img->src->name));
	if (kvmi_vmcoreinfo_get(&l->info, "CONFIG_ARM_LPAE", lpae,
	    sizeof(lpae))) {
		p.arch = &kvmi_arch_arm_lpae;
		p.levels = 3;
	}
	r = kvmi_linux_root(k, &p, root, &cx->err);
	if (r != 0)
		return (r);
	kvmi_vmcoreinfo_symbol(&l->info, "_stext", &l->stext);
	split = kvmi_linux_split(splits, KVMI_COUNT(splits), root);
	k->space.ops = &kvmi_space_paged;
	k->space.paging = p;
	l->va.first = l->va.user_end = split - MODULES_LEN;
	l->va.last = UINT32_MAX;
	return (0);
}

static uint64_t
linux_entry(const struct kvmi_paging *p, uint64_t entry_pa,
    unsigned int level)
{
	return (p->arch == &kvmi_arch_arm && level == 0 ?
	    entry_pa - LINUX_TABLE : entry_pa);
}

static enum kvmi_linux_absent
absent(const struct kvmi_paging *p, uint64_t raw, unsigned int level,
    uint64_t *pa, unsigned int *swap)
{
	bool lpae = p->arch == &kvmi_arch_arm_lpae;

	if (raw == 0 || level > (lpae ? 1 : 0))
		return (KVMI_ABSENT_NONE);
	if (lpae ? (raw & LPAE_NONE) != 0 : (raw & L_PTE_PRESENT) != 0) {
		*pa = raw & (lpae ? LPAE_ADDR : L_PTE_ADDR) &
		    ~((UINT64_C(1) << p->arch->level[level].shift) - 1);
		return (KVMI_ABSENT_KEPT);
	}
	*swap = SWAP_TYPE(raw);
	return (KVMI_ABSENT_SWAP);
}

static int
linear(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_mapping *ret)
{
	const struct kvmi_linux *l = k->priv;
	uint64_t split = l->va.first + MODULES_LEN, root;

	/* The image, the root within, is in the linear map. */
	if (!kvmi_vmcoreinfo_symbol(&l->info, "swapper_pg_dir", &root))
		return (KVMI_ENOENT);
	return (kvmi_linux_linear(k, split, k->space.paging.root_pa -
	    (root - split), ret, &cx->err));
}

/* struct pt_regs (arch/arm/include/uapi/asm/ptrace.h). */
static const struct kvmi_linux_reg regs[] = {
	{ "r0", 0, 4 }, { "r1", 4, 4 }, { "r2", 8, 4 }, { "r3", 12, 4 },
	{ "r4", 16, 4 }, { "r5", 20, 4 }, { "r6", 24, 4 }, { "r7", 28, 4 },
	{ "r8", 32, 4 }, { "r9", 36, 4 }, { "r10", 40, 4 }, { "fp", 44, 4 },
	{ "ip", 48, 4 }, { "sp", 52, 4 }, { "lr", 56, 4 }, { "pc", 60, 4 },
	{ "cpsr", 64, 4 }, { "orig_r0", 68, 4 }, { NULL, 0, 0 },
};

/* struct cpu_context_save (arch/arm/include/asm/thread_info.h). */
static const struct kvmi_linux_saved saved[] = {
	{ "r4", "thread_info.cpu_context.r4" },
	{ "r5", "thread_info.cpu_context.r5" },
	{ "r6", "thread_info.cpu_context.r6" },
	{ "r7", "thread_info.cpu_context.r7" },
	{ "r8", "thread_info.cpu_context.r8" },
	{ "r9", "thread_info.cpu_context.r9" },
	{ "r10", "thread_info.cpu_context.sl" },
	{ "fp", "thread_info.cpu_context.fp" },
	{ "sp", "thread_info.cpu_context.sp" },
	{ "pc", "thread_info.cpu_context.pc" },
	{ NULL, NULL },
};

static int
saved_regs(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t task,
    struct kvmi_regs *out)
{
	return (kvmi_linux_saved_in_task(k, cx, task, saved, out));
}

const struct kvmi_linux_arch kvmi_linux_arm = {
	.arch = &kvmi_arch_arm,
	.from_vmcoreinfo = from_vmcoreinfo,
	.absent = absent,
	.linux_entry = linux_entry,
	.linear = linear,
	.regs = regs,
	.saved_regs = saved_regs,
};
