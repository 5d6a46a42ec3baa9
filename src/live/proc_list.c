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
#include "live/proc_fill.h"
#include "os/linux/taskflags.h"

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
	struct kvmi_fill fill;
	char		*dents;
	struct kvmi_text text;
	struct ids	 tids;
	struct kvmi_procs *out;
};

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
 * Some the kernel tells only those who may trace it.  Others do not ask: the
 * refusal would be written to the audit log.
 */
static bool
may_ask(const struct lister *x, const struct kinfo_proc *ki)
{
	return (x->euid == 0 || x->euid == ki->ki_ruid);
}

/* Where it sleeps. */
static void
fill_wmesg(struct lister *x, int dirfd, struct kinfo_proc *ki)
{
	if (ki->ki_stat != SSLEEP || !may_ask(x, ki))
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

/*
 * What was read and written of devices, in blocks of 512 bytes.  The same
 * holds as for wchan.
 */
static void
fill_io(struct lister *x, int dirfd, struct kinfo_proc *ki)
{
	uint64_t v;

	if (!may_ask(x, ki) || kvmi_text_read(&x->text, dirfd, "io",
	    KVMI_TEXT_ONE_READ, TEXT_MAX) != 0)
		return;
	if (kvmi_text_number(&x->text, "read_bytes:", &v))
		ki->ki_rusage.ru_inblock = (int64_t)(v / 512);
	if (kvmi_text_number(&x->text, "write_bytes:", &v))
		ki->ki_rusage.ru_oublock = (int64_t)(v / 512);
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
		kvmi_fill_thread(&x->fill, &ki, &stat);
		kvmi_fill_thread_status(&ki, &status);
		fill_thread_runtime(x, fd, &ki);
		kvmi_fill_share(&x->fill, &ki, stat.starttime);
		fill_io(x, fd, &ki);
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

/*
 * Switches are counted by thread, and procfs has no sum of them; those of
 * threads that have ended are lost.
 */
static int
sum_switches(struct lister *x, int dirfd, struct kinfo_proc *ki)
{
	int fd = openat(dirfd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct kvmi_proc_status status;
	int tdfd, r;

	if (fd < 0)
		return (skip_or_fail(x, errno, ki->ki_pid, "/task"));
	r = read_ids(x, fd, &x->tids);
	for (size_t i = 0; i < x->tids.n && r >= 0; i++) {
		/* That of the first is known. */
		if (x->tids.v[i] == ki->ki_pid)
			continue;
		r = open_id(x, fd, x->tids.v[i], &tdfd);
		if (r != 0)
			continue;
		r = read_status(x, tdfd, x->tids.v[i], &status);
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
	kvmi_fill_process(&x->fill, &ki, &stat);
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
	fill_io(x, dirfd, &ki);
	fill_wmesg(x, dirfd, &ki);
	r = stat.num_threads > 1 ? sum_switches(x, dirfd, &ki) : 0;
	return (r < 0 ? r : append(x, &ki));
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

static uint64_t
usec_since_boot(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_BOOTTIME, &ts) != 0)
		return (0);
	return ((uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
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
	x->fill = (struct kvmi_fill){ .hz = hz > 0 ? (uint64_t)hz : 100,
		.page_kib = page >= 1024 ? (uint64_t)page / 1024 : 4,
		.now_usec = usec_since_boot(),
		.boot = kvmi_live_boot(x->live) };
	x->euid = geteuid();
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
