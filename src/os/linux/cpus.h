/* SPDX-License-Identifier: BSD-2-Clause */
/* Which CPUs there are, and where each has its per-CPU data. */
#ifndef KVMI_CPUS_H
#define KVMI_CPUS_H

#include "os/kernel.h"

enum kvmi_linux_cpu_state { KVMI_CPU_POSSIBLE, KVMI_CPU_ONLINE,
    KVMI_CPU_ACTIVE };

struct kvmi_linux_cpus {
	unsigned int	 n;		/* nr_cpu_ids */
	uint64_t	*offset;	/* to add to a per-CPU address */
	uint8_t		*state;		/* bits by kvmi_linux_cpu_state */
};

int kvmi_linux_cpus_read(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_linux_cpus *ret);
void kvmi_linux_cpus_deinit(struct kvmi_linux_cpus *c);

bool kvmi_linux_cpu_is(const struct kvmi_linux_cpus *c, uint32_t cpu,
    enum kvmi_linux_cpu_state state);

/* Or did run, until a panic stopped it. */
bool kvmi_linux_cpu_runs(const struct kvmi_linux_cpus *c, uint32_t cpu);

/* The task that the scheduler of that CPU says it runs. */
int kvmi_linux_running_task(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint32_t cpu, uint64_t *ret);

/* Operations of struct kvmi_os_ops, of any Linux kernel with symbols. */
int kvmi_linux_cpus(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint32_t *running, uint32_t *max);
int kvmi_linux_pcpu(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t cpu,
    uint64_t *va, uint64_t *len);
int kvmi_linux_zpcpu(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t base,
    uint32_t cpu, uint64_t *va);

#endif
