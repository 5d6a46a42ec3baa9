/* SPDX-License-Identifier: BSD-2-Clause */
/* What is worked out before a list of processes, and its buffers. */
#include <inttypes.h>
#include <stdlib.h>

#include "os/linux/cpus.h"
#include "os/linux/task_fill.h"
#include "os/linux/waits.h"

/* task_struct is about 10 KiB; a type that says much more is broken. */
#define MAX_STRUCT	65536

static int
alloc_copies(struct kvmi_lister *x)
{
	const struct kvmi_linux_layout *l = &x->layout;

	x->task = malloc((size_t)l->task_size);
	x->signal = malloc((size_t)l->signal_size + 1);
	x->mm = malloc((size_t)l->mm_size + 1);
	x->cred = malloc((size_t)l->cred_size + 1);
	if (x->task == NULL || x->signal == NULL || x->mm == NULL ||
	    x->cred == NULL)
		return (kvmi_fail(&x->cx->err, KVMI_ENOMEM, "out of memory"));
	return (0);
}

void
kvmi_lister_deinit(struct kvmi_lister *x)
{
	kvmi_linux_waits_close(x->waits);
	kvmi_addrs_deinit(&x->threads);
	free(x->percpu);
	free(x->task);
	free(x->signal);
	free(x->mm);
	free(x->cred);
}

/* Numbers may be left out among CPUs; what their offsets lead to is no area. */
static void
read_areas(struct kvmi_lister *x)
{
	struct kvmi_linux_cpus c;

	if (kvmi_linux_cpus_read(x->k, x->cx, &c) != 0)
		return;
	for (unsigned int cpu = 0; cpu < c.n; cpu++)
		if (kvmi_linux_cpu_is(&c, cpu, KVMI_CPU_POSSIBLE))
			c.offset[x->ncpus++] = c.offset[cpu];
	x->percpu = c.offset;
	c.offset = NULL;
	kvmi_linux_cpus_deinit(&c);
}

/* The scheduler's clock, as the CPU has it that looked at it last. */
static uint64_t
sched_clock_of(struct kvmi_lister *x, struct kvmi_types *t)
{
	struct kvmi_member m;
	uint64_t va, v, max = 0;

	if (kvmi_type_member(t, "rq", "clock_task", &m, &x->cx->err) != 0 ||
	    kvmi_kernel_addr(x->k, x->cx, "runqueues", &va) != 0)
		return (0);
	for (unsigned int cpu = 0; cpu < x->ncpus; cpu++)
		if (kvmi_kread_member(x->k, x->cx, kvmi_linux_percpu_at(x->k,
		    va, x->percpu[cpu]), &m, &v) == 0 && v > max)
			max = v;
	return (max);
}

/*
 * A kernel for one CPU does not note in a task that it runs, but the scheduler
 * knows.
 */
static uint64_t
only_running(struct kvmi_lister *x)
{
	uint64_t task;

	if (x->layout.m[TASK_ON_CPU].size != 0 || x->ncpus != 1 ||
	    kvmi_linux_running_task(x->k, x->cx, 0, &task) != 0)
		return (0);
	return (task);
}

int
kvmi_lister_init(struct kvmi_lister *x, struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	struct kvmi_linux_layout *l = &x->layout;
	struct kvmi_types *t;
	int r;

	*x = (struct kvmi_lister){ .k = k, .cx = cx };
	r = kvmi_kernel_types(k, cx, &t);
	if (r == 0)
		r = kvmi_linux_layout(t, l, &cx->err);
	if (r != 0)
		return (r);
	if (l->task_size == 0 || l->task_size > MAX_STRUCT ||
	    l->signal_size > MAX_STRUCT || l->mm_size > MAX_STRUCT ||
	    l->cred_size > MAX_STRUCT)
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: task_struct of "
		    "%" PRIu64 " bytes", t->where, l->task_size));
	/* Without these the list is still worth having. */
	if (kvmi_linux_boottime(k, cx, &x->boot_nsec) != 0)
		x->boot_nsec = 0;
	if (kvmi_linux_uptime(k, cx, &x->now_nsec) != 0)
		x->now_nsec = 0;
	read_areas(x);
	x->sched_nsec = sched_clock_of(x, t);
	x->running = only_running(x);
	if (kvmi_linux_waits_open(k, cx, &x->waits) != 0)
		x->waits = NULL;
	return (alloc_copies(x));
}

int
kvmi_lister_clone(struct kvmi_lister *x, const struct kvmi_lister *of)
{
	struct kvmi_cx *cx = kvmi_cx_new();

	*x = *of;
	x->cx = cx;
	x->task = x->signal = x->mm = x->cred = NULL;
	x->waits = NULL;
	x->threads = (struct kvmi_addrs){ 0 };
	if (cx == NULL || alloc_copies(x) != 0 || (of->waits != NULL &&
	    kvmi_linux_waits_open(x->k, cx, &x->waits) != 0)) {
		kvmi_lister_free_clone(x);
		return (KVMI_ENOMEM);
	}
	return (0);
}

void
kvmi_lister_free_clone(struct kvmi_lister *x)
{
	struct kvmi_cx *cx = x->cx;

	x->percpu = NULL;	/* the original's */
	kvmi_lister_deinit(x);
	kvmi_cx_free(cx);
}
