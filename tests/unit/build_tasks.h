/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of a small little-endian kernel of 64 bits with processes, as
 * include/linux/sched.h orders their members; the places are made up.
 */
#ifndef BUILD_TASKS_H
#define BUILD_TASKS_H

#include <string.h>

#include "base/endian.h"

#define TASKS_LEN	0x20000
#define TASKS_N		6
#define TASKS_STEXT	UINT64_C(0x1000)
#define TASKS_TASK(i)	(UINT64_C(0x2000) + 0x2000 * (uint64_t)(i))
#define TASKS_STACK(i)	(UINT64_C(0x10000) + 0x1000 * (uint64_t)(i))
/* Process 0's, which is no other's neighbour, comes last. */
#define TASKS_SIGNAL(i)	(UINT64_C(0x18400) - 0x400 * (uint64_t)(i))
#define TASKS_PID(i)	(UINT64_C(0x19000) + 0x100 * (uint64_t)(i))
#define TASKS_MM(i)	(UINT64_C(0x1a000) + 0x800 * (uint64_t)(i))
#define TASKS_CRED	UINT64_C(0x1e000)
#define TASKS_MODULE(i)	(UINT64_C(0x1f000) + 0x800 * (uint64_t)(i))
#define TASKS_MODULES	UINT64_C(0x1100)	/* the list's head */

/* Offsets in task_struct. */
enum { TASKS_STACK_OFF = 0x20, TASKS_LIST_OFF = 0x100, TASKS_MM_OFF = 0x120,
    TASKS_EXIT_OFF = 0x140, TASKS_PID_OFF = 0x160, TASKS_PARENT_OFF = 0x170,
    TASKS_NODE_OFF = 0x220, TASKS_COMM_OFF = 0x2c0,
    TASKS_SIGNAL_OFF = 0x300 };

static inline void
tasks_put(uint8_t *mem, uint64_t va, uint64_t v, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		mem[va + i] = (uint8_t)(v >> 8 * i);
}

static inline void
tasks_list(uint8_t *mem, const uint64_t *node, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		tasks_put(mem, node[i], node[(i + 1) % n], 8);
		tasks_put(mem, node[(i + 1) % n] + 8, node[i], 8);
	}
}

/* Children of parent are first and first + 1, or none. */
static inline void
tasks_family(uint8_t *mem, unsigned int parent, unsigned int first,
    unsigned int n)
{
	uint64_t list[3] = { TASKS_TASK(parent) + TASKS_PARENT_OFF + 16 };

	for (unsigned int i = 0; i < n; i++) {
		uint64_t at = TASKS_TASK(first + i) + TASKS_PARENT_OFF;

		list[i + 1] = at + 32;
		tasks_put(mem, at, TASKS_TASK(parent), 8);
		tasks_put(mem, at + 8, TASKS_TASK(parent), 8);
	}
	tasks_list(mem, list, n + 1);
}

static inline void
tasks_one(uint8_t *mem, unsigned int i)
{
	static const char *const comm[TASKS_N] = { "swapper/0", "init",
		"kthreadd", "rcu_gp", "kworker", "sh" };
	uint64_t at = TASKS_TASK(i), node = at + TASKS_NODE_OFF,
	    threads[2] = { TASKS_SIGNAL(i) + 16, node };
	int user = i == 1 || i == 5;

	tasks_put(mem, at + TASKS_STACK_OFF, TASKS_STACK(i), 8);
	tasks_put(mem, TASKS_STACK(i), 0x57ac6e9d, 4);
	tasks_put(mem, at + 0x28, 1, 4);
	tasks_put(mem, at + 0x2c, user ? 0x400000 : 0x200000, 4);
	for (unsigned int j = 0; j < 3; j++)
		tasks_put(mem, at + 0x48 + 4 * j, 120, 4);
	tasks_put(mem, at + TASKS_MM_OFF, user ? TASKS_MM(i) : 0, 8);
	tasks_put(mem, at + TASKS_MM_OFF + 8, user ? TASKS_MM(i) : 0, 8);
	tasks_put(mem, at + TASKS_EXIT_OFF + 8, i == 0 ? 0 : 17, 4);
	tasks_put(mem, at + TASKS_PID_OFF, i, 4);
	tasks_put(mem, at + TASKS_PID_OFF + 4, i, 4);
	tasks_put(mem, at + TASKS_PARENT_OFF + 48, at, 8);
	tasks_put(mem, at + TASKS_PARENT_OFF + 88, TASKS_PID(i), 8);
	/* Its number in pidfs is the same; behind the other is the namespace. */
	tasks_put(mem, TASKS_PID(i) + 0x10, i, 8);
	tasks_put(mem, TASKS_PID(i) + 0x60, i, 4);
	tasks_put(mem, TASKS_PID(i) + 0x68, TASKS_CRED, 8);
	tasks_put(mem, at + 0x260, i * UINT64_C(1000000000), 8);
	tasks_put(mem, at + 0x268, i * UINT64_C(1000000000), 8);
	tasks_put(mem, at + TASKS_COMM_OFF - 16, TASKS_CRED, 8);
	tasks_put(mem, at + TASKS_COMM_OFF - 8, TASKS_CRED, 8);
	strcpy((char *)mem + at + TASKS_COMM_OFF, comm[i]);
	tasks_put(mem, at + TASKS_SIGNAL_OFF, TASKS_SIGNAL(i), 8);
	tasks_put(mem, at + TASKS_SIGNAL_OFF + 8, TASKS_CRED, 8);
	tasks_list(mem, (uint64_t[]){ at + TASKS_SIGNAL_OFF + 40 }, 1);
	tasks_put(mem, TASKS_SIGNAL(i) + 8, 1, 4);
	tasks_list(mem, threads, 2);
	for (unsigned int j = 0; j < 3; j++)
		tasks_put(mem, TASKS_SIGNAL(i) + 0x100 + 8 * j,
		    TASKS_PID(i), 8);
	tasks_put(mem, TASKS_SIGNAL(i) + 0x120, 1, 4);
	for (unsigned int j = 0; user && j < 12; j++)
		tasks_put(mem, TASKS_MM(i) + 0x140 + 8 * j, j == 11 ? 33 :
		    0x400000 + 0x1000 * j, 8);
}

/*
 * What is behind the terminal in signal_struct: a group of the scheduler's or
 * none, a lock, six times, prev of what was told last, fourteen counts, n_io of
 * input and output, what threads ran that ended, sixteen pairs of limits.
 */
struct tasks_usage {
	unsigned int	group, lock, prev, n_io;
};

#define TASKS_USAGE	UINT64_C(0x130)
/* Bits are places: the children's times and counts. */
#define TASKS_CHILDREN_TIME	0x2cu
#define TASKS_CHILDREN_COUNT	0x2cccu

/* Process 5 had another thread; 1 and 4, a thread of the kernel, had children. */
static inline void
tasks_usage_of(uint8_t *mem, unsigned int i, const struct tasks_usage *u)
{
	uint64_t at = TASKS_SIGNAL(i) + TASKS_USAGE, own = i == 5,
	    children = i == 1 || i == 4;

	tasks_put(mem, at, u->group ? TASKS_CRED : 0, 8);
	at += (u->group ? 8 : 0) + (u->lock + 7) / 8 * 8;
	for (unsigned int j = 0; j < 6; j++, at += 8)
		tasks_put(mem, at, (TASKS_CHILDREN_TIME >> j & 1 ? children :
		    own) * (1000000 + j), 8);
	for (unsigned int j = 0; j < u->prev / 8; j++, at += 8)
		tasks_put(mem, at, j < 2 && i > 0 ? 5000000 : 0, 8);
	for (unsigned int j = 0; j < 12; j++, at += 8)
		tasks_put(mem, at, (TASKS_CHILDREN_COUNT >> j & 1 ? children :
		    own) * (20 + j), 8);
	tasks_put(mem, at, own ? 300 : 0, 8);
	tasks_put(mem, at + 8, children ? 200 : 0, 8);
	at += 16;
	for (unsigned int j = 0; j < u->n_io; j++, at += 8)
		tasks_put(mem, at, (own | children) * (4096 + j), 8);
	tasks_put(mem, at, own * 7000000, 8);
	for (unsigned int j = 0; j < 16; j++) {
		at += 16;
		tasks_put(mem, at - 8, j == 3 ? 0x800000 : j == 4 || j == 13 ||
		    j == 14 ? 0 : j == 12 ? 819200 : UINT64_MAX, 8);
		tasks_put(mem, at, j == 13 || j == 14 ? 0 : j == 12 ? 819200 :
		    UINT64_MAX, 8);
	}
}

/* struct mod_kallsyms behind a pointer to it, and what that leads to. */
#define TASKS_KALLSYMS	0x180
#define TASKS_SYMTAB	0x400
#define TASKS_STRTAB	0x500
#define TASKS_LETTERS	0x580

/* No symbol, a function, and data of each CPU's. */
static inline void
tasks_kallsyms(uint8_t *mem, uint64_t module)
{
	uint64_t at = module + TASKS_KALLSYMS, sym = module + TASKS_SYMTAB;

	tasks_put(mem, at, at + 8, 8);
	tasks_put(mem, at + 8, sym, 8);
	tasks_put(mem, at + 16, 3, 4);
	tasks_put(mem, at + 24, module + TASKS_STRTAB, 8);
	tasks_put(mem, at + 32, module + TASKS_LETTERS, 8);
	memcpy(mem + module + TASKS_STRTAB, "\0function\0data", 15);
	memcpy(mem + module + TASKS_LETTERS, "?td", 3);
	for (unsigned int i = 1; i < 3; i++) {
		tasks_put(mem, sym + 24 * i, i == 1 ? 1 : 10, 4);
		tasks_put(mem, sym + 24 * i + 4, i == 1 ? 2 : 1, 1);
		tasks_put(mem, sym + 24 * i + 6, i, 2);
		tasks_put(mem, sym + 24 * i + 8, i == 1 ? module + 0x600 :
		    0x300, 8);
	}
}

/* A module whose core_layout is the page that it lies in. */
static inline void
tasks_module(uint8_t *mem, unsigned int i)
{
	uint64_t at = TASKS_MODULE(i);

	strcpy((char *)mem + at + 24, "one");
	tasks_put(mem, at + 0x140, at & ~UINT64_C(0xfff), 8);
	for (unsigned int j = 0; j < 4; j++)
		tasks_put(mem, at + 0x148 + 4 * j, 0x1000, 4);
	tasks_kallsyms(mem, at);
}

static inline void
tasks_build(uint8_t mem[TASKS_LEN])
{
	uint64_t node[TASKS_N];

	memset(mem, 0, TASKS_LEN);
	for (unsigned int i = 0; i < TASKS_N; i++) {
		tasks_one(mem, i);
		node[i] = TASKS_TASK(i) + TASKS_LIST_OFF;
	}
	tasks_list(mem, node, TASKS_N);
	tasks_put(mem, TASKS_TASK(0) + TASKS_PARENT_OFF, TASKS_TASK(0), 8);
	tasks_put(mem, TASKS_TASK(0) + TASKS_PARENT_OFF + 8, TASKS_TASK(0), 8);
	tasks_family(mem, 0, 1, 2);
	tasks_family(mem, 1, 5, 1);
	tasks_family(mem, 2, 3, 2);
	for (unsigned int i = 3; i < TASKS_N; i++)
		tasks_family(mem, i, 0, 0);
	for (unsigned int i = 0; i < TASKS_N; i++)
		tasks_usage_of(mem, i, &(struct tasks_usage){ 1, 8, 24, 7 });
	tasks_module(mem, 0);
	tasks_list(mem, (uint64_t[]){ TASKS_MODULES, TASKS_MODULE(0) + 8 }, 2);
	/* Of init_task: no ids, and all capabilities but inherited ones. */
	tasks_put(mem, TASKS_CRED, 2, 4);
	for (unsigned int j = 1; j < 4; j++)
		tasks_put(mem, TASKS_CRED + 40 + 8 * j, UINT64_MAX, 8);
}

#endif
