/* SPDX-License-Identifier: BSD-2-Clause */
/* Where Linux has its page tables and its linear map. */
#ifndef KVMI_LINUX_LINEAR_H
#define KVMI_LINUX_LINEAR_H

#include "os/linux/linux.h"

/*
 * Set p->root_pa to the tables that map themselves to root_va.  KVMI_ENOENT:
 * there are none.
 */
int kvmi_linux_root(struct kvmi_kernel *k, struct kvmi_paging *p,
    uint64_t root_va, struct kvmi_err *err);

/* The highest of n starts of the kernel's part that is not above va. */
uint64_t kvmi_linux_split(const uint64_t *splits, size_t n, uint64_t va);

/*
 * The linear map from va on, which starts with pa: ret->len of it is mapped
 * in one piece.  KVMI_ENOENT: it does not start there.
 */
int kvmi_linux_linear(struct kvmi_kernel *k, uint64_t va, uint64_t pa,
    struct kvmi_mapping *ret, struct kvmi_err *err);

/*
 * Read by what l->info tells to be mapped in one piece, where page tables are
 * lost.  False: it does not.
 */
bool kvmi_linux_use_told(struct kvmi_kernel *k, struct kvmi_linux *l);

#endif
