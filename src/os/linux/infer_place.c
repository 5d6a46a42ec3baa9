/* SPDX-License-Identifier: BSD-2-Clause */
/* The place of a member: the only one that fits the tasks. */
#include <string.h>

#include "os/linux/infer.h"

bool
kvmi_infer_odd(struct kvmi_infer *x, size_t i)
{
	if (i > x->odd)
		x->odd = i;
	return (false);
}

/* Those between them make room. */
static void
move_task(struct kvmi_infer *x, size_t from, size_t to)
{
	size_t first = from < to ? from : to, n = from + to - 2 * first,
	    up = first + (from > to), down = first + (from < to);
	uint64_t *v = x->tasks.v, va = v[from];
	uint16_t *s = x->slot, slot = s[from];

	memmove(&v[up], &v[down], n * sizeof(*v));
	memmove(&s[up], &s[down], n * sizeof(*s));
	v[to] = va;
	s[to] = slot;
}

/*
 * Does the place fit all tasks that are looked at, but at most so many?  If so,
 * and if they are to be dropped, these are not looked at from now on.
 */
static bool
fits_nearly(struct kvmi_infer *x, kvmi_infer_fn *fits, uint64_t off,
    size_t odd, bool drop)
{
	size_t was[KVMI_INFER_TASKS / 100 + 1], n = 0;
	bool good;

	for (;;) {
		x->odd = 0;
		good = fits(x, off);
		if (good || n == odd || x->odd <= KVMI_INFER_KTHREADD)
			break;
		was[n++] = x->odd;
		move_task(x, x->odd, --x->tasks.n);
	}
	if (good && drop) {
		x->dropped += n;
		return (true);
	}
	while (n > 0)
		move_task(x, x->tasks.n++, was[--n]);
	return (good);
}

/* Of each hundred tasks one may be odd, and one more. */
bool
kvmi_infer_only(struct kvmi_infer *x, uint64_t from, uint64_t to,
    unsigned int step, kvmi_infer_fn *fits, uint64_t *ret)
{
	size_t most = (x->tasks.n + x->dropped) / 100 + 1 - x->dropped;
	unsigned int found = 0;
	uint64_t one = 0;

	for (size_t odd = 0; odd <= most && found == 0; odd++) {
		for (uint64_t off = kvmi_infer_up(from, step); off < to &&
		    found < 2; off += step) {
			if (!fits_nearly(x, fits, off, odd, false))
				continue;
			found++;
			one = off;
		}
		if (found == 1)
			fits_nearly(x, fits, one, odd, true);
	}
	if (found == 1)
		*ret = one;
	return (found == 1);
}
