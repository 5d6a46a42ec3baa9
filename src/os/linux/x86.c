/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux on x86-64: where its page tables are (arch/x86/kernel/vmcore_info_64.c,
 * Documentation/arch/x86/x86_64/mm.rst of Linux).
 */
#include <inttypes.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/linux.h"

#define START_KERNEL_MAP	UINT64_C(0xffffffff80000000)
#define MODULES_START		UINT64_C(0xffffffffc0000000)
#define LINK_TEXT		UINT64_C(0xffffffff81000000)
#define PMD_SIZE		(UINT64_C(1) << 21)

/* QEMU's CPU-state note (target/i386/arch_dump.c). */
#define QEMU_NOTE_CR3		0x1a0
#define QEMU_NOTE_CR4		0x1a8
#define QEMU_NOTE_MIN		0x1b0
#define CR3_ADDR		UINT64_C(0x000ffffffffff000)
#define CR4_LA57		(UINT64_C(1) << 12)

#define PTE_HUGE		(UINT64_C(1) << 7)
#define PTE_PROT_NONE		(UINT64_C(1) << 8)
#define SWAP_TYPE_SHIFT		59

static void
use_levels(struct kvmi_linux *l, unsigned int levels)
{
	l->va.first = -(UINT64_C(1) << (levels == 5 ? 56 : 47));
	l->va.last = UINT64_MAX;
	l->va.user_end = UINT64_C(1) << 63;
}

static int
from_vmcoreinfo(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx)
{
	static const char *const roots[] = { "swapper_pg_dir", "init_top_pgt",
		"init_level4_pgt" };
	uint64_t root = 0, offset = 0;
	int64_t phys_base, l5 = 0, sme = 0;
	bool found = false;

	for (size_t i = 0; i < KVMI_COUNT(roots) && !found; i++)
		found = kvmi_vmcoreinfo_symbol(&l->info, roots[i], &root);
	if (!found)
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: VMCOREINFO has "
		    "no SYMBOL(swapper_pg_dir)", k->img->src->name));
	if (!kvmi_vmcoreinfo_number(&l->info, "phys_base", &phys_base))
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: VMCOREINFO has no "
		    "NUMBER(phys_base), which Linux gives since 4.10",
		    k->img->src->name));
	kvmi_vmcoreinfo_number(&l->info, "pgtable_l5_enabled", &l5);
	kvmi_vmcoreinfo_number(&l->info, "sme_mask", &sme);
	kvmi_vmcoreinfo_symbol(&l->info, "_stext", &l->stext);
	if (kvmi_vmcoreinfo_hex(&l->info, "KERNELOFFSET", &offset))
		k->kerndisp = (int64_t)offset;
	k->space.ops = &kvmi_space_paged;
	k->space.paging = (struct kvmi_paging){
		.arch = k->arch,
		.root_pa = root - START_KERNEL_MAP + (uint64_t)phys_base,
		.levels = l5 == 1 ? 5 : 4,
		.clear_mask = (uint64_t)sme,
	};
	use_levels(l, k->space.paging.levels);
	return (0);
}

/*
 * Does the table map a kernel image?  Its start is the first mapping above
 * START_KERNEL_MAP, its end the last below the modules.
 */
static bool
find_image(struct kvmi_kernel *k, struct kvmi_linux *l, struct kvmi_cx *cx)
{
	uint64_t first = 0, end = 0;

	for (uint64_t va = START_KERNEL_MAP; va < MODULES_START;) {
		struct kvmi_mapping m;
		int r = kvmi_walk(&k->space.paging, va, kvmi_image_read_phys,
		    k->img, &m, &cx->err);

		if (r == 0) {
			if (first == 0)
				first = m.va;
			end = m.va + m.len;
		} else if (r != KVMI_ENOTMAPPED) {
			return (false);
		}
		if (m.va + m.len <= va)
			return (false);
		va = m.va + m.len;
	}
	/* A stray page is no kernel: its text alone takes several MiB. */
	if (end - first < 2 * PMD_SIZE)
		return (false);
	l->image_va = first;
	l->image_len = end - first;
	return (true);
}

static int
find(struct kvmi_kernel *k, struct kvmi_linux *l, struct kvmi_cx *cx)
{
	struct kvmi_note n;
	size_t pos = 0;
	unsigned int cpus = 0;

	while (kvmi_note_next(&k->img->notes, k->img->big_endian, &pos, &n)) {
		uint64_t cr3, cr4;

		if (!kvmi_note_is(&n, "QEMU", 0) || n.descsz < QEMU_NOTE_MIN)
			continue;
		cpus++;
		cr3 = kvmi_get64(n.desc + QEMU_NOTE_CR3, false) & CR3_ADDR;
		cr4 = kvmi_get64(n.desc + QEMU_NOTE_CR4, false);
		/*
		 * With page table isolation a CPU caught in user space has
		 * the user's half of a pair, whose kernel half lies below.
		 */
		for (uint64_t half = 0; half <= 0x1000; half += 0x1000) {
			if (half != 0 && (cr3 & half) == 0)
				break;
			k->space.ops = &kvmi_space_paged;
			k->space.paging = (struct kvmi_paging){
				.arch = k->arch,
				.root_pa = cr3 & ~half,
				.levels = cr4 & CR4_LA57 ? 5 : 4,
			};
			if (find_image(k, l, cx)) {
				k->kerndisp = (int64_t)(l->image_va -
				    LINK_TEXT);
				use_levels(l, k->space.paging.levels);
				return (0);
			}
		}
	}
	k->space.ops = NULL;
	if (cpus == 0)
		return (KVMI_ENOTMINE);
	return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: the page tables of "
	    "none of %u CPUs map a Linux kernel above 0x%" PRIx64,
	    k->img->src->name, cpus, START_KERNEL_MAP));
}

/*
 * arch/x86/include/asm/pgtable_64.h, pgtable-invert.h.  An entry without the
 * present bit but with that of PROT_NONE (the global bit) maps a page all the
 * same, to mprotect(2) and to NUMA balancing; its address bits, and those of
 * the offset into a swap device, are inverted since 4.19 against L1TF.
 */
static enum kvmi_linux_absent
absent(const struct kvmi_paging *p, uint64_t raw, unsigned int level,
    uint64_t *pa, unsigned int *swap)
{
	uint64_t page = UINT64_C(1) << p->arch->level[level].shift;

	if (raw == 0 || level > 2)
		return (KVMI_ABSENT_NONE);
	/* A huge page keeps its size bit, also while it is being split. */
	if ((raw & (level == 0 ? PTE_PROT_NONE : PTE_HUGE)) != 0) {
		*pa = ~raw & CR3_ADDR & ~(page - 1);
		return (KVMI_ABSENT_KEPT);
	}
	*swap = (unsigned int)(raw >> SWAP_TYPE_SHIFT);
	return (KVMI_ABSENT_SWAP);
}

static int
linear(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_mapping *ret)
{
	uint64_t va;
	int r = kvmi_kernel_addr(k, cx, "page_offset_base", &va);

	ret->pa = 0;
	return (r != 0 ? r : kvmi_kread_ptr(k, cx, va, &ret->va));
}

/* struct user_regs_struct (arch/x86/include/asm/user_64.h). */
static const struct kvmi_linux_reg regs[] = {
	{ "r15", 0, 8 }, { "r14", 8, 8 }, { "r13", 16, 8 }, { "r12", 24, 8 },
	{ "rbp", 32, 8 }, { "rbx", 40, 8 }, { "r11", 48, 8 }, { "r10", 56, 8 },
	{ "r9", 64, 8 }, { "r8", 72, 8 }, { "rax", 80, 8 }, { "rcx", 88, 8 },
	{ "rdx", 96, 8 }, { "rsi", 104, 8 }, { "rdi", 112, 8 },
	{ "orig_rax", 120, 8 }, { "rip", 128, 8 }, { "cs", 136, 8 },
	{ "eflags", 144, 8 }, { "rsp", 152, 8 }, { "ss", 160, 8 },
	{ "fs_base", 168, 8 }, { "gs_base", 176, 8 }, { "ds", 184, 8 },
	{ "es", 192, 8 }, { "fs", 200, 8 }, { "gs", 208, 8 },
	{ NULL, 0, 0 },
};

/* struct inactive_task_frame (arch/x86/include/asm/switch_to.h). */
static const struct kvmi_linux_saved saved[] = {
	{ "r15", "r15" }, { "r14", "r14" }, { "r13", "r13" }, { "r12", "r12" },
	{ "rbx", "bx" }, { "rbp", "bp" }, { "rip", "ret_addr" },
	{ NULL, NULL },
};

static int
saved_regs(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t task,
    struct kvmi_regs *out)
{
	return (kvmi_linux_saved_on_stack(k, cx, task, saved, "rsp", out));
}

const struct kvmi_linux_arch kvmi_linux_x86_64 = {
	.arch = &kvmi_arch_x86_64,
	.from_vmcoreinfo = from_vmcoreinfo,
	.find = find,
	.absent = absent,
	.linear = linear,
	.regs = regs,
	.saved_regs = saved_regs,
	.stack = kvmi_linux_orc_stack,
};
