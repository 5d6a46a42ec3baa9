/* SPDX-License-Identifier: BSD-2-Clause */
/* Walking all mappings of a space, for kvm_walk_pages(). */
#ifndef KVMI_PAGES_H
#define KVMI_PAGES_H

#include "os/kernel.h"

/* Where the byte at pa is in the file, or -1; e is its extent. */
off_t kvmi_pages_offset(struct kvmi_image *img, const struct kvmi_extent *e,
    uint64_t pa);

/*
 * Give one mapping, whose first byte is at off in the file, to the callback of
 * kvm_walk_pages(); its answer.
 */
int kvmi_pages_give(const struct kvmi_mapping *m, uint64_t kmap_va,
    uint64_t dmap_va, off_t off, kvm_walk_pages_cb_t *cb, void *closure);

/* The same when it is not known where. */
int kvmi_pages_find(struct kvmi_kernel *k, const struct kvmi_mapping *m,
    uint64_t kmap_va, uint64_t dmap_va, kvm_walk_pages_cb_t *cb,
    void *closure);

/* The addresses of the kernel's half, as the page tables have it. */
void kvmi_pages_kernel(const struct kvmi_paging *p, uint64_t *first,
    uint64_t *last);

/*
 * Call fn for each mapping in [start, last]; fn returns false to stop, and
 * then *done is false.
 */
typedef bool kvmi_pages_fn(struct kvmi_kernel *k,
    const struct kvmi_mapping *m, void *arg);
int kvmi_pages_each(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t start, uint64_t last, kvmi_pages_fn *fn, void *arg, bool *done);

#endif
