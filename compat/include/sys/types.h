/* SPDX-License-Identifier: BSD-2-Clause */
/* Types of FreeBSD's <sys/types.h> that the host has not. */
#ifndef _LIBKVM_BSD_SYS_TYPES_H_
#define _LIBKVM_BSD_SYS_TYPES_H_

#include_next <sys/types.h>
#include <stdint.h>

typedef const char	*c_caddr_t;
typedef int32_t		 lwpid_t;
typedef uint32_t	 fixpt_t;	/* 1 is 1 << FSHIFT */
typedef int64_t		 segsz_t;	/* pages */
typedef uint64_t	 vm_offset_t;
typedef uint64_t	 vm_ooffset_t;
typedef uint64_t	 vm_paddr_t;
typedef uint64_t	 vm_pindex_t;
typedef uint64_t	 vm_size_t;

/* The name of a device in /dev; "?" in its place when there is none. */
#ifdef __cplusplus
extern "C" {
#endif
char	*devname(dev_t dev, mode_t type);
#ifdef __cplusplus
}
#endif

#endif
