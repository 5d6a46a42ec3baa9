/* SPDX-License-Identifier: BSD-2-Clause */
/* Compressed streams of every kind, to be read back; fill content first. */
#ifndef BUILD_STREAM_H
#define BUILD_STREAM_H

#include "image/stream.h"
#include "util.h"

#ifdef HAVE_ZLIB
#include <zlib.h>

extern const struct kvmi_stream_method kvmi_stream_gzip;

static void
make_gzip(struct bytes *b, const uint8_t *p, size_t len)
{
	z_stream z = { 0 };
	size_t cap = len + 4096;
	uint8_t *out = malloc(cap);

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)p;
	z.avail_in = (uInt)len;
	z.next_out = out;
	z.avail_out = (uInt)cap;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	bytes_put(b, out, cap - z.avail_out);
	deflateEnd(&z);
	free(out);
}
#endif

#ifdef HAVE_ZSTD
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

extern const struct kvmi_stream_method kvmi_stream_zstd;

/* As from a pipe: the length is not in the header. */
static void
zstd(struct bytes *b, const uint8_t *p, size_t len, int level, int window_log)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	size_t cap = ZSTD_compressBound(len) + 100;
	uint8_t *out = malloc(cap);
	ZSTD_inBuffer i = { p, len, 0 };
	ZSTD_outBuffer o = { out, cap, 0 };

	ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, window_log);
	while (i.pos < len) {
		ZSTD_inBuffer part = { p + i.pos, kvmi_min(len - i.pos, 50000),
			0 };

		ZSTD_compressStream2(z, &o, &part, ZSTD_e_continue);
		i.pos += part.pos;
	}
	assert_int_equal(ZSTD_compressStream2(z, &o, &i, ZSTD_e_end), 0);
	bytes_put(b, out, o.pos);
	ZSTD_freeCCtx(z);
	free(out);
}

static void
make_zstd(struct bytes *b, const uint8_t *p, size_t len)
{
	zstd(b, p, len, 3, 0);
}

static void
make_zstd_small(struct bytes *b, const uint8_t *p, size_t len)
{
	zstd(b, p, len, 6, 12);
}

/* As from a file. */
static void
make_zstd_file(struct bytes *b, const uint8_t *p, size_t len)
{
	static const uint8_t skip[] = { 0x51, 0x2a, 0x4d, 0x18, 1, 0, 0, 0,
		9 };
	size_t cap = ZSTD_compressBound(len);
	uint8_t *out = malloc(cap);
	ZSTD_CCtx *z = ZSTD_createCCtx();

	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	bytes_put(b, out, ZSTD_compress2(z, out, cap, p, len));
	bytes_put(b, skip, sizeof(skip));
	ZSTD_freeCCtx(z);
	free(out);
}

/* As pzstd and the seekable format: frames that are skipped around it. */
static void
make_zstd_skip(struct bytes *b, const uint8_t *p, size_t len)
{
	static const uint8_t skip[] = { 0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0,
		1, 2, 3, 4 }, last[] = { 0x5e, 0x2a, 0x4d, 0x18, 0, 0, 0, 0 };

	bytes_put(b, skip, sizeof(skip));
	zstd(b, p, len, 1, 0);
	bytes_put(b, last, sizeof(last));
}
#endif

#ifdef HAVE_LZMA
#include <lzma.h>

extern const struct kvmi_stream_method kvmi_stream_xz;

static void
xz(struct bytes *b, const uint8_t *p, size_t len, uint32_t dict, size_t block)
{
	lzma_stream z = LZMA_STREAM_INIT;
	lzma_options_lzma o;
	lzma_filter f[] = { { LZMA_FILTER_LZMA2, &o },
		{ LZMA_VLI_UNKNOWN, NULL } };
	size_t cap = len + 100000, done = 0;
	uint8_t *out = malloc(cap);

	lzma_lzma_preset(&o, 1);
	o.dict_size = dict;
	assert_int_equal(lzma_stream_encoder(&z, f, LZMA_CHECK_CRC64), LZMA_OK);
	z.next_out = out;
	z.avail_out = cap;
	while (done < len) {
		z.next_in = p + done;
		z.avail_in = (size_t)kvmi_min(len - done, block);
		done += z.avail_in;
		assert_int_equal(lzma_code(&z, LZMA_FULL_FLUSH),
		    LZMA_STREAM_END);
	}
	assert_int_equal(lzma_code(&z, LZMA_FINISH), LZMA_STREAM_END);
	bytes_put(b, out, cap - z.avail_out);
	lzma_end(&z);
	free(out);
}

static void
make_xz(struct bytes *b, const uint8_t *p, size_t len)
{
	xz(b, p, len, 1u << 16, SIZE_MAX);
}

extern const struct kvmi_stream_method kvmi_stream_lzma;

static void
lzma(struct bytes *b, const uint8_t *p, size_t len, uint32_t dict)
{
	lzma_stream z = LZMA_STREAM_INIT;
	lzma_options_lzma o;
	size_t cap = len + 100000;
	uint8_t *out = malloc(cap);

	lzma_lzma_preset(&o, 1);
	o.dict_size = dict;
	assert_int_equal(lzma_alone_encoder(&z, &o), LZMA_OK);
	z.next_in = p;
	z.avail_in = len;
	z.next_out = out;
	z.avail_out = cap;
	assert_int_equal(lzma_code(&z, LZMA_FINISH), LZMA_STREAM_END);
	bytes_put(b, out, cap - z.avail_out);
	lzma_end(&z);
	free(out);
}

static void
make_lzma(struct bytes *b, const uint8_t *p, size_t len)
{
	lzma(b, p, len, 1u << 16);
}

static void
make_lzma_odd(struct bytes *b, const uint8_t *p, size_t len)
{
	lzma(b, p, len, 3u << 16);
}

static void
make_xz_blocks(struct bytes *b, const uint8_t *p, size_t len)
{
	xz(b, p, len, 1u << 16, 100000);
}
#endif

#ifdef HAVE_LZ4
#include <lz4.h>

extern const struct kvmi_stream_method kvmi_stream_lz4;

static void
make_lz4(struct bytes *b, const uint8_t *p, size_t len)
{
	size_t block = 70000;
	char *out = malloc((size_t)LZ4_compressBound((int)block));

	bytes_put(b, "\x02\x21\x4c\x18", 4);
	for (size_t done = 0; done < len; done += block) {
		size_t n = (size_t)kvmi_min(len - done, block);
		int got = LZ4_compress_default((const char *)p + done, out,
		    (int)n, LZ4_compressBound((int)n));

		bytes_uint(b, (uint64_t)got, 4);
		bytes_put(b, out, (size_t)got);
	}
	free(out);
}

#include <lz4frame.h>

extern const struct kvmi_stream_method kvmi_stream_lz4frame;

static void
lz4_frame(struct bytes *b, const uint8_t *p, size_t len,
    const LZ4F_frameInfo_t *info)
{
	LZ4F_preferences_t how = { .frameInfo = *info };
	size_t cap = LZ4F_compressFrameBound(len, &how);
	void *out = malloc(cap);
	size_t n = LZ4F_compressFrame(out, cap, p, len, &how);

	if (out == NULL || LZ4F_isError(n))
		abort();
	bytes_put(b, out, n);
	free(out);
}

/* As "lz4" does, which only links blocks when it is asked to. */
static void
make_lz4_frame(struct bytes *b, const uint8_t *p, size_t len)
{
	const LZ4F_frameInfo_t info = { .blockSizeID = LZ4F_max64KB,
		.blockMode = LZ4F_blockIndependent,
		.contentChecksumFlag = LZ4F_contentChecksumEnabled };

	lz4_frame(b, p, len, &info);
}

static void
make_lz4_linked(struct bytes *b, const uint8_t *p, size_t len)
{
	const LZ4F_frameInfo_t info = { .blockSizeID = LZ4F_max64KB,
		.blockMode = LZ4F_blockLinked, .contentSize = len,
		.contentChecksumFlag = LZ4F_contentChecksumEnabled };

	lz4_frame(b, p, len, &info);
}

static void
make_lz4_sums(struct bytes *b, const uint8_t *p, size_t len)
{
	const LZ4F_frameInfo_t info = { .blockSizeID = LZ4F_max256KB,
		.blockMode = LZ4F_blockLinked,
		.blockChecksumFlag = LZ4F_blockChecksumEnabled };

	lz4_frame(b, p, len, &info);
}
#endif

#ifdef HAVE_LZO
#include <lzo/lzo1x.h>

extern const struct kvmi_stream_method kvmi_stream_lzop;

/* The sums of flags, of what the block is decoded to and of what it is. */
static void
lzop_sums(struct bytes *b, uint32_t flags, const uint8_t *out, size_t out_len,
    const uint8_t *in, size_t in_len)
{
	if ((flags & 0x1) != 0)
		bytes_uint(b, lzo_adler32(1, out, out_len), 4);
	if ((flags & 0x100) != 0)
		bytes_uint(b, lzo_crc32(0, out, out_len), 4);
	if ((flags & 0x2) != 0 && in_len < out_len)
		bytes_uint(b, lzo_adler32(1, in, in_len), 4);
	if ((flags & 0x200) != 0 && in_len < out_len)
		bytes_uint(b, lzo_crc32(0, in, in_len), 4);
}

static void
lzop_header(struct bytes *b, uint32_t flags, unsigned int version)
{
	size_t begin = b->len + 9;

	bytes_put(b, "\x89LZO\0\r\n\x1a\n", 9);
	bytes_uint(b, version, 2);
	bytes_uint(b, 0x20a0, 2);
	if (version >= 0x940)
		bytes_uint(b, 0x940, 2);
	bytes_uint(b, 1, 1);			/* LZO1X-1 */
	if (version >= 0x940)
		bytes_uint(b, 5, 1);
	bytes_uint(b, flags, 4);
	bytes_uint(b, 0100600, 4);
	bytes_fill(b, 1, version >= 0x940 ? 8 : 4);
	bytes_uint(b, 6, 1);
	bytes_put(b, "vmcore", 6);
	bytes_uint(b, (flags & 0x1000) != 0 ? lzo_crc32(0, b->p + begin,
	    b->len - begin) : lzo_adler32(1, b->p + begin, b->len - begin), 4);
	if ((flags & 0x40) != 0) {
		bytes_uint(b, 3, 4);
		bytes_put(b, "abc1234", 7);
	}
}

static void
lzop(struct bytes *b, const uint8_t *p, size_t len, uint32_t flags,
    unsigned int version)
{
	static uint8_t work[LZO1X_1_MEM_COMPRESS], out[80000];
	size_t block = 60000;

	b->big_endian = true;
	lzop_header(b, flags, version);
	for (size_t done = 0; done < len; done += block) {
		size_t n = (size_t)kvmi_min(len - done, block);
		const uint8_t *in = out;
		lzo_uint got;

		lzo1x_1_compress(p + done, n, out, &got, work);
		/* What does not shrink stays as it is. */
		if (done == block || got >= n) {
			in = p + done;
			got = n;
		}
		bytes_uint(b, n, 4);
		bytes_uint(b, got, 4);
		lzop_sums(b, flags, p + done, n, in, got);
		bytes_put(b, in, got);
	}
	bytes_uint(b, 0, 4);
}

/* As the tool does. */
static void
make_lzop(struct bytes *b, const uint8_t *p, size_t len)
{
	lzop(b, p, len, 0x3000001, 0x1040);
}

/* With all that there may be. */
static void
make_lzop_sums(struct bytes *b, const uint8_t *p, size_t len)
{
	lzop(b, p, len, 0x1343, 0x1040);
}

static void
make_lzop_old(struct bytes *b, const uint8_t *p, size_t len)
{
	lzop(b, p, len, 0x1, 0x900);
}
#endif

#ifdef HAVE_BZIP2
#include <bzlib.h>

extern const struct kvmi_stream_method kvmi_stream_bzip2;

static void
make_bzip2(struct bytes *b, const uint8_t *p, size_t len)
{
	unsigned int n = (unsigned int)len + 100000;
	char *out = malloc(n);

	assert_int_equal(BZ2_bzBuffToBuffCompress(out, &n,
	    (char *)(uintptr_t)p, (unsigned int)len, 1, 0, 0), BZ_OK);
	bytes_put(b, out, n);
	free(out);
}
#endif

#define LEN	(1u << 20)

/* How the tests make streams. */
struct kind {
	const char	*name;
	const struct kvmi_stream_method *m;
	void (*make)(struct bytes *b, const uint8_t *p, size_t len);
	unsigned int	members;
	uint64_t	spacing;
	bool		portable;	/* its index can be kept */
	bool		listed;		/* it is in the stream itself */
	bool		unchecked;	/* without sums of what it holds */
};

static const struct kind kind[] = {
#ifdef HAVE_ZLIB
	{ "gzip", &kvmi_stream_gzip, make_gzip, 1, 100000, true },
	{ "gzip, cached", &kvmi_stream_gzip, make_gzip, 1, 0, true },
	{ "gzip, 3 members", &kvmi_stream_gzip, make_gzip, 3, 100000, true },
	{ "gzip, members only", &kvmi_stream_gzip, make_gzip, 64, 1, true },
#endif
#ifdef HAVE_ZSTD
	{ "zstd", &kvmi_stream_zstd, make_zstd, 1, 100000 },
	{ "zstd, cached", &kvmi_stream_zstd, make_zstd, 1, 0 },
	{ "zstd, small window", &kvmi_stream_zstd, make_zstd_small, 1,
	    100000, false },
	{ "zstd, 9 frames", &kvmi_stream_zstd, make_zstd_small, 9, 100000,
	    true },
	{ "zstd, with skippable frames", &kvmi_stream_zstd, make_zstd_skip,
	    5, 1, true },
	{ "zstd, 4 frames with lengths", &kvmi_stream_zstd, make_zstd_file, 4,
	    100000, true, true },
#endif
#ifdef HAVE_LZMA
	{ "xz", &kvmi_stream_xz, make_xz, 1, 100000, false, true },
	{ "xz, blocks", &kvmi_stream_xz, make_xz_blocks, 1, 100000, true,
	    true },
	{ "xz, 3 streams", &kvmi_stream_xz, make_xz, 3, 100000, true, true },
	{ "lzma", &kvmi_stream_lzma, make_lzma, 1, 100000, .unchecked = true },
	{ "lzma, 3 streams", &kvmi_stream_lzma, make_lzma_odd, 3, 100000,
	    .portable = true, .unchecked = true },
#endif
#ifdef HAVE_LZ4
	{ "lz4", &kvmi_stream_lz4, make_lz4, 1, 100000, true,
	    .unchecked = true },
	{ "lz4 frame", &kvmi_stream_lz4frame, make_lz4_frame, 1, 100000,
	    true },
	{ "lz4 frame, linked", &kvmi_stream_lz4frame, make_lz4_linked, 1,
	    100000, true },
	{ "lz4 frame, cached", &kvmi_stream_lz4frame, make_lz4_linked, 1, 0,
	    true },
	{ "lz4, 3 frames with sums of blocks", &kvmi_stream_lz4frame,
	    make_lz4_sums, 3, 100000, true },
#endif
#ifdef HAVE_LZO
	{ "lzop", &kvmi_stream_lzop, make_lzop, 1, 100000, true },
	{ "lzop, all sums", &kvmi_stream_lzop, make_lzop_sums, 3, 100000,
	    true },
	{ "lzop of old", &kvmi_stream_lzop, make_lzop_old, 1, 1, true },
#endif
#ifdef HAVE_BZIP2
	{ "bzip2", &kvmi_stream_bzip2, make_bzip2, 1, 100000, true },
	{ "bzip2, 3 streams", &kvmi_stream_bzip2, make_bzip2, 3, 100000, true },
#endif
	{ NULL }
};

/* None in a build that has no method. */
static const size_t nkinds = KVMI_COUNT(kind) - 1;

static uint8_t content[LEN];

/* Text-like: repeats at near and far distances, and noise. */
static void
make_content(void)
{
	uint64_t rnd = 42;

	for (size_t i = 0; i < LEN;) {
		uint64_t r = util_random(&rnd);
		size_t n = 1 + r % 200, from;

		if (n > LEN - i)
			n = LEN - i;
		r = util_random(&rnd);
		if (i < 1000 || r % 3 == 0) {
			for (size_t j = 0; j < n; j++)
				content[i + j] = (uint8_t)(util_random(&rnd) %
				    40);
		} else {
			from = i - 1 - r / 4 % (i < 300000 ? i - n - 1 :
			    300000 - n);
			if (from + n > i)
				from = i - n;
			memmove(content + i, content + from, n);
		}
		i += n;
	}
}

static void
make(const struct kind *k, struct bytes *b)
{
	size_t each = LEN / k->members;

	for (unsigned int i = 0; i < k->members; i++)
		k->make(b, content + i * each, i + 1 < k->members ? each :
		    LEN - i * each);
}

static int
open_stream(const struct kind *k, const void *p, size_t len,
    const struct kvm_options *o, struct kvmi_src **ret, struct kvmi_err *err)
{
	static const struct kvm_options none = KVM_OPTIONS_INIT;
	static const struct util_src_opts plain = { .piece = 7777 };
	struct kvmi_stream_tuning t = { .spacing = k->spacing,
		.uncached = k->spacing != 0 };

	return (kvmi_stream_open(util_src(p, len, &plain), k->m,
	    o != NULL ? o : &none, &t, ret, err));
}

/* Reads at random; right bytes below size. */
static void
check_reads(const struct kind *k, struct kvmi_src *s, uint64_t size, int n,
    uint64_t rnd)
{
	static __thread uint8_t buf[100000];
	struct kvmi_err err = { 0 };

	for (int i = 0; i < n && size > 0; i++) {
		uint64_t off = util_random(&rnd) % size;
		size_t len = 1 + (size_t)(util_random(&rnd) %
		    (i % 4 == 0 ? sizeof(buf) : 64));

		if (off + len > size)
			len = (size_t)(size - off);
		UTIL_FAILS(k->name, kvmi_src_read(s, off, buf, len, "x", &err),
		    0, &err);
		UTIL_TRUE(k->name, memcmp(buf, content + off, len) == 0);
	}
}

#endif
