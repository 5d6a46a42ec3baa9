/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef KVMI_HEX_H
#define KVMI_HEX_H

#include <stddef.h>
#include <stdint.h>

/* 2 * n digits and a NUL. */
static inline void
kvmi_hex(char *out, const uint8_t *p, size_t n)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*out++ = digit[p[i] >> 4];
		*out++ = digit[p[i] & 15];
	}
	*out = '\0';
}

#endif
