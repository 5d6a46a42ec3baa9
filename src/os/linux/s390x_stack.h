/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations of struct kvmi_linux_arch that know s390x's stack frames. */
#ifndef KVMI_S390X_STACK_H
#define KVMI_S390X_STACK_H

#include "os/linux/linux.h"

int kvmi_linux_s390x_saved(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t task, struct kvmi_regs *out);
int kvmi_linux_s390x_stack(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, kvm_walk_stack_cb_t *cb, void *closure,
    size_t *n);

#endif
