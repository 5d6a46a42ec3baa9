/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/freebsd/cpus.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/freebsd/freebsd.h"

/* More than any MAXCPU (sys/<arch>/include/param.h). */
#define MAX_CPUS	65536

static int
max_cpus(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t *ret)
{
	int32_t n = 0;
	int r = kvmi_freebsd_int(k, cx, "mp_maxcpus", &n);

	if (r == 0 && (n <= 0 || n > MAX_CPUS))
		r = kvmi_fail(&cx->err, KVMI_EFORMAT, "mp_maxcpus is %" PRId32,
		    n);
	if (r == 0)
		*ret = (uint32_t)n;
	return (r);
}

void
kvmi_freebsd_cpus_deinit(struct kvmi_freebsd_cpus *c)
{
	free(c->pcpu);
	*c = (struct kvmi_freebsd_cpus){ 0 };
}

int
kvmi_freebsd_cpus_read(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_freebsd_cpus *ret)
{
	unsigned int ptr = k->arch->pointer_size;
	struct kvmi_freebsd_cpus c = { 0 };
	uint8_t *raw = NULL;
	uint64_t va;
	int r;

	r = max_cpus(k, cx, &c.max);
	if (r == 0)
		r = kvmi_kernel_addr(k, cx, "cpuid_to_pcpu", &va);
	if (r != 0)
		return (r);
	c.pcpu = calloc(c.max, sizeof(*c.pcpu));
	raw = malloc((size_t)c.max * ptr);
	if (c.pcpu == NULL || raw == NULL)
		r = kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory");
	if (r == 0) {
		r = kvmi_kread(k, cx, va, raw, (size_t)c.max * ptr);
		if (r != 0)
			kvmi_wrap(&cx->err, r, "cpuid_to_pcpu");
	}
	for (uint32_t i = 0; i < c.max && r == 0; i++)
		c.pcpu[i] = kvmi_get_uint(raw + i * ptr, ptr, k->big_endian);
	free(raw);
	if (r != 0) {
		kvmi_freebsd_cpus_deinit(&c);
		return (r);
	}
	*ret = c;
	return (0);
}

int
kvmi_freebsd_pcpu_addr(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint32_t cpu, uint64_t *ret)
{
	uint64_t table;
	uint32_t max;
	int r;

	*ret = 0;
	r = max_cpus(k, cx, &max);
	if (r != 0 || cpu >= max)
		return (r);
	r = kvmi_kernel_addr(k, cx, "cpuid_to_pcpu", &table);
	if (r == 0)
		r = kvmi_kread_ptr(k, cx, table + (uint64_t)cpu *
		    k->arch->pointer_size, ret);
	return (r == 0 ? 0 : kvmi_wrap(&cx->err, r, "CPU %" PRIu32, cpu));
}

int
kvmi_freebsd_cpus(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint32_t *running, uint32_t *max)
{
	int32_t n = 0;
	int r;

	r = max_cpus(k, cx, max);
	if (r == 0)
		r = kvmi_freebsd_int(k, cx, "mp_ncpus", &n);
	if (r == 0 && (n <= 0 || (uint32_t)n > *max))
		r = kvmi_fail(&cx->err, KVMI_EFORMAT, "mp_ncpus is %" PRId32
		    ", with room for %" PRIu32, n, *max);
	*running = (uint32_t)n;
	return (r);
}

int
kvmi_freebsd_pcpu(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t cpu,
    uint64_t *va, uint64_t *len)
{
	struct kvmi_types *t;
	int r;

	*len = 0;
	r = kvmi_freebsd_pcpu_addr(k, cx, cpu, va);
	if (r != 0 || *va == 0)
		return (r);
	r = kvmi_kernel_types(k, cx, &t);
	return (r == 0 ? kvmi_type_size(t, "pcpu", len, &cx->err) : r);
}

/*
 * Since 13.0 each CPU knows how far its copies are from the address that
 * stands for all (zpcpu_offset_cpu() in sys/pcpu.h).
 */
static int
known_offset(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t pcpu,
    uint64_t *ret)
{
	struct kvmi_member m;
	struct kvmi_types *t;
	int r = kvmi_kernel_types(k, cx, &t);

	if (r == 0)
		r = kvmi_type_member(t, "pcpu", "pc_zpcpu_offset", &m,
		    &cx->err);
	return (r == 0 ? kvmi_kread_ptr(k, cx, pcpu + m.off, ret) : r);
}

/*
 * Without that: UMA gives each CPU a page.  amd64 counts from the first
 * struct pcpu since __pcpu is a pointer to it.
 */
static uint64_t
usual_offset(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t cpu)
{
	uint64_t offset = (uint64_t)cpu << k->arch->page_shift, first;
	struct kvmi_sym sym;

	if (k->arch == &kvmi_arch_x86_64 &&
	    kvmi_kernel_symbol(k, cx, "__pcpu", &sym) == 0 && sym.size <= 8 &&
	    kvmi_kread_ptr(k, cx, sym.addr, &first) == 0)
		offset += first;
	return (offset);
}

int
kvmi_freebsd_zpcpu(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t base,
    uint32_t cpu, uint64_t *va)
{
	uint64_t pcpu, offset;
	int r;

	r = kvmi_freebsd_pcpu_addr(k, cx, cpu, &pcpu);
	if (r == 0 && pcpu == 0)
		r = kvmi_fail(&cx->err, KVMI_ENOENT, "no CPU %" PRIu32, cpu);
	if (r != 0)
		return (r);
	r = known_offset(k, cx, pcpu, &offset);
	if (r == KVMI_ENOENT || r == KVMI_ENOTSUP || (r == 0 && offset == 0))
		offset = usual_offset(k, cx, cpu);
	else if (r != 0)
		return (kvmi_wrap(&cx->err, r, "CPU %" PRIu32, cpu));
	*va = base + offset;
	if (k->arch->pointer_size == 4)
		*va = (uint32_t)*va;
	return (0);
}
