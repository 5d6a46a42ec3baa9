/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef KVMI_PREFAULT_H
#define KVMI_PREFAULT_H

#include <stdint.h>
#include <stddef.h>
#include <sys/mman.h>

/*
 * Memory of ours that is about to be written from end to end: one call brings
 * its pages in, where each would fault.  A kernel that cannot (before 5.14)
 * changes nothing by refusing.
 */
static inline void
kvmi_prefault(void *p, size_t len)
{
#ifdef MADV_POPULATE_WRITE
	const uintptr_t page = 4096;
	uintptr_t start = ((uintptr_t)p + page - 1) & ~(page - 1);
	uintptr_t end = ((uintptr_t)p + len) & ~(page - 1);

	if (len >= 16 * page)
		madvise((void *)start, end - start, MADV_POPULATE_WRITE);
#else
	(void)p;
	(void)len;
#endif
}

#endif
