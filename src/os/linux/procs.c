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
#include "os/linux/layout.h"
#include "os/linux/linux.h"
#include "os/linux/tasks.h"

/* task_struct is about 10 KiB; a type that says much more is broken. */
#define MAX_STRUCT	65536

/* include/linux/sched.h */
#define PF_EXITING	0x00000004
#define PF_KTHREAD	0x00200000
#define TASK_INTERRUPTIBLE	0x1
#define TASK_UNINTERRUPTIBLE	0x2
#define TASK_STOPPED	0x4
#define TASK_TRACED	0x8
#define TASK_PARKED	0x40
#define TASK_NOLOAD	0x400
#define TASK_NEW	0x800
#define EXIT_DEAD	0x10
#define EXIT_ZOMBIE	0x20
#define EXIT_MASK	(EXIT_DEAD | EXIT_ZOMBIE)

#define NSIG		64
#define SIG_DFL_	0
#define SIG_IGN_	1

struct lister {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	struct kvmi_linux_layout layout;
	uint64_t	*percpu;
	unsigned int	 ncpus;
	int64_t		 boot_nsec;
	struct kvm_sigset shared;	/* pending for the process at hand */
	uint8_t		*task;		/* copies of the structures at hand */
	uint8_t		*signal;
	uint8_t		*mm;
	uint8_t		*cred;
};

/* A member of a copied structure. */
static uint64_t
get(const struct lister *x, enum kvmi_linux_member id, const void *copy,
    uint64_t size)
{
	return (kvmi_member_get(&x->layout.m[id], copy, (size_t)size,
	    x->k->big_endian));
}

static uint64_t
task_get(const struct lister *x, enum kvmi_linux_member id)
{
	return (get(x, id, x->task, x->layout.task_size));
}

static uint64_t
signal_get(const struct lister *x, enum kvmi_linux_member id)
{
	return (get(x, id, x->signal, x->layout.signal_size));
}

static uint64_t
mm_get(const struct lister *x, enum kvmi_linux_member id)
{
	return (get(x, id, x->mm, x->layout.mm_size));
}

static uint64_t
cred_get(const struct lister *x, enum kvmi_linux_member id)
{
	return (get(x, id, x->cred, x->layout.cred_size));
}

/* A member that is behind a pointer; 0 when it cannot be had. */
static uint64_t
follow(struct lister *x, uint64_t base, enum kvmi_linux_member id)
{
	const struct kvmi_member *m = &x->layout.m[id];
	uint64_t v = 0;

	if (base == 0 || m->size == 0 ||
	    kvmi_kread_member(x->k, x->cx, base, m, &v) != 0)
		return (0);
	return (v);
}

/* The number of a struct pid in the initial namespace. */
static int32_t
pid_number(struct lister *x, uint64_t pid)
{
	const struct kvmi_member *m = &x->layout.m[PID_NUMBERS];
	uint64_t v;

	/* The array of numbers has no length of its own: look at its element. */
	if (pid == 0 || x->layout.m[UPID_NR].size == 0 ||
	    kvmi_kread_uint(x->k, x->cx, pid + m->off +
	    x->layout.m[UPID_NR].off, 4, &v) != 0)
		return (0);
	return ((int32_t)v);
}

/* A structure that ki is not complete without. */
static bool
copy_part(struct lister *x, const struct kinfo_proc *ki, const char *what,
    uint64_t va, uint8_t *buf, uint64_t size)
{
	int r;

	if (va == 0 || size == 0)
		return (false);
	r = kvmi_kread(x->k, x->cx, va, buf, (size_t)size);
	if (r == 0)
		return (true);
	kvmi_wrap(&x->cx->err, r, "process %" PRId32 " (task_struct at 0x%"
	    PRIx64 "): %s at 0x%" PRIx64, ki->ki_pid, ki->ki_paddr, what, va);
	kvmi_damage(x->cx);
	return (false);
}

static void
fill_state(const struct lister *x, struct kinfo_proc *ki)
{
	uint64_t state = task_get(x, TASK_STATE);
	uint64_t exit = task_get(x, TASK_EXIT_STATE);

	if (exit & EXIT_MASK) {
		ki->ki_stat = SZOMB;
	} else if (state == TASK_NEW) {
		ki->ki_stat = SIDL;
	} else if (state & (TASK_STOPPED | TASK_TRACED)) {
		ki->ki_stat = SSTOP;
		ki->ki_flag |= state & TASK_TRACED ? P_STOPPED_TRACE :
		    P_STOPPED_SIG;
	} else if (state & TASK_INTERRUPTIBLE) {
		ki->ki_stat = SSLEEP;
		ki->ki_tdflags |= TDF_SINTR;
	} else if (state & (TASK_UNINTERRUPTIBLE | TASK_PARKED)) {
		ki->ki_stat = SSLEEP;
		if (state & TASK_NOLOAD)
			ki->ki_tdflags |= TDF_NOLOAD;
	} else {
		ki->ki_stat = SRUN;
	}
}

/* What is in the task itself. */
static void
fill_task(struct lister *x, struct kinfo_proc *ki)
{
	const struct kvmi_member *comm = &x->layout.m[TASK_COMM];
	uint64_t flags = task_get(x, TASK_FLAGS);
	uint64_t start;

	ki->ki_tpgid = -1;
	ki->ki_tdev = UINT64_MAX;
	ki->ki_tdev_freebsd11 = UINT32_MAX;
	ki->ki_pid = (int32_t)task_get(x, TASK_TGID);
	ki->ki_tid = (int32_t)task_get(x, TASK_PID);
	if (kvmi_inside(comm->off, comm->size, x->layout.task_size)) {
		const uint8_t *s = x->task + comm->off;
		size_t n = strnlen((const char *)s, (size_t)comm->size);

		memcpy(ki->ki_comm, s, kvmi_min(n, COMMLEN));
		memcpy(ki->ki_tdname, s, kvmi_min(n, TDNAMLEN));
	}
	fill_state(x, ki);
	if (flags & PF_KTHREAD)
		ki->ki_flag |= P_KPROC | P_SYSTEM;
	if (flags & PF_EXITING)
		ki->ki_flag |= P_WEXIT;
	if (task_get(x, TASK_PTRACE) != 0) {
		ki->ki_flag |= P_TRACED;
		ki->ki_tracer = (int32_t)follow(x, task_get(x, TASK_PARENT),
		    TASK_PID);
	}
	ki->ki_ppid = (int32_t)follow(x, task_get(x, TASK_REAL_PARENT),
	    TASK_TGID);
	ki->ki_nice = (signed char)((int64_t)task_get(x, TASK_STATIC_PRIO) -
	    120);
	ki->ki_pri.pri_level = (uint8_t)task_get(x, TASK_PRIO);
	ki->ki_pri.pri_native = (uint8_t)task_get(x, TASK_NORMAL_PRIO);
	ki->ki_pri.pri_user = (uint8_t)task_get(x, TASK_STATIC_PRIO);
	ki->ki_pri.pri_class = (uint8_t)task_get(x, TASK_POLICY);
	ki->ki_lastcpu = (int32_t)task_get(x, TASK_CPU);
	ki->ki_oncpu = task_get(x, TASK_ON_CPU) != 0 ? ki->ki_lastcpu : -1;
	ki->ki_oncpu_old = ki->ki_oncpu < 0 ? 255 :
	    (uint8_t)kvmi_min((uint64_t)ki->ki_oncpu, 254);
	ki->ki_lastcpu_old = (uint8_t)kvmi_min((uint64_t)ki->ki_lastcpu, 254);
	ki->ki_xstat = (uint16_t)task_get(x, TASK_EXIT_CODE);
	ki->ki_kstack = task_get(x, TASK_STACK);
	ki->ki_fd = task_get(x, TASK_FILES);
	ki->ki_vmspace = task_get(x, TASK_MM);
	start = task_get(x, TASK_START);
	if (x->boot_nsec != 0) {
		int64_t t = x->boot_nsec + (int64_t)start;

		ki->ki_start.tv_sec = t / 1000000000;
		ki->ki_start.tv_usec = t % 1000000000 / 1000;
	}
	strcpy(ki->ki_emul, "Linux");
}

/* One signal mask as four words, bit n - 1 for signal n. */
static void
fill_mask(const struct lister *x, enum kvmi_linux_member id, const void *copy,
    uint64_t size, struct kvm_sigset *set)
{
	uint64_t v = get(x, id, copy, size);

	set->__bits[0] |= (uint32_t)v;
	set->__bits[1] |= (uint32_t)(v >> 32);
}

static void
fill_actions(struct lister *x, struct kinfo_proc *ki, uint64_t sighand)
{
	const struct kvmi_member *a = &x->layout.m[SIGHAND_ACTION];
	uint64_t step = x->layout.ksig_size, ptr = x->k->arch->pointer_size;
	uint8_t copy[4096];
	size_t len;

	if (sighand == 0 || a->size == 0 || step == 0 || step * NSIG >
	    sizeof(copy))
		return;
	len = (size_t)step * NSIG;
	if (kvmi_kread(x->k, x->cx, sighand + a->off, copy, len) != 0)
		return;
	for (unsigned int i = 0; i < NSIG; i++) {
		uint64_t at = i * step + x->layout.m[KSIG_HANDLER].off;
		uint64_t h = kvmi_inside(at, ptr, len) ? kvmi_get_uint(copy +
		    at, (unsigned int)ptr, x->k->big_endian) : SIG_DFL_;

		if (h == SIG_IGN_)
			ki->ki_sigignore.__bits[i / 32] |= 1u << i % 32;
		else if (h != SIG_DFL_)
			ki->ki_sigcatch.__bits[i / 32] |= 1u << i % 32;
	}
}

static void
fill_groups(struct lister *x, struct kinfo_proc *ki, uint64_t info)
{
	const struct kvmi_member *gid = &x->layout.m[GROUPS_GID];
	uint64_t n = follow(x, info, GROUPS_N);

	ki->ki_groups[0] = (uint32_t)cred_get(x, CRED_EGID);
	ki->ki_ngroups = 1;
	if (info == 0 || x->layout.m[GROUPS_N].size == 0)
		return;
	if (n > KI_NGROUPS - 1) {
		n = KI_NGROUPS - 1;
		ki->ki_cr_flags |= KI_CRF_GRP_OVERFLOW;
	}
	for (uint64_t i = 0; i < n; i++) {
		uint64_t v;

		if (kvmi_kread_uint(x->k, x->cx, info + gid->off + 4 * i, 4,
		    &v) != 0)
			return;
		ki->ki_groups[ki->ki_ngroups++] = (uint32_t)v;
	}
}

static void
fill_cred(struct lister *x, struct kinfo_proc *ki)
{
	if (!copy_part(x, ki, "cred", task_get(x, TASK_CRED), x->cred,
	    x->layout.cred_size))
		return;
	ki->ki_uid = (uint32_t)cred_get(x, CRED_EUID);
	ki->ki_ruid = (uint32_t)cred_get(x, CRED_UID);
	ki->ki_svuid = (uint32_t)cred_get(x, CRED_SUID);
	ki->ki_rgid = (uint32_t)cred_get(x, CRED_GID);
	ki->ki_svgid = (uint32_t)cred_get(x, CRED_SGID);
	fill_groups(x, ki, cred_get(x, CRED_GROUP_INFO));
}

/* include/linux/kdev_t.h: MKDEV of 12 and 20 bits, as dev_t of the host. */
static void
fill_tty(struct lister *x, struct kinfo_proc *ki, uint64_t tty)
{
	uint64_t driver, major, minor;

	if (tty == 0)
		return;
	driver = follow(x, tty, TTY_DRIVER);
	major = follow(x, driver, TTYDRV_MAJOR);
	minor = follow(x, driver, TTYDRV_MINOR_START) +
	    follow(x, tty, TTY_INDEX);
	ki->ki_tdev = (minor & 0xff) | major << 8 | (minor & ~0xffull) << 12;
	ki->ki_tdev_freebsd11 = (uint32_t)ki->ki_tdev;
	ki->ki_tpgid = pid_number(x, follow(x, tty, TTY_PGRP));
	ki->ki_tsid = pid_number(x, follow(x, tty, TTY_SESSION));
	ki->ki_flag |= P_CONTROLT;
	ki->ki_kiflag |= KI_CTTY;
}

/* A percpu_counter's exact value: what CPUs have not handed in counts. */
static int64_t
percpu_counter(struct lister *x, const uint8_t *copy, uint64_t size)
{
	int64_t v = (int64_t)get(x, PCPU_COUNT, copy, size);
	uint64_t area = get(x, PCPU_COUNTERS, copy, size);

	for (unsigned int cpu = 0; cpu < x->ncpus && area != 0; cpu++) {
		uint64_t d;

		if (kvmi_kread_uint(x->k, x->cx, kvmi_linux_percpu_at(x->k,
		    area, x->percpu[cpu]), 4, &d) == 0)
			v += (int32_t)d;
	}
	return (v < 0 ? 0 : v);
}

static int64_t
resident_pages(struct lister *x)
{
	const struct kvmi_member *m = &x->layout.m[MM_RSS_STAT];
	uint64_t step = x->layout.pcpu_size;
	/* Since 6.2 an array of percpu_counter, before of atomic longs. */
	bool percpu = m->count > 1 && m->size == step * m->count;
	int64_t sum = 0;

	if (!percpu)
		step = x->k->arch->pointer_size;
	for (size_t i = 0; i < KVMI_COUNT(x->layout.rss_index); i++) {
		uint64_t at = m->off + step * x->layout.rss_index[i];

		if (m->size == 0 || !kvmi_inside(at, step, x->layout.mm_size))
			continue;
		if (percpu)
			sum += percpu_counter(x, x->mm + at, step);
		else if (step == 4)
			sum += (int32_t)kvmi_get32(x->mm + at,
			    x->k->big_endian);
		else
			sum += (int64_t)kvmi_get64(x->mm + at,
			    x->k->big_endian);
	}
	return (sum < 0 ? 0 : sum);
}

static void
fill_mm(struct lister *x, struct kinfo_proc *ki)
{
	uint64_t page = UINT64_C(1) << x->k->arch->page_shift;

	if (!copy_part(x, ki, "mm_struct", task_get(x, TASK_MM), x->mm,
	    x->layout.mm_size))
		return;
	ki->ki_size = mm_get(x, MM_TOTAL_VM) * page;
	ki->ki_rssize = resident_pages(x);
	ki->ki_tsize = (int64_t)((mm_get(x, MM_END_CODE) -
	    mm_get(x, MM_START_CODE) + page - 1) / page);
	ki->ki_dsize = (int64_t)mm_get(x, MM_DATA_VM);
	ki->ki_ssize = (int64_t)mm_get(x, MM_STACK_VM);
}

static struct kvm_timeval
timeval_of(uint64_t nsec)
{
	struct kvm_timeval tv = { .tv_sec = (int64_t)(nsec / 1000000000),
		.tv_usec = (int64_t)(nsec % 1000000000 / 1000) };

	return (tv);
}

/* The resources one thread used, nsec of utime and stime apart. */
struct usage {
	uint64_t	utime, stime, runtime;
	int64_t		minflt, majflt, nvcsw, nivcsw, split_rss;
};

static void
add_thread(const struct lister *x, struct usage *u)
{
	const struct kvmi_member *rss = &x->layout.m[TASK_SPLIT_RSS];

	u->utime += task_get(x, TASK_UTIME);
	u->stime += task_get(x, TASK_STIME);
	u->runtime += task_get(x, TASK_RUNTIME);
	u->minflt += (int64_t)task_get(x, TASK_MIN_FLT);
	u->majflt += (int64_t)task_get(x, TASK_MAJ_FLT);
	u->nvcsw += (int64_t)task_get(x, TASK_NVCSW);
	u->nivcsw += (int64_t)task_get(x, TASK_NIVCSW);
	/* Up to 6.1 each thread keeps back pages it has not handed in. */
	for (size_t i = 0; i < KVMI_COUNT(x->layout.rss_index); i++) {
		uint64_t at = rss->off + 4 * x->layout.rss_index[i];

		if (rss->size != 0 && kvmi_inside(at, 4, x->layout.task_size))
			u->split_rss += (int32_t)kvmi_get32(x->task + at,
			    x->k->big_endian);
	}
}

static void
fill_usage(struct kinfo_proc *ki, const struct usage *u)
{
	ki->ki_runtime = u->runtime / 1000;
	ki->ki_rusage.ru_utime = timeval_of(u->utime);
	ki->ki_rusage.ru_stime = timeval_of(u->stime);
	ki->ki_rusage.ru_minflt = u->minflt;
	ki->ki_rusage.ru_majflt = u->majflt;
	ki->ki_rusage.ru_nvcsw = u->nvcsw;
	ki->ki_rusage.ru_nivcsw = u->nivcsw;
	if (ki->ki_vmspace != 0 && ki->ki_rssize + u->split_rss >= 0)
		ki->ki_rssize += u->split_rss;
}

/* What the threads of a process share. */
static void
fill_signal(struct lister *x, struct kinfo_proc *ki, struct usage *u)
{
	if (!copy_part(x, ki, "signal_struct", task_get(x, TASK_SIGNAL),
	    x->signal, x->layout.signal_size))
		return;
	ki->ki_numthreads = (int32_t)signal_get(x, SIGNAL_NR_THREADS);
	ki->ki_pgid = pid_number(x, signal_get(x, SIGNAL_PGRP));
	ki->ki_sid = pid_number(x, signal_get(x, SIGNAL_SID));
	if (signal_get(x, SIGNAL_LEADER) != 0)
		ki->ki_kiflag |= KI_SLEADER;
	fill_tty(x, ki, signal_get(x, SIGNAL_TTY));
	fill_mask(x, SIGNAL_PENDING, x->signal, x->layout.signal_size,
	    &x->shared);
	ki->ki_siglist.__bits[0] |= x->shared.__bits[0];
	ki->ki_siglist.__bits[1] |= x->shared.__bits[1];
	ki->ki_rusage.ru_maxrss = (int64_t)(signal_get(x, SIGNAL_MAXRSS) <<
	    (x->k->arch->page_shift - 10));
	ki->ki_rusage_ch.ru_utime = timeval_of(signal_get(x, SIGNAL_CUTIME));
	ki->ki_rusage_ch.ru_stime = timeval_of(signal_get(x, SIGNAL_CSTIME));
	ki->ki_rusage_ch.ru_minflt = (int64_t)signal_get(x, SIGNAL_CMIN_FLT);
	ki->ki_rusage_ch.ru_majflt = (int64_t)signal_get(x, SIGNAL_CMAJ_FLT);
	ki->ki_childtime = timeval_of(signal_get(x, SIGNAL_CUTIME) +
	    signal_get(x, SIGNAL_CSTIME));
	/* Threads that are gone left their usage here. */
	u->utime += signal_get(x, SIGNAL_UTIME);
	u->stime += signal_get(x, SIGNAL_STIME);
	u->runtime += signal_get(x, SIGNAL_RUNTIME);
	u->minflt += (int64_t)signal_get(x, SIGNAL_MIN_FLT);
	u->majflt += (int64_t)signal_get(x, SIGNAL_MAJ_FLT);
	u->nvcsw += (int64_t)signal_get(x, SIGNAL_NVCSW);
	u->nivcsw += (int64_t)signal_get(x, SIGNAL_NIVCSW);
}

static int
copy_task(struct lister *x, uint64_t va)
{
	int r = kvmi_kread(x->k, x->cx, va, x->task,
	    (size_t)x->layout.task_size);

	if (r == 0)
		return (0);
	kvmi_wrap(&x->cx->err, r, "task_struct at 0x%" PRIx64, va);
	kvmi_damage(x->cx);
	return (r);
}

/* Per-thread fields of ki, from the task in x->task. */
static void
fill_thread(struct lister *x, struct kinfo_proc *ki, uint64_t va)
{
	fill_task(x, ki);
	ki->ki_tdaddr = va;
	fill_mask(x, TASK_BLOCKED, x->task, x->layout.task_size,
	    &ki->ki_sigmask);
	fill_mask(x, TASK_PENDING, x->task, x->layout.task_size,
	    &ki->ki_siglist);
}

/* The entry of a thread is the process's, with what is the thread's own. */
static int
list_thread(struct lister *x, const struct kinfo_proc *proc, uint64_t va,
    struct kvmi_procs *out)
{
	struct usage u = { 0 };
	struct kinfo_proc *ki;
	int32_t pid = proc->ki_pid, ppid = proc->ki_ppid;

	if (copy_task(x, va) != 0)
		return (0);
	ki = kvmi_procs_add(out);
	if (ki == NULL)
		return (kvmi_fail(&x->cx->err, KVMI_ENOMEM, "out of memory"));
	*ki = *proc;
	ki->ki_siglist = x->shared;
	ki->ki_flag &= ~(int64_t)(P_STOPPED_SIG | P_STOPPED_TRACE | P_WEXIT);
	ki->ki_tdflags = 0;
	memset(ki->ki_tdname, 0, sizeof(ki->ki_tdname));
	memset(&ki->ki_sigmask, 0, sizeof(ki->ki_sigmask));
	memset(ki->ki_comm, 0, sizeof(ki->ki_comm));
	fill_thread(x, ki, va);
	memcpy(ki->ki_comm, proc->ki_comm, sizeof(ki->ki_comm));
	ki->ki_pid = pid;
	ki->ki_ppid = ppid;
	ki->ki_start = proc->ki_start;
	ki->ki_tpgid = proc->ki_tpgid;
	ki->ki_tdev = proc->ki_tdev;
	ki->ki_tdev_freebsd11 = proc->ki_tdev_freebsd11;
	add_thread(x, &u);
	u.split_rss = 0;
	fill_usage(ki, &u);
	return (0);
}

static int
list_process(struct lister *x, uint64_t va, int op, int arg, bool threads,
    struct kvmi_procs *out)
{
	struct kinfo_proc ki = { .ki_structsize = KINFO_PROC_SIZE };
	struct kvmi_addrs tasks = { 0 };
	struct usage u = { 0 };
	struct kinfo_proc *place;
	uint64_t signal, sighand;
	int r = 0;

	if (copy_task(x, va) != 0)
		return (0);
	ki.ki_paddr = va;
	x->shared = (struct kvm_sigset){ { 0 } };
	fill_thread(x, &ki, va);
	add_thread(x, &u);
	signal = task_get(x, TASK_SIGNAL);
	sighand = task_get(x, TASK_SIGHAND);
	fill_signal(x, &ki, &u);
	fill_cred(x, &ki);
	if (!kvmi_procs_selected(&ki, op, arg))
		return (0);
	fill_mm(x, &ki);
	fill_actions(x, &ki, sighand);
	if (ki.ki_numthreads > 1 || threads)
		r = kvmi_list_collect(x->k, x->cx,
		    signal + x->layout.m[SIGNAL_THREAD_HEAD].off,
		    x->layout.m[TASK_THREAD_NODE].off, "thread", &tasks);
	/* The sums over all threads; thread entries need one of them only. */
	if (!threads || x->layout.m[TASK_SPLIT_RSS].size != 0)
		for (size_t i = 0; i < tasks.n; i++)
			if (tasks.v[i] != va && copy_task(x, tasks.v[i]) == 0)
				add_thread(x, &u);
	fill_usage(&ki, &u);
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
lister_deinit(struct lister *x)
{
	free(x->percpu);
	free(x->task);
	free(x->signal);
	free(x->mm);
	free(x->cred);
}

static int
lister_init(struct lister *x, struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	struct kvmi_linux_layout *l = &x->layout;
	struct kvmi_types *t;
	int r;

	*x = (struct lister){ .k = k, .cx = cx };
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
	/* Without these two the list is still worth having. */
	if (kvmi_linux_boottime(k, cx, &x->boot_nsec) != 0)
		x->boot_nsec = 0;
	if (kvmi_linux_percpu(k, cx, &x->percpu, &x->ncpus) != 0)
		x->ncpus = 0;
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
	struct lister x;
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
	for (size_t i = 0; i < leaders.n && r == 0; i++)
		r = list_process(&x, leaders.v[i], op, arg, threads, out);
	kvmi_procs_sort(out);
out:
	kvmi_addrs_deinit(&leaders);
	lister_deinit(&x);
	return (r);
}
