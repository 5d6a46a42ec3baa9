/* SPDX-License-Identifier: BSD-2-Clause */
/* LZO1X, as the kernel and makedumpfile -l write it. */
#include "codec/codec.h"

#ifdef HAVE_LZO
#include <lzo/lzo1x.h>

static int
lzo_decode(const void *src, size_t src_len, void *dst, size_t dst_len)
{
	lzo_uint n = dst_len;

	if (lzo1x_decompress_safe(src, src_len, dst, &n, NULL) != LZO_E_OK)
		return (-1);
	return (n == dst_len ? 0 : -1);
}
#endif

const struct kvmi_codec kvmi_codec_lzo = {
	.name = "lzo",
	.kdump_flag = 0x2,
#ifdef HAVE_LZO
	.decode = lzo_decode,
#endif
};
