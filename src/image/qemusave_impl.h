/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of QEMU's stream have in common, and what is known so far. */
#ifndef KVMI_IMAGE_QEMUSAVE_IMPL_H
#define KVMI_IMAGE_QEMUSAVE_IMPL_H

#include "image/image.h"
#include "image/saved_pages.h"

#define QEMUSAVE_PAGE_BITS	12
#define QEMUSAVE_PAGE		(1 << QEMUSAVE_PAGE_BITS)
#define QEMUSAVE_PARTS		3	/* that the stream has by turns */

struct qemusave_machine;

struct qemusave {
	struct kvmi_saved_pages pages;
	uint64_t	 number[QEMUSAVE_PARTS];	/* of their sections */
	char		 machine[32];
	const struct qemusave_machine *kind;	/* NULL: memory begins at 0 */
	char		 block[256];	/* the RAM block that pages are of */
	char		 ram[256];	/* the one that is main memory */
	uint64_t	 ram_len;
	uint64_t	 at;		/* in the stream */
};

static inline int
qemusave_uint(struct kvmi_image *img, struct qemusave *s, const char *what,
    unsigned int size, uint64_t *ret, struct kvmi_err *err)
{
	return (kvmi_src_take_uint(img->src, &s->at, size, true, what, ret,
	    err));
}

/* A length of one byte and so many characters. */
static inline int
qemusave_name(struct kvmi_image *img, struct qemusave *s, const char *what,
    char ret[256], struct kvmi_err *err)
{
	uint64_t len;
	int r = qemusave_uint(img, s, what, 1, &len, err);

	if (r == 0)
		r = kvmi_src_take(img->src, &s->at, ret, (size_t)len, what,
		    err);
	if (r == 0)
		ret[len] = '\0';
	return (r);
}

/* The records of one section of the memory, up to its end. */
int kvmi_qemusave_ram(struct kvmi_image *img, struct qemusave *s,
    struct kvmi_err *err);

#endif
