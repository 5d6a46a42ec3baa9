/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot images of Linux: the kernel file is in them, compressed. */
#ifndef KVMI_VMLINUZ_H
#define KVMI_VMLINUZ_H

#include "kvm.h"
#include "base/src.h"

/*
 * Put in *src what is inside of it, when it is a boot image or a compressed
 * kernel file; else it stays.  On failure it is closed.
 */
int kvmi_vmlinuz_unwrap(struct kvmi_src **src, const struct kvm_options *o,
    struct kvmi_err *err);

#endif
