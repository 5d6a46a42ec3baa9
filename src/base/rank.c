/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/rank.h"

#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"

#define BLOCK_BITS	2048
#define BLOCK_BYTES	(BLOCK_BITS / 8)
#define BLOCK_WORDS	(BLOCK_BITS / 64)
#define SUPER_BITS	65536
#define SUPER_BYTES	(SUPER_BITS / 8)
#define BLOCKS_PER_SUPER (SUPER_BITS / BLOCK_BITS)

/* Not the compiler's: without an option that calls a function for each word. */
static uint64_t
popcount(const uint8_t *p, size_t words)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t sum = 0;

	for (size_t i = 0; i < words; i++) {
		uint64_t w = kvmi_get64(p + i * 8, false);

		w -= w >> 1 & ones * 0x55;
		w = (w & ones * 0x33) + (w >> 2 & ones * 0x33);
		sum += ((w + (w >> 4)) & ones * 0x0f) * ones >> 56;
	}
	return (sum);
}

/* Most of a large bitmap is zero. */
static bool
is_zero(const uint8_t *p, size_t words)
{
	uint64_t any = 0;

	for (size_t i = 0; i < words; i++)
		any |= kvmi_get64(p + i * 8, false);
	return (any == 0);
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
			if (!is_zero(buf + b * BLOCK_BYTES, BLOCK_WORDS))
				in_super += popcount(buf + b * BLOCK_BYTES,
				    BLOCK_WORDS);
		}
		r->total += in_super;
		high = in_super == 0 ? 0 : highest_set(buf, n);
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

/* How many of the bits from at on, but before end, are as set says. */
static uint64_t
alike_after(const uint8_t *p, uint64_t at, uint64_t end, bool set)
{
	uint64_t i = at;

	while (i < end) {
		uint64_t w = kvmi_get64(p + i / 64 * 8, false);

		w = (set ? ~w : w) >> i % 64;
		if (w != 0)
			return (kvmi_min(i + (uint64_t)__builtin_ctzll(w),
			    end) - at);
		i += 64 - i % 64;
	}
	return (end - at);
}

/* How many of the bits right before at. */
static uint64_t
alike_before(const uint8_t *p, uint64_t at, bool set)
{
	uint64_t i = at;

	while (i > 0) {
		uint64_t w = kvmi_get64(p + (i - 1) / 64 * 8, false);

		w = (set ? ~w : w) << (63 - (i - 1) % 64);
		if (w != 0)
			return (at - i + (uint64_t)__builtin_clzll(w));
		i = (i - 1) / 64 * 64;
	}
	return (at);
}

/* How many bits are set below a block's first; of the last, in all. */
static uint64_t
block_rank(const struct kvmi_rank *r, uint64_t block)
{
	if (block * BLOCK_BITS >= r->nbits)
		return (r->total);
	return (r->super[block / BLOCKS_PER_SUPER] + r->block[block]);
}

static uint64_t
block_len(const struct kvmi_rank *r, uint64_t block)
{
	return (kvmi_min(r->nbits - block * BLOCK_BITS, BLOCK_BITS));
}

/* Are all bits of the block as set says?  Its bits are not needed for that. */
static bool
block_alike(const struct kvmi_rank *r, uint64_t block, bool set)
{
	return (block_rank(r, block + 1) - block_rank(r, block) ==
	    (set ? block_len(r, block) : 0));
}

/* The bits of a block: where they are, or copied. */
static int
block_bits(const struct kvmi_rank *r, uint64_t block,
    uint8_t copy[BLOCK_BYTES], const uint8_t **ret, struct kvmi_err *err)
{
	size_t n = (size_t)((block_len(r, block) + 7) / 8);
	uint64_t off = r->off + block * BLOCK_BYTES;
	int status;

	*ret = r->word > 1 || n < BLOCK_BYTES ? NULL :
	    kvmi_src_ptr(r->src, off, n);
	if (*ret != NULL)
		return (0);
	status = kvmi_src_read(r->src, off, copy, n, "page bitmap", err);
	if (status != 0)
		return (status);
	memset(copy + n, 0, BLOCK_BYTES - n);
	swap_words(copy, n, r->word);
	*ret = copy;
	return (0);
}

/* No run is followed further: whoever wants more asks again from there. */
#define MAX_BLOCKS	4

static int
extend_after(const struct kvmi_rank *r, uint64_t block, uint64_t max,
    struct kvmi_rank_at *at, struct kvmi_err *err)
{
	uint8_t copy[BLOCK_BYTES];
	const uint8_t *p;
	int n, status;

	for (n = 0; n < MAX_BLOCKS && at->run < max; n++, block++) {
		if (block * BLOCK_BITS >= r->nbits)
			return (0);
		if (!block_alike(r, block, at->set))
			break;
		at->run += block_len(r, block);
	}
	if (n == MAX_BLOCKS || at->run >= max)
		return (0);
	status = block_bits(r, block, copy, &p, err);
	if (status != 0)
		return (status);
	at->run += alike_after(p, 0, block_len(r, block), at->set);
	return (kvmi_src_check_lost(r->src, p, BLOCK_BYTES, err));
}

static int
extend_before(const struct kvmi_rank *r, uint64_t block, uint64_t max,
    struct kvmi_rank_at *at, struct kvmi_err *err)
{
	uint8_t copy[BLOCK_BYTES];
	const uint8_t *p;
	int n, status;

	for (n = 0; n < MAX_BLOCKS && at->before < max; n++, block--) {
		if (block == 0)
			return (0);
		if (!block_alike(r, block - 1, at->set))
			break;
		at->before += BLOCK_BITS;
	}
	if (n == MAX_BLOCKS || at->before >= max)
		return (0);
	status = block_bits(r, block - 1, copy, &p, err);
	if (status != 0)
		return (status);
	at->before += alike_before(p, BLOCK_BITS, at->set);
	return (kvmi_src_check_lost(r->src, p, BLOCK_BYTES, err));
}

/* Where the bits of the block differ: read it. */
static int
look(const struct kvmi_rank *r, uint64_t block, uint64_t in,
    struct kvmi_rank_at *ret, struct kvmi_err *err)
{
	uint64_t len = block_len(r, block), mask;
	uint8_t copy[BLOCK_BYTES];
	const uint8_t *p;
	int status;

	status = block_bits(r, block, copy, &p, err);
	if (status != 0)
		return (status);
	mask = (UINT64_C(1) << in % 64) - 1;
	mask &= kvmi_get64(p + in / 64 * 8, false);
	ret->set = p[in / 8] >> in % 8 & 1;
	/* Counted from the nearer end. */
	if (in < BLOCK_BITS / 2 || len < BLOCK_BITS)
		ret->rank = block_rank(r, block) + popcount(p, in / 64) +
		    popcount((const uint8_t *)&mask, 1);
	else
		ret->rank = block_rank(r, block + 1) - popcount(p + in / 64 * 8,
		    BLOCK_WORDS - in / 64) +
		    popcount((const uint8_t *)&mask, 1);
	ret->before = alike_before(p, in, ret->set);
	ret->run = alike_after(p, in, len, ret->set);
	/* Counted in zeros that stand for lost pages, a rank is wrong. */
	return (kvmi_src_check_lost(r->src, p, BLOCK_BYTES, err));
}

int
kvmi_rank_get(const struct kvmi_rank *r, uint64_t bit, uint64_t lo,
    uint64_t hi, struct kvmi_rank_at *ret, struct kvmi_err *err)
{
	uint64_t block = bit / BLOCK_BITS, in = bit % BLOCK_BITS;
	uint64_t len = block_len(r, block);
	uint64_t set = block_rank(r, block + 1) - block_rank(r, block);
	int status = 0;

	if (set == 0 || set == len) {
		ret->set = set != 0;
		ret->rank = block_rank(r, block) + (ret->set ? in : 0);
		ret->before = in;
		ret->run = len - in;
	} else {
		status = look(r, block, in, ret, err);
	}
	if (status == 0 && in + ret->run == len)
		status = extend_after(r, block + 1, hi - bit, ret, err);
	if (status == 0 && ret->before == in)
		status = extend_before(r, block, bit - lo, ret, err);
	ret->run = kvmi_min(ret->run, hi - bit);
	ret->before = kvmi_min(ret->before, bit - lo);
	return (status);
}
