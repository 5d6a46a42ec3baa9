/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scheduling classes and ranges of priorities of a FreeBSD kernel.  In a list
 * of a Linux kernel ki_pri has that kernel's: see kvm_getprocs(3).
 */
#ifndef _LIBKVM_BSD_SYS_PRIORITY_H_
#define _LIBKVM_BSD_SYS_PRIORITY_H_

#define PRI_ITHD		1
#define PRI_REALTIME		2
#define PRI_TIMESHARE		3
#define PRI_IDLE		4
#define PRI_FIFO_BIT		8
#define PRI_FIFO		(PRI_FIFO_BIT | PRI_REALTIME)
#define PRI_BASE(class)		((class) & ~PRI_FIFO_BIT)

#define PRI_MIN			0
#define PRI_MIN_ITHD		PRI_MIN
#define PRI_MIN_REALTIME	48
#define PRI_MIN_KERN		80
#define PRI_MIN_TIMESHARE	120
#define PRI_MIN_IDLE		224
#define PRI_MAX			255
#define PRI_MAX_ITHD		(PRI_MIN_REALTIME - 1)
#define PRI_MAX_REALTIME	(PRI_MIN_KERN - 1)
#define PRI_MAX_KERN		(PRI_MIN_TIMESHARE - 1)
#define PRI_MAX_TIMESHARE	(PRI_MIN_IDLE - 1)
#define PRI_MAX_IDLE		PRI_MAX

#define PZERO			(PRI_MIN_KERN + 20)
#define PUSER			PRI_MIN_TIMESHARE

#endif
