/* SPDX-License-Identifier: BSD-2-Clause */
/* LZO1X, as the kernel and makedumpfile -l write it. */
#include <stdlib.h>
#include <string.h>

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

/* The compressor's memory, and room for what does not shrink. */
struct encoder {
	uint8_t	 work[LZO1X_1_MEM_COMPRESS];
	size_t	 cap;
	uint8_t	*p;
};

static void *
lzo_encoder_create(void)
{
	return (lzo_init() == LZO_E_OK ? calloc(1, sizeof(struct encoder)) :
	    NULL);
}

static void
lzo_encoder_destroy(void *encoder)
{
	struct encoder *e = encoder;

	if (e != NULL)
		free(e->p);
	free(e);
}

static size_t
lzo_encode(void *encoder, const void *src, size_t src_len, void *dst,
    size_t cap)
{
	struct encoder *e = encoder;
	size_t worst = src_len + src_len / 16 + 64 + 3;
	lzo_uint n;

	if (e->cap < worst) {
		uint8_t *p = realloc(e->p, worst);

		if (p == NULL)
			return (0);
		e->p = p;
		e->cap = worst;
	}
	if (lzo1x_1_compress(src, src_len, e->p, &n, e->work) != LZO_E_OK ||
	    n > cap)
		return (0);
	memcpy(dst, e->p, n);
	return (n);
}
#endif

const struct kvmi_codec kvmi_codec_lzo = {
	.name = "lzo",
	.kdump_flag = 0x2,
#ifdef HAVE_LZO
	.decode = lzo_decode,
	.encode = lzo_encode,
	.encoder_create = lzo_encoder_create,
	.encoder_destroy = lzo_encoder_destroy,
#endif
};
