/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/frames.h"

#include <inttypes.h>

#include "base/math.h"

/* A stack of 16 KiB has no more frames than that. */
#define MAX_FRAMES	1024

/* Interrupts, NMI and double faults have stacks of their own. */
#define MAX_SWITCHES	8

/* System V ABI, AMD64 supplement, 3.2.2. */
const struct kvmi_frame_abi kvmi_frame_x86_64 = { 0, 8, 16 };

/* Procedure Call Standard for the Arm 64-bit Architecture, 6.2.3. */
const struct kvmi_frame_abi kvmi_frame_arm64 = { 0, 8, 16 };

/* RISC-V ABIs Specification, Frame Pointer Convention. */
const struct kvmi_frame_abi kvmi_frame_riscv = { -16, -8, 0 };

static bool
on_own_stack(const struct kvmi_frames *w, uint64_t at)
{
	return (at >= w->stack && at <= w->stack_end);
}

/*
 * Stacks are left upwards; only the thread's own is entered from another.  So
 * a chain ends, whatever it holds.  from: the frame pointer before; 0: none.
 */
static int
check_fp(const struct kvmi_frames *w, uint64_t from, uint64_t fp,
    unsigned int *switches)
{
	struct kvmi_err *err = &w->cx->err;

	if (fp % w->k->arch->pointer_size != 0)
		return (kvmi_fail(err, KVMI_EFORMAT, "the frame pointer 0x%"
		    PRIx64 " is not aligned", fp));
	if (from == 0)
		return (0);
	if (on_own_stack(w, from) && !on_own_stack(w, fp))
		return (kvmi_fail(err, KVMI_EFORMAT, "the frame pointer 0x%"
		    PRIx64 " is not on the thread's stack (0x%" PRIx64
		    " to 0x%" PRIx64 ")", fp, w->stack, w->stack_end));
	if (fp > from && on_own_stack(w, from) == on_own_stack(w, fp))
		return (0);
	if (on_own_stack(w, from) || ++*switches > MAX_SWITCHES)
		return (kvmi_fail(err, KVMI_EFORMAT, "the frame pointer goes "
		    "back from 0x%" PRIx64 " to 0x%" PRIx64, from, fp));
	return (0);
}

/*
 * Stopped at the very entry from a program: the frame pointer is that one's
 * yet, and what is there may run at another address than the kernel's text.
 */
static bool
just_entered(const struct kvmi_frames *w, const struct kvmi_frame *f)
{
	return (f->interrupted && f->fp != 0 && f->fp < w->user_end);
}

/* 1: *f is the caller.  0: f has none. */
static int
step(const struct kvmi_frames *w, struct kvmi_frame *f)
{
	struct kvmi_frame up = {
		.sp = f->fp + (uint64_t)(int64_t)w->abi->caller_sp };
	uint64_t fp_at = f->fp + (uint64_t)(int64_t)w->abi->caller_fp;
	uint64_t pc_at = f->fp + (uint64_t)(int64_t)w->abi->return_pc;
	int r;

	r = kvmi_kread_ptr(w->k, w->cx, fp_at, &up.fp);
	if (r == 0)
		r = kvmi_kread_ptr(w->k, w->cx, pc_at, &up.pc);
	if (r != 0)
		return (kvmi_wrap(&w->cx->err, r, "frame at 0x%" PRIx64,
		    f->fp));
	if (up.pc != 0)
		up.pc |= w->pc_ones;
	*f = up;
	return (up.pc != 0);
}

/* 1: go on. */
static int
give(const struct kvmi_frames *w, const struct kvmi_frame *f,
    kvm_walk_stack_cb_t *cb, void *closure, size_t *n)
{
	struct kvm_frame out = { .kf_pc = f->pc, .kf_sp = f->sp,
		.kf_flags = f->interrupted ? KVM_FRAME_INTERRUPTED : 0 };
	int r = w->text(w->arg, f->interrupted ? f->pc : f->pc - 1,
	    out.kf_module);

	if (r != 0)
		return (r);
	(*n)++;
	return (cb(&out, closure) != 0);
}

int
kvmi_frames_walk(const struct kvmi_frames *w, struct kvmi_frame *f,
    kvm_walk_stack_cb_t *cb, void *closure, size_t *n)
{
	unsigned int switches = 0;
	uint64_t from = 0, fp;
	int r = 1;

	while (r == 1 && *n < MAX_FRAMES) {
		r = give(w, f, cb, closure, n);
		if (just_entered(w, f))
			return (0);
		if (r != 1)
			return (r);
		fp = f->fp;
		r = w->entry == NULL ? 0 : w->entry(w->arg, f);
		if (r == KVMI_FRAMES_USER)
			return (0);
		if (r == 0) {
			/* What began a thread was called by none. */
			if (fp == 0)
				return (0);
			r = check_fp(w, from, fp, &switches);
			if (r == 0)
				r = step(w, f);
			from = fp;
		}
	}
	return (r == 1 ? kvmi_fail(&w->cx->err, KVMI_EFORMAT,
	    "more than %d frames", MAX_FRAMES) : r);
}
