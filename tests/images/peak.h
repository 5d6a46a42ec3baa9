/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The most memory that was in use at a time.  Counts through the linker's
 * --wrap of malloc(), calloc(), realloc() and free().
 */
#ifndef PEAK_H
#define PEAK_H

#include <stddef.h>

/* Begin to count; the peak since then, in bytes. */
void peak_reset(void);
size_t peak_bytes(void);

#endif
