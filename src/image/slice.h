/* SPDX-License-Identifier: BSD-2-Clause */
/* A part of a source as a source of its own, perhaps with its blocks backwards. */
#ifndef KVMI_SLICE_H
#define KVMI_SLICE_H

#include "base/src.h"

struct kvmi_slice_opts {
	uint64_t	 off;		/* of the first byte; backwards: the end */
	uint64_t	 len;
	uint32_t	 backwards;	/* bytes of a block; 0: forwards */
	const char	*wrapping;	/* copied, as told is */
	const struct kvmi_told *told;
};

/* base becomes the slice's, also on failure; off and len have been checked. */
int kvmi_slice_open(struct kvmi_src *base, const struct kvmi_slice_opts *o,
    struct kvmi_src **ret, struct kvmi_err *err);

#endif
