/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LZ4's legacy frames, as "lz4 -l" writes them and kernels have them: a magic
 * number and blocks of 8 MiB, of which nothing marks the last and nothing is
 * a checksum (lz4_Frame_format.md, "Legacy frame").
 */
#include "base/endian.h"
#include "base/math.h"
#include "image/image.h"
#include "image/stream_blocks.h"

#define MAGIC		0x184c2102u

#ifdef HAVE_LZ4
#include <lz4.h>

static bool
lz4_is_start(const uint8_t *head, size_t len)
{
	return (len >= 4 && kvmi_get32(head, false) == MAGIC);
}

#define BLOCK		(8u << 20)

static size_t
lz4_header(const uint8_t *p, size_t have, uint32_t *flags)
{
	(void)p;
	(void)have;
	(void)flags;
	return (4);
}

/* Zeros end it as they end all: they fill up what it lies in. */
static size_t
lz4_block(const uint8_t *p, size_t have, uint32_t flags,
    struct kvmi_block *ret)
{
	uint32_t n = kvmi_get32(p, false);

	(void)have;
	(void)flags;
	if (n > LZ4_COMPRESSBOUND(BLOCK))
		return (0);
	*ret = (struct kvmi_block){ .len = 4 + n, .data_len = n,
		.out_len = n == 0 ? 0 : BLOCK };
	return (4 + n);
}

static size_t
lz4_decode(const uint8_t *p, const struct kvmi_block *b, uint32_t flags,
    const struct kvmi_window *w, uint8_t *out)
{
	int n = LZ4_decompress_safe((const char *)p + 4, (char *)out,
	    (int)b->data_len, (int)b->out_len);

	(void)flags;
	(void)w;
	return (n > 0 ? (size_t)n : 0);
}

static const struct kvmi_blocks_format lz4_format = {
	.header = lz4_header,
	.block = lz4_block,
	.decode = lz4_decode,
	.endless = true,
};

static void *
lz4_create(void)
{
	return (kvmi_blocks_create(&lz4_format));
}

const struct kvmi_stream_method kvmi_stream_lz4 = {
	.name = "lz4",
	.spacing = 1,
	.portable = KVMI_BLOCKS_STATE,
	.create = lz4_create,
	.is_start = lz4_is_start,
	.may_end = kvmi_blocks_may_end,
	KVMI_BLOCKS_METHOD,
};
#endif

static int
lz4_wrap(struct kvmi_src *src, const struct kvm_options *o,
    struct kvmi_src **ret, struct kvmi_err *err)
{
#ifdef HAVE_LZ4
	return (kvmi_stream_open(src, &kvmi_stream_lz4, o, NULL, ret, err));
#else
	(void)o;
	(void)ret;
	return (kvmi_stream_left_out(src, "lz4", err));
#endif
}

const struct kvmi_image_ops kvmi_image_lz4 = {
	.name = "LZ4 file",
	.magic = { { .off = 0, .len = 4, .bytes = "\x02\x21\x4c\x18" } },
	.any_content = true,
	.wrap = lz4_wrap,
};
