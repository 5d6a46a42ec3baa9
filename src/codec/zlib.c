/* SPDX-License-Identifier: BSD-2-Clause */
/* zlib streams (RFC 1950), through libdeflate: half the time of zlib itself. */
#include "codec/codec.h"

#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>

static int
zlib_decode(const void *src, size_t src_len, void *dst, size_t dst_len)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	enum libdeflate_result r;

	if (d == NULL)
		return (-1);
	/* No "actual length" pointer: the length must then be exact. */
	r = libdeflate_zlib_decompress(d, src, src_len, dst, dst_len, NULL);
	libdeflate_free_decompressor(d);
	return (r == LIBDEFLATE_SUCCESS ? 0 : -1);
}

/* makedumpfile's level: what compresses faster than a disk writes. */
static void *
zlib_encoder_create(void)
{
	return (libdeflate_alloc_compressor(1));
}

static void
zlib_encoder_destroy(void *encoder)
{
	libdeflate_free_compressor(encoder);
}

static size_t
zlib_encode(void *encoder, const void *src, size_t src_len, void *dst,
    size_t cap)
{
	return (libdeflate_zlib_compress(encoder, src, src_len, dst, cap));
}
#endif

const struct kvmi_codec kvmi_codec_zlib = {
	.name = "zlib",
	.kdump_flag = 0x1,
#ifdef HAVE_LIBDEFLATE
	.decode = zlib_decode,
	.encode = zlib_encode,
	.encoder_create = zlib_encoder_create,
	.encoder_destroy = zlib_encoder_destroy,
#endif
};
