/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/linux/layout.h"

#include "base/math.h"

static const struct {
	enum kvmi_linux_member id;
	bool		 required;
	const char	*spellings;
} member_table[] = {
	{ TASK_PID, true, "task_struct.pid" },
	{ TASK_TGID, true, "task_struct.tgid" },
	{ TASK_COMM, true, "task_struct.comm" },
	{ TASK_STATE, true, "task_struct.__state task_struct.state" },
	{ TASK_EXIT_STATE, true, "task_struct.exit_state" },
	{ TASK_FLAGS, true, "task_struct.flags" },
	{ TASK_MM, true, "task_struct.mm" },
	{ TASK_REAL_PARENT, true, "task_struct.real_parent" },
	{ TASK_GROUP_LEADER, true, "task_struct.group_leader" },
	{ TASK_SIGNAL, true, "task_struct.signal" },
	{ TASK_TASKS, true, "task_struct.tasks" },
	{ TASK_THREAD_NODE, true, "task_struct.thread_node" },
	{ TASK_START, false,
	    "task_struct.start_boottime task_struct.real_start_time" },
	{ TASK_UTIME, false, "task_struct.utime" },
	{ TASK_STIME, false, "task_struct.stime" },
	{ TASK_RUNTIME, false, "task_struct.se.sum_exec_runtime" },
	{ TASK_PRIO, false, "task_struct.prio" },
	{ TASK_STATIC_PRIO, false, "task_struct.static_prio" },
	{ TASK_NORMAL_PRIO, false, "task_struct.normal_prio" },
	{ TASK_POLICY, false, "task_struct.policy" },
	{ TASK_CPU, false, "task_struct.thread_info.cpu task_struct.cpu" },
	{ TASK_ON_CPU, false, "task_struct.on_cpu" },
	{ TASK_MIN_FLT, false, "task_struct.min_flt" },
	{ TASK_MAJ_FLT, false, "task_struct.maj_flt" },
	{ TASK_NVCSW, false, "task_struct.nvcsw" },
	{ TASK_NIVCSW, false, "task_struct.nivcsw" },
	{ TASK_CRED, false, "task_struct.cred" },
	{ TASK_EXIT_CODE, false, "task_struct.exit_code" },
	{ TASK_PTRACE, false, "task_struct.ptrace" },
	{ TASK_PARENT, false, "task_struct.parent" },
	{ TASK_BLOCKED, false, "task_struct.blocked" },
	{ TASK_PENDING, false, "task_struct.pending.signal" },
	{ TASK_SIGHAND, false, "task_struct.sighand" },
	{ TASK_STACK, false, "task_struct.stack" },
	{ TASK_FILES, false, "task_struct.files" },
	{ TASK_SPLIT_RSS, false, "task_struct.rss_stat.count" },
	{ TASK_VFORK_DONE, false, "task_struct.vfork_done" },
	{ TASK_LAST_RUN, false, "task_struct.se.exec_start" },
	{ TASK_READ_BYTES, false, "task_struct.ioac.read_bytes" },
	{ TASK_WRITE_BYTES, false, "task_struct.ioac.write_bytes" },
	/* PIDTYPE_PGID and PIDTYPE_SID, before 4.19 */
	{ TASK_PGRP, false, "task_struct.pids[1].pid" },
	{ TASK_SID, false, "task_struct.pids[2].pid" },
	/* Until 5.17 a kernel thread's was where others have a user's address. */
	{ TASK_KTHREAD, false,
	    "task_struct.worker_private task_struct.set_child_tid" },
	{ TASK_THREAD, false, "task_struct.thread" },
	{ THREADINFO_CPU, false, "thread_info.cpu" },
	{ SIGNAL_THREAD_HEAD, true, "signal_struct.thread_head" },
	{ SIGNAL_NR_THREADS, true, "signal_struct.nr_threads" },
	/* PIDTYPE_PGID and PIDTYPE_SID */
	{ SIGNAL_PGRP, false, "signal_struct.pids[2]" },
	{ SIGNAL_SID, false, "signal_struct.pids[3]" },
	{ SIGNAL_TTY, false, "signal_struct.tty" },
	{ SIGNAL_LEADER, false, "signal_struct.leader" },
	{ SIGNAL_UTIME, false, "signal_struct.utime" },
	{ SIGNAL_STIME, false, "signal_struct.stime" },
	{ SIGNAL_CUTIME, false, "signal_struct.cutime" },
	{ SIGNAL_CSTIME, false, "signal_struct.cstime" },
	{ SIGNAL_MIN_FLT, false, "signal_struct.min_flt" },
	{ SIGNAL_MAJ_FLT, false, "signal_struct.maj_flt" },
	{ SIGNAL_NVCSW, false, "signal_struct.nvcsw" },
	{ SIGNAL_NIVCSW, false, "signal_struct.nivcsw" },
	{ SIGNAL_CMIN_FLT, false, "signal_struct.cmin_flt" },
	{ SIGNAL_CMAJ_FLT, false, "signal_struct.cmaj_flt" },
	{ SIGNAL_PENDING, false, "signal_struct.shared_pending.signal" },
	{ SIGNAL_MAXRSS, false, "signal_struct.maxrss" },
	{ SIGNAL_RUNTIME, false, "signal_struct.sum_sched_runtime" },
	{ SIGNAL_READ_BYTES, false, "signal_struct.ioac.read_bytes" },
	{ SIGNAL_WRITE_BYTES, false, "signal_struct.ioac.write_bytes" },
	{ SIGNAL_CMAXRSS, false, "signal_struct.cmaxrss" },
	{ SIGNAL_CNVCSW, false, "signal_struct.cnvcsw" },
	{ SIGNAL_CNIVCSW, false, "signal_struct.cnivcsw" },
	{ SIGNAL_CINBLOCK, false, "signal_struct.cinblock" },
	{ SIGNAL_COUBLOCK, false, "signal_struct.coublock" },
	{ SIGNAL_FLAGS, false, "signal_struct.flags" },
	{ SIGNAL_EXIT_CODE, false, "signal_struct.group_exit_code" },
	{ SIGNAL_PREV_CPUTIME, false, "signal_struct.prev_cputime" },
	{ MM_TOTAL_VM, false, "mm_struct.total_vm" },
	{ MM_DATA_VM, false, "mm_struct.data_vm" },
	{ MM_STACK_VM, false, "mm_struct.stack_vm" },
	{ MM_START_CODE, false, "mm_struct.start_code" },
	{ MM_END_CODE, false, "mm_struct.end_code" },
	{ MM_RSS_STAT, false, "mm_struct.rss_stat" },
	{ MM_HIWATER_RSS, false, "mm_struct.hiwater_rss" },
	{ MM_EXE_FILE, false, "mm_struct.exe_file" },
	{ FILE_INODE, false, "file.f_inode" },
	{ CRED_UID, false, "cred.uid" },
	{ CRED_EUID, false, "cred.euid" },
	{ CRED_SUID, false, "cred.suid" },
	{ CRED_GID, false, "cred.gid" },
	{ CRED_EGID, false, "cred.egid" },
	{ CRED_SGID, false, "cred.sgid" },
	{ CRED_GROUP_INFO, false, "cred.group_info" },
	{ GROUPS_N, false, "group_info.ngroups" },
	{ GROUPS_GID, false, "group_info.gid" },
	{ PID_NUMBERS, false, "pid.numbers" },
	{ UPID_NR, false, "upid.nr" },
	{ TTY_DRIVER, false, "tty_struct.driver" },
	{ TTY_INDEX, false, "tty_struct.index" },
	{ TTY_PGRP, false, "tty_struct.ctrl.pgrp tty_struct.pgrp" },
	{ TTY_SESSION, false, "tty_struct.ctrl.session tty_struct.session" },
	{ TTYDRV_MAJOR, false, "tty_driver.major" },
	{ TTYDRV_MINOR_START, false, "tty_driver.minor_start" },
	{ SIGHAND_ACTION, false, "sighand_struct.action" },
	{ KSIG_HANDLER, false, "k_sigaction.sa.sa_handler" },
	{ PCPU_COUNT, false, "percpu_counter.count" },
	{ PCPU_COUNTERS, false, "percpu_counter.counters" },
};

int
kvmi_linux_layout(struct kvmi_types *t, struct kvmi_linux_layout *ret,
    struct kvmi_err *err)
{
	struct kvmi_linux_layout *l = ret;
	const struct { const char *type; uint64_t *size; } sizes[] = {
		{ "task_struct", &l->task_size },
		{ "signal_struct", &l->signal_size },
		{ "mm_struct", &l->mm_size },
		{ "cred", &l->cred_size },
		{ "k_sigaction", &l->ksig_size },
		{ "percpu_counter", &l->pcpu_size },
	};
	static const char *const rss[KVMI_RSS_PARTS] = { "MM_FILEPAGES",
		"MM_ANONPAGES", "MM_SHMEMPAGES", "MM_SWAPENTS" };
	static const unsigned int rss_default[KVMI_RSS_PARTS] = { 0, 1, 3,
		2 };
	int64_t v;

	*ret = (struct kvmi_linux_layout){ 0 };
	for (size_t i = 0; i < KVMI_COUNT(member_table); i++) {
		struct kvmi_member *m = &l->m[member_table[i].id];
		int r = kvmi_type_first(t, member_table[i].spellings, m, err);

		if (r != 0 && member_table[i].required)
			return (r);
		if (r != 0)
			*m = (struct kvmi_member){ 0 };
	}
	for (size_t i = 0; i < KVMI_COUNT(sizes); i++)
		if (kvmi_type_size(t, sizes[i].type, sizes[i].size, err) != 0)
			*sizes[i].size = 0;
	for (size_t i = 0; i < KVMI_COUNT(rss); i++) {
		l->rss_index[i] = kvmi_type_enumerator(t, rss[i], &v,
		    err) == 0 && v >= 0 && v < 16 ? (unsigned int)v :
		    rss_default[i];
	}
	for (size_t i = TASK_PID; i <= TASK_LAST; i++)
		if (kvmi_inside(l->m[i].off, l->m[i].size, l->task_size) &&
		    l->m[i].off + l->m[i].size > l->task_len)
			l->task_len = l->m[i].off + l->m[i].size;
	l->exact_times = l->m[SIGNAL_UTIME].size != 0 &&
	    l->m[SIGNAL_PREV_CPUTIME].size == 0;
	return (0);
}
