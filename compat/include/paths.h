/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices by the names that kvm_open() takes for this host. */
#ifndef _LIBKVM_BSD_PATHS_H_
#define _LIBKVM_BSD_PATHS_H_

#include_next <paths.h>

#ifndef _PATH_DEVZERO
#define _PATH_DEVZERO	"/dev/zero"
#endif
#ifndef _PATH_KMEM
#define _PATH_KMEM	"/dev/kmem"
#endif
#ifndef _PATH_MEM
#define _PATH_MEM	"/dev/mem"
#endif

#endif
