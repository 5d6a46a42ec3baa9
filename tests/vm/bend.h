/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of a dump that is changed for a while; the file is not. */
#ifndef BEND_H
#define BEND_H

#include "os/kernel.h"

/* Where va is in the mapped file, in pages of memory that may be changed. */
uint8_t *bend_pages(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va);

/*
 * What many tasks of a real machine have and those of the guests have not: lent
 * memory (vhost), titles elsewhere (prctl(2)), room that is never used, and a
 * scheduler's clock that is late after months.
 */
void bend_busy(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types *own, const struct kinfo_proc *ki, int n);

#endif
