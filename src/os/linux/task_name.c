/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name of a thread, as /proc/PID/comm has it (proc_task_name() of Linux,
 * fs/proc/array.c).  What is too long for a kernel thread's comm is in its
 * struct kthread since 5.17 (kernel/kthread.c); a worker's has what it works
 * on behind it (kernel/workqueue.c).
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

/* In place of a comm that it did not fit into. */
static void
full_name(struct kvmi_lister *x, uint64_t kthread, char name[SIZE])
{
	uint64_t va = kvmi_lister_follow(x, kthread, KTHREAD_FULL_NAME);
	char full[SIZE] = "";

	if (va == 0 || strlen(name) + 1 < x->layout.m[TASK_COMM].size)
		return;
	append(x, full, va, SIZE);
	if (full[0] != '\0')
		memcpy(name, full, SIZE);
}

/* What it is busy with, or was last. */
static void
worker_name(struct kvmi_lister *x, uint64_t kthread, char name[SIZE])
{
	const struct kvmi_member *desc = &x->layout.m[WORKER_DESC];
	uint64_t worker = kvmi_lister_follow(x, kthread, KTHREAD_DATA);
	size_t at;

	if (x->layout.worker_ids)
		full_name(x, kthread, name);
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
