/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers below CTL_VM, and what vm.swap_info is. */
#ifndef _LIBKVM_BSD_VM_VM_PARAM_H_
#define _LIBKVM_BSD_VM_VM_PARAM_H_

#include <sys/types.h>

#define VM_TOTAL		1
#define VM_METER		VM_TOTAL
#define VM_LOADAVG		2
#define VM_V_FREE_MIN		3
#define VM_V_FREE_TARGET	4
#define VM_V_FREE_RESERVED	5
#define VM_V_INACTIVE_TARGET	6
#define VM_V_PAGEOUT_FREE_MIN	9
#define VM_SWAPPING_ENABLED	11
#define VM_OVERCOMMIT		12

#define XSWDEV_VERSION	2
struct xswdev {
	u_int	xsw_version;	/* XSWDEV_VERSION */
	dev_t	xsw_dev;
	int	xsw_flags;
	int	xsw_nblks;	/* pages */
	int	xsw_used;	/* pages */
};

#endif
