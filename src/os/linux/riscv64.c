/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux on riscv64, Sv39 to Sv57 (arch/riscv/kernel/vmcore_info.c,
 * Documentation/arch/riscv/vm-layout.rst, arch/riscv/include/asm/pgtable.h).
 */
#include <inttypes.h>

#include "base/endian.h"
#include "os/linux/frame_stack.h"
#include "os/linux/linear.h"
#include "os/root.h"

#define LINK_ADDR	UINT64_C(0xffffffff80000000)	/* since 5.13 */

#define IMAGE_ALIGN	(UINT64_C(2) << 20)

#define PTE_LEAF	UINT64_C(0x0e)		/* R, W or X */
#define PTE_PROT_NONE	UINT64_C(0x20)		/* the bit of global pages */
#define PTE_PPN		UINT64_C(0x003ffffffffffc00)
#define SWAP_TYPE(raw)	((unsigned int)((raw) >> 7 & 0x1f))

#define SATP_MODE_SHIFT	60
#define SATP_SV39	8

/* How many levels there are; 0: VMCOREINFO does not say. */
static unsigned int
levels_of(const struct kvmi_vmcoreinfo *v)
{
	int64_t bits = 0, satp;

	if (kvmi_vmcoreinfo_number(v, "VA_BITS", &bits))
		return (bits == 39 || bits == 48 || bits == 57 ?
		    (unsigned int)(bits - 12) / 9 : 0);
	if (!kvmi_vmcoreinfo_number(v, "satp", &satp))
		return (0);
	bits = (int64_t)((uint64_t)satp >> SATP_MODE_SHIFT);
	return (bits >= SATP_SV39 && bits < SATP_SV39 + 3 ?
	    (unsigned int)(bits - SATP_SV39) + 3 : 0);
}

/*
 * Where the kernel image is in memory no key tells but va_kernel_pa_offset, up
 * to 6.12; what maps itself is the root.
 */
static int
find_root(struct kvmi_kernel *k, const struct kvmi_linux *l,
    struct kvmi_paging *p, uint64_t root, struct kvmi_err *err)
{
	unsigned int levels = levels_of(&l->info);
	int64_t offset;
	int r = KVMI_ENOENT;

	for (unsigned int n = 3; n <= 5 && r == KVMI_ENOENT; n++) {
		if (levels != 0 && n != levels)
			continue;
		p->levels = n;
		if (kvmi_vmcoreinfo_number(&l->info, "va_kernel_pa_offset",
		    &offset)) {
			p->root_pa = root - (uint64_t)offset;
			r = kvmi_root_check(k, p, root);
			if (r == 0 || (r == KVMI_ETRUNC && levels != 0))
				return (0);
		}
		r = kvmi_linux_root(k, p, root, err);
	}
	return (r);
}

/*
 * The image, which ends the address space, and all memory.  Kernels that do not
 * tell the one, since 6.13, are found by their tables only.
 */
static size_t
told(const struct kvmi_kernel *k, const struct kvmi_linux *l,
    struct kvmi_direct ret[KVMI_LINUX_TOLD])
{
	int64_t offset, va, pa;

	(void)k;
	if (l->stext == 0 || !kvmi_vmcoreinfo_number(&l->info,
	    "va_kernel_pa_offset", &offset))
		return (0);
	ret[0].va = l->stext & ~(IMAGE_ALIGN - 1);
	ret[0].pa = ret[0].va - (uint64_t)offset;
	ret[0].len = -ret[0].va;
	if (!kvmi_vmcoreinfo_number(&l->info, "PAGE_OFFSET", &va) ||
	    !kvmi_vmcoreinfo_number(&l->info, "phys_ram_base", &pa))
		return (1);
	ret[1] = (struct kvmi_direct){ (uint64_t)va, UINT64_MAX, (uint64_t)pa };
	return (2);
}

static int
from_vmcoreinfo(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx)
{
	struct kvmi_paging p = { .arch = k->arch };
	uint64_t root, offset;
	int r;

	if (!kvmi_vmcoreinfo_symbol(&l->info, "swapper_pg_dir", &root))
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: VMCOREINFO has "
		    "no SYMBOL(swapper_pg_dir)", k->img->src->name));
	r = find_root(k, l, &p, root, &cx->err);
	if (r != 0)
		return (r);
	kvmi_vmcoreinfo_symbol(&l->info, "_stext", &l->stext);
	if (kvmi_vmcoreinfo_hex(&l->info, "KERNELOFFSET", &offset))
		k->kerndisp = (int64_t)offset;
	k->space.ops = &kvmi_space_paged;
	k->space.paging = p;
	l->va.first = -(UINT64_C(1) << (11 + 9 * p.levels));
	l->va.last = UINT64_MAX;
	l->va.user_end = UINT64_C(1) << (11 + 9 * p.levels);
	return (0);
}

static enum kvmi_linux_absent
absent(const struct kvmi_paging *p, uint64_t raw, unsigned int level,
    uint64_t *pa, unsigned int *swap)
{
	/* A huge page keeps its rights, also while it is being split. */
	bool kept = (raw & (level == 0 ? PTE_PROT_NONE : PTE_LEAF)) != 0;

	if (raw == 0 || level > 2)
		return (KVMI_ABSENT_NONE);
	if (kept) {
		*pa = (raw & PTE_PPN) << 2 &
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
	int64_t va, pa;

	if (!kvmi_vmcoreinfo_number(&l->info, "PAGE_OFFSET", &va) ||
	    !kvmi_vmcoreinfo_number(&l->info, "phys_ram_base", &pa))
		return (kvmi_fail(&cx->err, KVMI_ENOENT, "%s: VMCOREINFO does "
		    "not say where the linear map is", k->img->src->name));
	*ret = (struct kvmi_mapping){ .va = (uint64_t)va, .pa = (uint64_t)pa };
	return (0);
}

/* struct user_regs_struct (arch/riscv/include/uapi/asm/ptrace.h). */
#define R(name, n)	{ name, 8 * (n), 8 }
static const struct kvmi_linux_reg regs[] = {
	R("pc", 0), R("ra", 1), R("sp", 2), R("gp", 3), R("tp", 4),
	R("t0", 5), R("t1", 6), R("t2", 7), R("s0", 8), R("s1", 9),
	R("a0", 10), R("a1", 11), R("a2", 12), R("a3", 13), R("a4", 14),
	R("a5", 15), R("a6", 16), R("a7", 17), R("s2", 18), R("s3", 19),
	R("s4", 20), R("s5", 21), R("s6", 22), R("s7", 23), R("s8", 24),
	R("s9", 25), R("s10", 26), R("s11", 27), R("t3", 28), R("t4", 29),
	R("t5", 30), R("t6", 31), { NULL, 0, 0 },
};

/* struct thread_struct (arch/riscv/include/asm/processor.h). */
static const struct kvmi_linux_saved saved[] = {
	{ "pc", "thread.ra" }, { "sp", "thread.sp" }, { "s0", "thread.s[0]" },
	{ "s1", "thread.s[1]" }, { "s2", "thread.s[2]" },
	{ "s3", "thread.s[3]" }, { "s4", "thread.s[4]" },
	{ "s5", "thread.s[5]" }, { "s6", "thread.s[6]" },
	{ "s7", "thread.s[7]" }, { "s8", "thread.s[8]" },
	{ "s9", "thread.s[9]" }, { "s10", "thread.s[10]" },
	{ "s11", "thread.s[11]" }, { NULL, NULL },
};

static int
saved_regs(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t task,
    struct kvmi_regs *out)
{
	return (kvmi_linux_saved_in_task(k, cx, task, saved, out));
}

/* struct pt_regs (arch/riscv/include/asm/ptrace.h). */
#define PT_EPC		0
#define PT_RA		8
#define PT_SP		16
#define PT_S0		64
#define PT_STATUS	256
#define PT_READ		264
#define STATUS_SPP	0x100		/* it was the kernel */

/* handle_exception keeps what it interrupted at the end of its frame. */
static int
interrupted(struct kvmi_linux_frames *w, struct kvmi_frame *f)
{
	uint8_t raw[PT_READ];
	int r = kvmi_kread(w->frames.k, w->frames.cx, f->sp, raw,
	    sizeof(raw));

	if (r != 0)
		return (kvmi_wrap(&w->frames.cx->err, r, "pt_regs at 0x%"
		    PRIx64, f->sp));
	if ((kvmi_get64(raw + PT_STATUS, false) & STATUS_SPP) == 0)
		return (KVMI_FRAMES_USER);
	*f = (struct kvmi_frame){
		.pc = kvmi_get64(raw + PT_EPC, false),
		.sp = kvmi_get64(raw + PT_SP, false),
		.fp = kvmi_get64(raw + PT_S0, false),
		.interrupted = true,
	};
	w->ra = kvmi_get64(raw + PT_RA, false);
	return (1);
}

/*
 * arch/riscv/kernel/stacktrace.c.  A function that calls no other keeps its
 * caller's frame pointer only, where others have the return address.
 */
static int
entry(struct kvmi_linux_frames *w, struct kvmi_frame *f)
{
	uint64_t up;

	if (!f->interrupted && kvmi_linux_frame_in(w, f->pc - 1,
	    "handle_exception"))
		return (interrupted(w, f));
	/* The frame pointer of what begins a thread is no such. */
	if (!f->interrupted && kvmi_linux_frame_in(w, f->pc - 1,
	    "ret_from_fork"))
		return (KVMI_FRAMES_USER);
	if (!f->interrupted || kvmi_kread_ptr(w->frames.k, w->frames.cx,
	    f->fp - 8, &up) != 0 || up <= f->fp || up > w->frames.stack_end ||
	    f->fp < w->frames.stack)
		return (0);
	*f = (struct kvmi_frame){ .pc = w->ra, .sp = f->fp, .fp = up };
	return (1);
}

static const struct kvmi_linux_frames_arch frames = {
	.abi = &kvmi_frame_riscv,
	.pc = "pc",
	.sp = "sp",
	.fp = "s0",
	.entry = entry,
};

static int
stack(struct kvmi_kernel *k, struct kvmi_cx *cx, const struct kinfo_proc *ki,
    kvm_walk_stack_cb_t *cb, void *closure, size_t *n)
{
	return (kvmi_linux_frame_stack(k, cx, ki, &frames, cb, closure, n));
}

const struct kvmi_linux_arch kvmi_linux_riscv64 = {
	.arch = &kvmi_arch_riscv64,
	.from_vmcoreinfo = from_vmcoreinfo,
	.absent = absent,
	.told = told,
	.linear = linear,
	.regs = regs,
	.saved_regs = saved_regs,
	.stack = stack,
};
