/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/stream_index.h"

#include <stdlib.h>
#include <string.h>

#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "base/math.h"

/* Bytes decoded for each byte of a state. */
#define STRETCH		4

/* The state of a decoder with a window of 128 MiB, the largest, is shorter. */
#define LONGEST		((size_t)160 << 20)

/* Less is not worth packing. */
#define MIN_PACKED	64

int
kvmi_index_init(struct kvmi_index *x, uint64_t spacing, size_t limit)
{
	*x = (struct kvmi_index){ .spacing = spacing, .limit = limit,
		.longest = LONGEST, .cap = 64 };
	x->v = calloc(x->cap, sizeof(*x->v));
	if (x->v == NULL)
		return (-1);
	x->n = 1;
	return (0);
}

void
kvmi_index_clear(struct kvmi_index *x)
{
	for (size_t i = 1; i < x->n; i++)
		free(x->v[i].state);
	x->n = 1;
	x->bytes = 0;
}

void
kvmi_index_deinit(struct kvmi_index *x)
{
	if (x->v == NULL)
		return;
	kvmi_index_clear(x);
	free(x->v);
	*x = (struct kvmi_index){ 0 };
}

const struct kvmi_point *
kvmi_index_find(const struct kvmi_index *x, uint64_t out)
{
	size_t lo = 0, hi = x->n;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (x->v[mid].out <= out)
			lo = mid;
		else
			hi = mid;
	}
	return (&x->v[lo]);
}

bool
kvmi_index_wants(const struct kvmi_index *x, uint64_t out, size_t len)
{
	const struct kvmi_point *p = kvmi_index_find(x, out);
	const struct kvmi_point *next = p + 1;

	/* To make one should take less time than the decoding it saves. */
	if (len > x->longest || out - p->out < x->spacing ||
	    out - p->out < STRETCH * (uint64_t)len)
		return (false);
	return (next == x->v + x->n || next->out - out >= x->spacing / 2);
}

/* Every second one goes; the first stays. */
static void
thin(struct kvmi_index *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->n; i++) {
		if (i % 2 == 0) {
			x->v[n++] = x->v[i];
			continue;
		}
		x->bytes -= x->v[i].len;
		free(x->v[i].state);
	}
	x->n = n;
	x->spacing *= 2;
}

/* A copy of state, packed where that helps. */
static uint8_t *
pack(const uint8_t *state, size_t len, uint32_t *kept)
{
	uint8_t *p, *fit;

#ifdef HAVE_ZSTD
	size_t bound = ZSTD_compressBound(len), n;

	p = len < MIN_PACKED ? NULL : malloc(bound);
	n = p == NULL ? len : ZSTD_compress(p, bound, state, len, -1);
	if (!ZSTD_isError(n) && n < len) {
		*kept = (uint32_t)n;
		fit = realloc(p, n);
		return (fit != NULL ? fit : p);
	}
	free(p);
#endif
	fit = p = malloc(len);
	if (p != NULL)
		memcpy(p, state, len);
	*kept = (uint32_t)len;
	return (fit);
}

bool
kvmi_point_state(const struct kvmi_point *p, uint8_t *buf)
{
	if (p->len == p->state_len) {
		memcpy(buf, p->state, p->len);
		return (true);
	}
#ifdef HAVE_ZSTD
	return (ZSTD_decompress(buf, p->state_len, p->state, p->len) ==
	    p->state_len);
#else
	return (false);
#endif
}

/* Put p where it belongs; its state is freed when that fails. */
static bool
insert(struct kvmi_index *x, struct kvmi_point p)
{
	size_t at = (size_t)(kvmi_index_find(x, p.out) - x->v) + 1;

	if (x->n == x->cap) {
		size_t cap = x->cap * 2;
		void *v = realloc(x->v, cap * sizeof(*x->v));

		if (v == NULL) {
			free(p.state);
			return (false);
		}
		x->v = v;
		x->cap = cap;
	}
	memmove(&x->v[at + 1], &x->v[at], (x->n - at) * sizeof(*x->v));
	x->v[at] = p;
	x->n++;
	x->bytes += p.len;
	while (x->n > 2 && x->bytes + x->n * sizeof(*x->v) > x->limit)
		thin(x);
	return (true);
}

void
kvmi_index_add(struct kvmi_index *x, uint64_t out, uint64_t in,
    const uint8_t *state, size_t len)
{
	struct kvmi_point p = { .out = out, .in = in,
		.state_len = (uint32_t)len };

	if (len > 0 && (p.state = pack(state, len, &p.len)) == NULL)
		return;
	/* One must not drive out all others; nor should it be tried again. */
	if (p.len > x->limit / 2) {
		x->longest = len - 1;
		free(p.state);
		return;
	}
	insert(x, p);
}

bool
kvmi_index_append(struct kvmi_index *x, uint64_t out, uint64_t in,
    const uint8_t *kept, uint32_t len, uint32_t state_len)
{
	struct kvmi_point p = { .out = out, .in = in, .len = len,
		.state_len = state_len };

	if (len > 0 && (p.state = malloc(len)) == NULL)
		return (false);
	if (len > 0)
		memcpy(p.state, kept, len);
	return (insert(x, p));
}
