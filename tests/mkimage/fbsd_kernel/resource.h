/* SPDX-License-Identifier: BSD-2-Clause */
/* sys/resource.h, sys/resourcevar.h, sys/proc.h: who used how much. */
#ifndef FBSD_RESOURCE_H
#define FBSD_RESOURCE_H

#include "types.h"

struct rusage {
	struct timeval	 ru_utime;
	struct timeval	 ru_stime;
	long		 ru_maxrss;
	long		 ru_ixrss;
	long		 ru_idrss;
	long		 ru_isrss;
	long		 ru_minflt;
	long		 ru_majflt;
	long		 ru_nswap;
	long		 ru_inblock;
	long		 ru_oublock;
	long		 ru_msgsnd;
	long		 ru_msgrcv;
	long		 ru_nsignals;
	long		 ru_nvcsw;
	long		 ru_nivcsw;
};

struct rusage_ext {
	uint64_t	 rux_runtime;
	uint64_t	 rux_uticks;
	uint64_t	 rux_sticks;
	uint64_t	 rux_iticks;
	uint64_t	 rux_uu;
	uint64_t	 rux_su;
	uint64_t	 rux_tu;
};

struct pstats {
	struct rusage	 p_cru;
	struct itimerval p_timer[3];
	struct uprof {
		caddr_t	 pr_base;
		u_long	 pr_size;
		u_long	 pr_off;
		u_long	 pr_scale;
	} p_prof;
	struct timeval	 p_start;
};

#endif
