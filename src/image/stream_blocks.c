/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/stream_blocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"

struct blocks {
	const struct kvmi_blocks_format *f;
	uint32_t	 flags;
	bool		 in_header;
	uint8_t		*in;		/* the header or block, so far */
	size_t		 have, in_cap;
	size_t		 want;		/* of it, as far as that is known */
	uint8_t		*out;		/* the last one decoded */
	size_t		 out_cap, out_len, out_pos;
	struct kvmi_window window;
	size_t		 window_cap;
	bool		 summed;	/* from the start of the member on */
	void		*sum;		/* of f->sum */
};

#define FIRST_WANT	4
#define FIRST_ROOM	((size_t)64 << 10)

void *
kvmi_blocks_create(const struct kvmi_blocks_format *f)
{
	struct blocks *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return (NULL);
	d->f = f;
	if (f->sum != NULL && (d->sum = f->sum->create()) == NULL) {
		free(d);
		return (NULL);
	}
	return (d);
}

void
kvmi_blocks_destroy(void *dec)
{
	struct blocks *d = dec;

	free(d->in);
	free(d->out);
	free(d->window.p);
	if (d->sum != NULL)
		d->f->sum->destroy(d->sum);
	free(d);
}

/* Stand before a header, or a block. */
static void
stand(struct blocks *d, bool in_header)
{
	d->in_header = in_header;
	d->have = d->out_len = d->out_pos = 0;
	d->want = FIRST_WANT;
}

bool
kvmi_blocks_begin(void *dec, const uint8_t *head, size_t len,
    const char **why)
{
	struct blocks *d = dec;

	(void)head;
	(void)len;
	(void)why;
	d->flags = 0;
	d->window.len = 0;
	d->summed = d->sum != NULL;
	if (d->summed)
		d->f->sum->begin(d->sum);
	stand(d, true);
	return (true);
}

/* Room for n bytes, of which the first keep are kept. */
static bool
grow(uint8_t **p, size_t *cap, size_t n, size_t keep)
{
	uint8_t *to;

	if (n <= *cap)
		return (true);
	to = malloc(n);
	if (to == NULL)
		return (false);
	if (keep > 0)
		memcpy(to, *p, keep);
	free(*p);
	*p = to;
	*cap = n;
	return (true);
}

/* Take input up to what is wanted; room grows with what is there. */
static bool
collect(struct blocks *d, struct kvmi_stream_io *io)
{
	while (d->have < d->want && io->in_len > 0) {
		size_t room = (size_t)kvmi_min(d->want,
		    d->have < FIRST_ROOM ? FIRST_ROOM : 2 * d->have), n;

		if (!grow(&d->in, &d->in_cap, room, d->have))
			return (false);
		n = (size_t)kvmi_min(kvmi_min(d->in_cap, d->want) - d->have,
		    io->in_len);
		memcpy(d->in + d->have, io->in, n);
		d->have += n;
		io->in += n;
		io->in_len -= n;
	}
	return (true);
}

static size_t
window_of(const struct blocks *d)
{
	return (d->f->window != NULL ? d->f->window(d->flags) : 0);
}

/* What the next block may refer to. */
static bool
slide(struct blocks *d)
{
	struct kvmi_window *w = &d->window;
	size_t size = window_of(d), n, keep;

	if (size == 0)
		return (true);
	if (!grow(&w->p, &d->window_cap, size, w->len))
		return (false);
	n = (size_t)kvmi_min(size, d->out_len);
	keep = (size_t)kvmi_min(size - n, w->len);
	memmove(w->p, w->p + w->len - keep, keep);
	memcpy(w->p + keep, d->out + d->out_len - n, n);
	w->len = keep + n;
	return (true);
}

static enum kvmi_step
bad(struct kvmi_stream_io *io, const char *why)
{
	io->why = why;
	return (KVMI_STEP_BAD);
}

/* What is wanted is there: it may be a whole header or block. */
static enum kvmi_step
use(struct blocks *d, struct kvmi_stream_io *io)
{
	struct kvmi_block b = { 0 };
	size_t len = d->in_header ? d->f->header(d->in, d->have, &d->flags) :
	    d->f->block(d->in, d->have, d->flags, &b);

	if (len == 0 || len > 2 * (size_t)KVMI_BLOCKS_MAX)
		return (bad(io, d->in_header ? "a header is malformed" :
		    "the header of a block is malformed"));
	d->want = len;
	if (d->have < len)
		return (KVMI_STEP_MORE);
	if (d->in_header) {
		stand(d, false);
		return (KVMI_STEP_MORE);
	}
	if (b.out_len == 0)
		return (!d->summed ||
		    d->f->sum->is_right(d->sum, d->in, d->flags) ?
		    KVMI_STEP_END : bad(io, "the checksum of all is wrong"));
	if (b.out_len > KVMI_BLOCKS_MAX ||
	    !grow(&d->out, &d->out_cap, b.out_len, 0))
		return (bad(io, "no memory for a block"));
	stand(d, false);
	d->out_len = d->f->decode(d->in, &b, d->flags, &d->window, d->out);
	if (d->out_len == 0)
		return (bad(io, "a block or its checksum is wrong"));
	if (d->summed)
		d->f->sum->add(d->sum, d->out, d->out_len);
	return (slide(d) ? KVMI_STEP_MORE : bad(io, "no memory for a block"));
}

enum kvmi_step
kvmi_blocks_step(void *dec, struct kvmi_stream_io *io)
{
	struct blocks *d = dec;
	size_t n = (size_t)kvmi_min(d->out_len - d->out_pos, io->out_len);

	if (n > 0) {
		memcpy(io->out, d->out + d->out_pos, n);
		d->out_pos += n;
		io->out += n;
		io->out_len -= n;
		return (KVMI_STEP_MORE);
	}
	if (!collect(d, io))
		return (bad(io, "no memory for a block"));
	return (d->have < d->want ? KVMI_STEP_MORE : use(d, io));
}

/* Between two blocks, of which the one before was given. */
static bool
between(const struct blocks *d)
{
	return (!d->in_header && d->have == 0 && d->out_pos == d->out_len);
}

bool
kvmi_blocks_may_end(void *dec)
{
	const struct blocks *d = dec;

	return (d->f->endless && between(d) && d->out_len > 0);
}

size_t
kvmi_blocks_state_len(void *dec)
{
	const struct blocks *d = dec;

	return (between(d) ? KVMI_BLOCKS_STATE + d->window.len : 0);
}

void
kvmi_blocks_save(void *dec, uint8_t *state, uint64_t *back)
{
	const struct blocks *d = dec;

	kvmi_put32(state, d->flags, false);
	if (d->window.len > 0)
		memcpy(state + KVMI_BLOCKS_STATE, d->window.p, d->window.len);
	*back = 0;
}

bool
kvmi_blocks_restore(void *dec, const uint8_t *state, size_t len)
{
	struct blocks *d = dec;

	if (len < KVMI_BLOCKS_STATE ||
	    (kvmi_get32(state, false) & ~d->f->all_flags) != 0)
		return (false);
	d->flags = kvmi_get32(state, false);
	d->window.len = len - KVMI_BLOCKS_STATE;
	if (d->window.len > window_of(d) || !grow(&d->window.p, &d->window_cap,
	    d->window.len, 0)) {
		d->window.len = 0;
		return (false);
	}
	if (d->window.len > 0)
		memcpy(d->window.p, state + KVMI_BLOCKS_STATE, d->window.len);
	d->summed = false;
	stand(d, false);
	return (true);
}
