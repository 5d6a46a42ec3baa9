/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams whose blocks are compressed one by one: between two of them decoding
 * can begin.  A format says how long its header and its blocks are, and decodes
 * one; the rest of a struct kvmi_stream_method is here.
 */
#ifndef KVMI_STREAM_BLOCKS_H
#define KVMI_STREAM_BLOCKS_H

#include "image/stream.h"

/* What a block's first bytes say of it. */
struct kvmi_block {
	size_t		 len;		/* with all before its data */
	size_t		 data_len;	/* at its end */
	size_t		 out_len;	/* decoded, at most; 0: the last one */
	bool		 plain;
};

/* What was decoded before a block that may refer to it. */
struct kvmi_window {
	uint8_t		*p;
	size_t		 len;
};

/* The checksum of all that was decoded; create gives NULL when memory lacks. */
struct kvmi_blocks_sum {
	void *(*create)(void);
	void (*begin)(void *sum);
	void (*add)(void *sum, const uint8_t *p, size_t len);
	/* p: the last block. */
	bool (*is_right)(const void *sum, const uint8_t *p, uint32_t flags);
	void (*destroy)(void *sum);
};

struct kvmi_blocks_format {
	/*
	 * How long the header is that begins with so many bytes; when that is
	 * more, it is to be asked again with them.  0: malformed.  *flags are
	 * what the blocks need to know of it.
	 */
	size_t (*header)(const uint8_t *p, size_t have, uint32_t *flags);
	/* In the same way that of a block, which it tells of. */
	size_t (*block)(const uint8_t *p, size_t have, uint32_t flags,
	    struct kvmi_block *ret);
	/* Decode a whole block; how many bytes it gave, 0: malformed. */
	size_t (*decode)(const uint8_t *p, const struct kvmi_block *b,
	    uint32_t flags, const struct kvmi_window *w, uint8_t *out);
	/* How far back blocks may refer.  NULL: they do not. */
	size_t (*window)(uint32_t flags);
	const struct kvmi_blocks_sum *sum;	/* NULL: there is none */
	uint32_t	 all_flags;
	bool		 endless;	/* nothing marks the end */
};

void *kvmi_blocks_create(const struct kvmi_blocks_format *f);
void kvmi_blocks_destroy(void *dec);
bool kvmi_blocks_begin(void *dec, const uint8_t *head, size_t len,
    const char **why);
enum kvmi_step kvmi_blocks_step(void *dec, struct kvmi_stream_io *io);
bool kvmi_blocks_may_end(void *dec);
size_t kvmi_blocks_state_len(void *dec);
void kvmi_blocks_save(void *dec, uint8_t *state, uint64_t *back);
bool kvmi_blocks_restore(void *dec, const uint8_t *state, size_t len);

/* What is the same of each format's struct kvmi_stream_method. */
#define KVMI_BLOCKS_METHOD \
	.destroy = kvmi_blocks_destroy, \
	.begin = kvmi_blocks_begin, \
	.step = kvmi_blocks_step, \
	.state_len = kvmi_blocks_state_len, \
	.save = kvmi_blocks_save, \
	.restore = kvmi_blocks_restore

#define KVMI_BLOCKS_STATE	4	/* bytes: the flags; the window follows */
#define KVMI_BLOCKS_MAX		(64u << 20)	/* of one block */

#endif
