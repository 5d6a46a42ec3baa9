/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gzip files of one or more members (RFC 1952).  Decoding begins anew at the
 * boundary of any two deflate blocks (RFC 1951), given the 32 KiB before it
 * and how many bits of the last byte belong to the next block.
 */
#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "image/stream.h"

#ifdef HAVE_ZLIB
#include <zlib.h>

#define WINDOW		32768
#define TRAILER		8
#define MIN_POINTS	(512u << 10)

/* data_type after inflate(): bits unused, 64 last block, 128 at a boundary. */
#define BITS		7
#define LAST_BLOCK	64
#define AT_BOUNDARY	128

struct gzip {
	z_stream	z;
	uint8_t		last;		/* byte taken */
	bool		bare;		/* restored: no header was read */
	unsigned int	trailer;	/* bytes of it still to be skipped */
};

static void *
gzip_create(void)
{
	struct gzip *g = calloc(1, sizeof(*g));

	if (g != NULL && inflateInit2(&g->z, 15 + 16) != Z_OK) {
		free(g);
		g = NULL;
	}
	return (g);
}

static void
gzip_destroy(void *d)
{
	struct gzip *g = d;

	inflateEnd(&g->z);
	free(g);
}

static bool
gzip_is_start(const uint8_t *head, size_t len)
{
	return (len >= 3 && head[0] == 0x1f && head[1] == 0x8b &&
	    head[2] == 8);
}

static bool
gzip_begin(void *d, const uint8_t *head, size_t len, const char **why)
{
	struct gzip *g = d;

	(void)head;
	(void)len;
	g->bare = false;
	g->trailer = 0;
	*why = "zlib cannot begin";
	return (inflateReset2(&g->z, 15 + 16) == Z_OK);
}

static enum kvmi_step
skip_trailer(struct gzip *g, struct kvmi_stream_io *io)
{
	for (; g->trailer > 0 && io->in_len > 0; g->trailer--) {
		io->in++;
		io->in_len--;
	}
	return (g->trailer > 0 ? KVMI_STEP_MORE : KVMI_STEP_END);
}

static enum kvmi_step
gzip_step(void *d, struct kvmi_stream_io *io)
{
	struct gzip *g = d;
	int r;

	if (g->trailer > 0)
		return (skip_trailer(g, io));
	g->z.next_in = (Bytef *)(uintptr_t)io->in;
	g->z.avail_in = (uInt)io->in_len;
	g->z.next_out = io->out;
	g->z.avail_out = (uInt)io->out_len;
	r = inflate(&g->z, Z_BLOCK);
	if (g->z.next_in != io->in)
		g->last = g->z.next_in[-1];
	io->in = g->z.next_in;
	io->in_len = g->z.avail_in;
	io->out = g->z.next_out;
	io->out_len = g->z.avail_out;
	switch (r) {
	case Z_OK:
	case Z_BUF_ERROR:
		return (KVMI_STEP_MORE);
	case Z_STREAM_END:
		if (!g->bare)
			return (KVMI_STEP_END);
		g->trailer = TRAILER;
		return (skip_trailer(g, io));
	default:
		io->why = g->z.msg != NULL ? g->z.msg : "zlib cannot go on";
		return (KVMI_STEP_BAD);
	}
}

/* bits, the byte that they are in, the window. */
static size_t
gzip_state_len(void *d)
{
	struct gzip *g = d;
	uInt window = 0;

	if (g->trailer > 0 || (g->z.data_type & AT_BOUNDARY) == 0 ||
	    (g->z.data_type & LAST_BLOCK) != 0 ||
	    inflateGetDictionary(&g->z, NULL, &window) != Z_OK || window == 0)
		return (0);
	return (2 + window);
}

static void
gzip_save(void *d, uint8_t *state, uint64_t *back)
{
	struct gzip *g = d;
	uInt window = WINDOW;

	*back = 0;
	state[0] = g->z.data_type & BITS;
	state[1] = g->last;
	inflateGetDictionary(&g->z, state + 2, &window);
}

static bool
gzip_restore(void *d, const uint8_t *state, size_t len)
{
	struct gzip *g = d;
	unsigned int bits = state[0];

	if (len < 3 || len > 2 + WINDOW || bits > BITS ||
	    inflateReset2(&g->z, -15) != Z_OK)
		return (false);
	g->bare = true;
	g->trailer = 0;
	g->last = state[1];
	if (bits > 0 &&
	    inflatePrime(&g->z, (int)bits, state[1] >> (8 - bits)) != Z_OK)
		return (false);
	return (inflateSetDictionary(&g->z, state + 2, (uInt)len - 2) == Z_OK);
}

const struct kvmi_stream_method kvmi_stream_gzip = {
	.name = "gzip",
	.spacing = MIN_POINTS,
	.portable = 2 + WINDOW,
	.create = gzip_create,
	.destroy = gzip_destroy,
	.is_start = gzip_is_start,
	.begin = gzip_begin,
	.step = gzip_step,
	.state_len = gzip_state_len,
	.save = gzip_save,
	.restore = gzip_restore,
};
#endif

static int
gzip_wrap(struct kvmi_src *src, const struct kvm_options *o,
    struct kvmi_src **ret, struct kvmi_err *err)
{
#ifdef HAVE_ZLIB
	return (kvmi_stream_open(src, &kvmi_stream_gzip, o, NULL, ret, err));
#else
	(void)o;
	(void)ret;
	return (kvmi_stream_left_out(src, "gzip", err));
#endif
}

const struct kvmi_image_ops kvmi_image_gzip = {
	.name = "gzip file",
	.magic = { { .off = 0, .len = 3, .bytes = "\x1f\x8b\x08" } },
	.any_content = true,
	.wrap = gzip_wrap,
};
