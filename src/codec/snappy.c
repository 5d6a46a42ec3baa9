/* SPDX-License-Identifier: BSD-2-Clause */
/* Snappy, raw format without framing. */
#include "codec/codec.h"

#ifdef HAVE_SNAPPY
#include <snappy-c.h>

static int
snappy_decode(const void *src, size_t src_len, void *dst, size_t dst_len)
{
	size_t n = dst_len;

	if (snappy_uncompress(src, src_len, dst, &n) != SNAPPY_OK)
		return (-1);
	return (n == dst_len ? 0 : -1);
}
#endif

const struct kvmi_codec kvmi_codec_snappy = {
	.name = "snappy",
	.kdump_flag = 0x4,
#ifdef HAVE_SNAPPY
	.decode = snappy_decode,
#endif
};
