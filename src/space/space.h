/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual address spaces: reads through a translation, with a per-thread
 * cache in front.  The translation comes from whoever set the space up.
 */
#ifndef KVMI_SPACE_H
#define KVMI_SPACE_H

#include "arch/arch.h"
#include "base/thread.h"
#include "image/image.h"

struct kvmi_space;

struct kvmi_space_ops {
	/*
	 * The stretch that va lies in, as kvmi_walk() reports it.
	 */
	int (*translate)(const struct kvmi_space *s, uint64_t va,
	    struct kvmi_mapping *ret, struct kvmi_err *err);
	/* Widen what translate found; NULL: it does not get wider. */
	void (*widen)(const struct kvmi_space *s, struct kvmi_mapping *m);
};

struct kvmi_space {
	const struct kvmi_space_ops *ops;	/* NULL: no translation */
	struct kvmi_image *img;
	uint32_t	 asid;		/* 0: the kernel's; a process has its own */
	struct kvmi_paging paging;	/* of kvmi_space_paged */
	const void	*arg;		/* of other translations */
};

/* Page tables in the image, described by s->paging. */
extern const struct kvmi_space_ops kvmi_space_paged;

/* Memory by virtual address, as the image's own headers have it. */
extern const struct kvmi_space_ops kvmi_space_segments;

/*
 * Copy len bytes.  0, or the error of the first byte that cannot be had;
 * *done is how many were copied before it.
 */
int kvmi_space_read(const struct kvmi_space *s, struct kvmi_cx *cx,
    uint64_t va, void *buf, size_t len, size_t *done);

/* kvmi_space_read() for who wants all or nothing. */
int kvmi_space_copy(const struct kvmi_space *s, struct kvmi_cx *cx,
    uint64_t va, void *buf, size_t len);

/*
 * kvmi_space_copy() of a place that is visited once and far from any other, as
 * the stacks of threads are: a short pread costs a fifth of the page fault that
 * the mapping would take.  What lies behind is read along, for the next call.
 */
int kvmi_space_glance(const struct kvmi_space *s, struct kvmi_cx *cx,
    uint64_t va, void *buf, size_t len);

/*
 * len bytes of the kernel where the image has them mapped in one piece, as far
 * as this thread's cache knows; else NULL.  A file that is cut under them is
 * noticed by reads.
 */
const uint8_t *kvmi_space_ptr(const struct kvmi_space *s,
    const struct kvmi_cx *cx, uint64_t va, uint64_t len);

/*
 * len bytes, which the caller has bounded: in place where that is possible,
 * else copied.  Release with kvmi_blob_release().
 */
int kvmi_space_blob(const struct kvmi_space *s, struct kvmi_cx *cx,
    uint64_t va, uint64_t len, struct kvmi_blob *ret);

/* An unsigned integer of 1 to 8 bytes. */
int kvmi_space_uint(const struct kvmi_space *s, struct kvmi_cx *cx,
    uint64_t va, unsigned int size, bool big_endian, uint64_t *ret);

/* Up to len - 1 bytes until a NUL; always terminated. */
int kvmi_space_string(const struct kvmi_space *s, struct kvmi_cx *cx,
    uint64_t va, char *buf, size_t len);

/* The longest stretch around va that is mapped in one piece. */
int kvmi_space_translate(const struct kvmi_space *s, uint64_t va,
    struct kvmi_mapping *ret, struct kvmi_err *err);

/* Forget this thread's cached translations. */
void kvmi_space_flush(struct kvmi_cx *cx);

#endif
