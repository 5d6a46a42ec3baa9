/* SPDX-License-Identifier: BSD-2-Clause */
/* Partitions of a disk image, in which to look for dumps. */
#ifndef KVMI_DUMPPART_H
#define KVMI_DUMPPART_H

#include "base/src.h"

struct kvmi_part {
	uint64_t	start;
	uint64_t	end;
};

#define KVMI_MAX_PARTS	256

/*
 * The partitions of a GPT or an MBR, and of BSD labels inside the latter;
 * returns how many.  Those that do not lie in the file are left out, as is
 * what cannot be read.
 */
size_t kvmi_partitions(struct kvmi_src *src,
    struct kvmi_part ret[KVMI_MAX_PARTS]);

#endif
