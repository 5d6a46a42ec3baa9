/* SPDX-License-Identifier: BSD-2-Clause */
/* System.map: what nm(1) prints of a Linux kernel, at link-time addresses. */
#ifndef KVMI_SYSTEM_MAP_H
#define KVMI_SYSTEM_MAP_H

#include "base/src.h"
#include "sym/sym.h"

struct kvmi_sysmap;

/* Does it begin like one? */
bool kvmi_sysmap_recognise(struct kvmi_src *src);

/* src is owned, also on failure. */
int kvmi_sysmap_open(struct kvmi_src *src, struct kvmi_sysmap **ret,
    struct kvmi_err *err);
void kvmi_sysmap_close(struct kvmi_sysmap *m);

/* The link-time address of a name.  false: there is none. */
bool kvmi_sysmap_symbol(const struct kvmi_sysmap *m, const char *name,
    uint64_t *ret);

/*
 * Add all symbols.  disp is added to those of the kernel image, not to
 * absolute ones nor to per-CPU offsets below it.
 */
int kvmi_sysmap_symbols(const struct kvmi_sysmap *m, int64_t disp,
    struct kvmi_symtab *t, struct kvmi_err *err);

#endif
