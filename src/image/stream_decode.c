/* SPDX-License-Identifier: BSD-2-Clause */
/* Decoding: from the input of a stream to blocks, and to points on the way. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "image/cache.h"
#include "image/stream_impl.h"

/* Bytes of output between calls of progress. */
#define REPORT		(8u << 20)

/* Without a byte taken or given, so many steps in a row are a circle. */
#define IDLE_STEPS	128

/* The cache; without memory there is none. */
static void
keep(struct kvmi_stream *s, uint64_t off)
{
	if (s->cache != NULL)
		kvmi_cache_put(s->cache, off, 0, s->block);
}

static uint64_t
in_off(const struct kvmi_stream *s)
{
	return (s->in_end - s->in_len);
}

/* At least want bytes of input, when there are so many. */
static int
fill(struct kvmi_stream *s, size_t want, struct kvmi_err *err)
{
	size_t n;
	int r;

	if (s->in_len >= want || s->in_end == s->base->size)
		return (0);
	memmove(s->input, s->input + s->in_pos, s->in_len);
	s->in_pos = 0;
	n = (size_t)kvmi_min(KVMI_STREAM_INPUT - s->in_len,
	    s->base->size - s->in_end);
	/* Read, not mapped: the pages need not stay resident. */
	r = s->base->ops->read(s->base, s->in_end, s->input + s->in_len, n,
	    err);
	if (r != 0)
		return (r);
	s->in_len += n;
	s->in_end += n;
	return (0);
}

static void
take(struct kvmi_stream *s, size_t n)
{
	s->in_pos += n;
	s->in_len -= n;
}

static int
report(struct kvmi_stream *s, struct kvmi_err *err)
{
	if (s->progress == NULL ||
	    (s->out >= s->reported && s->out - s->reported < REPORT))
		return (0);
	s->reported = s->out;
	if (s->progress(s->closure, s->what, in_off(s), s->base->size) != 0)
		return (0);
	return (kvmi_fail(err, KVMI_ESYS, "%s: stopped by the caller at 0x%"
	    PRIx64 " of 0x%" PRIx64, s->what, in_off(s), s->base->size));
}

static int
broken(struct kvmi_stream *s, const char *why, struct kvmi_err *err)
{
	return (kvmi_fail(err, KVMI_ETRUNC, "%s: the %s stream is damaged at "
	    "0x%" PRIx64 " of the file, 0x%" PRIx64 " decoded: %s",
	    s->src.name, s->m->name, in_off(s), s->out, why));
}

/* Zeros fill up the last block of a device, and lie between xz streams. */
static int
skip_zeros(struct kvmi_stream *s, struct kvmi_err *err)
{
	for (;;) {
		int r = fill(s, 1, err);

		if (r != 0 || s->in_len == 0 || s->input[s->in_pos] != 0)
			return (r);
		take(s, 1);
	}
}

static int
next_member(struct kvmi_stream *s, struct kvmi_err *err)
{
	const uint8_t *head;
	const char *why;
	size_t len;
	int r;

	r = skip_zeros(s, err);
	if (r == 0)
		r = fill(s, KVMI_STREAM_HEAD, err);
	if (r != 0)
		return (r);
	if (s->in_len == 0) {
		s->ended = true;
		return (0);
	}
	head = s->input + s->in_pos;
	len = (size_t)kvmi_min(s->in_len, KVMI_STREAM_HEAD);
	if (!s->m->is_start(head, len))
		return (broken(s, "something else follows", err));
	if (kvmi_index_wants(&s->index, s->out, 0))
		kvmi_index_add(&s->index, s->out, in_off(s), NULL, 0);
	if (!s->m->begin(s->decoder, head, len, &why))
		return (broken(s, why, err));
	s->in_member = true;
	return (0);
}

static void
note_point(struct kvmi_stream *s)
{
	size_t len = s->m->state_len(s->decoder);
	uint64_t back = 0;
	uint8_t *state;

	if (len == 0 || !kvmi_index_wants(&s->index, s->out, len))
		return;
	state = malloc(len);
	if (state == NULL)
		return;
	s->m->save(s->decoder, state, &back);
	kvmi_index_add(&s->index, s->out, in_off(s) - back, state, len);
	free(state);
}

/* Give the decoder input and room once. */
static int
step(struct kvmi_stream *s, size_t room, bool *idle, struct kvmi_err *err)
{
	struct kvmi_stream_io io;
	size_t at = (size_t)(s->out % KVMI_STREAM_BLOCK), took, gave;
	enum kvmi_step how;
	int r;

	r = fill(s, 1, err);
	if (r != 0)
		return (r);
	io = (struct kvmi_stream_io){ .in = s->input + s->in_pos,
		.in_len = s->in_len, .out = s->block + at, .out_len = room };
	how = s->m->step(s->decoder, &io);
	took = s->in_len - io.in_len;
	gave = room - io.out_len;
	take(s, took);
	s->out += gave;
	*idle = took == 0 && gave == 0;
	if (gave > 0 && s->out % KVMI_STREAM_BLOCK == 0 &&
	    s->out - KVMI_STREAM_BLOCK >= s->whole_from)
		keep(s, s->out - KVMI_STREAM_BLOCK);
	s->out -= how == KVMI_STEP_BAD ? kvmi_min(io.wrong, s->out) : 0;
	if (how == KVMI_STEP_BAD)
		return (broken(s, io.why, err));
	if (how == KVMI_STEP_END)
		s->in_member = false;
	else if (*idle && s->in_len == 0 && s->m->may_end != NULL &&
	    s->m->may_end(s->decoder))
		s->in_member = false;
	else if (*idle && s->in_len == 0)
		return (broken(s, "the file ends within it", err));
	else
		note_point(s);
	return (0);
}

int
kvmi_stream_decode(struct kvmi_stream *s, uint64_t to, struct kvmi_err *err)
{
	unsigned int idle_steps = 0;
	bool idle = false;
	int r = 0;

	while (r == 0 && s->out < to && !s->ended) {
		size_t room = KVMI_STREAM_BLOCK -
		    (size_t)(s->out % KVMI_STREAM_BLOCK);

		r = report(s, err);
		if (r == 0 && s->out > KVMI_STREAM_MAX)
			r = broken(s, "no machine has so much memory", err);
		if (r != 0)
			break;
		if (!s->in_member) {
			r = next_member(s, err);
			continue;
		}
		r = step(s, room, &idle, err);
		idle_steps = idle ? idle_steps + 1 : 0;
		if (r == 0 && idle_steps > IDLE_STEPS)
			r = broken(s, "it leads nowhere", err);
	}
	if (r != 0)
		s->lost = true;
	/* Damage that lies right behind is not met yet. */
	return (r == KVMI_ETRUNC && s->out >= to ? 0 : r);
}

/* Stand at a point. */
static int
go_to(struct kvmi_stream *s, const struct kvmi_point *p, struct kvmi_err *err)
{
	uint8_t *state = NULL;
	bool good = true;

	s->lost = true;
	s->in_end = p->in;
	s->in_len = s->in_pos = 0;
	s->out = s->reported = p->out;
	s->whole_from = p->out;
	s->ended = false;
	s->in_member = p->state_len > 0;
	if (p->state_len > 0) {
		state = malloc(p->state_len);
		if (state == NULL)
			return (kvmi_fail(err, KVMI_ENOMEM, "%s: no memory for "
			    "the state of a decoder", s->src.name));
		good = kvmi_point_state(p, state) &&
		    s->m->restore(s->decoder, state, p->state_len);
		free(state);
	}
	if (!good)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: the index is damaged "
		    "(point at 0x%" PRIx64 "); remove it and open again",
		    s->src.name, p->out));
	s->lost = false;
	return (0);
}

int
kvmi_stream_block(struct kvmi_stream *s, uint64_t off, struct kvmi_err *err)
{
	uint64_t end = kvmi_min(off + KVMI_STREAM_BLOCK, s->src.size);
	const struct kvmi_point *p = kvmi_index_find(&s->index, off);
	int r = 0;

	/* On from where we are, when no point is nearer. */
	if (s->lost || s->out > off || s->out < p->out || s->whole_from > off)
		r = go_to(s, p, err);
	if (r == 0)
		r = kvmi_stream_decode(s, end, err);
	if (r == 0 && s->out < end)
		r = kvmi_fail(err, KVMI_ETRUNC, "%s: ends at 0x%" PRIx64
		    " decoded, not at 0x%" PRIx64 " as it said or did before",
		    s->src.name, s->out, s->src.size);
	/* The last block is never full. */
	if (r == 0 && end == s->src.size && end % KVMI_STREAM_BLOCK != 0)
		keep(s, off);
	return (r);
}
