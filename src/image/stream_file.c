/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index of a compressed image in a file, for the next time.  All numbers
 * are little-endian:
 *
 *	magic		16	"libkvm index" and zeros
 *	version		4	1
 *	method		12	"gzip" and zeros
 *	file		8 + 8	length and hash of the compressed file
 *	size		8	of what it decodes to
 *	points		8	how many follow, each:
 *		out, in		8 + 8
 *		state		4 + 4	length, and as it is stored here
 *				...	zstd unless both are equal
 *	hash		8	of all before
 *
 * It can be believed no more than any file: what is in it may lead to wrong
 * bytes, which only its owner may cause, but to nothing worse.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/endian.h"
#include "base/math.h"
#include "base/rd.h"
#include "image/stream_index.h"

#define MAGIC_LEN	16
#define VERSION		1
#define METHOD_LEN	12
#define HEADER		(MAGIC_LEN + 4 + METHOD_LEN + 8 + 8 + 8 + 8)
#define POINT		24
#define HASH		8

static const char magic[MAGIC_LEN] = "libkvm index";

#define FNV_START	UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME	UINT64_C(0x100000001b3)

/* FNV-1a: against accidents, not against people. */
static uint64_t
fnv(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * FNV_PRIME;
	return (h);
}

/* Parts of the file, at even distances from its start to its end. */
#define SAMPLES		64
#define SAMPLE		4096

int
kvmi_index_identify(struct kvmi_src *src, struct kvmi_index_id *id,
    struct kvmi_err *err)
{
	uint8_t buf[SAMPLE];
	size_t n = (size_t)kvmi_min(src->size, sizeof(buf));
	uint64_t h = FNV_START;

	for (uint64_t i = 0; i < SAMPLES; i++) {
		uint64_t off = (src->size - n) / (SAMPLES - 1) * i;
		int r;

		if (i == SAMPLES - 1)
			off = src->size - n;
		r = kvmi_src_read(src, off, buf, n, "compressed data", err);
		if (r != 0)
			return (r);
		h = fnv(h, buf, n);
	}
	id->len = src->size;
	id->hash = h;
	return (0);
}

static int
make_temp(const char *path, char **name, int *fd, struct kvmi_err *err)
{
	if (asprintf(name, "%s.XXXXXX", path) < 0) {
		*name = NULL;
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory", path));
	}
	*fd = mkostemp(*name, O_CLOEXEC);
	if (*fd >= 0)
		return (0);
	kvmi_fail_errno(err, "%s: an index cannot be stored there", path);
	free(*name);
	*name = NULL;
	return (err->code);
}

/* Better now than after minutes of work. */
static int
check_writable(const char *path, struct kvmi_err *err)
{
	char *name;
	int fd, r;

	r = make_temp(path, &name, &fd, err);
	if (r != 0)
		return (r);
	close(fd);
	unlink(name);
	free(name);
	return (KVMI_ENOTMINE);
}

/* KVMI_ENOTMINE: there is none. */
static int
open_index(const char *path, struct kvmi_src **ret, struct kvmi_err *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 && errno == ENOENT)
		return (KVMI_ENOTMINE);
	if (fd < 0)
		return (kvmi_fail_errno(err, "%s: index", path));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return (kvmi_fail(err, KVMI_EINVAL, "%s: not a regular file; "
		    "an index is kept in one", path));
	}
	if ((st.st_uid != geteuid() && st.st_uid != 0) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		close(fd);
		return (kvmi_fail(err, KVMI_EPERM, "%s: an index that others "
		    "can write to is not used; remove it", path));
	}
	if (st.st_size == 0) {
		close(fd);
		return (KVMI_ENOTMINE);
	}
	return (kvmi_file_open(fd, path, ret, err));
}

/* One point; false when there is none that could be. */
static bool
load_point(struct kvmi_index *x, struct kvmi_rd *r,
    const struct kvmi_index_id *id, uint64_t size)
{
	const struct kvmi_point *last = &x->v[x->n - 1];
	uint64_t out = kvmi_rd_u64(r, "out"), in = kvmi_rd_u64(r, "in");
	uint32_t state_len = kvmi_rd_u32(r, "state");
	uint32_t len = kvmi_rd_u32(r, "stored state");
	const void *state = kvmi_rd_bytes(r, "state", len);

	if (r->status != 0 || out <= last->out || in < last->in ||
	    out > size || in > id->len || state_len > id->portable ||
	    len > state_len || (len == 0) != (state_len == 0))
		return (false);
#ifndef HAVE_ZSTD
	if (len != state_len)
		return (false);
#endif
	return (kvmi_index_append(x, out, in, state, len, state_len));
}

static bool
load_points(struct kvmi_index *x, struct kvmi_rd *r,
    const struct kvmi_index_id *id, uint64_t *size)
{
	uint64_t len, hash, n;
	const char *method;

	kvmi_rd_seek(r, "version", MAGIC_LEN);
	if (kvmi_rd_u32(r, "version") != VERSION)
		return (false);
	method = kvmi_rd_bytes(r, "method", METHOD_LEN);
	len = kvmi_rd_u64(r, "file length");
	hash = kvmi_rd_u64(r, "file hash");
	*size = kvmi_rd_u64(r, "size");
	n = kvmi_rd_u64(r, "points");
	if (r->status != 0 || len != id->len || hash != id->hash ||
	    strncmp(method, id->method, METHOD_LEN) != 0 ||
	    *size > INT64_MAX || n > r->len / POINT)
		return (false);
	for (uint64_t i = 0; i < n; i++)
		if (!load_point(x, r, id, *size))
			return (false);
	return (r->pos == r->len);
}

int
kvmi_index_load(struct kvmi_index *x, const char *path,
    const struct kvmi_index_id *id, uint64_t *size, struct kvmi_err *err)
{
	struct kvmi_blob b = { 0 };
	struct kvmi_src *src;
	int r;

	r = open_index(path, &src, err);
	if (r == KVMI_ENOTMINE)
		return (check_writable(path, err));
	if (r != 0)
		return (r);
	/* Our own is never longer than that. */
	r = kvmi_src_blob(src, 0, kvmi_min(src->size, 2 * x->limit + HEADER),
	    "index", &b, err);
	if (r == 0 && (b.len < MAGIC_LEN ||
	    memcmp(b.p, magic, MAGIC_LEN) != 0))
		r = kvmi_fail(err, KVMI_EINVAL, "%s: this is no index, and is "
		    "not overwritten with one", path);
	if (r == 0) {
		struct kvmi_rd rd = { .base = b.p, .what = "index",
			.len = b.len - kvmi_min(b.len, HASH), .err = err };

		r = KVMI_ENOTMINE;
		if (b.len >= HEADER + HASH && kvmi_get64(b.p + rd.len,
		    false) == fnv(FNV_START, b.p, rd.len) &&
		    load_points(x, &rd, id, size))
			r = 0;
	}
	kvmi_blob_release(&b);
	kvmi_src_close(src);
	if (r != KVMI_ENOTMINE)
		return (r);
	kvmi_index_clear(x);
	return (check_writable(path, err));
}

struct out {
	FILE		*f;
	uint64_t	 hash;
};

static void
put(struct out *o, const void *p, size_t n)
{
	o->hash = fnv(o->hash, p, n);
	fwrite(p, 1, n, o->f);
}

static void
put_uint(struct out *o, uint64_t v, unsigned int size)
{
	uint8_t b[8];

	for (unsigned int i = 0; i < size; i++)
		b[i] = (uint8_t)(v >> 8 * i);
	put(o, b, size);
}

static bool
keeps(const struct kvmi_index_id *id, const struct kvmi_point *p)
{
	return (p->state_len <= id->portable);
}

static void
put_all(struct out *o, const struct kvmi_index *x,
    const struct kvmi_index_id *id, uint64_t size)
{
	char method[METHOD_LEN] = "";
	uint64_t n = 0;

	memcpy(method, id->method, strnlen(id->method, METHOD_LEN - 1));
	put(o, magic, sizeof(magic));
	put_uint(o, VERSION, 4);
	put(o, method, sizeof(method));
	put_uint(o, id->len, 8);
	put_uint(o, id->hash, 8);
	put_uint(o, size, 8);
	for (size_t i = 1; i < x->n; i++)
		n += keeps(id, &x->v[i]);
	put_uint(o, n, 8);
	for (size_t i = 1; i < x->n; i++) {
		const struct kvmi_point *p = &x->v[i];

		if (!keeps(id, p))
			continue;
		put_uint(o, p->out, 8);
		put_uint(o, p->in, 8);
		put_uint(o, p->state_len, 4);
		put_uint(o, p->len, 4);
		put(o, p->state, p->len);
	}
	put_uint(o, o->hash, 8);
}

int
kvmi_index_save(const struct kvmi_index *x, const char *path,
    const struct kvmi_index_id *id, uint64_t size, struct kvmi_err *err)
{
	struct out o = { .hash = FNV_START };
	char *name;
	bool good;
	int fd, r;

	r = make_temp(path, &name, &fd, err);
	if (r != 0)
		return (r);
	o.f = fdopen(fd, "w");
	if (o.f == NULL) {
		r = kvmi_fail_errno(err, "%s", name);
		close(fd);
		goto out;
	}
	put_all(&o, x, id, size);
	good = ferror(o.f) == 0;
	good = fclose(o.f) == 0 && good;
	if (!good || rename(name, path) != 0)
		r = kvmi_fail_errno(err, "%s: writing the index", path);
out:
	if (r != 0)
		unlink(name);
	free(name);
	return (r);
}
