/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef LISTING_H
#define	LISTING_H

#include "buffer.h"

/*
 * Describes all processes and threads in records.  What must not differ
 * between two listings of a system at rest is repeated in key.  Returns how
 * many kernel threads were running, which at rest none is.
 */
int	list_processes(struct buffer *records, struct buffer *key);

#endif
