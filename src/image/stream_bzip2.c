/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bzip2 files of one or more streams.  A stream is a header, blocks of up to
 * 900 kB that know nothing of each other, and a trailer, without regard to the
 * borders of bytes:
 *
 *	"BZh" level | magic, crc, block | ... | end magic, crc of all | padding
 *
 * Each block is given to libbz2 as a stream of its own, which makes every
 * one a point to begin at.  Where a block ends is known by the next magic.
 */
#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "image/stream.h"

#ifdef HAVE_BZIP2
#include <bzlib.h>

#define MIN_POINTS	(512u << 10)
#define MAGIC_BITS	48
#define MAGIC_MASK	((UINT64_C(1) << MAGIC_BITS) - 1)
#define BLOCK_MAGIC	UINT64_C(0x314159265359)
#define END_MAGIC	UINT64_C(0x177245385090)
#define CRC_BITS	32

/* A block cannot grow by more than some percent, and has tables. */
#define MAX_BLOCK	((size_t)1100000)

enum phase {
	HEADER,			/* "BZh9" */
	FIRST,			/* the magic behind it */
	COLLECT,		/* a block's bits, to the next magic */
	DECODE,
	TRAILER,
};

struct bzip2 {
	enum phase	 phase;
	unsigned int	 left;		/* of a header or trailer */
	uint8_t		 level;
	uint8_t		 cur;		/* byte taken, */
	unsigned int	 cur_bits;	/* and how many bits of it are unused */
	uint64_t	 last;		/* 48 bits */
	bz_stream	 z;
	bool		 open;		/* z is */
	uint64_t	 gave;		/* so many bytes */
	uint64_t	 nbits;		/* collected */
	uint8_t		 buf[4 + MAX_BLOCK + 16];
};

static void *
bzip2_create(void)
{
	return (calloc(1, sizeof(struct bzip2)));
}

static void
close_block(struct bzip2 *d)
{
	if (d->open)
		BZ2_bzDecompressEnd(&d->z);
	d->open = false;
}

static void
bzip2_destroy(void *dec)
{
	close_block(dec);
	free(dec);
}

static bool
bzip2_is_start(const uint8_t *head, size_t len)
{
	return (len >= 4 && memcmp(head, "BZh", 3) == 0 && head[3] >= '1' &&
	    head[3] <= '9');
}

static bool
bzip2_begin(void *dec, const uint8_t *head, size_t len, const char **why)
{
	struct bzip2 *d = dec;

	(void)len;
	(void)why;
	close_block(d);
	d->phase = HEADER;
	d->left = 4;
	d->level = head[3];
	d->cur_bits = 0;
	return (true);
}

static void
put_bit(struct bzip2 *d, unsigned int bit)
{
	uint8_t *p = &d->buf[4 + d->nbits / 8];

	if (d->nbits % 8 == 0)
		*p = 0;
	*p |= (uint8_t)(bit << (7 - d->nbits % 8));
	d->nbits++;
}

static void
put_bits(struct bzip2 *d, uint64_t v, unsigned int n)
{
	while (n-- > 0)
		put_bit(d, v >> n & 1);
}

static bool
next_bit(struct bzip2 *d, struct kvmi_stream_io *io, unsigned int *bit)
{
	if (d->cur_bits == 0) {
		if (io->in_len == 0)
			return (false);
		d->cur = *io->in++;
		io->in_len--;
		d->cur_bits = 8;
	}
	*bit = d->cur >> --d->cur_bits & 1;
	d->last = (d->last << 1 | *bit) & MAGIC_MASK;
	return (true);
}

/* A magic was read: of a block, which begins with it, or of the end. */
static bool
behind_magic(struct bzip2 *d)
{
	d->nbits = 0;
	if (d->last == BLOCK_MAGIC) {
		put_bits(d, BLOCK_MAGIC, MAGIC_BITS);
		d->phase = COLLECT;
		return (true);
	}
	d->phase = TRAILER;
	d->left = CRC_BITS;
	return (d->last == END_MAGIC);
}

static enum kvmi_step
bad(struct kvmi_stream_io *io, const char *why)
{
	io->why = why;
	return (KVMI_STEP_BAD);
}

/* The block without the magic behind it, as a stream. */
static bool
open_block(struct bzip2 *d)
{
	uint64_t nbits = d->nbits;
	uint32_t crc = 0;

	memcpy(d->buf, "BZh", 3);
	d->buf[3] = d->level;
	for (unsigned int i = 0; i < CRC_BITS / 8; i++)
		crc = crc << 8 | d->buf[4 + MAGIC_BITS / 8 + i];
	d->nbits -= MAGIC_BITS;
	/* The bits that are written over are known. */
	d->buf[4 + d->nbits / 8] &= (uint8_t)(0xff00 >> d->nbits % 8);
	put_bits(d, END_MAGIC, MAGIC_BITS);
	put_bits(d, crc, CRC_BITS);
	d->z = (bz_stream){ .next_in = (char *)d->buf,
		.avail_in = (unsigned int)(4 + (d->nbits + 7) / 8) };
	d->nbits = nbits;
	d->gave = 0;
	d->open = BZ2_bzDecompressInit(&d->z, 0, 0) == BZ_OK;
	d->phase = DECODE;
	return (d->open);
}

static enum kvmi_step
collect(struct bzip2 *d, struct kvmi_stream_io *io)
{
	unsigned int bit;

	while (next_bit(d, io, &bit)) {
		put_bit(d, bit);
		if (d->nbits >= 2 * MAGIC_BITS + CRC_BITS &&
		    (d->last == BLOCK_MAGIC || d->last == END_MAGIC))
			return (open_block(d) ? KVMI_STEP_MORE :
			    bad(io, "libbz2 cannot begin"));
		if (d->nbits >= 8 * MAX_BLOCK)
			return (bad(io, "a block does not end, or is damaged"));
	}
	return (KVMI_STEP_MORE);
}

/*
 * The bits of a magic may be data of the block; then the block was cut, and
 * libbz2, which needs all of it for its first byte, gave none.
 */
static enum kvmi_step
collect_on(struct bzip2 *d)
{
	close_block(d);
	d->nbits -= MAGIC_BITS;
	d->buf[4 + d->nbits / 8] &= (uint8_t)(0xff00 >> d->nbits % 8);
	put_bits(d, d->last, MAGIC_BITS);
	d->phase = COLLECT;
	return (KVMI_STEP_MORE);
}

static enum kvmi_step
decode(struct bzip2 *d, struct kvmi_stream_io *io)
{
	int r;

	d->z.next_out = (char *)io->out;
	d->z.avail_out = (unsigned int)io->out_len;
	r = BZ2_bzDecompress(&d->z);
	d->gave += io->out_len - d->z.avail_out;
	io->out = (uint8_t *)d->z.next_out;
	io->out_len = d->z.avail_out;
	if (r == BZ_OK && (d->z.avail_in > 0 || io->out_len == 0))
		return (KVMI_STEP_MORE);
	if (r == BZ_STREAM_END) {
		close_block(d);
		behind_magic(d);
		return (KVMI_STEP_MORE);
	}
	if (r == BZ_MEM_ERROR)
		return (bad(io, "no memory for a block"));
	if (d->gave == 0)
		return (collect_on(d));
	io->wrong = d->gave;
	return (bad(io, "the checksum of a block is wrong"));
}

static enum kvmi_step
bzip2_step(void *dec, struct kvmi_stream_io *io)
{
	struct bzip2 *d = dec;
	unsigned int bit;

	switch (d->phase) {
	case HEADER:
		for (; d->left > 0 && io->in_len > 0; d->left--) {
			io->in++;
			io->in_len--;
		}
		if (d->left > 0)
			return (KVMI_STEP_MORE);
		d->phase = FIRST;
		d->left = MAGIC_BITS;
		return (KVMI_STEP_MORE);
	case FIRST:
		while (d->left > 0 && next_bit(d, io, &bit))
			d->left--;
		if (d->left == 0 && !behind_magic(d))
			return (bad(io, "no block follows"));
		return (KVMI_STEP_MORE);
	case COLLECT:
		return (collect(d, io));
	case DECODE:
		return (decode(d, io));
	default:
		while (d->left > 0 && next_bit(d, io, &bit))
			d->left--;
		return (d->left > 0 ? KVMI_STEP_MORE : KVMI_STEP_END);
	}
}

/* level, bits of the first byte that belong to the block before. */
static size_t
bzip2_state_len(void *dec)
{
	const struct bzip2 *d = dec;

	return (d->phase == COLLECT && d->nbits == MAGIC_BITS ? 2 : 0);
}

static void
bzip2_save(void *dec, uint8_t *state, uint64_t *back)
{
	const struct bzip2 *d = dec;
	unsigned int bits = MAGIC_BITS + d->cur_bits;

	*back = (bits + 7) / 8;
	state[0] = d->level;
	state[1] = (uint8_t)(*back * 8 - bits);
}

static bool
bzip2_restore(void *dec, const uint8_t *state, size_t len)
{
	struct bzip2 *d = dec;

	if (len != 2 || state[0] < '1' || state[0] > '9' || state[1] > 7)
		return (false);
	close_block(d);
	d->level = state[0];
	d->cur_bits = 0;
	d->phase = FIRST;
	d->left = MAGIC_BITS + state[1];
	return (true);
}

const struct kvmi_stream_method kvmi_stream_bzip2 = {
	.name = "bzip2",
	.spacing = MIN_POINTS,
	.portable = 2,
	.create = bzip2_create,
	.destroy = bzip2_destroy,
	.is_start = bzip2_is_start,
	.begin = bzip2_begin,
	.step = bzip2_step,
	.state_len = bzip2_state_len,
	.save = bzip2_save,
	.restore = bzip2_restore,
};
#endif

static int
bzip2_wrap(struct kvmi_src *src, const struct kvm_options *o,
    struct kvmi_src **ret, struct kvmi_err *err)
{
#ifdef HAVE_BZIP2
	return (kvmi_stream_open(src, &kvmi_stream_bzip2, o, NULL, ret, err));
#else
	(void)o;
	(void)ret;
	return (kvmi_stream_left_out(src, "bzip2", err));
#endif
}

const struct kvmi_image_ops kvmi_image_bzip2 = {
	.name = "bzip2 file",
	.magic = { { .off = 0, .len = 3, .bytes = "BZh" } },
	.any_content = true,
	.wrap = bzip2_wrap,
};
