/* SPDX-License-Identifier: BSD-2-Clause */
/* The release that this is like, and limits of the kernel. */
#ifndef _LIBKVM_BSD_SYS_PARAM_H_
#define _LIBKVM_BSD_SYS_PARAM_H_

#include_next <sys/param.h>
#include <limits.h>
#include <signal.h>
#include <sys/priority.h>
#include <sys/types.h>

#ifndef __FreeBSD_version
#define __FreeBSD_version 1301000	/* 13.1 */
#endif

#define MAXCOMLEN	19
#define MAXLOGNAME	33
#ifndef NODEV
#define NODEV		((dev_t)-1)
#endif

#define FSHIFT		11
#ifndef FSCALE
#define FSCALE		(1 << FSHIFT)
#endif

#ifndef nitems
#define nitems(x)	(sizeof(x) / sizeof((x)[0]))
#endif

#endif
