/* SPDX-License-Identifier: BSD-2-Clause */
/* Layouts that are worked out from the memory of a machine at work. */
#include <stdlib.h>

#include "flat_memory.h"

#include "build_tasks.h"
#include "os/linux/infer.h"

#define MORE	800			/* threads of the kernel */
#define PART	0x4000			/* of memory, of one of them */
#define PART_AT(i) (TASKS_LEN + PART * (uint64_t)(i))
#define PRIO	0x48
#define SWAPS	UINT64_C(0x5000)	/* in no task's memory */

struct world {
	struct kvmi_kernel k;
	struct kvmi_linux l;
	struct kvmi_arch arch;
	struct kvmi_cx	*cx;
	struct bytes	 mem, file;
};

static const struct kvm_options no_options = KVM_OPTIONS_INIT;

static void
make(struct world *w, size_t len)
{
	*w = (struct world){ .cx = kvmi_cx_new() };
	assert_int_equal(kvmi_symtab_create(&w->k.syms, &w->cx->err), 0);
	flat_init(&w->k, &w->arch, &kvmi_os_linux, &no_options, 8, false);
	w->k.priv = &w->l;
	w->l.arch = &kvmi_linux_x86_64;
	w->l.va.first = 0x1000;
	w->l.va.last = len;
	w->l.va.user_end = 0x80000000;
	w->l.stext = TASKS_STEXT;
	bytes_fill(&w->mem, 0, len);
}

static void
begin(struct world *w, const char *name, uint64_t va)
{
	flat_open(&w->k, &w->mem, &w->file);
	assert_int_equal(kvmi_symtab_add(w->k.syms, name, strlen(name), "",
	    va, 0, 'D', &w->cx->err), 0);
}

static void
done(struct world *w)
{
	kvmi_linux_once_deinit(&w->l);
	flat_done(&w->k, &w->mem, &w->file);
	kvmi_symtab_destroy(w->k.syms);
	kvmi_cx_free(w->cx);
}

/* One more thread of the kernel, at the place of the list before node. */
static uint64_t
put_thread(struct world *w, unsigned int i)
{
	uint64_t at = PART_AT(i), stack = at + 0x2000, signal = at + 0x3000,
	    pid = at + 0x3400, node = at + TASKS_NODE_OFF;
	uint8_t *m = w->mem.p;

	memcpy(m + at, m + TASKS_TASK(3), 0x2000);
	memcpy(m + stack, m + TASKS_STACK(3), 8);
	memcpy(m + signal, m + TASKS_SIGNAL(3), 0x400);
	memcpy(m + pid, m + TASKS_PID(3), 0x100);
	tasks_put(m, at + TASKS_STACK_OFF, stack, 8);
	tasks_put(m, at + TASKS_PID_OFF, 100 + i, 4);
	tasks_put(m, at + TASKS_PID_OFF + 4, 100 + i, 4);
	tasks_put(m, pid + 0x60, 100 + i, 4);
	tasks_put(m, at + TASKS_PARENT_OFF + 48, at, 8);
	tasks_put(m, at + TASKS_PARENT_OFF + 88, pid, 8);
	tasks_list(m, (uint64_t[]){ at + TASKS_PARENT_OFF + 16 }, 1);
	tasks_put(m, at + TASKS_SIGNAL_OFF, signal, 8);
	tasks_list(m, (uint64_t[]){ at + TASKS_SIGNAL_OFF + 40 }, 1);
	tasks_list(m, (uint64_t[]){ signal + 16, node }, 2);
	for (unsigned int j = 0; j < 3; j++)
		tasks_put(m, signal + 0x100 + 8 * j, pid, 8);
	return (at + TASKS_LIST_OFF);
}

/*
 * Of a long list the end, where programs are, is looked at, too: what is odd
 * there counts, and what is odd in the middle does not.
 */
static void
test_many(void **state)
{
	static const struct { unsigned int from, to; bool found; } row[] = {
		{ 0, 0, true }, { 0, 100, false }, { 200, 300, true },
		{ MORE - 100, MORE, false },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		static uint64_t node[TASKS_N + MORE];
		struct kvmi_types *t = NULL;
		struct kvmi_member m;
		struct world w;

		make(&w, PART_AT(MORE));
		tasks_build(w.mem.p);
		for (unsigned int j = 0; j < TASKS_N; j++)
			node[j < TASKS_N - 1 ? j : j + MORE] = TASKS_TASK(j) +
			    TASKS_LIST_OFF;
		for (unsigned int j = 0; j < MORE; j++) {
			node[TASKS_N - 1 + j] = put_thread(&w, j);
			if (j >= row[i].from && j < row[i].to)
				tasks_put(w.mem.p, PART_AT(j) + PRIO, 5000, 4);
		}
		tasks_list(w.mem.p, node, TASKS_N + MORE);
		begin(&w, "init_task", TASKS_TASK(0));
		UTIL_FAILS("infer", kvmi_linux_infer(&w.k, w.cx, &t), 0,
		    &w.cx->err);
		UTIL_EQ("prio", kvmi_type_first(t, "task_struct.prio", &m,
		    &w.cx->err) == 0, row[i].found);
		kvmi_types_close(t);
		done(&w);
	}
}

/* struct swap_info_struct of 6.1; prio 0: swapoff(2) took it off the lists. */
static void
put_swap(uint8_t *mem, unsigned int i, int prio, uint64_t pages, uint64_t used)
{
	uint64_t va = SWAPS + 0x200 * i;

	tasks_put(mem, SWAPS - 0x1fc0 + 8 * i, va, 8);
	tasks_put(mem, va + 16, prio != 0 ? 0x53 : 0x51, 8);
	tasks_put(mem, va + 24, (uint64_t)(int64_t)prio, 2);
	tasks_put(mem, va + 32, (uint64_t)-prio, 4);
	for (unsigned int j = 0; j < 32 && prio != 0; j += 16)
		tasks_list(mem, (uint64_t[]){ va + 40 + j }, 1);
	tasks_put(mem, va + 72, i, 1);
	tasks_put(mem, va + 76, pages + 1, 4);
	tasks_put(mem, va + 80, va, 8);
	tasks_put(mem, va + 160, pages, 4);
	tasks_put(mem, va + 164, used, 4);
}

static void
test_swapoff(void **state)
{
	static const struct {
		const char	*name;
		int		 prio[2];
		uint64_t	 nr_free;
		int		 want;
	} row[] = {
		{ "both in use", { -2, -3 }, 100 + 150, 0 },
		{ "one being taken off", { 0, -3 }, 150, 0 },
		{ "counted still", { 0, -3 }, 250, KVMI_ENOTSUP },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct world w;
		uint64_t table, n;

		make(&w, 0x10000);
		put_swap(w.mem.p, 0, row[i].prio[0], 128, 28);
		put_swap(w.mem.p, 1, row[i].prio[1], 200, 50);
		tasks_put(w.mem.p, 0x3000, row[i].nr_free, 8);
		begin(&w, "nr_swap_pages", 0x3000);
		UTIL_EQ(row[i].name, kvmi_linux_variable(&w.k, w.cx,
		    KVMI_ONCE_SWAP, &table, &n), row[i].want);
		if (row[i].want == 0)
			UTIL_EQ(row[i].name, n, 2);
		done(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_swapoff),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
