/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers and stacks of FreeBSD threads: that sleep, that were stopped, that
 * wrote the dump; through exceptions, modules and into nowhere.
 */
#include "typed_memory.h"

#define KSTACK	UINT64_C(0x20000)
#define TEXT	UINT64_C(0x30000)	/* a function each 0x100 bytes */
#define MODULE	UINT64_C(0x38000)	/* of 0x1000 bytes, without symbols */
#define DATA	UINT64_C(0x3f000)
#define PC(i)	(TEXT + (uint64_t)(i) * 0x100 + 0x10)

const struct typed_var typed_vars[] = {
	{ "dumptid", 4 }, { "panic_cpu", 4 }, { "panicstr", 0 },
	{ "stopped_cpus", 0 }, { "linker_files", 0 },
	{ "linker_kernel_file", 0 }, { "mp_maxcpus", 4 },
	{ "cpuid_to_pcpu", 0 }, { "more of it", 0 }, { "allproc", 0 },
	{ "nprocs", 4 },
};
const size_t typed_nvars = KVMI_COUNT(typed_vars);

enum { FN_SWITCH, FN_SLEEP, FN_TRAP, FN_DO_TRAP, FN_USER, FN_FIRST, FNS };

static const char *const names[2][FNS] = {
	{ "sched_switch", "sleepq_wait", "calltrap", "trap",
	    "fast_syscall_common", "fork_trampoline" },
	{ "sched_switch", "sleepq_wait", "handle_el1h_sync", "do_el1h_sync",
	    "handle_el0_sync", "fork_trampoline" },
};

struct made {
	bool		 arm;
	uint64_t	 td, pcb, dumppcb, stoppcbs;
	uint64_t	 pc[64];
	char		 module[64];
	size_t		 n;
};

static void
add_symbol(struct typed *w, const char *name, uint64_t addr, uint64_t size,
    char letter)
{
	struct kvmi_err err;

	assert_int_equal(kvmi_symtab_add(w->k.syms, name, strlen(name), "",
	    addr, size, letter, &err), 0);
}

/* The registers that a stack starts with. */
static void
set_pcb(struct typed *w, const struct made *m, uint64_t pcb, uint64_t pc,
    uint64_t fp)
{
	if (!m->arm) {
		typed_set(w, pcb, "pcb.pcb_rip", pc);
		typed_set(w, pcb, "pcb.pcb_rbp", fp);
		typed_set(w, pcb, "pcb.pcb_rsp", fp - 0x20);
		return;
	}
	typed_set(w, pcb, "pcb.pcb_lr pcb.pcb_x[11]", pc);
	typed_set(w, pcb, typed_has(w, "pcb.pcb_lr") ? "pcb.pcb_x[29]" :
	    "pcb.pcb_x[10]", fp);
	typed_set(w, pcb, "pcb.pcb_sp", fp - 0x20);
}

static void
frame(struct typed *w, uint64_t fp, uint64_t caller, uint64_t pc)
{
	bytes_poke(&w->mem, (size_t)fp, caller, 8);
	bytes_poke(&w->mem, (size_t)fp + 8, pc, 8);
}

/* false: of a machine whose stacks are not followed. */
static bool
make(struct typed *w, int i, struct made *m)
{
	struct kvmi_err err;

	*m = (struct made){ .n = 0 };
	if (!typed_init(w, samples[i]))
		return (false);
	m->arm = w->k.arch == &kvmi_arch_arm64;
	if (!m->arm && w->k.arch != &kvmi_arch_x86_64) {
		typed_open(w);
		typed_done(w);
		return (false);
	}
	assert_int_equal(kvmi_symtab_create(&w->k.syms, &err), 0);
	w->k.syms_status = 0;
	for (unsigned int f = 0; f < FNS; f++)
		add_symbol(w, names[m->arm][f], TEXT + f * 0x100, 0x80, 'T');
	m->td = typed_new(w, "thread");
	m->pcb = typed_new(w, "pcb");
	m->dumppcb = typed_new(w, "pcb");
	m->stoppcbs = typed_alloc(w, 0x400);
	add_symbol(w, "dumppcb", m->dumppcb, 0x40, 'B');
	add_symbol(w, "stoppcbs", m->stoppcbs, 0x400, 'B');
	add_symbol(w, "data", DATA, 0x100, 'D');
	typed_set(w, m->td, "thread.td_tid", 100001);
	typed_set(w, m->td, "thread.td_oncpu", UINT32_MAX);
	typed_set(w, m->td, "thread.td_pcb", m->pcb);
	typed_set(w, m->td, "thread.td_kstack", KSTACK);
	typed_set(w, m->td, "thread.td_kstack_pages", 2);
	typed_set_var(w, "panic_cpu", UINT32_MAX);
	set_pcb(w, m, m->pcb, PC(FN_SWITCH), KSTACK + 0x1000);
	frame(w, KSTACK + 0x1000, KSTACK + 0x1100, PC(FN_SLEEP));
	frame(w, KSTACK + 0x1100, 0, PC(FN_FIRST));
	typed_open(w);
	return (true);
}

static void
done(struct typed *w)
{
	kvmi_symtab_destroy(w->k.syms);
	typed_done(w);
}

static int
see(const struct kvm_frame *f, void *arg)
{
	struct made *m = arg;

	assert_true(m->n < KVMI_COUNT(m->pc));
	if (f->kf_module[0] != '\0')
		memcpy(m->module, f->kf_module, sizeof(m->module));
	m->pc[m->n++] = f->kf_pc;
	return (1);
}

/* As memory is now. */
static int
walk(struct typed *w, struct made *m)
{
	const struct kinfo_proc ki = { .ki_tdaddr = m->td, .ki_tid = 100001,
		.ki_kstack = KSTACK };
	size_t n = 0;

	m->n = 0;
	typed_open(w);
	return (kvmi_freebsd_stack(&w->k, w->cx, &ki, see, m, &n));
}

static void
test_sleeping(void **state)
{
	const struct kinfo_proc zombie = { .ki_stat = SZOMB };
	struct made m;
	struct typed w;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!make(&w, i, &m))
			continue;
		UTIL_EQ(w.name, walk(&w, &m), 0);
		UTIL_EQ(w.name, w.cx->damage, 0);
		UTIL_EQ(w.name, m.n, 3);
		UTIL_EQ(w.name, m.pc[0], PC(FN_SWITCH));
		UTIL_EQ(w.name, m.pc[1], PC(FN_SLEEP));
		UTIL_EQ(w.name, m.pc[2], PC(FN_FIRST));
		UTIL_EQ(w.name, kvmi_freebsd_stack(&w.k, w.cx, &zombie, see,
		    &m, &n), 0);
		UTIL_EQ(w.name, n, 0);
		done(&w);
	}
}

/* One that ran: its CPU saved its registers, or it wrote the dump itself. */
static void
test_running(void **state)
{
	uint64_t size, second;
	struct kvmi_err err;
	struct made m;
	struct typed w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!make(&w, i, &m))
			continue;
		typed_set(&w, m.td, "thread.td_oncpu", 1);
		UTIL_FAILS(w.name, walk(&w, &m), KVMI_ENOENT, &w.cx->err);
		typed_set_var(&w, "stopped_cpus", 2);
		kvmi_type_size(w.k.types, "pcb", &size, &err);
		second = m.stoppcbs + size;
		set_pcb(&w, &m, second, PC(FN_TRAP + 1), KSTACK + 0x1100);
		UTIL_EQ(w.name, walk(&w, &m), 0);
		UTIL_EQ(w.name, m.n, 2);
		UTIL_EQ(w.name, m.pc[0], PC(FN_DO_TRAP));
		typed_set_var(&w, "dumptid", 100001);
		set_pcb(&w, &m, m.dumppcb, PC(FN_FIRST), 0);
		UTIL_EQ(w.name, walk(&w, &m), 0);
		UTIL_EQ(w.name, m.n, 1);
		UTIL_EQ(w.name, m.pc[0], PC(FN_FIRST));
		done(&w);
	}
}

/* stoppcbs has become a pointer. */
static void
test_stopped_pointer(void **state)
{
	struct made m;
	struct typed w;
	struct kvmi_err err;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		uint64_t at;

		if (!make(&w, i, &m))
			continue;
		kvmi_symtab_destroy(w.k.syms);
		assert_int_equal(kvmi_symtab_create(&w.k.syms, &err), 0);
		add_symbol(&w, "sched_switch", TEXT, 0x80, 'T');
		at = typed_alloc(&w, 8);
		add_symbol(&w, "stoppcbs", at, 8, 'B');
		bytes_poke(&w.mem, (size_t)at, m.stoppcbs, 8);
		typed_set(&w, m.td, "thread.td_oncpu", 0);
		typed_set_var(&w, "stopped_cpus", 1);
		set_pcb(&w, &m, m.stoppcbs, PC(FN_SWITCH), 0);
		UTIL_EQ(w.name, walk(&w, &m), 0);
		UTIL_EQ(w.name, m.n, 1);
		done(&w);
	}
}

/* The frame that a fault at pc, with fp, left on the stack for mode. */
static void
add_fault(struct typed *w, const struct made *m, uint64_t pc, uint64_t fp,
    uint64_t mode)
{
	uint64_t size, tf = KSTACK + 0x800;
	struct kvmi_err err;

	kvmi_type_size(w->k.types, "trapframe", &size, &err);
	if (m->arm) {
		frame(w, KSTACK + 0x700, tf + size, PC(FN_TRAP));
		typed_set(w, tf, "trapframe.tf_elr", pc);
		typed_set(w, tf, "trapframe.tf_x[29]", fp);
		typed_set(w, tf, "trapframe.tf_spsr", mode);
	} else {
		frame(w, tf - 16, fp, PC(FN_TRAP));
		typed_set(w, tf, "trapframe.tf_rip", pc);
		typed_set(w, tf, "trapframe.tf_rbp", fp);
		typed_set(w, tf, "trapframe.tf_cs", mode);
	}
	set_pcb(w, m, m->pcb, PC(FN_DO_TRAP), m->arm ? KSTACK + 0x700 :
	    tf - 16);
}

static void
test_faults(void **state)
{
	struct made m;
	struct typed w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!make(&w, i, &m))
			continue;
		add_fault(&w, &m, TEXT, KSTACK + 0x1000, m.arm ? 0x5 : 0x20);
		UTIL_EQ(w.name, walk(&w, &m), 0);
		UTIL_EQ(w.name, w.cx->damage, 0);
		UTIL_EQ(w.name, m.n, 5);
		UTIL_EQ(w.name, m.pc[1], PC(FN_TRAP));
		UTIL_EQ(w.name, m.pc[2], TEXT);
		UTIL_EQ(w.name, m.pc[3], PC(FN_SLEEP));
		/* Of a program, whose registers lead nowhere. */
		add_fault(&w, &m, 0x400123, 0x7fffffffe003, m.arm ? 0 : 0x2b);
		UTIL_EQ(w.name, walk(&w, &m), 0);
		UTIL_EQ(w.name, w.cx->damage, 0);
		UTIL_EQ(w.name, m.n, 2);
		/* A system call. */
		set_pcb(&w, &m, m.pcb, PC(FN_DO_TRAP), KSTACK + 0x700);
		frame(&w, KSTACK + 0x700, 0x7fffffffe003, PC(FN_USER));
		UTIL_EQ(w.name, walk(&w, &m), 0);
		UTIL_EQ(w.name, w.cx->damage, 0);
		UTIL_EQ(w.name, m.n, 2);
		done(&w);
	}
}

static void
test_modules(void **state)
{
	struct made m;
	struct typed w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		uint64_t file;

		if (!make(&w, i, &m))
			continue;
		/* Members where they were before they were exported. */
		file = typed_alloc(&w, 96);
		typed_set_var(&w, "linker_files", file);
		bytes_poke(&w.mem, (size_t)file + 40, typed_string(&w,
		    "zfs.ko"), 8);
		bytes_poke(&w.mem, (size_t)file + 64, MODULE, 8);
		bytes_poke(&w.mem, (size_t)file + 72, 0x1000, 8);
		typed_set_var(&w, "linker_kernel_file", 1);
		frame(&w, KSTACK + 0x1000, KSTACK + 0x1100, MODULE + 0x1000);
		UTIL_EQ(w.name, walk(&w, &m), 0);
		UTIL_EQ(w.name, m.n, 3);
		UTIL_EQ(w.name, w.cx->damage, 0);
		UTIL_STR(w.name, m.module, "zfs.ko");
		done(&w);
	}
}

/* It breaks off with a word why, after what there is. */
static void
test_broken(void **state)
{
	struct made m;
	struct typed w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!make(&w, i, &m))
			continue;
		frame(&w, KSTACK + 0x1100, KSTACK + 0x1000, PC(FN_SLEEP));
		UTIL_EQ(w.name, walk(&w, &m), 0);
		UTIL_EQ(w.name, w.cx->damage, 1);
		UTIL_EQ(w.name, m.n, 3);
		UTIL_EQ(w.name, strstr(w.cx->damage_why, "goes back") != NULL,
		    true);
		frame(&w, KSTACK + 0x1100, 0, DATA + 0x10);
		UTIL_EQ(w.name, walk(&w, &m), 0);
		UTIL_EQ(w.name, w.cx->damage, 1);
		UTIL_EQ(w.name, m.n, 2);
		UTIL_EQ(w.name, strstr(w.cx->damage_why, "no function") !=
		    NULL, true);
		typed_set(&w, m.td, "thread.td_kstack_pages", 0);
		UTIL_FAILS(w.name, walk(&w, &m), KVMI_EFORMAT, &w.cx->err);
		typed_set(&w, m.td, "thread.td_pcb", UINT64_C(0x7fff0000));
		UTIL_FAILS(w.name, walk(&w, &m), KVMI_ENOTMAPPED, &w.cx->err);
		done(&w);
	}
}

static void
test_panic_cpu(void **state)
{
	struct made m;
	struct typed w;
	uint64_t proc;
	int32_t cpu;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!make(&w, i, &m))
			continue;
		UTIL_EQ(w.name, kvmi_freebsd_panic_cpu(&w.k, w.cx, &cpu), 0);
		UTIL_EQ(w.name, cpu, -1);
		/* It is reset where there is one CPU; who dumps is known. */
		proc = typed_new(&w, "proc");
		typed_set(&w, proc, "proc.p_state", 1);
		bytes_poke(&w.mem, (size_t)typed_at(&w, proc,
		    "proc.p_threads", NULL), m.td, 8);
		typed_set(&w, m.td, "thread.td_oncpu", 3);
		typed_set_var(&w, "allproc", proc);
		typed_set_var(&w, "nprocs", 1);
		typed_set_var(&w, "dumptid", 100001);
		typed_open(&w);
		UTIL_EQ(w.name, kvmi_freebsd_panic_cpu(&w.k, w.cx, &cpu), 0);
		UTIL_EQ(w.name, cpu, -1);
		typed_set_var(&w, "panicstr", typed_string(&w, "why"));
		typed_open(&w);
		UTIL_EQ(w.name, kvmi_freebsd_panic_cpu(&w.k, w.cx, &cpu), 0);
		UTIL_EQ(w.name, cpu, 3);
		typed_set_var(&w, "panic_cpu", 2);
		typed_open(&w);
		UTIL_EQ(w.name, kvmi_freebsd_panic_cpu(&w.k, w.cx, &cpu), 0);
		UTIL_EQ(w.name, cpu, 2);
		done(&w);
	}
}

/* By number of the CPU: whoever ran there. */
static void
test_cpu_registers(void **state)
{
	struct made m;
	struct typed w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		struct kvmi_regs regs = { .n = 0 };
		uint64_t pcpu;

		if (!make(&w, i, &m))
			continue;
		pcpu = typed_new(&w, "pcpu");
		typed_set(&w, pcpu, "pcpu.pc_curthread", m.td);
		typed_set_var(&w, "mp_maxcpus", 2);
		typed_set_var(&w, "cpuid_to_pcpu", pcpu);
		typed_open(&w);
		UTIL_EQ(w.name, kvmi_freebsd_regs(&w.k, w.cx, NULL, 0, &regs),
		    0);
		UTIL_EQ(w.name, regs.n, m.arm ? 13 : 8);
		UTIL_STR(w.name, regs.v[0].kr_name, m.arm ? "x19" : "r15");
		UTIL_FAILS(w.name, kvmi_freebsd_regs(&w.k, w.cx, NULL, 1,
		    &regs), KVMI_ENOENT, &w.cx->err);
		done(&w);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sleeping),
		cmocka_unit_test(test_running),
		cmocka_unit_test(test_stopped_pointer),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_modules),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_panic_cpu),
		cmocka_unit_test(test_cpu_registers),
	};

	typed_samples(argc, argv);
	return (cmocka_run_group_tests(tests, NULL, util_report));
}
