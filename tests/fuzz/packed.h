/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dumps are mostly padding, which a fuzzer would learn byte by byte.  Targets
 * for one format so take what matters from a short input, and pad it.  An
 * input that begins with the format's own magic is taken as it is: a seed.
 */
#ifndef FUZZ_PACKED_H
#define FUZZ_PACKED_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct packed {
	const uint8_t	*in;
	size_t		 left;
	uint8_t		*out;
	size_t		 len;
	size_t		 cap;
};

/* The next n bytes of the input, zeros behind its end. */
static inline void
packed_take(struct packed *p, void *to, size_t n)
{
	size_t have = n < p->left ? n : p->left;

	memset(to, 0, n);
	if (have > 0)
		memcpy(to, p->in, have);
	p->in += have;
	p->left -= have;
}

static inline uint8_t *
packed_room(struct packed *p, size_t n)
{
	if (p->out == NULL || p->cap - p->len < n) {
		p->cap = (p->len + n) * 2 + 16;
		p->out = realloc(p->out, p->cap);
		if (p->out == NULL)
			abort();
	}
	p->len += n;
	return (p->out + p->len - n);
}

/* n bytes of the input, then zeros up to a multiple of align. */
static inline void
packed_section(struct packed *p, size_t n, size_t align)
{
	size_t pad = (align - (p->len + n) % align) % align;
	uint8_t *to = packed_room(p, n + pad);

	packed_take(p, to, n);
	memset(to + n, 0, pad);
}

/* The dump, which ends where its allocation does. */
static inline uint8_t *
packed_finish(struct packed *p)
{
	uint8_t *exact = realloc(p->out, p->len == 0 ? 1 : p->len);

	if (exact == NULL)
		abort();
	return (exact);
}

#endif
