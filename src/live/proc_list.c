/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes of the running host, from procfs; proc(5) has the files and
 * kvm_getprocs(3) the meaning.
 *
 * All files of a process are opened below a descriptor of its directory, not
 * by its number: once it is gone they cannot be opened or read any more, and
 * so nothing is ever mixed up with a successor of the same number.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/math.h"
#include "live/live.h"
#include "live/parse.h"

/* include/linux/sched.h */
#define PF_EXITING	0x00000004
#define PF_KTHREAD	0x00200000
#define MAX_RT_PRIO	100
#define DEFAULT_PRIO	120

/* include/uapi/linux/sched.h */
#define SCHED_FIFO_	1
#define SCHED_RR_	2
#define SCHED_DEADLINE_	6

#define DENTS_SIZE	((size_t)64 << 10)

/* A process may be in 65536 groups, which status lists. */
#define TEXT_MAX	((size_t)4 << 20)

/* The outcome of reading a process that is not to be listed. */
#define SKIP		1

struct ids {
	int32_t		*v;
	size_t		 n;
	size_t		 cap;
};

struct lister {
	struct kvmi_live *live;
	struct kvmi_cx	*cx;
	int		 rootfd;
	int		 op, arg;
	bool		 threads;
	bool		 clocks;
	uid_t		 euid;
	int64_t		 boot;		/* seconds since the epoch */
	uint64_t	 hz;
	uint64_t	 page_kib;
	char		*dents;
	struct kvmi_text text;
	struct ids	 tids;
	struct kvmi_procs *out;
};

static struct kvm_timeval
timeval_of(const struct lister *x, uint64_t ticks)
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

/* What the threads of a process share. */
static void
fill_process(const struct lister *x, struct kinfo_proc *ki,
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

static void
fill_process_status(const struct lister *x, struct kinfo_proc *ki,
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

/* What a thread has of its own; the process itself stands for its first. */
static void
fill_thread(const struct lister *x, struct kinfo_proc *ki,
    const struct kvmi_proc_stat *s)
{
	ki->ki_tid = s->pid;
	memcpy(ki->ki_tdname, s->comm, strnlen(s->comm, TDNAMLEN));
	fill_state(ki, s->state);
	if (s->flags & PF_KTHREAD)
		ki->ki_flag |= P_KPROC | P_SYSTEM;
	if (s->flags & PF_EXITING)
		ki->ki_flag |= P_WEXIT;
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

static void
fill_thread_status(struct kinfo_proc *ki, const struct kvmi_proc_status *s)
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

/*
 * What an errno means for the list: processes end, and procfs may hide them
 * (hidepid).  But being out of descriptors or memory fails the call: a list
 * that lacks processes at random is worse than none.
 */
static int
skip_or_fail(const struct lister *x, int e, int32_t id, const char *file)
{
	switch (e) {
	case ENOENT:
	case ESRCH:
	case ENOTDIR:
	case EACCES:
	case EPERM:
		return (SKIP);
	}
	errno = e;
	return (kvmi_fail_errno(&x->cx->err, "%s/%" PRId32 "%s",
	    x->live->proc_root, id, file));
}

static int
malformed(const struct lister *x, int32_t id, const char *file)
{
	kvmi_fail(&x->cx->err, KVMI_EFORMAT, "%s/%" PRId32 "%s is not of the "
	    "form that proc(5) has", x->live->proc_root, id, file);
	kvmi_damage(x->cx);
	return (SKIP);
}

static int
read_stat(struct lister *x, int dirfd, int32_t id, struct kvmi_proc_stat *ret)
{
	int e = kvmi_text_read(&x->text, dirfd, "stat", KVMI_TEXT_ONE_READ,
	    TEXT_MAX);

	if (e != 0)
		return (skip_or_fail(x, e, id, "/stat"));
	if (!kvmi_parse_stat(x->text.p, x->text.len, ret) || ret->pid != id)
		return (malformed(x, id, "/stat"));
	return (0);
}

static int
read_status(struct lister *x, int dirfd, int32_t id,
    struct kvmi_proc_status *ret)
{
	int e = kvmi_text_read(&x->text, dirfd, "status", KVMI_TEXT_ONE_READ,
	    TEXT_MAX);

	if (e != 0)
		return (skip_or_fail(x, e, id, "/status"));
	if (!kvmi_parse_status(x->text.p, x->text.len, ret))
		return (malformed(x, id, "/status"));
	return (0);
}

/*
 * Where it sleeps.  The kernel tells those who may trace it, so others do not
 * ask: the refusal would be written to the audit log.
 */
static void
fill_wmesg(struct lister *x, int dirfd, struct kinfo_proc *ki)
{
	if (ki->ki_stat != SSLEEP || (x->euid != 0 && x->euid != ki->ki_ruid))
		return;
	if (kvmi_text_read(&x->text, dirfd, "wchan", KVMI_TEXT_ONE_READ,
	    TEXT_MAX) != 0 || strcmp(x->text.p, "0") == 0)
		return;
	memcpy(ki->ki_wmesg, x->text.p, kvmi_min(WMESGLEN,
	    strcspn(x->text.p, "\n")));
}

/*
 * To the nanosecond, and with the threads that have ended: the clock that
 * clock_getcpuclockid(3) makes of the number (CPUCLOCK_SCHED).
 */
static bool
read_clock(const struct lister *x, int32_t pid, uint64_t *ret_usec)
{
	clockid_t id = (clockid_t)(~(uint32_t)pid << 3 | 2);
	struct timespec ts;

	if (!x->clocks || clock_gettime(id, &ts) != 0)
		return (false);
	*ret_usec = (uint64_t)ts.tv_sec * 1000000 +
	    (uint64_t)ts.tv_nsec / 1000;
	return (true);
}

/* "RUNNING WAITING SLICES", in nanoseconds. */
static void
fill_thread_runtime(struct lister *x, int dirfd, struct kinfo_proc *ki)
{
	const char *p;
	uint64_t nsec;

	if (kvmi_text_read(&x->text, dirfd, "schedstat", KVMI_TEXT_ONE_READ,
	    TEXT_MAX) != 0)
		return;
	p = x->text.p;
	if (kvmi_parse_decimal(&p, x->text.p + x->text.len, UINT64_MAX,
	    &nsec) && *p == ' ')
		ki->ki_runtime = nsec / 1000;
}

static int
append(const struct lister *x, const struct kinfo_proc *ki)
{
	struct kinfo_proc *place = kvmi_procs_add(x->out);

	if (place == NULL)
		return (kvmi_fail(&x->cx->err, KVMI_ENOMEM, "out of memory"));
	*place = *ki;
	return (0);
}

/* The directory of a process or thread; a number below fd. */
static int
open_id(const struct lister *x, int fd, int32_t id, int *ret)
{
	char name[16];

	snprintf(name, sizeof(name), "%" PRId32, id);
	*ret = openat(fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return (*ret < 0 ? skip_or_fail(x, errno, id, "") : 0);
}

static int
add_id(const struct lister *x, struct ids *ids, int32_t id)
{
	if (ids->n == ids->cap) {
		size_t cap = ids->cap == 0 ? 1024 : ids->cap * 2;
		int32_t *v = realloc(ids->v, cap * sizeof(*v));

		if (v == NULL)
			return (kvmi_fail(&x->cx->err, KVMI_ENOMEM,
			    "out of memory"));
		ids->v = v;
		ids->cap = cap;
	}
	ids->v[ids->n++] = id;
	return (0);
}

static int
by_number(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x < y ? -1 : x > y);
}

/* The names of a directory that are numbers, in ascending order. */
static int
read_ids(const struct lister *x, int fd, struct ids *ids)
{
	ssize_t len;
	int r = 0;

	ids->n = 0;
	while ((len = getdents64(fd, x->dents, DENTS_SIZE)) > 0) {
		const struct dirent64 *d;

		for (ssize_t at = 0; at < len && r == 0; at += d->d_reclen) {
			const char *p, *end;
			uint64_t id;

			d = (const void *)(x->dents + at);
			p = d->d_name;
			end = p + strlen(p);
			if (*p != '0' && kvmi_parse_decimal(&p, end,
			    INT32_MAX, &id) && p == end)
				r = add_id(x, ids, (int32_t)id);
		}
		if (r != 0)
			return (r);
	}
	if (len < 0)
		return (kvmi_fail_errno(&x->cx->err, "%s: directory",
		    x->live->proc_root));
	if (ids->n > 0)
		qsort(ids->v, ids->n, sizeof(*ids->v), by_number);
	return (0);
}

/* An entry for one thread: proc, and what the thread has of its own. */
static int
list_thread(struct lister *x, int taskfd, int32_t tid,
    const struct kinfo_proc *proc)
{
	struct kinfo_proc ki = *proc;
	struct kvmi_proc_status status;
	struct kvmi_proc_stat stat;
	int fd, r;

	r = open_id(x, taskfd, tid, &fd);
	if (r != 0)
		return (r);
	r = read_stat(x, fd, tid, &stat);
	if (r == 0)
		r = read_status(x, fd, tid, &status);
	if (r == 0) {
		fill_thread(x, &ki, &stat);
		fill_thread_status(&ki, &status);
		fill_thread_runtime(x, fd, &ki);
		fill_wmesg(x, fd, &ki);
		r = append(x, &ki);
	}
	close(fd);
	return (r);
}

static int
list_threads(struct lister *x, int dirfd, const struct kinfo_proc *proc)
{
	int fd = openat(dirfd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return (skip_or_fail(x, errno, proc->ki_pid, "/task"));
	/* The only thread has the number of its process. */
	if (proc->ki_numthreads == 1)
		r = list_thread(x, fd, proc->ki_pid, proc);
	else
		r = read_ids(x, fd, &x->tids);
	if (proc->ki_numthreads != 1)
		for (size_t i = 0; i < x->tids.n && r >= 0; i++)
			r = list_thread(x, fd, x->tids.v[i], proc);
	close(fd);
	return (r);
}

/* What stat alone decides spares us the other files. */
static bool
excluded_early(const struct lister *x, const struct kinfo_proc *ki)
{
	switch (x->op) {
	case KERN_PROC_PGRP:
	case KERN_PROC_SESSION:
	case KERN_PROC_TTY:
		return (!kvmi_procs_selected(ki, x->op, x->arg));
	default:
		return (false);
	}
}

static int
list_open_process(struct lister *x, int dirfd, int32_t pid)
{
	struct kinfo_proc ki = { .ki_structsize = KINFO_PROC_SIZE };
	struct kvmi_proc_status status;
	struct kvmi_proc_stat stat;
	uint64_t runtime;
	bool exact;
	int r;

	r = read_stat(x, dirfd, pid, &stat);
	if (r != 0)
		return (r);
	fill_process(x, &ki, &stat);
	if (excluded_early(x, &ki))
		return (0);
	/* A status after it proves that the number was still this process's. */
	exact = read_clock(x, pid, &runtime);
	r = read_status(x, dirfd, pid, &status);
	if (r != 0)
		return (r);
	/* The number of a thread opens too, though it is not listed. */
	if (status.tgid != pid)
		return (SKIP);
	fill_process_status(x, &ki, &status);
	if (!kvmi_procs_selected(&ki, x->op, x->arg))
		return (0);
	if (x->threads && (stat.flags & PF_KTHREAD) == 0)
		return (list_threads(x, dirfd, &ki));
	fill_thread(x, &ki, &stat);
	fill_thread_status(&ki, &status);
	if (exact)
		ki.ki_runtime = runtime;
	fill_wmesg(x, dirfd, &ki);
	/* These are the first thread's, not the sum that they should be. */
	if (stat.num_threads > 1)
		ki.ki_rusage.ru_nvcsw = ki.ki_rusage.ru_nivcsw = 0;
	return (append(x, &ki));
}

static int
list_process(struct lister *x, int32_t pid)
{
	int fd, r;

	r = open_id(x, x->rootfd, pid, &fd);
	if (r != 0)
		return (r);
	r = list_open_process(x, fd, pid);
	close(fd);
	return (r);
}

static int
list_all(struct lister *x)
{
	struct ids pids = { 0 };
	int r;

	r = read_ids(x, x->rootfd, &pids);
	for (size_t i = 0; i < pids.n && r >= 0; i++)
		r = list_process(x, pids.v[i]);
	free(pids.v);
	return (r);
}

/*
 * Clocks go by our own numbers.  Those of procfs are the same when it belongs
 * to our pid namespace, which is when it knows us by one number, ours.
 */
static bool
clocks_usable(struct lister *x)
{
	struct kvmi_proc_status s;
	pid_t self = getpid();
	bool usable;

	/* A descriptor may have been inherited by a child. */
	pthread_mutex_lock(&x->live->lock);
	if (x->live->clocks_pid != self) {
		x->live->clocks_pid = self;
		x->live->clocks = kvmi_text_read(&x->text, x->rootfd,
		    "self/status", KVMI_TEXT_ONE_READ, TEXT_MAX) == 0 &&
		    kvmi_parse_status(x->text.p, x->text.len, &s) &&
		    s.pid == self && s.ns_levels == 1;
	}
	usable = x->live->clocks;
	pthread_mutex_unlock(&x->live->lock);
	return (usable);
}

static int
lister_init(struct lister *x)
{
	const char *root = x->live->proc_root;
	long hz = sysconf(_SC_CLK_TCK), page = sysconf(_SC_PAGESIZE);

	x->rootfd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (x->rootfd < 0)
		return (kvmi_fail_errno(&x->cx->err,
		    "%s (is procfs mounted?)", root));
	if (faccessat(x->rootfd, "self", F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		return (kvmi_fail(&x->cx->err, KVMI_ENOTSUP, "%s: procfs is "
		    "not mounted there; processes of the running system are "
		    "read from it", root));
	x->dents = malloc(DENTS_SIZE);
	if (x->dents == NULL)
		return (kvmi_fail(&x->cx->err, KVMI_ENOMEM, "out of memory"));
	x->hz = hz > 0 ? (uint64_t)hz : 100;
	x->page_kib = page >= 1024 ? (uint64_t)page / 1024 : 4;
	x->euid = geteuid();
	x->boot = kvmi_live_boot(x->live);
	x->clocks = clocks_usable(x);
	return (0);
}

static void
lister_deinit(struct lister *x)
{
	if (x->rootfd >= 0)
		close(x->rootfd);
	free(x->dents);
	free(x->tids.v);
	kvmi_text_deinit(&x->text);
}

int
kvmi_live_procs(struct kvmi_kernel *k, struct kvmi_cx *cx, int op, int arg,
    bool threads, struct kvmi_procs *out)
{
	struct lister x = { .live = k->priv, .cx = cx, .out = out, .op = op,
		.arg = arg, .threads = threads };
	int r;

	r = lister_init(&x);
	if (r == 0 && op != KERN_PROC_PID)
		r = list_all(&x);
	else if (r == 0 && arg > 0)
		r = list_process(&x, arg);
	lister_deinit(&x);
	return (r < 0 ? r : 0);
}
