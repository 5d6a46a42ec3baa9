/* SPDX-License-Identifier: BSD-2-Clause */
/* States of a CPU, and what vm.loadavg is. */
#ifndef _LIBKVM_BSD_SYS_RESOURCE_H_
#define _LIBKVM_BSD_SYS_RESOURCE_H_

#include_next <sys/resource.h>
#include <sys/types.h>

#ifndef CPUSTATES
#define CP_USER		0
#define CP_NICE		1
#define CP_SYS		2
#define CP_INTR		3
#define CP_IDLE		4
#define CPUSTATES	5
#endif

struct loadavg {
	fixpt_t	ldavg[3];
	long	fscale;
};

#endif
