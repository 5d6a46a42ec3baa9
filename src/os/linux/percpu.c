/* SPDX-License-Identifier: BSD-2-Clause */
/* Per-CPU areas: &var + __per_cpu_offset[cpu] (include/linux/percpu-defs.h). */
#include <inttypes.h>
#include <stdlib.h>

#include "base/endian.h"
#include "os/linux/linux.h"

/* CONFIG_NR_CPUS has never been higher. */
#define MAX_CPUS	8192

uint64_t
kvmi_linux_percpu_at(const struct kvmi_kernel *k, uint64_t va,
    uint64_t offset)
{
	va += offset;
	return (k->arch->pointer_size == 4 ? (uint32_t)va : va);
}

int
kvmi_linux_percpu(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t **offsets, unsigned int *ncpus)
{
	unsigned int ptr = k->arch->pointer_size;
	uint64_t va, n = 1, *v;
	uint8_t *raw;
	int r = kvmi_kernel_addr(k, cx, "nr_cpu_ids", &va);

	/* A kernel for one CPU has no such variable. */
	if (r == 0)
		r = kvmi_kread_uint(k, cx, va, 4, &n);
	else if (r == KVMI_ENOENT && kvmi_kernel_addr(k, cx, "init_task",
	    &va) != 0)
		r = kvmi_linux_variables(k, cx);
	else if (r == KVMI_ENOENT)
		r = 0;
	if (r == 0 && (n == 0 || n > MAX_CPUS))
		r = kvmi_fail(&cx->err, KVMI_EFORMAT, "nr_cpu_ids is %" PRIu64,
		    n);
	if (r != 0)
		return (r);
	v = calloc((size_t)n, sizeof(*v));
	raw = calloc((size_t)n, ptr);
	if (v == NULL || raw == NULL)
		r = kvmi_fail(&cx->err, KVMI_ENOMEM, "no memory for %" PRIu64
		    " per-CPU offsets", n);
	/* A kernel for one CPU has no such array: its offset is 0. */
	if (r == 0 && kvmi_kernel_addr(k, cx, "__per_cpu_offset", &va) == 0)
		r = kvmi_kread(k, cx, va, raw, (size_t)n * ptr);
	if (r == 0)
		for (size_t i = 0; i < n; i++)
			v[i] = kvmi_get_uint(raw + i * ptr, ptr,
			    k->big_endian);
	free(raw);
	if (r != 0) {
		free(v);
		return (r);
	}
	*offsets = v;
	*ncpus = (unsigned int)n;
	return (0);
}
