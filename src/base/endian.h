/* SPDX-License-Identifier: BSD-2-Clause */
/* Integers of the image's byte order, at any alignment. */
#ifndef KVMI_ENDIAN_H
#define KVMI_ENDIAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t
kvmi_get16(const void *p, bool big_endian)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	if (big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))
		v = __builtin_bswap16(v);
	return (v);
}

static inline uint32_t
kvmi_get32(const void *p, bool big_endian)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	if (big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))
		v = __builtin_bswap32(v);
	return (v);
}

static inline uint64_t
kvmi_get64(const void *p, bool big_endian)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	if (big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))
		v = __builtin_bswap64(v);
	return (v);
}

static inline void
kvmi_put32(void *p, uint32_t v, bool big_endian)
{
	if (big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))
		v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void
kvmi_put64(void *p, uint64_t v, bool big_endian)
{
	if (big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))
		v = __builtin_bswap64(v);
	memcpy(p, &v, sizeof(v));
}

/* An unsigned integer of 1 to 8 bytes. */
static inline uint64_t
kvmi_get_uint(const void *p, unsigned int size, bool big_endian)
{
	const uint8_t *b = p;
	uint64_t v = 0;

	switch (size) {
	case 2:
		return (kvmi_get16(p, big_endian));
	case 4:
		return (kvmi_get32(p, big_endian));
	case 8:
		return (kvmi_get64(p, big_endian));
	}
	for (unsigned int i = 0; i < size; i++)
		v = v << 8 | b[big_endian ? i : size - 1 - i];
	return (v);
}

#endif
