/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A map from addresses to file offsets, for containers that list segments.
 * Segments may come in any order and overlap; where they do, they hold the
 * same memory (the kernel's text is covered twice in a kdump vmcore).
 */
#ifndef KVMI_SEGMENTS_H
#define KVMI_SEGMENTS_H

#include "image/image.h"

struct kvmi_segment {
	uint64_t	start;
	uint64_t	len;
	uint64_t	off;
};

struct kvmi_segments {
	struct kvmi_segment *stored;	/* sorted, without overlap */
	size_t		 nstored;
	struct kvmi_segment *excluded;	/* known memory without bytes */
	size_t		 nexcluded;
	size_t		 cap_stored;
	size_t		 cap_excluded;
};

/* Add [start, start + filesz) at off, and memsz - filesz left out behind it. */
int kvmi_segments_add(struct kvmi_segments *s, uint64_t start,
    uint64_t filesz, uint64_t memsz, uint64_t off, struct kvmi_err *err);

/* After the last add, before the first locate. */
void kvmi_segments_sort(struct kvmi_segments *s);

/* file_size bounds what is really there. */
void kvmi_segments_locate(const struct kvmi_segments *s, uint64_t addr,
    uint64_t file_size, struct kvmi_extent *ret);

void kvmi_segments_deinit(struct kvmi_segments *s);

/* The operations of a container whose priv is nothing but its segments. */
int kvmi_segments_locate_pa(struct kvmi_image *img, uint64_t pa,
    struct kvmi_extent *ret, struct kvmi_err *err);
int kvmi_segments_count(struct kvmi_image *img, struct kvmi_err *err);
void kvmi_segments_close(struct kvmi_image *img);

/* Count what s has into img. */
void kvmi_segments_sum(const struct kvmi_segments *s, struct kvmi_image *img);

#endif
