/* SPDX-License-Identifier: BSD-2-Clause */
/* Byte sources that misbehave on request, and files without a name. */
#include "util.h"

#include <sys/mman.h>
#include <unistd.h>

struct odd {
	struct kvmi_src	 src;
	uint8_t		*p;
	struct util_src_opts o;
	uint64_t	 nreads;
};

static const uint8_t *
odd_map(struct kvmi_src *s, uint64_t off, uint64_t *run)
{
	struct odd *d = (struct odd *)s;

	if (d->o.piece == 0 || off >= s->size)
		return (NULL);
	*run = kvmi_min(d->o.piece - off % d->o.piece, s->size - off);
	return (d->p + off);
}

static int
odd_read(struct kvmi_src *s, uint64_t off, void *buf, size_t n,
    struct kvmi_err *err)
{
	struct odd *d = (struct odd *)s;

	if (d->o.reads != 0 && d->nreads++ >= d->o.reads)
		return (kvmi_fail(err, KVMI_ESYS, "read %" PRIu64 " fails",
		    d->nreads));
	if (!kvmi_inside(off, n, s->size))
		abort();	/* the caller has to check */
	memcpy(buf, d->p + off, n);
	return (0);
}

static int64_t
odd_file_off(struct kvmi_src *s, uint64_t off)
{
	(void)s;
	return ((int64_t)off);
}

static int
odd_close(struct kvmi_src *s)
{
	free(((struct odd *)s)->p);
	free(s);
	return (0);
}

static const struct kvmi_src_ops odd_ops = {
	.map = odd_map,
	.read = odd_read,
	.file_off = odd_file_off,
	.close = odd_close,
};

struct kvmi_src *
util_src(const void *p, size_t len, const struct util_src_opts *o)
{
	struct odd *d = calloc(1, sizeof(*d));

	if (d == NULL || (d->p = malloc(len == 0 ? 1 : len)) == NULL)
		abort();
	if (len > 0)
		memcpy(d->p, p, len);
	d->o = *o;
	d->src.ops = &odd_ops;
	d->src.name = "input";
	d->src.size = len;
	d->src.volatile_ = o->live;
	return (&d->src);
}

struct kvmi_src *
util_bytes(const struct bytes *b, size_t len)
{
	static const struct util_src_opts plain = { .piece = UINT64_MAX };

	return (util_src(b->p, len, &plain));
}

int
util_file(const void *p, size_t len)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	if (fd < 0)
		fail_msg("memfd_create");
	for (size_t at = 0; at < len;) {
		ssize_t n = pwrite(fd, (const char *)p + at, len - at,
		    (off_t)at);

		if (n <= 0)
			fail_msg("write");
		at += (size_t)n;
	}
	return (fd);
}

struct kvmi_src *
util_file_src(int fd)
{
	struct kvmi_src *s;
	struct kvmi_err err;

	if (kvmi_file_open(dup(fd), "image", &s, &err) != 0)
		fail_msg("%s", err.text);
	return (s);
}
