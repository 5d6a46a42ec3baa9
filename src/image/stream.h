/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compressed images, read at any place.  The first pass over the file notes
 * points at which decoding can begin; a read decodes from the point before it,
 * and what was decoded is kept for a while (cache.h).
 *
 * To add a method of compression: a file with a const struct
 * kvmi_stream_method and the wrapper that names it at its end, a line in
 * image_table.c.
 */
#ifndef KVMI_STREAM_H
#define KVMI_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kvm.h"
#include "base/src.h"

struct kvmi_index;

/* Bytes in and out of one step; a method advances what it took and gave. */
struct kvmi_stream_io {
	const uint8_t	*in;
	size_t		 in_len;
	uint8_t		*out;
	size_t		 out_len;
	/* Of KVMI_STEP_BAD; and how many of all bytes given are bad. */
	const char	*why;
	uint64_t	 wrong;
};

enum kvmi_step {
	KVMI_STEP_MORE,
	KVMI_STEP_END,		/* of a member; another may follow */
	KVMI_STEP_BAD,		/* malformed */
};

/* So many bytes of a member are shown to is_start() and begin(). */
#define KVMI_STREAM_HEAD	18

struct kvmi_stream_method {
	const char	*name;		/* "gzip" */
	uint64_t	 spacing;	/* of points, at the least */
	/* States up to this length may be kept in a file, and be hostile. */
	size_t		 portable;
	/*
	 * The length of what src decodes to, and points of it, without
	 * decoding.  false: only that will tell.  NULL: always so.
	 */
	bool (*list)(struct kvmi_src *src, struct kvmi_index *x,
	    uint64_t *size);
	void *(*create)(void);
	void (*destroy)(void *d);
	/* Does a member begin with these bytes? */
	bool (*is_start)(const uint8_t *head, size_t len);
	/* Stand at the start of a member.  false: *why says why not. */
	bool (*begin)(void *d, const uint8_t *head, size_t len,
	    const char **why);
	enum kvmi_step (*step)(void *d, struct kvmi_stream_io *io);
	/* Where nothing marks the end: may it be here?  NULL: it is marked. */
	bool (*may_end)(void *d);
	/* How large a state save() would give; 0: none at this place. */
	size_t (*state_len)(void *d);
	/* *back: so many of the bytes taken are to be given once more. */
	void (*save)(void *d, uint8_t *state, uint64_t *back);
	/* false: it is none. */
	bool (*restore)(void *d, const uint8_t *state, size_t len);
};

/* More than any machine has: a file that would be decoded for days. */
#define KVMI_STREAM_MAX	(UINT64_C(1) << 52)

/* What tests make small. */
struct kvmi_stream_tuning {
	uint64_t	spacing;	/* 0: the method's */
	size_t		index_size;	/* 0: the default */
	bool		uncached;	/* decode for every read */
};

/* Present src, which is owned from then on, also on failure, decoded. */
int kvmi_stream_open(struct kvmi_src *src,
    const struct kvmi_stream_method *m, const struct kvm_options *o,
    const struct kvmi_stream_tuning *tuning, struct kvmi_src **ret,
    struct kvmi_err *err);

/* The wrap operation of a method that was left out of the build. */
int kvmi_stream_left_out(struct kvmi_src *src, const char *name,
    struct kvmi_err *err);

#endif
