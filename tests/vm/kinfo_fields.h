/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which fields of a kinfo_proc are the same on the running system and on a
 * dump that was taken a moment later.
 */
#ifndef KINFO_FIELDS_H
#define KINFO_FIELDS_H

#include <kvm.h>

#include <stddef.h>
#include <string.h>

enum kinfo_rule {
	ALWAYS,		/* the same, whatever the process does */
	ASLEEP,		/* the same when it sleeps all the time */
	ALONE,		/* and is alone: /proc forgets threads that ended */
	GROWS,		/* no less in the dump; a number of 8 bytes */
	ADDRESS		/* 0 on the running system */
};

struct kinfo_field {
	const char	*name;
	size_t		 off, len;
	enum kinfo_rule	 rule;
};

#define KINFO(member, rule) \
	{ #member, offsetof(struct kinfo_proc, member), \
	    sizeof(((struct kinfo_proc *)0)->member), rule }

/*
 * Not here: ki_start, which is told in ticks on one side, ki_rssize, of which
 * threads keep a part back up to Linux 6.1, ki_comm, ki_wmesg, ki_xstat,
 * ki_flag, ki_pctcpu and ki_slptime; check_kinfo() in test_guest.c has rules of their own for them.
 */
static const struct kinfo_field kinfo_fields[] = {
	KINFO(ki_structsize, ALWAYS), KINFO(ki_layout, ALWAYS),
	KINFO(ki_args, ALWAYS), KINFO(ki_paddr, ADDRESS),
	KINFO(ki_addr, ALWAYS), KINFO(ki_tracep, ALWAYS),
	KINFO(ki_textvp, ADDRESS), KINFO(ki_fd, ADDRESS),
	KINFO(ki_vmspace, ADDRESS), KINFO(ki_wchan, ALWAYS),
	KINFO(ki_pid, ALWAYS), KINFO(ki_ppid, ALWAYS),
	KINFO(ki_pgid, ALWAYS), KINFO(ki_tpgid, ALWAYS),
	KINFO(ki_sid, ALWAYS), KINFO(ki_tsid, ALWAYS),
	KINFO(ki_jobc, ALWAYS), KINFO(ki_tdev_freebsd11, ALWAYS),
	KINFO(ki_siglist, ASLEEP), KINFO(ki_sigmask, ASLEEP),
	KINFO(ki_sigignore, ALWAYS), KINFO(ki_sigcatch, ALWAYS),
	KINFO(ki_uid, ALWAYS), KINFO(ki_ruid, ALWAYS),
	KINFO(ki_svuid, ALWAYS), KINFO(ki_rgid, ALWAYS),
	KINFO(ki_svgid, ALWAYS), KINFO(ki_ngroups, ALWAYS),
	KINFO(ki_groups, ALWAYS), KINFO(ki_size, ASLEEP),
	KINFO(ki_swrss, ASLEEP), KINFO(ki_tsize, ALWAYS),
	KINFO(ki_dsize, ASLEEP), KINFO(ki_ssize, ASLEEP),
	KINFO(ki_acflag, ALWAYS),
	KINFO(ki_estcpu, ALWAYS), KINFO(ki_swtime, GROWS),
	KINFO(ki_cow, ALWAYS), KINFO(ki_runtime, GROWS),
	KINFO(ki_runtime, ASLEEP), KINFO(ki_kiflag, ALWAYS),
	KINFO(ki_traceflag, ALWAYS), KINFO(ki_stat, ASLEEP),
	KINFO(ki_nice, ALWAYS), KINFO(ki_lock, ALWAYS),
	KINFO(ki_rqindex, ALWAYS), KINFO(ki_oncpu_old, ASLEEP),
	KINFO(ki_lastcpu_old, ASLEEP),
	KINFO(ki_login, ALWAYS), KINFO(ki_lockname, ALWAYS),
	KINFO(ki_emul, ALWAYS), KINFO(ki_loginclass, ALWAYS),
	KINFO(ki_sparestrings, ALWAYS), KINFO(ki_spareints, ALWAYS),
	KINFO(ki_tdev, ALWAYS), KINFO(ki_oncpu, ASLEEP),
	KINFO(ki_lastcpu, ASLEEP), KINFO(ki_tracer, ALWAYS),
	KINFO(ki_flag2, ALWAYS), KINFO(ki_fibnum, ALWAYS),
	KINFO(ki_cr_flags, ALWAYS), KINFO(ki_jid, ALWAYS),
	KINFO(ki_numthreads, ALWAYS), KINFO(ki_tid, ALWAYS),
	KINFO(ki_pri, ASLEEP),
	KINFO(ki_rusage.ru_ixrss, ALWAYS), KINFO(ki_rusage.ru_idrss, ALWAYS),
	KINFO(ki_rusage.ru_isrss, ALWAYS), KINFO(ki_rusage.ru_minflt, GROWS),
	KINFO(ki_rusage.ru_minflt, ASLEEP), KINFO(ki_rusage.ru_majflt, GROWS),
	KINFO(ki_rusage.ru_majflt, ASLEEP), KINFO(ki_rusage.ru_nswap, ALWAYS),
	KINFO(ki_rusage.ru_inblock, GROWS), KINFO(ki_rusage.ru_inblock, ASLEEP),
	KINFO(ki_rusage.ru_oublock, GROWS), KINFO(ki_rusage.ru_oublock, ASLEEP),
	KINFO(ki_rusage.ru_msgsnd, ALWAYS), KINFO(ki_rusage.ru_msgrcv, ALWAYS),
	KINFO(ki_rusage.ru_nsignals, ALWAYS),
	KINFO(ki_rusage.ru_nvcsw, GROWS), KINFO(ki_rusage.ru_nvcsw, ALONE),
	KINFO(ki_rusage.ru_nivcsw, GROWS), KINFO(ki_rusage.ru_nivcsw, ALONE),
	KINFO(ki_rusage_ch.ru_minflt, ASLEEP),
	KINFO(ki_rusage_ch.ru_majflt, ASLEEP),
	KINFO(ki_pcb, ADDRESS), KINFO(ki_kstack, ADDRESS),
	KINFO(ki_udata, ALWAYS), KINFO(ki_tdaddr, ADDRESS),
	KINFO(ki_pd, ALWAYS), KINFO(ki_uerrmsg, ALWAYS),
	KINFO(ki_spareptrs, ALWAYS),
	KINFO(ki_sparelongs, ALWAYS), KINFO(ki_sflag, ALWAYS),
	KINFO(ki_tdflags, ASLEEP),
};

static inline int64_t
kinfo_number(const struct kinfo_proc *ki, const struct kinfo_field *f)
{
	int64_t v = 0;

	memcpy(&v, (const char *)ki + f->off, f->len < 8 ? f->len : 8);
	return (v);
}

/* Does f of the dump fit what it was on the running system? */
static inline bool
kinfo_agrees(const struct kinfo_field *f, const struct kinfo_proc *live,
    const struct kinfo_proc *dump, bool asleep)
{
	switch (f->rule) {
	case ALONE:
		if (live->ki_numthreads > 1)
			return (true);
		/* FALLTHROUGH */
	case ASLEEP:
		if (!asleep)
			return (true);
		/* FALLTHROUGH */
	case ALWAYS:
		return (memcmp((const char *)live + f->off,
		    (const char *)dump + f->off, f->len) == 0);
	case GROWS:
		return (kinfo_number(live, f) <= kinfo_number(dump, f));
	default:
		return (kinfo_number(live, f) == 0);
	}
}

#endif
