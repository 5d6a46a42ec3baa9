/* SPDX-License-Identifier: BSD-2-Clause */
#include "save/save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/math.h"
#include "base/zero.h"

#define HOLE	4096
#define TRIES	100

/* The i-th name for a file that is not finished. */
static void
name_tmp(struct kvmi_out *out, unsigned int i)
{
	snprintf(out->tmp, sizeof(out->tmp), ".%s.%ld.%u", out->name,
	    (long)getpid(), i);
}

/* Without a name nothing is left of it, whatever ends the program. */
static int
create_unnamed(int dir)
{
	if (access("/proc/self/fd", X_OK) != 0)
		return (-1);
	return (openat(dir, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600));
}

int
kvmi_out_create(struct kvmi_out *out, int dir, const char *name,
    struct kvmi_err *err)
{
	out->dir = dir;
	out->tmp[0] = '\0';
	snprintf(out->name, sizeof(out->name), "%s", name);
	out->fd = create_unnamed(dir);
	for (unsigned int i = 0; out->fd < 0 && i < TRIES; i++) {
		name_tmp(out, i);
		out->fd = openat(dir, out->tmp, O_WRONLY | O_CREAT | O_EXCL |
		    O_CLOEXEC | O_NOFOLLOW, 0600);
		if (out->fd < 0 && errno != EEXIST)
			break;
	}
	if (out->fd >= 0 && fchmod(out->fd, 0600) == 0)
		return (0);
	return (kvmi_fail_errno(err, "%s", name));
}

int
kvmi_out_write(struct kvmi_out *out, const void *buf, size_t n,
    struct kvmi_err *err)
{
	const uint8_t *p = buf;

	while (n > 0) {
		ssize_t put = write(out->fd, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return (kvmi_fail_errno(err, "%s", out->name));
		p += put;
		n -= (size_t)put;
	}
	return (0);
}

int
kvmi_out_sparse(struct kvmi_out *out, uint64_t off, const uint8_t *buf,
    size_t n, struct kvmi_err *err)
{
	for (size_t at = 0; at < n; at += HOLE) {
		size_t step = (size_t)kvmi_min(HOLE, n - at), done = 0;

		if (kvmi_all_zero(buf + at, step))
			continue;
		while (done < step) {
			ssize_t put = pwrite(out->fd, buf + at + done,
			    step - done, (off_t)(off + at + done));

			if (put < 0 && errno == EINTR)
				continue;
			if (put < 0)
				return (kvmi_fail_errno(err, "%s", out->name));
			done += (size_t)put;
		}
	}
	/* A hole at the end would leave the file short. */
	if (ftruncate(out->fd, (off_t)(off + n)) != 0)
		return (kvmi_fail_errno(err, "%s", out->name));
	return (0);
}

/* Name what has no name yet: as it is to be, or, to replace that, for now. */
static int
link_unnamed(struct kvmi_out *out, bool replace)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", out->fd);
	if (!replace)
		return (linkat(AT_FDCWD, path, out->dir, out->name,
		    AT_SYMLINK_FOLLOW));
	for (unsigned int i = 0; i < TRIES; i++) {
		name_tmp(out, i);
		if (linkat(AT_FDCWD, path, out->dir, out->tmp,
		    AT_SYMLINK_FOLLOW) == 0)
			return (0);
		if (errno != EEXIST)
			break;
	}
	out->tmp[0] = '\0';
	return (-1);
}

int
kvmi_out_finish(struct kvmi_out *out, bool replace, struct kvmi_err *err)
{
	int r = 0;

	if (fsync(out->fd) != 0 ||
	    (out->tmp[0] == '\0' && link_unnamed(out, replace) != 0))
		r = kvmi_fail_errno(err, "%s", out->name);
	if (close(out->fd) != 0 && r == 0)
		r = kvmi_fail_errno(err, "%s", out->name);
	out->fd = -1;
	if (out->tmp[0] == '\0')
		return (r);
	if (r == 0 && renameat2(out->dir, out->tmp, out->dir, out->name,
	    replace ? 0 : RENAME_NOREPLACE) != 0)
		r = kvmi_fail_errno(err, "%s", out->name);
	if (r != 0)
		unlinkat(out->dir, out->tmp, 0);
	return (r);
}

void
kvmi_out_drop(struct kvmi_out *out)
{
	if (out->fd < 0)
		return;
	close(out->fd);
	if (out->tmp[0] != '\0')
		unlinkat(out->dir, out->tmp, 0);
	out->fd = -1;
}

int
kvmi_out_link(int dir, const char *target, const char *name,
    struct kvmi_err *err)
{
	char tmp[80];

	snprintf(tmp, sizeof(tmp), ".%s.%ld", name, (long)getpid());
	unlinkat(dir, tmp, 0);
	if (symlinkat(target, dir, tmp) == 0) {
		if (renameat(dir, tmp, dir, name) == 0)
			return (0);
		unlinkat(dir, tmp, 0);
	}
	return (kvmi_fail_errno(err, "%s", name));
}
