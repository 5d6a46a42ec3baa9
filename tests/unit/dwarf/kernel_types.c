/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structures of FreeBSD kernels of RELEASE, by the names of their members and
 * with these in another order: who reads them has to ask where they are.
 */
typedef unsigned int u_int;
typedef unsigned char u_char;
typedef unsigned long long uint64;

struct timeval {
	long		 tv_sec;
	long		 tv_usec;
};

struct bintime {
	long		 sec;
	uint64		 frac;
};

struct timehands {
	struct bintime	 th_offset;
	struct bintime	 th_boottime;
};

struct rusage {
	struct timeval	 ru_utime, ru_stime;
	long		 ru_maxrss, ru_ixrss, ru_idrss, ru_isrss, ru_minflt,
			 ru_majflt, ru_nswap, ru_inblock, ru_oublock,
			 ru_msgsnd, ru_msgrcv, ru_nsignals, ru_nvcsw,
			 ru_nivcsw;
};

struct rusage_ext {
	uint64		 rux_runtime, rux_uticks, rux_sticks, rux_iticks,
			 rux_uu, rux_su, rux_tu;
};

typedef struct {
	unsigned int	 __bits[4];
} sigset_t;

struct sigqueue {
	void		*sq_proc;
	sigset_t	 sq_signals;
};

struct link {
	void		*le_next, *le_prev;
};

enum td_states { TDS_INACTIVE, TDS_INHIBITED, TDS_CAN_RUN, TDS_RUNQ,
    TDS_RUNNING };

struct thread {
	char		 td_name[20];
	struct link	 td_plist;
	int		 td_tid;
	int		 td_oncpu, td_lastcpu;
	int		 td_flags, td_inhibitors;
	enum td_states	 td_state;
	u_char		 td_priority, td_base_pri, td_pri_class, td_user_pri;
	const void	*td_wchan;
	const char	*td_wmesg, *td_lockname;
	void		*td_blocked, *td_pcb;
	struct sigqueue	 td_sigqueue;
	sigset_t	 td_sigmask;
	struct rusage	 td_ru;
	struct rusage_ext td_rux;
	uint64		 td_incruntime;
	u_int		 td_sticks, td_iticks, td_uticks;
	int		 td_slptick;
	unsigned long	 td_kstack;
	int		 td_kstack_pages;
#if RELEASE >= 13
	u_int		 td_cow;
#endif
#if RELEASE >= 15
	int		 td_pflags2;
	void		*td_exterr_ptr;
#endif
};

struct td_sched {
#ifdef SCHED_4BSD
	u_int		 ts_estcpu, ts_pctcpu;
#else
	int		 ts_ltick, ts_ftick, ts_ticks;
#endif
};

struct loginclass {
	char		 lc_name[33];
};

struct prison {
	int		 pr_id;
	char		 pr_hostname[256];
};

struct ucred {
	u_int		 cr_flags;
	u_int		 cr_uid, cr_ruid, cr_svuid, cr_rgid, cr_svgid;
#if RELEASE >= 15
	u_int		 cr_gid;
#endif
	int		 cr_ngroups;
	u_int		*cr_groups;
	struct prison	*cr_prison;
	struct loginclass *cr_loginclass;
};

struct sigacts {
	sigset_t	 ps_sigcatch, ps_sigignore;
};

struct pstats {
	struct rusage	 p_cru;
	struct timeval	 p_start;
};

struct cdev {
	void		*si_spare0;
	char		 si_name[64];
};

struct cdev_priv {
	u_int		 cdp_flags;
	struct cdev	 cdp_c;
	uint64		 cdp_inode;
};

struct tty {
	struct cdev	*t_dev;
	struct pgrp	*t_pgrp;
	struct session	*t_session;
};

struct session {
	int		 s_sid;
	char		 s_login[40];
	void		*s_ttyvp;
	struct proc	*s_leader;
	struct tty	*s_ttyp;
};

struct pgrp {
#if RELEASE < 13
	int		 pg_jobc;
#endif
	struct session	*pg_session;
	int		 pg_id;
};

struct vmspace {
	struct {
		int	 busy;
		unsigned long size;
	} vm_map;
	long		 vm_swrss, vm_tsize, vm_dsize, vm_ssize;
	struct {
		struct {
			long resident_count;
		} pm_stats;
	} vm_pmap;
};

struct sysentvec {
	char		*sv_name;
};

struct ktr_io_params {
	void		*vp;
};

struct proc {
	int		 p_pid;
	char		 p_comm[20];
	struct link	 p_hash, p_list;
	struct {
		struct thread *tqh_first, **tqh_last;
	} p_threads;
	enum { PRS_NEW, PRS_NORMAL, PRS_ZOMBIE } p_state;
	int		 p_flag, p_flag2;
	struct ucred	*p_ucred;
	void		*p_fd;
#if RELEASE >= 13
	void		*p_pd;
	struct ktr_io_params *p_ktrioparms;
#else
	void		*p_tracevp;
#endif
	void		*p_textvp, *p_args;
	struct pstats	*p_stats;
	struct sigacts	*p_sigacts;
	struct proc	*p_pptr, *p_reaper;
	int		 p_oppid, p_reapsubtree;
	struct sigqueue	 p_sigqueue;
	struct vmspace	*p_vmspace;
	u_int		 p_swtick;
	struct rusage	 p_ru;
	struct rusage_ext p_rux, p_crux;
	int		 p_traceflag;
	u_int		 p_lock;
	struct sysentvec *p_sysent;
	signed char	 p_nice;
	int		 p_fibnum;
	u_int		 p_xexit, p_xsig;
	struct pgrp	*p_pgrp;
	int		 p_numthreads;
	unsigned short	 p_acflag;
};

struct pcpu {
	void		*pc_curthread;
	u_int		 pc_cpuid;
	long		 pc_cp_time[5];
#if RELEASE >= 13
	unsigned long	 pc_zpcpu_offset;
#endif
	char		 pc_pad[64];
};

struct vnode {
	int		 v_type;
#if RELEASE >= 12
	union {
		void	*v_mountedhere;
		struct cdev *v_rdev;
	};
#endif
};

struct swdevt {
	int		 sw_flags, sw_nblks, sw_used;
#if RELEASE >= 12
	uint64		 sw_dev;
#else
	u_int		 sw_dev;
#endif
	struct vnode	*sw_vp;
	void		*sw_id;
	struct {
		struct swdevt *tqe_next, **tqe_prev;
	} sw_list;
};

#if defined(__aarch64__)
struct pcb {
#if RELEASE >= 14
	uint64		 pcb_x[12];
#else
	uint64		 pcb_x[30];
	uint64		 pcb_lr;
#endif
	uint64		 pcb_sp;
};

struct trapframe {
	uint64		 tf_sp, tf_lr, tf_elr;
	unsigned int	 tf_spsr, tf_esr;
	uint64		 tf_x[30];
};
#else
struct pcb {
	long		 pcb_r15, pcb_r14, pcb_r13, pcb_r12, pcb_rbp, pcb_rsp,
			 pcb_rbx, pcb_rip;
};

struct trapframe {
	long		 tf_rdi, tf_rbp, tf_rip, tf_cs, tf_rsp;
};
#endif

struct pcb pcb_;
struct trapframe trapframe_;
struct pcpu pcpu_;
struct swdevt swdevt_;
struct timehands timehands_;
struct proc proc_;
struct td_sched td_sched_;
struct cdev_priv cdev_priv_;
struct prison prison_;
