/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes of the running host, from procfs; proc(5) has the files and
 * kvm_getprocs(3) the meaning.
 *
 * All files of a process are opened below a descriptor of its directory, not
 * by its number: once it is gone they cannot be opened or read any more, and
 * so nothing is ever mixed up with a successor of the same number.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/math.h"
#include "live/proc_read.h"
#include "os/linux/taskflags.h"

static int
append(const struct kvmi_proc_lister *x, const struct kinfo_proc *ki)
{
	struct kinfo_proc *place = kvmi_procs_add(x->out);

	if (place == NULL)
		return (kvmi_fail(&x->cx->err, KVMI_ENOMEM, "out of memory"));
	*place = *ki;
	return (0);
}

/* An entry for one thread: proc, and what the thread has of its own. */
static int
list_thread(struct kvmi_proc_lister *x, int taskfd, int32_t tid,
    const struct kinfo_proc *proc)
{
	struct kinfo_proc ki = *proc;
	struct kvmi_proc_status status;
	struct kvmi_proc_stat stat;
	int fd, r;

	r = kvmi_proc_open_id(x, taskfd, tid, &fd);
	if (r != 0)
		return (r);
	r = kvmi_proc_read_stat(x, fd, tid, &stat);
	if (r == 0)
		r = kvmi_proc_read_status(x, fd, tid, &status);
	if (r == 0) {
		kvmi_fill_thread(&x->fill, &ki, &stat);
		kvmi_fill_thread_status(&ki, &status);
		kvmi_proc_fill_runtime(x, fd, &ki);
		kvmi_fill_share(&x->fill, &ki, stat.starttime);
		kvmi_proc_fill_io(x, fd, &ki);
		kvmi_proc_fill_wmesg(x, fd, &ki);
		r = append(x, &ki);
	}
	close(fd);
	return (r);
}

static int
list_threads(struct kvmi_proc_lister *x, int dirfd,
    const struct kinfo_proc *proc)
{
	int fd = openat(dirfd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return (kvmi_proc_skip_or_fail(x, errno, proc->ki_pid,
		    "/task"));
	/* The only thread has the number of its process. */
	if (proc->ki_numthreads == 1)
		r = list_thread(x, fd, proc->ki_pid, proc);
	else
		r = kvmi_proc_read_ids(x, fd, &x->tids);
	if (proc->ki_numthreads != 1)
		for (size_t i = 0; i < x->tids.n && r >= 0; i++)
			r = list_thread(x, fd, x->tids.v[i], proc);
	close(fd);
	return (r);
}

/*
 * Switches are counted by thread, and procfs has no sum of them; those of
 * threads that have ended are lost.
 */
static int
sum_switches(struct kvmi_proc_lister *x, int dirfd, struct kinfo_proc *ki)
{
	int fd = openat(dirfd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct kvmi_proc_status status;
	int tdfd, r;

	if (fd < 0)
		return (kvmi_proc_skip_or_fail(x, errno, ki->ki_pid, "/task"));
	r = kvmi_proc_read_ids(x, fd, &x->tids);
	for (size_t i = 0; i < x->tids.n && r >= 0; i++) {
		/* That of the first is known. */
		if (x->tids.v[i] == ki->ki_pid)
			continue;
		r = kvmi_proc_open_id(x, fd, x->tids.v[i], &tdfd);
		if (r != 0)
			continue;
		r = kvmi_proc_read_status(x, tdfd, x->tids.v[i], &status);
		if (r == 0) {
			ki->ki_rusage.ru_nvcsw += (int64_t)status.nvcsw;
			ki->ki_rusage.ru_nivcsw += (int64_t)status.nivcsw;
		}
		close(tdfd);
	}
	close(fd);
	return (r);
}

/* What stat alone decides spares us the other files. */
static bool
excluded_early(const struct kvmi_proc_lister *x, const struct kinfo_proc *ki)
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
list_open_process(struct kvmi_proc_lister *x, int dirfd, int32_t pid)
{
	struct kinfo_proc ki = { .ki_structsize = KINFO_PROC_SIZE };
	struct kvmi_proc_status status;
	struct kvmi_proc_stat stat;
	uint64_t runtime;
	bool exact;
	int r;

	r = kvmi_proc_read_stat(x, dirfd, pid, &stat);
	if (r != 0)
		return (r);
	kvmi_fill_process(&x->fill, &ki, &stat);
	if (excluded_early(x, &ki))
		return (0);
	/* A status after it proves that the number was still this process's. */
	exact = kvmi_proc_read_clock(x, pid, &runtime);
	r = kvmi_proc_read_status(x, dirfd, pid, &status);
	if (r != 0)
		return (r);
	/* The number of a thread opens too, though it is not listed. */
	if (status.tgid != pid)
		return (KVMI_PROC_SKIP);
	kvmi_fill_process_status(&x->fill, &ki, &status);
	if (!kvmi_procs_selected(&ki, x->op, x->arg))
		return (0);
	if (x->threads && (stat.flags & KVMI_PF_KTHREAD) == 0)
		return (list_threads(x, dirfd, &ki));
	kvmi_fill_thread(&x->fill, &ki, &stat);
	kvmi_fill_thread_status(&ki, &status);
	if (exact)
		ki.ki_runtime = runtime;
	kvmi_fill_share(&x->fill, &ki, stat.starttime);
	kvmi_proc_fill_io(x, dirfd, &ki);
	kvmi_proc_fill_wmesg(x, dirfd, &ki);
	r = stat.num_threads > 1 ? sum_switches(x, dirfd, &ki) : 0;
	return (r < 0 ? r : append(x, &ki));
}

static int
list_process(struct kvmi_proc_lister *x, int32_t pid)
{
	int fd, r;

	r = kvmi_proc_open_id(x, x->rootfd, pid, &fd);
	if (r != 0)
		return (r);
	r = list_open_process(x, fd, pid);
	close(fd);
	return (r);
}

static int
list_all(struct kvmi_proc_lister *x)
{
	struct kvmi_ids pids = { 0 };
	int r;

	r = kvmi_proc_read_ids(x, x->rootfd, &pids);
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
clocks_usable(struct kvmi_proc_lister *x)
{
	struct kvmi_proc_status s;
	pid_t self = getpid();
	bool usable;

	/* A descriptor may have been inherited by a child. */
	pthread_mutex_lock(&x->live->lock);
	if (x->live->clocks_pid != self) {
		x->live->clocks_pid = self;
		x->live->clocks = kvmi_text_read(&x->text, x->rootfd,
		    "self/status", KVMI_TEXT_ONE_READ,
		    KVMI_PROC_TEXT_MAX) == 0 &&
		    kvmi_parse_status(x->text.p, x->text.len, &s) &&
		    s.pid == self && s.ns_levels == 1;
	}
	usable = x->live->clocks;
	pthread_mutex_unlock(&x->live->lock);
	return (usable);
}

static uint64_t
usec_since_boot(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_BOOTTIME, &ts) != 0)
		return (0);
	return ((uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
}

static int
lister_init(struct kvmi_proc_lister *x)
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
	x->dents = malloc(KVMI_DENTS_SIZE);
	if (x->dents == NULL)
		return (kvmi_fail(&x->cx->err, KVMI_ENOMEM, "out of memory"));
	x->fill = (struct kvmi_fill){ .hz = hz > 0 ? (uint64_t)hz : 100,
		.page_kib = page >= 1024 ? (uint64_t)page / 1024 : 4,
		.now_usec = usec_since_boot(),
		.boot = kvmi_live_boot(x->live) };
	x->euid = geteuid();
	x->clocks = clocks_usable(x);
	return (0);
}

static void
lister_deinit(struct kvmi_proc_lister *x)
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
	struct kvmi_proc_lister x = { .live = k->priv, .cx = cx, .out = out,
		.op = op, .arg = arg, .threads = threads };
	int r;

	r = lister_init(&x);
	if (r == 0 && op != KERN_PROC_PID)
		r = list_all(&x);
	else if (r == 0 && arg > 0)
		r = list_process(&x, arg);
	lister_deinit(&x);
	return (r < 0 ? r : 0);
}
