/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xz files of one or more streams (The .xz File Format, version 1.1), each of
 * blocks that know nothing of each other, with an index of them behind them.
 * Most have one block only, so that decoding has to begin anew within it: like
 * that of zstd, the decoder lives in memory of ours, which is copied and put
 * back in the same place; liblzma asks our allocator for all of it.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/math.h"
#include "image/image.h"
#include "image/stream.h"
#include "image/stream_index.h"

#ifdef HAVE_LZMA
#include <lzma.h>

#define MIN_POINTS	(4u << 20)

/* xz -9 needs 65 MiB to decode. */
#define ROOM		(160u << 20)
#define SLACK		(1u << 20)
#define ALIGN		((size_t)64)

/* Enough for two million blocks. */
#define MAX_INDEX	(64u << 20)

enum phase {
	STREAM_HEADER,
	BLOCK_HEADER,		/* or the index, which begins with a 0 */
	BLOCK,
	INDEX,
	STREAM_FOOTER,
};

/* What a copy has to hold is at the start of mem: all that is used. */
struct arena {
	size_t		 used;
	size_t		 last;		/* where the newest piece begins */
	lzma_stream	 z;
	lzma_block	 block;
	lzma_filter	 filter[LZMA_FILTERS_MAX + 1];
	lzma_index	*index;		/* only to be stepped over */
	enum phase	 phase;
	uint8_t		 check;		/* of the blocks of this stream */
	size_t		 have;		/* bytes of a header */
	uint8_t		 header[LZMA_BLOCK_HEADER_SIZE_MAX];
};

struct xz {
	struct arena	*mem;
	lzma_allocator	 alloc;
};

static void *
arena_alloc(void *opaque, size_t n, size_t size)
{
	struct arena *a = opaque;
	size_t len, end;

	if (__builtin_mul_overflow(n, size, &len) || len > ROOM)
		return (NULL);
	end = a->used + ((len + ALIGN - 1) & ~(ALIGN - 1));
	if (end > ROOM)
		return (NULL);
	a->last = a->used;
	a->used = end;
	return ((uint8_t *)a + a->last);
}

/* Only the newest piece comes back: the dictionary, mostly. */
static void
arena_free(void *opaque, void *p)
{
	struct arena *a = opaque;

	if (p != NULL && p == (uint8_t *)a + a->last)
		a->used = a->last;
}

static void *
xz_create(void)
{
	struct xz *d = calloc(1, sizeof(*d));
	void *mem;

	if (d == NULL)
		return (NULL);
	mem = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED) {
		free(d);
		return (NULL);
	}
	d->mem = mem;
	d->alloc = (lzma_allocator){ arena_alloc, arena_free, mem };
	return (d);
}

static void
xz_destroy(void *dec)
{
	struct xz *d = dec;

	munmap(d->mem, ROOM);
	free(d);
}

static bool
xz_is_start(const uint8_t *head, size_t len)
{
	return (len >= 6 && memcmp(head, "\3757zXZ", 6) == 0);
}

static const char *
why_of(lzma_ret r)
{
	switch (r) {
	case LZMA_MEM_ERROR:
	case LZMA_MEMLIMIT_ERROR:
		return ("its dictionary is larger than can be held (128 MiB)");
	case LZMA_OPTIONS_ERROR:
		return ("it has options that liblzma does not know");
	case LZMA_FORMAT_ERROR:
		return ("a header is malformed");
	case LZMA_DATA_ERROR:
		return ("the data or its checksum is wrong");
	default:
		return ("liblzma cannot go on");
	}
}

static void
reset(struct xz *d)
{
	struct arena *a = d->mem;

	a->used = (sizeof(*a) + ALIGN - 1) & ~(ALIGN - 1);
	a->last = 0;
	a->z = (lzma_stream)LZMA_STREAM_INIT;
	a->z.allocator = &d->alloc;
	a->have = 0;
}

static bool
xz_begin(void *dec, const uint8_t *head, size_t len, const char **why)
{
	struct xz *d = dec;

	(void)head;
	(void)len;
	(void)why;
	reset(d);
	d->mem->phase = STREAM_HEADER;
	return (true);
}

/* Collect a header of so many bytes.  false: more input is needed. */
static bool
collect(struct arena *a, struct kvmi_stream_io *io, size_t want)
{
	size_t n = (size_t)kvmi_min(want - a->have, io->in_len);

	memcpy(a->header + a->have, io->in, n);
	io->in += n;
	io->in_len -= n;
	a->have += n;
	return (a->have == want);
}

static lzma_ret
stream_header(struct xz *d, struct kvmi_stream_io *io)
{
	struct arena *a = d->mem;
	lzma_stream_flags flags;
	lzma_ret r;

	if (!collect(a, io, LZMA_STREAM_HEADER_SIZE))
		return (LZMA_OK);
	r = lzma_stream_header_decode(&flags, a->header);
	if (r != LZMA_OK)
		return (r);
	reset(d);
	a->check = (uint8_t)flags.check;
	a->phase = BLOCK_HEADER;
	return (LZMA_OK);
}

static lzma_ret
block_header(struct xz *d, struct kvmi_stream_io *io)
{
	struct arena *a = d->mem;
	lzma_ret r;

	if (a->have == 0 && io->in_len > 0 && io->in[0] == 0) {
		a->phase = INDEX;
		return (lzma_index_decoder(&a->z, &a->index, MAX_INDEX));
	}
	if (!collect(a, io, 1) ||
	    !collect(a, io, lzma_block_header_size_decode(a->header[0])))
		return (LZMA_OK);
	a->block = (lzma_block){ .version = 1, .check = a->check,
		.header_size = lzma_block_header_size_decode(a->header[0]),
		.filters = a->filter };
	r = lzma_block_header_decode(&a->block, &d->alloc, a->header);
	if (r != LZMA_OK)
		return (r);
	if (lzma_raw_decoder_memusage(a->filter) > ROOM - SLACK)
		return (LZMA_MEMLIMIT_ERROR);
	a->phase = BLOCK;
	return (lzma_block_decoder(&a->z, &a->block));
}

static lzma_ret
stream_footer(struct xz *d, struct kvmi_stream_io *io)
{
	lzma_stream_flags flags;
	lzma_ret r;

	if (!collect(d->mem, io, LZMA_STREAM_HEADER_SIZE))
		return (LZMA_OK);
	r = lzma_stream_footer_decode(&flags, d->mem->header);
	return (r == LZMA_OK ? LZMA_STREAM_END : r);
}

/* A block, or the index. */
static lzma_ret
code(struct xz *d, struct kvmi_stream_io *io)
{
	struct arena *a = d->mem;
	lzma_stream *z = &a->z;
	lzma_ret r;

	z->next_in = io->in;
	z->avail_in = io->in_len;
	z->next_out = io->out;
	z->avail_out = io->out_len;
	r = lzma_code(z, LZMA_RUN);
	io->in = z->next_in;
	io->in_len = z->avail_in;
	io->out = z->next_out;
	io->out_len = z->avail_out;
	if (r == LZMA_BUF_ERROR)
		return (LZMA_OK);
	if (r != LZMA_STREAM_END)
		return (r);
	reset(d);
	a->phase = a->phase == BLOCK ? BLOCK_HEADER : STREAM_FOOTER;
	return (LZMA_OK);
}

static enum kvmi_step
xz_step(void *dec, struct kvmi_stream_io *io)
{
	struct xz *d = dec;
	lzma_ret r;

	switch (d->mem->phase) {
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
	io->why = why_of(r);
	return (KVMI_STEP_BAD);
}

/* Before a block: the kind of its checksum.  Within one: all. */
static size_t
xz_state_len(void *dec)
{
	const struct arena *a = ((struct xz *)dec)->mem;

	if (a->phase == BLOCK_HEADER && a->have == 0)
		return (1);
	return (a->phase == BLOCK ? a->used : 0);
}

static void
xz_save(void *dec, uint8_t *state, uint64_t *back)
{
	struct arena *a = ((struct xz *)dec)->mem;

	*back = 0;
	if (a->phase == BLOCK_HEADER)
		state[0] = a->check;
	else
		memcpy(state, a, a->used);
}

static bool
xz_restore(void *dec, const uint8_t *state, size_t len)
{
	struct xz *d = dec;

	if (len > ROOM || (len == 1 && state[0] > LZMA_CHECK_ID_MAX))
		return (false);
	if (len > 1) {
		memcpy(d->mem, state, len);
		return (true);
	}
	reset(d);
	d->mem->phase = BLOCK_HEADER;
	d->mem->check = state[0];
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
	.create = xz_create,
	.destroy = xz_destroy,
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
