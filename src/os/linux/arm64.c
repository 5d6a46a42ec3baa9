/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux on arm64, pages of 4, 16 and 64 KiB and addresses of 36 to 52 bits
 * (arch/arm64/kernel/vmcore_info.c, Documentation/arch/arm64/memory.rst,
 * arch/arm64/include/asm/pgtable.h).
 */
#include <inttypes.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/frame_stack.h"

#define LVA_BITS	52
#define USER_END	(UINT64_C(1) << 55)

/* How many bits of an address a table of each size of pages resolves. */
static const struct {
	uint64_t	size;
	const struct kvmi_arch *arch, *lva;
} page_table[] = {
	{ 4096, &kvmi_arch_arm64, &kvmi_arch_arm64_lpa2 },
	{ 16384, &kvmi_arch_arm64_16k, &kvmi_arch_arm64_lpa2_16k },
	{ 65536, &kvmi_arch_arm64_64k, &kvmi_arch_arm64_64k },
};

/*
 * How many bits addresses have: as many as the kernel was made for or, since
 * 5.11, the processor can (TCR_EL1.T1SZ).  Tables of 64 KiB pages are laid out
 * for all in either case.
 */
static unsigned int
va_bits(const struct kvmi_linux *l, uint64_t page)
{
	int64_t made_for = 0, t1sz;

	kvmi_vmcoreinfo_number(&l->info, "VA_BITS", &made_for);
	if (page != 65536 &&
	    kvmi_vmcoreinfo_number(&l->info, "TCR_EL1_T1SZ", &t1sz) &&
	    t1sz >= 64 - LVA_BITS && t1sz < 64)
		return ((unsigned int)(64 - t1sz));
	return (made_for > 0 && made_for <= LVA_BITS ? (unsigned int)made_for :
	    0);
}

static int
set_paging(struct kvmi_kernel *k, struct kvmi_linux *l, struct kvmi_cx *cx)
{
	uint64_t page = kvmi_linux_page_size(l);
	unsigned int bits = va_bits(l, page), levels = 1;
	const struct kvmi_arch *a = NULL;

	for (size_t i = 0; i < KVMI_COUNT(page_table); i++)
		if (page_table[i].size == page)
			a = bits == LVA_BITS ? page_table[i].lva :
			    page_table[i].arch;
	if (a == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: pages of %"
		    PRIu64 " bytes, which arm64 has not", k->img->src->name,
		    page));
	while (levels < a->max_levels &&
	    a->level[levels - 1].shift + a->level[levels - 1].bits < bits)
		levels++;
	if (bits <= a->level[levels - 1].shift)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: VMCOREINFO has "
		    "no NUMBER(VA_BITS), which Linux gives since 4.12",
		    k->img->src->name));
	k->arch = a;
	k->space.ops = &kvmi_space_paged;
	k->space.paging = (struct kvmi_paging){
		.arch = a,
		.levels = levels,
		.va_bits = (uint8_t)bits,
	};
	l->va.first = -(UINT64_C(1) << bits);
	l->va.last = UINT64_MAX;
	l->va.user_end = USER_END;
	return (0);
}

static int
from_vmcoreinfo(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx)
{
	uint64_t root, offset;
	int64_t voffset;
	int r;

	if (!kvmi_vmcoreinfo_symbol(&l->info, "swapper_pg_dir", &root) ||
	    !kvmi_vmcoreinfo_number(&l->info, "kimage_voffset", &voffset))
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: VMCOREINFO has "
		    "no SYMBOL(swapper_pg_dir) or no NUMBER(kimage_voffset), "
		    "which Linux gives since 4.12", k->img->src->name));
	r = set_paging(k, l, cx);
	if (r != 0)
		return (r);
	k->space.paging.root_pa = root - (uint64_t)voffset;
	kvmi_vmcoreinfo_symbol(&l->info, "_stext", &l->stext);
	if (kvmi_vmcoreinfo_hex(&l->info, "KERNELOFFSET", &offset))
		k->kerndisp = (int64_t)offset;
	return (0);
}

/*
 * Where PAGE_OFFSET is, PHYS_OFFSET is mapped.  That is the first half of the
 * addresses since 5.4, with the image in the second; before it was the
 * reverse.
 */
static int
linear(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_mapping *ret)
{
	const struct kvmi_linux *l = k->priv;
	int64_t bits, phys;
	uint64_t half, first;

	if (!kvmi_vmcoreinfo_number(&l->info, "VA_BITS", &bits) ||
	    !kvmi_vmcoreinfo_number(&l->info, "PHYS_OFFSET", &phys) ||
	    bits < 1 || bits > LVA_BITS)
		return (kvmi_fail(&cx->err, KVMI_ENOENT, "%s: VMCOREINFO does "
		    "not say where the linear map is", k->img->src->name));
	half = -(UINT64_C(1) << (bits - 1));
	first = l->stext < half ? half : half * 2;
	/* Below 0 it is with addresses fewer than the kernel was made for. */
	ret->pa = phys < 0 ? 0 : (uint64_t)phys;
	ret->va = first + (ret->pa - (uint64_t)phys);
	ret->len = 0;
	return (0);
}

/* What entries that are invalid to the CPU have. */
#define PTE_PAGE	UINT64_C(2)	/* it maps a page, withheld */
#define SWAP_TYPE_OLD(raw)	((unsigned int)((raw) >> 3 & 0x1f))
#define KEPT_OLD	(UINT64_C(3) << 58)
/* Since 6.10. */
#define SWAP_TYPE_NEW(raw)	((unsigned int)((raw) >> 6 & 0x1f))
#define KEPT_NEW	(UINT64_C(1) << 11)

/*
 * Which of the two layouts a kernel has no constant tells; but 6.10 came with
 * mseal(2) too.
 */
static int
user(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t mm,
    struct kvmi_paging *p)
{
	uint64_t va;

	(void)mm;
	p->user = true;
	p->soft = kvmi_kernel_addr(k, cx, "__arm64_sys_mseal", &va) == 0;
	return (0);
}

static enum kvmi_linux_absent
absent(const struct kvmi_paging *p, uint64_t raw, unsigned int level,
    uint64_t *pa, unsigned int *swap)
{
	bool kept = level == 0 ? (raw & PTE_PAGE) != 0 :
	    (raw & (p->soft != 0 ? KEPT_NEW : KEPT_OLD)) != 0;
	struct kvmi_pte pte;

	if (raw == 0 || !p->arch->level[level].may_leaf)
		return (KVMI_ABSENT_NONE);
	if (kept) {
		p->arch->pte(raw | 1, level, &pte);
		*pa = pte.pa;
		return (pte.leaf ? KVMI_ABSENT_KEPT : KVMI_ABSENT_NONE);
	}
	*swap = p->soft != 0 ? SWAP_TYPE_NEW(raw) : SWAP_TYPE_OLD(raw);
	return (KVMI_ABSENT_SWAP);
}

/* struct user_pt_regs (arch/arm64/include/uapi/asm/ptrace.h). */
#define X(n)	{ "x" #n, 8 * (n), 8 }
static const struct kvmi_linux_reg regs[] = {
	X(0), X(1), X(2), X(3), X(4), X(5), X(6), X(7), X(8), X(9), X(10),
	X(11), X(12), X(13), X(14), X(15), X(16), X(17), X(18), X(19), X(20),
	X(21), X(22), X(23), X(24), X(25), X(26), X(27), X(28),
	{ "fp", 232, 8 }, { "lr", 240, 8 }, { "sp", 248, 8 },
	{ "pc", 256, 8 }, { "pstate", 264, 8 }, { NULL, 0, 0 },
};

/* struct cpu_context (arch/arm64/include/asm/processor.h). */
#define SAVED(n)	{ "x" #n, "thread.cpu_context.x" #n }
static const struct kvmi_linux_saved saved[] = {
	SAVED(19), SAVED(20), SAVED(21), SAVED(22), SAVED(23), SAVED(24),
	SAVED(25), SAVED(26), SAVED(27), SAVED(28),
	{ "fp", "thread.cpu_context.fp" }, { "sp", "thread.cpu_context.sp" },
	{ "pc", "thread.cpu_context.pc" }, { NULL, NULL },
};

static int
saved_regs(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t task,
    struct kvmi_regs *out)
{
	return (kvmi_linux_saved_in_task(k, cx, task, saved, out));
}

/* struct pt_regs begins with struct user_pt_regs. */
#define PT_FP		232
#define PT_SP		248
#define PT_PC		256
#define PT_PSTATE	264
#define PT_READ		272
#define PSTATE_EL	0xc		/* the exception level; 0: a program */

/*
 * arch/arm64/kernel/entry.S: what an exception interrupted is kept in a
 * struct pt_regs, which has the frame that the frame pointer leads to in it.
 */
static int
entry(struct kvmi_linux_frames *w, struct kvmi_frame *f)
{
	struct kvmi_kernel *k = w->frames.k;
	struct kvmi_cx *cx = w->frames.cx;
	uint64_t start, end, at;
	struct kvmi_member m;
	struct kvmi_types *t;
	uint8_t raw[PT_READ];
	int r;

	if (f->interrupted ||
	    kvmi_kernel_addr(k, cx, "__entry_text_start", &start) != 0 ||
	    kvmi_kernel_addr(k, cx, "__entry_text_end", &end) != 0 ||
	    f->pc <= start || f->pc > end)
		return (0);
	r = kvmi_kernel_types(k, cx, &t);
	if (r == 0)
		r = kvmi_type_member(t, "pt_regs", "stackframe", &m, &cx->err);
	if (r != 0)
		return (r);
	at = f->fp - m.off;
	r = kvmi_kread(k, cx, at, raw, sizeof(raw));
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "pt_regs at 0x%" PRIx64, at));
	if ((kvmi_get64(raw + PT_PSTATE, k->big_endian) & PSTATE_EL) == 0)
		return (KVMI_FRAMES_USER);
	*f = (struct kvmi_frame){
		.pc = kvmi_get64(raw + PT_PC, k->big_endian),
		.sp = kvmi_get64(raw + PT_SP, k->big_endian),
		.fp = kvmi_get64(raw + PT_FP, k->big_endian),
		.interrupted = true,
	};
	return (1);
}

static const struct kvmi_linux_frames_arch frames = {
	.abi = &kvmi_frame_arm64,
	.pc = "pc",
	.sp = "sp",
	.fp = "fp",
	.pc_is_signed = true,
	.entry = entry,
};

static int
stack(struct kvmi_kernel *k, struct kvmi_cx *cx, const struct kinfo_proc *ki,
    kvm_walk_stack_cb_t *cb, void *closure, size_t *n)
{
	return (kvmi_linux_frame_stack(k, cx, ki, &frames, cb, closure, n));
}

const struct kvmi_linux_arch kvmi_linux_arm64 = {
	.arch = &kvmi_arch_arm64,
	.from_vmcoreinfo = from_vmcoreinfo,
	.absent = absent,
	.user = user,
	.linear = linear,
	.regs = regs,
	.saved_regs = saved_regs,
	.stack = stack,
};
