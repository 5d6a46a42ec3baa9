/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the kernel's page tables are, when only their virtual address is
 * known: they are what maps itself.
 */
#ifndef KVMI_ROOT_H
#define KVMI_ROOT_H

#include "os/kernel.h"

/* Do the tables at p->root_pa map root_va to where they are? */
bool kvmi_root_is(const struct kvmi_kernel *k, const struct kvmi_paging *p,
    uint64_t root_va);

/* The same; KVMI_ETRUNC: some of them are lost. */
int kvmi_root_check(const struct kvmi_kernel *k, const struct kvmi_paging *p,
    uint64_t root_va);

/*
 * Set p->root_pa, trying every place in memory that kernels are loaded to.
 * False: there are no such tables.
 */
bool kvmi_root_find(struct kvmi_kernel *k, struct kvmi_paging *p,
    uint64_t root_va);

#endif
