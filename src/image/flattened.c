/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flattened format, which makedumpfile -F and QEMU write to pipes: records
 * of (offset, size, bytes) in the order of writing.  Presented as the file
 * that they would make.  makedumpfile's IMPLEMENTATION document; dump/dump.c
 * of QEMU.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "image/image.h"

#define FLAT_HEADER	4096
#define RECORD_HEADER	16

struct record {
	uint64_t	start;		/* in the file that is presented */
	uint64_t	len;
	uint64_t	off;		/* in the flattened file */
};

struct flattened {
	struct kvmi_src	 src;
	struct kvmi_src	*base;
	struct record	*v;		/* sorted by start, without overlap */
	size_t		 n;
	size_t		 cap;
};

static int
push(struct flattened *f, struct record rec, struct kvmi_err *err)
{
	if (f->n == f->cap) {
		size_t c = f->cap == 0 ? 1024 : f->cap * 2;
		void *p = realloc(f->v, c * sizeof(*f->v));

		if (p == NULL)
			return (kvmi_fail(err, KVMI_ENOMEM,
			    "%s: no memory for %zu records", f->src.name, c));
		f->v = p;
		f->cap = c;
	}
	f->v[f->n++] = rec;
	return (0);
}

/* Read all record headers.  A missing end record means a cut file. */
static int
scan(struct flattened *f, struct kvmi_err *err)
{
	struct kvmi_src *base = f->base;
	uint64_t pos = FLAT_HEADER;

	f->src.truncated = true;
	while (kvmi_inside(pos, RECORD_HEADER, base->size)) {
		uint8_t h[RECORD_HEADER];
		struct record rec;
		int64_t start, len;
		int r;

		r = kvmi_src_read(base, pos, h, sizeof(h), "record header",
		    err);
		if (r != 0)
			return (r);
		start = (int64_t)kvmi_get64(h, true);
		len = (int64_t)kvmi_get64(h + 8, true);
		if (start == -1 && len == -1) {
			f->src.truncated = false;
			break;
		}
		if (start < 0 || len <= 0 || start > INT64_MAX - len)
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: flattened "
			    "record at 0x%" PRIx64 " of %" PRId64 " bytes for "
			    "offset %" PRId64, f->src.name, pos, len, start));
		pos += RECORD_HEADER;
		rec = (struct record){ .start = (uint64_t)start,
			.off = pos, .len = kvmi_min((uint64_t)len,
			base->size - pos) };
		if (rec.len > 0 && (r = push(f, rec, err)) != 0)
			return (r);
		if (rec.len < (uint64_t)len)
			break;
		pos += rec.len;
	}
	return (0);
}

static int
by_start(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->start != y->start)
		return (x->start < y->start ? -1 : 1);
	return (x->off < y->off ? -1 : x->off > y->off);
}

static bool
overlap(const struct flattened *f)
{
	for (size_t i = 1; i < f->n; i++)
		if (f->v[i].start < f->v[i - 1].start + f->v[i - 1].len)
			return (true);
	return (false);
}

/* A heap of record indices, the latest written on top. */
struct heap {
	size_t	*v;
	size_t	 n;
};

static bool
later(const struct record *v, size_t a, size_t b)
{
	return (v[a].off > v[b].off);
}

static void
heap_push(struct heap *h, const struct record *v, size_t x)
{
	size_t i = h->n++;

	for (; i > 0 && later(v, x, h->v[(i - 1) / 2]); i = (i - 1) / 2)
		h->v[i] = h->v[(i - 1) / 2];
	h->v[i] = x;
}

static void
heap_pop(struct heap *h, const struct record *v)
{
	size_t x = h->v[--h->n], i = 0, c;

	while ((c = 2 * i + 1) < h->n) {
		if (c + 1 < h->n && later(v, h->v[c + 1], h->v[c]))
			c++;
		if (!later(v, h->v[c], x))
			break;
		h->v[i] = h->v[c];
		i = c;
	}
	h->v[i] = x;
}

/*
 * Where records overlap, the one written last holds.  Sweep over the starts
 * with the open records in a heap by age: at most two pieces per record.
 */
static int
resolve(struct flattened *f, struct kvmi_err *err)
{
	struct record *out = malloc(2 * f->n * sizeof(*out));
	struct heap open = { .v = malloc(f->n * sizeof(*open.v)) };
	size_t nout = 0, next = 0;
	uint64_t at = 0;

	if (out == NULL || open.v == NULL) {
		free(out);
		free(open.v);
		return (kvmi_fail(err, KVMI_ENOMEM,
		    "%s: no memory for %zu records", f->src.name, f->n));
	}
	while (next < f->n || open.n > 0) {
		const struct record *top;
		uint64_t end;

		if (open.n == 0 && at < f->v[next].start)
			at = f->v[next].start;
		while (next < f->n && f->v[next].start <= at)
			heap_push(&open, f->v, next++);
		top = &f->v[open.v[0]];
		if (top->start + top->len <= at) {
			heap_pop(&open, f->v);
			continue;
		}
		end = top->start + top->len;
		if (next < f->n)
			end = kvmi_min(end, f->v[next].start);
		if (nout > 0 && out[nout - 1].start + out[nout - 1].len == at &&
		    out[nout - 1].off + out[nout - 1].len ==
		    top->off + (at - top->start))
			out[nout - 1].len += end - at;
		else
			out[nout++] = (struct record){ .start = at,
				.len = end - at,
				.off = top->off + (at - top->start) };
		at = end;
	}
	free(open.v);
	free(f->v);
	f->v = out;
	f->n = nout;
	return (0);
}

/* The first record that ends behind off, or n. */
static size_t
find(const struct flattened *f, uint64_t off)
{
	size_t lo = 0, hi = f->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->v[mid].start + f->v[mid].len <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (lo);
}

static const uint8_t *
flattened_map(struct kvmi_src *s, uint64_t off, uint64_t *run)
{
	struct flattened *f = (struct flattened *)s;
	size_t i = find(f, off);
	const uint8_t *p;

	if (i == f->n || off < f->v[i].start)
		return (NULL);
	p = f->base->ops->map(f->base, f->v[i].off + (off - f->v[i].start),
	    run);
	if (p != NULL)
		*run = kvmi_min(*run, f->v[i].start + f->v[i].len - off);
	return (p);
}

static int
flattened_read(struct kvmi_src *s, uint64_t off, void *buf, size_t n,
    struct kvmi_err *err)
{
	struct flattened *f = (struct flattened *)s;
	uint8_t *out = buf;

	for (size_t i = find(f, off); n > 0; i++) {
		uint64_t gap, step;
		int r;

		gap = i < f->n ? f->v[i].start - kvmi_min(off, f->v[i].start) :
		    n;
		step = kvmi_min(gap, n);
		/* What no record wrote is zero, unless it was still to come. */
		if (step > 0 && s->gaps_lost)
			return (kvmi_fail(err, KVMI_ETRUNC, "%s: the flattened "
			    "stream ends before the record for offset 0x%"
			    PRIx64, s->name, off));
		memset(out, 0, (size_t)step);
		out += step;
		off += step;
		n -= (size_t)step;
		if (n == 0 || i == f->n)
			break;
		step = kvmi_min(f->v[i].start + f->v[i].len - off, n);
		r = kvmi_src_read(f->base, f->v[i].off + (off - f->v[i].start),
		    out, (size_t)step, "flattened record", err);
		if (r != 0)
			return (r);
		out += step;
		off += step;
		n -= (size_t)step;
	}
	return (0);
}

static int64_t
flattened_file_off(struct kvmi_src *s, uint64_t off)
{
	struct flattened *f = (struct flattened *)s;
	size_t i = find(f, off);

	if (i == f->n || off < f->v[i].start)
		return (-1);
	return (f->base->ops->file_off(f->base,
	    f->v[i].off + (off - f->v[i].start)));
}

static int
flattened_close(struct kvmi_src *s)
{
	struct flattened *f = (struct flattened *)s;
	int r = kvmi_src_close(f->base);

	free((void *)(uintptr_t)f->src.name);
	free(f->v);
	free(f);
	return (r);
}

static const struct kvmi_src_ops flattened_src_ops = {
	.map = flattened_map,
	.read = flattened_read,
	.file_off = flattened_file_off,
	.close = flattened_close,
};

static int
flattened_wrap(struct kvmi_src *src, const struct kvm_options *o,
    struct kvmi_src **ret, struct kvmi_err *err)
{
	struct flattened *f = calloc(1, sizeof(*f));
	uint8_t h[32];
	int r;

	(void)o;
	if (f == NULL || (f->src.name = strdup(src->name)) == NULL) {
		free(f);
		kvmi_src_close(src);
		return (kvmi_fail(err, KVMI_ENOMEM, "out of memory"));
	}
	f->src.ops = &flattened_src_ops;
	f->src.map = src->map;
	f->src.backed = src->backed != 0 ? src->backed : src->size;
	f->src.wrapping = "flattened";
	f->base = src;
	r = kvmi_src_read(src, 0, h, sizeof(h), "flattened header", err);
	if (r == 0 && (kvmi_get64(h + 16, true) != 1 ||
	    kvmi_get64(h + 24, true) != 1))
		r = kvmi_fail(err, KVMI_ENOTSUP, "%s: flattened header has type "
		    "%" PRIu64 " version %" PRIu64 ", wanted 1 and 1",
		    src->name, kvmi_get64(h + 16, true),
		    kvmi_get64(h + 24, true));
	if (r == 0)
		r = scan(f, err);
	if (r == 0 && f->n > 0) {
		qsort(f->v, f->n, sizeof(*f->v), by_start);
		if (overlap(f))
			r = resolve(f, err);
	}
	if (r != 0) {
		flattened_close(&f->src);
		return (r);
	}
	if (f->n > 0)
		f->src.size = f->v[f->n - 1].start + f->v[f->n - 1].len;
	*ret = &f->src;
	return (0);
}

const struct kvmi_image_ops kvmi_image_flattened = {
	.name = "flattened file",
	.magic = { { .off = 0, .len = 16, .bytes = "makedumpfile\0\0\0\0" } },
	.min_size = FLAT_HEADER,
	.wrap = flattened_wrap,
};
