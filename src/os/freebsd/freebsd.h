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

int kvmi_freebsd_procs(struct kvmi_kernel *k, struct kvmi_cx *cx, int op,
    int arg, bool threads, struct kvmi_procs *out);

int kvmi_freebsd_log(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_log_cb_t *cb, void *closure, size_t *n);

void kvmi_freebsd_facts(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_facts *f);

/* An integer variable of 4 bytes: int, u_int. */
int kvmi_freebsd_int(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const char *name, int32_t *ret);

/* A variable of a pointer's size: pointers, list heads, u_long. */
int kvmi_freebsd_ptr(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const char *name, uint64_t *ret);

#endif
