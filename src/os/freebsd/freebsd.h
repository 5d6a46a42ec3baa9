/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of os/freebsd share. */
#ifndef KVMI_FREEBSD_H
#define KVMI_FREEBSD_H

#include "base/hex.h"
#include "os/kernel.h"

/* Translation by the page tables inside a minidump; arg is its header. */
extern const struct kvmi_space_ops kvmi_freebsd_minidump_space;

int kvmi_freebsd_walk_pages(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_pages_cb_t *cb, void *closure, bool *done);

#endif
