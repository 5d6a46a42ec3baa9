/* SPDX-License-Identifier: BSD-2-Clause */
/* A file as a byte source: mapped when it is regular, else read with pread. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/fs.h>
#include <linux/magic.h>

#include "base/busguard.h"
#include "base/src.h"

struct file {
	struct kvmi_src	 src;
	struct kvmi_map	 map;
	int		 fd;
};

static const uint8_t *
file_map(struct kvmi_src *s, uint64_t off, uint64_t *run)
{
	if (s->map == NULL || off >= s->map->len)
		return (NULL);
	*run = s->map->len - off;
	return (s->map->base + off);
}

static int
file_read(struct kvmi_src *s, uint64_t off, void *buf, size_t n,
    struct kvmi_err *err)
{
	struct file *f = (struct file *)s;
	uint8_t *p = buf;

	while (n > 0) {
		ssize_t got = pread(f->fd, p, n, (off_t)off);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return (kvmi_fail_errno(err, "%s: read of %zu bytes at "
			    "0x%" PRIx64, s->name, n, off));
		if (got == 0)
			return (kvmi_fail(err, KVMI_ETRUNC, "%s: ends at 0x%"
			    PRIx64 ", %zu more bytes were wanted", s->name, off,
			    n));
		p += got;
		off += (uint64_t)got;
		n -= (size_t)got;
	}
	return (0);
}

static int64_t
file_off(struct kvmi_src *s, uint64_t off)
{
	(void)s;
	return ((int64_t)off);
}

static int
file_close(struct kvmi_src *s)
{
	struct file *f = (struct file *)s;
	int r = 0;

	if (s->map != NULL) {
		kvmi_busguard_remove(&f->map);
		munmap((void *)(uintptr_t)f->map.base, f->map.len);
	}
	if (f->fd >= 0)
		r = close(f->fd);
	free((void *)(uintptr_t)s->name);
	free(f);
	return (r);
}

static const struct kvmi_src_ops file_ops = {
	.map = file_map,
	.read = file_read,
	.file_off = file_off,
	.close = file_close,
};

/* Failing to map is no failure: reads then go through pread. */
static void
try_map(struct file *f)
{
	void *p;

	if (f->src.size == 0 || f->src.size > SIZE_MAX / 2)
		return;
	p = mmap(NULL, (size_t)f->src.size, PROT_READ, MAP_SHARED, f->fd, 0);
	if (p == MAP_FAILED)
		return;
	f->map.base = p;
	f->map.len = (size_t)f->src.size;
	atomic_store(&f->map.lost_start, SIZE_MAX);
	if (kvmi_busguard_add(&f->map) != 0) {
		munmap(p, f->map.len);
		return;
	}
	f->src.map = &f->map;
}

int
kvmi_file_open(int fd, const char *name, struct kvmi_src **ret,
    struct kvmi_err *err)
{
	struct file *f = calloc(1, sizeof(*f));
	struct stat st;
	struct statfs fs;
	int r;

	if (f == NULL || (f->src.name = strdup(name)) == NULL) {
		close(fd);
		free(f);
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory", name));
	}
	f->src.ops = &file_ops;
	f->fd = fd;
	if (fstat(fd, &st) != 0) {
		r = kvmi_fail_errno(err, "%s", name);
		goto fail;
	}
	if (S_ISREG(st.st_mode)) {
		f->src.size = (uint64_t)st.st_size;
		try_map(f);
		/* /proc/kcore changes while we look and cannot be mapped. */
		f->src.volatile_ = f->src.map == NULL &&
		    fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
	} else if (S_ISBLK(st.st_mode)) {
		if (ioctl(fd, BLKGETSIZE64, &f->src.size) != 0) {
			r = kvmi_fail_errno(err, "%s: size of the device",
			    name);
			goto fail;
		}
	} else if (S_ISCHR(st.st_mode)) {
		/* A memory device: as long as it will answer. */
		f->src.size = INT64_MAX;
		f->src.volatile_ = true;
	} else if (S_ISDIR(st.st_mode)) {
		r = kvmi_fail(err, KVMI_ENOTSUP, "%s: a directory; name the "
		    "file in it", name);
		goto fail;
	} else {
		r = kvmi_fail(err, KVMI_ENOTSUP, "%s: not a regular file or "
		    "device; an image must allow random access (copy it to a "
		    "file first)", name);
		goto fail;
	}
	*ret = &f->src;
	return (0);
fail:
	file_close(&f->src);
	return (r);
}

int
kvmi_path_open(const char *path, int flags, struct kvmi_src **ret,
    struct kvmi_err *err)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return (kvmi_fail_errno(err, "%s", path));
	return (kvmi_file_open(fd, path, ret, err));
}
