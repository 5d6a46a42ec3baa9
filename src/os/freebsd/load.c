/* SPDX-License-Identifier: BSD-2-Clause */
/* Load averages and CPU times (sys/kern/kern_synch.c, kern_clock.c). */
#include <inttypes.h>

#include "base/endian.h"
#include "os/freebsd/cpus.h"
#include "os/freebsd/freebsd.h"

/* FSCALE of sys/param.h: the scale of fixpt_t unless the kernel says. */
#define FSCALE		2048

/*
 * struct loadavg: three fixpt_t of 4 bytes and their scale, a long.  Kernels
 * had the scale in a variable too, and that counts.
 */
int
kvmi_freebsd_loadavg(struct kvmi_kernel *k, struct kvmi_cx *cx,
    double avg[3])
{
	unsigned int ptr = k->arch->pointer_size;
	uint8_t raw[3 * 4 + 4 + 8];
	uint64_t va, scale;
	int32_t fscale;
	int r;

	r = kvmi_kernel_addr(k, cx, "averunnable", &va);
	if (r == 0)
		r = kvmi_kread(k, cx, va, raw, ptr == 8 ? 24 : 16);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "load averages"));
	scale = kvmi_get_uint(raw + (ptr == 8 ? 16 : 12), ptr, k->big_endian);
	if (kvmi_freebsd_int(k, cx, "fscale", &fscale) == 0 && fscale > 0)
		scale = (uint64_t)fscale;
	if (scale == 0)
		scale = FSCALE;
	for (unsigned int i = 0; i < 3; i++)
		avg[i] = (double)kvmi_get32(raw + 4 * i, k->big_endian) /
		    (double)scale;
	return (0);
}

/* CPUSTATES longs at va are added to ticks. */
static int
add_times(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    uint64_t ticks[CPUSTATES])
{
	unsigned int ptr = k->arch->pointer_size;
	uint8_t raw[CPUSTATES * 8];
	int r = kvmi_kread(k, cx, va, raw, (size_t)CPUSTATES * ptr);

	for (unsigned int i = 0; i < CPUSTATES && r == 0; i++)
		ticks[i] += kvmi_get_uint(raw + i * ptr, ptr, k->big_endian);
	return (r);
}

/* Since 7.1 each CPU keeps its own. */
static int
sum_times(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t ticks[CPUSTATES])
{
	struct kvmi_freebsd_cpus c;
	struct kvmi_member m;
	struct kvmi_types *t;
	int r;

	r = kvmi_kernel_types(k, cx, &t);
	if (r == 0)
		r = kvmi_type_member(t, "pcpu", "pc_cp_time", &m, &cx->err);
	if (r == 0)
		r = kvmi_freebsd_cpus_read(k, cx, &c);
	if (r != 0)
		return (r);
	for (uint32_t cpu = 0; cpu < c.max && r == 0; cpu++) {
		if (c.pcpu[cpu] != 0)
			r = add_times(k, cx, c.pcpu[cpu] + m.off, ticks);
		if (r != 0)
			kvmi_wrap(&cx->err, r, "CPU %" PRIu32, cpu);
	}
	kvmi_freebsd_cpus_deinit(&c);
	return (r);
}

int
kvmi_freebsd_cptime(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t ticks[CPUSTATES])
{
	uint64_t va;
	int r;

	for (unsigned int i = 0; i < CPUSTATES; i++)
		ticks[i] = 0;
	if (kvmi_kernel_addr(k, cx, "cp_time", &va) == 0)
		r = add_times(k, cx, va, ticks);
	else
		r = sum_times(k, cx, ticks);
	return (r == 0 ? 0 : kvmi_wrap(&cx->err, r, "CPU times"));
}
