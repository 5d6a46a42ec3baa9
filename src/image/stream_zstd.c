/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zstd files of one or more frames (RFC 8878).  FreeBSD's kernel writes one
 * frame, however large, so decoding has to begin anew within it: the decoder
 * is made in memory of ours (ZSTD_initStaticDStream() promises to allocate
 * none beside it), and a copy of that memory, put back in the same place, is
 * the decoder as it was.  Such copies are good for this process only.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/endian.h"
#include "base/math.h"
#include "image/image.h"
#include "image/stream.h"
#include "image/stream_index.h"

#define MAGIC		0xfd2fb528u
#define MAGIC_SKIP	0x184d2a50u	/* to ...5f: no data */

static bool
zstd_is_start(const uint8_t *head, size_t len)
{
	uint32_t magic = len < 4 ? 0 : kvmi_get32(head, false);

	return (magic == MAGIC || (magic & ~0xfu) == MAGIC_SKIP);
}

#ifdef HAVE_ZSTD
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#define MIN_POINTS	(1u << 20)

/* What zstd itself decodes without being asked for more: --long=27. */
#define MAX_WINDOW	(1u << 27)

/* A frame without data has no window; this is for its header. */
#define MIN_WINDOW	1024

/* The header of a block. */
#define BLOCK_LAST	1u
#define BLOCK_TYPE(h)	((h) >> 1 & 3)
#define BLOCK_RLE	1
#define BLOCK_SIZE(h)	((h) >> 3)

#define CHECKSUM	4
#define SKIP_HEADER	8

struct zstd {
	ZSTD_DStream	*z;
	uint8_t		*mem;		/* the decoder, always here */
	size_t		 room;		/* address space, touched as needed */
	size_t		 len;		/* of the decoder for this frame */
};

/* Step over the blocks of a frame, which do say how long they are. */
static bool
skip_blocks(struct kvmi_src *src, uint64_t *off)
{
	struct kvmi_err ignored;
	uint8_t b[4] = { 0 };
	uint32_t header;

	do {
		if (!kvmi_inside(*off, 3, src->size) ||
		    src->ops->read(src, *off, b, 3, &ignored) != 0)
			return (false);
		header = kvmi_get32(b, false);
		*off += 3 + (BLOCK_TYPE(header) == BLOCK_RLE ? 1 :
		    BLOCK_SIZE(header));
	} while ((header & BLOCK_LAST) == 0);
	return (true);
}

/* Frames of files, unlike those of pipes, say what they decode to. */
static bool
zstd_list(struct kvmi_src *src, struct kvmi_index *x, uint64_t *size)
{
	uint64_t off = 0;

	*size = 0;
	while (off < src->size) {
		uint8_t head[KVMI_STREAM_HEAD];
		size_t len = (size_t)kvmi_min(src->size - off, sizeof(head));
		struct kvmi_err ignored;
		ZSTD_frameHeader h;

		if (src->ops->read(src, off, head, len, &ignored) != 0 ||
		    !zstd_is_start(head, len) ||
		    ZSTD_getFrameHeader(&h, head, len) != 0)
			return (false);
		if (h.frameType == ZSTD_skippableFrame) {
			off += SKIP_HEADER + h.frameContentSize;
			continue;
		}
		if (h.frameContentSize == ZSTD_CONTENTSIZE_UNKNOWN ||
		    h.frameContentSize > KVMI_STREAM_MAX - *size)
			return (false);
		if (kvmi_index_wants(x, *size, 0))
			kvmi_index_add(x, *size, off, NULL, 0);
		*size += h.frameContentSize;
		off += h.headerSize;
		if (!skip_blocks(src, &off))
			return (false);
		off += h.checksumFlag ? CHECKSUM : 0;
	}
	return (off == src->size && *size > 0);
}

static void *
zstd_create(void)
{
	struct zstd *d = calloc(1, sizeof(*d));
	void *mem;

	if (d == NULL)
		return (NULL);
	d->room = ZSTD_estimateDStreamSize(MAX_WINDOW);
	mem = mmap(NULL, d->room, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED) {
		free(d);
		return (NULL);
	}
	d->mem = mem;
	return (d);
}

static void
zstd_destroy(void *dec)
{
	struct zstd *d = dec;

	munmap(d->mem, d->room);
	free(d);
}

static bool
zstd_begin(void *dec, const uint8_t *head, size_t len, const char **why)
{
	struct zstd *d = dec;
	ZSTD_frameHeader h;
	size_t r = ZSTD_getFrameHeader(&h, head, len);

	d->len = 0;
	if (ZSTD_isError(r)) {
		*why = ZSTD_getErrorName(r);
		return (false);
	}
	*why = "the file ends within the header of a frame";
	if (r != 0)
		return (false);
	*why = "its window is larger than 128 MiB; unzstd --long=31 and zstd "
	    "make one that can be read";
	if (h.windowSize > MAX_WINDOW)
		return (false);
	d->len = ZSTD_estimateDStreamSize(h.windowSize < MIN_WINDOW ?
	    MIN_WINDOW : (size_t)h.windowSize);
	*why = "zstd cannot begin";
	d->z = ZSTD_initStaticDStream(d->mem, d->len);
	return (d->z != NULL);
}

static enum kvmi_step
zstd_step(void *dec, struct kvmi_stream_io *io)
{
	struct zstd *d = dec;
	ZSTD_inBuffer in = { io->in, io->in_len, 0 };
	ZSTD_outBuffer out = { io->out, io->out_len, 0 };
	size_t r = ZSTD_decompressStream(d->z, &out, &in);

	io->in += in.pos;
	io->in_len -= in.pos;
	io->out += out.pos;
	io->out_len -= out.pos;
	if (!ZSTD_isError(r))
		return (r == 0 ? KVMI_STEP_END : KVMI_STEP_MORE);
	io->why = ZSTD_getErrorName(r);
	return (KVMI_STEP_BAD);
}

static size_t
zstd_state_len(void *dec)
{
	return (((struct zstd *)dec)->len);
}

static void
zstd_save(void *dec, uint8_t *state, uint64_t *back)
{
	struct zstd *d = dec;

	memcpy(state, d->mem, d->len);
	*back = 0;
}

static bool
zstd_restore(void *dec, const uint8_t *state, size_t len)
{
	struct zstd *d = dec;

	if (len > d->room)
		return (false);
	memcpy(d->mem, state, len);
	d->len = len;
	d->z = (ZSTD_DStream *)(void *)d->mem;
	return (true);
}

const struct kvmi_stream_method kvmi_stream_zstd = {
	.name = "zstd",
	.spacing = MIN_POINTS,
	.list = zstd_list,
	.create = zstd_create,
	.destroy = zstd_destroy,
	.is_start = zstd_is_start,
	.begin = zstd_begin,
	.step = zstd_step,
	.state_len = zstd_state_len,
	.save = zstd_save,
	.restore = zstd_restore,
};
#endif

static bool
zstd_recognise(struct kvmi_src *src)
{
	struct kvmi_err ignored;
	uint8_t head[4];

	return (src->size >= sizeof(head) && kvmi_src_read(src, 0, head,
	    sizeof(head), "header", &ignored) == 0 &&
	    zstd_is_start(head, sizeof(head)));
}

static int
zstd_wrap(struct kvmi_src *src, const struct kvm_options *o,
    struct kvmi_src **ret, struct kvmi_err *err)
{
#ifdef HAVE_ZSTD
	return (kvmi_stream_open(src, &kvmi_stream_zstd, o, NULL, ret, err));
#else
	(void)o;
	(void)ret;
	return (kvmi_stream_left_out(src, "zstd", err));
#endif
}

const struct kvmi_image_ops kvmi_image_zstd = {
	.name = "zstd file",
	.recognise = zstd_recognise,
	.any_content = true,
	.wrap = zstd_wrap,
};
