/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks by frame pointers: each function keeps its caller's frame pointer
 * and return address at a fixed place, and its own frame pointer leads there.
 */
#ifndef KVMI_FRAMES_H
#define KVMI_FRAMES_H

#include "os/kernel.h"

/* Where they are, from the frame pointer. */
struct kvmi_frame_abi {
	int8_t		 caller_fp;
	int8_t		 return_pc;
	int8_t		 caller_sp;	/* the address itself */
};

extern const struct kvmi_frame_abi kvmi_frame_x86_64;
extern const struct kvmi_frame_abi kvmi_frame_arm64;
extern const struct kvmi_frame_abi kvmi_frame_riscv;

/* One frame. */
struct kvmi_frame {
	uint64_t	 pc;
	uint64_t	 sp;
	uint64_t	 fp;
	bool		 interrupted;	/* at pc; else it is behind a call */
};

struct kvmi_frames {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	const struct kvmi_frame_abi *abi;
	/* Bits of code's addresses where signatures are kept (arm64). */
	uint64_t	 pc_ones;
	uint64_t	 stack, stack_end;	/* the thread's own */
	/* Programs' addresses are below; 0: they are not told apart by that. */
	uint64_t	 user_end;

	/*
	 * Is pc in the kernel's text?  module names what it is in, "" for the
	 * kernel itself.  An error code: in none.
	 */
	int (*text)(void *arg, uint64_t pc, char module[64]);

	/*
	 * Asked of each frame: is it an entry into the kernel?  1: *f is now
	 * what was interrupted; KVMI_FRAMES_USER: that was a program; 0: it is
	 * none; else an error.  Its fp is not checked yet.  NULL: entries are
	 * like other frames.
	 */
	int (*entry)(void *arg, struct kvmi_frame *f);
	void		*arg;
};

#define KVMI_FRAMES_USER 2

/*
 * Give the frames from *f on to cb.  0: the stack ended where stacks do, or
 * cb had enough.  Else an error that says why it goes no further.
 */
int kvmi_frames_walk(const struct kvmi_frames *w, struct kvmi_frame *f,
    kvm_walk_stack_cb_t *cb, void *closure, size_t *n);

#endif
