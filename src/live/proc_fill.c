/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/proc_fill.h"

#include <string.h>

#include "base/math.h"
#include "os/linux/taskflags.h"

#define MAX_RT_PRIO	100
#define DEFAULT_PRIO	120

/* include/uapi/linux/sched.h */
#define SCHED_FIFO_	1
#define SCHED_RR_	2
#define SCHED_DEADLINE_	6

static struct kvm_timeval
timeval_of(const struct kvmi_fill *x, uint64_t ticks)
{
	struct kvm_timeval tv = { .tv_sec = (int64_t)(ticks / x->hz),
		.tv_usec = (int64_t)(ticks % x->hz * 1000000 / x->hz) };

	return (tv);
}

static uint64_t
positive(int64_t v)
{
	return (v > 0 ? (uint64_t)v : 0);
}

static void
fill_state(struct kinfo_proc *ki, char state)
{
	ki->ki_stat = SSLEEP;
	switch (state) {
	case 'R':
		ki->ki_stat = SRUN;
		break;
	case 'S':
		ki->ki_tdflags |= TDF_SINTR;
		break;
	case 'I':
		ki->ki_tdflags |= TDF_NOLOAD;
		break;
	case 'T':
		ki->ki_stat = SSTOP;
		ki->ki_flag |= P_STOPPED_SIG;
		break;
	case 't':
		ki->ki_stat = SSTOP;
		ki->ki_flag |= P_STOPPED_TRACE;
		break;
	case 'Z':
	case 'X':
	case 'x':
		ki->ki_stat = SZOMB;
		break;
	}
}

void
kvmi_fill_process(const struct kvmi_fill *x, struct kinfo_proc *ki,
    const struct kvmi_proc_stat *s)
{
	ki->ki_pid = s->pid;
	ki->ki_ppid = s->ppid;
	ki->ki_pgid = s->pgrp;
	ki->ki_sid = s->session;
	ki->ki_tpgid = s->tpgid;
	ki->ki_tdev = UINT64_MAX;
	ki->ki_tdev_freebsd11 = UINT32_MAX;
	if (s->tty_nr != 0) {
		ki->ki_tdev = ki->ki_tdev_freebsd11 = (uint32_t)s->tty_nr;
		/* procfs does not say whose terminal it is. */
		ki->ki_tsid = s->session;
		ki->ki_flag |= P_CONTROLT;
		ki->ki_kiflag |= KI_CTTY;
	}
	if (s->num_threads > 1)
		ki->ki_flag |= P_HADTHREADS;
	if (s->session == s->pid)
		ki->ki_kiflag |= KI_SLEADER;
	memcpy(ki->ki_comm, s->comm, strnlen(s->comm, COMMLEN));
	memcpy(ki->ki_emul, "Linux", sizeof("Linux"));
	ki->ki_numthreads = s->num_threads;
	ki->ki_size = s->vsize;
	ki->ki_rssize = s->rss;
	ki->ki_xstat = (uint16_t)s->exit_code;
	ki->ki_start = timeval_of(x, s->starttime);
	ki->ki_start.tv_sec += x->boot;
	ki->ki_rusage_ch.ru_utime = timeval_of(x, positive(s->cutime));
	ki->ki_rusage_ch.ru_stime = timeval_of(x, positive(s->cstime));
	ki->ki_rusage_ch.ru_minflt = (int64_t)s->cminflt;
	ki->ki_rusage_ch.ru_majflt = (int64_t)s->cmajflt;
	ki->ki_childtime = timeval_of(x, positive(s->cutime) +
	    positive(s->cstime));
}

static void
fill_groups(struct kinfo_proc *ki, const struct kvmi_proc_status *s)
{
	uint32_t n = (uint32_t)kvmi_min(s->ngroups, KVMI_COUNT(s->groups));

	ki->ki_groups[0] = s->gid[1];
	memcpy(ki->ki_groups + 1, s->groups, n * sizeof(s->groups[0]));
	ki->ki_ngroups = (int16_t)(n + 1);
	if (s->ngroups > n)
		ki->ki_cr_flags |= KI_CRF_GRP_OVERFLOW;
}

void
kvmi_fill_process_status(const struct kvmi_fill *x, struct kinfo_proc *ki,
    const struct kvmi_proc_status *s)
{
	ki->ki_ruid = s->uid[0];
	ki->ki_uid = s->uid[1];
	ki->ki_svuid = s->uid[2];
	ki->ki_rgid = s->gid[0];
	ki->ki_svgid = s->gid[2];
	fill_groups(ki, s);
	/* Since 6.2 stat's figure lacks what CPUs have not handed in. */
	if (s->has_rss)
		ki->ki_rssize = (int64_t)(s->vm_rss / x->page_kib);
	ki->ki_swrss = (int64_t)(s->vm_swap / x->page_kib);
	ki->ki_tsize = (int64_t)(s->vm_exe / x->page_kib);
	ki->ki_dsize = (int64_t)(s->vm_data / x->page_kib);
	ki->ki_ssize = (int64_t)(s->vm_stk / x->page_kib);
	ki->ki_rusage.ru_maxrss = (int64_t)s->vm_hwm;
	ki->ki_sigignore = s->sig_ignored;
	ki->ki_sigcatch = s->sig_caught;
}

/* As the kernel computes them from policy and nice value. */
static void
fill_priority(struct kinfo_proc *ki, const struct kvmi_proc_stat *s)
{
	int32_t native = s->nice + DEFAULT_PRIO;

	ki->ki_nice = (signed char)s->nice;
	ki->ki_pri.pri_user = (uint8_t)native;
	if (s->policy == SCHED_FIFO_ || s->policy == SCHED_RR_)
		native = MAX_RT_PRIO - 1 - (int32_t)s->rt_priority;
	else if (s->policy == SCHED_DEADLINE_)
		native = -1;
	ki->ki_pri.pri_native = (uint8_t)native;
	ki->ki_pri.pri_level = (uint8_t)(s->priority + MAX_RT_PRIO);
	ki->ki_pri.pri_class = (uint8_t)s->policy;
}

void
kvmi_fill_thread(const struct kvmi_fill *x, struct kinfo_proc *ki,
    const struct kvmi_proc_stat *s)
{
	ki->ki_tid = s->pid;
	kvmi_procs_thread_name(ki, s->comm);
	fill_state(ki, s->state);
	kvmi_linux_task_flags(ki, s->flags);
	fill_priority(ki, s);
	/* procfs does not tell a running thread from one that waits to run. */
	ki->ki_lastcpu = s->processor;
	ki->ki_oncpu = s->state == 'R' ? s->processor : -1;
	ki->ki_lastcpu_old = (uint8_t)kvmi_min((uint64_t)s->processor, 254);
	ki->ki_oncpu_old = s->state == 'R' ? ki->ki_lastcpu_old : 255;
	ki->ki_runtime = (s->utime + s->stime) / x->hz * 1000000 +
	    (s->utime + s->stime) % x->hz * 1000000 / x->hz;
	ki->ki_rusage.ru_utime = timeval_of(x, s->utime);
	ki->ki_rusage.ru_stime = timeval_of(x, s->stime);
	ki->ki_rusage.ru_minflt = (int64_t)s->minflt;
	ki->ki_rusage.ru_majflt = (int64_t)s->majflt;
}

void
kvmi_fill_thread_status(struct kinfo_proc *ki, const struct kvmi_proc_status *s)
{
	for (size_t i = 0; i < KVMI_COUNT(ki->ki_siglist.__bits); i++)
		ki->ki_siglist.__bits[i] = s->sig_pending.__bits[i] |
		    s->shared_pending.__bits[i];
	ki->ki_sigmask = s->sig_blocked;
	ki->ki_rusage.ru_nvcsw = (int64_t)s->nvcsw;
	ki->ki_rusage.ru_nivcsw = (int64_t)s->nivcsw;
	ki->ki_tracer = s->tracer;
	if (s->tracer != 0)
		ki->ki_flag |= P_TRACED;
}

void
kvmi_fill_share(const struct kvmi_fill *x, struct kinfo_proc *ki,
    uint64_t start_ticks)
{
	uint64_t start = start_ticks / x->hz * 1000000 +
	    start_ticks % x->hz * 1000000 / x->hz;

	if (x->now_usec <= start)
		return;
	ki->ki_pctcpu = kvmi_procs_share(ki->ki_runtime, x->now_usec - start);
	ki->ki_swtime = (uint32_t)((x->now_usec - start) / 1000000);
}
