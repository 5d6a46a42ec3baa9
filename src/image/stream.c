/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/stream.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "image/cache.h"
#include "image/stream_index.h"

#define BLOCK		32768u		/* what the cache keeps at a time */
#define INPUT		(256u << 10)
#define INDEX_SIZE	(64u << 20)
#define REPORT		(8u << 20)	/* of output between calls of progress */

/* Without a byte taken or given, so many steps in a row are a circle. */
#define IDLE_STEPS	128

/*
 * What is allocated whole must not be much more than the file: a few bytes can
 * be decoded to any number.
 */
#define BACKED		(64u << 20)

struct stream {
	struct kvmi_src	 src;
	struct kvmi_src	*base;
	const struct kvmi_stream_method *m;
	struct kvmi_cache *cache;
	char		 wrapping[64];
	char		*damage;	/* why it ends where it ends */

	int (*progress)(void *, const char *, uint64_t, uint64_t);
	void		*closure;
	char		*what;

	pthread_mutex_t	 lock;		/* over all below */
	struct kvmi_index index;
	void		*decoder;
	bool		 lost;		/* the decoder stands nowhere */
	bool		 in_member;
	bool		 ended;		/* out is the end of all */
	uint64_t	 out;		/* place in what is decoded */
	uint64_t	 whole_from;	/* blocks that begin here are whole */
	uint64_t	 reported;
	uint64_t	 in_end;	/* of the input, in the file */
	size_t		 in_pos;
	size_t		 in_len;
	uint8_t		*input;
	uint8_t		*block;		/* the one that out lies in */
};

/* The cache; without memory there is none. */
static void
keep(struct stream *s, uint64_t off)
{
	if (s->cache != NULL)
		kvmi_cache_put(s->cache, off, 0, s->block);
}

static bool
kept(struct stream *s, uint64_t off, size_t at, void *buf, size_t len)
{
	return (s->cache != NULL &&
	    kvmi_cache_get(s->cache, off, 0, at, buf, len));
}

static uint64_t
in_off(const struct stream *s)
{
	return (s->in_end - s->in_len);
}

/* At least want bytes of input, when there are so many. */
static int
fill(struct stream *s, size_t want, struct kvmi_err *err)
{
	size_t n;
	int r;

	if (s->in_len >= want || s->in_end == s->base->size)
		return (0);
	memmove(s->input, s->input + s->in_pos, s->in_len);
	s->in_pos = 0;
	n = (size_t)kvmi_min(INPUT - s->in_len, s->base->size - s->in_end);
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
take(struct stream *s, size_t n)
{
	s->in_pos += n;
	s->in_len -= n;
}

static int
report(struct stream *s, struct kvmi_err *err)
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
broken(struct stream *s, const char *why, struct kvmi_err *err)
{
	return (kvmi_fail(err, KVMI_ETRUNC, "%s: the %s stream is damaged at "
	    "0x%" PRIx64 " of the file, 0x%" PRIx64 " decoded: %s",
	    s->src.name, s->m->name, in_off(s), s->out, why));
}

/* Zeros fill up the last block of a device, and lie between xz streams. */
static int
skip_zeros(struct stream *s, struct kvmi_err *err)
{
	for (;;) {
		int r = fill(s, 1, err);

		if (r != 0 || s->in_len == 0 || s->input[s->in_pos] != 0)
			return (r);
		take(s, 1);
	}
}

static int
next_member(struct stream *s, struct kvmi_err *err)
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
note_point(struct stream *s)
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
step(struct stream *s, size_t room, bool *idle, struct kvmi_err *err)
{
	struct kvmi_stream_io io;
	size_t at = (size_t)(s->out % BLOCK), took, gave;
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
	if (s->out % BLOCK == 0 && gave > 0 && s->out - BLOCK >= s->whole_from)
		keep(s, s->out - BLOCK);
	s->out -= how == KVMI_STEP_BAD ? kvmi_min(io.wrong, s->out) : 0;
	if (how == KVMI_STEP_BAD)
		return (broken(s, io.why, err));
	if (how == KVMI_STEP_END)
		s->in_member = false;
	else if (*idle && s->in_len == 0)
		return (broken(s, "the file ends within it", err));
	else
		note_point(s);
	return (0);
}

/*
 * Decode on, until there are bytes up to the given place, or the end.
 * KVMI_ETRUNC is damage.
 */
static int
decode(struct stream *s, uint64_t to, struct kvmi_err *err)
{
	unsigned int idle_steps = 0;
	bool idle = false;
	int r = 0;

	while (r == 0 && s->out < to && !s->ended) {
		size_t room = BLOCK - (size_t)(s->out % BLOCK);

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
go_to(struct stream *s, const struct kvmi_point *p, struct kvmi_err *err)
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

/* Make the block that begins at off the current one.  Under the lock. */
static int
decode_block(struct stream *s, uint64_t off, struct kvmi_err *err)
{
	uint64_t end = kvmi_min(off + BLOCK, s->src.size);
	const struct kvmi_point *p = kvmi_index_find(&s->index, off);
	int r = 0;

	/* On from where we are, when no point is nearer. */
	if (s->lost || s->out > off || s->out < p->out || s->whole_from > off)
		r = go_to(s, p, err);
	if (r == 0)
		r = decode(s, end, err);
	if (r == 0 && s->out < end)
		r = kvmi_fail(err, KVMI_ETRUNC, "%s: ends at 0x%" PRIx64
		    " decoded, not at 0x%" PRIx64 " as it said or did before",
		    s->src.name, s->out, s->src.size);
	/* The last block is never full. */
	if (r == 0 && end == s->src.size && end % BLOCK != 0)
		keep(s, off);
	return (r);
}

static int
stream_read(struct kvmi_src *src, uint64_t off, void *buf, size_t n,
    struct kvmi_err *err)
{
	struct stream *s = (struct stream *)src;
	uint8_t *out = buf;

	while (n > 0) {
		size_t at = (size_t)(off % BLOCK);
		size_t len = (size_t)kvmi_min(n, BLOCK - at);
		uint64_t block = off - at;
		int r = 0;

		if (!kept(s, block, at, out, len)) {
			pthread_mutex_lock(&s->lock);
			/* Another thread may have been faster. */
			if (!kept(s, block, at, out, len)) {
				r = decode_block(s, block, err);
				/* Damage may lie behind what is wanted. */
				if (r == KVMI_ETRUNC && s->out >= off + len)
					r = 0;
				if (r == 0)
					memcpy(out, s->block + at, len);
			}
			pthread_mutex_unlock(&s->lock);
		}
		if (r != 0)
			return (r);
		out += len;
		off += len;
		n -= len;
	}
	return (0);
}

static const uint8_t *
stream_map(struct kvmi_src *s, uint64_t off, uint64_t *run)
{
	(void)s;
	(void)off;
	(void)run;
	return (NULL);
}

static int64_t
stream_file_off(struct kvmi_src *s, uint64_t off)
{
	(void)s;
	(void)off;
	return (-1);
}

static int
stream_close(struct kvmi_src *src)
{
	struct stream *s = (struct stream *)src;
	int r = kvmi_src_close(s->base);

	if (s->decoder != NULL)
		s->m->destroy(s->decoder);
	kvmi_index_deinit(&s->index);
	kvmi_cache_destroy(s->cache);
	pthread_mutex_destroy(&s->lock);
	free(s->input);
	free(s->block);
	free(s->damage);
	free(s->what);
	free((void *)(uintptr_t)s->src.name);
	free(s);
	return (r);
}

static const struct kvmi_src_ops stream_src_ops = {
	.map = stream_map,
	.read = stream_read,
	.file_off = stream_file_off,
	.close = stream_close,
};

/* Decode all of it, for its length and for the points. */
static int
first_pass(struct stream *s, struct kvmi_err *err)
{
	int r = decode(s, UINT64_MAX, err);

	/* What comes before the damage is good, if there is anything. */
	if (r == KVMI_ETRUNC && s->out > 0) {
		s->damage = strdup(err->text);
		s->src.damage = s->damage;
		s->src.truncated = true;
		r = 0;
	}
	s->src.size = s->out;
	return (r);
}

static int
make_index(struct stream *s, const char *path, struct kvmi_err *err)
{
	struct kvmi_index_id id = { .method = s->m->name,
		.portable = s->m->portable };
	int r;

	if (s->m->list != NULL && s->m->list(s->base, &s->index,
	    &s->src.size)) {
		s->reported = 0;	/* there is nothing to wait for yet */
		return (0);
	}
	kvmi_index_clear(&s->index);
	if (path == NULL)
		return (first_pass(s, err));
	r = kvmi_index_identify(s->base, &id, err);
	if (r == 0)
		r = kvmi_index_load(&s->index, path, &id, &s->src.size, err);
	if (r != KVMI_ENOTMINE)
		return (r);
	r = first_pass(s, err);
	/* A file that is cut may still be on its way here. */
	if (r == 0 && !s->src.truncated)
		r = kvmi_index_save(&s->index, path, &id, s->src.size, err);
	return (r);
}

static bool
set_up(struct stream *s, const struct kvm_options *o,
    const struct kvmi_stream_tuning *t)
{
	uint64_t spacing = s->m->spacing;
	size_t limit = INDEX_SIZE;

	if (t != NULL && t->spacing != 0)
		spacing = t->spacing;
	if (t != NULL && t->index_size != 0)
		limit = t->index_size;
	s->reported = UINT64_MAX;	/* never */
	s->progress = o->ko_progress;
	s->closure = o->ko_closure;
	snprintf(s->wrapping, sizeof(s->wrapping), "%s%s%s", s->m->name,
	    s->base->wrapping != NULL ? ", " : "",
	    s->base->wrapping != NULL ? s->base->wrapping : "");
	s->src.wrapping = s->wrapping;
	s->src.name = strdup(s->base->name);
	if (t == NULL || !t->uncached)
		s->cache = kvmi_cache_create(BLOCK);
	s->input = malloc(INPUT);
	s->block = calloc(1, BLOCK);
	s->decoder = s->m->create();
	return (kvmi_index_init(&s->index, spacing, limit) == 0 &&
	    asprintf(&s->what, "indexing %s", s->base->name) > 0 &&
	    s->src.name != NULL && s->input != NULL &&
	    s->block != NULL && s->decoder != NULL);
}

int
kvmi_stream_open(struct kvmi_src *src, const struct kvmi_stream_method *m,
    const struct kvm_options *o, const struct kvmi_stream_tuning *tuning,
    struct kvmi_src **ret, struct kvmi_err *err)
{
	struct stream *s = calloc(1, sizeof(*s));
	int r = 0;

	if (s == NULL) {
		kvmi_src_close(src);
		return (kvmi_fail(err, KVMI_ENOMEM, "out of memory"));
	}
	pthread_mutex_init(&s->lock, NULL);
	s->src.ops = &stream_src_ops;
	s->src.decoded = true;
	s->base = src;
	s->m = m;
	if (src->decoded)
		r = kvmi_fail(err, KVMI_ENOTSUP, "%s: compressed more than "
		    "once (%s in %s); decompress it once by hand", src->name,
		    m->name, src->wrapping);
	else if (!set_up(s, o, tuning))
		r = kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory", src->name);
	if (r == 0)
		r = make_index(s, o->ko_index, err);
	if (r != 0) {
		stream_close(&s->src);
		return (r);
	}
	if (s->src.size > src->size && s->src.size - src->size > BACKED)
		s->src.backed = src->size + BACKED;
	*ret = &s->src;
	return (0);
}

int
kvmi_stream_left_out(struct kvmi_src *src, const char *name,
    struct kvmi_err *err)
{
	int r = kvmi_fail(err, KVMI_ENOTSUP, "%s: compressed with %s: built "
	    "without %s", src->name, name, name);

	kvmi_src_close(src);
	return (r);
}
