/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several files of one image: each an image of its own, as the members of a
 * split dump are, or the pieces that one was cut into, as by split(1).
 */
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "image/image.h"
#include "image/joined.h"

static void
swap(struct kvmi_src **a, struct kvmi_src **b)
{
	struct kvmi_src *t = *a;

	*a = *b;
	*b = t;
}

static int
by_name(const void *a, const void *b)
{
	const struct kvmi_src *const *x = a, *const *y = b;

	return (strcmp((*x)->name, (*y)->name));
}

/* split(1) numbers what it writes, with equally many digits or letters. */
static bool
names_tell(struct kvmi_src **v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (strlen(v[i]->name) != strlen(v[0]->name) ||
		    strcmp(v[i]->name, v[0]->name) == 0)
			return (false);
	return (true);
}

/* The only one that is shorter than the others, which are alike; or n. */
static size_t
find_short(struct kvmi_src **v, size_t n)
{
	uint64_t most = 0;
	size_t found = n;

	for (size_t i = 0; i < n; i++)
		most = v[i]->size > most ? v[i]->size : most;
	for (size_t i = 0; i < n; i++) {
		if (v[i]->size == most)
			continue;
		if (found != n)
			return (n);
		found = i;
	}
	return (found);
}

/*
 * Pieces in their order as far as it can be told: the one that begins as an
 * image does comes first, the short one last, and the names may tell the rest.
 */
static void
order_pieces(struct kvmi_src **v, size_t n, size_t first)
{
	size_t last;

	for (size_t i = first; i > 0; i--)
		swap(&v[i], &v[i - 1]);
	if (names_tell(v, n))
		qsort(v + 1, n - 1, sizeof(*v), by_name);
	last = find_short(v, n);
	for (size_t i = last; last > 0 && i + 1 < n; i++)
		swap(&v[i], &v[i + 1]);
}

int
kvmi_image_join(struct kvmi_src **v, size_t n, const struct kvm_options *o,
    struct kvmi_src **ret, struct kvmi_err *err)
{
	size_t first = n, starts = 0;
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		if (!kvmi_image_begins(v[i]))
			continue;
		first = starts++ == 0 ? i : first;
	}
	/* Each may be wrapped; of pieces, all of them together are. */
	for (size_t i = 0; i < n && starts == n && r == 0; i++)
		r = kvmi_image_unwrap(&v[i], o, err);
	if (r != 0) {
		for (size_t i = 0; i < n; i++)
			kvmi_src_close(v[i]);
		return (r);
	}
	if (starts > 0 && starts < n)
		order_pieces(v, n, first);
	return (kvmi_joined_open(v, n, ret, err));
}
