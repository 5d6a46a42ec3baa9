/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Types of a FreeBSD 13.1 kernel that its structures are made of.
 *
 * The headers of this folder state layouts: which members a structure has, in
 * which order, of which types (freebsd-src, releng/13.1; each structure names
 * its header).  Offsets, sizes, byte order and debug information are left to
 * the compiler of each architecture.
 */
#ifndef FBSD_TYPES_H
#define FBSD_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef unsigned char	u_char;
typedef unsigned short	u_short;
typedef unsigned int	u_int;
typedef unsigned long	u_long;
typedef int32_t		pid_t, lwpid_t;
typedef uint32_t	uid_t, gid_t, fixpt_t;
typedef uint16_t	mode_t;
typedef uint64_t	dev_t;
typedef int64_t		daddr_t, rlim_t, off_t, sbintime_t;
typedef long		suseconds_t;
typedef unsigned long	vm_offset_t, vm_size_t;
typedef int64_t		vm_ooffset_t;
typedef uint64_t	vm_pindex_t;
typedef char		*caddr_t;
#ifdef __LP64__
typedef int64_t		segsz_t, register_t;
#else
typedef int32_t		segsz_t, register_t;
#endif
#ifdef __i386__
typedef int32_t		time_t;
#else
typedef int64_t		time_t;
#endif
typedef _Bool		bool;

#define CPUSTATES	5
#define MAXCOMLEN	19
#define MAXLOGNAME	33
#define MAXHOSTNAMELEN	256
#define MAXPATHLEN	1024
#define XU_NGROUPS	16
#define SPECNAMELEN	255

/* sys/queue.h */
#define LIST_HEAD(name, type)						\
	struct name { struct type *lh_first; }
#define LIST_ENTRY(type)						\
	struct { struct type *le_next; struct type **le_prev; }
#define SLIST_ENTRY(type)						\
	struct { struct type *sle_next; }
#define STAILQ_HEAD(name, type)						\
	struct name { struct type *stqh_first; struct type **stqh_last; }
#define STAILQ_ENTRY(type)						\
	struct { struct type *stqe_next; }
#define TAILQ_HEAD(name, type)						\
	struct name { struct type *tqh_first; struct type **tqh_last; }
#define TAILQ_ENTRY(type)						\
	struct { struct type *tqe_next; struct type **tqe_prev; }

/* sys/_lock.h, sys/_mutex.h, sys/_sx.h, sys/_cpuset.h */
struct lock_object {
	const char	*lo_name;
	u_int		 lo_flags;
	u_int		 lo_data;
	struct witness	*lo_witness;
};

struct mtx {
	struct lock_object lock_object;
	volatile uintptr_t mtx_lock;
};

struct sx {
	struct lock_object lock_object;
	volatile uintptr_t sx_lock;
};

struct _cpuset {
	long		 __bits[(MAXCPU + 8 * sizeof(long) - 1) /
			    (8 * sizeof(long))];
};
typedef struct _cpuset	cpuset_t;

/* sys/_timeval.h, sys/_timespec.h, sys/time.h */
struct timeval {
	time_t		 tv_sec;
	suseconds_t	 tv_usec;
};

struct timespec {
	time_t		 tv_sec;
	long		 tv_nsec;
};

struct bintime {
	time_t		 sec;
	uint64_t	 frac;
};

struct itimerval {
	struct timeval	 it_interval;
	struct timeval	 it_value;
};

/* sys/_callout.h */
struct callout {
	union {
		LIST_ENTRY(callout) le;
		SLIST_ENTRY(callout) sle;
		TAILQ_ENTRY(callout) tqe;
	} c_links;
	sbintime_t	 c_time;
	sbintime_t	 c_precision;
	void		*c_arg;
	void		(*c_func)(void *);
	struct lock_object *c_lock;
	short		 c_flags;
	short		 c_iflags;
	volatile int	 c_cpu;
};

/* sys/_sigset.h, sys/signalvar.h */
typedef struct __sigset {
	uint32_t	 __bits[4];
} sigset_t;

typedef struct sigqueue {
	sigset_t	 sq_signals;
	sigset_t	 sq_kill;
	sigset_t	 sq_ptrace;
	TAILQ_HEAD(, ksiginfo) sq_list;
	struct proc	*sq_proc;
	int		 sq_flags;
} sigqueue_t;

/* sys/condvar.h, sys/osd.h */
struct cv {
	const char	*cv_description;
	int		 cv_waiters;
};

struct osd {
	u_int		 osd_nslots;
	void		**osd_slots;
	LIST_ENTRY(osd)	 osd_next;
};

/* An object that the kernel allocates while it runs, not one of its own. */
#define HEAP	__attribute__((section(".heap")))

#endif
