/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the threads of a process have in common.  Members are the running
 * kernel's (fill_kinfo_proc_only() and fill_kinfo_proc_pgrp() of
 * sys/kern/kern_proc.c), but for those that FreeBSD's libkvm fills otherwise
 * on a dump.
 */
#include "base/endian.h"
#include "base/math.h"
#include "os/freebsd/lister.h"

#define NODEV		UINT64_MAX

/* sys/proc.h, sys/ucred.h, sys/user.h */
#define P_JAILED	0x01000000
#define CRED_FLAG_CAPMODE 0x00000001

static void
fill_groups(struct kvmi_freebsd_lister *x, struct kinfo_proc *ki,
    uint64_t cred)
{
	bool apart = x->l.m[CR_GID].size != 0;
	uint64_t at = kvmi_lget(x, cred, CR_GROUPS);
	uint64_t n = kvmi_lget(x, cred, CR_NGROUPS), v;

	if (apart)
		ki->ki_groups[ki->ki_ngroups++] = (uint32_t)kvmi_lget(x, cred,
		    CR_GID);
	if ((int64_t)n < 0)
		n = 0;
	if (n > (uint64_t)(KI_NGROUPS - ki->ki_ngroups)) {
		n = (uint64_t)(KI_NGROUPS - ki->ki_ngroups);
		ki->ki_cr_flags |= KI_CRF_GRP_OVERFLOW;
	}
	for (uint64_t i = 0; i < n; i++) {
		if (kvmi_kread_uint(x->k, x->cx, at + 4 * i, 4, &v) != 0) {
			kvmi_damage(x->cx);
			return;
		}
		ki->ki_groups[ki->ki_ngroups++] = (uint32_t)v;
	}
}

static void
fill_cred(struct kvmi_freebsd_lister *x, struct kinfo_proc *ki)
{
	uint64_t cred = kvmi_lget(x, ki->ki_paddr, PROC_UCRED), prison;

	if (cred == 0)
		return;
	ki->ki_uid = (uint32_t)kvmi_lget(x, cred, CR_UID);
	ki->ki_ruid = (uint32_t)kvmi_lget(x, cred, CR_RUID);
	ki->ki_svuid = (uint32_t)kvmi_lget(x, cred, CR_SVUID);
	ki->ki_rgid = (uint32_t)kvmi_lget(x, cred, CR_RGID);
	ki->ki_svgid = (uint32_t)kvmi_lget(x, cred, CR_SVGID);
	if ((kvmi_lget(x, cred, CR_FLAGS) & CRED_FLAG_CAPMODE) != 0)
		ki->ki_cr_flags |= KI_CRF_CAPABILITY_MODE;
	fill_groups(x, ki, cred);
	prison = kvmi_lget(x, cred, CR_PRISON);
	ki->ki_jid = (int32_t)kvmi_lget(x, prison, PR_ID);
	if (ki->ki_jid != 0 || (x->prison0 != 0 && prison != 0 &&
	    prison != x->prison0))
		ki->ki_flag |= P_JAILED;
	kvmi_lister_name(x, kvmi_lget(x, cred, CR_LOGINCLASS), LC_NAME,
	    ki->ki_loginclass, sizeof(ki->ki_loginclass));
}

/* dev2udev() of sys/fs/devfs/devfs_devs.c: around each cdev is a cdev_priv. */
static uint64_t
device_number(struct kvmi_freebsd_lister *x, uint64_t cdev)
{
	if (cdev == 0 || x->l.m[CDP_INODE].size == 0)
		return (NODEV);
	return (kvmi_lget(x, cdev - x->l.m[CDP_C].off, CDP_INODE));
}

static void
fill_session(struct kvmi_freebsd_lister *x, struct kinfo_proc *ki)
{
	uint64_t pgrp = kvmi_lget(x, ki->ki_paddr, PROC_PGRP), session, tty = 0;

	ki->ki_pgid = (int32_t)kvmi_lget(x, pgrp, PG_ID);
	/* Since 13 the counter is not kept. */
	ki->ki_jobc = pgrp == 0 ? 0 : x->l.m[PG_JOBC].size == 0 ? -1 :
	    (int16_t)kvmi_lget(x, pgrp, PG_JOBC);
	session = kvmi_lget(x, pgrp, PG_SESSION);
	if (session != 0) {
		ki->ki_sid = (int32_t)kvmi_lget(x, session, S_SID);
		kvmi_lister_name(x, session, S_LOGIN, ki->ki_login,
		    sizeof(ki->ki_login));
		if (kvmi_lget(x, session, S_TTYVP) != 0)
			ki->ki_kiflag |= KI_CTTY;
		if (kvmi_lget(x, session, S_LEADER) == ki->ki_paddr)
			ki->ki_kiflag |= KI_SLEADER;
		tty = kvmi_lget(x, session, S_TTYP);
	}
	ki->ki_tdev = NODEV;
	ki->ki_tpgid = -1;
	if ((ki->ki_flag & P_CONTROLT) != 0 && tty != 0) {
		pgrp = kvmi_lget(x, tty, T_PGRP);
		ki->ki_tdev = device_number(x, kvmi_lget(x, tty, T_DEV));
		ki->ki_tpgid = pgrp == 0 ? -1 :
		    (int32_t)kvmi_lget(x, pgrp, PG_ID);
		session = kvmi_lget(x, tty, T_SESSION);
		ki->ki_tsid = (int32_t)kvmi_lget(x, session, S_SID);
	}
	ki->ki_tdev_freebsd11 = (uint32_t)ki->ki_tdev;
}

void
kvmi_lister_fill_identity(struct kvmi_freebsd_lister *x,
    struct kinfo_proc *ki)
{
	ki->ki_pid = (int32_t)kvmi_lget(x, ki->ki_paddr, PROC_PID);
	if (!x->l.typed)
		return;
	ki->ki_flag = (int64_t)kvmi_lget(x, ki->ki_paddr, PROC_FLAG);
	fill_cred(x, ki);
	fill_session(x, ki);
}

static void
fill_parent(struct kvmi_freebsd_lister *x, struct kinfo_proc *ki)
{
	uint64_t parent = kvmi_lget(x, ki->ki_paddr, PROC_PPTR);
	uint64_t reaper = kvmi_lget(x, ki->ki_paddr, PROC_REAPER);
	int32_t pid = (int32_t)kvmi_lget(x, parent, PROC_PID);

	/* Set while the parent is another, its tracer; since 12.0 always. */
	ki->ki_ppid = (int32_t)kvmi_lget(x, ki->ki_paddr, PROC_OPPID);
	if (ki->ki_ppid == 0)
		ki->ki_ppid = pid;
	if ((ki->ki_flag & P_TRACED) != 0)
		ki->ki_tracer = pid;
	ki->ki_reaper = (int32_t)kvmi_lget(x, reaper, PROC_PID);
	ki->ki_reapsubtree = (int32_t)kvmi_lget(x, ki->ki_paddr,
	    PROC_REAPSUBTREE);
}

static void
fill_memory(struct kvmi_freebsd_lister *x, struct kinfo_proc *ki)
{
	uint64_t vm = ki->ki_vmspace;

	ki->ki_size = kvmi_lget(x, vm, VM_SIZE);
	ki->ki_rssize = (int64_t)kvmi_lget(x, vm, VM_RESIDENT);
	ki->ki_swrss = (int64_t)kvmi_lget(x, vm, VM_SWRSS);
	ki->ki_tsize = (int64_t)kvmi_lget(x, vm, VM_TSIZE);
	ki->ki_dsize = (int64_t)kvmi_lget(x, vm, VM_DSIZE);
	ki->ki_ssize = (int64_t)kvmi_lget(x, vm, VM_SSIZE);
}

/* KW_EXITCODE() of sys/wait.h. */
static uint16_t
wait_status(struct kvmi_freebsd_lister *x, uint64_t proc)
{
	if (x->l.m[PROC_XEXIT].size == 0)
		return ((uint16_t)kvmi_lget(x, proc, PROC_XSTAT));
	return ((uint16_t)((kvmi_lget(x, proc, PROC_XEXIT) & 0xff) << 8 |
	    (kvmi_lget(x, proc, PROC_XSIG) & 0xff)));
}

static void
fill_start(struct kvmi_freebsd_lister *x, struct kinfo_proc *ki)
{
	uint64_t stats = kvmi_lget(x, ki->ki_paddr, PROC_STATS);

	if (stats == 0 || x->l.m[PS_START].size == 0)
		return;
	/* Since boot. */
	ki->ki_start.tv_sec = (int64_t)((uint64_t)x->boot.tv_sec +
	    kvmi_lget_in(x, stats, PS_START, TV_SEC));
	ki->ki_start.tv_usec = (int64_t)((uint64_t)x->boot.tv_usec +
	    kvmi_lget_in(x, stats, PS_START, TV_USEC));
	if (ki->ki_start.tv_usec >= 1000000 &&
	    ki->ki_start.tv_sec != INT64_MAX) {
		ki->ki_start.tv_usec -= 1000000;
		ki->ki_start.tv_sec++;
	}
}

void
kvmi_lister_fill_proc(struct kvmi_freebsd_lister *x, struct kinfo_proc *ki)
{
	uint64_t p = ki->ki_paddr;
	uint64_t sigacts;

	kvmi_lister_name(x, p, PROC_COMM, ki->ki_comm, sizeof(ki->ki_comm));
	if (!x->l.typed)
		return;
	ki->ki_args = kvmi_lget(x, p, PROC_ARGS);
	ki->ki_textvp = kvmi_lget(x, p, PROC_TEXTVP);
	ki->ki_tracep = x->l.m[PROC_TRACEVP].size != 0 ?
	    kvmi_lget(x, p, PROC_TRACEVP) :
	    kvmi_lget(x, kvmi_lget(x, p, PROC_KTRIOPARMS), KTR_VP);
	ki->ki_traceflag = (int32_t)kvmi_lget(x, p, PROC_TRACEFLAG);
	ki->ki_fd = kvmi_lget(x, p, PROC_FD);
	ki->ki_pd = kvmi_lget(x, p, PROC_PD);
	ki->ki_vmspace = kvmi_lget(x, p, PROC_VMSPACE);
	ki->ki_flag2 = (int32_t)kvmi_lget(x, p, PROC_FLAG2);
	sigacts = kvmi_lget(x, p, PROC_SIGACTS);
	kvmi_lister_signals(x, sigacts, PS_SIGIGNORE, &ki->ki_sigignore);
	kvmi_lister_signals(x, sigacts, PS_SIGCATCH, &ki->ki_sigcatch);
	kvmi_lister_signals(x, p, PROC_SIGLIST, &ki->ki_siglist);
	ki->ki_sflag = (ki->ki_flag & P_INMEM) != 0 ? PS_INMEM : 0;
	if (x->hz != 0)
		ki->ki_swtime = ((uint32_t)x->ticks -
		    (uint32_t)kvmi_lget(x, p, PROC_SWTICK)) / (uint32_t)x->hz;
	ki->ki_nice = (signed char)kvmi_lget(x, p, PROC_NICE);
	ki->ki_fibnum = (int32_t)kvmi_lget(x, p, PROC_FIBNUM);
	kvmi_lister_string(x, kvmi_lget(x, p, PROC_SYSENT), SV_NAME, ki->ki_emul,
	    sizeof(ki->ki_emul));
	ki->ki_xstat = wait_status(x, p);
	ki->ki_acflag = (uint16_t)kvmi_lget(x, p, PROC_ACFLAG);
	ki->ki_lock = (char)kvmi_lget(x, p, PROC_LOCK);
	fill_parent(x, ki);
	fill_start(x, ki);
	if (kvmi_lget(x, p, PROC_STATE) == KVMI_PRS_ZOMBIE)
		ki->ki_stat = SZOMB;
	else
		fill_memory(x, ki);
}
