/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/freebsd/layout.h"

#include <inttypes.h>

#include "base/math.h"
#include "os/freebsd/freebsd.h"

/* struct proc and struct thread have less than 2 KiB. */
#define MAX_OFFSET	65536

#define NAME_SIZE	(COMMLEN + 1)	/* MAXCOMLEN + 1, p_comm and td_name */

static const char *const spellings[KVMI_FREEBSD_MEMBERS] = {
	[PROC_LIST] = "proc.p_list",
	[PROC_HASH] = "proc.p_hash",
	[PROC_THREADS] = "proc.p_threads",
	[PROC_PID] = "proc.p_pid",
	[PROC_COMM] = "proc.p_comm",
	[PROC_STATE] = "proc.p_state",
	[PROC_FLAG] = "proc.p_flag",
	[PROC_FLAG2] = "proc.p_flag2",
	[PROC_UCRED] = "proc.p_ucred",
	[PROC_FD] = "proc.p_fd",
	[PROC_PD] = "proc.p_pd",			/* 13.0 */
	[PROC_STATS] = "proc.p_stats",
	[PROC_SIGACTS] = "proc.p_sigacts",
	[PROC_PPTR] = "proc.p_pptr",
	[PROC_OPPID] = "proc.p_oppid",
	[PROC_SIGLIST] = "proc.p_sigqueue.sq_signals",
	[PROC_VMSPACE] = "proc.p_vmspace",
	[PROC_SWTICK] = "proc.p_swtick",
	[PROC_RU] = "proc.p_ru",
	[PROC_RUX] = "proc.p_rux",
	[PROC_CRUX] = "proc.p_crux",
	[PROC_TRACEFLAG] = "proc.p_traceflag",
	[PROC_TRACEVP] = "proc.p_tracevp",		/* until 13.0 */
	[PROC_KTRIOPARMS] = "proc.p_ktrioparms",
	[PROC_TEXTVP] = "proc.p_textvp",
	[PROC_LOCK] = "proc.p_lock",
	[PROC_SYSENT] = "proc.p_sysent",
	[PROC_ARGS] = "proc.p_args",
	[PROC_NICE] = "proc.p_nice",
	[PROC_FIBNUM] = "proc.p_fibnum",
	[PROC_XEXIT] = "proc.p_xexit",
	[PROC_XSIG] = "proc.p_xsig",
	[PROC_XSTAT] = "proc.p_xstat",		/* until 10 */
	[PROC_PGRP] = "proc.p_pgrp",
	[PROC_NUMTHREADS] = "proc.p_numthreads",
	[PROC_ACFLAG] = "proc.p_acflag",
	[PROC_REAPER] = "proc.p_reaper",
	[PROC_REAPSUBTREE] = "proc.p_reapsubtree",
	[TD_PLIST] = "thread.td_plist",
	[TD_TID] = "thread.td_tid",
	[TD_NAME] = "thread.td_name",
	[TD_FLAGS] = "thread.td_flags",
	[TD_INHIBITORS] = "thread.td_inhibitors",
	[TD_WCHAN] = "thread.td_wchan",
	[TD_WMESG] = "thread.td_wmesg",
	[TD_BLOCKED] = "thread.td_blocked",
	[TD_LOCKNAME] = "thread.td_lockname",
	[TD_SLPTICK] = "thread.td_slptick",
	[TD_COW] = "thread.td_cow",		/* 13.1 */
	[TD_RU] = "thread.td_ru",
	[TD_RUX] = "thread.td_rux",
	[TD_INCRUNTIME] = "thread.td_incruntime",
	[TD_STICKS] = "thread.td_sticks",
	[TD_ITICKS] = "thread.td_iticks",
	[TD_UTICKS] = "thread.td_uticks",
	[TD_SIGMASK] = "thread.td_sigmask",
	[TD_SIGLIST] = "thread.td_sigqueue.sq_signals",
	[TD_BASE_PRI] = "thread.td_base_pri",
	[TD_PRIORITY] = "thread.td_priority",
	[TD_PRI_CLASS] = "thread.td_pri_class",
	[TD_USER_PRI] = "thread.td_user_pri",
	[TD_PCB] = "thread.td_pcb",
	[TD_STATE] = "thread.td_state",
	[TD_KSTACK] = "thread.td_kstack",
	[TD_KSTACK_PAGES] = "thread.td_kstack_pages",
	[TD_LASTCPU] = "thread.td_lastcpu",
	[TD_ONCPU] = "thread.td_oncpu",
	[TD_SCHED] = "thread.td_sched",		/* until 10; now behind it */
	[TD_PFLAGS2] = "thread.td_pflags2",
	[TD_EXTERR] = "thread.td_exterr_ptr",	/* 15.0 */
	[CR_UID] = "ucred.cr_uid",
	[CR_RUID] = "ucred.cr_ruid",
	[CR_SVUID] = "ucred.cr_svuid",
	[CR_NGROUPS] = "ucred.cr_ngroups",
	[CR_GID] = "ucred.cr_gid",		/* 15.0; before, cr_groups[0] */
	[CR_RGID] = "ucred.cr_rgid",
	[CR_SVGID] = "ucred.cr_svgid",
	[CR_PRISON] = "ucred.cr_prison",
	[CR_LOGINCLASS] = "ucred.cr_loginclass",
	[CR_FLAGS] = "ucred.cr_flags",
	[CR_GROUPS] = "ucred.cr_groups",
	[LC_NAME] = "loginclass.lc_name",
	[PR_ID] = "prison.pr_id",
	[PS_SIGIGNORE] = "sigacts.ps_sigignore",
	[PS_SIGCATCH] = "sigacts.ps_sigcatch",
	[PS_START] = "pstats.p_start",
	[PS_CRU] = "pstats.p_cru",
	[PG_ID] = "pgrp.pg_id",
	[PG_SESSION] = "pgrp.pg_session",
	[PG_JOBC] = "pgrp.pg_jobc",		/* until 12 */
	[S_SID] = "session.s_sid",
	[S_LOGIN] = "session.s_login",
	[S_TTYVP] = "session.s_ttyvp",
	[S_LEADER] = "session.s_leader",
	[S_TTYP] = "session.s_ttyp",
	[T_DEV] = "tty.t_dev",
	[T_PGRP] = "tty.t_pgrp",
	[T_SESSION] = "tty.t_session",
	[CDP_C] = "cdev_priv.cdp_c",
	[CDP_INODE] = "cdev_priv.cdp_inode",
	[VM_SIZE] = "vmspace.vm_map.size",
	[VM_RESIDENT] = "vmspace.vm_pmap.pm_stats.resident_count",
	[VM_SWRSS] = "vmspace.vm_swrss",
	[VM_TSIZE] = "vmspace.vm_tsize",
	[VM_DSIZE] = "vmspace.vm_dsize",
	[VM_SSIZE] = "vmspace.vm_ssize",
	[SV_NAME] = "sysentvec.sv_name",
	[KTR_VP] = "ktr_io_params.vp",
	[TS_TICKS] = "td_sched.ts_ticks",	/* of ULE */
	[TS_LTICK] = "td_sched.ts_ltick",
	[TS_FTICK] = "td_sched.ts_ftick",
	[TS_PCTCPU] = "td_sched.ts_pctcpu",	/* of 4BSD */
	[TS_ESTCPU] = "td_sched.ts_estcpu",
	[RUX_RUNTIME] = "rusage_ext.rux_runtime",
	[RUX_UTICKS] = "rusage_ext.rux_uticks",
	[RUX_STICKS] = "rusage_ext.rux_sticks",
	[RUX_ITICKS] = "rusage_ext.rux_iticks",
	[RUX_UU] = "rusage_ext.rux_uu",
	[RUX_SU] = "rusage_ext.rux_su",
	[RUX_TU] = "rusage_ext.rux_tu",
	[RU_MAXRSS] = "rusage.ru_maxrss",
	[TV_SEC] = "timeval.tv_sec",
	[TV_USEC] = "timeval.tv_usec",
};

/* What kernels since 11.0 export (sys/kern/kern_proc.c, kern_thread.c). */
static const struct {
	enum kvmi_freebsd_member id;
	const char	*name;
	uint32_t	 size;		/* 0: a pointer's */
	bool		 needed;
} exported[] = {
	{ PROC_LIST, "proc_off_p_list", 0, true },
	{ PROC_PID, "proc_off_p_pid", 4, true },
	{ PROC_COMM, "proc_off_p_comm", NAME_SIZE, true },
	{ PROC_THREADS, "proc_off_p_threads", 0, true },
	{ PROC_HASH, "proc_off_p_hash", 0, false },	/* 13.0 */
	{ TD_PLIST, "thread_off_td_plist", 0, true },
	{ TD_TID, "thread_off_td_tid", 4, true },
	{ TD_NAME, "thread_off_td_name", NAME_SIZE, false },
	{ TD_ONCPU, "thread_off_td_oncpu", 4, false },
	{ TD_PCB, "thread_off_td_pcb", 0, false },
};

static int
missing(struct kvmi_cx *cx, const char *name, const char *why)
{
	return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "processes cannot be found: "
	    "the kernel file has no %s (FreeBSD 11 and later have it), and "
	    "there are no types: %s", name, why));
}

static int
from_exported(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *why,
    struct kvmi_freebsd_layout *l)
{
	for (size_t i = 0; i < KVMI_COUNT(exported); i++) {
		struct kvmi_member *m = &l->m[exported[i].id];
		int32_t off;
		int r = kvmi_freebsd_int(k, cx, exported[i].name, &off);

		if (r == 0 && (off < 0 || off >= MAX_OFFSET))
			r = kvmi_fail(&cx->err, KVMI_EFORMAT, "%s is %" PRId32,
			    exported[i].name, off);
		if (r == KVMI_ENOENT && exported[i].needed)
			return (missing(cx, exported[i].name, why));
		if (r != 0 && exported[i].needed)
			return (kvmi_wrap(&cx->err, r, "processes cannot be "
			    "found"));
		if (r == 0)
			*m = (struct kvmi_member){ .off = (uint64_t)off,
				.size = exported[i].size != 0 ?
				exported[i].size : k->arch->pointer_size,
				.count = 1,
				.is_signed = exported[i].size == 4 };
	}
	return (0);
}

static bool
complete(const struct kvmi_freebsd_layout *l)
{
	for (size_t i = 0; i < KVMI_COUNT(exported); i++)
		if (exported[i].needed && l->m[exported[i].id].size == 0)
			return (false);
	return (true);
}

/* KVMI_ENOENT: the types are not those of a kernel. */
static int
from_types(struct kvmi_types *t, struct kvmi_freebsd_layout *l,
    struct kvmi_err *err)
{
	for (size_t i = 0; i < KVMI_FREEBSD_MEMBERS; i++)
		if (kvmi_type_first(t, spellings[i], &l->m[i], err) != 0)
			l->m[i] = (struct kvmi_member){ 0 };
	if (kvmi_type_size(t, "thread", &l->thread_size, err) != 0)
		l->thread_size = 0;
	l->typed = complete(l);
	return (l->typed ? 0 : kvmi_fail(err, KVMI_ENOENT, "%s: no struct "
	    "proc and struct thread in it", t->where));
}

int
kvmi_freebsd_layout(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_freebsd_layout *ret)
{
	struct kvmi_types *t;
	struct kvmi_err why;
	int r;

	*ret = (struct kvmi_freebsd_layout){ 0 };
	r = kvmi_kernel_types(k, cx, &t);
	if (r == 0)
		r = from_types(t, ret, &cx->err);
	if (r == 0 || r == KVMI_ENOMEM)
		return (r);
	why = cx->err;
	*ret = (struct kvmi_freebsd_layout){ 0 };
	return (from_exported(k, cx, why.text, ret));
}

const char *
kvmi_freebsd_member_name(enum kvmi_freebsd_member id)
{
	return (spellings[id]);
}

int
kvmi_freebsd_get(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t base,
    const struct kvmi_member *m, uint64_t *ret)
{
	struct kvmi_member here = *m;
	uint8_t raw[8];
	int r;

	*ret = 0;
	if (m->size == 0)
		return (0);
	if (m->size > sizeof(raw))
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "a member of %"
		    PRIu64 " bytes where a number should be", m->size));
	r = kvmi_kread(k, cx, base + m->off, raw, (size_t)m->size);
	here.off = 0;
	here.count = 1;
	if (r == 0)
		*ret = kvmi_member_get(&here, raw, sizeof(raw),
		    k->big_endian);
	return (r);
}
