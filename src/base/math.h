/* SPDX-License-Identifier: BSD-2-Clause */
/* Arithmetic on numbers from a file: every sum and product is checked. */
#ifndef KVMI_MATH_H
#define KVMI_MATH_H

#include <stdbool.h>
#include <stdint.h>

#define KVMI_COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* false when the result does not fit. */
static inline bool
kvmi_add(uint64_t a, uint64_t b, uint64_t *ret)
{
	return (!__builtin_add_overflow(a, b, ret));
}

static inline bool
kvmi_mul(uint64_t a, uint64_t b, uint64_t *ret)
{
	return (!__builtin_mul_overflow(a, b, ret));
}

/* Is [off, off + len) inside [0, size)? */
static inline bool
kvmi_inside(uint64_t off, uint64_t len, uint64_t size)
{
	return (off <= size && len <= size - off);
}

/* align is a power of two. */
static inline bool
kvmi_round_up(uint64_t v, uint64_t align, uint64_t *ret)
{
	uint64_t t;

	if (!kvmi_add(v, align - 1, &t))
		return (false);
	*ret = t & ~(align - 1);
	return (true);
}

static inline uint64_t
kvmi_min(uint64_t a, uint64_t b)
{
	return (a < b ? a : b);
}

static inline bool
kvmi_is_pow2(uint64_t v)
{
	return (v != 0 && (v & (v - 1)) == 0);
}

#endif
