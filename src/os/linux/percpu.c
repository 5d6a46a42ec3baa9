/* SPDX-License-Identifier: BSD-2-Clause */
/* Per-CPU areas: &var + __per_cpu_offset[cpu] (include/linux/percpu-defs.h). */
#include <inttypes.h>
#include <stdlib.h>

#include "base/endian.h"
#include "os/linux/linux.h"

/* CONFIG_NR_CPUS has never been higher. */
#define MAX_CPUS	8192
#define MIN_PAGE	4096

uint64_t
kvmi_linux_percpu_at(const struct kvmi_kernel *k, uint64_t va,
    uint64_t offset)
{
	va += offset;
	return (k->arch->pointer_size == 4 ? (uint32_t)va : va);
}

/*
 * A kernel that is made for a number of CPUs (CONFIG_FORCE_NR_CPUS) has it in
 * no variable: areas of their own begin with pages.
 */
static int
count_areas(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    uint64_t *ret)
{
	unsigned int ptr = k->arch->pointer_size, bits = 8 * ptr;
	uint64_t mask, word = 0, offset = 0, last, n = 0;
	int r = kvmi_kernel_addr(k, cx, "__cpu_possible_mask", &mask);

	for (; r == 0 && n < MAX_CPUS; n++) {
		last = offset;
		if (n % bits == 0)
			r = kvmi_kread_uint(k, cx, mask + n / 8, ptr, &word);
		if (r == 0)
			r = kvmi_kread_uint(k, cx, va + n * ptr, ptr, &offset);
		if (r != 0 || (word >> n % bits & 1) == 0 ||
		    offset == 0 || offset % MIN_PAGE != 0 || offset == last)
			break;
	}
	*ret = n;
	return (r);
}

int
kvmi_linux_percpu(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t **offsets, unsigned int *ncpus)
{
	unsigned int ptr = k->arch->pointer_size;
	uint64_t va, n = 1, *v;
	uint8_t *raw;
	int r = kvmi_kernel_addr(k, cx, "nr_cpu_ids", &va);

	if (r == 0)
		r = kvmi_kread_uint(k, cx, va, 4, &n);
	else if (r == KVMI_ENOENT && kvmi_kernel_addr(k, cx,
	    "__per_cpu_offset", &va) == 0)
		r = count_areas(k, cx, va, &n);
	/* A kernel for one CPU has neither variable. */
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
