/* SPDX-License-Identifier: BSD-2-Clause */
/* Several sources one behind the other, as one. */
#ifndef KVMI_JOINED_H
#define KVMI_JOINED_H

#include "base/src.h"

/*
 * The result owns the n sources, also on failure; src->parts tells where each
 * begins, src->part_names what it is called.
 */
int kvmi_joined_open(struct kvmi_src **v, size_t n, struct kvmi_src **ret,
    struct kvmi_err *err);

#endif
