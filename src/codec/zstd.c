/* SPDX-License-Identifier: BSD-2-Clause */
/* One zstd frame (RFC 8878) per page. */
#include "codec/codec.h"

#ifdef HAVE_ZSTD
#include <zstd.h>

static int
zstd_decode(const void *src, size_t src_len, void *dst, size_t dst_len)
{
	size_t n = ZSTD_decompress(dst, dst_len, src, src_len);

	return (!ZSTD_isError(n) && n == dst_len ? 0 : -1);
}

static void *
zstd_encoder_create(void)
{
	return (ZSTD_createCCtx());
}

static void
zstd_encoder_destroy(void *encoder)
{
	ZSTD_freeCCtx(encoder);
}

static size_t
zstd_encode(void *encoder, const void *src, size_t src_len, void *dst,
    size_t cap)
{
	size_t n = ZSTD_compressCCtx(encoder, dst, cap, src, src_len, 1);

	return (ZSTD_isError(n) ? 0 : n);
}
#endif

const struct kvmi_codec kvmi_codec_zstd = {
	.name = "zstd",
	.kdump_flag = 0x20,
#ifdef HAVE_ZSTD
	.decode = zstd_decode,
	.encode = zstd_encode,
	.encoder_create = zstd_encoder_create,
	.encoder_destroy = zstd_encoder_destroy,
#endif
};
