/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of a machine to follow its stacks. */
#ifndef KVMI_FREEBSD_REGS_H
#define KVMI_FREEBSD_REGS_H

#include "os/frames.h"

struct kvmi_freebsd_reg {
	const char	*name;
	const char	*member;	/* of struct pcb, by all its spellings */
};

/* Code through which the kernel is entered. */
struct kvmi_freebsd_entry {
	const char	*prefix;	/* of its symbol */
	bool		 user;		/* from a program only */
};

struct kvmi_freebsd_machine {
	const struct kvmi_arch *arch;
	const struct kvmi_freebsd_reg *reg;	/* ended by a NULL name */

	/* Registers by name, to start a stack from. */
	const char	*pc, *sp, *fp;
	const struct kvmi_frame_abi *abi;
	const struct kvmi_freebsd_entry *entry;	/* ended by NULL */
	/* What was interrupted: members of struct trapframe. */
	const char	*tf_pc, *tf_sp, *tf_fp, *tf_mode;
	uint64_t	 mode_mask, mode_user;	/* was it a program? */
	bool		 tf_below_fp;	/* else at the stack pointer */
};

/* NULL: not known. */
const struct kvmi_freebsd_machine *kvmi_freebsd_machine(
    const struct kvmi_arch *arch);

/* 0: no such register. */
uint64_t kvmi_freebsd_reg(const struct kvmi_regs *regs, const char *name);

#endif
