/* SPDX-License-Identifier: BSD-2-Clause */
/* Layouts that somebody worked out: a list of members, and of sizes. */
#ifndef KVMI_LISTED_H
#define KVMI_LISTED_H

#include "type/type.h"

/*
 * Names outlive the source.  path: as it will be asked for; "": m.size is the
 * type's.
 */
struct kvmi_listed {
	const char	*type;
	const char	*path;
	struct kvmi_member m;
};

/* A source of the n rows of v, which are copied, and that calls itself where. */
int kvmi_listed_open(const struct kvmi_listed *v, size_t n, const char *where,
    struct kvmi_types **ret, struct kvmi_err *err);

#endif
