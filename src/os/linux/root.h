/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the kernel's page tables are, when only their virtual address is
 * known: they are what maps itself.
 */
#ifndef KVMI_ROOT_H
#define KVMI_ROOT_H

#include "os/linux/linux.h"

/* Do the tables at p->root_pa map root_va to where they are? */
bool kvmi_linux_root_is(const struct kvmi_kernel *k,
    const struct kvmi_paging *p, uint64_t root_va);

/*
 * Set p->root_pa, trying every place in memory that kernels are loaded to.
 * KVMI_ENOENT: there are no such tables.
 */
int kvmi_linux_root_find(struct kvmi_kernel *k, struct kvmi_paging *p,
    uint64_t root_va, struct kvmi_err *err);

/* The highest of n starts of the kernel's part that is not above va. */
uint64_t kvmi_linux_split(const uint64_t *splits, size_t n, uint64_t va);

/*
 * The linear map from va on, which starts with pa: ret->len of it is mapped
 * in one piece.  KVMI_ENOENT: it does not start there.
 */
int kvmi_linux_linear(struct kvmi_kernel *k, uint64_t va, uint64_t pa,
    struct kvmi_mapping *ret, struct kvmi_err *err);

#endif
