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
#include "base/prefault.h"
#include "base/worker.h"
#include "os/linux/task_fill.h"
#include "os/linux/tasks.h"

/* Those of a thread in ki_flag. */
#define OF_A_THREAD	(P_STOPPED_SIG | P_STOPPED_TRACE | P_TRACED | \
			    P_WEXIT | P_EXEC | P_PPWAIT)

/* Processes that are worth a thread of their own, and threads at most. */
#define MIN_SHARE	1000
#define MAX_SHARES	8

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
	memset(ki->ki_moretdname, 0, sizeof(ki->ki_moretdname));
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
	const struct kvmi_addrs *tasks = &x->threads;
	struct kvmi_usage u = { 0 };
	size_t first = tasks->n;
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
		    x->layout.m[TASK_THREAD_NODE].off, "thread", &x->threads);
	/* The sums over all threads; thread entries need one of them only. */
	if (!threads || x->layout.m[TASK_SPLIT_RSS].size != 0)
		for (size_t i = first; i < tasks->n; i++)
			if (tasks->v[i] != va && copy_task(x, tasks->v[i]) == 0)
				kvmi_usage_add(x, &u);
	kvmi_usage_fill(&ki, &u, alive);
	kvmi_usage_pages(x, &ki, &u);
	for (size_t i = first; threads && i < tasks->n && r == 0; i++)
		r = list_thread(x, &ki, tasks->v[i], out);
	if (r == 0 && (!threads || tasks->n == first)) {
		place = kvmi_procs_add(out);
		if (place == NULL)
			r = kvmi_fail(&x->cx->err, KVMI_ENOMEM,
			    "out of memory");
		else
			*place = ki;
	}
	return (r);
}

static int
list_processes(struct kvmi_lister *x, const uint64_t *leader, size_t n, int op,
    int arg, bool threads, struct kvmi_procs *out)
{
	int r = 0;

	if (op == KERN_PROC_PROC)
		kvmi_prefault(out->v, n * sizeof(*out->v));
	for (size_t i = 0; i < n && r == 0; i++)
		r = list_process(x, leader[i], op, arg, threads, out);
	return (r);
}

/* A part of the list, on a thread of its own. */
struct share {
	pthread_t	 thread;
	struct kvmi_lister x;
	const uint64_t	*leader;
	size_t		 n;
	int		 op, arg;
	bool		 threads;
	struct kvmi_procs out;
	int		 r;
};

static void *
list_share(void *arg)
{
	struct share *s = arg;

	s->r = list_processes(&s->x, s->leader, s->n, s->op, s->arg,
	    s->threads, &s->out);
	return (NULL);
}

/* What a share has found, behind what was found before it. */
static int
take_share(struct share *s, struct kvmi_cx *cx, int r,
    struct kvmi_procs *out)
{
	if (r == 0 && s->r != 0)
		cx->err = s->x.cx->err;
	else if (r == 0 && !kvmi_procs_append(out, &s->out))
		s->r = kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory");
	kvmi_damage_add(cx, s->x.cx);
	if (s->threads)
		free(s->out.v);
	return (r != 0 ? r : s->r);
}

/*
 * A long list, by as many threads as are worth starting.  Those that cannot
 * be had leave their share to this one.  Without threads a process has one
 * entry at most, so that each share has its place in the list from the start.
 */
static int
list_shared(struct kvmi_lister *x, const struct kvmi_addrs *leaders, int op,
    int arg, bool threads, struct kvmi_procs *out)
{
	struct share share[MAX_SHARES - 1];
	size_t want = kvmi_min(kvmi_min(kvmi_worker_cpus(), MAX_SHARES),
	    leaders->n / MIN_SHARE + 1);
	size_t each = leaders->n / want + 1, rest = leaders->n, n = 0;
	int r;

	if (!threads && !kvmi_procs_reserve(out, rest))
		return (kvmi_fail(&x->cx->err, KVMI_ENOMEM, "out of memory"));
	while (n + 1 < want) {
		struct share *s = &share[n];

		*s = (struct share){ .leader = leaders->v + rest - each,
			.n = each, .op = op, .arg = arg, .threads = threads };
		if (!threads)
			s->out = (struct kvmi_procs){ .cap = each,
				.v = out->v + rest - each };
		if (kvmi_lister_clone(&s->x, x) != 0)
			break;
		if (kvmi_worker_start(&s->thread, list_share, s) != 0) {
			kvmi_lister_free_clone(&s->x);
			break;
		}
		rest -= each;
		n++;
	}
	r = list_processes(x, leaders->v, rest, op, arg, threads, out);
	/* The last one has what comes first. */
	while (n > 0) {
		struct share *s = &share[--n];

		pthread_join(s->thread, NULL);
		r = take_share(s, x->cx, r, out);
		kvmi_lister_free_clone(&s->x);
	}
	return (r);
}

int
kvmi_linux_procs(struct kvmi_kernel *k, struct kvmi_cx *cx, int op, int arg,
    bool threads, struct kvmi_procs *out)
{
	struct kvmi_addrs leaders = { 0 };
	struct kvmi_lister x;
	uint64_t init_task, tasks_off;
	int r;

	r = kvmi_lister_init(&x, k, cx);
	if (r == 0)
		r = kvmi_kernel_addr(k, cx, "init_task", &init_task);
	if (r != 0)
		goto out;
	/* init_task is the list's head and is not on it: pid 0 is no process. */
	tasks_off = x.layout.m[TASK_TASKS].off;
	r = kvmi_list_collect(k, cx, init_task + tasks_off, tasks_off, "task",
	    &leaders);
	if (r == 0)
		r = list_shared(&x, &leaders, op, arg, threads, out);
	kvmi_procs_sort(out);
out:
	kvmi_addrs_deinit(&leaders);
	kvmi_lister_deinit(&x);
	return (r);
}
