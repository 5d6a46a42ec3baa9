/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/endian.h"
#include "convert/convert.h"

#define FLAT_HEADER	4096		/* IMPLEMENTATION of makedumpfile */

static int
write_all(struct kvmi_sink *s, const void *buf, size_t n, int64_t off,
    struct kvmi_err *err)
{
	const uint8_t *p = buf;

	while (n > 0) {
		ssize_t put = off < 0 ? write(s->fd, p, n) :
		    pwrite(s->fd, p, n, (off_t)off);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return (kvmi_fail_errno(err, "%s", s->named ?
			    s->out.name : "output"));
		p += put;
		n -= (size_t)put;
		off = off < 0 ? off : off + put;
	}
	return (0);
}

static int
begin_stream(struct kvmi_sink *s, struct kvmi_err *err)
{
	uint8_t h[FLAT_HEADER] = "makedumpfile";

	kvmi_put64(h + 16, 1, true);	/* type */
	kvmi_put64(h + 24, 1, true);	/* version */
	return (write_all(s, h, sizeof(h), -1, err));
}

static int
open_named(struct kvmi_sink *s, const char *path, bool replace,
    struct kvmi_err *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	char dir[4096] = ".";
	int r, fd;

	if (name[0] == '\0' || strlen(name) >= sizeof(s->out.name) - 32 ||
	    (slash != NULL && (size_t)(name - path) >= sizeof(dir)))
		return (kvmi_fail(err, KVMI_EINVAL, "%s: not the name of a "
		    "file that can be made", path));
	if (slash != NULL) {
		memcpy(dir, path, (size_t)(name - path));
		dir[name - path] = '\0';
	}
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return (kvmi_fail_errno(err, "%s", dir));
	/* Sooner than at the end. */
	if (!replace && faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		r = kvmi_fail(err, KVMI_ESYS, "%s: there is such a file; it "
		    "is replaced when forced (kpeek convert -f)", path);
	else
		r = kvmi_out_create(&s->out, fd, name, err);
	if (r != 0) {
		close(fd);
		return (r);
	}
	s->fd = s->out.fd;
	s->named = true;
	return (0);
}

/* The caller's descriptor is asked what it takes before any byte goes there. */
static int
check_descriptor(const struct kvmi_sink *s, struct kvmi_err *err)
{
	int flags = fcntl(s->fd, F_GETFL);
	struct stat st;

	if (flags < 0 || fstat(s->fd, &st) != 0)
		return (kvmi_fail_errno(err, "descriptor %d", s->fd));
	if ((flags & O_ACCMODE) == O_RDONLY)
		return (kvmi_fail(err, KVMI_EINVAL, "descriptor %d is not "
		    "open for writing", s->fd));
	if (s->flattened)
		return (0);
	if (!S_ISREG(st.st_mode))
		return (kvmi_fail(err, KVMI_EINVAL, "only a flattened dump can "
		    "be written to what is not a regular file"));
	/* pwrite(2) would put everything at the end. */
	if ((flags & O_APPEND) != 0)
		return (kvmi_fail(err, KVMI_EINVAL, "only a flattened dump can "
		    "be appended (descriptor %d has O_APPEND)", s->fd));
	return (0);
}

int
kvmi_sink_open(struct kvmi_sink *s, const struct kvm_convert_options *o,
    struct kvmi_err *err)
{
	int r = 0;

	*s = (struct kvmi_sink){ .fd = o->kc_fd, .out = { .fd = -1 },
		.flattened = (o->kc_flags & KVM_CONVERT_FLATTENED) != 0 };
	if (o->kc_path != NULL)
		r = open_named(s, o->kc_path,
		    (o->kc_flags & KVM_CONVERT_FORCE) != 0, err);
	else if (s->fd < 0)
		r = kvmi_fail(err, KVMI_EINVAL, "neither a path nor a "
		    "descriptor to write to");
	else if ((r = check_descriptor(s, err)) == 0 && !s->flattened)
		r = kvmi_sink_size(s, 0, err);	/* gaps are to be zeros */
	if (r == 0 && s->flattened)
		r = begin_stream(s, err);
	return (r);
}

int
kvmi_sink_put(struct kvmi_sink *s, uint64_t off, const void *buf, size_t n,
    struct kvmi_err *err)
{
	uint8_t h[16];
	int r;

	if (n == 0)
		return (0);
	if (!s->flattened)
		return (write_all(s, buf, n, (int64_t)off, err));
	kvmi_put64(h, off, true);
	kvmi_put64(h + 8, n, true);
	r = write_all(s, h, sizeof(h), -1, err);
	return (r != 0 ? r : write_all(s, buf, n, -1, err));
}

int
kvmi_sink_size(struct kvmi_sink *s, uint64_t n, struct kvmi_err *err)
{
	if (ftruncate(s->fd, (off_t)n) != 0)
		return (kvmi_fail_errno(err, "%s", s->named ? s->out.name :
		    "output"));
	return (0);
}

int
kvmi_sink_finish(struct kvmi_sink *s, bool replace, struct kvmi_err *err)
{
	uint8_t end[16];
	int r = 0, dir = s->out.dir;

	memset(end, 0xff, sizeof(end));
	if (s->flattened)
		r = write_all(s, end, sizeof(end), -1, err);
	if (!s->named)
		return (r);
	if (r != 0) {
		kvmi_sink_drop(s);
		return (r);
	}
	r = kvmi_out_finish(&s->out, replace, err);
	close(dir);
	s->named = false;
	return (r);
}

void
kvmi_sink_drop(struct kvmi_sink *s)
{
	if (!s->named)
		return;
	kvmi_out_drop(&s->out);
	close(s->out.dir);
	s->named = false;
}
