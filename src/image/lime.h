/* SPDX-License-Identifier: BSD-2-Clause */
/* The header in front of a range, which LiME and AVML share. */
#ifndef KVMI_LIME_H
#define KVMI_LIME_H

#include "base/src.h"

#define KVMI_LIME_HEADER	32
#define KVMI_LIME_MAGIC		0x4c694d45u
#define KVMI_AVML_MAGIC		0x4c4d5641u

struct kvmi_lime_range {
	uint64_t	start;
	uint64_t	len;		/* never 0 */
};

int kvmi_lime_range(struct kvmi_src *src, uint64_t at, uint32_t magic,
    uint32_t version, struct kvmi_lime_range *ret, struct kvmi_err *err);

#endif
