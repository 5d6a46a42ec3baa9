/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes of a Linux image: one kinfo_proc per task_struct, with the meaning
 * kvm_getprocs(3) documents.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/task_fill.h"
#include "os/linux/tasks.h"
#include "os/linux/waits.h"

/* Those of a thread in ki_flag. */
#define OF_A_THREAD	(P_STOPPED_SIG | P_STOPPED_TRACE | P_TRACED | \
			    P_WEXIT | P_EXEC | P_PPWAIT)

/* task_struct is about 10 KiB; a type that says much more is broken. */
#define MAX_STRUCT	65536

static int
copy_task(struct kvmi_lister *x, uint64_t va)
{
	int r = kvmi_kread(x->k, x->cx, va, x->task,
	    (size_t)x->layout.task_len);

	if (r == 0)
		return (0);
	kvmi_wrap(&x->cx->err, r, "task_struct at 0x%" PRIx64, va);
	kvmi_damage(x->cx);
	return (r);
}

/* The entry of a thread is the process's, with what is the thread's own. */
static int
list_thread(struct kvmi_lister *x, const struct kinfo_proc *proc, uint64_t va,
    struct kvmi_procs *out)
{
	struct kvmi_usage u = { 0 };
	struct kinfo_proc *ki;
	int32_t pid = proc->ki_pid, ppid = proc->ki_ppid;

	if (copy_task(x, va) != 0)
		return (0);
	ki = kvmi_procs_add(out);
	if (ki == NULL)
		return (kvmi_fail(&x->cx->err, KVMI_ENOMEM, "out of memory"));
	*ki = *proc;
	ki->ki_siglist = x->shared;
	ki->ki_flag &= ~(int64_t)OF_A_THREAD;
	ki->ki_acflag = 0;
	ki->ki_tracer = 0;
	ki->ki_tdflags = 0;
	memset(ki->ki_tdname, 0, sizeof(ki->ki_tdname));
	memset(ki->ki_wmesg, 0, sizeof(ki->ki_wmesg));
	memset(&ki->ki_sigmask, 0, sizeof(ki->ki_sigmask));
	memset(ki->ki_comm, 0, sizeof(ki->ki_comm));
	kvmi_task_thread(x, ki, va);
	memcpy(ki->ki_comm, proc->ki_comm, sizeof(ki->ki_comm));
	ki->ki_pid = pid;
	ki->ki_ppid = ppid;
	kvmi_task_exit_code(x, ki);
	ki->ki_start = proc->ki_start;
	ki->ki_tpgid = proc->ki_tpgid;
	ki->ki_tdev = proc->ki_tdev;
	ki->ki_tdev_freebsd11 = proc->ki_tdev_freebsd11;
	kvmi_usage_add(x, &u);
	kvmi_usage_fill(ki, &u, kvmi_task_alive(x));
	return (0);
}

static int
list_process(struct kvmi_lister *x, uint64_t va, int op, int arg, bool threads,
    struct kvmi_procs *out)
{
	struct kinfo_proc ki = { .ki_structsize = KINFO_PROC_SIZE };
	struct kvmi_addrs tasks = { 0 };
	struct kvmi_usage u = { 0 };
	struct kinfo_proc *place;
	uint64_t signal, sighand, alive;
	int r = 0;

	if (copy_task(x, va) != 0)
		return (0);
	/* Of one process not everyone's stack need be read. */
	if (op == KERN_PROC_PID && (int32_t)kvmi_task_get(x, TASK_TGID) != arg)
		return (0);
	ki.ki_paddr = va;
	x->shared = (struct kvm_sigset){ { 0 } };
	kvmi_task_thread(x, &ki, va);
	kvmi_usage_add(x, &u);
	signal = kvmi_task_get(x, TASK_SIGNAL);
	sighand = kvmi_task_get(x, TASK_SIGHAND);
	alive = kvmi_task_alive(x);
	kvmi_task_signal(x, &ki, &u);
	kvmi_task_cred(x, &ki);
	if (!kvmi_procs_selected(&ki, op, arg))
		return (0);
	kvmi_task_mm(x, &ki);
	kvmi_task_actions(x, &ki, sighand);
	if (ki.ki_numthreads > 1 || threads)
		r = kvmi_list_collect(x->k, x->cx,
		    signal + x->layout.m[SIGNAL_THREAD_HEAD].off,
		    x->layout.m[TASK_THREAD_NODE].off, "thread", &tasks);
	/* The sums over all threads; thread entries need one of them only. */
	if (!threads || x->layout.m[TASK_SPLIT_RSS].size != 0)
		for (size_t i = 0; i < tasks.n; i++)
			if (tasks.v[i] != va && copy_task(x, tasks.v[i]) == 0)
				kvmi_usage_add(x, &u);
	kvmi_usage_fill(&ki, &u, alive);
	kvmi_usage_pages(x, &ki, &u);
	for (size_t i = 0; threads && i < tasks.n && r == 0; i++)
		r = list_thread(x, &ki, tasks.v[i], out);
	if (r == 0 && (!threads || tasks.n == 0)) {
		place = kvmi_procs_add(out);
		if (place == NULL)
			r = kvmi_fail(&x->cx->err, KVMI_ENOMEM,
			    "out of memory");
		else
			*place = ki;
	}
	kvmi_addrs_deinit(&tasks);
	return (r);
}

static void
lister_deinit(struct kvmi_lister *x)
{
	kvmi_linux_waits_close(x->waits);
	free(x->percpu);
	free(x->task);
	free(x->signal);
	free(x->mm);
	free(x->cred);
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

static int
lister_init(struct kvmi_lister *x, struct kvmi_kernel *k, struct kvmi_cx *cx)
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
	if (kvmi_linux_percpu(k, cx, &x->percpu, &x->ncpus) != 0)
		x->ncpus = 0;
	x->sched_nsec = sched_clock_of(x, t);
	if (kvmi_linux_waits_open(k, cx, &x->waits) != 0)
		x->waits = NULL;
	x->task = malloc((size_t)l->task_size);
	x->signal = malloc((size_t)l->signal_size + 1);
	x->mm = malloc((size_t)l->mm_size + 1);
	x->cred = malloc((size_t)l->cred_size + 1);
	if (x->task == NULL || x->signal == NULL || x->mm == NULL ||
	    x->cred == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory"));
	return (0);
}

int
kvmi_linux_procs(struct kvmi_kernel *k, struct kvmi_cx *cx, int op, int arg,
    bool threads, struct kvmi_procs *out)
{
	struct kvmi_addrs leaders = { 0 };
	struct kvmi_lister x;
	uint64_t init_task, tasks_off;
	int r;

	r = lister_init(&x, k, cx);
	if (r == 0)
		r = kvmi_kernel_addr(k, cx, "init_task", &init_task);
	if (r != 0)
		goto out;
	/* init_task is the list's head and is not on it: pid 0 is no process. */
	tasks_off = x.layout.m[TASK_TASKS].off;
	r = kvmi_list_collect(k, cx, init_task + tasks_off, tasks_off, "task",
	    &leaders);
	if (r == 0 && op == KERN_PROC_PROC && !kvmi_procs_reserve(out,
	    leaders.n))
		r = kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory");
	for (size_t i = 0; i < leaders.n && r == 0; i++)
		r = list_process(&x, leaders.v[i], op, arg, threads, out);
	kvmi_procs_sort(out);
out:
	kvmi_addrs_deinit(&leaders);
	lister_deinit(&x);
	return (r);
}
