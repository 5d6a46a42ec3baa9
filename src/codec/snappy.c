/* SPDX-License-Identifier: BSD-2-Clause */
/* Snappy, raw format without framing. */
#include <stdlib.h>
#include <string.h>

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

/* A buffer as large as the worst case, which the library insists on. */
struct encoder {
	size_t	 cap;
	char	*p;
};

static void *
snappy_encoder_create(void)
{
	return (calloc(1, sizeof(struct encoder)));
}

static void
snappy_encoder_destroy(void *encoder)
{
	struct encoder *e = encoder;

	if (e != NULL)
		free(e->p);
	free(e);
}

static size_t
snappy_encode(void *encoder, const void *src, size_t src_len, void *dst,
    size_t cap)
{
	struct encoder *e = encoder;
	size_t n = snappy_max_compressed_length(src_len);

	if (e->cap < n) {
		char *p = realloc(e->p, n);

		if (p == NULL)
			return (0);
		e->p = p;
		e->cap = n;
	}
	n = e->cap;
	if (snappy_compress(src, src_len, e->p, &n) != SNAPPY_OK || n > cap)
		return (0);
	memcpy(dst, e->p, n);
	return (n);
}
#endif

const struct kvmi_codec kvmi_codec_snappy = {
	.name = "snappy",
	.kdump_flag = 0x4,
#ifdef HAVE_SNAPPY
	.decode = snappy_decode,
	.encode = snappy_encode,
	.encoder_create = snappy_encoder_create,
	.encoder_destroy = snappy_encoder_destroy,
#endif
};
