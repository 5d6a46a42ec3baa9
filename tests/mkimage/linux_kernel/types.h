/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structures of Linux kernels of version LINUX (414 is 4.14, 515 is 5.15) as
 * far as a process, the clock, the CPUs and the log are read from them.  With
 * INFO_ON_STACK a thread's CPU is in the thread_info under its stack;
 * PRINTK_CALLER and LOCKDEP are options of the kernel.
 */
#ifndef TYPES_H
#define TYPES_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long long u64;
typedef long long s64;
typedef s64 ktime_t;
typedef int pid_t;

typedef struct {
	int		 counter;
} atomic_t;

typedef struct {
	long		 counter;
} atomic_long_t;

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

typedef struct {
	unsigned long	 sig[64 / (8 * sizeof(long))];
} sigset_t;

struct sigpending {
	struct list_head list;
	sigset_t	 signal;
};

typedef struct {
	u32		 val;
} kuid_t, kgid_t;

struct group_info {
	atomic_t	 usage;
	int		 ngroups;
	kgid_t		 gid[1];
};

struct cred {
	atomic_t	 usage;
	kuid_t		 uid;
	kgid_t		 gid;
	kuid_t		 suid;
	kgid_t		 sgid;
	kuid_t		 euid;
	kgid_t		 egid;
	kuid_t		 fsuid;
	kgid_t		 fsgid;
	unsigned int	 securebits;
	struct group_info *group_info;
};

struct upid {
	int		 nr;
	void		*ns;
#if LINUX < 415
	struct hlist_node pid_chain;
#endif
};

#if LINUX < 419
enum pid_type { PIDTYPE_PID, PIDTYPE_PGID, PIDTYPE_SID, PIDTYPE_MAX };
#else
enum pid_type { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID,
    PIDTYPE_MAX };
#endif

struct pid {
	atomic_t	 count;
	unsigned int	 level;
#if LINUX >= 504
	u32		 lock;
#endif
	struct hlist_head tasks[PIDTYPE_MAX];
	struct upid	 numbers[1];
};

struct pid_link {
	struct hlist_node node;
	struct pid	*pid;
};

enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES,
    NR_MM_COUNTERS };

#if LINUX < 602
struct task_rss_stat {
	int		 events;
	int		 count[NR_MM_COUNTERS];
};

struct mm_rss_stat {
	atomic_long_t	 count[NR_MM_COUNTERS];
};
#else
struct percpu_counter {
	u32		 lock;
	s64		 count;
	struct list_head list;
	s32		*counters;
};
#endif

struct path {
	void		*mnt, *dentry;
};

struct file {
	union {
		void	*fu_llist;
	} f_u;
	struct path	 f_path;
	void		*f_inode;
};

struct mm_struct {
	struct {
		void	*mmap;
		unsigned long task_size;
		unsigned long *pgd;
		atomic_t mm_users, mm_count;
		unsigned long hiwater_rss, hiwater_vm;
		unsigned long total_vm, locked_vm;
#if LINUX >= 500
		s64	 pinned_vm;
#else
		unsigned long pinned_vm;
#endif
		unsigned long data_vm, exec_vm, stack_vm;
		unsigned long start_code, end_code, start_data, end_data;
		unsigned long start_brk, brk, start_stack;
		unsigned long arg_start, arg_end, env_start, env_end;
#if LINUX < 602
		struct mm_rss_stat rss_stat;
#else
		struct percpu_counter rss_stat[NR_MM_COUNTERS];
#endif
		struct file *exe_file;
	};
};

struct tty_driver {
	int		 magic;
	int		 major, minor_start;
};

struct tty_struct {
	int		 magic;
	struct tty_driver *driver;
	int		 index;
#if LINUX < 516
	struct pid	*pgrp, *session;
#else
	struct {
		u32	 lock;
		struct pid *pgrp, *session;
	} ctrl;
#endif
	char		 name[64];
};

struct k_sigaction {
	struct {
		void	*sa_handler;
		unsigned long sa_flags;
		sigset_t sa_mask;
	} sa;
};

struct sighand_struct {
	atomic_t	 count;
	struct k_sigaction action[64];
};

struct task_io_accounting {
	u64		 rchar, wchar, syscr, syscw;
	u64		 read_bytes, write_bytes;
};

/*
 * What was told last, so that times never go back; nothing where they are exact
 * (CONFIG_VIRT_CPU_ACCOUNTING_NATIVE) and without what a hypervisor took.
 */
struct prev_cputime {
#ifdef __s390x__
#define STOLEN	500000000
#else
#define STOLEN	0
	u64		 utime, stime;
	unsigned int	 lock;
#endif
};

struct signal_struct {
	atomic_t	 sigcnt, live;
	int		 nr_threads;
	struct list_head thread_head;
	struct task_struct *curr_target;
	struct sigpending shared_pending;
	int		 group_exit_code;
	int		 notify_count;
	int		 group_stop_count;
	unsigned int	 flags;
#if LINUX < 419
	struct pid	*leader_pid;
#else
	struct pid	*pids[PIDTYPE_MAX];
#endif
	int		 leader;
	struct tty_struct *tty;
	u64		 utime, stime, cutime, cstime;
	struct prev_cputime prev_cputime;
	unsigned long	 nvcsw, nivcsw, cnvcsw, cnivcsw;
	unsigned long	 min_flt, maj_flt, cmin_flt, cmaj_flt;
	unsigned long	 inblock, oublock, cinblock, coublock;
	unsigned long	 maxrss, cmaxrss;
	struct task_io_accounting ioac;
	u64		 sum_sched_runtime;
};

struct thread_info {
	unsigned long	 flags;
#if LINUX >= 516 || defined(INFO_ON_STACK)
	u32		 status;
	u32		 cpu;
#endif
};

struct sched_entity {
	struct {
		unsigned long weight;
		u32	 inv_weight;
	} load;
	unsigned int	 on_rq;
	u64		 exec_start, sum_exec_runtime;
};

struct task_struct {
#ifndef INFO_ON_STACK
	struct thread_info thread_info;
#endif
#if LINUX < 514
	volatile long	 state;
#else
	unsigned int	 __state;
#endif
	void		*stack;
	atomic_t	 usage;
	unsigned int	 flags, ptrace;
	int		 on_cpu;
#if LINUX < 516 && !defined(INFO_ON_STACK)
	unsigned int	 cpu;
#endif
	int		 on_rq;
	int		 prio, static_prio, normal_prio;
	unsigned int	 rt_priority;
	struct sched_entity se;
	unsigned int	 policy;
	struct list_head tasks;
	struct mm_struct *mm, *active_mm;
#if LINUX < 602
	struct task_rss_stat rss_stat;
#endif
	int		 exit_state, exit_code, exit_signal;
	pid_t		 pid, tgid;
	struct task_struct *real_parent, *parent;
	struct list_head children, sibling;
	struct task_struct *group_leader;
#if LINUX < 419
	struct pid_link	 pids[PIDTYPE_MAX];
#else
	struct pid	*thread_pid;
	struct hlist_node pid_links[PIDTYPE_MAX];
#endif
#if LINUX < 607
	struct list_head thread_group;
#endif
	struct list_head thread_node;
	void		*vfork_done;
	u64		 utime, stime, gtime;
	struct prev_cputime prev_cputime;
	unsigned long	 nvcsw, nivcsw;
	u64		 start_time;
#if LINUX < 505
	u64		 real_start_time;
#else
	u64		 start_boottime;
#endif
	unsigned long	 min_flt, maj_flt;
	const struct cred *real_cred, *cred;
	char		 comm[16];
	void		*files;
	struct signal_struct *signal;
	struct sighand_struct *sighand;
	sigset_t	 blocked, real_blocked;
	struct sigpending pending;
	struct task_io_accounting ioac;
	struct {
		unsigned long sp;
	} thread;
};

struct new_utsname {
	char		 sysname[65], nodename[65], release[65], version[65],
			 machine[65], domainname[65];
};

struct uts_namespace {
#if LINUX < 511
	atomic_t	 kref;
#endif
	struct new_utsname name;
	void		*user_ns;
};

struct tk_read_base {
	void		*clock;
	u64		 mask, cycle_last;
	u32		 mult, shift;
	u64		 xtime_nsec;
	ktime_t		 base;
#if LINUX >= 415
	u64		 base_real;
#endif
};

struct timekeeper {
	struct tk_read_base tkr_mono, tkr_raw;
	u64		 xtime_sec;
	unsigned long	 ktime_sec;
	struct {
		s64	 tv_sec;
		long	 tv_nsec;
	} wall_to_monotonic;
	ktime_t		 offs_real, offs_boot, offs_tai;
};

typedef struct seqcount {
	unsigned int	 sequence;
#ifdef LOCKDEP
	struct {
		void	*key, *class_cache[2];
		const char *name;
	} dep_map;
#endif
} seqcount_t;

#if LINUX >= 510
typedef struct {
	seqcount_t	 seqcount;
#ifdef LOCKDEP
	void		*lock;
#endif
} seqcount_raw_spinlock_t;
#endif

enum cpu_usage_stat { CPUTIME_USER, CPUTIME_NICE, CPUTIME_SYSTEM,
    CPUTIME_SOFTIRQ, CPUTIME_IRQ, CPUTIME_IDLE, CPUTIME_IOWAIT, CPUTIME_STEAL,
    CPUTIME_GUEST, CPUTIME_GUEST_NICE, NR_STATS };

struct kernel_cpustat {
	u64		 cpustat[NR_STATS];
};

struct tick_sched {
	unsigned long	 check_clocks;
	ktime_t		 last_tick;
#if LINUX < 417
	int		 inidle, tick_stopped;
	unsigned long	 idle_jiffies, idle_calls, idle_sleeps;
	int		 idle_active;
#elif LINUX >= 609
	unsigned long	 flags;
	unsigned long	 idle_jiffies, idle_calls, idle_sleeps;
#else
	unsigned int	 inidle : 1;
	unsigned int	 tick_stopped : 1;
	unsigned int	 idle_active : 1;
	unsigned int	 do_timer_last : 1;
	unsigned long	 idle_jiffies, idle_calls, idle_sleeps;
#endif
	ktime_t		 idle_entrytime, idle_waketime, idle_exittime,
			 idle_sleeptime, iowait_sleeptime;
};

struct rq {
	unsigned int	 nr_running;
	u64		 clock, clock_task;
};

struct swap_info_struct {
	unsigned long	 flags;
	short		 prio;
	signed char	 type;
	unsigned int	 max;
	unsigned int	 pages, inuse_pages;
	void		*bdev;
	struct file	*swap_file;
};

#if LINUX < 604
struct module_layout {
	void		*base;
	unsigned int	 size, text_size, ro_size, ro_after_init_size;
};
#else
struct module_memory {
	void		*base;
	unsigned int	 size;
};
#endif

struct module {
	int		 state;
	struct list_head list;
	char		 name[64 - sizeof(long)];
#if LINUX < 604
	struct module_layout core_layout, init_layout;
#else
	struct module_memory mem[7];
#endif
};

#if LINUX < 510
struct printk_log {
	u64		 ts_nsec;
	u16		 len, text_len, dict_len;
	u8		 facility;
	u8		 flags : 5, level : 3;
#ifdef PRINTK_CALLER
	u32		 caller_id;
#endif
} __attribute__((packed, aligned(4)));
#else
struct printk_info {
	u64		 seq, ts_nsec;
	u16		 text_len;
	u8		 facility;
	u8		 flags : 5, level : 3;
	u32		 caller_id;
	struct {
		char	 subsystem[16], device[48];
	} dev_info;
};

struct prb_data_blk_lpos {
	unsigned long	 begin, next;
};

struct prb_desc {
	atomic_long_t	 state_var;
	struct prb_data_blk_lpos text_blk_lpos;
};

struct prb_data_ring {
	unsigned int	 size_bits;
	char		*data;
	atomic_long_t	 head_lpos, tail_lpos;
};

struct prb_desc_ring {
	unsigned int	 count_bits;
	struct prb_desc	*descs;
	struct printk_info *infos;
	atomic_long_t	 head_id, tail_id;
};

struct printk_ringbuffer {
	struct prb_desc_ring desc_ring;
	struct prb_data_ring text_data_ring;
	atomic_long_t	 fail;
};
#endif

#endif
