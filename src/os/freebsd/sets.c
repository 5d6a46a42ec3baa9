/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Variables that exist once for each CPU (DPCPU, sys/sys/pcpu.h) or network
 * stack (VNET, sys/net/vnet.h).  The symbol is where the initial value lies,
 * in a linker set; each copy of the set has an offset to add.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/math.h"
#include "os/freebsd/freebsd.h"

#define VNET_MAGIC	0x5e4a6f28
#define MAX_NAME	1024		/* as FreeBSD's own libkvm */
#define MAX_CPUS	65536

static uint64_t
mask_of(const struct kvmi_kernel *k)
{
	return (k->arch->pointer_size == 8 ? UINT64_MAX : UINT32_MAX);
}

/* Under either spelling: resolvers may only know one. */
static int
symbol(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    uint64_t *ret)
{
	struct kvmi_sym sym;
	int r = kvmi_kernel_symbol(k, cx, name, &sym);

	if (r == 0)
		*ret = sym.addr;
	return (r);
}

static int
pointer_at(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    uint64_t *ret)
{
	uint64_t va;
	int r = symbol(k, cx, name, &va);

	return (r != 0 ? r : kvmi_kread_ptr(k, cx, va, ret));
}

static int
check_vnet(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t vnet)
{
	uint64_t magic;
	int r;

	/* Behind the links of the list of all. */
	r = kvmi_kread_uint(k, cx, vnet + 2 * k->arch->pointer_size, 4,
	    &magic);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "vnet"));
	if (magic != VNET_MAGIC)
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "no vnet at 0x%"
		    PRIx64 ": its magic is 0x%" PRIx64 ", not 0x%x", vnet,
		    magic, VNET_MAGIC));
	return (0);
}

/* A pointer that is a member of the structure at va. */
static int
follow(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *member,
    uint64_t *va)
{
	struct kvmi_types *t;
	struct kvmi_member m;
	int r;

	r = kvmi_kernel_types(k, cx, &t);
	if (r == 0)
		r = kvmi_type_first(t, member, &m, &cx->err);
	if (r == 0)
		r = kvmi_kread_ptr(k, cx, *va + m.off, va);
	if (r == 0 && *va == 0)
		r = kvmi_fail(&cx->err, KVMI_ENOENT, "%s is NULL", member);
	return (r);
}

/*
 * The network stack of proc0, as FreeBSD's libkvm takes in a dump: by
 * definition vnet0 (vnet0_init() in sys/net/vnet.c), which needs no types.
 */
static int
default_vnet(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t *ret)
{
	int r;

	if (pointer_at(k, cx, "vnet0", ret) == 0 && *ret != 0)
		return (0);
	r = symbol(k, cx, "proc0", ret);
	if (r == 0)
		r = follow(k, cx, "proc.p_ucred", ret);
	if (r == 0)
		r = follow(k, cx, "ucred.cr_prison", ret);
	if (r == 0)
		r = follow(k, cx, "prison.pr_vnet", ret);
	return (r);
}

/*
 * vnet_data_mem and, next, vnet_data_base, which is that minus the start of
 * the set.  Before them are three or four numbers, and on LP64 padding.
 */
static int
vnet_base(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t vnet,
    uint64_t start, uint64_t *ret)
{
	const unsigned int ptr = k->arch->pointer_size;
	uint64_t at, mem, base, newest = 0;
	int r;

	for (unsigned int n = 4; n >= 3; n--) {
		at = 2 * ptr + 4 * n;
		at = vnet + (at + ptr - 1) / ptr * ptr;
		r = kvmi_kread_ptr(k, cx, at, &mem);
		if (r == 0)
			r = kvmi_kread_ptr(k, cx, at + ptr, &base);
		if (r != 0)
			return (kvmi_wrap(&cx->err, r, "vnet"));
		if (((base + start) & mask_of(k)) == mem) {
			*ret = base;
			return (0);
		}
		if (n == 4)
			newest = base;
	}
	*ret = newest;
	return (0);
}

static int
vnet_offset(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t start,
    uint64_t *ret)
{
	uint64_t vnet = atomic_load(&k->vnet);
	int r = 0;

	if (vnet == 0)
		r = default_vnet(k, cx, &vnet);
	if (r == 0)
		r = check_vnet(k, cx, vnet);
	return (r == 0 ? vnet_base(k, cx, vnet, start, ret) : r);
}

static int
cpu_offset(struct kvmi_kernel *k, struct kvmi_cx *cx, unsigned int cpu,
    uint64_t *ret)
{
	uint64_t table, cpus, va;
	int r;

	r = symbol(k, cx, "_mp_maxcpus", &va);
	if (r == 0)
		r = kvmi_kread_uint(k, cx, va, 4, &cpus);
	if (r == 0)
		r = symbol(k, cx, "_dpcpu_off", &table);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "per-CPU variables"));
	if (cpu >= cpus || cpu >= MAX_CPUS)
		return (kvmi_fail(&cx->err, KVMI_EINVAL, "CPU %u: the kernel "
		    "has room for %" PRIu64, cpu, cpus));
	r = kvmi_kread_ptr(k, cx, table + (uint64_t)cpu *
	    k->arch->pointer_size, ret);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "dpcpu_off[%u]", cpu));
	return (*ret != 0 ? 0 : kvmi_fail(&cx->err, KVMI_EINVAL,
	    "CPU %u: there is no such CPU", cpu));
}

static int
dpcpu_offset(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t start,
    uint64_t *ret)
{
	(void)start;
	return (cpu_offset(k, cx, atomic_load(&k->dpcpu), ret));
}

static const struct {
	const char *prefix, *start, *stop;
	int (*offset)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    uint64_t start, uint64_t *ret);
} sets[] = {
	{ "vnet_entry_", "___start_set_vnet", "___stop_set_vnet",
	    vnet_offset },
	{ "pcpu_entry_", "___start_set_pcpu", "___stop_set_pcpu",
	    dpcpu_offset },
};

/* KVMI_ENOENT: the name is not in that set. */
static int
in_set(struct kvmi_kernel *k, struct kvmi_cx *cx, size_t set,
    const char *name, struct kvmi_sym *ret)
{
	uint64_t start, stop, off;
	char full[MAX_NAME];
	int n, r;

	n = snprintf(full, sizeof(full), "%s%s", sets[set].prefix, name);
	if (n < 0 || (size_t)n >= sizeof(full))
		return (KVMI_ENOENT);
	r = kvmi_kernel_symbol(k, cx, full, ret);
	if (r == 0)
		r = symbol(k, cx, sets[set].start, &start);
	if (r == 0)
		r = symbol(k, cx, sets[set].stop, &stop);
	if (r == 0)
		r = sets[set].offset(k, cx, start, &off);
	if (r != 0)
		return (r);
	if (ret->addr >= start && ret->addr < stop)
		ret->addr = (ret->addr + off) & mask_of(k);
	return (0);
}

int
kvmi_freebsd_set_symbol(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const char *name, struct kvmi_sym *ret)
{
	int r = KVMI_ENOENT;

	name += *name == '_';
	for (size_t i = 0; r == KVMI_ENOENT && i < KVMI_COUNT(sets); i++)
		r = in_set(k, cx, i, name, ret);
	return (r);
}

int
kvmi_freebsd_set_cpu(struct kvmi_kernel *k, struct kvmi_cx *cx,
    unsigned int cpu)
{
	uint64_t off;
	int r = cpu_offset(k, cx, cpu, &off);

	if (r == 0)
		atomic_store(&k->dpcpu, cpu);
	return (r);
}

int
kvmi_freebsd_set_vnet(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t vnet)
{
	int r = vnet == 0 ? 0 : check_vnet(k, cx, vnet);

	if (r == 0)
		atomic_store(&k->vnet, vnet);
	return (r);
}
