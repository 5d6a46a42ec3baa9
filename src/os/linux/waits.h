/* SPDX-License-Identifier: BSD-2-Clause */
/* Where threads sleep: the function that called the scheduler. */
#ifndef KVMI_WAITS_H
#define KVMI_WAITS_H

#include "os/kernel.h"

struct kvmi_linux_waits;

int kvmi_linux_waits_open(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_linux_waits **ret);
void kvmi_linux_waits_close(struct kvmi_linux_waits *w);

/* Fill ki_wmesg of a thread that sleeps; it stays empty when in doubt. */
void kvmi_linux_wait(struct kvmi_linux_waits *w, struct kinfo_proc *ki);

#endif
