/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel stacks by frame pointers: what architectures have in common. */
#ifndef KVMI_FRAME_STACK_H
#define KVMI_FRAME_STACK_H

#include "os/frames.h"
#include "os/linux/linux.h"
#include "os/linux/module_text.h"

struct kvmi_linux_frames;

/* How an architecture does it. */
struct kvmi_linux_frames_arch {
	const struct kvmi_frame_abi *abi;
	const char	*pc, *sp, *fp;		/* registers */
	bool		 pc_is_signed;		/* above the kernel's addresses */
	/* Are they a program's?  NULL: by addresses that those have. */
	bool (*user)(const struct kvmi_regs *regs);
	/* As entry of struct kvmi_frames; w is told of, too. */
	int (*entry)(struct kvmi_linux_frames *w, struct kvmi_frame *f);
};

struct kvmi_linux_frames {
	struct kvmi_frames frames;		/* first */
	const struct kvmi_linux_frames_arch *arch;
	struct { uint64_t start, end; } text[2];	/* of the kernel */
	struct kvmi_linux_module module;	/* the last one met */
	uint64_t	 ra;	/* of what was interrupted; for entry's use */
};

int kvmi_linux_frame_stack(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, const struct kvmi_linux_frames_arch *arch,
    kvm_walk_stack_cb_t *cb, void *closure, size_t *n);

/* Is pc in the function of that name?  Names that begin with it count. */
bool kvmi_linux_frame_in(const struct kvmi_linux_frames *w, uint64_t pc,
    const char *name);

#endif
