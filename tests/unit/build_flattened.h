/* SPDX-License-Identifier: BSD-2-Clause */
/* Flattened files, as makedumpfile -F writes them. */
#ifndef BUILD_FLATTENED_H
#define BUILD_FLATTENED_H

#include "build_bytes.h"

static inline void
flattened_header(struct bytes *b)
{
	b->big_endian = true;
	bytes_put(b, "makedumpfile\0\0\0\0", 16);
	bytes_uint(b, 1, 8);
	bytes_uint(b, 1, 8);
	bytes_fill(b, 0, 4096 - b->len);
}

/* What comes before a record's bytes, which are for off; -1, -1: the end. */
static inline void
flattened_record(struct bytes *b, int64_t off, int64_t len)
{
	b->big_endian = true;
	bytes_uint(b, (uint64_t)off, 8);
	bytes_uint(b, (uint64_t)len, 8);
}

/* Flatten b into records of step bytes. */
static inline void
flatten(struct bytes *b, size_t step)
{
	struct bytes flat = { 0 };

	flattened_header(&flat);
	for (size_t at = 0; at < b->len; at += step) {
		size_t n = b->len - at < step ? b->len - at : step;

		flattened_record(&flat, (int64_t)at, (int64_t)n);
		bytes_put(&flat, b->p + at, n);
	}
	flattened_record(&flat, -1, -1);
	bytes_free(b);
	*b = flat;
}

#endif
