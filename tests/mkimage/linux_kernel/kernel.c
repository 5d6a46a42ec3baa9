/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of a Linux kernel of the versions that types.h knows: init, a
 * kernel thread, a process of two threads and a zombie, on two CPUs.  It is
 * linked to where it lies in memory and never runs.
 */
#include "types.h"
#include "values.h"

/* Each CPU's copy, a page after the one before. */
#define STRIDE		4096
#define PER_CPU(type)	struct { type v; } __attribute__((aligned(STRIDE)))

#define LIST(l)		{ &(l), &(l) }
#define LIST_OF(n, p)	{ &(n), &(p) }

extern struct task_struct init_task, init_proc, kthreadd, worker, second,
    zombie;

unsigned int nr_cpu_ids = 2;
unsigned long __per_cpu_offset[2] = { 0, STRIDE };
unsigned long __cpu_possible_mask[1] = { 3 }, __cpu_online_mask[1] = { 1 },
    __cpu_active_mask[1] = { 3 };
unsigned long avenrun[3] = { V_LOAD(0), V_LOAD(1), V_LOAD(2) };

struct uts_namespace init_uts_ns = {
	.name = { "Linux", V_HOST, V_RELEASE, V_VERSION, "made", "(none)" },
};

/* A clock whose units are 2^-8 of a nanosecond. */
struct {
#if LINUX < 510
	seqcount_t	 seq;
#else
	seqcount_raw_spinlock_t seq;
#endif
	struct timekeeper timekeeper;
} tk_core = {
	.timekeeper = {
		.tkr_mono = {
			.mask = ~0ULL,
			.shift = 8,
			.xtime_nsec = 1000ULL << 8,
			.base = V_MONOTONIC - 1000,
		},
		.offs_real = V_BOOT + V_SLEPT,
		.offs_boot = V_SLEPT,
	},
};

#define CPUTIMES(cpu) { { V_CPUTIME(cpu, 0), V_CPUTIME(cpu, 1),		\
    V_CPUTIME(cpu, 2), V_CPUTIME(cpu, 3), V_CPUTIME(cpu, 4),		\
    V_CPUTIME(cpu, 5), V_CPUTIME(cpu, 6), V_CPUTIME(cpu, 7) } }
PER_CPU(struct kernel_cpustat) kernel_cpustat[2] = {
	{ CPUTIMES(0) }, { CPUTIMES(1) },
};

/* The first was idle once and has the flags of a CPU that can be. */
#if LINUX < 609
#define IS_BUSY		.idle_entrytime = 1
#define IS_IDLE		.idle_active = 1, .idle_entrytime = V_IDLE_SINCE
#else
#define IS_BUSY		.flags = 0x30, .idle_entrytime = 1
#define IS_IDLE		.flags = 0x37, .idle_entrytime = V_IDLE_SINCE
#endif

unsigned long tick_nohz_active = 1;
PER_CPU(struct tick_sched) tick_cpu_sched[2] = {
	{ { .idle_sleeptime = V_IDLE(0), .iowait_sleeptime = V_IOWAIT(0),
	    IS_BUSY } },
	{ { .idle_sleeptime = V_IDLE(1), .iowait_sleeptime = V_IOWAIT(1),
	    IS_IDLE } },
};

PER_CPU(struct rq) runqueues[2];

static struct pid pids[] = {
	{ .numbers = { { .nr = V_PARENT } } },
	{ .numbers = { { .nr = V_PGRP } } },
	{ .numbers = { { .nr = V_SESSION } } },
};

static struct tty_driver pts = {
	.major = V_TTY_MAJOR, .minor_start = V_TTY_MINOR - 1,
};
static struct tty_struct tty = {
	.driver = &pts, .index = 1,
#if LINUX < 516
	.pgrp = &pids[1], .session = &pids[2],
#else
	.ctrl = { .pgrp = &pids[1], .session = &pids[2] },
#endif
};

static struct group_info group = { .ngroups = 1, .gid = { { V_GROUP } } };
static struct cred root, user = {
	.uid = { V_UID }, .euid = { V_EUID }, .suid = { V_EUID },
	.gid = { V_GID }, .egid = { V_GID + 1 }, .sgid = { V_GID + 2 },
	.group_info = &group,
};

static struct sighand_struct sighand = {
	/* SIGHUP is ignored, SIGINT caught */
	.action = { { { .sa_handler = (void *)1 } },
	    { { .sa_handler = (void *)0x1000 } } },
};

/* Page tables of the process, unless they are at USER_PGD. */
#if defined(USER_PGD)
#define user_pgd	((void *)USER_PGD)
#elif defined(__x86_64__)
#define TABLE	__attribute__((aligned(4096)))
#define INDEX(va, level)	((va) >> (12 + 9 * (level)) & 511)
#define DOWN(table)		((unsigned long)(table) + 0x67)

static char user_page[4096] TABLE = V_ARGS "\0" V_ENV;
static unsigned long user_pte[512] TABLE = {
	[INDEX(V_USER_PAGE, 0)] = DOWN(user_page),
};
static unsigned long user_pmd[512] TABLE = {
	[INDEX(V_USER_PAGE, 1)] = DOWN(user_pte),
};
static unsigned long user_pud[512] TABLE = {
	[INDEX(V_USER_PAGE, 2)] = DOWN(user_pmd),
};
static unsigned long user_pgd[512] TABLE = {
	[INDEX(V_USER_PAGE, 3)] = DOWN(user_pud),
};

/* The first 2 MiB, where all of this lies. */
static unsigned long kernel_pmd[512] TABLE = { 0x1e3 };
static unsigned long kernel_pud[512] TABLE = { DOWN(kernel_pmd) };
unsigned long swapper_pg_dir[512] TABLE = { DOWN(kernel_pud) };
#else
static unsigned long user_pgd[1];
#endif

/* A third of the shared pages are on either CPU, the rest is not. */
#if LINUX >= 602
static PER_CPU(s32) held[2] = { { V_RSS_SHARED / 3 }, { V_RSS_SHARED / 3 } };
static PER_CPU(s32) none[2];
#endif

static struct file exe = { .f_inode = (void *)0x1230 };
static struct mm_struct mm = { {
	.pgd = user_pgd,
	.total_vm = V_TOTAL_VM, .data_vm = V_DATA_VM, .stack_vm = V_STACK_VM,
	.start_code = 0x400000, .end_code = 0x402001,
	.arg_start = (unsigned long)V_USER_PAGE,
	.arg_end = (unsigned long)V_USER_PAGE + sizeof(V_ARGS),
	.env_start = (unsigned long)V_USER_PAGE + sizeof(V_ARGS),
	.env_end = (unsigned long)V_USER_PAGE + sizeof(V_ARGS) + sizeof(V_ENV),
	.rss_stat = {
#if LINUX < 602
		.count = {
			[MM_FILEPAGES] = { V_RSS_FILE },
			[MM_ANONPAGES] = { V_RSS_ANON },
			[MM_SHMEMPAGES] = { V_RSS_SHARED },
			[MM_SWAPENTS] = { V_SWAPPED },
		},
#else
		[MM_FILEPAGES] = { .count = V_RSS_FILE, .counters = &none[0].v },
		[MM_ANONPAGES] = { .count = V_RSS_ANON + 2 * V_RSS_HELD,
		    .counters = &none[0].v },
		[MM_SHMEMPAGES] = { .count = V_RSS_SHARED -
		    2 * (V_RSS_SHARED / 3), .counters = &held[0].v },
		[MM_SWAPENTS] = { .count = V_SWAPPED, .counters = &none[0].v },
#endif
	},
	.exe_file = &exe,
} };

/* Process group and session are the signal_struct's since 4.19. */
#if LINUX < 419
#define IN_SIGNAL(pgrp, session)
#define IN_TASK(pgrp, session)						\
	.pids = { [PIDTYPE_PGID] = { .pid = (pgrp) },			\
	    [PIDTYPE_SID] = { .pid = (session) } },
#else
#define IN_SIGNAL(pgrp, session)					\
	.pids = { [PIDTYPE_PGID] = (pgrp), [PIDTYPE_SID] = (session) },
#define IN_TASK(pgrp, session)
#endif

#define SIGNAL_OF(task)							\
	.nr_threads = 1,						\
	.thread_head = LIST((task).thread_node)

static struct signal_struct init_signal = {
	SIGNAL_OF(init_proc), IN_SIGNAL(&pids[0], &pids[0]) .leader = 1,
}, kthreadd_signal = {
	SIGNAL_OF(kthreadd),
}, worker_signal = {
	.nr_threads = 2,
	.thread_head = LIST_OF(worker.thread_node, second.thread_node),
	IN_SIGNAL(&pids[1], &pids[2])
	.tty = &tty,
	.utime = V_GONE_UTIME, .stime = V_GONE_STIME,
	.cutime = V_CHILDREN_UTIME,
	.sum_sched_runtime = V_GONE_UTIME + V_GONE_STIME + STOLEN,
}, zombie_signal = {
	SIGNAL_OF(zombie),
};

#ifdef INFO_ON_STACK
static struct thread_info stacks[] = { { .cpu = 0 }, { .cpu = V_CPU } };
#define ON_CPU(n)	.stack = &stacks[n],
#elif LINUX < 516
#define ON_CPU(n)	.cpu = (n),
#else
#define ON_CPU(n)	.thread_info = { .cpu = (n) },
#endif

#if LINUX < 514
#define STATE(s)	.state = (s),
#else
#define STATE(s)	.__state = (s),
#endif

#if LINUX < 505
#define STARTED(t)	.real_start_time = (t),
#else
#define STARTED(t)	.start_boottime = (t),
#endif

#if LINUX < 602
#define HELD		.rss_stat = { .count = { [MM_ANONPAGES] = V_RSS_HELD } },
#else
#define HELD
#endif

struct task_struct init_task = {
	ON_CPU(0) .comm = "swapper/0",
	.tasks = LIST_OF(init_proc.tasks, zombie.tasks),
};

struct task_struct init_proc = {
	STATE(1) ON_CPU(0) STARTED(V_START) IN_TASK(&pids[0], &pids[0])
	.flags = 0x100, .static_prio = 120, .prio = 120, .normal_prio = 120,
	.pid = V_PARENT, .tgid = V_PARENT, .comm = "init",
	.tasks = LIST_OF(kthreadd.tasks, init_task.tasks),
	.thread_node = LIST(init_signal.thread_head),
	.real_parent = &init_task, .parent = &init_task,
	.group_leader = &init_proc, .signal = &init_signal,
	.sighand = &sighand, .cred = &root, .mm = &mm,
};

/* It waits without being counted as load. */
struct task_struct kthreadd = {
	STATE(0x402) ON_CPU(0) STARTED(V_START)
	.flags = 0x200040, .static_prio = 120, .prio = 120,
	.pid = 2, .tgid = 2, .comm = "kthreadd",
	.tasks = LIST_OF(worker.tasks, init_proc.tasks),
	.thread_node = LIST(kthreadd_signal.thread_head),
	.real_parent = &init_task, .parent = &init_task,
	.group_leader = &kthreadd, .signal = &kthreadd_signal,
	.sighand = &sighand, .cred = &root,
};

#define THREAD(n)							\
	STARTED(V_START + 1000000000LL * (n)) ON_CPU(V_CPU)		\
	IN_TASK(&pids[1], &pids[2]) HELD				\
	.static_prio = 120 + V_NICE, .prio = 120 + V_NICE,		\
	.normal_prio = 120 + V_NICE,					\
	.tgid = V_PID, .utime = V_UTIME(n), .stime = V_STIME(n),	\
	.se = { .sum_exec_runtime = V_RUNTIME(n) + STOLEN },		\
	.min_flt = V_FAULTS(n), .nvcsw = V_SWITCHES(n),			\
	.real_parent = &init_proc, .parent = &init_proc,		\
	.group_leader = &worker, .signal = &worker_signal,		\
	.sighand = &sighand, .cred = &user, .mm = &mm

struct task_struct worker = {
	STATE(0) THREAD(0), .on_cpu = 1,
	.pid = V_PID, .comm = "worker",
	.tasks = LIST_OF(zombie.tasks, kthreadd.tasks),
	.thread_node = LIST_OF(second.thread_node, worker_signal.thread_head),
	.pending = { .signal = { { 1 << 9 } } },
};

/* A uninterruptible sleep. */
struct task_struct second = {
	STATE(2) THREAD(1), .flags = 0x40,
	.pid = V_TID, .comm = "second",
	.thread_node = LIST_OF(worker_signal.thread_head, worker.thread_node),
	.blocked = { { 1 << 14 } },
};

struct task_struct zombie = {
	STATE(0x80) ON_CPU(0) STARTED(V_START) IN_TASK(&pids[1], &pids[2])
	.flags = 0x4, .static_prio = 120, .prio = 120,
	.exit_state = 0x20, .exit_code = V_ZOMBIE_CODE,
	.pid = V_ZOMBIE, .tgid = V_ZOMBIE, .comm = "gone",
	.tasks = LIST_OF(init_task.tasks, worker.tasks),
	.thread_node = LIST(zombie_signal.thread_head),
	.real_parent = &worker, .parent = &worker,
	.group_leader = &zombie, .signal = &zombie_signal,
	.cred = &user,
};

static struct file swap_file;
static struct swap_info_struct swap = {
	.flags = 0x3, .prio = -2, .max = V_SWAP_PAGES + 1,
	.pages = V_SWAP_PAGES, .inuse_pages = V_SWAP_USED,
	.swap_file = &swap_file,
};
unsigned int nr_swapfiles = 1;
struct swap_info_struct *swap_info[2] = { &swap };

extern struct list_head modules;
static struct module module = {
	.name = "made", .list = LIST(modules),
#if LINUX < 604
	.core_layout = { (void *)V_MODULE_BASE, V_MODULE_SIZE },
#else
	.mem = { { (void *)V_MODULE_BASE, V_MODULE_SIZE - 0x1000 },
	    { (void *)0x7e000000, 0x1000 } },
#endif
};
struct list_head modules = LIST(module.list);

#if LINUX < 510
struct record {
	struct printk_log head;
	char		 text[32];
};

#define RECORD(n, level_, text_)					\
	{ { .ts_nsec = 1000 * (n), .len = sizeof(struct record),	\
	    .text_len = sizeof(text_) - 1, .flags = 2, .level = (level_), \
	    .facility = (n) }, text_ }

/* The second of two is at the start: behind the first is no room. */
static struct {
	struct record	 second, overwritten, first;
	struct printk_log wrap;
} buffer = {
	.first = RECORD(1, 5, V_LOG_FIRST), .second = RECORD(2, 3, V_LOG_SECOND),
};
char *log_buf = (char *)&buffer;
u32 log_buf_len = sizeof(buffer);
u64 log_first_seq = V_LOG_SEQ;
u32 log_first_idx = 2 * sizeof(struct record);
u32 log_next_idx = sizeof(struct record);
#else

/*
 * The second of two records did not fit behind the first, and is at the start
 * of the text: its place is counted on from where it would have begun.
 */
#define ID		sizeof(long)
#define TEXT		(1ul << 6)
#define BLOCK(text)							\
	((ID + sizeof(text) - 1 + ID - 1) / ID * ID)
#define LEFT		8
#define FIRST_LPOS	(4 * TEXT - LEFT - BLOCK(V_LOG_FIRST))

static struct {
	unsigned long	 second_id;
	char		 second[BLOCK(V_LOG_SECOND) - ID];
	char		 free[TEXT - BLOCK(V_LOG_SECOND) - LEFT -
			    BLOCK(V_LOG_FIRST)];
	unsigned long	 first_id;
	char		 first[BLOCK(V_LOG_FIRST) - ID];
	char		 left[LEFT];
} log_text = {
	.first_id = V_LOG_SEQ, .first = V_LOG_FIRST,
	.second_id = V_LOG_SEQ + 1, .second = V_LOG_SECOND,
};
_Static_assert(sizeof(log_text) == TEXT, "the blocks fill it");

/* Finalized. */
#define STATE_OF(id)	((id) | 2ul << (8 * sizeof(long) - 2))

static struct prb_desc log_descs[4] = {
	[V_LOG_SEQ % 4] = { { (long)STATE_OF(V_LOG_SEQ) },
	    { FIRST_LPOS, 4 * TEXT - LEFT } },
	[(V_LOG_SEQ + 1) % 4] = { { (long)STATE_OF(V_LOG_SEQ + 1) },
	    { 4 * TEXT - LEFT, 4 * TEXT + BLOCK(V_LOG_SECOND) } },
};

#define INFO(n, level_, text)						\
	{ .seq = V_LOG_SEQ + (n) - 1, .ts_nsec = 1000 * (n),		\
	    .text_len = sizeof(text) - 1, .facility = (n), .flags = 2,	\
	    .level = (level_) }

static struct printk_info log_infos[4] = {
	[V_LOG_SEQ % 4] = INFO(1, 5, V_LOG_FIRST),
	[(V_LOG_SEQ + 1) % 4] = INFO(2, 3, V_LOG_SECOND),
};

static struct printk_ringbuffer log_ring = {
	.desc_ring = { 2, log_descs, log_infos, { V_LOG_SEQ + 1 },
	    { V_LOG_SEQ } },
	.text_data_ring = { 6, (char *)&log_text,
	    { 4 * TEXT + BLOCK(V_LOG_SECOND) }, { FIRST_LPOS } },
};
struct printk_ringbuffer *prb = &log_ring;

/* What kernel/printk/printk.c adds to VMCOREINFO. */
#define SIZE(type)		{ "SIZE(" #type ")", sizeof(struct type) }
#define OFFSET(type, member)						\
	{ "OFFSET(" #type "." #member ")",				\
	    __builtin_offsetof(struct type, member) }

struct {
	char		 key[56];
	unsigned long	 value;
} vmcoreinfo[] = {
	SIZE(printk_ringbuffer), OFFSET(printk_ringbuffer, desc_ring),
	OFFSET(printk_ringbuffer, text_data_ring), SIZE(prb_desc_ring),
	OFFSET(prb_desc_ring, count_bits), OFFSET(prb_desc_ring, descs),
	OFFSET(prb_desc_ring, infos), OFFSET(prb_desc_ring, head_id),
	OFFSET(prb_desc_ring, tail_id), SIZE(prb_desc),
	OFFSET(prb_desc, state_var), OFFSET(prb_desc, text_blk_lpos),
	SIZE(prb_data_blk_lpos), OFFSET(prb_data_blk_lpos, begin),
	OFFSET(prb_data_blk_lpos, next), SIZE(printk_info),
	OFFSET(printk_info, seq), OFFSET(printk_info, ts_nsec),
	OFFSET(printk_info, text_len), SIZE(prb_data_ring),
	OFFSET(prb_data_ring, size_bits), OFFSET(prb_data_ring, data),
	{ "OFFSET(atomic_long_t.counter)",
	    __builtin_offsetof(atomic_long_t, counter) },
	{ "", 0 },
};
#endif
