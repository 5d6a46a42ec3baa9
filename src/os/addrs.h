/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses met on the kernel's lists: a broken list may come back on itself. */
#ifndef KVMI_ADDRS_H
#define KVMI_ADDRS_H

#include <stddef.h>
#include <stdint.h>

/* Addresses of structures in the order they were met, without repeats. */
struct kvmi_addrs {
	uint64_t	*v;
	size_t		 n;
	size_t		 cap;
	uint32_t	*hash;		/* indices + 1 */
	size_t		 hash_size;
};

/* 1: added, 0: it was there already, < 0: no memory. */
int kvmi_addrs_add(struct kvmi_addrs *a, uint64_t addr);

void kvmi_addrs_deinit(struct kvmi_addrs *a);

#endif
