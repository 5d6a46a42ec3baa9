/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing to the running kernel: /proc/kcore says which physical address is
 * meant, and /dev/mem, where the kernel allows it, takes the bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/math.h"
#include "live/live.h"

static int
open_fail(const struct kvmi_live *l, const char *path, struct kvmi_err *err)
{
	switch (errno) {
	case ENOENT:
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s does not exist: this "
		    "kernel was built without CONFIG_DEVMEM, or this is a "
		    "container; the running kernel cannot be written to",
		    path));
	case EACCES:
		return (kvmi_fail(err, KVMI_EPERM, "%s: permission denied; "
		    "only root may write to the memory of the running kernel "
		    "(with CAP_SYS_RAWIO)", path));
	case EPERM:
		break;
	default:
		return (kvmi_fail_errno(err, "%s", path));
	}
	if (kvmi_live_locked_down(l, false))
		return (kvmi_fail(err, KVMI_EPERM, "%s: refused, the kernel is "
		    "locked down (/sys/kernel/security/lockdown); boot without "
		    "it to write to memory", path));
	return (kvmi_fail(err, KVMI_EPERM, "%s: refused; CAP_SYS_RAWIO is "
	    "needed, in the initial user namespace: being root in a container "
	    "is not enough", path));
}

/* All of it has to have a place before the first byte is written. */
static int
check_range(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va, size_t len)
{
	struct kvmi_mapping m;
	uint64_t at = va;
	int r;

	if (!kvmi_inside(va, len, UINT64_MAX))
		return (kvmi_fail(&cx->err, KVMI_ENOTMAPPED, "invalid address: "
		    "0x%" PRIx64 " + %zu wraps", va, len));
	while (at < va + len) {
		r = kvmi_space_translate(&k->space, at, &m, &cx->err);
		if (r != 0)
			return (r);
		at = m.va + m.len;
	}
	return (0);
}

static int
write_fail(const char *path, uint64_t pa, struct kvmi_err *err)
{
	if (errno == EPERM)
		return (kvmi_fail(err, KVMI_EPERM, "%s: physical address 0x%"
		    PRIx64 " is refused: the kernel keeps its memory to itself "
		    "(CONFIG_STRICT_DEVMEM)", path, pa));
	if (errno == EFAULT)
		return (kvmi_fail(err, KVMI_ENOTMAPPED, "%s: physical address "
		    "0x%" PRIx64 " is no memory that it reaches", path, pa));
	return (kvmi_fail_errno(err, "%s: physical address 0x%" PRIx64, path,
	    pa));
}

/* One piece that is contiguous; *done grows by what was written. */
static int
write_piece(int fd, const char *path, uint64_t pa, const uint8_t *p,
    size_t len, size_t *done, struct kvmi_err *err)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, (off_t)pa);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return (write_fail(path, pa, err));
		if (n == 0)
			return (kvmi_fail(err, KVMI_ESYS, "%s: physical "
			    "address 0x%" PRIx64 ": nothing is written", path,
			    pa));
		p += n;
		len -= (size_t)n;
		pa += (uint64_t)n;
		*done += (size_t)n;
	}
	return (0);
}

/*
 * The kernel drops what is written to some of its memory and reports success
 * (drivers/char/mem.c, page_is_allowed() of 2).
 */
static int
check_written(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    const uint8_t *p, size_t len, size_t *done)
{
	uint8_t now[256];

	for (size_t at = 0; at < len; at += sizeof(now)) {
		size_t n = (size_t)kvmi_min(len - at, sizeof(now));

		/* What was written and cannot be read is written. */
		if (kvmi_kread(k, cx, va + at, now, n) != 0 ||
		    memcmp(now, p + at, n) == 0)
			continue;
		for (*done = at; now[*done - at] == p[*done]; ++*done)
			;
		return (kvmi_fail(&cx->err, KVMI_EPERM, "0x%" PRIx64 " reads "
		    "as 0x%02x behind a write of 0x%02x: the kernel ignored it "
		    "(CONFIG_STRICT_DEVMEM), or changed it at once",
		    va + *done, now[*done - at], p[*done]));
	}
	return (0);
}

int
kvmi_live_write(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    const void *buf, size_t len, size_t *done)
{
	const struct kvmi_live *l = k->priv;
	const uint8_t *p = buf;
	struct kvmi_mapping m;
	char path[PATH_MAX];
	int fd, r;

	*done = 0;
	r = kvmi_live_memory(k, cx);
	if (r == 0)
		r = check_range(k, cx, va, len);
	if (r != 0)
		return (r);
	snprintf(path, sizeof(path), "%s/mem", l->dev_root);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return (open_fail(l, path, &cx->err));
	while (*done < len && r == 0) {
		uint64_t at = va + *done;

		r = kvmi_space_translate(&k->space, at, &m, &cx->err);
		if (r == 0)
			r = write_piece(fd, path, m.pa + (at - m.va),
			    p + *done, (size_t)kvmi_min(m.va + m.len - at,
			    len - *done), done, &cx->err);
	}
	close(fd);
	return (r != 0 ? r : check_written(k, cx, va, p, len, done));
}
