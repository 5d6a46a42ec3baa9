/* SPDX-License-Identifier: BSD-2-Clause */
/* FNV-1a, 64 bits: enough to tell bytes apart in a test. */
#ifndef FNV_H
#define FNV_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t
fnv1a(const void *p, size_t len)
{
	const uint8_t *b = p;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ b[i]) * UINT64_C(0x100000001b3);
	return (h);
}

#endif
