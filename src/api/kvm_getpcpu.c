/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kvm_getpcpu(3): kvm_getmaxcpu, kvm_getncpus, kvm_getpcpu, kvm_read_zpcpu,
 * kvm_counter_u64_fetch.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

#include "api/kd.h"
#include "base/endian.h"

/* struct pcpu has some pages, a per-CPU area of Linux a few 100 KiB. */
#define MAX_PCPU	(64u << 20)

static int
cpus(kvm_t *kd, struct kvmi_cx *cx, uint32_t *running, uint32_t *max)
{
	struct kvmi_kernel *k = kd->kernel;
	struct kvmi_err before = cx->err;
	int r = k->os->cpus == NULL ?
	    kvmi_kd_lacks(k, cx, "the number of CPUs") :
	    k->os->cpus(k, cx, running, max);

	if (r == 0 && (*running > INT_MAX || *max > INT_MAX))
		r = kvmi_fail(&cx->err, KVMI_EFORMAT, "%" PRIu32 " of %" PRIu32
		    " CPUs", *running, *max);
	if (r == 0)
		kvmi_kd_restore(cx, &before);
	return (r);
}

int
kvm_getmaxcpu(kvm_t *kd)
{
	uint32_t running, max;
	struct kvmi_cx *cx;
	int r;

	if (kd == NULL)
		return (0);
	cx = kvmi_kd_enter(kd);
	if (cx == NULL)
		return (-1);
	r = cpus(kd, cx, &running, &max);
	return (r == 0 ? (int)max : kvmi_kd_fail(kd, cx, r));
}

int
kvm_getncpus(kvm_t *kd)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	uint32_t running, max;
	int r;

	if (cx == NULL)
		return (-1);
	r = cpus(kd, cx, &running, &max);
	return (r == 0 ? (int)running : kvmi_kd_fail(kd, cx, r));
}

/* *ret stays NULL for a CPU that is not there. */
static int
copy_pcpu(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t cpu, void **ret)
{
	uint64_t va, len;
	void *copy;
	int r;

	if (k->os->pcpu == NULL)
		return (kvmi_kd_lacks(k, cx, "per-CPU data"));
	r = k->os->pcpu(k, cx, cpu, &va, &len);
	if (r != 0 || len == 0)
		return (r);
	if (len > MAX_PCPU)
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "per-CPU data of %"
		    PRIu64 " bytes", len));
	copy = malloc((size_t)len);
	if (copy == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory"));
	r = kvmi_kread(k, cx, va, copy, (size_t)len);
	if (r != 0) {
		free(copy);
		return (kvmi_wrap(&cx->err, r, "data of CPU %" PRIu32, cpu));
	}
	*ret = copy;
	return (0);
}

void *
kvm_getpcpu(kvm_t *kd, int cpu)
{
	struct kvmi_err before;
	void *copy = NULL;
	struct kvmi_cx *cx;
	int r;

	if (kd == NULL)
		return (NULL);
	cx = kvmi_kd_enter(kd);
	if (cx == NULL)
		return ((void *)-1);
	before = cx->err;
	r = cpu < 0 ? kvmi_fail(&cx->err, KVMI_EINVAL, "CPU %d", cpu) :
	    kvmi_kd_memory(kd, cx);
	if (r == 0)
		r = copy_pcpu(kd->kernel, cx, (uint32_t)cpu, &copy);
	return (kvmi_kd_end(kd, cx, &before, r) == 0 ? copy : (void *)-1);
}

static int
read_zpcpu(kvm_t *kd, struct kvmi_cx *cx, uint64_t base, void *buf,
    size_t size, int cpu)
{
	struct kvmi_kernel *k = kd->kernel;
	uint64_t va;
	int r;

	if (cpu < 0)
		return (kvmi_fail(&cx->err, KVMI_EINVAL, "CPU %d", cpu));
	if (k->os->zpcpu == NULL)
		return (kvmi_kd_lacks(k, cx, "per-CPU data"));
	r = kvmi_kd_memory(kd, cx);
	if (r == 0)
		r = k->os->zpcpu(k, cx, base, (uint32_t)cpu, &va);
	return (r == 0 ? kvmi_kread(k, cx, va, buf, size) : r);
}

ssize_t
kvm_read_zpcpu(kvm_t *kd, unsigned long base, void *buf, size_t size, int cpu)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	struct kvmi_err before;
	int r;

	if (cx == NULL)
		return (-1);
	before = cx->err;
	r = size > SSIZE_MAX ? kvmi_fail(&cx->err, KVMI_EINVAL,
	    "too many bytes") : read_zpcpu(kd, cx, base, buf, size, cpu);
	r = kvmi_kd_end(kd, cx, &before, r);
	return (r == 0 ? (ssize_t)size : r);
}

uint64_t
kvm_counter_u64_fetch(kvm_t *kd, unsigned long base)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	struct kvmi_err before;
	uint64_t sum = 0;
	uint32_t running, max;
	int r;

	if (cx == NULL)
		return (0);
	before = cx->err;
	r = cpus(kd, cx, &running, &max);
	/* Numbers of CPUs may have gaps, and one that is off has counted too. */
	for (uint32_t cpu = 0; r == 0 && cpu < max; cpu++) {
		uint8_t raw[8];

		r = read_zpcpu(kd, cx, base, raw, sizeof(raw), (int)cpu);
		if (r == 0)
			sum += kvmi_get_uint(raw, 8, kd->kernel->big_endian);
		else if (r == KVMI_ENOENT)
			r = 0;
	}
	return (kvmi_kd_end(kd, cx, &before, r) == 0 ? sum : 0);
}
