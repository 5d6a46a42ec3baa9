/* SPDX-License-Identifier: BSD-2-Clause */
/* A growing run of bytes in either byte order, to build test input with. */
#ifndef BUILD_BYTES_H
#define BUILD_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
	uint8_t	*p;
	size_t	 len;
	size_t	 cap;
	bool	 big_endian;
};

static inline void
bytes_put(struct bytes *b, const void *p, size_t n)
{
	if (b->cap - b->len < n) {
		b->cap = (b->len + n) * 2;
		b->p = realloc(b->p, b->cap);
		if (b->p == NULL)
			abort();
	}
	if (n > 0)
		memcpy(b->p + b->len, p, n);
	b->len += n;
}

static inline void
bytes_poke(struct bytes *b, size_t off, uint64_t v, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		b->p[off + (b->big_endian ? size - 1 - i : i)] =
		    (uint8_t)(v >> (8 * i));
}

static inline void
bytes_uint(struct bytes *b, uint64_t v, unsigned int size)
{
	bytes_put(b, "\0\0\0\0\0\0\0", size);
	bytes_poke(b, b->len - size, v, size);
}

static inline void
bytes_fill(struct bytes *b, uint8_t byte, size_t n)
{
	while (n-- > 0)
		bytes_put(b, &byte, 1);
}

static inline void
bytes_align(struct bytes *b, size_t align)
{
	while (b->len % align != 0)
		bytes_put(b, "", 1);
}

/* A copy that ends where its allocation does, so that ASan sees overruns. */
static inline void *
exact(const void *p, size_t len)
{
	void *copy = malloc(len == 0 ? 1 : len);

	if (copy == NULL)
		abort();
	memcpy(copy, p, len);
	return (copy);
}

static inline uint8_t *
bytes_exact(const struct bytes *b, size_t len)
{
	return (exact(b->p, len));
}

static inline void
bytes_free(struct bytes *b)
{
	free(b->p);
	*b = (struct bytes){ 0 };
}

#endif
