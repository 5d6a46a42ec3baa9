/* SPDX-License-Identifier: BSD-2-Clause */
/* The address space of a process. */
#ifndef KVMI_FREEBSD_USER_H
#define KVMI_FREEBSD_USER_H

#include "os/freebsd/hpt.h"
#include "os/kernel.h"

struct kvmi_freebsd_user {
	struct kvmi_space space;	/* points to what it is in */
	struct kvmi_hpt	 hpt;		/* where the kernel has one */
	uint64_t	 proc;
	uint64_t	 vmspace;
	unsigned int	 pointer_size;	/* of the process */
};

/*
 * The struct proc that ki is of.  A zombie and a kernel process have no
 * memory of their own: *has is false then.
 */
int kvmi_freebsd_user_proc(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint64_t *proc, uint64_t *vmspace,
    bool *has);

/* For this thread, and for as long as k and *u live. */
int kvmi_freebsd_user_space(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t proc, uint64_t vmspace, struct kvmi_freebsd_user *u);

/* kvmi_space_read(), of addresses that processes have. */
int kvmi_freebsd_user_read(const struct kvmi_freebsd_user *u,
    struct kvmi_cx *cx, uint64_t va, void *buf, size_t len, size_t *done);

#endif
