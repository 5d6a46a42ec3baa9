/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a Linux kernel exports to its modules: a table of names and addresses
 * in its image (include/linux/export.h, struct kernel_symbol), variables among
 * them.  A pure function over a copy of the image's bytes.
 */
#ifndef KVMI_EXPORTS_H
#define KVMI_EXPORTS_H

#include "sym/kallsyms.h"

/*
 * Add to t what the table has and t has not.  anchor is the name of an exported
 * symbol that is at anchor_va, by which the table is found and believed.
 * KVMI_ENOENT: it is not in the window.
 */
int kvmi_exports_add(const struct kvmi_window *w, const char *anchor,
    uint64_t anchor_va, struct kvmi_symtab *t, struct kvmi_err *err);

#endif
