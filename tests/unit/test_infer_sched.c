/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where, when and for how long tasks ran, of tasks that are as a running kernel
 * has them for a moment, or that are damaged.
 */
#include "flat_memory.h"

#include <stdlib.h>

#include "os/linux/infer.h"

#define N	120		/* of which two may be odd */
#define NSEC	UINT64_C(1000000000)

/* Offsets in task_struct, in the order of include/linux/sched.h. */
enum { FLAGS = 0x2c, PRIO = 0x48, RUNTIME = 0xc0, POLICY = 0x140,
    CPUS = 0x148, MASK = 0x180, LIST = 0x200, NODE = 0x400, UTIME = 0x428,
    SWITCHES = 0x448, START = 0x458, COMM = 0x500 };

struct world {
	struct kvmi_kernel k;
	struct kvmi_linux l;
	struct kvmi_arch arch;
	struct kvmi_cx	*cx;
	uint64_t	 budget;
	struct kvmi_infer x;
};

static const struct kvm_options no_options = KVM_OPTIONS_INIT;

static void
put(struct world *w, unsigned int task, uint64_t off, uint64_t v,
    unsigned int size)
{
	uint8_t *p = w->x.copy + task * KVMI_INFER_TASK + off;

	for (unsigned int i = 0; i < size; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* It began i seconds after the machine, and ran last when that was as old again. */
static void
put_task(struct world *w, unsigned int i)
{
	uint64_t va = 0x10000 * (uint64_t)(i + 1), ran = i * NSEC / 4;

	assert_int_equal(kvmi_addrs_add(&w->x.tasks, va), 1);
	w->x.slot[i] = (uint16_t)i;
	put(w, i, FLAGS, i % 3 == 1 ? 0 : KVMI_PF_KTHREAD, 4);
	for (unsigned int j = 0; j < 3; j++)
		put(w, i, PRIO + 4 * j, 120, 4);
	put(w, i, RUNTIME, i == 0 ? 0 : 2 * i * NSEC + i, 8);
	put(w, i, RUNTIME + 8, ran, 8);
	put(w, i, RUNTIME + 24, ran / 2, 8);
	put(w, i, POLICY + 4, 4, 4);
	put(w, i, CPUS, va + MASK, 8);
	put(w, i, UTIME, i % 3 == 1 ? ran / 2 : 0, 8);
	put(w, i, UTIME + 8, ran / 2, 8);
	put(w, i, SWITCHES, i, 8);
	put(w, i, START, i * NSEC, 8);
	put(w, i, START + 8, i * NSEC, 8);
}

static void
make(struct world *w)
{
	*w = (struct world){ .budget = 1 << 20 };
	w->cx = kvmi_cx_new();
	assert_int_equal(kvmi_symtab_create(&w->k.syms, &w->cx->err), 0);
	flat_init(&w->k, &w->arch, &kvmi_os_linux, &no_options, 8, false);
	w->k.priv = &w->l;
	w->x = (struct kvmi_infer){ .k = &w->k, .cx = w->cx, .l = &w->l,
		.ptr = 8, .align = 8, .ncpus = 4, .budget = &w->budget,
		.flags = FLAGS, .stack = FLAGS - 12, .list = LIST,
		.thread_node = NODE, .comm = COMM };
	w->x.copy = calloc(N, KVMI_INFER_TASK);
	assert_non_null(w->x.copy);
	for (unsigned int i = 0; i < N; i++)
		put_task(w, i);
}

static void
done(struct world *w)
{
	kvmi_symtab_destroy(w->k.syms);
	kvmi_addrs_deinit(&w->x.tasks);
	free(w->x.copy);
	pthread_mutex_destroy(&w->k.lock);
	kvmi_cx_free(w->cx);
}

/* -1: it was not found. */
static int64_t
found(const struct world *w, const char *path)
{
	for (size_t i = 0; i < w->x.n_rows; i++)
		if (strcmp(w->x.row[i].path, path) == 0)
			return ((int64_t)w->x.row[i].m.off);
	return (-1);
}

/*
 * Words of tasks that change, whether that member is found all the same, and how
 * many tasks are not looked at any more for its sake.
 */
struct change {
	const char	*path;
	bool		 found;
	unsigned int	 dropped;
	struct { unsigned int task; uint64_t off, v; } word[3];
};

static void
check(const struct change *c)
{
	static const struct { const char *path; int64_t off; } all[] = {
		{ "prio", PRIO }, { "policy", POLICY },
		{ "se.exec_start", RUNTIME },
		{ "se.sum_exec_runtime", RUNTIME + 8 },
		{ "start_boottime", START + 8 }, { "utime", UTIME },
	};
	struct world w;

	make(&w);
	for (size_t i = 0; i < KVMI_COUNT(c->word) && c->word[i].task; i++)
		put(&w, c->word[i].task, c->word[i].off, c->word[i].v, 8);
	kvmi_infer_sched(&w.x);
	for (size_t i = 0; i < KVMI_COUNT(all); i++)
		if (c->path == NULL || strcmp(all[i].path, c->path) == 0)
			UTIL_EQ(all[i].path, found(&w, all[i].path),
			    c->found ? all[i].off : -1);
	UTIL_EQ("dropped", w.x.dropped, c->dropped);
	/* These have gone to the end. */
	UTIL_EQ("tasks", w.x.tasks.n + w.x.dropped, N);
	for (size_t i = 0; i < N; i++)
		UTIL_EQ("task", w.x.tasks.v[i],
		    0x10000 * (uint64_t)(w.x.slot[i] + 1));
	done(&w);
}

/* None of it is odd. */
static void
test_moments(void **state)
{
	static const struct change row[] = {
		{ NULL, true, 0, { { 0 } } },
		/* Woken on other CPUs, where they have not run yet. */
		{ "se.exec_start", true, 0, { { 5, RUNTIME, 0 },
		    { 6, RUNTIME, 0 }, { 7, RUNTIME, 0 } } },
		/* SCHED_EXT */
		{ "policy", true, 0, { { 5, POLICY, UINT64_C(4) << 32 | 7 },
		    { 6, POLICY, UINT64_C(4) << 32 | 7 },
		    { 7, POLICY, UINT64_C(4) << 32 | 7 } } },
		/* They may not leave the CPU that they are on. */
		{ "policy", true, 0, { { 5, CPUS, 0x990 }, { 6, CPUS, 0x990 },
		    { 7, CPUS, 0x998 } } },
		/* Ticks saw them more often than they ran. */
		{ "utime", true, 0, { { 4, UTIME, 6 * NSEC }, { 7, UTIME,
		    8 * NSEC }, { 10, UTIME, 9 * NSEC } } },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++)
		check(&row[i]);
}

/* Two of so many may be odd, but not three, nor one that is known. */
static void
test_odd(void **state)
{
	static const struct { const char *path; uint64_t off, v; } row[] = {
		{ "prio", PRIO, 7 },
		{ "policy", POLICY, UINT64_C(4) << 32 | 100 },
		{ "start_boottime", START, UINT64_MAX },
		{ "se.exec_start", RUNTIME, UINT64_MAX },
		{ "se.exec_start", RUNTIME + 8, UINT64_C(1) << 61 },
		{ "utime", UTIME, UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct change c = { row[i].path, true, 0, { { 0 } } };

		for (unsigned int n = 0; n < 3; n++) {
			c.word[n].task = 8 + 4 * n;
			c.word[n].off = row[i].off;
			c.word[n].v = row[i].v - n;
			c.found = n < 2;
			c.dropped = c.found ? n + 1 : 0;
			check(&c);
		}
		c = (struct change){ row[i].path, false, 0,
			{ { 1, row[i].off, row[i].v } } };
		check(&c);
	}
}

/* Even of who has not run since it was woken the clock tells how long at most. */
static void
test_too_long(void **state)
{
	struct change c = { "se.exec_start", true, 0, { { 5, RUNTIME, 0 },
		{ 5, RUNTIME + 8, 2 * (N - 1) * NSEC } } };

	(void)state;
	check(&c);
	c.word[1].v = 2 * N * NSEC;
	c.found = false;
	check(&c);
}

/*
 * The scheduler's clock of a machine that is up for long, or whose interrupts
 * take much, is late; but not as late as numbers that are no times.
 */
static void
test_late(void **state)
{
	static const struct { unsigned int percent; int64_t want; } row[] = {
		{ 100, RUNTIME }, { 90, RUNTIME }, { 60, RUNTIME }, { 30, -1 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct world w;

		make(&w);
		for (unsigned int j = 1; j < N; j++) {
			put(&w, j, RUNTIME, j * NSEC / 100 * row[i].percent +
			    j * 1000 + 5000, 8);
			put(&w, j, RUNTIME + 8, j * NSEC / 20, 8);
			put(&w, j, RUNTIME + 24, j * NSEC / 40, 8);
			put(&w, j, UTIME, j % 3 == 1 ? j * NSEC / 40 : 0, 8);
			put(&w, j, UTIME + 8, j * NSEC / 40, 8);
		}
		kvmi_infer_sched(&w.x);
		UTIL_EQ("se.exec_start", found(&w, "se.exec_start"),
		    row[i].want);
		done(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_late),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
