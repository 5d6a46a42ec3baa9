/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bus guard turns SIGBUS inside a mapped dump into a note in its
 * struct kvmi_map.  A file can be cut short at any moment by its owner; there
 * is no other way to use a mapping of it without risking the caller's life.
 *
 * This is the library's one process-wide effect: while an image is mapped, a
 * SIGBUS handler is installed.  It acts only on faults inside our mappings
 * and passes every other one to the handler that was there before.
 */
#ifndef KVMI_BUSGUARD_H
#define KVMI_BUSGUARD_H

#include "base/src.h"

/* -1 when all slots are taken: the caller then does without a mapping. */
int kvmi_busguard_add(struct kvmi_map *m);
void kvmi_busguard_remove(struct kvmi_map *m);

#endif
