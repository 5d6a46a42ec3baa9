/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's memory from one end to the other, where it is. */
#include <stdlib.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/infer.h"

#define CHUNK		65536
#define PAGE		4096

/* How much of [start, start + len) can be memory of the kernel. */
static uint64_t
span(const struct kvmi_infer *x, uint64_t start, uint64_t len)
{
	uint64_t last = x->l->va.last;

	return (start > last ? 0 : kvmi_min(len, last - start));
}

void
kvmi_infer_chunks(struct kvmi_infer *x, uint64_t start, uint64_t len,
    unsigned int keep, kvmi_infer_chunk_fn *fn, void *arg)
{
	uint8_t *chunk = malloc(CHUNK);
	bool more = chunk != NULL;

	len = span(x, start, len);
	for (uint64_t off = 0; more && off < len && *x->budget > 0;) {
		size_t want = (size_t)kvmi_min(CHUNK, len - off), done = 0;

		kvmi_space_read(&x->k->space, x->cx, start + off, chunk, want,
		    &done);
		more = fn(x, start + off, chunk, done, arg);
		off += done < PAGE ? PAGE - (start + off) % PAGE : done == want ?
		    done - keep : done & ~(size_t)(PAGE - 1);
	}
	free(chunk);
}

struct scan {
	kvmi_infer_at_fn *fits;
	void		*arg;
	uint64_t	 last;		/* where it fits */
	unsigned int	 found;		/* and how often, up to 2 */
};

/* The last word of a chunk may be the first of a pair, and begins the next. */
static bool
scan_chunk(struct kvmi_infer *x, uint64_t va, const uint8_t *p, size_t len,
    void *arg)
{
	struct scan *s = arg;
	uint64_t word[2];

	for (size_t at = 0; at + 2 * x->ptr <= len && s->found < 2; at +=
	    x->ptr) {
		word[0] = kvmi_get_uint(p + at, x->ptr, x->k->big_endian);
		word[1] = kvmi_get_uint(p + at + x->ptr, x->ptr,
		    x->k->big_endian);
		if ((s->found != 0 && va + at <= s->last) ||
		    !s->fits(x, va + at, word, s->arg))
			continue;
		s->found++;
		s->last = va + at;
	}
	return (s->found < 2);
}

bool
kvmi_infer_scan(struct kvmi_infer *x, uint64_t start, uint64_t len,
    kvmi_infer_at_fn *fits, void *arg, uint64_t *ret)
{
	struct scan s = { .fits = fits, .arg = arg };

	kvmi_infer_chunks(x, kvmi_infer_up(start, x->ptr), len, x->ptr,
	    scan_chunk, &s);
	*ret = s.last;
	return (s.found == 1);
}
