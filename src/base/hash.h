/* SPDX-License-Identifier: BSD-2-Clause */
/* A fast hash of names; whoever makes names may make them collide. */
#ifndef KVMI_HASH_H
#define KVMI_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t
kvmi_hash_mix(uint64_t h, uint64_t w)
{
	h = (h ^ w) * UINT64_C(0x9e3779b97f4a7c15);
	return (h ^ h >> 29);
}

/* Eight bytes a step; the last step overlaps the one before it. */
static inline uint32_t
kvmi_hash(const char *s, size_t n)
{
	uint64_t h = n, w;
	uint32_t lo, hi;

	if (n >= 8) {
		for (size_t i = 0; i + 8 < n; i += 8) {
			memcpy(&w, s + i, 8);
			h = kvmi_hash_mix(h, w);
		}
		memcpy(&w, s + n - 8, 8);
	} else if (n >= 4) {
		memcpy(&lo, s, 4);
		memcpy(&hi, s + n - 4, 4);
		w = (uint64_t)hi << 32 | lo;
	} else {
		w = 0;
		for (size_t i = 0; i < n; i++)
			w = w << 8 | (uint8_t)s[i];
	}
	return ((uint32_t)(kvmi_hash_mix(h, w) >> 16));
}

#endif
