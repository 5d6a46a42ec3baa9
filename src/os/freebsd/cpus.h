/* SPDX-License-Identifier: BSD-2-Clause */
/* The CPUs, and where the data of each is (sys/kern/subr_pcpu.c). */
#ifndef KVMI_FREEBSD_CPUS_H
#define KVMI_FREEBSD_CPUS_H

#include "os/kernel.h"

struct kvmi_freebsd_cpus {
	uint64_t	*pcpu;		/* a struct pcpu each; 0: no such CPU */
	uint32_t	 max;		/* room of the kernel for CPUs */
};

int kvmi_freebsd_cpus_read(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_freebsd_cpus *ret);
void kvmi_freebsd_cpus_deinit(struct kvmi_freebsd_cpus *c);

/* The struct pcpu of cpu; 0: there is no such CPU. */
int kvmi_freebsd_pcpu_addr(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint32_t cpu, uint64_t *ret);

#endif
