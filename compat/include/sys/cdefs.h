/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * __unused, which libbsd leaves out because members of structures in
 * <linux/icmp.h>, <linux/sysctl.h> and <asm/stat.h> have that name.
 */
#ifndef _LIBKVM_BSD_SYS_CDEFS_H_
#define _LIBKVM_BSD_SYS_CDEFS_H_

#include_next <sys/cdefs.h>

#ifndef __unused
#define __unused	__attribute__((__unused__))
#endif

#endif
