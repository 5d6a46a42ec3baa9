/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef KVMI_ZERO_H
#define KVMI_ZERO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool
kvmi_all_zero(const uint8_t *p, size_t n)
{
	return (n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0));
}

#endif
