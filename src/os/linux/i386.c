/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux on 32-bit x86, with PAE and without (arch/x86/kernel/vmcore_info_32.c,
 * arch/x86/include/asm/pgtable-2level.h and pgtable-3level.h of Linux).
 */
#include "base/math.h"
#include "os/linux/linux.h"
#include "os/linux/linear.h"
#include "os/root.h"

/* Configurations of VMSPLIT: where the kernel's part begins. */
static const uint64_t splits[] = { 0xc0000000, 0xb0000000, 0x80000000,
	0x78000000, 0x40000000 };

#define LINK_TEXT	UINT64_C(0x1000000)	/* CONFIG_PHYSICAL_START */
#define PTE_PROT_NONE	UINT64_C(0x100)
#define PTE_ADDR	UINT64_C(0xfffff000)
#define SWAP_TYPE(raw)	((unsigned int)((raw) >> 1 & 0x1f))

static int
from_vmcoreinfo(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx)
{
	struct kvmi_paging p = { .arch = &kvmi_arch_i386, .levels = 2 };
	uint64_t root, split;
	char pae[8];

	if (!kvmi_vmcoreinfo_symbol(&l->info, "swapper_pg_dir", &root))
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: VMCOREINFO has "
		    "no SYMBOL(swapper_pg_dir)", k->img->src->name));
	if (kvmi_vmcoreinfo_get(&l->info, "CONFIG_X86_PAE", pae,
	    sizeof(pae))) {
		p.arch = &kvmi_arch_i386_pae;
		p.levels = 3;
	}
	/* The image is in the linear map, wherever it was moved to. */
	split = kvmi_linux_split(splits, KVMI_COUNT(splits), root);
	p.root_pa = root - split;
	if (!kvmi_root_is(k, &p, root)) {
		int r = kvmi_linux_root(k, &p, root, &cx->err);

		if (r != 0)
			return (r);
		split = root - p.root_pa;
	}
	kvmi_vmcoreinfo_symbol(&l->info, "_stext", &l->stext);
	if (l->stext != 0)
		k->kerndisp = (int64_t)(l->stext - split - LINK_TEXT);
	k->space.ops = &kvmi_space_paged;
	k->space.paging = p;
	l->va.first = l->va.user_end = split;
	l->va.last = UINT32_MAX;
	return (0);
}

/*
 * Without PAE the address of a withheld page stays as it is; with PAE entries
 * are those of x86-64.
 */
static enum kvmi_linux_absent
absent(const struct kvmi_paging *p, uint64_t raw, unsigned int level,
    uint64_t *pa, unsigned int *swap)
{
	if (p->arch == &kvmi_arch_i386_pae)
		return (kvmi_linux_x86_64.absent(p, raw, level, pa, swap));
	if (raw == 0 || level > 0)
		return (KVMI_ABSENT_NONE);
	if ((raw & PTE_PROT_NONE) != 0) {
		*pa = raw & PTE_ADDR;
		return (KVMI_ABSENT_KEPT);
	}
	*swap = SWAP_TYPE(raw);
	return (KVMI_ABSENT_SWAP);
}

static int
linear(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_mapping *ret)
{
	const struct kvmi_linux *l = k->priv;

	return (kvmi_linux_linear(k, l->va.first, 0, ret, &cx->err));
}

/* struct user_regs_struct (arch/x86/include/asm/user_32.h). */
static const struct kvmi_linux_reg regs[] = {
	{ "ebx", 0, 4 }, { "ecx", 4, 4 }, { "edx", 8, 4 }, { "esi", 12, 4 },
	{ "edi", 16, 4 }, { "ebp", 20, 4 }, { "eax", 24, 4 }, { "ds", 28, 4 },
	{ "es", 32, 4 }, { "fs", 36, 4 }, { "gs", 40, 4 },
	{ "orig_eax", 44, 4 }, { "eip", 48, 4 }, { "cs", 52, 4 },
	{ "eflags", 56, 4 }, { "esp", 60, 4 }, { "ss", 64, 4 },
	{ NULL, 0, 0 },
};

/* struct inactive_task_frame (arch/x86/include/asm/switch_to.h). */
static const struct kvmi_linux_saved saved[] = {
	{ "ebx", "bx" }, { "esi", "si" }, { "edi", "di" }, { "ebp", "bp" },
	{ "eip", "ret_addr" }, { NULL, NULL },
};

static int
saved_regs(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t task,
    struct kvmi_regs *out)
{
	return (kvmi_linux_saved_on_stack(k, cx, task, saved, "esp",
	    out));
}

const struct kvmi_linux_arch kvmi_linux_i386 = {
	.arch = &kvmi_arch_i386,
	.from_vmcoreinfo = from_vmcoreinfo,
	.absent = absent,
	.linear = linear,
	.regs = regs,
	.saved_regs = saved_regs,
};
