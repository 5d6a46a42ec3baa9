/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes of FreeBSD kernels of several releases, word sizes and byte
 * orders, by the layouts that compilers chose; whole and damaged.
 */
#include "typed_memory.h"

#define HZ	100
#define TICKS	90000u
#define FREQ	UINT64_C(2000000)	/* two ticks a microsecond */
#define WILD	UINT64_C(0x7fff0000)

const struct typed_var typed_vars[] = {
	{ "allproc", 0 }, { "zombproc", 0 }, { "nprocs", 4 }, { "ticks", 4 },
	{ "hz", 4 }, { "cpu_tick_frequency", 8 }, { "prison0", 0 },
	{ "timehands", 0 }, { "pidhashtbl", 0 }, { "pidhash", 0 },
};
const size_t typed_nvars = KVMI_COUNT(typed_vars);

struct made {
	uint64_t	 proc[3], thread[3];	/* parent, child, zombie */
	uint64_t	 cred, groups, session, pgrp, tty, vmspace;
};

static void
link_next(struct typed *w, uint64_t at, const char *list, uint64_t next)
{
	bytes_poke(&w->mem, (size_t)typed_at(w, at, list, NULL), next,
	    w->ptr);
}

static uint64_t
add_thread(struct typed *w, int tid, const char *name)
{
	uint64_t td = typed_new(w, "thread");
	uint64_t size, sched;
	struct kvmi_err err;

	assert_int_equal(kvmi_type_size(w->k.types, "thread", &size, &err),
	    0);
	/* What the scheduler keeps is behind it. */
	sched = td + size;
	w->top = sched;
	typed_new(w, "td_sched");
	typed_set(w, td, "thread.td_tid", (uint64_t)tid);
	typed_text(w, typed_at(w, td, "thread.td_name", NULL), name);
	typed_set(w, td, "thread.td_oncpu", UINT32_MAX);
	typed_set(w, td, "thread.td_lastcpu", 300);
	typed_set(w, td, "thread.td_state", 1);
	if (typed_has(w, "td_sched.ts_ticks")) {
		typed_set(w, sched, "td_sched.ts_ltick", TICKS - 10 * 2);
		typed_set(w, sched, "td_sched.ts_ftick", TICKS - HZ * 10);
		/* A quarter of ten seconds. */
		typed_set(w, sched, "td_sched.ts_ticks", HZ * 10 / 4 << 10);
	} else {
		typed_set(w, sched, "td_sched.ts_pctcpu", 512);
		typed_set(w, sched, "td_sched.ts_estcpu", 7);
	}
	return (td);
}

static uint64_t
add_proc(struct typed *w, int pid, const char *name, uint64_t thread)
{
	uint64_t p = typed_new(w, "proc");

	typed_set(w, p, "proc.p_pid", (uint64_t)pid);
	typed_text(w, typed_at(w, p, "proc.p_comm", NULL), name);
	typed_set(w, p, "proc.p_state", 1);
	link_next(w, p, "proc.p_threads", thread);
	typed_set(w, p, "proc.p_numthreads", 1);
	typed_set(w, p, "proc.p_swtick", TICKS - 5 * HZ);
	return (p);
}

static void
add_cred(struct typed *w, struct made *m)
{
	uint64_t prison = typed_new(w, "prison");
	uint64_t class = typed_new(w, "loginclass");

	m->cred = typed_new(w, "ucred");
	m->groups = typed_alloc(w, 4 * 32);
	for (unsigned int i = 0; i < 32; i++)
		bytes_poke(&w->mem, (size_t)m->groups + 4 * i, 500 + i, 4);
	typed_set(w, m->cred, "ucred.cr_uid", 4000000000);
	typed_set(w, m->cred, "ucred.cr_ruid", 11);
	typed_set(w, m->cred, "ucred.cr_svuid", 12);
	typed_set(w, m->cred, "ucred.cr_rgid", 13);
	typed_set(w, m->cred, "ucred.cr_svgid", 14);
	typed_set(w, m->cred, "ucred.cr_ngroups", 3);
	typed_set(w, m->cred, "ucred.cr_groups", m->groups);
	typed_set(w, m->cred, "ucred.cr_prison", prison);
	typed_set(w, m->cred, "ucred.cr_loginclass", class);
	typed_set(w, prison, "prison.pr_id", 5);
	typed_text(w, typed_at(w, class, "loginclass.lc_name", NULL),
	    "a class of more than 17");
	if (typed_has(w, "ucred.cr_gid"))
		typed_set(w, m->cred, "ucred.cr_gid", 99);
}

static void
add_session(struct typed *w, struct made *m)
{
	uint64_t dev = typed_new(w, "cdev_priv");

	m->session = typed_new(w, "session");
	m->pgrp = typed_new(w, "pgrp");
	m->tty = typed_new(w, "tty");
	typed_set(w, m->pgrp, "pgrp.pg_id", 77);
	typed_set(w, m->pgrp, "pgrp.pg_session", m->session);
	if (typed_has(w, "pgrp.pg_jobc"))
		typed_set(w, m->pgrp, "pgrp.pg_jobc", 2);
	typed_set(w, m->session, "session.s_sid", 76);
	typed_text(w, typed_at(w, m->session, "session.s_login", NULL), "me");
	typed_set(w, m->session, "session.s_ttyvp", 1);
	typed_set(w, m->session, "session.s_ttyp", m->tty);
	typed_set(w, m->tty, "tty.t_dev", typed_at(w, dev, "cdev_priv.cdp_c",
	    NULL));
	typed_set(w, m->tty, "tty.t_pgrp", m->pgrp);
	typed_set(w, m->tty, "tty.t_session", m->session);
	typed_set(w, dev, "cdev_priv.cdp_inode", 0x75);
}

static void
set_signals(struct typed *w, uint64_t base, const char *member, uint32_t v)
{
	uint64_t at = typed_at(w, base, member, NULL);

	for (unsigned int i = 0; i < 4; i++)
		bytes_poke(&w->mem, (size_t)at + 4 * i, v + i, 4);
}

/* The member of the struct rusage_ext or rusage at base. */
static void
set_in(struct typed *w, uint64_t base, const char *outer, const char *member,
    uint64_t v)
{
	typed_set(w, typed_at(w, base, outer, NULL), member, v);
}

static void
add_usage(struct typed *w, const struct made *m)
{
	uint64_t p = m->proc[1], td = m->thread[1];
	uint64_t stats = typed_new(w, "pstats");

	/* Ten seconds, of which a quarter is in user mode. */
	set_in(w, p, "proc.p_rux", "rusage_ext.rux_runtime", 9 * 1000000 * 2);
	typed_set(w, td, "thread.td_incruntime", 1000000 * 2);
	set_in(w, p, "proc.p_rux", "rusage_ext.rux_uticks", 20);
	typed_set(w, td, "thread.td_uticks", 5);
	set_in(w, p, "proc.p_rux", "rusage_ext.rux_sticks", 50);
	typed_set(w, td, "thread.td_iticks", 25);
	set_in(w, td, "thread.td_rux", "rusage_ext.rux_runtime", 8);
	set_in(w, p, "proc.p_ru", "rusage.ru_maxrss", 10);
	set_in(w, td, "thread.td_ru", "rusage.ru_maxrss", 20);
	set_in(w, p, "proc.p_ru", "rusage.ru_minflt", 10);
	set_in(w, td, "thread.td_ru", "rusage.ru_minflt", 20);
	set_in(w, p, "proc.p_ru", "rusage.ru_nivcsw", 1);
	/* More was told than is there now: the clock was slowed. */
	set_in(w, p, "proc.p_crux", "rusage_ext.rux_runtime", 4 * 1000000);
	set_in(w, p, "proc.p_crux", "rusage_ext.rux_uticks", 1);
	set_in(w, p, "proc.p_crux", "rusage_ext.rux_tu", 2000001);
	set_in(w, p, "proc.p_crux", "rusage_ext.rux_uu", 1700001);
	set_in(w, p, "proc.p_crux", "rusage_ext.rux_su", 300000);
	typed_set(w, p, "proc.p_stats", stats);
	set_in(w, stats, "pstats.p_cru", "rusage.ru_majflt", 3);
	set_in(w, stats, "pstats.p_start", "timeval.tv_sec", 50);
	set_in(w, stats, "pstats.p_start", "timeval.tv_usec", 700000);
}

static void
fill_child(struct typed *w, struct made *m)
{
	uint64_t p = m->proc[1], td = m->thread[1];
	uint64_t abi = typed_new(w, "sysentvec");
	uint64_t acts = typed_new(w, "sigacts");

	add_cred(w, m);
	add_session(w, m);
	m->vmspace = typed_new(w, "vmspace");
	typed_set(w, m->vmspace, "vmspace.vm_map.size", 0x123000);
	typed_set(w, m->vmspace, "vmspace.vm_pmap.pm_stats.resident_count",
	    9);
	typed_set(w, m->vmspace, "vmspace.vm_dsize", 4);
	typed_set(w, p, "proc.p_ucred", m->cred);
	typed_set(w, p, "proc.p_pgrp", m->pgrp);
	typed_set(w, p, "proc.p_vmspace", m->vmspace);
	typed_set(w, p, "proc.p_flag", P_CONTROLT | P_TRACED | 0x10000000);
	typed_set(w, p, "proc.p_pptr", m->proc[0]);
	typed_set(w, p, "proc.p_oppid", 42);
	typed_set(w, p, "proc.p_reaper", m->proc[0]);
	typed_set(w, p, "proc.p_reapsubtree", 43);
	typed_set(w, p, "proc.p_sysent", abi);
	typed_set(w, abi, "sysentvec.sv_name", typed_string(w,
	    "an ABI of more than 16"));
	typed_set(w, p, "proc.p_sigacts", acts);
	set_signals(w, acts, "sigacts.ps_sigcatch", 0x100);
	set_signals(w, acts, "sigacts.ps_sigignore", 0x200);
	set_signals(w, p, "proc.p_sigqueue.sq_signals", 0x400);
	set_signals(w, td, "thread.td_sigqueue.sq_signals", 0x800);
	set_signals(w, td, "thread.td_sigmask", 0x1000);
	typed_set(w, p, "proc.p_nice", (uint64_t)-7);
	typed_set(w, td, "thread.td_inhibitors", 2 | 8);
	typed_set(w, td, "thread.td_wmesg", typed_string(w, "a reason"));
	typed_set(w, td, "thread.td_lockname", typed_string(w, "a lock's"));
	typed_set(w, td, "thread.td_flags", 0x80000008);
	typed_set(w, td, "thread.td_slptick", TICKS - 3 * HZ);
	if (typed_has(w, "thread.td_exterr_ptr")) {
		typed_set(w, td, "thread.td_pflags2", 0x20);
		typed_set(w, td, "thread.td_exterr_ptr", 0x7ffe1230);
	}
	if (typed_has(w, "thread.td_cow"))
		typed_set(w, td, "thread.td_cow", 6);
	if (typed_has(w, "proc.p_ktrioparms")) {
		uint64_t k = typed_new(w, "ktr_io_params");

		typed_set(w, p, "proc.p_ktrioparms", k);
		typed_set(w, k, "ktr_io_params.vp", 0xabc0);
	} else {
		typed_set(w, p, "proc.p_tracevp", 0xabc0);
	}
	add_usage(w, m);
}

/* init, a child with everything, and a zombie of no threads' fields. */
static bool
make(struct typed *w, int i, struct made *m)
{
	uint64_t hands;

	*m = (struct made){ .groups = 0 };
	if (!typed_init(w, samples[i]))
		return (false);
	for (int j = 0; j < 3; j++) {
		m->thread[j] = add_thread(w, 100001 + j, "a thread of 19 bytes");
		m->proc[j] = add_proc(w, j + 1, "nineteen characters",
		    m->thread[j]);
	}
	fill_child(w, m);
	typed_set(w, m->proc[2], "proc.p_state", 2);
	typed_set(w, m->proc[2], "proc.p_xexit", 0x103);
	typed_set(w, m->proc[2], "proc.p_xsig", 9);
	typed_set(w, m->proc[2], "proc.p_vmspace", m->vmspace);
	link_next(w, m->proc[0], "proc.p_list", m->proc[1]);
	link_next(w, m->proc[1], "proc.p_list", m->proc[2]);
	typed_set_var(w, "allproc", m->proc[0]);
	typed_set_var(w, "nprocs", 3);
	typed_set_var(w, "ticks", TICKS);
	typed_set_var(w, "hz", HZ);
	typed_set_var(w, "cpu_tick_frequency", FREQ);
	hands = typed_new(w, "timehands");
	typed_set_var(w, "timehands", hands);
	typed_set(w, hands, "timehands.th_boottime.sec", 1000);
	typed_set(w, hands, "timehands.th_boottime.frac", UINT64_C(1) << 63);
	typed_open(w);
	return (true);
}

static size_t
list(struct typed *w, int op, int arg, bool threads, struct kvmi_procs *p)
{
	int r;

	*p = (struct kvmi_procs){ 0 };
	r = kvmi_freebsd_procs(&w->k, w->cx, op, arg, threads, p);
	if (r != 0)
		fail_msg("%s: %s", w->name, w->cx->err.text);
	return (p->n);
}

static void
check_child(struct typed *w, const struct made *m, const struct kinfo_proc *k)
{
	const char *n = w->name;
	bool apart = typed_has(w, "ucred.cr_gid");

	UTIL_EQ(n, k->ki_paddr, m->proc[1]);
	UTIL_EQ(n, k->ki_pid, 2);
	UTIL_EQ(n, k->ki_ppid, 42);
	UTIL_EQ(n, k->ki_tracer, 1);
	UTIL_EQ(n, k->ki_reaper, 1);
	UTIL_EQ(n, k->ki_reapsubtree, 43);
	UTIL_EQ(n, k->ki_uid, 4000000000);
	UTIL_EQ(n, k->ki_svuid, 12);
	UTIL_EQ(n, k->ki_ngroups, apart ? 4 : 3);
	UTIL_EQ(n, k->ki_groups[0], apart ? 99 : 500);
	UTIL_EQ(n, k->ki_groups[k->ki_ngroups - 1], 502);
	UTIL_EQ(n, k->ki_jid, 5);
	UTIL_EQ(n, k->ki_flag, P_CONTROLT | P_TRACED | 0x11000000);
	UTIL_EQ(n, k->ki_sflag, 1);
	UTIL_STR(n, k->ki_loginclass, "a class of more t");
	UTIL_EQ(n, k->ki_pgid, 77);
	UTIL_EQ(n, k->ki_jobc, typed_has(w, "pgrp.pg_jobc") ? 2 : -1);
	UTIL_EQ(n, k->ki_sid, 76);
	UTIL_EQ(n, k->ki_tsid, 76);
	UTIL_EQ(n, k->ki_tpgid, 77);
	UTIL_EQ(n, k->ki_tdev, 0x75);
	UTIL_STR(n, k->ki_login, "me");
	UTIL_EQ(n, k->ki_kiflag, KI_CTTY | KI_LOCKBLOCK);
	UTIL_STR(n, k->ki_emul, "an ABI of more t");
	UTIL_EQ(n, k->ki_sigcatch.__bits[3], 0x103);
	UTIL_EQ(n, k->ki_sigignore.__bits[1], 0x201);
	UTIL_EQ(n, k->ki_siglist.__bits[2], 0xc02);
	UTIL_EQ(n, k->ki_sigmask.__bits[0], 0x1000);
	UTIL_EQ(n, k->ki_uerrmsg, typed_has(w, "thread.td_exterr_ptr") ?
	    0x7ffe1230 : 0);
	UTIL_EQ(n, k->ki_nice, -7);
	UTIL_EQ(n, k->ki_size, 0x123000);
	UTIL_EQ(n, k->ki_rssize, 9);
	UTIL_EQ(n, k->ki_dsize, 4);
	UTIL_EQ(n, k->ki_stat, SSLEEP);
	UTIL_EQ(n, k->ki_tdflags, -(INT64_C(1) << 31) + 8);
	UTIL_STR(n, k->ki_wmesg, "a reason");
	UTIL_STR(n, k->ki_lockname, "a lock's");
	UTIL_EQ(n, k->ki_lastcpu, 300);
	UTIL_EQ(n, k->ki_lastcpu_old, 254);
	UTIL_EQ(n, k->ki_oncpu, -1);
	UTIL_EQ(n, k->ki_oncpu_old, 255);
	UTIL_EQ(n, k->ki_slptime, 3);
	UTIL_EQ(n, k->ki_swtime, 5);
	UTIL_EQ(n, k->ki_tracep, 0xabc0);
	UTIL_EQ(n, k->ki_start.tv_sec, 1051);
	UTIL_EQ(n, k->ki_start.tv_usec, 200000);
	UTIL_EQ(n, k->ki_cow, typed_has(w, "thread.td_cow") ? 6 : 0);
	UTIL_EQ(n, k->ki_pctcpu, 512);
	UTIL_EQ(n, k->ki_estcpu, typed_has(w, "td_sched.ts_estcpu") ? 7 : 0);
	UTIL_STR(n, k->ki_tdname, "a thread of 19 b");
	UTIL_STR(n, k->ki_moretdname, "yte");
}

static void
check_usage(const char *n, const struct kinfo_proc *k)
{
	UTIL_EQ(n, k->ki_runtime, 10000000);
	UTIL_EQ(n, k->ki_rusage.ru_utime.tv_sec, 2);
	UTIL_EQ(n, k->ki_rusage.ru_utime.tv_usec, 500000);
	UTIL_EQ(n, k->ki_rusage.ru_stime.tv_sec, 5);
	UTIL_EQ(n, k->ki_rusage.ru_maxrss, 20);
	UTIL_EQ(n, k->ki_rusage.ru_minflt, 30);
	UTIL_EQ(n, k->ki_rusage.ru_nivcsw, 1);
	UTIL_EQ(n, k->ki_rusage_ch.ru_majflt, 3);
	UTIL_EQ(n, k->ki_rusage_ch.ru_utime.tv_usec, 700001);
	UTIL_EQ(n, k->ki_rusage_ch.ru_stime.tv_usec, 300000);
	UTIL_EQ(n, k->ki_childtime.tv_sec, 2);
	UTIL_EQ(n, k->ki_childtime.tv_usec, 1);
}

static void
check_zombie(const char *n, const struct kinfo_proc *k)
{
	UTIL_EQ(n, k->ki_pid, 3);
	UTIL_EQ(n, k->ki_stat, SZOMB);
	UTIL_EQ(n, k->ki_xstat, 0x309);
	UTIL_EQ(n, k->ki_tid, 0);
	UTIL_EQ(n, k->ki_size, 0);
	UTIL_EQ(n, k->ki_tdev, UINT64_MAX);
	UTIL_EQ(n, k->ki_tpgid, -1);
	UTIL_EQ(n, k->ki_oncpu, -1);
}

static void
test_fields(void **state)
{
	struct kvmi_procs p;
	struct made m;
	struct typed w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!make(&w, i, &m))
			continue;
		UTIL_EQ(w.name, list(&w, KERN_PROC_PROC, 0, false, &p), 3);
		UTIL_EQ(w.name, w.cx->damage, 0);
		check_child(&w, &m, &p.v[1]);
		check_usage(w.name, &p.v[1]);
		check_zombie(w.name, &p.v[2]);
		free(p.v);
		/* A thread has its own times; of a zombie there is none. */
		UTIL_EQ(w.name, list(&w, KERN_PROC_ALL, 0, true, &p), 3);
		check_child(&w, &m, &p.v[1]);
		UTIL_EQ(w.name, p.v[1].ki_runtime, 1000004);
		UTIL_EQ(w.name, p.v[1].ki_rusage.ru_minflt, 20);
		check_zombie(w.name, &p.v[2]);
		free(p.v);
		typed_done(&w);
	}
}

static void
test_selections(void **state)
{
	static const struct {
		int	op, arg;
		size_t	n;
	} row[] = {
		{ KERN_PROC_PID, 2, 1 }, { KERN_PROC_PID, 4, 0 },
		{ KERN_PROC_PGRP, 77, 1 }, { KERN_PROC_PGRP, 0, 2 },
		{ KERN_PROC_SESSION, 76, 1 }, { KERN_PROC_TTY, 0x75, 1 },
		{ KERN_PROC_TTY, -1, 0 },
		{ KERN_PROC_UID, (int)4000000000, 1 },
		{ KERN_PROC_RUID, 11, 1 }, { KERN_PROC_RGID, 13, 1 },
		{ KERN_PROC_RGID, 0, 2 },
	};
	struct kvmi_procs p;
	struct made m;
	struct typed w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!make(&w, i, &m))
			continue;
		for (size_t j = 0; j < KVMI_COUNT(row); j++) {
			UTIL_EQ(w.name, list(&w, row[j].op, row[j].arg, false,
			    &p), row[j].n);
			free(p.v);
		}
		UTIL_EQ(w.name, list(&w, KERN_PROC_GID, typed_has(&w,
		    "ucred.cr_gid") ? 99 : 500, false, &p), 1);
		free(p.v);
		typed_done(&w);
	}
}

/* More groups than there is room for, and counts that are none. */
static void
test_groups(void **state)
{
	static const struct {
		int	 groups, kept;
		bool	 more;
	} row[] = { { 0, 0, false }, { 16, 16, false }, { 17, 16, true },
		{ INT32_MAX, 16, true }, { -1, 0, false } };
	struct kvmi_procs p;
	struct made m;
	struct typed w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!make(&w, i, &m))
			continue;
		for (size_t j = 0; j < KVMI_COUNT(row); j++) {
			int own = typed_has(&w, "ucred.cr_gid");
			int groups = row[j].groups > 0 ? row[j].groups - own :
			    row[j].groups;

			typed_set(&w, m.cred, "ucred.cr_ngroups",
			    (uint64_t)groups);
			typed_open(&w);
			list(&w, KERN_PROC_PID, 2, false, &p);
			UTIL_EQ(w.name, p.v[0].ki_ngroups, row[j].groups > 0 ?
			    row[j].kept : own);
			UTIL_EQ(w.name, p.v[0].ki_cr_flags, row[j].more ?
			    KI_CRF_GRP_OVERFLOW : 0);
			free(p.v);
		}
		typed_done(&w);
	}
}

/* Each pointer in turn leads nowhere: its fields are lost and no others. */
static void
test_wild(void **state)
{
	static const char *const pointer[] = { "proc.p_ucred", "proc.p_pgrp",
		"proc.p_vmspace", "proc.p_sigacts", "proc.p_sysent",
		"proc.p_stats", "proc.p_pptr", "proc.p_reaper" };
	struct kvmi_procs p;
	struct made m;
	struct typed w;

	(void)state;
	for (int i = 0; i < n_samples; i++)
		for (size_t j = 0; j < KVMI_COUNT(pointer); j++) {
			if (!make(&w, i, &m))
				continue;
			typed_set(&w, m.proc[1], pointer[j], WILD);
			typed_open(&w);
			UTIL_EQ(w.name, list(&w, KERN_PROC_PROC, 0, true,
			    &p), 3);
			UTIL_EQ(pointer[j], w.cx->damage >= 1, 1);
			UTIL_EQ(pointer[j], w.cx->damage <= 3, 1);
			UTIL_EQ(pointer[j], p.v[1].ki_pid, 2);
			UTIL_STR(pointer[j], p.v[1].ki_comm,
			    "nineteen characters");
			free(p.v);
			typed_done(&w);
		}
}

/* Lists that come back on themselves, and one that ends in nowhere. */
static void
test_broken_lists(void **state)
{
	struct kvmi_procs p;
	struct made m;
	struct typed w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!make(&w, i, &m))
			continue;
		link_next(&w, m.proc[2], "proc.p_list", m.proc[1]);
		typed_open(&w);
		UTIL_EQ(w.name, list(&w, KERN_PROC_PROC, 0, false, &p), 3);
		UTIL_EQ(w.name, w.cx->damage >= 1, 1);
		free(p.v);
		link_next(&w, m.proc[2], "proc.p_list", 0);
		link_next(&w, m.thread[0], "thread.td_plist", m.thread[0]);
		typed_open(&w);
		UTIL_EQ(w.name, list(&w, KERN_PROC_ALL, 0, true, &p), 3);
		UTIL_EQ(w.name, w.cx->damage >= 1, 1);
		free(p.v);
		link_next(&w, m.thread[0], "thread.td_plist", 0);
		link_next(&w, m.proc[0], "proc.p_list", WILD);
		typed_open(&w);
		UTIL_EQ(w.name, list(&w, KERN_PROC_ALL, 0, true, &p), 1);
		UTIL_EQ(w.name, w.cx->damage >= 1, 1);
		free(p.v);
		typed_done(&w);
	}
}

/* A clock that stands still and a frequency of none divide by nothing. */
static void
test_no_clocks(void **state)
{
	struct kvmi_procs p;
	struct made m;
	struct typed w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!make(&w, i, &m))
			continue;
		typed_set_var(&w, "hz", 0);
		typed_set_var(&w, "cpu_tick_frequency", 0);
		typed_set_var(&w, "timehands", WILD);
		typed_open(&w);
		list(&w, KERN_PROC_PID, 2, false, &p);
		UTIL_EQ(w.name, p.v[0].ki_runtime, 0);
		UTIL_EQ(w.name, p.v[0].ki_slptime, 0);
		UTIL_EQ(w.name, p.v[0].ki_start.tv_sec, 50);
		free(p.v);
		typed_done(&w);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_selections),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_wild),
		cmocka_unit_test(test_broken_lists),
		cmocka_unit_test(test_no_clocks),
	};

	typed_samples(argc, argv);
	return (cmocka_run_group_tests(tests, NULL, util_report));
}
