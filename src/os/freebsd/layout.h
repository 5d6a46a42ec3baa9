/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel structures that state is read from: members by name, with every
 * name a member has had since 11.0, newest first.  A member that this kernel
 * lacks, or that is not known without types, has size 0 and reads as 0.
 */
#ifndef KVMI_FREEBSD_LAYOUT_H
#define KVMI_FREEBSD_LAYOUT_H

#include "os/kernel.h"

enum kvmi_freebsd_member {
	/* struct proc */
	PROC_LIST, PROC_HASH, PROC_THREADS, PROC_PID, PROC_COMM, PROC_STATE,
	PROC_FLAG, PROC_FLAG2, PROC_UCRED, PROC_FD, PROC_PD, PROC_STATS,
	PROC_SIGACTS, PROC_PPTR, PROC_OPPID, PROC_SIGLIST, PROC_VMSPACE,
	PROC_SWTICK, PROC_RU, PROC_RUX, PROC_CRUX, PROC_TRACEFLAG,
	PROC_TRACEVP, PROC_KTRIOPARMS, PROC_TEXTVP, PROC_LOCK, PROC_SYSENT,
	PROC_ARGS, PROC_NICE, PROC_FIBNUM, PROC_XEXIT, PROC_XSIG, PROC_XSTAT,
	PROC_PGRP, PROC_NUMTHREADS, PROC_ACFLAG, PROC_REAPER,
	PROC_REAPSUBTREE,
	/* struct thread */
	TD_PLIST, TD_TID, TD_NAME, TD_FLAGS, TD_INHIBITORS, TD_WCHAN,
	TD_WMESG, TD_BLOCKED, TD_LOCKNAME, TD_SLPTICK, TD_COW, TD_RU, TD_RUX,
	TD_INCRUNTIME, TD_STICKS, TD_ITICKS, TD_UTICKS, TD_SIGMASK,
	TD_SIGLIST, TD_BASE_PRI, TD_PRIORITY, TD_PRI_CLASS, TD_USER_PRI,
	TD_PCB, TD_STATE, TD_KSTACK, TD_KSTACK_PAGES, TD_LASTCPU, TD_ONCPU,
	TD_SCHED, TD_PFLAGS2, TD_EXTERR,
	/* struct ucred, loginclass, prison */
	CR_UID, CR_RUID, CR_SVUID, CR_NGROUPS, CR_GID, CR_RGID, CR_SVGID,
	CR_PRISON, CR_LOGINCLASS, CR_FLAGS, CR_GROUPS, LC_NAME, PR_ID,
	/* struct sigacts, pstats */
	PS_SIGIGNORE, PS_SIGCATCH, PS_START, PS_CRU,
	/* struct pgrp, session, tty, cdev_priv */
	PG_ID, PG_SESSION, PG_JOBC, S_SID, S_LOGIN, S_TTYVP, S_LEADER, S_TTYP,
	T_DEV, T_PGRP, T_SESSION, CDP_C, CDP_INODE,
	/* struct vmspace, sysentvec, ktr_io_params */
	VM_SIZE, VM_RESIDENT, VM_SWRSS, VM_TSIZE, VM_DSIZE, VM_SSIZE, SV_NAME,
	KTR_VP,
	/* struct td_sched */
	TS_TICKS, TS_LTICK, TS_FTICK, TS_PCTCPU, TS_ESTCPU,
	/* struct rusage_ext, rusage, timeval */
	RUX_RUNTIME, RUX_UTICKS, RUX_STICKS, RUX_ITICKS, RUX_UU, RUX_SU,
	RUX_TU, RU_MAXRSS, TV_SEC, TV_USEC,

	KVMI_FREEBSD_MEMBERS
};

struct kvmi_freebsd_layout {
	struct kvmi_member m[KVMI_FREEBSD_MEMBERS];
	uint64_t	 thread_size;	/* 0: not known */
	bool		 typed;		/* else only what the kernel exports */
};

/*
 * Resolve all, from the types or, without them, from the offsets that the
 * kernel exports for debuggers.  Fails when neither gives what it takes to
 * find processes.
 */
int kvmi_freebsd_layout(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_freebsd_layout *ret);

/* "proc.p_pid" */
const char *kvmi_freebsd_member_name(enum kvmi_freebsd_member id);

/* A member that is a number; *ret is 0 on failure, or when there is none. */
int kvmi_freebsd_get(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t base, const struct kvmi_member *m, uint64_t *ret);

#endif
