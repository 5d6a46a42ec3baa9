/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "image/cache.h"
#include "image/stream_impl.h"

#define INDEX_SIZE	(64u << 20)

/*
 * What is allocated whole must not be much more than the file: a few bytes can
 * be decoded to any number.
 */
#define BACKED		(64u << 20)

/* From the cache, if there is one and it has it. */
static bool
kept(struct kvmi_stream *s, uint64_t off, size_t at, void *buf, size_t len)
{
	return (s->cache != NULL &&
	    kvmi_cache_get(s->cache, off, 0, at, buf, len));
}

static int
stream_read(struct kvmi_src *src, uint64_t off, void *buf, size_t n,
    struct kvmi_err *err)
{
	struct kvmi_stream *s = (struct kvmi_stream *)src;
	uint8_t *out = buf;

	while (n > 0) {
		size_t at = (size_t)(off % KVMI_STREAM_BLOCK);
		size_t len = (size_t)kvmi_min(n, KVMI_STREAM_BLOCK - at);
		uint64_t block = off - at;
		int r = 0;

		if (!kept(s, block, at, out, len)) {
			pthread_mutex_lock(&s->lock);
			/* Another thread may have been faster. */
			if (!kept(s, block, at, out, len)) {
				r = kvmi_stream_block(s, block, err);
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

static int
stream_close(struct kvmi_src *src)
{
	struct kvmi_stream *s = (struct kvmi_stream *)src;
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
	.map = kvmi_src_no_map,
	.read = stream_read,
	.file_off = kvmi_src_no_file_off,
	.close = stream_close,
};

/* Decode all of it, for its length and for the points. */
static int
first_pass(struct kvmi_stream *s, struct kvmi_err *err)
{
	int r = kvmi_stream_decode(s, UINT64_MAX, err);

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
make_index(struct kvmi_stream *s, const char *path, struct kvmi_err *err)
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

/* What we do, for people. */
static bool
say(struct kvmi_stream *s, const char *what)
{
	free(s->what);
	if (asprintf(&s->what, "%s %s", what, s->base->name) < 0)
		s->what = NULL;
	return (s->what != NULL);
}

static bool
set_up(struct kvmi_stream *s, const struct kvm_options *o,
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
		s->cache = kvmi_cache_create(KVMI_STREAM_BLOCK);
	s->input = malloc(KVMI_STREAM_INPUT);
	s->block = calloc(1, KVMI_STREAM_BLOCK);
	s->decoder = s->m->create();
	return (kvmi_index_init(&s->index, spacing, limit) == 0 &&
	    say(s, "indexing") && s->src.name != NULL && s->input != NULL &&
	    s->block != NULL && s->decoder != NULL);
}

int
kvmi_stream_open(struct kvmi_src *src, const struct kvmi_stream_method *m,
    const struct kvm_options *o, const struct kvmi_stream_tuning *tuning,
    struct kvmi_src **ret, struct kvmi_err *err)
{
	struct kvmi_stream *s = calloc(1, sizeof(*s));
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
	if (r == 0 && !say(s, "decompressing"))
		r = kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory", src->name);
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
