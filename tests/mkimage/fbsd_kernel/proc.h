/* SPDX-License-Identifier: BSD-2-Clause */
/* sys/proc.h: sessions, process groups, processes, threads. */
#ifndef FBSD_PROC_H
#define FBSD_PROC_H

#include "resource.h"

struct session {
	u_int		 s_count;
	struct proc	*s_leader;
	struct vnode	*s_ttyvp;
	struct cdev_priv *s_ttydp;
	struct tty	*s_ttyp;
	pid_t		 s_sid;
	/* roundup(MAXLOGNAME, sizeof(long)) */
	char		 s_login[(MAXLOGNAME + sizeof(long) - 1) /
			    sizeof(long) * sizeof(long)];
	struct mtx	 s_mtx;
};

struct pgrp {
	LIST_ENTRY(pgrp) pg_hash;
	LIST_HEAD(, proc) pg_members;
	struct session	*pg_session;
	SLIST_ENTRY(sigio) pg_sigiolst;
	pid_t		 pg_id;
	struct mtx	 pg_mtx;
	int		 pg_flags;
};

struct pargs {
	u_int		 ar_ref;
	u_int		 ar_length;
	u_char		 ar_args[1];
};

struct sigacts {
	void		(*ps_sigact[128])(int);
	sigset_t	 ps_catchmask[128];
	sigset_t	 ps_sigonstack;
	sigset_t	 ps_sigintr;
	sigset_t	 ps_sigreset;
	sigset_t	 ps_signodefer;
	sigset_t	 ps_siginfo;
	sigset_t	 ps_sigignore;
	sigset_t	 ps_sigcatch;
	sigset_t	 ps_freesigact;
	sigset_t	 ps_usertramp;
	sigset_t	 ps_oldsigact;
	int		 ps_flag;
	u_int		 ps_refcnt;
	struct mtx	 ps_mtx;
};

typedef struct __siginfo {
	int		 si_signo;
	int		 si_errno;
	int		 si_code;
	pid_t		 si_pid;
	uid_t		 si_uid;
	int		 si_status;
	void		*si_addr;
	union { int sival_int; void *sival_ptr; } si_value;
	union { long __spare1__; int __spare2__[7]; } _reason;
} siginfo_t;

struct domainset_ref {
	struct domainset *volatile dr_policy;
	u_int		 dr_iter;
};

struct syscall_args {
	u_int		 code;
	u_int		 original_code;
	struct sysent	*callp;
	register_t	 args[8];
};

/* The machine's own parts are longer on most of them. */
struct mdthread {
	int		 md_spinlock_count;
	register_t	 md_saved_flags;
};

struct mdproc {
	void		*md_ldt;
	u_int		 md_flags;
};

struct thread {
	struct mtx	*volatile td_lock;
	struct proc	*td_proc;
	TAILQ_ENTRY(thread) td_plist;
	TAILQ_ENTRY(thread) td_runq;
	union {
		TAILQ_ENTRY(thread) td_slpq;
		struct thread	*td_zombie;
	};
	TAILQ_ENTRY(thread) td_lockq;
	LIST_ENTRY(thread) td_hash;
	struct cpuset	*td_cpuset;
	struct domainset_ref td_domain;
	struct seltd	*td_sel;
	struct sleepqueue *td_sleepqueue;
	struct turnstile *td_turnstile;
	struct rl_q_entry *td_rlqe;
	struct umtx_q	*td_umtxq;
	lwpid_t		 td_tid;
	sigqueue_t	 td_sigqueue;
	u_char		 td_lend_user_pri;
	u_char		 td_allocdomain;
	u_char		 td_base_ithread_pri;
	u_char		 td_epochnest;
	int		 td_flags;
	int		 td_inhibitors;
	int		 td_pflags;
	int		 td_pflags2;
	int		 td_dupfd;
	int		 td_sqqueue;
	const void	*td_wchan;
	const char	*td_wmesg;
	volatile u_char	 td_owepreempt;
	u_char		 td_tsqueue;
	short		 td_locks;
	short		 td_rw_rlocks;
	short		 td_sx_slocks;
	short		 td_lk_slocks;
	short		 td_stopsched;
	struct turnstile *td_blocked;
	const char	*td_lockname;
	LIST_HEAD(, turnstile) td_contested;
	struct lock_list_entry *td_sleeplocks;
	int		 td_intr_nesting_level;
	int		 td_pinned;
	struct ucred	*td_realucred;
	struct ucred	*td_ucred;
	struct plimit	*td_limit;
	int		 td_slptick;
	int		 td_blktick;
	int		 td_swvoltick;
	int		 td_swinvoltick;
	u_int		 td_cow;
	struct rusage	 td_ru;
	struct rusage_ext td_rux;
	uint64_t	 td_incruntime;
	uint64_t	 td_runtime;
	u_int		 td_pticks;
	u_int		 td_sticks;
	u_int		 td_iticks;
	u_int		 td_uticks;
	int		 td_intrval;
	sigset_t	 td_oldsigmask;
	volatile u_int	 td_generation;
	struct { void *ss_sp; size_t ss_size; int ss_flags; } td_sigstk;
	int		 td_xsig;
	u_long		 td_profil_addr;
	u_int		 td_profil_ticks;
	char		 td_name[MAXCOMLEN + 1];
	struct file	*td_fpop;
	int		 td_dbgflags;
	siginfo_t	 td_si;
	int		 td_ng_outbound;
	struct osd	 td_osd;
	struct vm_map_entry *td_map_def_user;
	pid_t		 td_dbg_forked;
	struct vnode	*td_vp_reserved;
	u_int		 td_no_sleeping;
	void		*td_su;
	sbintime_t	 td_sleeptimo;
	int		 td_rtcgen;
	int		 td_errno;
	size_t		 td_vslock_sz;
	struct kcov_info *td_kcov_info;
	long		 td_ucredref;
	sigset_t	 td_sigmask;
	u_char		 td_rqindex;
	u_char		 td_base_pri;
	u_char		 td_priority;
	u_char		 td_pri_class;
	u_char		 td_user_pri;
	u_char		 td_base_user_pri;
	uintptr_t	 td_rb_list;
	uintptr_t	 td_rbp_list;
	uintptr_t	 td_rb_inact;
	struct syscall_args td_sa;
	void		*td_sigblock_ptr;
	uint32_t	 td_sigblock_val;
	struct pcb	*td_pcb;
	enum td_states {
		TDS_INACTIVE = 0,
		TDS_INHIBITED,
		TDS_CAN_RUN,
		TDS_RUNQ,
		TDS_RUNNING
	} td_state;
	union {
		register_t	tdu_retval[2];
		off_t		tdu_off;
	} td_uretoff;
	u_int		 td_cowgen;
	struct callout	 td_slpcallout;
	struct trapframe *td_frame;
	vm_offset_t	 td_kstack;
	int		 td_kstack_pages;
	volatile u_int	 td_critnest;
	struct mdthread	 td_md;
	struct kaudit_record *td_ar;
	LIST_HEAD(, lock_profile_object) td_lprof[2];
	struct kdtrace_thread *td_dtrace;
	struct vnet	*td_vnet;
	const char	*td_vnet_lpush;
	struct trapframe *td_intr_frame;
	struct proc	*td_rfppwait_p;
	struct vm_page	**td_ma;
	int		 td_ma_cnt;
	void		*td_emuldata;
	int		 td_lastcpu;
	int		 td_oncpu;
	void		*td_lkpi_task;
	int		 td_pmcpend;
	void		*td_remotereq;
	off_t		 td_ktr_io_lim;
};

struct proc {
	LIST_ENTRY(proc) p_list;
	TAILQ_HEAD(, thread) p_threads;
	struct mtx	 p_slock;
	struct ucred	*p_ucred;
	struct filedesc	*p_fd;
	struct filedesc_to_leader *p_fdtol;
	struct pwddesc	*p_pd;
	struct pstats	*p_stats;
	struct plimit	*p_limit;
	struct callout	 p_limco;
	struct sigacts	*p_sigacts;
	int		 p_flag;
	int		 p_flag2;
	enum p_states {
		PRS_NEW = 0,
		PRS_NORMAL,
		PRS_ZOMBIE
	} p_state;
	pid_t		 p_pid;
	LIST_ENTRY(proc) p_hash;
	LIST_ENTRY(proc) p_pglist;
	struct proc	*p_pptr;
	LIST_ENTRY(proc) p_sibling;
	LIST_HEAD(, proc) p_children;
	struct proc	*p_reaper;
	LIST_HEAD(, proc) p_reaplist;
	LIST_ENTRY(proc) p_reapsibling;
	struct mtx	 p_mtx;
	struct mtx	 p_statmtx;
	struct mtx	 p_itimmtx;
	struct mtx	 p_profmtx;
	struct ksiginfo	*p_ksi;
	sigqueue_t	 p_sigqueue;
	pid_t		 p_oppid;
	struct vmspace	*p_vmspace;
	u_int		 p_swtick;
	u_int		 p_cowgen;
	struct itimerval p_realtimer;
	struct rusage	 p_ru;
	struct rusage_ext p_rux;
	struct rusage_ext p_crux;
	int		 p_profthreads;
	volatile int	 p_exitthreads;
	int		 p_traceflag;
	struct ktr_io_params *p_ktrioparms;
	struct vnode	*p_textvp;
	u_int		 p_lock;
	SLIST_ENTRY(sigio) p_sigiolst;
	int		 p_sigparent;
	int		 p_sig;
	u_int		 p_ptevents;
	struct kaioinfo	*p_aioinfo;
	struct thread	*p_singlethread;
	int		 p_suspcount;
	struct thread	*p_xthread;
	int		 p_boundary_count;
	int		 p_pendingcnt;
	struct itimers	*p_itimers;
	struct procdesc	*p_procdesc;
	u_int		 p_treeflag;
	int		 p_pendingexits;
	struct filemon	*p_filemon;
	int		 p_pdeathsig;
	u_int		 p_magic;
	int		 p_osrel;
	uint32_t	 p_fctl0;
	char		 p_comm[MAXCOMLEN + 1];
	struct sysentvec *p_sysent;
	struct pargs	*p_args;
	rlim_t		 p_cpulimit;
	signed char	 p_nice;
	int		 p_fibnum;
	pid_t		 p_reapsubtree;
	uint64_t	 p_elf_flags;
	void		*p_elf_brandinfo;
	sbintime_t	 p_umtx_min_timeout;
	u_int		 p_xexit;
	u_int		 p_xsig;
	struct pgrp	*p_pgrp;
	struct knlist	*p_klist;
	int		 p_numthreads;
	struct mdproc	 p_md;
	struct callout	 p_itcallout;
	u_short		 p_acflag;
	struct proc	*p_peers;
	struct proc	*p_leader;
	void		*p_emuldata;
	struct label	*p_label;
	STAILQ_HEAD(, ktr_request) p_ktr;
	LIST_HEAD(, mqueue_notifier) p_mqnotifier;
	struct kdtrace_proc *p_dtrace;
	struct cv	 p_pwait;
	uint64_t	 p_prev_runtime;
	struct racct	*p_racct;
	int		 p_throttled;
	LIST_ENTRY(proc) p_orphan;
	LIST_HEAD(, proc) p_orphans;
	TAILQ_HEAD(, kq_timer_cb_data) p_kqtim_stop;
	LIST_ENTRY(proc) p_jaillist;
};

#endif
