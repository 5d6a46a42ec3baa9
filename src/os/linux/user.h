/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory of a process: its mm_struct, and its address space. */
#ifndef KVMI_USER_H
#define KVMI_USER_H

#include "os/linux/linux.h"

/* Of struct mm_struct: where the strings lie that execve(2) laid out. */
struct kvmi_linux_mm {
	uint64_t	va;		/* of the structure */
	uint64_t	pgd;
	uint64_t	arg_start, arg_end;
	uint64_t	env_start, env_end;
};

/*
 * The mm_struct of the process that ki is of.  *has false: it has none, as
 * kernel threads and processes that have ended.
 */
int kvmi_linux_mm(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, struct kvmi_linux_mm *ret, bool *has);

/* The address space of a process. */
struct kvmi_linux_user {
	struct kvmi_space space;	/* points to what it is in */
	const struct kvmi_linux *linux_;
	uint64_t	 swap_devices;
};

/* For this thread, and for as long as k and *u live. */
int kvmi_linux_user_space(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kvmi_linux_mm *mm, struct kvmi_linux_user *u);

/* kvmi_space_read(), of addresses that user processes have. */
int kvmi_linux_user_read(const struct kvmi_linux_user *u, struct kvmi_cx *cx,
    uint64_t va, void *buf, size_t len, size_t *done);

#endif
