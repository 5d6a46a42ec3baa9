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
#endif

const struct kvmi_codec kvmi_codec_zstd = {
	.name = "zstd",
	.kdump_flag = 0x20,
#ifdef HAVE_ZSTD
	.decode = zstd_decode,
#endif
};
