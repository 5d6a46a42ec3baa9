/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xz files of one or more streams (The .xz File Format, version 1.1), each of
 * blocks that know nothing of each other, with an index of them behind them.
 * Most have one block only, so that decoding has to begin anew within it: like
 * that of zstd, the decoder lives in memory of ours, which is copied and put
 * back in the same place; liblzma asks our allocator for all of it.
 */
#include <string.h>

#include "base/math.h"
#include "image/image.h"
#include "image/stream.h"
#include "image/stream_index.h"

#ifdef HAVE_LZMA
#include "image/stream_arena.h"

#define MIN_POINTS	(4u << 20)

/* Enough for two million blocks. */
#define MAX_INDEX	(64u << 20)

enum phase {
	STREAM_HEADER,
	BLOCK_HEADER,		/* or the index, which begins with a 0 */
	BLOCK,
	INDEX,
	STREAM_FOOTER,
};

struct xz {
	struct kvmi_arena a;
	lzma_block	 block;
	lzma_filter	 filter[LZMA_FILTERS_MAX + 1];
	lzma_index	*index;		/* only to be stepped over */
	enum phase	 phase;
	uint8_t		 check;		/* of the blocks of this stream */
	size_t		 have;		/* bytes of a header */
	uint8_t		 header[LZMA_BLOCK_HEADER_SIZE_MAX];
};

static bool
xz_is_start(const uint8_t *head, size_t len)
{
	return (len >= 6 && memcmp(head, "\3757zXZ", 6) == 0);
}

static void
reset(struct xz *d)
{
	kvmi_arena_reset(&d->a, sizeof(*d));
	d->have = 0;
}

static bool
xz_begin(void *dec, const uint8_t *head, size_t len, const char **why)
{
	struct xz *d = dec;

	(void)head;
	(void)len;
	(void)why;
	reset(d);
	d->phase = STREAM_HEADER;
	return (true);
}

/* Collect a header of so many bytes.  false: more input is needed. */
static bool
collect(struct xz *d, struct kvmi_stream_io *io, size_t want)
{
	size_t n = (size_t)kvmi_min(want - d->have, io->in_len);

	memcpy(d->header + d->have, io->in, n);
	io->in += n;
	io->in_len -= n;
	d->have += n;
	return (d->have == want);
}

static lzma_ret
stream_header(struct xz *d, struct kvmi_stream_io *io)
{
	lzma_stream_flags flags;
	lzma_ret r;

	if (!collect(d, io, LZMA_STREAM_HEADER_SIZE))
		return (LZMA_OK);
	r = lzma_stream_header_decode(&flags, d->header);
	if (r != LZMA_OK)
		return (r);
	reset(d);
	d->check = (uint8_t)flags.check;
	d->phase = BLOCK_HEADER;
	return (LZMA_OK);
}

static lzma_ret
block_header(struct xz *d, struct kvmi_stream_io *io)
{
	lzma_ret r;

	if (d->have == 0 && io->in_len > 0 && io->in[0] == 0) {
		d->phase = INDEX;
		return (lzma_index_decoder(&d->a.z, &d->index, MAX_INDEX));
	}
	if (!collect(d, io, 1) ||
	    !collect(d, io, lzma_block_header_size_decode(d->header[0])))
		return (LZMA_OK);
	d->block = (lzma_block){ .version = 1, .check = d->check,
		.header_size = lzma_block_header_size_decode(d->header[0]),
		.filters = d->filter };
	r = lzma_block_header_decode(&d->block, &d->a.alloc, d->header);
	if (r != LZMA_OK)
		return (r);
	if (lzma_raw_decoder_memusage(d->filter) > KVMI_ARENA_ROOM -
	    KVMI_ARENA_SLACK)
		return (LZMA_MEMLIMIT_ERROR);
	d->phase = BLOCK;
	return (lzma_block_decoder(&d->a.z, &d->block));
}

static lzma_ret
stream_footer(struct xz *d, struct kvmi_stream_io *io)
{
	lzma_stream_flags flags;
	lzma_ret r;

	if (!collect(d, io, LZMA_STREAM_HEADER_SIZE))
		return (LZMA_OK);
	r = lzma_stream_footer_decode(&flags, d->header);
	return (r == LZMA_OK ? LZMA_STREAM_END : r);
}

/* A block, or the index. */
static lzma_ret
code(struct xz *d, struct kvmi_stream_io *io)
{
	lzma_ret r = kvmi_arena_code(&d->a, io);

	if (r != LZMA_STREAM_END)
		return (r);
	reset(d);
	d->phase = d->phase == BLOCK ? BLOCK_HEADER : STREAM_FOOTER;
	return (LZMA_OK);
}

static enum kvmi_step
xz_step(void *dec, struct kvmi_stream_io *io)
{
	struct xz *d = dec;
	lzma_ret r;

	switch (d->phase) {
	case STREAM_HEADER:
		r = stream_header(d, io);
		break;
	case BLOCK_HEADER:
		r = block_header(d, io);
		break;
	case STREAM_FOOTER:
		r = stream_footer(d, io);
		break;
	default:
		r = code(d, io);
	}
	if (r == LZMA_OK || r == LZMA_STREAM_END)
		return (r == LZMA_OK ? KVMI_STEP_MORE : KVMI_STEP_END);
	io->why = kvmi_lzma_why(r);
	return (KVMI_STEP_BAD);
}

/* Before a block: the kind of its checksum.  Within one: all. */
static size_t
xz_state_len(void *dec)
{
	const struct xz *d = dec;

	if (d->phase == BLOCK_HEADER && d->have == 0)
		return (1);
	return (d->phase == BLOCK ? d->a.used : 0);
}

static void
xz_save(void *dec, uint8_t *state, uint64_t *back)
{
	const struct xz *d = dec;

	*back = 0;
	if (d->phase == BLOCK_HEADER)
		state[0] = d->check;
	else
		memcpy(state, d, d->a.used);
}

static bool
xz_restore(void *dec, const uint8_t *state, size_t len)
{
	struct xz *d = dec;

	if (len > KVMI_ARENA_ROOM || (len == 1 && state[0] > LZMA_CHECK_ID_MAX))
		return (false);
	if (len > 1) {
		memcpy(d, state, len);
		return (true);
	}
	reset(d);
	d->phase = BLOCK_HEADER;
	d->check = state[0];
	return (true);
}

/* The indexes at the ends of the streams of src; NULL: they are damaged. */
static lzma_index *
read_index(struct kvmi_src *src)
{
	lzma_stream z = LZMA_STREAM_INIT;
	lzma_index *index = NULL;
	struct kvmi_err ignored;
	uint64_t off = 0;
	uint8_t buf[4096];
	lzma_ret r;

	r = lzma_file_info_decoder(&z, &index, MAX_INDEX, src->size);
	while (r == LZMA_OK) {
		if (z.avail_in == 0) {
			z.next_in = buf;
			z.avail_in = (size_t)kvmi_min(src->size - off,
			    sizeof(buf));
			if (src->ops->read(src, off, buf, z.avail_in,
			    &ignored) != 0)
				break;
			off += z.avail_in;
		}
		r = lzma_code(&z, off == src->size ? LZMA_FINISH : LZMA_RUN);
		if (r == LZMA_SEEK_NEEDED && z.seek_pos <= src->size) {
			off = z.seek_pos;
			z.avail_in = 0;
			r = LZMA_OK;
		}
	}
	lzma_end(&z);
	return (r == LZMA_STREAM_END ? index : NULL);
}

static bool
xz_list(struct kvmi_src *src, struct kvmi_index *x, uint64_t *size)
{
	lzma_index *index = read_index(src);
	lzma_index_iter i;

	if (index == NULL)
		return (false);
	*size = lzma_index_uncompressed_size(index);
	lzma_index_iter_init(&i, index);
	while (!lzma_index_iter_next(&i, LZMA_INDEX_ITER_NONEMPTY_BLOCK)) {
		uint8_t check = (uint8_t)i.stream.flags->check;

		if (kvmi_index_wants(x, i.block.uncompressed_file_offset, 1))
			kvmi_index_add(x, i.block.uncompressed_file_offset,
			    i.block.compressed_file_offset, &check, 1);
	}
	lzma_index_end(index, NULL);
	return (*size > 0 && *size <= KVMI_STREAM_MAX);
}

const struct kvmi_stream_method kvmi_stream_xz = {
	.name = "xz",
	.spacing = MIN_POINTS,
	.portable = 1,
	.list = xz_list,
	.create = kvmi_arena_create,
	.destroy = kvmi_arena_destroy,
	.is_start = xz_is_start,
	.begin = xz_begin,
	.step = xz_step,
	.state_len = xz_state_len,
	.save = xz_save,
	.restore = xz_restore,
};
#endif

static int
xz_wrap(struct kvmi_src *src, const struct kvm_options *o,
    struct kvmi_src **ret, struct kvmi_err *err)
{
#ifdef HAVE_LZMA
	return (kvmi_stream_open(src, &kvmi_stream_xz, o, NULL, ret, err));
#else
	(void)o;
	(void)ret;
	return (kvmi_stream_left_out(src, "xz", err));
#endif
}

const struct kvmi_image_ops kvmi_image_xz = {
	.name = "xz file",
	.magic = { { .off = 0, .len = 6, .bytes = "\3757zXZ" } },
	.any_content = true,
	.wrap = xz_wrap,
};
