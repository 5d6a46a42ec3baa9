/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hashed page table of powerpc: a minidump has a copy of it, other dumps
 * have it where the kernel has it, in memory.
 */
#ifndef KVMI_FREEBSD_HPT_H
#define KVMI_FREEBSD_HPT_H

#include "os/kernel.h"
#include "os/pages.h"

struct kvmi_hpt {
	uint64_t	 at;		/* in the file, or in memory */
	uint64_t	 len;
	struct kvmi_src	*src;		/* what it lies in; NULL: in memory */
	bool		 short_entries;	/* two words of 4 bytes, not of 8 */
	uint64_t	 vsid;		/* of the first of 16 segments; 0: FreeBSD's
					   kernel of 64 bits, which computes it */
	uint64_t	 dmap_start;	/* the direct map is of 16 MiB pages */
	uint64_t	 dmap_end;
	uint64_t	 first;		/* the kernel map */
	uint64_t	 last;
};

/* Translation by it, where there is no window; arg is the table. */
extern const struct kvmi_space_ops kvmi_freebsd_hash_space;

int kvmi_freebsd_hpt_translate(const struct kvmi_space *s,
    const struct kvmi_hpt *t, uint64_t va, struct kvmi_mapping *ret,
    struct kvmi_err *err);

/* All mappings of the kernel map, in the table's order. */
int kvmi_freebsd_hpt_each(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kvmi_hpt *t, kvmi_pages_fn *fn, void *arg, bool *done);

#endif
