/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LZ4's frames, as lz4 writes them unless told otherwise: a header with a
 * checksum, blocks, which may refer to the 64 KiB before them, a length of 0
 * and a checksum of all (lz4_Frame_format.md).
 */
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "image/image.h"
#include "image/stream_blocks.h"

#define MAGIC		0x184d2204u

#ifdef HAVE_LZ4_FRAMES
#include <lz4.h>
#include <xxhash.h>

static bool
frame_is_start(const uint8_t *head, size_t len)
{
	return (len >= 4 && kvmi_get32(head, false) == MAGIC);
}

#define WINDOW		((size_t)64 << 10)

/* FLG and BD of the header. */
#define FLG_VERSION	0xc0
#define FLG_VERSION_1	0x40
#define FLG_ALONE	0x20		/* blocks refer to none before */
#define FLG_BLOCK_SUM	0x10
#define FLG_SIZE	0x08
#define FLG_SUM		0x04
#define FLG_RESERVED	0x02
#define FLG_DICTIONARY	0x01
#define BD_RESERVED	0x8f
#define BD_SIZE(bd)	((bd) >> 4)	/* 4 to 7: 64 KiB to 4 MiB */
#define MIN_SIZE	4

#define BLOCK_PLAIN	0x80000000u

/* Those that blocks need: FLG's, and the size above them. */
#define SIZE_SHIFT	8
#define ALL_FLAGS	(FLG_ALONE | FLG_BLOCK_SUM | FLG_SUM | 7 << SIZE_SHIFT)

/* Magic, FLG, BD, the length of all if it is there, a byte of their sum. */
static size_t
frame_header(const uint8_t *p, size_t have, uint32_t *flags)
{
	size_t len = 4 + 2 + 1;
	uint8_t flg, bd;

	if (have < len)
		return (len);
	flg = p[4];
	bd = p[5];
	if ((flg & FLG_VERSION) != FLG_VERSION_1 ||
	    (flg & (FLG_RESERVED | FLG_DICTIONARY)) != 0 ||
	    (bd & BD_RESERVED) != 0 || BD_SIZE(bd) < MIN_SIZE)
		return (0);
	len += (flg & FLG_SIZE) != 0 ? 8 : 0;
	if (have < len)
		return (len);
	if (p[len - 1] != (XXH32(p + 4, len - 5, 0) >> 8 & 0xff))
		return (0);
	*flags = (flg & (FLG_ALONE | FLG_BLOCK_SUM | FLG_SUM)) |
	    (uint32_t)BD_SIZE(bd) << SIZE_SHIFT;
	return (len);
}

static size_t
frame_block(const uint8_t *p, size_t have, uint32_t flags,
    struct kvmi_block *ret)
{
	uint32_t word = kvmi_get32(p, false), n = word & ~BLOCK_PLAIN;
	size_t most = (size_t)1 << (8 + 2 * (flags >> SIZE_SHIFT));

	(void)have;
	*ret = (struct kvmi_block){ .plain = (word & BLOCK_PLAIN) != 0 };
	if (word == 0) {
		ret->len = 4 + ((flags & FLG_SUM) != 0 ? 4 : 0);
		return (ret->len);
	}
	if (n == 0 || n > most)
		return (0);
	ret->data_len = n;
	ret->out_len = ret->plain ? n : most;
	ret->len = 4 + n + ((flags & FLG_BLOCK_SUM) != 0 ? 4 : 0);
	return (ret->len);
}

static size_t
frame_decode(const uint8_t *p, const struct kvmi_block *b, uint32_t flags,
    const struct kvmi_window *w, uint8_t *out)
{
	const uint8_t *data = p + 4;
	int n;

	if ((flags & FLG_BLOCK_SUM) != 0 &&
	    XXH32(data, b->data_len, 0) != kvmi_get32(data + b->data_len,
	    false))
		return (0);
	if (b->plain) {
		memcpy(out, data, b->data_len);
		return (b->data_len);
	}
	n = LZ4_decompress_safe_usingDict((const char *)data, (char *)out,
	    (int)b->data_len, (int)b->out_len, (const char *)w->p,
	    (int)w->len);
	return (n > 0 ? (size_t)n : 0);
}

static size_t
frame_window(uint32_t flags)
{
	return ((flags & FLG_ALONE) != 0 ? 0 : WINDOW);
}

static void *
sum_create(void)
{
	return (XXH32_createState());
}

static void
sum_begin(void *sum)
{
	XXH32_reset(sum, 0);
}

static void
sum_add(void *sum, const uint8_t *p, size_t len)
{
	XXH32_update(sum, p, len);
}

static void
sum_destroy(void *sum)
{
	XXH32_freeState(sum);
}

static bool
sum_is_right(const void *sum, const uint8_t *p, uint32_t flags)
{
	return ((flags & FLG_SUM) == 0 ||
	    kvmi_get32(p + 4, false) == XXH32_digest(sum));
}

static const struct kvmi_blocks_sum frame_sum = {
	.create = sum_create,
	.begin = sum_begin,
	.add = sum_add,
	.is_right = sum_is_right,
	.destroy = sum_destroy,
};

static const struct kvmi_blocks_format frame_format = {
	.header = frame_header,
	.block = frame_block,
	.decode = frame_decode,
	.window = frame_window,
	.sum = &frame_sum,
	.all_flags = ALL_FLAGS,
};

static void *
frame_create(void)
{
	return (kvmi_blocks_create(&frame_format));
}

const struct kvmi_stream_method kvmi_stream_lz4frame = {
	.name = "lz4 frame",
	.spacing = 1u << 20,
	.portable = KVMI_BLOCKS_STATE + WINDOW,
	.create = frame_create,
	.is_start = frame_is_start,
	KVMI_BLOCKS_METHOD,
};
#endif

static int
frame_wrap(struct kvmi_src *src, const struct kvm_options *o,
    struct kvmi_src **ret, struct kvmi_err *err)
{
#ifdef HAVE_LZ4_FRAMES
	return (kvmi_stream_open(src, &kvmi_stream_lz4frame, o, NULL, ret,
	    err));
#else
	(void)o;
	(void)ret;
	return (kvmi_stream_left_out(src, "lz4", err));
#endif
}

const struct kvmi_image_ops kvmi_image_lz4frame = {
	.name = "LZ4 file",
	.magic = { { .off = 0, .len = 4, .bytes = "\x04\x22\x4d\x18" } },
	.any_content = true,
	.wrap = frame_wrap,
};
