/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LZMA as the tool lzma writes it, "alone": a header of 13 bytes and one
 * stream without checksums (The .lzma File Format).
 */
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "image/image.h"
#include "image/stream.h"

#define HEADER		13
#define PROPERTIES	0x5d		/* lc 3, lp 0, pb 2: what all use */
#define MIN_DICT	4096u
#define MAX_SIZE	(UINT64_C(1) << 38)

/* There is no magic number: it is what the tool itself may have written. */
static bool
lzma_is_start(const uint8_t *head, size_t len)
{
	uint32_t dict;
	uint64_t size;

	if (len < HEADER || head[0] != PROPERTIES)
		return (false);
	dict = kvmi_get32(head + 1, false);
	size = kvmi_get64(head + 5, false);
	return (dict >= MIN_DICT && (kvmi_is_pow2(dict) || (dict % 3 == 0 &&
	    kvmi_is_pow2(dict / 3))) && (size == UINT64_MAX ||
	    (size > 0 && size < MAX_SIZE)));
}

#ifdef HAVE_LZMA
#include "image/stream_arena.h"

#define MIN_POINTS	(4u << 20)

static bool
lzma_begin(void *dec, const uint8_t *head, size_t len, const char **why)
{
	struct kvmi_arena *a = dec;
	lzma_ret r;

	(void)head;
	(void)len;
	kvmi_arena_reset(a, sizeof(*a));
	r = lzma_alone_decoder(&a->z, KVMI_ARENA_ROOM - KVMI_ARENA_SLACK);
	*why = kvmi_lzma_why(r);
	return (r == LZMA_OK);
}

static enum kvmi_step
lzma_step(void *dec, struct kvmi_stream_io *io)
{
	lzma_ret r = kvmi_arena_code(dec, io);

	if (r == LZMA_OK || r == LZMA_STREAM_END)
		return (r == LZMA_OK ? KVMI_STEP_MORE : KVMI_STEP_END);
	io->why = kvmi_lzma_why(r);
	return (KVMI_STEP_BAD);
}

static size_t
lzma_state_len(void *dec)
{
	return (((struct kvmi_arena *)dec)->used);
}

static void
lzma_save(void *dec, uint8_t *state, uint64_t *back)
{
	memcpy(state, dec, lzma_state_len(dec));
	*back = 0;
}

static bool
lzma_restore(void *dec, const uint8_t *state, size_t len)
{
	if (len > KVMI_ARENA_ROOM)
		return (false);
	memcpy(dec, state, len);
	return (true);
}

const struct kvmi_stream_method kvmi_stream_lzma = {
	.name = "lzma",
	.spacing = MIN_POINTS,
	.create = kvmi_arena_create,
	.destroy = kvmi_arena_destroy,
	.is_start = lzma_is_start,
	.begin = lzma_begin,
	.step = lzma_step,
	.state_len = lzma_state_len,
	.save = lzma_save,
	.restore = lzma_restore,
};
#endif

static bool
lzma_recognise(struct kvmi_src *src)
{
	struct kvmi_err ignored;
	uint8_t head[HEADER];

	return (src->size >= sizeof(head) && kvmi_src_read(src, 0, head,
	    sizeof(head), "header", &ignored) == 0 &&
	    lzma_is_start(head, sizeof(head)));
}

static int
lzma_wrap(struct kvmi_src *src, const struct kvm_options *o,
    struct kvmi_src **ret, struct kvmi_err *err)
{
#ifdef HAVE_LZMA
	return (kvmi_stream_open(src, &kvmi_stream_lzma, o, NULL, ret, err));
#else
	(void)o;
	(void)ret;
	return (kvmi_stream_left_out(src, "lzma", err));
#endif
}

const struct kvmi_image_ops kvmi_image_lzma = {
	.name = "lzma file",
	.recognise = lzma_recognise,
	.any_content = true,
	.wrap = lzma_wrap,
};
