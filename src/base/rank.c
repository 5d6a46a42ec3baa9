/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/rank.h"

#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"

#define BLOCK_BITS	2048
#define BLOCK_BYTES	(BLOCK_BITS / 8)
#define SUPER_BITS	65536
#define SUPER_BYTES	(SUPER_BITS / 8)
#define BLOCKS_PER_SUPER (SUPER_BITS / BLOCK_BITS)

static uint64_t
popcount(const uint8_t *p, size_t n)
{
	uint64_t sum = 0;

	for (; n >= 8; p += 8, n -= 8)
		sum += (uint64_t)__builtin_popcountll(kvmi_get64(p, false));
	for (; n > 0; p++, n--)
		sum += (uint64_t)__builtin_popcount(*p);
	return (sum);
}

/* Turn big-endian words of word bytes into little-endian ones. */
static void
swap_words(uint8_t *p, size_t n, unsigned int word)
{
	for (size_t i = 0; word > 1 && i + word <= n; i += word)
		for (size_t j = 0; j < word / 2; j++) {
			uint8_t t = p[i + j];

			p[i + j] = p[i + word - 1 - j];
			p[i + word - 1 - j] = t;
		}
}

/* Bits from nbits on do not count, whatever the file says. */
static void
clear_tail(uint8_t *p, uint64_t first_bit, uint64_t nbits)
{
	uint64_t keep = nbits > first_bit ? nbits - first_bit : 0;

	if (keep >= SUPER_BITS)
		return;
	if (keep % 8 != 0)
		p[keep / 8] &= (uint8_t)((1u << keep % 8) - 1);
	memset(p + (keep + 7) / 8, 0, SUPER_BYTES - (keep + 7) / 8);
}

static uint64_t
highest_set(const uint8_t *p, size_t n)
{
	while (n-- > 0)
		if (p[n] != 0)
			return (n * 8 + 32 - (uint64_t)__builtin_clz(p[n]));
	return (0);
}

int
kvmi_rank_init(struct kvmi_rank *r, struct kvmi_src *src, uint64_t off,
    uint64_t nbits, unsigned int word, const char *what, struct kvmi_err *err)
{
	uint64_t bytes = nbits / 8 + (nbits % 8 != 0);
	uint64_t nsuper = nbits / SUPER_BITS + 1;
	uint8_t buf[SUPER_BYTES];
	int status = 0;

	*r = (struct kvmi_rank){ .src = src, .off = off, .nbits = nbits,
		.word = word };
	if (bytes % word != 0)	/* half a word has no order */
		r->nbits = nbits = (bytes -= bytes % word) * 8;
	/* A sparse bitmap may be larger than its file; its index is not. */
	status = kvmi_src_check(src, off, kvmi_inside(off, bytes, src->size) ?
	    bytes / 64 : bytes, what, err);
	if (status != 0)
		return (status);
	/* The sizes are bounded by the file's, so these cannot wrap. */
	r->super = calloc(nsuper, sizeof(*r->super));
	r->block = calloc(nsuper * BLOCKS_PER_SUPER, sizeof(*r->block));
	if (r->super == NULL || r->block == NULL) {
		status = kvmi_fail(err, KVMI_ENOMEM,
		    "%s: no memory to index %s", src->name, what);
		goto fail;
	}
	for (uint64_t s = 0; s < nsuper; s++) {
		uint64_t pos = s * SUPER_BYTES;
		size_t n = (size_t)kvmi_min(bytes - kvmi_min(pos, bytes),
		    SUPER_BYTES);
		uint64_t in_super = 0, high;

		/* read, not map: the pages need not stay resident. */
		if (n > 0)
			status = src->ops->read(src, off + pos, buf, n, err);
		if (status != 0)
			goto fail;
		memset(buf + n, 0, sizeof(buf) - n);
		swap_words(buf, n, word);
		clear_tail(buf, s * SUPER_BITS, nbits);
		r->super[s] = r->total;
		for (size_t b = 0; b < BLOCKS_PER_SUPER; b++) {
			r->block[s * BLOCKS_PER_SUPER + b] =
			    (uint16_t)in_super;
			in_super += popcount(buf + b * BLOCK_BYTES,
			    BLOCK_BYTES);
		}
		r->total += in_super;
		high = highest_set(buf, n);
		if (high != 0)
			r->last = s * SUPER_BITS + high;
	}
	return (0);
fail:
	kvmi_rank_deinit(r);
	return (status);
}

void
kvmi_rank_deinit(struct kvmi_rank *r)
{
	free(r->super);
	free(r->block);
	r->super = NULL;
	r->block = NULL;
}

/* Length of the run of equal bits that starts at bit first of len bytes. */
static uint64_t
run_length(const uint8_t *p, uint64_t first, uint64_t nbits, bool set)
{
	uint64_t i = first;

	while (i < nbits) {
		uint8_t b = p[i / 8];

		if (i % 8 == 0 && nbits - i >= 8 && b == (set ? 0xff : 0)) {
			i += 8;
			continue;
		}
		if (((b >> i % 8) & 1) != set)
			break;
		i++;
	}
	return (i - first);
}

/* How many bits are set below a block's first; of the last, in all. */
static uint64_t
block_rank(const struct kvmi_rank *r, uint64_t block)
{
	if (block * BLOCK_BITS >= r->nbits)
		return (r->total);
	return (r->super[block / BLOCKS_PER_SUPER] + r->block[block]);
}

int
kvmi_rank_get(const struct kvmi_rank *r, uint64_t bit, uint64_t max,
    bool *set, uint64_t *rank, uint64_t *run, struct kvmi_err *err)
{
	uint64_t block = bit / BLOCK_BITS;
	uint64_t first = block * BLOCK_BITS;
	uint64_t in_block = kvmi_min(r->nbits - first, BLOCK_BITS);
	size_t n = (size_t)((in_block + 7) / 8);
	uint64_t off = r->off + first / 8;
	const uint8_t *p = r->word > 1 ? NULL : kvmi_src_ptr(r->src, off, n);
	uint8_t copy[BLOCK_BYTES];
	uint64_t at = bit - first;
	int status;

	*rank = r->super[bit / SUPER_BITS] + r->block[block];
	if (block_rank(r, block + 1) == *rank) {
		*set = false;
		*run = kvmi_min(in_block - at, max);
		return (0);
	}
	if (p == NULL) {
		status = r->src->ops->read(r->src, off, copy, n, err);
		if (status != 0)
			return (status);
		swap_words(copy, n, r->word);
		p = copy;
	}
	*set = p[at / 8] >> at % 8 & 1;
	*rank += popcount(p, (size_t)(at / 8)) + (uint64_t)__builtin_popcount(
	    p[at / 8] & ((1u << at % 8) - 1));
	*run = run_length(p, at, kvmi_min(in_block, at + max), *set);
	/* Counted in zeros that stand for lost pages, a rank is wrong. */
	return (kvmi_src_check_lost(r->src, p, n, err));
}
