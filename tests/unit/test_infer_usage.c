/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a process keeps what its threads used that have ended. */
#include "infer_world.h"

static int64_t
signal_off(struct world *w, struct kvmi_types *t, const char *path)
{
	return (member_off(w, t, "signal_struct", path));
}

/* Each build of the structure is told from the others, or refused. */
static void
test_usage_shapes(void **state)
{
	static const struct tasks_usage row[] = {
		{ 1, 8, 24, 7 }, { 0, 8, 24, 7 }, { 1, 4, 24, 7 },
		{ 1, 4, 16, 7 }, { 0, 4, 16, 0 }, { 1, 8, 24, 0 },
		/* As far apart, the lock and the limits, as the next. */
		{ 1, 8, 24, 4 }, { 1, 8, 0, 7 },
		{ 1, 8, 0, 4 }, { 1, 8, 0, 0 },
		/* Of a kernel that looks for its own faults. */
		{ 1, 48, 24, 7 }, { 1, 8, 64, 7 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		int64_t at = (int64_t)TASKS_USAGE + (row[i].group ? 16 : 8);
		bool odd = row[i].lock > 8 || row[i].prev > 24;
		struct kvmi_types *t;
		struct world w;

		make_tasks(&w);
		for (unsigned int j = 0; j < TASKS_N; j++)
			tasks_usage_of(w.mem.p, j, &row[i]);
		begin(&w);
		assert_int_equal(kvmi_linux_infer(&w.k, w.cx, &t), 0);
		UTIL_EQ("utime", signal_off(&w, t, "utime"), odd ? -1 : at);
		UTIL_EQ("cgtime", signal_off(&w, t, "cgtime"),
		    odd ? -1 : at + 40);
		at += 48;
		UTIL_EQ("prev_cputime", signal_off(&w, t, "prev_cputime"),
		    odd ? -1 : at);
		at += row[i].prev;
		UTIL_EQ("nvcsw", signal_off(&w, t, "nvcsw"), odd ? -1 : at);
		UTIL_EQ("cmaxrss", signal_off(&w, t, "cmaxrss"),
		    odd ? -1 : at + 104);
		UTIL_EQ("rchar", signal_off(&w, t, "ioac.rchar"),
		    odd || row[i].n_io == 0 ? -1 : at + 112);
		UTIL_EQ("read_bytes", signal_off(&w, t, "ioac.read_bytes"),
		    odd || row[i].n_io < 7 ? -1 : at + 144);
		at += 112 + 8 * (int64_t)row[i].n_io;
		UTIL_EQ("runtime", signal_off(&w, t, "sum_sched_runtime"),
		    odd ? -1 : at);
		UTIL_EQ("rlim", signal_off(&w, t, "rlim"), odd ? -1 : at + 8);
		kvmi_types_close(t);
		done(&w);
	}
}

/* What cannot be is not taken for usage. */
static void
test_usage_refused(void **state)
{
	/* Of the first shape above. */
	enum { TIMES = TASKS_USAGE + 16, COUNTS = TIMES + 72,
	    IO = COUNTS + 112, RUNTIME = IO + 56, LIMITS = RUNTIME + 8 };
	static const struct {
		unsigned int task;
		uint64_t off, v;
		bool	 found;
		unsigned int other;	/* which has it too, or 0 */
	} row[] = {
		{ 5, RUNTIME, 8000000, true },
		{ 5, RUNTIME, 0, false },	/* used without running */
		/* Threads of the kernel; one may be damaged. */
		{ 4, RUNTIME, 1, false, 3 },
		{ 4, RUNTIME, 1, true },
		{ 4, COUNTS + 96, 1, false, 3 }, /* with memory of their own */
		{ 4, COUNTS + 96, 1, true },
		{ 0, TIMES + 16, 1, false },	/* process 0 has none */
		{ 1, TIMES, UINT64_MAX, false },
		{ 1, IO, UINT64_MAX, false },
		{ 1, COUNTS + 104, UINT64_MAX, false },
		{ 5, COUNTS + 96, 0, false },	/* nobody had memory */
		{ 1, COUNTS + 104, 0, true },	/* a child that had little */
		{ 1, COUNTS + 104, 0, false, 4 },	/* no child had any */
		{ 0, LIMITS + 48, 1, false },
		{ 3, LIMITS + 56, 0, false, 4 }, /* less is allowed than is */
		{ 3, LIMITS + 56, 0, true },
		{ 3, LIMITS + 56, 0x800000, true },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_types *t;
		struct world w;

		make_tasks(&w);
		tasks_put(w.mem.p, TASKS_SIGNAL(row[i].task) + row[i].off,
		    row[i].v, 8);
		if (row[i].other != 0)
			tasks_put(w.mem.p, TASKS_SIGNAL(row[i].other) +
			    row[i].off, row[i].v, 8);
		begin(&w);
		assert_int_equal(kvmi_linux_infer(&w.k, w.cx, &t), 0);
		UTIL_EQ("utime", signal_off(&w, t, "utime"),
		    row[i].found ? (int64_t)TIMES : -1);
		kvmi_types_close(t);
		done(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usage_shapes),
		cmocka_unit_test(test_usage_refused),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
