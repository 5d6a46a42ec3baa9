/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks of s390x by their back chain: each frame leads to its caller's, which
 * holds the registers that were the caller's (arch/s390/kernel/
 * unwind_bc.c; kernels are built with -mbackchain).
 */
#include "os/linux/s390x_stack.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/math.h"
#include "os/linux/frame_stack.h"

#define PSW_PROBLEM	(UINT64_C(1) << 48)	/* the mask's: a program's */
#define GPR_RETURN	8			/* r14 of r6 to r15 */
#define GPR_STACK	15

enum { FRAME_CHAIN, FRAME_GPRS, REGS_MASK, REGS_ADDR, REGS_GPRS, MEMBERS };

static const char *const spellings[MEMBERS] = {
	[FRAME_CHAIN] = "stack_frame.back_chain",
	[FRAME_GPRS] = "stack_frame.gprs",
	[REGS_MASK] = "pt_regs.psw.mask",
	[REGS_ADDR] = "pt_regs.psw.addr",
	[REGS_GPRS] = "pt_regs.gprs",
};

struct layout {
	struct kvmi_member m[MEMBERS];
	uint64_t	 size;		/* of a frame without more */
};

static int
find_layout(struct kvmi_kernel *k, struct kvmi_cx *cx, struct layout *ret)
{
	struct kvmi_types *t;
	int r = kvmi_kernel_types(k, cx, &t);

	if (r == 0)
		r = kvmi_type_members(t, spellings, MEMBERS, ret->m,
		    &cx->err);
	if (r == 0)
		r = kvmi_type_size(t, "stack_frame", &ret->size, &cx->err);
	return (r);
}

/* The same for every frame of the kernel. */
static int
get_layout(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct layout **ret)
{
	struct layout *made;
	int r;

	*ret = kvmi_linux_once(k->priv, KVMI_ONCE_FRAME);
	if (*ret != NULL)
		return (0);
	made = malloc(sizeof(*made));
	if (made == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory"));
	r = find_layout(k, cx, made);
	if (r != 0) {
		free(made);
		return (r);
	}
	*ret = kvmi_linux_once_set(k->priv, KVMI_ONCE_FRAME, made);
	return (0);
}

/* Register i of those that the frame or the pt_regs at va keeps. */
static int
kept(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    const struct kvmi_member *gprs, unsigned int i, uint64_t *ret)
{
	return (kvmi_kread_uint(k, cx, va + gprs->off + 8 * (uint64_t)i, 8,
	    ret));
}

int
kvmi_linux_s390x_saved(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t task, struct kvmi_regs *out)
{
	static const char *const names[] = { "r6", "r7", "r8", "r9", "r10",
		"r11", "r12", "r13", "r14" };
	static const struct kvmi_linux_saved saved[] = {
		{ "r15", "thread.ksp" }, { NULL, NULL },
	};
	const struct layout *l;
	uint64_t sp, v;
	int r;

	r = kvmi_linux_saved_in_task(k, cx, task, saved, out);
	if (r != 0 || get_layout(k, cx, &l) != 0)
		return (r);
	sp = kvmi_linux_reg_get(out, "r15");
	for (unsigned int i = 0; i < KVMI_COUNT(names); i++) {
		r = kept(k, cx, sp, &l->m[FRAME_GPRS], i, &v);
		if (r != 0)
			return (kvmi_wrap(&cx->err, r, "saved registers at 0x%"
			    PRIx64, sp));
		kvmi_linux_reg_add(out, names[i], v);
		if (i == GPR_RETURN)
			kvmi_linux_reg_add(out, "psw_addr", v);
	}
	return (0);
}

/* Behind a frame without a chain lies what was interrupted, if anything was. */
static int
interrupted(struct kvmi_linux_frames *w, const struct layout *l,
    struct kvmi_frame *f)
{
	struct kvmi_kernel *k = w->frames.k;
	struct kvmi_cx *cx = w->frames.cx;
	uint64_t at = f->sp + l->size, mask, pc, sp;
	int r;

	if (f->sp >= w->frames.stack && at + l->m[REGS_GPRS].off +
	    8 * (GPR_STACK + 1) > w->frames.stack_end)
		return (KVMI_FRAMES_USER);
	r = kvmi_kread_member(k, cx, at, &l->m[REGS_MASK], &mask);
	if (r == 0)
		r = kvmi_kread_member(k, cx, at, &l->m[REGS_ADDR], &pc);
	if (r == 0)
		r = kept(k, cx, at, &l->m[REGS_GPRS], GPR_STACK, &sp);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "pt_regs at 0x%" PRIx64, at));
	if ((mask & PSW_PROBLEM) != 0 || pc == 0)
		return (KVMI_FRAMES_USER);
	*f = (struct kvmi_frame){ .pc = pc, .sp = sp, .interrupted = true };
	return (1);
}

/* Every frame is stepped over here. */
static int
step(struct kvmi_linux_frames *w, struct kvmi_frame *f)
{
	struct kvmi_kernel *k = w->frames.k;
	struct kvmi_cx *cx = w->frames.cx;
	uint64_t up, pc, from = f->sp;
	const struct layout *l;
	int r = get_layout(k, cx, &l);

	if (r == 0)
		r = kvmi_kread_member(k, cx, from, &l->m[FRAME_CHAIN], &up);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "frame at 0x%" PRIx64, from));
	if (up == 0)
		return (interrupted(w, l, f));
	/* Of another stack, of interrupts, it leads to the thread's own. */
	if (up <= from && (from < w->frames.stack ||
	    from > w->frames.stack_end) == (up < w->frames.stack ||
	    up > w->frames.stack_end))
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "the back chain goes "
		    "back from 0x%" PRIx64 " to 0x%" PRIx64, from, up));
	r = kept(k, cx, up, &l->m[FRAME_GPRS], GPR_RETURN, &pc);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "frame at 0x%" PRIx64, up));
	if (pc == 0)
		return (KVMI_FRAMES_USER);
	*f = (struct kvmi_frame){ .pc = pc, .sp = up };
	return (1);
}

static bool
was_user(const struct kvmi_regs *regs)
{
	return ((kvmi_linux_reg_get(regs, "psw_mask") & PSW_PROBLEM) != 0);
}

static const struct kvmi_linux_frames_arch frames = {
	.pc = "psw_addr",
	.sp = "r15",
	.fp = "r15",
	.user = was_user,
	.entry = step,
};

int
kvmi_linux_s390x_stack(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, kvm_walk_stack_cb_t *cb, void *closure,
    size_t *n)
{
	return (kvmi_linux_frame_stack(k, cx, ki, &frames, cb, closure, n));
}
