/* SPDX-License-Identifier: BSD-2-Clause */
/* What kern.clockrate is. */
#ifndef _LIBKVM_BSD_SYS_TIME_H_
#define _LIBKVM_BSD_SYS_TIME_H_

#include_next <sys/time.h>
#include <time.h>

#ifndef CLOCK_UPTIME
#define CLOCK_UPTIME	CLOCK_MONOTONIC
#endif

struct clockinfo {
	int	hz;		/* clock ticks a second */
	int	tick;		/* microseconds of one */
	int	spare;
	int	stathz;		/* of the clock that counts kern.cp_time */
	int	profhz;
};

#endif
