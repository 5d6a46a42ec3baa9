/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks of a machine at work: kernel threads with a process's memory, locks that
 * sleep, freezing, and numbers that no CPU has.
 */
#include <stdlib.h>

#include "flat_memory.h"
#include "os/linux/cpus.h"
#include "os/linux/user.h"
#include "type/listed.h"

#define SIZE	0x20000
#define NR_CPU_IDS 0x100
#define OFFSETS	0x200
#define POSSIBLE 0x400
#define RUNQUEUES UINT64_C(0x500)
#define TASK(i)	(UINT64_C(0x1000) + 0x200 * (uint64_t)(i))
#define SIGNAL(i) (UINT64_C(0x4000) + 0x100 * (uint64_t)(i))
#define MM	UINT64_C(0x5000)
#define SHARES	UINT64_C(0x600)		/* of one counter, a CPU's 16 on */
#define AREA(cpu) (UINT64_C(0x8000) + 0x1000 * (uint64_t)(cpu))
#define CPUS	8

enum { TASKS = 0, PID = 16, TGID = 20, STATE = 24, EXIT = 28, FLAGS = 32,
    MM_AT = 40, PARENT = 48, LEADER = 56, SIGNAL_AT = 64, NODE = 72, COMM = 88,
    START_AT = 104, TASK_LEN = 112 };

#define M(type, path, at, len) \
	{ type, path, { .off = (at), .size = (len), .count = 1 } }

static const struct kvmi_listed types[] = {
	M("task_struct", "", 0, TASK_LEN),
	M("task_struct", "tasks", TASKS, 16),
	M("task_struct", "pid", PID, 4),
	M("task_struct", "tgid", TGID, 4),
	M("task_struct", "__state", STATE, 4),
	M("task_struct", "exit_state", EXIT, 4),
	M("task_struct", "flags", FLAGS, 4),
	M("task_struct", "mm", MM_AT, 8),
	M("task_struct", "real_parent", PARENT, 8),
	M("task_struct", "group_leader", LEADER, 8),
	M("task_struct", "signal", SIGNAL_AT, 8),
	M("task_struct", "thread_node", NODE, 16),
	M("task_struct", "comm", COMM, 16),
	M("task_struct", "se.exec_start", START_AT, 8),
	M("signal_struct", "", 0, 32),
	M("signal_struct", "nr_threads", 0, 4),
	M("signal_struct", "thread_head", 8, 16),
	M("mm_struct", "", 0, 256),
	M("mm_struct", "pgd", 0, 8),
	M("mm_struct", "total_vm", 8, 8),
	M("mm_struct", "arg_start", 16, 8),
	M("mm_struct", "arg_end", 24, 8),
	M("mm_struct", "env_start", 32, 8),
	M("mm_struct", "env_end", 40, 8),
	{ "mm_struct", "rss_stat", { .off = 64, .size = 64, .count = 4 } },
	M("percpu_counter", "", 0, 16),
	M("percpu_counter", "count", 0, 8),
	M("percpu_counter", "counters", 8, 8),
	M("rq", "clock_task", 0, 8),
	M("rq", "curr", 8, 8),
};

static const struct {
	const char	*name;
	uint64_t	 at;
	bool		 fixed;		/* is there without nr_cpu_ids, too */
} variables[] = {
	{ "nr_cpu_ids", NR_CPU_IDS, false },
	{ "__per_cpu_offset", OFFSETS, true },
	{ "__cpu_possible_mask", POSSIBLE, true },
	{ "runqueues", RUNQUEUES, true },
	{ "init_task", TASK(0), true },
};

static int
resolve(const char *name, kvaddr_t *addr)
{
	for (size_t i = 0; i < KVMI_COUNT(variables); i++)
		if (strcmp(name, variables[i].name) == 0) {
			*addr = variables[i].at;
			return (0);
		}
	return (-1);
}

static int
resolve_fixed(const char *name, kvaddr_t *addr)
{
	return (strcmp(name, "nr_cpu_ids") == 0 ? -1 : resolve(name, addr));
}

struct world {
	struct kvmi_kernel k;
	struct kvmi_linux l;
	struct kvmi_arch arch;
	struct kvm_options opts;
	struct kvmi_cx	*cx;
	struct bytes	 mem, file;
};

#define N_TASKS	3			/* swapper, a program, a thread */

static void
put_task(struct world *w, unsigned int i, uint32_t flags, uint64_t mm)
{
	uint64_t next = TASK((i + 1) % N_TASKS), node = SIGNAL(i) + 8;

	bytes_poke(&w->mem, TASK(i) + TASKS, next + TASKS, 8);
	bytes_poke(&w->mem, next + TASKS + 8, TASK(i) + TASKS, 8);
	bytes_poke(&w->mem, TASK(i) + PID, i, 4);
	bytes_poke(&w->mem, TASK(i) + TGID, i, 4);
	bytes_poke(&w->mem, TASK(i) + STATE, 1, 4);
	bytes_poke(&w->mem, TASK(i) + FLAGS, flags, 4);
	bytes_poke(&w->mem, TASK(i) + MM_AT, mm, 8);
	bytes_poke(&w->mem, TASK(i) + PARENT, TASK(0), 8);
	bytes_poke(&w->mem, TASK(i) + LEADER, TASK(i), 8);
	bytes_poke(&w->mem, TASK(i) + SIGNAL_AT, SIGNAL(i), 8);
	bytes_poke(&w->mem, TASK(i) + START_AT, 1, 8);
	bytes_poke(&w->mem, SIGNAL(i), 1, 4);
	for (unsigned int j = 0; j < 16; j += 8) {
		bytes_poke(&w->mem, TASK(i) + NODE + j, node, 8);
		bytes_poke(&w->mem, node + j, TASK(i) + NODE, 8);
	}
}

/* Without stacks. */
static const struct kvmi_linux_arch machine = { .arch = &kvmi_arch_x86_64 };

static void
world_init(struct world *w)
{
	*w = (struct world){ .opts.ko_resolver = resolve };
	flat_init(&w->k, &w->arch, &kvmi_os_linux, &w->opts, 8, false);
	w->k.priv = &w->l;
	w->l.arch = &machine;
	w->cx = kvmi_cx_new();
	assert_int_equal(kvmi_listed_open(types, KVMI_COUNT(types), "types",
	    &w->k.types, &w->cx->err), 0);
	w->k.types_status = 0;
	bytes_fill(&w->mem, 0, SIZE);
	put_task(w, 0, 0x200000, 0);
	put_task(w, 1, 0, MM);
	put_task(w, 2, 0x200000, 0);
	bytes_poke(&w->mem, NR_CPU_IDS, CPUS, 4);
	bytes_poke(&w->mem, POSSIBLE, 0xff, 8);
	bytes_poke(&w->mem, MM + 8, 500, 8);
	for (unsigned int i = 0; i < 4; i++) {
		bytes_poke(&w->mem, MM + 64 + 16 * i, i == 2 ? 0 : 100, 8);
		bytes_poke(&w->mem, MM + 64 + 16 * i + 8, SHARES + 16 * i, 8);
	}
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		bytes_poke(&w->mem, OFFSETS + 8 * cpu, AREA(cpu), 8);
		bytes_poke(&w->mem, AREA(cpu) + SHARES, 1, 4);
		bytes_poke(&w->mem, AREA(cpu) + RUNQUEUES,
		    UINT64_C(5000000000), 8);
	}
}

static void
world_done(struct world *w)
{
	flat_done(&w->k, &w->mem, &w->file);
	kvmi_types_close(w->k.types);
	kvmi_cx_free(w->cx);
}

/* The entry of process pid. */
static struct kinfo_proc
entry(struct world *w, int pid)
{
	struct kinfo_proc ki = { 0 };
	struct kvmi_procs p = { 0 };

	flat_open(&w->k, &w->mem, &w->file);
	UTIL_FAILS("list", kvmi_linux_procs(&w->k, w->cx, KERN_PROC_PID, pid,
	    false, &p), 0, &w->cx->err);
	UTIL_EQ("processes", p.n, 1);
	if (p.n == 1)
		ki = p.v[0];
	free(p.v);
	return (ki);
}

static void
test_states(void **state)
{
	static const struct {
		const char	*name;
		uint32_t	 state;
		int		 stat;
	} row[] = {
		{ "runs", 0, SRUN },
		{ "sleeps", 1, SSLEEP },
		{ "waits for a disk", 2, SSLEEP },
		{ "was made just now", 0x800, SIDL },
		{ "waits for a lock that sleeps", 0x1000, SSLEEP },
		{ "is frozen", 0x8000, SSLEEP },
		{ "may be frozen", 0x2001, SSLEEP },
		{ "is woken", 0x200, SRUN },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct world w;

		world_init(&w);
		bytes_poke(&w.mem, TASK(1) + STATE, row[i].state, 4);
		UTIL_EQ(row[i].name, entry(&w, 1).ki_stat, row[i].stat);
		world_done(&w);
	}
}

/* kthread_use_mm(), as vhost does: procfs shows none of it. */
static void
test_borrowed(void **state)
{
	struct kvmi_linux_mm mm;
	struct kinfo_proc ki;
	struct world w;
	bool has;

	(void)state;
	world_init(&w);
	bytes_poke(&w.mem, TASK(2) + MM_AT, MM, 8);
	ki = entry(&w, 2);
	UTIL_EQ("borrowed", ki.ki_vmspace, 0);
	UTIL_EQ("borrowed", ki.ki_size, 0);
	UTIL_EQ("borrowed", ki.ki_rssize, 0);
	UTIL_FAILS("borrowed", kvmi_linux_mm(&w.k, w.cx, &ki, &mm, &has), 0,
	    &w.cx->err);
	UTIL_EQ("borrowed", has, false);
	world_done(&w);
}

/* Some numbers are no CPU's: the kernel gives them the offset it begins with. */
static void
test_holes(void **state)
{
	struct kinfo_proc ki;
	struct world w;

	(void)state;
	world_init(&w);
	ki = entry(&w, 1);
	UTIL_EQ("all", ki.ki_rssize, 300 + CPUS);
	UTIL_EQ("all", ki.ki_slptime, 4);
	world_done(&w);
	world_init(&w);
	bytes_poke(&w.mem, POSSIBLE, 0xb5, 8);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++)
		if ((0xb5 >> cpu & 1) == 0)
			bytes_poke(&w.mem, OFFSETS + 8 * cpu, 0x18000, 8);
	bytes_poke(&w.mem, 0x18000 + SHARES, 1000000, 4);
	bytes_poke(&w.mem, 0x18000 + RUNQUEUES, UINT64_C(99000000000), 8);
	ki = entry(&w, 1);
	UTIL_EQ("holes", ki.ki_rssize, 300 + 5);
	UTIL_EQ("holes", ki.ki_slptime, 4);
	world_done(&w);
}

/* A kernel made for a number of CPUs does not keep it; one for one has no areas. */
static void
test_fixed(void **state)
{
	static const struct {
		const char	*name;
		uint64_t	 mask, last;
		unsigned int	 want;
	} row[] = {
		{ "four", 0xf, 0x18000, 4 },
		{ "all", 0xff, 0x1234, CPUS },
		{ "all, and zeros behind", 0xff, 0, CPUS },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct world w;
		uint64_t *offset;
		unsigned int n = 0;

		world_init(&w);
		w.opts.ko_resolver = resolve_fixed;
		bytes_poke(&w.mem, POSSIBLE, row[i].mask | UINT64_C(1) << CPUS,
		    8);
		bytes_poke(&w.mem, OFFSETS + 8 * CPUS, row[i].last, 8);
		flat_open(&w.k, &w.mem, &w.file);
		UTIL_FAILS(row[i].name, kvmi_linux_percpu(&w.k, w.cx, &offset,
		    &n), 0, &w.cx->err);
		UTIL_EQ(row[i].name, n, row[i].want);
		if (n > 0)
			free(offset);
		world_done(&w);
	}
}

/* A kernel for one CPU: no areas, and no member that tells who runs. */
static int
resolve_one(const char *name, kvaddr_t *addr)
{
	return (strcmp(name, "runqueues") == 0 ||
	    strcmp(name, "init_task") == 0 ? resolve(name, addr) : -1);
}

static void
test_one_cpu(void **state)
{
	(void)state;
	for (int runs = 0; runs < 3; runs++)
		for (int pid = 1; pid < 3; pid++) {
			struct kinfo_proc ki;
			struct world w;

			world_init(&w);
			w.opts.ko_resolver = resolve_one;
			assert_int_equal(kvmi_symtab_create(&w.k.syms,
			    &w.cx->err), 0);
			w.k.syms_status = 0;
			bytes_poke(&w.mem, RUNQUEUES, UINT64_C(7000000000), 8);
			bytes_poke(&w.mem, RUNQUEUES + 8, TASK(runs), 8);
			ki = entry(&w, pid);
			UTIL_EQ("runs", ki.ki_oncpu, runs == pid ? 0 : -1);
			UTIL_EQ("clock", ki.ki_slptime, 6);
			kvmi_symtab_destroy(w.k.syms);
			world_done(&w);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_borrowed),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_one_cpu),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
