/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/slice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"

struct slice {
	struct kvmi_src	 src;
	struct kvmi_src	*base;
	uint64_t	 off;
	uint32_t	 block;		/* backwards */
	struct kvmi_told told;
	char		 wrapping[160];
};

/* Where off lies in the base, and how many bytes follow each other there. */
static uint64_t
place(const struct slice *s, uint64_t off, uint64_t *run)
{
	uint64_t left = s->src.size - off, in_block;

	if (s->block == 0) {
		*run = left;
		return (s->off + off);
	}
	in_block = off % s->block;
	*run = kvmi_min(left, s->block - in_block);
	return (s->off - (off - in_block) - s->block + in_block);
}

static const uint8_t *
slice_map(struct kvmi_src *src, uint64_t off, uint64_t *run)
{
	struct slice *s = (struct slice *)src;
	uint64_t at, max;
	const uint8_t *p;

	if (off >= src->size)
		return (NULL);
	at = place(s, off, &max);
	p = s->base->ops->map(s->base, at, run);
	if (p != NULL)
		*run = kvmi_min(*run, max);
	return (p);
}

static int
slice_read(struct kvmi_src *src, uint64_t off, void *buf, size_t n,
    struct kvmi_err *err)
{
	struct slice *s = (struct slice *)src;
	uint8_t *out = buf;

	while (n > 0) {
		uint64_t run, at = place(s, off, &run);
		size_t step = (size_t)kvmi_min(run, n);
		int r = kvmi_src_read(s->base, at, out, step, "dump", err);

		if (r != 0)
			return (r);
		out += step;
		off += step;
		n -= step;
	}
	return (0);
}

static int64_t
slice_file_off(struct kvmi_src *src, uint64_t off)
{
	struct slice *s = (struct slice *)src;
	uint64_t run;

	if (off >= src->size)
		return (-1);
	return (s->base->ops->file_off(s->base, place(s, off, &run)));
}

static int
slice_close(struct kvmi_src *src)
{
	struct slice *s = (struct slice *)src;
	int r = kvmi_src_close(s->base);

	free((void *)(uintptr_t)src->name);
	free(s);
	return (r);
}

static const struct kvmi_src_ops slice_ops = {
	.map = slice_map,
	.read = slice_read,
	.file_off = slice_file_off,
	.close = slice_close,
};

int
kvmi_slice_open(struct kvmi_src *base, const struct kvmi_slice_opts *o,
    struct kvmi_src **ret, struct kvmi_err *err)
{
	struct slice *s = calloc(1, sizeof(*s));

	if (s == NULL || (s->src.name = strdup(base->name)) == NULL) {
		free(s);
		kvmi_src_close(base);
		return (kvmi_fail(err, KVMI_ENOMEM, "out of memory"));
	}
	s->src.ops = &slice_ops;
	s->src.size = o->len;
	s->src.map = base->map;
	s->src.backed = base->backed;
	s->src.truncated = base->truncated;
	s->base = base;
	s->off = o->off;
	s->block = o->backwards;
	snprintf(s->wrapping, sizeof(s->wrapping), "%s%s%s", o->wrapping,
	    base->wrapping != NULL ? ", " : "",
	    base->wrapping != NULL ? base->wrapping : "");
	s->src.wrapping = s->wrapping;
	if (o->told != NULL) {
		s->told = *o->told;
		s->src.told = &s->told;
	}
	*ret = &s->src;
	return (0);
}
