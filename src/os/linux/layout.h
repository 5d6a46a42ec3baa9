/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel structures a process is read from: members by name, with every
 * name a member ever had, newest first.  A member that this kernel lacks has
 * size 0 and reads as 0.
 */
#ifndef KVMI_LAYOUT_H
#define KVMI_LAYOUT_H

#include "os/kernel.h"

enum kvmi_linux_member {
	/* struct task_struct */
	TASK_PID, TASK_TGID, TASK_COMM, TASK_STATE, TASK_EXIT_STATE,
	TASK_FLAGS, TASK_MM, TASK_REAL_PARENT, TASK_GROUP_LEADER, TASK_SIGNAL,
	TASK_TASKS, TASK_THREAD_NODE, TASK_START, TASK_UTIME, TASK_STIME,
	TASK_RUNTIME, TASK_PRIO, TASK_STATIC_PRIO, TASK_NORMAL_PRIO,
	TASK_POLICY, TASK_CPU, TASK_ON_CPU, TASK_MIN_FLT, TASK_MAJ_FLT,
	TASK_NVCSW, TASK_NIVCSW, TASK_CRED, TASK_EXIT_CODE, TASK_PTRACE,
	TASK_PARENT, TASK_BLOCKED, TASK_PENDING, TASK_SIGHAND, TASK_STACK,
	TASK_FILES, TASK_SPLIT_RSS, TASK_VFORK_DONE, TASK_LAST_RUN,
	TASK_READ_BYTES, TASK_WRITE_BYTES, TASK_PGRP, TASK_SID, TASK_KTHREAD,
	TASK_LAST = TASK_KTHREAD,
	/* ... whose registers lie behind all of these */
	TASK_THREAD,
	/* struct thread_info, where it is on the stack */
	THREADINFO_CPU,
	/* struct signal_struct */
	SIGNAL_THREAD_HEAD, SIGNAL_NR_THREADS, SIGNAL_PGRP, SIGNAL_SID,
	SIGNAL_TTY, SIGNAL_LEADER, SIGNAL_UTIME, SIGNAL_STIME, SIGNAL_CUTIME,
	SIGNAL_CSTIME, SIGNAL_MIN_FLT, SIGNAL_MAJ_FLT, SIGNAL_NVCSW,
	SIGNAL_NIVCSW, SIGNAL_CMIN_FLT, SIGNAL_CMAJ_FLT, SIGNAL_PENDING,
	SIGNAL_MAXRSS, SIGNAL_RUNTIME, SIGNAL_READ_BYTES, SIGNAL_WRITE_BYTES,
	SIGNAL_CMAXRSS, SIGNAL_CNVCSW, SIGNAL_CNIVCSW, SIGNAL_CINBLOCK,
	SIGNAL_COUBLOCK, SIGNAL_FLAGS, SIGNAL_EXIT_CODE, SIGNAL_PREV_CPUTIME,
	/* struct mm_struct */
	MM_TOTAL_VM, MM_DATA_VM, MM_STACK_VM, MM_START_CODE, MM_END_CODE,
	MM_RSS_STAT, MM_HIWATER_RSS, MM_EXE_FILE,
	/* struct file */
	FILE_INODE,
	/* struct cred */
	CRED_UID, CRED_EUID, CRED_SUID, CRED_GID, CRED_EGID, CRED_SGID,
	CRED_GROUP_INFO,
	/* struct group_info */
	GROUPS_N, GROUPS_GID,
	/* struct pid, upid */
	PID_NUMBERS, UPID_NR,
	/* struct tty_struct, tty_driver */
	TTY_DRIVER, TTY_INDEX, TTY_PGRP, TTY_SESSION, TTYDRV_MAJOR,
	TTYDRV_MINOR_START,
	/* struct sighand_struct, k_sigaction */
	SIGHAND_ACTION, KSIG_HANDLER,
	/* struct kthread, worker: see task_name.c */
	KTHREAD_FULL_NAME, KTHREAD_DATA, WORKER_POOL, WORKER_WORK, WORKER_DESC,
	/* struct percpu_counter */
	PCPU_COUNT, PCPU_COUNTERS,

	KVMI_LINUX_MEMBERS
};

/* What is resident, in three parts, and what is swapped out. */
enum { KVMI_RSS_FILE, KVMI_RSS_ANON, KVMI_RSS_SHARED, KVMI_RSS_SWAP,
    KVMI_RSS_PARTS };

struct kvmi_linux_layout {
	struct kvmi_member m[KVMI_LINUX_MEMBERS];
	uint64_t	 task_size;
	uint64_t	 task_len;	/* as far as members lie that we need */
	uint64_t	 signal_size;
	uint64_t	 mm_size;
	uint64_t	 cred_size;
	uint64_t	 ksig_size;
	uint64_t	 pcpu_size;
	unsigned int	 rss_index[KVMI_RSS_PARTS];
	bool		 exact_times;	/* CONFIG_VIRT_CPU_ACCOUNTING_NATIVE */
};

/* Resolve all.  Fails only when what no kernel lacks is missing. */
int kvmi_linux_layout(struct kvmi_types *t, struct kvmi_linux_layout *ret,
    struct kvmi_err *err);

#endif
