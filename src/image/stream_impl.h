/* SPDX-License-Identifier: BSD-2-Clause */
/* What stream.c, which presents it, and stream_decode.c know of a stream. */
#ifndef KVMI_STREAM_IMPL_H
#define KVMI_STREAM_IMPL_H

#include <pthread.h>

#include "image/stream.h"
#include "image/stream_index.h"

#define KVMI_STREAM_BLOCK	32768u	/* what the cache keeps at a time */
#define KVMI_STREAM_INPUT	(256u << 10)

struct kvmi_cache;

struct kvmi_stream {
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

/*
 * Decode on, until there are bytes up to the given place, or the end.
 * KVMI_ETRUNC is damage.  Under the lock.
 */
int kvmi_stream_decode(struct kvmi_stream *s, uint64_t to,
    struct kvmi_err *err);

/* Make the block that begins at off the current one.  Under the lock. */
int kvmi_stream_block(struct kvmi_stream *s, uint64_t off,
    struct kvmi_err *err);

#endif
