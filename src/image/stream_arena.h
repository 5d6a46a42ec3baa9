/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for a decoder of liblzma, which asks for all of it through our
 * allocator: a copy of what is in use, put back in the same place, is the
 * decoder as it was.  Such copies are good for this process only.
 */
#ifndef KVMI_STREAM_ARENA_H
#define KVMI_STREAM_ARENA_H

#include <lzma.h>
#include <stddef.h>
#include <stdint.h>

/* xz -9 needs 65 MiB to decode. */
#define KVMI_ARENA_ROOM		(160u << 20)
#define KVMI_ARENA_SLACK	(1u << 20)	/* beside the dictionary */

/* Begins the structure of a user, which begins the memory. */
struct kvmi_arena {
	size_t		 used;
	size_t		 last;		/* where the newest piece begins */
	lzma_stream	 z;
	lzma_allocator	 alloc;
};

/* Address space, touched as needed; NULL without. */
void *kvmi_arena_create(void);
void kvmi_arena_destroy(void *mem);

/* Give up all that was allocated behind the user's structure of len bytes. */
void kvmi_arena_reset(struct kvmi_arena *a, size_t len);

/* lzma_code(), where a lack of input or room is no error. */
struct kvmi_stream_io;
lzma_ret kvmi_arena_code(struct kvmi_arena *a, struct kvmi_stream_io *io);

/* What went wrong, for people. */
const char *kvmi_lzma_why(lzma_ret r);

#endif
