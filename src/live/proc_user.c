/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arguments, environment and memory of processes of the running host:
 * /proc/PID/cmdline, environ and mem.  All is opened below a descriptor of
 * the process's directory, whose start time is held against the one of the
 * list: a number that belongs to another process by now is noticed.
 */
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

#define MAX_SMALL	((size_t)64 << 10)

/* The time of boot may be told one second apart by two descriptors. */
#define BOOT_SLACK	1

static int
gone(const struct kvmi_live *l, int32_t pid, struct kvmi_err *err)
{
	return (kvmi_fail(err, KVMI_EINVAL, "process %" PRId32 ": there is no "
	    "%s/%" PRId32 ": it has ended, or belongs to another user and is "
	    "hidden (hidepid)", pid, l->proc_root, pid));
}

/* What an errno means, of a file of a process or of its directory (""). */
static int
refused(const struct kvmi_live *l, int32_t pid, const char *file, int e,
    struct kvmi_err *err)
{
	switch (e) {
	case ENOENT:
	case ESRCH:
		return (gone(l, pid, err));
	case EACCES:
	case EPERM:
		return (kvmi_fail(err, KVMI_EPERM, "%s/%" PRId32 "/%s: "
		    "permission denied; a process of another user, or one "
		    "that may not be traced: CAP_SYS_PTRACE is needed",
		    l->proc_root, pid, file));
	}
	errno = e;
	return (kvmi_fail_errno(err, "%s/%" PRId32 "/%s", l->proc_root, pid,
	    file));
}

/* Is it the process of the list?  A list without times is believed. */
static int
check_start(struct kvmi_live *l, int dirfd, const struct kinfo_proc *ki,
    struct kvmi_err *err)
{
	long hz = sysconf(_SC_CLK_TCK);
	uint64_t ticks = hz > 0 ? (uint64_t)hz : 100;
	struct kvmi_text t = { 0 };
	struct kvmi_proc_stat s;
	int64_t sec, usec;
	bool parsed;
	int e;

	if (ki->ki_start.tv_sec == 0)
		return (0);
	e = kvmi_text_read(&t, dirfd, "stat", KVMI_TEXT_ONE_READ, MAX_SMALL);
	parsed = e == 0 && kvmi_parse_stat(t.p, t.len, &s);
	kvmi_text_deinit(&t);
	if (e != 0)
		return (refused(l, ki->ki_pid, "stat", e, err));
	if (!parsed)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s/%" PRId32 "/stat is "
		    "not of the form that proc(5) has", l->proc_root,
		    ki->ki_pid));
	sec = kvmi_live_boot(l) + (int64_t)(s.starttime / ticks) -
	    (int64_t)ki->ki_start.tv_sec;
	usec = (int64_t)(s.starttime % ticks * 1000000 / ticks);
	if (sec < -BOOT_SLACK || sec > BOOT_SLACK ||
	    usec != (int64_t)ki->ki_start.tv_usec)
		return (kvmi_fail(err, KVMI_EINVAL, "process %" PRId32 " has "
		    "ended: the number belongs to one that started later",
		    ki->ki_pid));
	return (0);
}

static int
open_process(struct kvmi_live *l, const struct kinfo_proc *ki, int *ret,
    struct kvmi_err *err)
{
	char path[PATH_MAX];
	int fd, r;

	if (ki->ki_pid <= 0)
		return (kvmi_fail(err, KVMI_EINVAL, "no process %" PRId32,
		    ki->ki_pid));
	snprintf(path, sizeof(path), "%s/%" PRId32, l->proc_root, ki->ki_pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return (refused(l, ki->ki_pid, "", errno, err));
	r = check_start(l, fd, ki, err);
	if (r != 0) {
		close(fd);
		return (r);
	}
	*ret = fd;
	return (0);
}

/*
 * Since 6.15 files of memory cannot even be opened where there is none: of
 * kernel threads, and of what has ended but waits for its parent.
 */
static bool
lacks_memory(int dirfd, int e)
{
	struct kvmi_text t = { 0 };
	bool there = e == ESRCH && kvmi_text_read(&t, dirfd, "stat",
	    KVMI_TEXT_ONE_READ, MAX_SMALL) == 0;

	kvmi_text_deinit(&t);
	return (there);
}

static int
no_memory(int32_t pid, struct kvmi_err *err)
{
	return (kvmi_fail(err, KVMI_ENOTMAPPED, "process %" PRId32 " has no "
	    "memory of its own: a kernel thread, or it has ended", pid));
}

int
kvmi_live_strings(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, enum kvmi_strings_kind kind, size_t max,
    struct kvmi_strings *out)
{
	const char *file = kind == KVMI_ARGV ? "cmdline" : "environ";
	struct kvmi_live *l = k->priv;
	struct kvmi_text t = { 0 };
	int dirfd, e, r;

	*out = (struct kvmi_strings){ 0 };
	r = open_process(l, ki, &dirfd, &cx->err);
	if (r != 0)
		return (r);
	e = kvmi_text_read(&t, dirfd, file, KVMI_TEXT_TO_END, max);
	/* What others may not see has not got to be there. */
	if (e != 0 && (lacks_memory(dirfd, e) ||
	    (e == EACCES && (ki->ki_flag & P_KPROC) != 0))) {
		t.len = 0;
		e = 0;
	}
	close(dirfd);
	if (e != 0 && e != EFBIG) {
		kvmi_text_deinit(&t);
		return (refused(l, ki->ki_pid, file, e, &cx->err));
	}
	out->p = t.p;
	out->len = (size_t)kvmi_min(t.len, max);
	return (0);
}

static int
read_memory(const struct kvmi_live *l, int fd, int32_t pid, uint64_t va,
    uint8_t *buf, size_t len, size_t *done, struct kvmi_err *err)
{
	while (*done < len) {
		ssize_t n = pread(fd, buf + *done, len - *done,
		    (off_t)(va + *done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EIO && errno != EFAULT)
			return (refused(l, pid, "mem", errno, err));
		if (n < 0)
			return (kvmi_fail(err, KVMI_ENOTMAPPED, "process %"
			    PRId32 ": invalid user address (0x%" PRIx64 "): "
			    "not mapped", pid, va + *done));
		if (n == 0)
			return (no_memory(pid, err));
		*done += (size_t)n;
	}
	return (0);
}

int
kvmi_live_uread(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint64_t va, void *buf, size_t len,
    size_t *done)
{
	struct kvmi_live *l = k->priv;
	int dirfd, fd, r;

	*done = 0;
	if (!kvmi_inside(va, len, INT64_MAX))
		return (kvmi_fail(&cx->err, KVMI_ENOTMAPPED, "invalid user "
		    "address (0x%" PRIx64 "): of the kernel's half", va));
	r = open_process(l, ki, &dirfd, &cx->err);
	if (r != 0)
		return (r);
	fd = openat(dirfd, "mem", O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		int e = errno;

		r = lacks_memory(dirfd, e) ? no_memory(ki->ki_pid, &cx->err) :
		    refused(l, ki->ki_pid, "mem", e, &cx->err);
	}
	close(dirfd);
	if (r != 0)
		return (r);
	r = read_memory(l, fd, ki->ki_pid, va, buf, len, done, &cx->err);
	close(fd);
	return (r);
}
