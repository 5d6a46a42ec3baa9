/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of one process or thread say, below its directory. */
#include "live/proc_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/math.h"

/*
 * What an errno means for the list: processes end, and procfs may hide them
 * (hidepid).  But being out of descriptors or memory fails the call: a list
 * that lacks processes at random is worse than none.
 */
int
kvmi_proc_skip_or_fail(const struct kvmi_proc_lister *x, int e, int32_t id,
    const char *file)
{
	switch (e) {
	case ENOENT:
	case ESRCH:
	case ENOTDIR:
	case EACCES:
	case EPERM:
		return (KVMI_PROC_SKIP);
	}
	errno = e;
	return (kvmi_fail_errno(&x->cx->err, "%s/%" PRId32 "%s",
	    x->live->proc_root, id, file));
}

static int
malformed(const struct kvmi_proc_lister *x, int32_t id, const char *file)
{
	kvmi_fail(&x->cx->err, KVMI_EFORMAT, "%s/%" PRId32 "%s is not of the "
	    "form that proc(5) has", x->live->proc_root, id, file);
	kvmi_damage(x->cx);
	return (KVMI_PROC_SKIP);
}

int
kvmi_proc_read_stat(struct kvmi_proc_lister *x, int dirfd, int32_t id,
    struct kvmi_proc_stat *ret)
{
	int e = kvmi_text_read(&x->text, dirfd, "stat", KVMI_TEXT_ONE_READ,
	    KVMI_PROC_TEXT_MAX);

	if (e != 0)
		return (kvmi_proc_skip_or_fail(x, e, id, "/stat"));
	if (!kvmi_parse_stat(x->text.p, x->text.len, ret) || ret->pid != id)
		return (malformed(x, id, "/stat"));
	return (0);
}

int
kvmi_proc_read_status(struct kvmi_proc_lister *x, int dirfd, int32_t id,
    struct kvmi_proc_status *ret)
{
	int e = kvmi_text_read(&x->text, dirfd, "status", KVMI_TEXT_ONE_READ,
	    KVMI_PROC_TEXT_MAX);

	if (e != 0)
		return (kvmi_proc_skip_or_fail(x, e, id, "/status"));
	if (!kvmi_parse_status(x->text.p, x->text.len, ret))
		return (malformed(x, id, "/status"));
	return (0);
}

/*
 * Some the kernel tells only those who may trace it.  Others do not ask: the
 * refusal would be written to the audit log.
 */
static bool
may_ask(const struct kvmi_proc_lister *x, const struct kinfo_proc *ki)
{
	return (x->euid == 0 || x->euid == ki->ki_ruid);
}

/* Where it sleeps. */
void
kvmi_proc_fill_wmesg(struct kvmi_proc_lister *x, int dirfd,
    struct kinfo_proc *ki)
{
	if (ki->ki_stat != SSLEEP || !may_ask(x, ki))
		return;
	if (kvmi_text_read(&x->text, dirfd, "wchan", KVMI_TEXT_ONE_READ,
	    KVMI_PROC_TEXT_MAX) != 0 || strcmp(x->text.p, "0") == 0)
		return;
	memcpy(ki->ki_wmesg, x->text.p, kvmi_min(WMESGLEN,
	    strcspn(x->text.p, "\n")));
}

/*
 * To the nanosecond, and with the threads that have ended: the clock that
 * clock_getcpuclockid(3) makes of the number (CPUCLOCK_SCHED).
 */
bool
kvmi_proc_read_clock(const struct kvmi_proc_lister *x, int32_t pid,
    uint64_t *ret_usec)
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
void
kvmi_proc_fill_io(struct kvmi_proc_lister *x, int dirfd, struct kinfo_proc *ki)
{
	uint64_t v;

	if (!may_ask(x, ki) || kvmi_text_read(&x->text, dirfd, "io",
	    KVMI_TEXT_ONE_READ, KVMI_PROC_TEXT_MAX) != 0)
		return;
	if (kvmi_text_number(&x->text, "read_bytes:", &v))
		ki->ki_rusage.ru_inblock = (int64_t)(v / 512);
	if (kvmi_text_number(&x->text, "write_bytes:", &v))
		ki->ki_rusage.ru_oublock = (int64_t)(v / 512);
}

/* "RUNNING WAITING SLICES", in nanoseconds. */
void
kvmi_proc_fill_runtime(struct kvmi_proc_lister *x, int dirfd,
    struct kinfo_proc *ki)
{
	const char *p;
	uint64_t nsec;

	if (kvmi_text_read(&x->text, dirfd, "schedstat", KVMI_TEXT_ONE_READ,
	    KVMI_PROC_TEXT_MAX) != 0)
		return;
	p = x->text.p;
	if (kvmi_parse_decimal(&p, x->text.p + x->text.len, UINT64_MAX,
	    &nsec) && *p == ' ')
		ki->ki_runtime = nsec / 1000;
}

/* The directory of a process or thread; a number below fd. */
int
kvmi_proc_open_id(const struct kvmi_proc_lister *x, int fd, int32_t id,
    int *ret)
{
	char name[16];

	snprintf(name, sizeof(name), "%" PRId32, id);
	*ret = openat(fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return (*ret < 0 ? kvmi_proc_skip_or_fail(x, errno, id, "") : 0);
}

static int
add_id(const struct kvmi_proc_lister *x, struct kvmi_ids *ids, int32_t id)
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
int
kvmi_proc_read_ids(const struct kvmi_proc_lister *x, int fd,
    struct kvmi_ids *ids)
{
	ssize_t len;
	int r = 0;

	ids->n = 0;
	while ((len = getdents64(fd, x->dents, KVMI_DENTS_SIZE)) > 0) {
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
