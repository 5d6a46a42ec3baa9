/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two kinds of kernel log share. */
#ifndef KVMI_LINUX_LOG_H
#define KVMI_LINUX_LOG_H

#include "os/linux/linux.h"

/* CONFIG_LOG_BUF_SHIFT goes to 25; this leaves room for log_buf_len=. */
#define KVMI_MAX_LOG	(UINT64_C(1) << 28)

/*
 * len bytes at va into *ret, which is malloc'ed: what is missing is zeros and
 * damage, with what naming it.
 */
int kvmi_linux_log_copy(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t va, uint64_t len, const char *what, uint8_t **ret);

/* Is it a kernel that has no ring of descriptors but the buffer of before? */
bool kvmi_linux_log_is_old(struct kvmi_kernel *k, struct kvmi_cx *cx);
int kvmi_linux_log_old(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_log_cb_t *cb, void *closure, size_t *n);

#endif
