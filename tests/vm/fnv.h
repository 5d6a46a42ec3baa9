/* SPDX-License-Identifier: BSD-2-Clause */
/* FNV-1a, 64 bits: enough to tell bytes apart in a test. */
#ifndef FNV_H
#define FNV_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t
fnv1a(const void *p, size_t len)
{
	const uint8_t *b = p;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ b[i]) * UINT64_C(0x100000001b3);
	return (h);
}

/* Of the strings of a vector, with their NULs. */
static inline uint64_t
hash_strings(char **v)
{
	static char text[1 << 20];
	size_t len = 0;

	for (; v != NULL && *v != NULL; v++) {
		size_t n = strlen(*v) + 1;

		if (n > sizeof(text) - len)
			break;
		memcpy(text + len, *v, n);
		len += n;
	}
	return (fnv1a(text, len));
}

#endif
