/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The points of a compressed file at which decoding can begin, within a limit
 * of memory: when it is reached, every second one is given up.
 */
#ifndef KVMI_STREAM_INDEX_H
#define KVMI_STREAM_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/src.h"

struct kvmi_point {
	uint64_t	 out;		/* place in what is decoded */
	uint64_t	 in;		/* and in the file */
	uint8_t		*state;		/* NULL: the start of a member */
	uint32_t	 len;		/* as kept, perhaps packed */
	uint32_t	 state_len;
};

struct kvmi_index {
	struct kvmi_point *v;		/* by out; v[0] is 0, 0 */
	size_t		 n;
	size_t		 cap;
	size_t		 bytes;		/* in use */
	size_t		 limit;
	size_t		 longest;	/* state that is worth it */
	uint64_t	 spacing;
};

int kvmi_index_init(struct kvmi_index *x, uint64_t spacing, size_t limit);
void kvmi_index_deinit(struct kvmi_index *x);

/* Back to the point at the very start. */
void kvmi_index_clear(struct kvmi_index *x);

/* The last point at or before out. */
const struct kvmi_point *kvmi_index_find(const struct kvmi_index *x,
    uint64_t out);

/* Is a point at out, with a state of so many bytes, worth having? */
bool kvmi_index_wants(const struct kvmi_index *x, uint64_t out, size_t len);

/* Add one; without memory there are fewer. */
void kvmi_index_add(struct kvmi_index *x, uint64_t out, uint64_t in,
    const uint8_t *state, size_t len);

/* Add one behind all, its state as it is kept.  false: no memory. */
bool kvmi_index_append(struct kvmi_index *x, uint64_t out, uint64_t in,
    const uint8_t *kept, uint32_t len, uint32_t state_len);

/* The state of p into buf, which has room for p->state_len bytes. */
bool kvmi_point_state(const struct kvmi_point *p, uint8_t *buf);

/*
 * The index of src, of which so many bytes were decoded, in a file.
 *
 * load: KVMI_ENOTMINE when there is no such file or when it is of another
 * src; then save makes it anew.
 */
struct kvmi_index_id {
	const char	*method;	/* given, as the next */
	size_t		 portable;	/* longest state that is kept too */
	uint64_t	 len;		/* of the compressed file */
	uint64_t	 hash;		/* of parts of it */
};
int kvmi_index_identify(struct kvmi_src *src, struct kvmi_index_id *id,
    struct kvmi_err *err);
int kvmi_index_load(struct kvmi_index *x, const char *path,
    const struct kvmi_index_id *id, uint64_t *size, struct kvmi_err *err);
int kvmi_index_save(const struct kvmi_index *x, const char *path,
    const struct kvmi_index_id *id, uint64_t size, struct kvmi_err *err);

#endif
