/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rank over a bitmap in a file: how many bits are set below bit n.  The index
 * takes less than 1 % of the bitmap; the bitmap itself stays in the file.
 * Bits are counted from the least significant of word 0.
 */
#ifndef KVMI_RANK_H
#define KVMI_RANK_H

#include "base/src.h"

struct kvmi_rank {
	struct kvmi_src	*src;
	uint64_t	 off;		/* of the bitmap */
	uint64_t	 nbits;
	unsigned int	 word;
	uint64_t	 total;		/* bits set */
	uint64_t	 last;		/* one past the highest bit set */
	uint64_t	*super;		/* rank at each 65536th bit */
	uint16_t	*block;		/* from there, at each 2048th bit */
};

/*
 * Reads the bitmap once; what names it in errors.  word is the size in bytes of
 * its words when they are big-endian; in little-endian ones bits go on from byte
 * to byte, and it is 1.
 */
int kvmi_rank_init(struct kvmi_rank *r, struct kvmi_src *src, uint64_t off,
    uint64_t nbits, unsigned int word, const char *what, struct kvmi_err *err);
void kvmi_rank_deinit(struct kvmi_rank *r);

struct kvmi_rank_at {
	bool		 set;
	uint64_t	 rank;		/* bits set below it */
	uint64_t	 before;	/* bits right before it that are alike */
	uint64_t	 run;		/* bits alike from it on, itself included */
};

/*
 * What there is at a bit; lo <= bit < hi.  Runs are followed inside [lo, hi),
 * and not very far: what is outside of them need not differ.  bit < nbits.
 */
int kvmi_rank_get(const struct kvmi_rank *r, uint64_t bit, uint64_t lo,
    uint64_t hi, struct kvmi_rank_at *ret, struct kvmi_err *err);

#endif
