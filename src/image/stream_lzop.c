/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lzop's files: a header with a checksum, blocks of LZO1X with checksums of
 * what they are, or are decoded to, and a length of 0 at the end.  Big-endian.
 * Linux's lib/decompress_unlzo.c tells the layout.
 */
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "image/image.h"
#include "image/stream_blocks.h"

#define MAGIC		"\x89LZO\0\r\n\x1a\n"
#define MAGIC_LEN	9

#ifdef HAVE_LZO
#include <lzo/lzo1x.h>

static bool
lzop_is_start(const uint8_t *head, size_t len)
{
	return (len >= MAGIC_LEN && memcmp(head, MAGIC, MAGIC_LEN) == 0);
}

#define OLDER		0x940		/* shorter headers before */
#define ADLER32_OUT	0x0001u
#define ADLER32_IN	0x0002u
#define EXTRA_FIELD	0x0040u
#define CRC32_OUT	0x0100u
#define CRC32_IN	0x0200u
#define FILTER		0x0800u
#define HEADER_CRC32	0x1000u
#define SUMS		(ADLER32_OUT | ADLER32_IN | CRC32_OUT | CRC32_IN)
#define MAX_EXTRA	(1u << 20)

typedef lzo_uint32_t sum_fn(lzo_uint32_t, const lzo_bytep, lzo_uint);

static bool
sum_is(sum_fn *sum, const uint8_t *p, size_t len, const uint8_t *want)
{
	/* Both begin with what they give without bytes. */
	return (sum(sum(0, NULL, 0), p, len) == kvmi_get32(want, true));
}

/*
 * magic, version, version of the library, version needed, method, level,
 * flags, filter, mode, time (two words), length and bytes of the name, sum.
 */
static size_t
lzop_header(const uint8_t *p, size_t have, uint32_t *flags)
{
	bool old;
	size_t at = MAGIC_LEN + 4;	/* behind the library's version */
	uint8_t method;

	if (have < at)
		return (at);
	old = kvmi_get16(p + MAGIC_LEN, true) < OLDER;
	at += old ? 0 : 2;
	if (have < at + 6)
		return (at + 6);
	method = p[at];
	at += old ? 1 : 2;
	*flags = kvmi_get32(p + at, true);
	at += 4 + ((*flags & FILTER) != 0 ? 4 : 0) + (old ? 8 : 12);
	if (method < 1 || method > 3 || (*flags & FILTER) != 0)
		return (0);
	if (have < at + 1)
		return (at + 1);
	at += 1 + (size_t)p[at];
	if (have < at + 4)
		return (at + 4);
	if (!sum_is((*flags & HEADER_CRC32) != 0 ? lzo_crc32 : lzo_adler32,
	    p + MAGIC_LEN, at - MAGIC_LEN, p + at))
		return (0);
	at += 4;
	if ((*flags & EXTRA_FIELD) != 0) {
		uint32_t n;

		if (have < at + 4)
			return (at + 4);
		n = kvmi_get32(p + at, true);
		if (n > MAX_EXTRA)
			return (0);
		at += 4 + n + 4;
	}
	*flags &= SUMS;
	return (at);
}

/* Lengths decoded and stored, and a sum for each flag. */
static size_t
lzop_block(const uint8_t *p, size_t have, uint32_t flags,
    struct kvmi_block *ret)
{
	uint32_t out = kvmi_get32(p, true), in;
	size_t len = 8;

	*ret = (struct kvmi_block){ .out_len = out };
	if (out == 0)
		return (4);
	if (have < len)
		return (len);
	in = kvmi_get32(p + 4, true);
	if (out > KVMI_BLOCKS_MAX || in == 0 || in > out)
		return (0);
	ret->plain = in == out;
	if (ret->plain)
		flags &= ~(ADLER32_IN | CRC32_IN);
	len += 4 * (size_t)__builtin_popcount(flags & SUMS);
	ret->data_len = in;
	ret->len = len + in;
	return (ret->len);
}

/* The sums are in this order. */
static bool
sums_are(const struct kvmi_block *b, uint32_t flags, const uint8_t *p,
    const uint8_t *data, const uint8_t *out)
{
	const struct {
		uint32_t	 flag;
		sum_fn		*sum;
		const uint8_t	*of;
		size_t		 len;
	} row[] = {
		{ ADLER32_OUT, lzo_adler32, out, b->out_len },
		{ CRC32_OUT, lzo_crc32, out, b->out_len },
		{ ADLER32_IN, lzo_adler32, b->plain ? NULL : data,
		    b->data_len },
		{ CRC32_IN, lzo_crc32, b->plain ? NULL : data, b->data_len },
	};

	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		if ((flags & row[i].flag) == 0 || row[i].of == NULL)
			continue;
		if (!sum_is(row[i].sum, row[i].of, row[i].len, p))
			return (false);
		p += 4;
	}
	return (true);
}

static size_t
lzop_decode(const uint8_t *p, const struct kvmi_block *b, uint32_t flags,
    const struct kvmi_window *w, uint8_t *out)
{
	const uint8_t *data = p + (b->len - b->data_len);
	lzo_uint n = b->out_len;

	(void)w;
	if (b->plain)
		memcpy(out, data, b->data_len);
	else if (lzo1x_decompress_safe(data, b->data_len, out, &n, NULL) !=
	    LZO_E_OK)
		return (0);
	return (n == b->out_len && sums_are(b, flags, p + 8, data, out) ? n :
	    0);
}

static const struct kvmi_blocks_format lzop_format = {
	.header = lzop_header,
	.block = lzop_block,
	.decode = lzop_decode,
	.all_flags = SUMS,
};

static void *
lzop_create(void)
{
	return (kvmi_blocks_create(&lzop_format));
}

const struct kvmi_stream_method kvmi_stream_lzop = {
	.name = "lzop",
	.spacing = 1u << 20,
	.portable = KVMI_BLOCKS_STATE,
	.create = lzop_create,
	.is_start = lzop_is_start,
	KVMI_BLOCKS_METHOD,
};
#endif

static int
lzop_wrap(struct kvmi_src *src, const struct kvm_options *o,
    struct kvmi_src **ret, struct kvmi_err *err)
{
#ifdef HAVE_LZO
	return (kvmi_stream_open(src, &kvmi_stream_lzop, o, NULL, ret, err));
#else
	(void)o;
	(void)ret;
	return (kvmi_stream_left_out(src, "lzo", err));
#endif
}

const struct kvmi_image_ops kvmi_image_lzop = {
	.name = "lzop file",
	.magic = { { .off = 0, .len = MAGIC_LEN, .bytes = MAGIC } },
	.any_content = true,
	.wrap = lzop_wrap,
};
