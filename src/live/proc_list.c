/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes of the running host, from procfs: two files each, three with threads. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/math.h"
#include "live/live.h"
#include "live/parse.h"

#define PF_EXITING	0x00000004
#define PF_KTHREAD	0x00200000

struct lister {
	struct kvmi_cx	*cx;
	int		 procfd;
	int64_t		 boot;		/* seconds since the epoch */
	uint64_t	 hz;
	uint64_t	 page_size;
	struct kvmi_procs *out;
	int		 op;
	int		 arg;
	bool		 threads;
};

static void
fill_state(struct kinfo_proc *ki, char state)
{
	switch (state) {
	case 'R':
		ki->ki_stat = SRUN;
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
		ki->ki_stat = SZOMB;
		break;
	case 'S':
		ki->ki_stat = SSLEEP;
		ki->ki_tdflags |= TDF_SINTR;
		break;
	case 'I':
		ki->ki_stat = SSLEEP;
		ki->ki_tdflags |= TDF_NOLOAD;
		break;
	default:
		ki->ki_stat = SSLEEP;
	}
}

static struct kvm_timeval
ticks(const struct lister *x, uint64_t n)
{
	struct kvm_timeval tv = { .tv_sec = (int64_t)(n / x->hz),
		.tv_usec = (int64_t)(n % x->hz * 1000000 / x->hz) };

	return (tv);
}

static void
fill_stat(const struct lister *x, struct kinfo_proc *ki,
    const struct kvmi_proc_stat *s)
{
	ki->ki_tid = s->pid;
	ki->ki_ppid = s->ppid;
	ki->ki_pgid = s->pgrp;
	ki->ki_sid = s->session;
	ki->ki_tpgid = s->tpgid;
	ki->ki_tdev = s->tty_nr == 0 ? UINT64_MAX : (uint32_t)s->tty_nr;
	ki->ki_tdev_freebsd11 = (uint32_t)ki->ki_tdev;
	if (s->tty_nr != 0) {
		ki->ki_tsid = s->session;
		ki->ki_flag |= P_CONTROLT;
		ki->ki_kiflag |= KI_CTTY;
	}
	snprintf(ki->ki_comm, sizeof(ki->ki_comm), "%.*s", COMMLEN, s->comm);
	snprintf(ki->ki_tdname, sizeof(ki->ki_tdname), "%.*s", TDNAMLEN,
	    s->comm);
	fill_state(ki, s->state);
	if (s->flags & PF_KTHREAD)
		ki->ki_flag |= P_KPROC | P_SYSTEM;
	if (s->flags & PF_EXITING)
		ki->ki_flag |= P_WEXIT;
	ki->ki_nice = (signed char)s->nice;
	/* proc(5) shows the kernel's priority less 100. */
	ki->ki_pri.pri_level = (uint8_t)(s->priority + 100);
	ki->ki_pri.pri_native = ki->ki_pri.pri_level;
	ki->ki_pri.pri_user = (uint8_t)(s->nice + 120);
	ki->ki_pri.pri_class = (uint8_t)s->policy;
	ki->ki_numthreads = (int32_t)s->num_threads;
	ki->ki_lastcpu = s->processor;
	ki->ki_oncpu = s->state == 'R' ? s->processor : -1;
	ki->ki_lastcpu_old = (uint8_t)kvmi_min((uint64_t)s->processor, 254);
	ki->ki_oncpu_old = s->state == 'R' ? ki->ki_lastcpu_old : 255;
	ki->ki_xstat = (uint16_t)s->exit_code;
	ki->ki_size = s->vsize;
	ki->ki_rssize = s->rss;
	ki->ki_tsize = (int64_t)((s->endcode - s->startcode + x->page_size -
	    1) / x->page_size);
	ki->ki_start = ticks(x, s->starttime);
	ki->ki_start.tv_sec += x->boot;
	ki->ki_rusage.ru_utime = ticks(x, s->utime);
	ki->ki_rusage.ru_stime = ticks(x, s->stime);
	ki->ki_runtime = (s->utime + s->stime) * 1000000 / x->hz;
	ki->ki_rusage.ru_minflt = (int64_t)s->minflt;
	ki->ki_rusage.ru_majflt = (int64_t)s->majflt;
	ki->ki_rusage_ch.ru_utime = ticks(x, (uint64_t)s->cutime);
	ki->ki_rusage_ch.ru_stime = ticks(x, (uint64_t)s->cstime);
	ki->ki_rusage_ch.ru_minflt = (int64_t)s->cminflt;
	ki->ki_rusage_ch.ru_majflt = (int64_t)s->cmajflt;
	ki->ki_childtime = ticks(x, (uint64_t)(s->cutime + s->cstime));
	strcpy(ki->ki_emul, "Linux");
}

static void
set_mask(struct kvm_sigset *set, uint64_t mask)
{
	set->__bits[0] = (uint32_t)mask;
	set->__bits[1] = (uint32_t)(mask >> 32);
}

static void
fill_status(const struct lister *x, struct kinfo_proc *ki,
    const struct kvmi_proc_status *s)
{
	uint64_t page_kb = x->page_size / 1024;

	ki->ki_ruid = s->uid[0];
	ki->ki_uid = s->uid[1];
	ki->ki_svuid = s->uid[2];
	ki->ki_rgid = s->gid[0];
	ki->ki_svgid = s->gid[2];
	ki->ki_groups[0] = s->gid[1];
	ki->ki_ngroups = 1;
	for (uint32_t i = 0; i < s->ngroups && ki->ki_ngroups < KI_NGROUPS;
	    i++)
		ki->ki_groups[ki->ki_ngroups++] = s->groups[i];
	if (s->ngroups > KI_NGROUPS - 1)
		ki->ki_cr_flags |= KI_CRF_GRP_OVERFLOW;
	ki->ki_pid = s->tgid;
	if (ki->ki_sid == ki->ki_pid)
		ki->ki_kiflag |= KI_SLEADER;
	ki->ki_tracer = s->tracer;
	if (s->tracer != 0)
		ki->ki_flag |= P_TRACED;
	/* Since 6.2 stat's figure lacks what CPUs have not handed in. */
	if (s->has_rss)
		ki->ki_rssize = (int64_t)(s->vm_rss / page_kb);
	ki->ki_rusage.ru_maxrss = (int64_t)s->vm_hwm;
	ki->ki_dsize = (int64_t)(s->vm_data / page_kb);
	ki->ki_ssize = (int64_t)(s->vm_stk / page_kb);
	ki->ki_rusage.ru_nvcsw = (int64_t)s->nvcsw;
	ki->ki_rusage.ru_nivcsw = (int64_t)s->nivcsw;
	set_mask(&ki->ki_siglist, s->sig_pending | s->shared_pending);
	set_mask(&ki->ki_sigmask, s->sig_blocked);
	set_mask(&ki->ki_sigignore, s->sig_ignored);
	set_mask(&ki->ki_sigcatch, s->sig_caught);
}

/*
 * Read stat and status below dirfd.  false: the process is gone.  dirfd is the
 * process itself, not its number, so a successor is never mixed in.
 */
static bool
read_one(const struct lister *x, int dirfd, struct kinfo_proc *ki)
{
	struct kvmi_proc_stat stat;
	struct kvmi_proc_status status;
	char text[8192];
	ssize_t n;

	n = kvmi_live_slurp(dirfd, "stat", text, sizeof(text));
	if (n <= 0 || !kvmi_parse_stat(text, (size_t)n, &stat))
		return (false);
	fill_stat(x, ki, &stat);
	n = kvmi_live_slurp(dirfd, "status", text, sizeof(text));
	if (n <= 0 || !kvmi_parse_status(text, (size_t)n, &status))
		return (false);
	fill_status(x, ki, &status);
	return (true);
}

static int
append(struct lister *x, const struct kinfo_proc *ki)
{
	struct kinfo_proc *place = kvmi_procs_add(x->out);

	if (place == NULL)
		return (kvmi_fail(&x->cx->err, KVMI_ENOMEM, "out of memory"));
	*place = *ki;
	return (0);
}

static bool
is_number(const char *s)
{
	return (s[0] >= '1' && s[0] <= '9' && s[strspn(s, "0123456789")] ==
	    '\0');
}

static int
list_threads(struct lister *x, int dirfd, const struct kinfo_proc *proc)
{
	int taskfd = openat(dirfd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = taskfd < 0 ? NULL : fdopendir(taskfd);
	struct dirent *e;
	int r = 0;

	if (d == NULL) {
		if (taskfd >= 0)
			close(taskfd);
		return (0);
	}
	while (r == 0 && (e = readdir(d)) != NULL) {
		struct kinfo_proc ki = { .ki_structsize = KINFO_PROC_SIZE };
		int fd;

		if (!is_number(e->d_name))
			continue;
		fd = openat(taskfd, e->d_name, O_RDONLY | O_DIRECTORY |
		    O_CLOEXEC);
		if (fd < 0)
			continue;
		if (read_one(x, fd, &ki)) {
			memcpy(ki.ki_comm, proc->ki_comm, sizeof(ki.ki_comm));
			ki.ki_start = proc->ki_start;
			r = append(x, &ki);
		}
		close(fd);
	}
	closedir(d);
	return (r);
}

static int
list_process(struct lister *x, const char *name)
{
	struct kinfo_proc ki = { .ki_structsize = KINFO_PROC_SIZE };
	int fd = openat(x->procfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return (0);
	/* /proc/TID opens too, but lists a thread: Tgid tells it apart. */
	if (read_one(x, fd, &ki) && ki.ki_pid == ki.ki_tid) {
		if (kvmi_procs_selected(&ki, x->op, x->arg))
			r = x->threads ? list_threads(x, fd, &ki) :
			    append(x, &ki);
	}
	close(fd);
	return (r);
}

static int
list_all(struct lister *x)
{
	/* The directory's own descriptor: x->procfd stays ours. */
	int fd = openat(x->procfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	int r = 0;

	if (d == NULL) {
		r = kvmi_fail_errno(&x->cx->err, "procfs");
		if (fd >= 0)
			close(fd);
		return (r);
	}
	while (r == 0 && (e = readdir(d)) != NULL)
		if (is_number(e->d_name))
			r = list_process(x, e->d_name);
	closedir(d);
	return (r);
}

/* "btime SECONDS" of /proc/stat; 0 when it is hidden (subset=pid). */
static int64_t
boot_time(int procfd)
{
	static const char key[] = "\nbtime ";
	size_t len = 1u << 20;
	char *text = malloc(len);
	const char *p;
	int64_t t = 0;

	if (text != NULL && kvmi_live_slurp(procfd, "stat", text, len) > 0 &&
	    (p = strstr(text, key)) != NULL)
		t = strtoll(p + sizeof(key) - 1, NULL, 10);
	free(text);
	return (t);
}

static int
by_pid(const void *a, const void *b)
{
	const struct kinfo_proc *x = a, *y = b;

	if (x->ki_pid != y->ki_pid)
		return (x->ki_pid < y->ki_pid ? -1 : 1);
	return (x->ki_tid < y->ki_tid ? -1 : x->ki_tid > y->ki_tid);
}

int
kvmi_live_procs(struct kvmi_kernel *k, struct kvmi_cx *cx, int op, int arg,
    bool threads, struct kvmi_procs *out)
{
	const struct kvmi_live *l = k->priv;
	struct lister x = { .cx = cx, .out = out, .op = op, .arg = arg,
		.threads = threads };
	char name[16];
	int r;

	x.procfd = open(l->proc_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (x.procfd < 0)
		return (kvmi_fail_errno(&cx->err, "%s (is procfs mounted?)",
		    l->proc_root));
	x.boot = boot_time(x.procfd);
	x.hz = (uint64_t)sysconf(_SC_CLK_TCK);
	x.page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	if (op == KERN_PROC_PID) {
		snprintf(name, sizeof(name), "%d", arg);
		r = list_process(&x, name);
	} else {
		r = list_all(&x);
	}
	close(x.procfd);
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_pid);
	return (r);
}
