/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/joined.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"

struct joined {
	struct kvmi_src	 src;
	struct kvmi_src	**v;
	size_t		 n;
	uint64_t	*begin;		/* n of them */
	const char	**names;	/* the sources' own */
	char		 wrapping[96];
};

/* The source that off lies in. */
static size_t
find(const struct joined *j, uint64_t off)
{
	size_t lo = 0, hi = j->n;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (j->begin[mid] <= off)
			lo = mid;
		else
			hi = mid;
	}
	return (lo);
}

static int
joined_read(struct kvmi_src *s, uint64_t off, void *buf, size_t n,
    struct kvmi_err *err)
{
	struct joined *j = (struct joined *)s;
	uint8_t *out = buf;

	for (size_t i = find(j, off); n > 0; i++) {
		uint64_t in = off - j->begin[i];
		size_t step = (size_t)kvmi_min(j->v[i]->size - in, n);
		int r = kvmi_src_read(j->v[i], in, out, step, "part", err);

		if (r != 0)
			return (r);
		out += step;
		off += step;
		n -= step;
	}
	return (0);
}

/* An offset in one of several files says nothing. */
static int
joined_close(struct kvmi_src *s)
{
	struct joined *j = (struct joined *)s;
	int r = 0;

	for (size_t i = 0; i < j->n; i++) {
		int one = kvmi_src_close(j->v[i]);

		r = r != 0 ? r : one;
	}
	free((void *)(uintptr_t)s->name);
	free(j->v);
	free(j->begin);
	free(j->names);
	free(j);
	return (r);
}

static const struct kvmi_src_ops joined_ops = {
	.map = kvmi_src_no_map,	/* a map notes its losses for one file */
	.read = joined_read,
	.file_off = kvmi_src_no_file_off,
	.close = joined_close,
};

int
kvmi_joined_open(struct kvmi_src **v, size_t n, struct kvmi_src **ret,
    struct kvmi_err *err)
{
	struct joined *j = calloc(1, sizeof(*j));
	uint64_t at = 0, stored = 0;
	bool wrapped = false;

	if (j == NULL || (j->v = calloc(n, sizeof(*j->v))) == NULL ||
	    (j->begin = calloc(n, sizeof(*j->begin))) == NULL ||
	    (j->names = calloc(n, sizeof(*j->names))) == NULL ||
	    (j->src.name = strdup(v[0]->name)) == NULL) {
		for (size_t i = 0; i < n; i++)
			kvmi_src_close(v[i]);
		if (j != NULL) {
			free(j->v);
			free(j->begin);
			free(j->names);
		}
		free(j);
		return (kvmi_fail(err, KVMI_ENOMEM, "out of memory"));
	}
	memcpy(j->v, v, n * sizeof(*v));
	j->n = n;
	j->src.ops = &joined_ops;
	snprintf(j->wrapping, sizeof(j->wrapping), "%s%s%zu files",
	    v[0]->wrapping != NULL ? v[0]->wrapping : "",
	    v[0]->wrapping != NULL ? ", " : "", n);
	j->src.wrapping = j->wrapping;
	j->src.parts = j->begin;
	j->src.part_names = j->names;
	j->src.nparts = n;
	for (size_t i = 0; i < n; i++) {
		j->begin[i] = at;
		j->names[i] = v[i]->name;
		j->src.truncated |= v[i]->truncated;
		wrapped |= v[i]->backed != 0;
		if (!kvmi_add(stored, v[i]->backed != 0 ? v[i]->backed :
		    v[i]->size, &stored) ||
		    !kvmi_add(at, v[i]->size, &at)) {
			joined_close(&j->src);
			return (kvmi_fail(err, KVMI_EFORMAT,
			    "the parts are larger than any file"));
		}
	}
	j->src.size = at;
	j->src.backed = wrapped ? stored : 0;
	*ret = &j->src;
	return (0);
}
