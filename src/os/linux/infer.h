/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where members are in the structures of a kernel that has no types, worked out
 * from what all tasks have there.  A place counts only when it is the one that
 * fits every task; what no list can do without may lack a damaged one.  The
 * order of members next to each other, which no release since 4.14 changed, is
 * taken from include/linux/sched.h and held against the tasks too.
 */
#ifndef KVMI_INFER_H
#define KVMI_INFER_H

#include "os/addrs.h"
#include "os/linux/linux.h"
#include "os/linux/taskflags.h"
#include "type/listed.h"

/* How much of each task_struct is looked at, and of how many. */
#define KVMI_INFER_TASK		8192
#define KVMI_INFER_TASKS	512
/* From _stext on, the largest image with its data. */
#define KVMI_INFER_IMAGE	(UINT64_C(64) << 20)
#define KVMI_INFER_ROWS		200
/* Process 0 is init_task, 1 the first on its list; 2 is kthreadd. */
#define KVMI_INFER_KTHREADD	2

/* Where a struct module says which memory is the module's; n 0: not known. */
struct kvmi_infer_memory {
	uint64_t	 base, size;	/* of the first part, and from base on */
	uint64_t	 step;		/* to the next */
	unsigned int	 n;
};

struct kvmi_infer {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	const struct kvmi_linux *l;
	unsigned int	 ptr;
	uint64_t	 page;
	unsigned int	 align;		/* of 64-bit numbers */
	uint64_t	 ncpus;		/* more there are not */
	uint64_t	*budget;	/* of reads; made-up images ask for many */
	struct kvmi_addrs tasks;	/* init_task, and the process leaders */
	uint8_t		*copy;		/* KVMI_INFER_TASK bytes of each, */
	uint16_t	 slot[KVMI_INFER_TASKS];	/* and which are whose */
	uint64_t	 lost;		/* an entry of their list, or 0 */
	uint64_t	 behind_lost;	/* the next one */
	size_t		 odd;		/* the latest that a place did not fit */
	size_t		 dropped;	/* behind the others; not looked at */

	/* Offsets in task_struct that others are worked out from. */
	uint64_t	 comm, list, pid, parent, leader, thread_pid, thread_node,
			 stack, flags, prio, mm, signal, start, runtime;
	uint64_t	 number;	/* in struct pid, that of the machine */
	uint64_t	 thread_head;	/* in signal_struct */
	uint64_t	 pids;		/* in signal_struct, PIDTYPE_TGID's */
	uint64_t	 tty;		/* in signal_struct; 0: not known */
	uint64_t	 limits;	/* in signal_struct, once found */
	uint64_t	 total_vm;	/* in mm_struct, once found */

	struct kvmi_addrs modules;	/* struct module of each, once found */
	struct kvmi_infer_memory memory;

	struct kvmi_listed row[KVMI_INFER_ROWS];
	size_t		 n_rows;
};

/* Does the place fit every task? */
typedef bool kvmi_infer_fn(struct kvmi_infer *x, uint64_t off);

/* What such a function returns where the place does not fit the i-th task. */
bool kvmi_infer_odd(struct kvmi_infer *x, size_t i);

/*
 * The one place that fits, of those from off from on, below to; else false.  A
 * few odd tasks, on which it alone would fail, are not looked at any more.
 */
bool kvmi_infer_only(struct kvmi_infer *x, uint64_t from, uint64_t to,
    unsigned int step, kvmi_infer_fn *fits, uint64_t *ret);

/*
 * The same of places in the kernel's memory, a pointer's size apart: those in
 * [start, start + len) that hold two pointers.
 */
typedef bool kvmi_infer_at_fn(struct kvmi_infer *x, uint64_t va,
    const uint64_t word[2], void *arg);
bool kvmi_infer_scan(struct kvmi_infer *x, uint64_t start, uint64_t len,
    kvmi_infer_at_fn *fits, void *arg, uint64_t *ret);

/*
 * What there is of [start, start + len) in chunks, until fn returns false; each
 * begins with the last keep bytes, less than a page, of the one before it.
 */
typedef bool kvmi_infer_chunk_fn(struct kvmi_infer *x, uint64_t va,
    const uint8_t *p, size_t len, void *arg);
void kvmi_infer_chunks(struct kvmi_infer *x, uint64_t start, uint64_t len,
    unsigned int keep, kvmi_infer_chunk_fn *fn, void *arg);

/* A word of size bytes of the i-th task's copy; 0 when it is outside. */
uint64_t kvmi_infer_get(const struct kvmi_infer *x, size_t i, uint64_t off,
    unsigned int size);

static inline uint64_t
kvmi_infer_ptr(const struct kvmi_infer *x, size_t i, uint64_t off)
{
	return (kvmi_infer_get(x, i, off, x->ptr));
}

static inline uint32_t
kvmi_infer_u32(const struct kvmi_infer *x, size_t i, uint64_t off)
{
	return ((uint32_t)kvmi_infer_get(x, i, off, 4));
}

/* The same of memory; 0 when there is none. */
uint64_t kvmi_infer_read(const struct kvmi_infer *x, uint64_t va,
    unsigned int size);

/* The same of the i-th task's signal_struct. */
static inline uint64_t
kvmi_infer_signal_get(const struct kvmi_infer *x, size_t i, uint64_t off,
    unsigned int size)
{
	return (kvmi_infer_read(x, kvmi_infer_ptr(x, i, x->signal) + off,
	    size));
}

/* Can it be the address of an object of the kernel? */
bool kvmi_infer_is_ptr(const struct kvmi_infer *x, uint64_t va);

/* Is it an entry of a list whose neighbours know it? */
bool kvmi_infer_is_linked(const struct kvmi_infer *x, uint64_t va);

/*
 * Note a member: a number of size bytes, signed where the kernel has it so.
 * NULL: there is no room for it.
 */
struct kvmi_member *kvmi_infer_add(struct kvmi_infer *x, const char *type,
    const char *path, uint64_t off, uint64_t size, bool is_signed);
void kvmi_infer_add_ptr(struct kvmi_infer *x, const char *type,
    const char *path, uint64_t off);

static inline uint64_t
kvmi_infer_up(uint64_t off, unsigned int unit)
{
	return ((off + unit - 1) & ~(uint64_t)(unit - 1));
}

/* What follows has task_struct's members at hand; without it there is less. */
int kvmi_infer_task(struct kvmi_infer *x);
void kvmi_infer_sched(struct kvmi_infer *x);
void kvmi_infer_signal(struct kvmi_infer *x);
void kvmi_infer_tty(struct kvmi_infer *x);
void kvmi_infer_usage(struct kvmi_infer *x);
void kvmi_infer_cred(struct kvmi_infer *x);
void kvmi_infer_mm(struct kvmi_infer *x);

/*
 * Variables that no exported one leads to, each with the members of what is
 * there; these need no tasks.
 */
void kvmi_infer_clock(struct kvmi_infer *x);	/* the timekeeper */
void kvmi_infer_modules(struct kvmi_infer *x);	/* the list "modules" */
void kvmi_infer_kallsyms(struct kvmi_infer *x);	/* behind the modules */
void kvmi_infer_tick(struct kvmi_infer *x);	/* tick_cpu_sched */
void kvmi_infer_swap(struct kvmi_infer *x);	/* swap_info, how many */
void kvmi_infer_percpu(struct kvmi_infer *x);	/* __per_cpu_start, how much */

/* Its address has become known; more: what else that function tells. */
void kvmi_infer_found(struct kvmi_infer *x, enum kvmi_linux_once which,
    uint64_t va, uint64_t more);

/*
 * One of them alone, for a kernel whose types are known but not all its symbols;
 * more may be NULL.  KVMI_ENOTSUP: it was not found.
 */
int kvmi_linux_variable(struct kvmi_kernel *k, struct kvmi_cx *cx,
    enum kvmi_linux_once which, uint64_t *va, uint64_t *more);

/* Types of a kernel that has none.  KVMI_ENOTSUP: the tasks do not tell. */
int kvmi_linux_infer(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types **ret);

#endif
