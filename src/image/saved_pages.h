/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the pages of a stream are, that has them in any order and some more
 * than once: the last counts.  Those that follow each other in memory and in
 * the stream are kept as one run.
 */
#ifndef KVMI_SAVED_PAGES_H
#define KVMI_SAVED_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct kvmi_saved_run {
	uint64_t	pa;
	uint64_t	off;		/* of the first page's bytes */
	uint32_t	n;		/* pages */
	bool		fill;		/* each is of one byte, repeated */
};

struct kvmi_saved_pages {
	struct kvmi_saved_run *v;	/* sorted, when it is finished */
	size_t		 n, cap;
	uint32_t	 page;		/* bytes */
	uint32_t	 header;	/* before each page but a run's first */
	uint64_t	 pages;		/* in all */
};

/* The next page of the stream. */
int kvmi_saved_push(struct kvmi_saved_pages *s, uint64_t pa, uint64_t off,
    bool fill, struct kvmi_err *err);

/* After the last one: by address, each page once. */
int kvmi_saved_finish(struct kvmi_saved_pages *s, struct kvmi_err *err);

/* The last run that begins at or below pa, or NULL; *next is behind it. */
const struct kvmi_saved_run *kvmi_saved_find(const struct kvmi_saved_pages *s,
    uint64_t pa, const struct kvmi_saved_run **next);

/* Where its i-th page is in the stream. */
uint64_t kvmi_saved_off(const struct kvmi_saved_pages *s,
    const struct kvmi_saved_run *r, uint64_t i);

#endif
