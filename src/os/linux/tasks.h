/* SPDX-License-Identifier: BSD-2-Clause */
/* Walking the kernel's lists of tasks, however broken they are. */
#ifndef KVMI_TASKS_H
#define KVMI_TASKS_H

#include "os/addrs.h"
#include "os/kernel.h"

/*
 * Collect the structures on the list whose head is at head: each has its
 * struct list_head node_off bytes in.  Follows next, and where that is broken
 * goes backwards from the head; what then is missing counts as damage, with
 * what naming the list.  What ret has already is of another list, and breaks this
 * one.  Only running out of memory is an error.
 */
int kvmi_list_collect(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t head, uint64_t node_off, const char *what,
    struct kvmi_addrs *ret);

#endif
