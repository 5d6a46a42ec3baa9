/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames of decompressed blocks, shared by all threads of a descriptor.  They
 * are keyed by where the block is stored, so that pages that share their
 * data (zero pages) share a frame; and by how, so that two pages of a bad
 * file that disagree on that do not answer for each other.
 */
#ifndef KVMI_CACHE_H
#define KVMI_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kvmi_cache;

struct kvmi_cache *kvmi_cache_create(uint32_t block_size);
void kvmi_cache_destroy(struct kvmi_cache *c);

/* Copy [at, at + len) of block key; false when it is not here. */
bool kvmi_cache_get(struct kvmi_cache *c, uint64_t key, uint32_t how,
    size_t at, void *buf, size_t len);

/* Keep a copy of a whole block, in place of the one least recently used. */
void kvmi_cache_put(struct kvmi_cache *c, uint64_t key, uint32_t how,
    const void *block);

#endif
