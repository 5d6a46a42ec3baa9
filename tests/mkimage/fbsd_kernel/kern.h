/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys/msgbuf.h, sys/resource.h, sys/linker.h and kern/kern_tc.c: the log, the
 * load, modules, time.
 */
#ifndef FBSD_KERN_H
#define FBSD_KERN_H

#include "types.h"

#define MSG_MAGIC	0x063062
#define MSGBUF_WRAP	0x02

struct msgbuf {
	char		*msg_ptr;
	u_int		 msg_magic;
	u_int		 msg_size;
	u_int		 msg_wseq;
	u_int		 msg_rseq;
	u_int		 msg_cksum;
	u_int		 msg_seqmod;
	int		 msg_lastpri;
	u_int		 msg_flags;
	struct mtx	 msg_lock;
};

struct loadavg {
	fixpt_t		 ldavg[3];
	long		 fscale;
};

struct linker_file {
	void		*ops;
	int		 refs;
	int		 userrefs;
	int		 flags;
	TAILQ_ENTRY(linker_file) link;
	char		*filename;
	char		*pathname;
	int		 id;
	caddr_t		 address;
	size_t		 size;
	caddr_t		 ctors_addr;
	size_t		 ctors_size;
	int		 ndeps;
	struct linker_file **deps;
	STAILQ_HEAD(, common_symbol) common;
	TAILQ_HEAD(, module) modules;
	TAILQ_ENTRY(linker_file) loaded;
	int		 loadcnt;
};
TAILQ_HEAD(linker_file_list, linker_file);

struct timehands {
	struct timecounter *th_counter;
	int64_t		 th_adjustment;
	uint64_t	 th_scale;
	u_int		 th_large_delta;
	u_int		 th_offset_count;
	struct bintime	 th_offset;
	struct bintime	 th_bintime;
	struct timeval	 th_microtime;
	struct timespec	 th_nanotime;
	struct bintime	 th_boottime;
	u_int		 th_generation;
	struct timehands *th_next;
};

#endif
