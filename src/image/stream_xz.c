/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xz files of one or more streams (The .xz File Format, version 1.1).  Like
 * that of zstd, the decoder lives in memory of ours, which is copied and put
 * back in the same place; liblzma asks our allocator for all of it.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "image/image.h"
#include "image/stream.h"

#ifdef HAVE_LZMA
#include <lzma.h>

#define MIN_POINTS	(4u << 20)

/* xz -9 needs 65 MiB to decode. */
#define ROOM		(160u << 20)
#define SLACK		(1u << 20)
#define ALIGN		((size_t)64)

/* What a copy has to hold is at the start of mem: all that is used. */
struct arena {
	size_t		 used;
	size_t		 last;		/* where the newest piece begins */
	lzma_stream	 z;
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

static bool
xz_begin(void *dec, const uint8_t *head, size_t len, const char **why)
{
	struct xz *d = dec;
	struct arena *a = d->mem;
	lzma_ret r;

	(void)head;
	(void)len;
	a->used = (sizeof(*a) + ALIGN - 1) & ~(ALIGN - 1);
	a->last = 0;
	a->z = (lzma_stream)LZMA_STREAM_INIT;
	a->z.allocator = &d->alloc;
	r = lzma_stream_decoder(&a->z, ROOM - SLACK, 0);
	*why = why_of(r);
	return (r == LZMA_OK);
}

static enum kvmi_step
xz_step(void *dec, struct kvmi_stream_io *io)
{
	lzma_stream *z = &((struct xz *)dec)->mem->z;
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
	switch (r) {
	case LZMA_OK:
	case LZMA_BUF_ERROR:
		return (KVMI_STEP_MORE);
	case LZMA_STREAM_END:
		return (KVMI_STEP_END);
	default:
		io->why = why_of(r);
		return (KVMI_STEP_BAD);
	}
}

static size_t
xz_state_len(void *dec)
{
	return (((struct xz *)dec)->mem->used);
}

static void
xz_save(void *dec, uint8_t *state, uint64_t *back)
{
	struct xz *d = dec;

	memcpy(state, d->mem, d->mem->used);
	*back = 0;
}

static bool
xz_restore(void *dec, const uint8_t *state, size_t len)
{
	struct xz *d = dec;

	if (len > ROOM)
		return (false);
	memcpy(d->mem, state, len);
	return (true);
}

const struct kvmi_stream_method kvmi_stream_xz = {
	.name = "xz",
	.spacing = MIN_POINTS,
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
	.wrap = xz_wrap,
};
