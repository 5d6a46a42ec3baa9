/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/linux/task_fill.h"

#include <inttypes.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/taskflags.h"
#include "os/linux/waits.h"

/* include/linux/sched.h */
#define TASK_INTERRUPTIBLE	0x1
#define TASK_UNINTERRUPTIBLE	0x2
#define TASK_STOPPED	0x4
#define TASK_TRACED	0x8
#define TASK_PARKED	0x40
#define TASK_NOLOAD	0x400
#define TASK_NEW	0x800
#define TASK_RTLOCK_WAIT 0x1000		/* for what is no spinlock then; 5.15 */
#define TASK_FROZEN	0x8000		/* since 6.1 */
#define EXIT_DEAD	0x10
#define EXIT_ZOMBIE	0x20
#define EXIT_MASK	(EXIT_DEAD | EXIT_ZOMBIE)

/* include/linux/sched/signal.h */
#define SIGNAL_STOP_STOPPED	0x1
#define SIGNAL_GROUP_EXIT	0x4

#define NSIG		64
#define SIG_DFL_	0
#define SIG_IGN_	1

uint64_t
kvmi_lister_follow(struct kvmi_lister *x, uint64_t base,
    enum kvmi_linux_member id)
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
pid_number(struct kvmi_lister *x, uint64_t pid)
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

bool
kvmi_lister_copy(struct kvmi_lister *x, const struct kinfo_proc *ki,
    const char *what, uint64_t va, uint8_t *buf, uint64_t size)
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
fill_state(const struct kvmi_lister *x, struct kinfo_proc *ki)
{
	uint64_t state = kvmi_task_get(x, TASK_STATE);
	uint64_t exit = kvmi_task_get(x, TASK_EXIT_STATE);

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
	} else if (state & (TASK_UNINTERRUPTIBLE | TASK_PARKED |
	    TASK_RTLOCK_WAIT | TASK_FROZEN)) {
		ki->ki_stat = SSLEEP;
		if (state & TASK_NOLOAD)
			ki->ki_tdflags |= TDF_NOLOAD;
	} else {
		ki->ki_stat = SRUN;
	}
}

/* What is in the task itself. */
static void
fill_task(struct kvmi_lister *x, struct kinfo_proc *ki, uint64_t va)
{
	bool runs = kvmi_task_get(x, TASK_ON_CPU) != 0 || x->running == va;
	uint64_t start;

	ki->ki_tpgid = -1;
	ki->ki_tdev = UINT64_MAX;
	ki->ki_tdev_freebsd11 = UINT32_MAX;
	ki->ki_pid = (int32_t)kvmi_task_get(x, TASK_TGID);
	ki->ki_tid = (int32_t)kvmi_task_get(x, TASK_PID);
	kvmi_task_name(x, ki);
	fill_state(x, ki);
	kvmi_linux_task_flags(ki, kvmi_task_get(x, TASK_FLAGS));
	/* Of the child that runs until its parent may. */
	if (kvmi_task_get(x, TASK_VFORK_DONE) != 0)
		ki->ki_flag |= P_PPWAIT;
	if (kvmi_task_get(x, TASK_PTRACE) != 0) {
		ki->ki_flag |= P_TRACED;
		ki->ki_tracer = (int32_t)kvmi_lister_follow(x,
		    kvmi_task_get(x, TASK_PARENT), TASK_PID);
	}
	ki->ki_ppid = (int32_t)kvmi_lister_follow(x, kvmi_task_get(x,
	    TASK_REAL_PARENT), TASK_TGID);
	ki->ki_nice = (signed char)((int64_t)kvmi_task_get(x,
	    TASK_STATIC_PRIO) - 120);
	ki->ki_pri.pri_level = (uint8_t)kvmi_task_get(x, TASK_PRIO);
	ki->ki_pri.pri_native = (uint8_t)kvmi_task_get(x, TASK_NORMAL_PRIO);
	ki->ki_pri.pri_user = (uint8_t)kvmi_task_get(x, TASK_STATIC_PRIO);
	ki->ki_pri.pri_class = (uint8_t)kvmi_task_get(x, TASK_POLICY);
	ki->ki_kstack = kvmi_task_get(x, TASK_STACK);
	ki->ki_lastcpu = (int32_t)(x->layout.m[TASK_CPU].size != 0 ?
	    kvmi_task_get(x, TASK_CPU) :
	    kvmi_lister_follow(x, ki->ki_kstack, THREADINFO_CPU));
	ki->ki_oncpu = runs ? ki->ki_lastcpu : -1;
	ki->ki_oncpu_old = ki->ki_oncpu < 0 ? 255 :
	    (uint8_t)kvmi_min((uint64_t)ki->ki_oncpu, 254);
	ki->ki_lastcpu_old = (uint8_t)kvmi_min((uint64_t)ki->ki_lastcpu, 254);
	ki->ki_xstat = (uint16_t)kvmi_task_get(x, TASK_EXIT_CODE);
	ki->ki_fd = kvmi_task_get(x, TASK_FILES);
	/* A kernel thread that works for a process borrows its memory. */
	if ((ki->ki_flag & P_KPROC) == 0)
		ki->ki_vmspace = kvmi_task_get(x, TASK_MM);
	start = kvmi_task_get(x, TASK_START);
	if (x->boot_nsec != 0) {
		int64_t t = (int64_t)((uint64_t)x->boot_nsec + start);

		ki->ki_start.tv_sec = t / 1000000000;
		ki->ki_start.tv_usec = t % 1000000000 / 1000;
	}
	strcpy(ki->ki_emul, "Linux");
}

/* One signal mask as four words, bit n - 1 for signal n. */
static void
fill_mask(const struct kvmi_lister *x, enum kvmi_linux_member id,
    const void *copy, uint64_t size, struct kvm_sigset *set)
{
	uint64_t v = kvmi_lister_get(x, id, copy, size);

	set->__bits[0] |= (uint32_t)v;
	set->__bits[1] |= (uint32_t)(v >> 32);
}

void
kvmi_task_actions(struct kvmi_lister *x, struct kinfo_proc *ki,
    uint64_t sighand)
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

static uint64_t
cred_get(const struct kvmi_lister *x, enum kvmi_linux_member id)
{
	return (kvmi_lister_get(x, id, x->cred, x->layout.cred_size));
}

static void
fill_groups(struct kvmi_lister *x, struct kinfo_proc *ki, uint64_t info)
{
	const struct kvmi_member *gid = &x->layout.m[GROUPS_GID];
	uint64_t n = kvmi_lister_follow(x, info, GROUPS_N);

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

void
kvmi_task_cred(struct kvmi_lister *x, struct kinfo_proc *ki)
{
	if (!kvmi_lister_copy(x, ki, "cred", kvmi_task_get(x, TASK_CRED),
	    x->cred, x->layout.cred_size))
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
fill_tty(struct kvmi_lister *x, struct kinfo_proc *ki, uint64_t tty)
{
	uint64_t driver, major, minor;

	if (tty == 0)
		return;
	driver = kvmi_lister_follow(x, tty, TTY_DRIVER);
	major = kvmi_lister_follow(x, driver, TTYDRV_MAJOR);
	minor = kvmi_lister_follow(x, driver, TTYDRV_MINOR_START) +
	    kvmi_lister_follow(x, tty, TTY_INDEX);
	ki->ki_tdev = (minor & 0xff) | major << 8 | (minor & ~0xffull) << 12;
	ki->ki_tdev_freebsd11 = (uint32_t)ki->ki_tdev;
	ki->ki_tpgid = pid_number(x, kvmi_lister_follow(x, tty, TTY_PGRP));
	ki->ki_tsid = pid_number(x, kvmi_lister_follow(x, tty, TTY_SESSION));
	ki->ki_flag |= P_CONTROLT;
	ki->ki_kiflag |= KI_CTTY;
}

/* Since the scheduler last took note of it. */
static uint32_t
seconds_asleep(const struct kvmi_lister *x, const struct kinfo_proc *ki)
{
	uint64_t last = kvmi_task_get(x, TASK_LAST_RUN);

	if (ki->ki_stat != SSLEEP || last == 0 || last > x->sched_nsec)
		return (0);
	return ((uint32_t)kvmi_min((x->sched_nsec - last) / 1000000000,
	    UINT32_MAX));
}

void
kvmi_task_thread(struct kvmi_lister *x, struct kinfo_proc *ki, uint64_t va)
{
	fill_task(x, ki, va);
	ki->ki_tdaddr = va;
	if (x->layout.m[TASK_THREAD].size != 0)
		ki->ki_pcb = va + x->layout.m[TASK_THREAD].off;
	ki->ki_slptime = seconds_asleep(x, ki);
	if (ki->ki_stat == SSLEEP && ki->ki_oncpu < 0 && x->waits != NULL)
		kvmi_linux_wait(x->waits, ki);
	fill_mask(x, TASK_BLOCKED, x->task, x->layout.task_len,
	    &ki->ki_sigmask);
	fill_mask(x, TASK_PENDING, x->task, x->layout.task_len,
	    &ki->ki_siglist);
}

void
kvmi_task_exit_code(const struct kvmi_lister *x, struct kinfo_proc *ki)
{
	if (kvmi_signal_get(x, SIGNAL_FLAGS) & (SIGNAL_STOP_STOPPED |
	    SIGNAL_GROUP_EXIT))
		ki->ki_xstat = (uint16_t)kvmi_signal_get(x, SIGNAL_EXIT_CODE);
}

static int64_t
kib_of(const struct kvmi_lister *x, uint64_t pages)
{
	return ((int64_t)(pages << (x->k->arch->page_shift - 10)));
}

void
kvmi_task_signal(struct kvmi_lister *x, struct kinfo_proc *ki,
    struct kvmi_usage *u)
{
	if (!kvmi_lister_copy(x, ki, "signal_struct", kvmi_task_get(x,
	    TASK_SIGNAL), x->signal, x->layout.signal_size))
		return;
	ki->ki_numthreads = (int32_t)kvmi_signal_get(x, SIGNAL_NR_THREADS);
	kvmi_task_exit_code(x, ki);
	if (ki->ki_numthreads > 1)
		ki->ki_flag |= P_HADTHREADS;
	/* Of the two a kernel has one. */
	ki->ki_pgid = pid_number(x, kvmi_signal_get(x, SIGNAL_PGRP) |
	    kvmi_task_get(x, TASK_PGRP));
	ki->ki_sid = pid_number(x, kvmi_signal_get(x, SIGNAL_SID) |
	    kvmi_task_get(x, TASK_SID));
	if (kvmi_signal_get(x, SIGNAL_LEADER) != 0)
		ki->ki_kiflag |= KI_SLEADER;
	fill_tty(x, ki, kvmi_signal_get(x, SIGNAL_TTY));
	fill_mask(x, SIGNAL_PENDING, x->signal, x->layout.signal_size,
	    &x->shared);
	ki->ki_siglist.__bits[0] |= x->shared.__bits[0];
	ki->ki_siglist.__bits[1] |= x->shared.__bits[1];
	/* Of a process without memory; see kvmi_usage_pages(). */
	ki->ki_rusage.ru_maxrss = kib_of(x, kvmi_signal_get(x,
	    SIGNAL_MAXRSS));
	ki->ki_rusage_ch.ru_maxrss = kib_of(x, kvmi_signal_get(x,
	    SIGNAL_CMAXRSS));
	ki->ki_rusage_ch.ru_nvcsw = (int64_t)kvmi_signal_get(x, SIGNAL_CNVCSW);
	ki->ki_rusage_ch.ru_nivcsw = (int64_t)kvmi_signal_get(x,
	    SIGNAL_CNIVCSW);
	ki->ki_rusage_ch.ru_inblock = (int64_t)kvmi_signal_get(x,
	    SIGNAL_CINBLOCK);
	ki->ki_rusage_ch.ru_oublock = (int64_t)kvmi_signal_get(x,
	    SIGNAL_COUBLOCK);
	ki->ki_rusage_ch.ru_utime = kvmi_timeval_of(kvmi_signal_get(x,
	    SIGNAL_CUTIME));
	ki->ki_rusage_ch.ru_stime = kvmi_timeval_of(kvmi_signal_get(x,
	    SIGNAL_CSTIME));
	ki->ki_rusage_ch.ru_minflt = (int64_t)kvmi_signal_get(x,
	    SIGNAL_CMIN_FLT);
	ki->ki_rusage_ch.ru_majflt = (int64_t)kvmi_signal_get(x,
	    SIGNAL_CMAJ_FLT);
	ki->ki_childtime = kvmi_timeval_of(kvmi_signal_get(x, SIGNAL_CUTIME) +
	    kvmi_signal_get(x, SIGNAL_CSTIME));
	/* Threads that are gone left their usage here. */
	u->utime += kvmi_signal_get(x, SIGNAL_UTIME);
	u->stime += kvmi_signal_get(x, SIGNAL_STIME);
	u->runtime += kvmi_signal_get(x, SIGNAL_RUNTIME);
	u->minflt += kvmi_signal_get(x, SIGNAL_MIN_FLT);
	u->majflt += kvmi_signal_get(x, SIGNAL_MAJ_FLT);
	u->nvcsw += kvmi_signal_get(x, SIGNAL_NVCSW);
	u->nivcsw += kvmi_signal_get(x, SIGNAL_NIVCSW);
	u->inbytes += kvmi_signal_get(x, SIGNAL_READ_BYTES);
	u->outbytes += kvmi_signal_get(x, SIGNAL_WRITE_BYTES);
}
