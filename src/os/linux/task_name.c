/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name of a thread, as /proc/PID/comm has it (proc_task_name() of Linux,
 * fs/proc/array.c).  What is too long for a kernel thread's comm is in its
 * struct kthread since 5.17 (kernel/kthread.c); a worker's has what it works
 * on behind it since 4.18 (kernel/workqueue.c), and since 6.11 its own is whole
 * too.
 *
 * Types are looked up when a thread needs them: DWARF has these two far behind
 * the others.
 */
#include <string.h>

#include "base/math.h"
#include "os/linux/task_fill.h"
#include "os/linux/taskflags.h"

#define SIZE		64	/* as much as procfs shows, with its NUL */

/* Text in the kernel's memory, at the end of name. */
static void
append(struct kvmi_lister *x, char name[SIZE], uint64_t va, uint64_t len)
{
	size_t at = strlen(name);
	char text[SIZE];

	if (kvmi_space_string(&x->k->space, x->cx, va, text,
	    kvmi_min(len, SIZE - at)) == 0)
		memcpy(name + at, text, strlen(text) + 1);
}

static void
look_up(struct kvmi_lister *x, enum kvmi_linux_member id, const char *spelling)
{
	struct kvmi_member *m = &x->layout.m[id];
	struct kvmi_types *t;

	if (kvmi_kernel_types(x->k, x->cx, &t) != 0 ||
	    kvmi_type_first(t, spelling, m, &x->cx->err) != 0)
		*m = (struct kvmi_member){ 0 };
}

static bool
has_function(struct kvmi_lister *x, const char *name)
{
	uint64_t va;

	return (kvmi_kernel_addr(x->k, x->cx, name, &va) == 0);
}

/* In place of a comm that it did not fit into. */
static void
full_name(struct kvmi_lister *x, uint64_t kthread, char name[SIZE])
{
	char full[SIZE] = "";
	uint64_t va;

	if (strlen(name) + 1 < x->layout.m[TASK_COMM].size)
		return;
	if (!x->names.full)
		look_up(x, KTHREAD_FULL_NAME, "kthread.full_name");
	x->names.full = true;
	va = kvmi_lister_follow(x, kthread, KTHREAD_FULL_NAME);
	if (va == 0)
		return;
	append(x, full, va, SIZE);
	if (full[0] != '\0')
		memcpy(name, full, SIZE);
}

static void
learn_workers(struct kvmi_lister *x)
{
	if (x->names.worker)
		return;
	x->names.worker = true;
	x->names.ids = has_function(x, "format_worker_id");
	/* Without it comm is all that is shown: no member is known then. */
	if (!has_function(x, "wq_worker_comm"))
		return;
	look_up(x, KTHREAD_DATA, "kthread.data");
	look_up(x, WORKER_POOL, "worker.pool");
	look_up(x, WORKER_WORK, "worker.current_work");
	look_up(x, WORKER_DESC, "worker.desc");
}

/* What it is busy with, or was last. */
static void
worker_name(struct kvmi_lister *x, uint64_t kthread, char name[SIZE])
{
	const struct kvmi_member *desc = &x->layout.m[WORKER_DESC];
	uint64_t worker;
	size_t at;

	learn_workers(x);
	if (x->names.ids)
		full_name(x, kthread, name);
	worker = kvmi_lister_follow(x, kthread, KTHREAD_DATA);
	at = strlen(name);
	if (desc->size == 0 || at + 1 >= SIZE ||
	    kvmi_lister_follow(x, worker, WORKER_POOL) == 0)
		return;
	name[at] = kvmi_lister_follow(x, worker, WORKER_WORK) != 0 ? '+' : '-';
	name[at + 1] = '\0';
	append(x, name, worker + desc->off, desc->size);
	if (name[at + 1] == '\0')
		name[at] = '\0';
}

void
kvmi_task_name(struct kvmi_lister *x, struct kinfo_proc *ki)
{
	const struct kvmi_member *comm = &x->layout.m[TASK_COMM];
	uint64_t flags = kvmi_task_get(x, TASK_FLAGS);
	uint64_t kthread = kvmi_task_get(x, TASK_KTHREAD);
	char name[SIZE] = "";

	if (!kvmi_inside(comm->off, comm->size, x->layout.task_len))
		return;
	memcpy(name, x->task + comm->off, kvmi_min(comm->size, SIZE - 1));
	if (kthread != 0 && (flags & KVMI_PF_KTHREAD) != 0) {
		if ((flags & KVMI_PF_WQ_WORKER) != 0)
			worker_name(x, kthread, name);
		else
			full_name(x, kthread, name);
	}
	memcpy(ki->ki_comm, name, kvmi_min(strlen(name), COMMLEN));
	kvmi_procs_thread_name(ki, name);
}
