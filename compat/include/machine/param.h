/* SPDX-License-Identifier: BSD-2-Clause */
/* Sizes of pages, of this host. */
#ifndef _LIBKVM_BSD_MACHINE_PARAM_H_
#define _LIBKVM_BSD_MACHINE_PARAM_H_

#include <sys/param.h>
#include <unistd.h>

#ifndef PAGE_SIZE
#define PAGE_SIZE	((size_t)sysconf(_SC_PAGESIZE))
#define PAGE_MASK	(PAGE_SIZE - 1)
#endif

#endif
