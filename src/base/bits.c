/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/bits.h"

#include <stdlib.h>

/* Directories of 512 pointers, as page tables are, over leaves of bits. */
#define DIR_SHIFT	9
#define DIRS		4
#define LEAF_SHIFT	15		/* bits of a leaf */
#define LEAF_BYTES	((size_t)1 << (LEAF_SHIFT - 3))

static uint8_t *
find_leaf(struct kvmi_bits *b, uint64_t leaf, bool make)
{
	void **at = &b->root;

	if (b->last != NULL && b->last_leaf == leaf)
		return (b->last);
	for (unsigned int level = DIRS;; level--) {
		if (*at == NULL && make)
			*at = level == 0 ? calloc(1, LEAF_BYTES) :
			    calloc((size_t)1 << DIR_SHIFT, sizeof(void *));
		if (*at == NULL)
			return (NULL);
		if (level == 0)
			break;
		at = (void **)*at + (leaf >> DIR_SHIFT * (level - 1) &
		    ((1u << DIR_SHIFT) - 1));
	}
	b->last = *at;
	b->last_leaf = leaf;
	return (b->last);
}

bool
kvmi_bits_add(struct kvmi_bits *b, uint64_t i)
{
	uint8_t *leaf;

	if (i >= KVMI_BITS_MAX)
		return (false);
	leaf = find_leaf(b, i >> LEAF_SHIFT, true);
	if (leaf == NULL)
		return (false);
	leaf[i / 8 % LEAF_BYTES] |= (uint8_t)(1u << i % 8);
	return (true);
}

bool
kvmi_bits_has(struct kvmi_bits *b, uint64_t i)
{
	const uint8_t *leaf = i < KVMI_BITS_MAX ?
	    find_leaf(b, i >> LEAF_SHIFT, false) : NULL;

	return (leaf != NULL && (leaf[i / 8 % LEAF_BYTES] >> i % 8 & 1) != 0);
}

static void
release(void *node, unsigned int level)
{
	for (size_t i = 0; node != NULL && level > 0 &&
	    i < (size_t)1 << DIR_SHIFT; i++)
		release(((void **)node)[i], level - 1);
	free(node);
}

void
kvmi_bits_deinit(struct kvmi_bits *b)
{
	release(b->root, DIRS);
	*b = (struct kvmi_bits){ 0 };
}
