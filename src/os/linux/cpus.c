/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPUs of a Linux kernel, dumped or running, and their per-CPU areas
 * (include/linux/cpumask.h, include/linux/percpu-defs.h).
 */
#include "os/linux/cpus.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/infer.h"

/* Names that a mask had, newest first. */
static const char *const mask_names[][2] = {
	[KVMI_CPU_POSSIBLE] = { "__cpu_possible_mask", "cpu_possible_bits" },
	[KVMI_CPU_ONLINE] = { "__cpu_online_mask", "cpu_online_bits" },
	[KVMI_CPU_ACTIVE] = { "__cpu_active_mask", "cpu_active_bits" },
};

void
kvmi_linux_cpus_deinit(struct kvmi_linux_cpus *c)
{
	free(c->offset);
	free(c->state);
	*c = (struct kvmi_linux_cpus){ 0 };
}

/* Set the bit of state in each CPU of the mask.  KVMI_ENOENT: no such mask. */
static int
read_mask(struct kvmi_kernel *k, struct kvmi_cx *cx, unsigned int state,
    struct kvmi_linux_cpus *c)
{
	unsigned int ptr = k->arch->pointer_size, bits = 8 * ptr;
	uint64_t va, word = 0;
	int r = KVMI_ENOENT;

	for (size_t i = 0; i < 2 && r == KVMI_ENOENT; i++)
		r = kvmi_kernel_addr(k, cx, mask_names[state][i], &va);
	for (unsigned int cpu = 0; cpu < c->n && r == 0; cpu++) {
		if (cpu % bits == 0)
			r = kvmi_kread_uint(k, cx, va + cpu / 8, ptr, &word);
		if (r == 0 && (word >> cpu % bits & 1) != 0)
			c->state[cpu] |= (uint8_t)(1u << state);
	}
	return (r);
}

int
kvmi_linux_cpus_read(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_linux_cpus *ret)
{
	struct kvmi_linux_cpus c = { 0 };
	int r;

	*ret = c;
	if (k->arch == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "per-CPU data of an "
		    "architecture that is not known"));
	r = kvmi_linux_percpu(k, cx, &c.offset, &c.n);
	if (r != 0)
		return (r);
	c.state = calloc(c.n, 1);
	if (c.state == NULL)
		r = kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory");
	for (unsigned int s = 0; s < KVMI_COUNT(mask_names) && r == 0; s++) {
		r = read_mask(k, cx, s, &c);
		/* A kernel without masks has one CPU. */
		if (r != KVMI_ENOENT)
			continue;
		r = 0;
		for (unsigned int cpu = 0; cpu < c.n; cpu++)
			c.state[cpu] |= (uint8_t)(1u << s);
	}
	if (r != 0) {
		kvmi_linux_cpus_deinit(&c);
		return (r);
	}
	*ret = c;
	return (0);
}

bool
kvmi_linux_cpu_is(const struct kvmi_linux_cpus *c, uint32_t cpu,
    enum kvmi_linux_cpu_state state)
{
	return (cpu < c->n && (c->state[cpu] >> state & 1) != 0);
}

/*
 * A panic takes the CPUs it stops out of the mask of those online but not out
 * of that of those active, where an early boot has fewer.
 */
bool
kvmi_linux_cpu_runs(const struct kvmi_linux_cpus *c, uint32_t cpu)
{
	return (kvmi_linux_cpu_is(c, cpu, KVMI_CPU_ONLINE) ||
	    kvmi_linux_cpu_is(c, cpu, KVMI_CPU_ACTIVE));
}

int
kvmi_linux_cpus(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t *running,
    uint32_t *max)
{
	struct kvmi_linux_cpus c;
	int r = kvmi_linux_cpus_read(k, cx, &c);

	if (r != 0)
		return (r);
	*running = 0;
	for (uint32_t cpu = 0; cpu < c.n; cpu++)
		*running += kvmi_linux_cpu_runs(&c, cpu);
	*max = c.n;
	kvmi_linux_cpus_deinit(&c);
	return (0);
}

int
kvmi_linux_zpcpu(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t base,
    uint32_t cpu, uint64_t *va)
{
	struct kvmi_linux_cpus c;
	int r = kvmi_linux_cpus_read(k, cx, &c);

	if (r != 0)
		return (r);
	if (kvmi_linux_cpu_is(&c, cpu, KVMI_CPU_POSSIBLE))
		*va = kvmi_linux_percpu_at(k, base, c.offset[cpu]);
	else
		r = kvmi_fail(&cx->err, KVMI_ENOENT, "no CPU %" PRIu32 ": this "
		    "kernel numbers them below %u", cpu, c.n);
	kvmi_linux_cpus_deinit(&c);
	return (r);
}

int
kvmi_linux_running_task(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t cpu,
    uint64_t *ret)
{
	struct kvmi_member curr;
	struct kvmi_types *t;
	uint64_t va;
	int r;

	r = kvmi_kernel_types(k, cx, &t);
	if (r == 0)
		r = kvmi_type_member(t, "rq", "curr", &curr, &cx->err);
	if (r == 0)
		r = kvmi_kernel_addr(k, cx, "runqueues", &va);
	if (r == 0)
		r = kvmi_linux_zpcpu(k, cx, va, cpu, &va);
	return (r == 0 ? kvmi_kread_member(k, cx, va, &curr, ret) : r);
}

/* Where per-CPU data is linked, which no CPU uses, and how much there is. */
static int
find_linked(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t *start,
    uint64_t *len)
{
	uint64_t end;
	int r = kvmi_kernel_addr(k, cx, "__per_cpu_start", start);

	if (r == KVMI_ENOENT && kvmi_linux_variables(k, cx) != 0)
		return (kvmi_linux_variable(k, cx, KVMI_ONCE_PERCPU, start,
		    len));
	if (r == 0)
		r = kvmi_kernel_addr(k, cx, "__per_cpu_end", &end);
	if (r == 0 && end < *start)
		r = kvmi_fail(&cx->err, KVMI_EFORMAT, "per-CPU data from "
		    "0x%" PRIx64 " to 0x%" PRIx64, *start, end);
	*len = r == 0 ? end - *start : 0;
	return (r);
}

int
kvmi_linux_pcpu(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t cpu,
    uint64_t *va, uint64_t *len)
{
	uint64_t start;
	int r = find_linked(k, cx, &start, len);

	if (r != 0)
		return (r);
	r = kvmi_linux_zpcpu(k, cx, start, cpu, va);
	if (r == KVMI_ENOENT) {
		*len = 0;
		return (0);
	}
	return (r);
}
