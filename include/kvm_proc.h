/*
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * kvm_proc.h - struct kinfo_proc: FreeBSD 13's field names and LP64 layout,
 * the same on any host.
 * kvm_getprocs(3) says what each field means for a Linux kernel.
 */
#ifndef _KVM_PROC_H_
#define _KVM_PROC_H_

#include <sys/time.h>
#include <sys/resource.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KINFO_PROC_SIZE		1088

#define WMESGLEN		8
#define LOCKNAMELEN		8
#define TDNAMLEN		16
#define COMMLEN			19
#define KI_EMULNAMELEN		16
#define KI_NGROUPS		16
#define LOGNAMELEN		17
#define LOGINCLASSLEN		17
#define KI_NSPARE_INT		2
#define KI_NSPARE_LONG		12
#define KI_NSPARE_PTR		4

/* ki_stat */
#define SIDL	1	/* being created */
#define SRUN	2	/* runnable */
#define SSLEEP	3	/* sleeping on an address */
#define SSTOP	4	/* stopped or traced */
#define SZOMB	5	/* waiting for its parent */
#define SWAIT	6	/* waiting for an interrupt */
#define SLOCK	7	/* blocked on a lock */

/* ki_flag */
#define P_CONTROLT	0x00000002	/* has a controlling terminal */
#define P_KPROC		0x00000004	/* kernel process */
#define P_PPWAIT	0x00000010	/* its parent waits for it, vfork(2) */
#define P_HADTHREADS	0x00000080	/* has several threads */
#define P_SYSTEM	0x00000200	/* no signals, stats or swapping */
#define P_TRACED	0x00000800
#define P_WEXIT		0x00002000	/* exiting */
#define P_EXEC		0x00004000	/* has called exec(2) */
#define P_STOPPED_SIG	0x00020000	/* stopped by a signal */
#define P_STOPPED_TRACE	0x00040000	/* stopped by a tracer */

#define P_INMEM		0x10000000	/* in memory; always on Linux */

/* ki_kiflag */
#define KI_CTTY		0x00000001	/* the session has a terminal */
#define KI_SLEADER	0x00000002	/* session leader */
#define KI_LOCKBLOCK	0x00000004	/* blocked on ki_lockname */

/* ki_sflag */
#define PS_INMEM	0x00000001	/* in memory; always on Linux */

/* ki_tdflags */
#define TDF_SINTR	0x00000008	/* the sleep can be interrupted */
#define TDF_NOLOAD	0x00040000	/* not counted in the load average */

/* ki_cr_flags */
#define KI_CRF_CAPABILITY_MODE	0x00000001
#define KI_CRF_GRP_OVERFLOW	0x80000000

#define KI_FSHIFT	11
#define KI_FSCALE	(1 << KI_FSHIFT)	/* ki_pctcpu: this is 100 % */

/*
 * Times and usage.  On an LP64 host they are the host's own types, which have
 * FreeBSD's layout, so that programs can pass them on.
 */
#ifdef __LP64__
#define kvm_timeval	timeval
#define kvm_rusage	rusage
#else
struct kvm_timeval {
	int64_t	tv_sec;
	int64_t	tv_usec;
};

struct kvm_rusage {
	struct kvm_timeval ru_utime;
	struct kvm_timeval ru_stime;
	int64_t	ru_maxrss;
	int64_t	ru_ixrss;
	int64_t	ru_idrss;
	int64_t	ru_isrss;
	int64_t	ru_minflt;
	int64_t	ru_majflt;
	int64_t	ru_nswap;
	int64_t	ru_inblock;
	int64_t	ru_oublock;
	int64_t	ru_msgsnd;
	int64_t	ru_msgrcv;
	int64_t	ru_nsignals;
	int64_t	ru_nvcsw;
	int64_t	ru_nivcsw;
};
#endif

struct kvm_sigset {
	uint32_t __bits[4];		/* signal n is bit n - 1 */
};

/* To programs of FreeBSD it has FreeBSD's name: see libkvm-bsd(7). */
#ifdef LIBKVM_BSD
#define kvm_priority	priority
#endif
struct kvm_priority {
	uint8_t	pri_class;
	uint8_t	pri_level;
	uint8_t	pri_native;
	uint8_t	pri_user;
};

/* A kernel address; never to be followed on the host. */
typedef uint64_t kvm_kptr_t;

struct kinfo_proc {
	int32_t	ki_structsize;		/* KINFO_PROC_SIZE */
	int32_t	ki_layout;		/* 0 */
	kvm_kptr_t ki_args;
	kvm_kptr_t ki_paddr;		/* the process: struct proc, task_struct */
	kvm_kptr_t ki_addr;
	kvm_kptr_t ki_tracep;
	kvm_kptr_t ki_textvp;
	kvm_kptr_t ki_fd;
	kvm_kptr_t ki_vmspace;		/* struct vmspace, mm_struct */
	kvm_kptr_t ki_wchan;
	int32_t	ki_pid;
	int32_t	ki_ppid;
	int32_t	ki_pgid;
	int32_t	ki_tpgid;		/* -1: no terminal */
	int32_t	ki_sid;
	int32_t	ki_tsid;
	int16_t	ki_jobc;
	int16_t	ki_spare_short1;
	uint32_t ki_tdev_freebsd11;
	struct kvm_sigset ki_siglist;
	struct kvm_sigset ki_sigmask;
	struct kvm_sigset ki_sigignore;
	struct kvm_sigset ki_sigcatch;
	uint32_t ki_uid;		/* effective */
	uint32_t ki_ruid;
	uint32_t ki_svuid;
	uint32_t ki_rgid;
	uint32_t ki_svgid;
	int16_t	ki_ngroups;
	int16_t	ki_spare_short2;
	uint32_t ki_groups[KI_NGROUPS];	/* [0]: effective */
	uint64_t ki_size;		/* virtual size, bytes */
	int64_t	ki_rssize;		/* resident, pages */
	int64_t	ki_swrss;
	int64_t	ki_tsize;		/* text, pages */
	int64_t	ki_dsize;		/* data, pages */
	int64_t	ki_ssize;		/* stack, pages */
	uint16_t ki_xstat;		/* wait status */
	uint16_t ki_acflag;		/* A* of <sys/acct.h> */
	uint32_t ki_pctcpu;		/* fixed point, KI_FSCALE */
	uint32_t ki_estcpu;
	uint32_t ki_slptime;		/* seconds */
	uint32_t ki_swtime;
	uint32_t ki_cow;
	uint64_t ki_runtime;		/* microseconds */
	struct kvm_timeval ki_start;	/* since the epoch */
	struct kvm_timeval ki_childtime;
	int64_t	ki_flag;		/* P_* */
	int64_t	ki_kiflag;		/* KI_* */
	int32_t	ki_traceflag;
	char	ki_stat;		/* S* */
	signed char ki_nice;
	char	ki_lock;
	char	ki_rqindex;
	uint8_t	ki_oncpu_old;
	uint8_t	ki_lastcpu_old;
	char	ki_tdname[TDNAMLEN + 1];
	char	ki_wmesg[WMESGLEN + 1];
	char	ki_login[LOGNAMELEN + 1];
	char	ki_lockname[LOCKNAMELEN + 1];
	char	ki_comm[COMMLEN + 1];
	char	ki_emul[KI_EMULNAMELEN + 1];
	char	ki_loginclass[LOGINCLASSLEN + 1];
	char	ki_moretdname[4];
	char	ki_sparestrings[38];
	int32_t	ki_spareints[KI_NSPARE_INT];
	int32_t	ki_reaper;		/* FreeBSD 15 has these two here */
	int32_t	ki_reapsubtree;
	uint64_t ki_tdev;		/* makedev() of the image's OS; ~0: none */
	int32_t	ki_oncpu;		/* -1: not running */
	int32_t	ki_lastcpu;
	int32_t	ki_tracer;
	int32_t	ki_flag2;
	int32_t	ki_fibnum;
	uint32_t ki_cr_flags;		/* KI_CRF_* */
	int32_t	ki_jid;
	int32_t	ki_numthreads;
	int32_t	ki_tid;
	struct kvm_priority ki_pri;
	struct kvm_rusage ki_rusage;
	struct kvm_rusage ki_rusage_ch;
	kvm_kptr_t ki_pcb;
	kvm_kptr_t ki_kstack;
	kvm_kptr_t ki_udata;
	kvm_kptr_t ki_tdaddr;		/* the thread: struct thread, task_struct */
	kvm_kptr_t ki_pd;
	kvm_kptr_t ki_uerrmsg;		/* in the process: of extended errors */
	kvm_kptr_t ki_spareptrs[KI_NSPARE_PTR];
	int64_t	ki_sparelongs[KI_NSPARE_LONG];
	int64_t	ki_sflag;
	int64_t	ki_tdflags;		/* TDF_* */
};
#define ki_childstime	ki_rusage_ch.ru_stime
#define ki_childutime	ki_rusage_ch.ru_utime

#ifdef __cplusplus
}
#endif

#if defined(__cplusplus) && __cplusplus >= 201103L
static_assert(sizeof(struct kinfo_proc) == KINFO_PROC_SIZE, "FreeBSD's LP64 size");
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(struct kinfo_proc) == KINFO_PROC_SIZE, "FreeBSD's LP64 size");
#endif

#endif /* _KVM_PROC_H_ */
