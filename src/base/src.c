/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/src.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"

const uint8_t *
kvmi_src_no_map(struct kvmi_src *s, uint64_t off, uint64_t *run)
{
	(void)s;
	(void)off;
	(void)run;
	return (NULL);
}

int64_t
kvmi_src_no_file_off(struct kvmi_src *s, uint64_t off)
{
	(void)s;
	(void)off;
	return (-1);
}

int
kvmi_src_check_lost(struct kvmi_src *s, const uint8_t *p, size_t n,
    struct kvmi_err *err)
{
	struct kvmi_map *m = s->map;
	size_t start, end, off;

	if (!kvmi_map_lost(m))
		return (0);
	if (p < m->base || p >= m->base + m->len)
		return (0);
	off = (size_t)(p - m->base);
	start = atomic_load(&m->lost_start);
	end = atomic_load(&m->lost_end);
	if (off >= end || off + n <= start)
		return (0);
	return (kvmi_fail(err, KVMI_ETRUNC, "%s: the file was cut short, or "
	    "its disk failed, at 0x%zx while it was open", s->name, start));
}

static int
fail_end(const struct kvmi_src *s, uint64_t off, uint64_t n, const char *what,
    struct kvmi_err *err)
{
	return (kvmi_fail(err, KVMI_ETRUNC, "%s: %s at 0x%" PRIx64
	    " (%" PRIu64 " bytes) passes the end of the file at 0x%" PRIx64
	    "%s%s", s->name, what, off, n, s->size,
	    s->damage != NULL ? "; " : "",
	    s->damage != NULL ? s->damage : ""));
}

int
kvmi_src_check(struct kvmi_src *s, uint64_t off, uint64_t n, const char *what,
    struct kvmi_err *err)
{
	if (!kvmi_inside(off, n, s->size))
		return (fail_end(s, off, n, what, err));
	if (s->backed != 0 && n > s->backed)
		return (kvmi_fail(err, KVMI_ETRUNC, "%s: %s at 0x%" PRIx64
		    " (%" PRIu64 " bytes) is more than the file has (%" PRIu64
		    ")", s->name, what, off, n, s->backed));
	return (0);
}

int
kvmi_src_read(struct kvmi_src *s, uint64_t off, void *buf, size_t n,
    const char *what, struct kvmi_err *err)
{
	uint8_t *out = buf;

	if (!kvmi_inside(off, n, s->size))
		return (fail_end(s, off, n, what, err));
	while (n > 0) {
		uint64_t run;
		const uint8_t *p = s->ops->map(s, off, &run);
		size_t step;
		int r;

		if (p == NULL)
			return (s->ops->read(s, off, out, n, err));
		step = (size_t)kvmi_min(run, n);
		memcpy(out, p, step);
		r = kvmi_src_check_lost(s, p, step, err);
		if (r != 0)
			return (r);
		out += step;
		off += step;
		n -= step;
	}
	return (0);
}

int
kvmi_src_take(struct kvmi_src *s, uint64_t *at, void *buf, size_t n,
    const char *what, struct kvmi_err *err)
{
	int r = kvmi_src_read(s, *at, buf, n, what, err);

	if (r == 0)
		*at += n;
	return (r);
}

int
kvmi_src_take_uint(struct kvmi_src *s, uint64_t *at, unsigned int size,
    bool big_endian, const char *what, uint64_t *ret, struct kvmi_err *err)
{
	uint8_t b[8];
	int r = kvmi_src_take(s, at, b, size, what, err);

	if (r == 0)
		*ret = kvmi_get_uint(b, size, big_endian);
	return (r);
}

const uint8_t *
kvmi_src_ptr(struct kvmi_src *s, uint64_t off, uint64_t n)
{
	uint64_t run;
	const uint8_t *p;

	if (!kvmi_inside(off, n, s->size) || n == 0)
		return (NULL);
	p = s->ops->map(s, off, &run);
	return (p != NULL && run >= n ? p : NULL);
}

int
kvmi_src_blob(struct kvmi_src *s, uint64_t off, uint64_t n, const char *what,
    struct kvmi_blob *ret, struct kvmi_err *err)
{
	const uint8_t *p;
	void *mem;
	int r;

	r = kvmi_src_check(s, off, n, what, err);
	if (r != 0)
		return (r);
	p = kvmi_src_ptr(s, off, n);
	if (p != NULL) {
		*ret = (struct kvmi_blob){ .p = p, .len = (size_t)n };
		return (0);
	}
	mem = malloc(n == 0 ? 1 : (size_t)n);
	if (mem == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM,
		    "%s: no memory for %s (%" PRIu64 " bytes)", s->name, what,
		    n));
	r = kvmi_src_read(s, off, mem, (size_t)n, what, err);
	if (r != 0) {
		free(mem);
		return (r);
	}
	*ret = (struct kvmi_blob){ .p = mem, .len = (size_t)n, .owned = mem };
	return (0);
}

void
kvmi_blob_release(struct kvmi_blob *b)
{
	free(b->owned);
	*b = (struct kvmi_blob){ 0 };
}

int
kvmi_src_close(struct kvmi_src *s)
{
	return (s == NULL ? 0 : s->ops->close(s));
}
