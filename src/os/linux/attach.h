/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding a kernel's VMCOREINFO (info_find.c) and believing it (attach.c). */
#ifndef KVMI_ATTACH_H
#define KVMI_ATTACH_H

#include "os/linux/linux.h"

/* The file that the caller gave: the text, or a note with it. */
int kvmi_linux_info_from_file(struct kvmi_linux *l, const char *path,
    struct kvmi_err *err);

/* KVMI_ENOTMINE: the container has none. */
int kvmi_linux_info_from_container(struct kvmi_kernel *k,
    struct kvmi_linux *l, struct kvmi_err *err);

/* Without a note: in memory. */
int kvmi_linux_find_kernel(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx);

/* The container's leads nowhere: the one in memory, when it does better. */
int kvmi_linux_replace_info(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx);

/* Set l->arch and k->space from l->info, if that leads to its kernel. */
int kvmi_linux_use_info(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx);

/* Cut short: what is left says which kernel it was. */
bool kvmi_linux_is_cut(const struct kvmi_kernel *k, int r);

#endif
