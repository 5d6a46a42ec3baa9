/* SPDX-License-Identifier: BSD-2-Clause */
/* All that is worked out, of tasks and a module that were made up. */
#include "infer_world.h"

/* All at once, of memory that has tasks and a module; the fuzzer changes it. */
static void
test_tasks(void **state)
{
	static const struct {
		const char	*type, *path;
		uint64_t	 off;
	} want[] = {
		{ "task_struct", "tasks", TASKS_LIST_OFF },
		{ "task_struct", "stack", TASKS_STACK_OFF },
		{ "task_struct", "mm", TASKS_MM_OFF },
		{ "task_struct", "exit_state", TASKS_EXIT_OFF },
		{ "task_struct", "pid", TASKS_PID_OFF },
		{ "task_struct", "real_parent", TASKS_PARENT_OFF },
		{ "task_struct", "thread_node", TASKS_NODE_OFF },
		{ "task_struct", "comm", TASKS_COMM_OFF },
		{ "task_struct", "signal", TASKS_SIGNAL_OFF },
		{ "module", "list", 8 },
		{ "module", "core_layout.base", 0x140 },
		{ "module", "kallsyms", TASKS_KALLSYMS },
		{ "mod_kallsyms", "strtab", 16 },
		{ "mod_kallsyms", "typetab", 24 },
	};
	struct kvmi_types *t;
	struct kvmi_member m;
	struct world w;
	uint64_t head;

	(void)state;
	make_tasks(&w);
	begin(&w);
	assert_int_equal(kvmi_linux_infer(&w.k, w.cx, &t), 0);
	for (size_t i = 0; i < KVMI_COUNT(want); i++) {
		UTIL_EQ(want[i].path, kvmi_type_member(t, want[i].type,
		    want[i].path, &m, &w.cx->err), 0);
		UTIL_EQ(want[i].path, m.off, want[i].off);
	}
	kvmi_types_close(t);
	assert_int_equal(kvmi_linux_variable(&w.k, w.cx, KVMI_ONCE_MODULES,
	    &head, NULL), 0);
	assert_int_equal(head, TASKS_MODULES);
	/* There is no swap table. */
	assert_int_equal(kvmi_linux_variable(&w.k, w.cx, KVMI_ONCE_SWAP, &head,
	    NULL), KVMI_ENOTSUP);
	done(&w);
}

/* One task that is odd is left out, but for the three that all begins with. */
static void
test_odd_task(void **state)
{
	static const struct {
		unsigned int task;
		uint64_t off, v;
		unsigned int other;	/* that is odd too; 0: none */
		bool	 found;
	} row[] = {
		{ 5, TASKS_PID_OFF, 77, 0, true },
		{ 5, TASKS_PID_OFF, 77, 4, false },
		{ 3, TASKS_PID_OFF, 77, 0, true },
		{ 2, TASKS_PID_OFF, 77, 0, false },
		{ 1, TASKS_PID_OFF, 77, 0, false },
		{ 5, TASKS_PID_OFF, TASKS_TASK(3), 0, true },
		{ 4, TASKS_STACK_OFF, TASKS_PID(0) + 8, 0, true },
		/* The only child of 1: either may be odd. */
		{ 5, TASKS_PARENT_OFF, TASKS_TASK(2), 0, false },
		{ 5, TASKS_PARENT_OFF, 5, 0, false },
		{ 4, TASKS_PARENT_OFF, TASKS_TASK(1), 0, true },
		{ 4, TASKS_PARENT_OFF + 48, TASKS_TASK(2), 0, true },
		{ 4, TASKS_PARENT_OFF + 88, TASKS_PID(2), 0, true },
		{ 4, TASKS_MM_OFF, TASKS_MM(1), 0, true },
		{ 5, TASKS_EXIT_OFF, 5, 0, true },
		{ 4, TASKS_SIGNAL_OFF, 5, 0, true },
		{ 4, TASKS_SIGNAL_OFF, TASKS_SIGNAL(3), 0, true },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_types *t = NULL;
		struct world w;

		make_tasks(&w);
		tasks_put(w.mem.p, TASKS_TASK(row[i].task) + row[i].off,
		    row[i].v, 8);
		if (row[i].other != 0)
			tasks_put(w.mem.p, TASKS_TASK(row[i].other) +
			    row[i].off, row[i].v + 1, 8);
		begin(&w);
		UTIL_EQ("infer", kvmi_linux_infer(&w.k, w.cx, &t),
		    row[i].found ? 0 : KVMI_ENOTSUP);
		if (row[i].found) {
			struct kvmi_member m;

			UTIL_EQ("pid", kvmi_type_member(t, "task_struct",
			    "pid", &m, &w.cx->err), 0);
			UTIL_EQ("pid", m.off, TASKS_PID_OFF);
			UTIL_EQ("signal", kvmi_type_member(t, "task_struct",
			    "signal", &m, &w.cx->err), 0);
			UTIL_EQ("signal", m.off, TASKS_SIGNAL_OFF);
			kvmi_types_close(t);
		}
		done(&w);
	}
}

/* Where a module's symbols are: all of it has to be the module's, or none is. */
static void
test_kallsyms(void **state)
{
	enum { AT = TASKS_KALLSYMS, SYM = TASKS_SYMTAB };
	static const struct {
		uint64_t off, v;
		unsigned int size;
		bool	 found;
		bool	 old;		/* letters in the symbols, up to 5.1 */
	} row[] = {
		{ 0, 0, 4, true, false },
		{ 0, 1, 4, false, false },	/* it is being loaded */
		{ AT, TASKS_MODULE(0) + AT, 8, false, false },
		{ AT + 8, TASKS_TASK(0), 8, false, false },
		{ AT + 8, TASKS_MODULE(0) + 0xff0, 8, false, false },
		{ AT + 16, 0, 4, false, false },
		{ AT + 16, UINT32_MAX, 4, false, false },
		{ AT + 24, TASKS_TASK(0), 8, false, false },
		{ SYM, 1, 4, false, false },
		{ SYM + 24, 0x1000, 4, false, false },
		{ SYM + 32, TASKS_TASK(0), 8, false, false },
		{ TASKS_LETTERS + 1, 0, 1, false, false },
		{ AT + 32, TASKS_CRED, 8, false, false },
		{ AT + 32, TASKS_CRED, 8, true, true },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		int64_t want = row[i].found ? AT : -1;
		struct kvmi_types *t;
		struct world w;

		make_tasks(&w);
		tasks_put(w.mem.p, TASKS_MODULE(0) + row[i].off, row[i].v,
		    row[i].size);
		for (unsigned int j = 0; row[i].old && j < 3; j++)
			tasks_put(w.mem.p, TASKS_MODULE(0) + SYM + 24 * j + 4,
			    (uint64_t)"Utd"[j], 1);
		begin(&w);
		assert_int_equal(kvmi_linux_infer(&w.k, w.cx, &t), 0);
		UTIL_EQ("kallsyms", member_off(&w, t, "module", "kallsyms"),
		    want);
		UTIL_EQ("typetab", member_off(&w, t, "mod_kallsyms",
		    "typetab"), row[i].found && !row[i].old ? 24 : -1);
		kvmi_types_close(t);
		done(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tasks),
		cmocka_unit_test(test_odd_task),
		cmocka_unit_test(test_kallsyms),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
