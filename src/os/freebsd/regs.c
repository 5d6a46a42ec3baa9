/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of threads: those that a thread saved when it was switched away,
 * that a CPU saved when the others stopped it (stoppcbs, subr_smp.c), or that
 * doadump() saved of the one that wrote the dump (dumppcb, kern_shutdown.c).
 */
#include "os/freebsd/regs.h"

#include <inttypes.h>
#include <stdlib.h>

#include "os/freebsd/cpus.h"
#include "os/freebsd/freebsd.h"
#include "os/freebsd/layout.h"

/* Did the CPU save its registers?  A kernel that cannot tell did not stop it. */
static bool
was_stopped(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t cpu)
{
	unsigned int bits = 8 * k->arch->pointer_size;
	uint64_t va, word;

	/* A cpuset_t is an array of longs. */
	return (kvmi_kernel_addr(k, cx, "stopped_cpus", &va) == 0 &&
	    kvmi_kread_ptr(k, cx, va + cpu / bits * (bits / 8), &word) == 0 &&
	    (word >> cpu % bits & 1) != 0);
}

/* An array, or since 14.0 a pointer to it. */
static int
stopped_pcb(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t cpu,
    uint64_t *ret)
{
	struct kvmi_types *t;
	struct kvmi_sym sym;
	uint64_t size;
	int r;

	r = kvmi_kernel_symbol(k, cx, "stoppcbs", &sym);
	if (r == 0)
		r = kvmi_kernel_types(k, cx, &t);
	if (r == 0)
		r = kvmi_type_size(t, "pcb", &size, &cx->err);
	if (r == 0 && sym.size != 0 && sym.size <= 8)
		r = kvmi_kread_ptr(k, cx, sym.addr, &sym.addr);
	if (r == 0)
		*ret = sym.addr + cpu * size;
	return (r);
}

static int
find_pcb(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t td,
    uint64_t *ret)
{
	static const char *const spellings[] = { "thread.td_tid",
		"thread.td_oncpu", "thread.td_pcb" };
	struct kvmi_member m[3];
	struct kvmi_types *t;
	uint64_t v[3];
	int32_t dumper;
	int r;

	r = kvmi_kernel_types(k, cx, &t);
	if (r == 0)
		r = kvmi_type_members(t, spellings, 3, m, &cx->err);
	for (unsigned int i = 0; i < 3 && r == 0; i++)
		r = kvmi_freebsd_get(k, cx, td, &m[i], &v[i]);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "thread at 0x%" PRIx64, td));
	if (kvmi_freebsd_int(k, cx, "dumptid", &dumper) == 0 &&
	    dumper == (int32_t)v[0] &&
	    kvmi_kernel_addr(k, cx, "dumppcb", ret) == 0)
		return (0);
	*ret = v[2];
	if ((int32_t)v[1] < 0)
		return (0);
	if (was_stopped(k, cx, (uint32_t)v[1]))
		return (stopped_pcb(k, cx, (uint32_t)v[1], ret));
	return (kvmi_fail(&cx->err, KVMI_ENOENT, "thread %" PRId32 " was "
	    "running on CPU %" PRId32 ", which was not stopped: its registers "
	    "are not in the dump", (int32_t)v[0], (int32_t)v[1]));
}

static int
read_pcb(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t pcb,
    const struct kvmi_freebsd_machine *m, struct kvmi_regs *out)
{
	struct kvmi_types *t;
	int r = kvmi_kernel_types(k, cx, &t);

	for (const struct kvmi_freebsd_reg *reg = m->reg; reg->name != NULL &&
	    r == 0; reg++) {
		struct kvm_reg *place = &out->v[out->n];
		struct kvmi_member where;

		r = kvmi_type_first(t, reg->member, &where, &cx->err);
		if (r == 0)
			r = kvmi_freebsd_get(k, cx, pcb, &where,
			    &place->kr_value);
		place->kr_name = reg->name;
		out->n++;
	}
	return (r == 0 ? 0 : kvmi_wrap(&cx->err, r, "pcb at 0x%" PRIx64, pcb));
}

/* The thread that cpu ran. */
static int
running_thread(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t cpu,
    uint64_t *ret)
{
	struct kvmi_member m;
	struct kvmi_types *t;
	uint64_t pcpu;
	int r;

	r = kvmi_freebsd_pcpu_addr(k, cx, cpu, &pcpu);
	if (r == 0 && pcpu == 0)
		r = kvmi_fail(&cx->err, KVMI_ENOENT, "no CPU %" PRIu32, cpu);
	if (r == 0)
		r = kvmi_kernel_types(k, cx, &t);
	if (r == 0)
		r = kvmi_type_member(t, "pcpu", "pc_curthread", &m, &cx->err);
	return (r == 0 ? kvmi_freebsd_get(k, cx, pcpu, &m, ret) : r);
}

int
kvmi_freebsd_regs(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint32_t cpu, struct kvmi_regs *out)
{
	const struct kvmi_freebsd_machine *m = kvmi_freebsd_machine(k->arch);
	uint64_t td, pcb;
	int r = 0;

	if (m == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: registers of "
		    "FreeBSD/%s are not supported", k->img->src->name,
		    kvmi_arch_freebsd_name(k->arch, k->big_endian)));
	td = ki != NULL ? ki->ki_tdaddr : 0;
	if (ki == NULL)
		r = running_thread(k, cx, cpu, &td);
	if (r == 0 && td == 0)
		r = kvmi_fail(&cx->err, KVMI_ENOENT, "no thread, and so no "
		    "registers");
	if (r == 0)
		r = find_pcb(k, cx, td, &pcb);
	return (r == 0 ? read_pcb(k, cx, pcb, m, out) : r);
}

/* The thread that wrote the dump. */
int
kvmi_freebsd_panic_thread(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kinfo_proc *ret)
{
	struct kvmi_procs p = { 0 };
	int32_t tid;
	size_t i;
	int r;

	r = kvmi_freebsd_int(k, cx, "dumptid", &tid);
	if (r == 0)
		r = kvmi_freebsd_procs(k, cx, KERN_PROC_ALL, 0, true, &p);
	for (i = 0; i < p.n && p.v[i].ki_tid != tid; i++)
		;
	if (i < p.n)
		*ret = p.v[i];
	else if (r == 0)
		r = kvmi_fail(&cx->err, KVMI_ENOENT, "thread %" PRId32
		    ", which wrote the dump, is not listed", tid);
	free(p.v);
	return (r);
}

/* The CPU of the thread that wrote the dump, when that was for a panic. */
static int
dumping_cpu(struct kvmi_kernel *k, struct kvmi_cx *cx, int32_t *ret)
{
	struct kinfo_proc ki = { .ki_oncpu = -1 };
	uint64_t panic;
	int r;

	r = kvmi_freebsd_ptr(k, cx, "panicstr", &panic);
	if (r != 0 || panic == 0)
		return (r);
	r = kvmi_freebsd_panic_thread(k, cx, &ki);
	if (r == 0)
		*ret = ki.ki_oncpu >= 0 ? ki.ki_oncpu : ki.ki_lastcpu;
	return (r == KVMI_ENOENT ? 0 : r);
}

int
kvmi_freebsd_panic_cpu(struct kvmi_kernel *k, struct kvmi_cx *cx,
    int32_t *ret)
{
	int32_t cpu;

	*ret = -1;
	/* NOCPU until one panics. */
	if (kvmi_freebsd_int(k, cx, "panic_cpu", &cpu) == 0 && cpu >= 0) {
		*ret = cpu;
		return (0);
	}
	return (dumping_cpu(k, cx, ret));
}
