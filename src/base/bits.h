/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A set of numbers that come in clumps, such as pages of a file: its memory
 * goes with the numbers that are in it, not with the largest there could be.
 */
#ifndef KVMI_BITS_H
#define KVMI_BITS_H

#include <stdbool.h>
#include <stdint.h>

#define KVMI_BITS_MAX	(UINT64_C(1) << 51)	/* numbers are below it */

struct kvmi_bits {
	void		*root;
	uint8_t		*last;		/* the leaf that was used last */
	uint64_t	 last_leaf;	/* which one that is */
};

/* false: no memory, or i is too large. */
bool kvmi_bits_add(struct kvmi_bits *b, uint64_t i);
bool kvmi_bits_has(struct kvmi_bits *b, uint64_t i);
void kvmi_bits_deinit(struct kvmi_bits *b);

#endif
