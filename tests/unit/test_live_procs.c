/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes, from made-up roots and from the host that the test runs on. */
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/acct.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include <cmocka.h>

#include "base/math.h"
#include "test_live_root.h"

/* A process as a made-up root has it. */
struct fake {
	int32_t		 pid;
	const char	*comm;
	char		 state;
	int32_t		 ppid, pgrp, session, tty;
	uint32_t	 flags;
	int32_t		 threads;
	uint32_t	 uid, gid;
};

static void
fake_task(const struct root *r, const char *dir, int32_t tid,
    const struct fake *p)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/stat", dir);
	root_file(r, path, "%" PRId32 " (%s) %c %" PRId32 " %" PRId32 " %"
	    PRId32 " %" PRId32 " %d %" PRIu32 " 1 2 3 4 250 50 0 7 20 0 %"
	    PRId32 " 0 12345 8192000 500 0 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 "
	    "0 0 0 0 0 0 0 0 0 0 256\n", tid, p->comm, p->state, p->ppid,
	    p->pgrp, p->session, p->tty, p->tty == 0 ? -1 : p->pgrp, p->flags,
	    p->threads);
	snprintf(path, sizeof(path), "%s/status", dir);
	root_file(r, path, "Name:\t%s\nTgid:\t%" PRId32 "\nPid:\t%" PRId32
	    "\nTracerPid:\t0\nUid:\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t0\n"
	    "Gid:\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t0\nGroups:\t4 24 \n"
	    "VmHWM:\t  3000 kB\nVmRSS:\t  2048 kB\nVmData:\t   400 kB\n"
	    "VmStk:\t   132 kB\nVmExe:\t    64 kB\nVmSwap:\t     0 kB\n"
	    "SigPnd:\t0000000000000001\nShdPnd:\t0000000000000100\n"
	    "SigBlk:\t0000000000010000\nSigIgn:\t0000000100000004\n"
	    "SigCgt:\t0000000000000002\nvoluntary_ctxt_switches:\t15\n"
	    "nonvoluntary_ctxt_switches:\t5\n", p->comm, p->pid, tid, p->uid,
	    p->uid + 1, p->uid + 2, p->gid, p->gid + 1, p->gid + 2);
}

/* Files for the process and for as many threads as it says it has. */
static void
fake_process(const struct root *r, const struct fake *p)
{
	char dir[128];

	snprintf(dir, sizeof(dir), "proc/%" PRId32, p->pid);
	fake_task(r, dir, p->pid, p);
	for (int32_t i = 0; i < p->threads; i++) {
		snprintf(dir, sizeof(dir), "proc/%" PRId32 "/task/%" PRId32,
		    p->pid, p->pid + i);
		fake_task(r, dir, p->pid + i, p);
	}
}

static const struct fake some[] = {
	{ 10, "ten", 'S', 1, 10, 10, 34816, 0, 1, 1000, 100 },
	{ 2, "two", 'I', 0, 0, 0, 0, 0x208040, 1, 0, 0 },
	{ 300, "three hundred", 'R', 10, 10, 10, 34816, 0, 3, 2000, 100 },
	{ 41, "forty-one", 'Z', 10, 41, 10, 0, 4, 1, 1000, 200 },
};

static void
fake_some(struct root *r)
{
	root_init(r);
	root_file(r, "proc/self/comm", "x\n");
	root_file(r, "proc/stat", "cpu 1 2 3\nintr 5\nctxt 6\nbtime 1000000\n"
	    "processes 7\n");
	for (size_t i = 0; i < KVMI_COUNT(some); i++)
		fake_process(r, &some[i]);
}

static int
list(struct root *r, int op, int arg, bool threads, struct kvmi_procs *out)
{
	memset(out, 0, sizeof(*out));
	kvmi_damage_reset(r->cx);
	return (r->k.os->procs(&r->k, r->cx, op, arg, threads, out));
}

static void
must_list(struct root *r, int op, int arg, bool threads,
    struct kvmi_procs *out)
{
	if (list(r, op, arg, threads, out) != 0)
		fail_msg("%s", r->cx->err.text);
}

static const struct kinfo_proc *
find(const struct kvmi_procs *p, int32_t pid, int32_t tid)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].ki_pid == pid && p->v[i].ki_tid == tid)
			return (&p->v[i]);
	return (NULL);
}

/* The 3 seconds that process 10 had of what it lived. */
static uint32_t
share_of(int64_t seconds)
{
	return (seconds <= 0 ? UINT32_MAX / 2 : (uint32_t)(3 * KI_FSCALE /
	    seconds));
}

static void
test_fields(void **state)
{
	long page = sysconf(_SC_PAGESIZE) / 1024;
	struct timespec up;
	const struct kinfo_proc *ki;
	struct kvmi_procs p;
	struct root r;

	(void)state;
	fake_some(&r);
	root_file(&r, "proc/10/wchan", "do_select_and_more");
	root_file(&r, "proc/10/io", "rchar: 1\nwchar: 2\nread_bytes: 1024\n"
	    "write_bytes: 5120\ncancelled_write_bytes: 9\n");
	root_file(&r, "proc/300/wchan", "not_asked_for");
	root_open(&r, true);
	must_list(&r, KERN_PROC_PROC, 0, false, &p);
	assert_int_equal(p.n, 4);
	for (size_t i = 1; i < p.n; i++)
		assert_true(p.v[i - 1].ki_pid < p.v[i].ki_pid);
	ki = find(&p, 10, 10);
	assert_non_null(ki);
	assert_int_equal(ki->ki_structsize, KINFO_PROC_SIZE);
	assert_string_equal(ki->ki_comm, "ten");
	assert_string_equal(ki->ki_tdname, "ten");
	assert_string_equal(ki->ki_emul, "Linux");
	assert_int_equal(ki->ki_ppid, 1);
	assert_int_equal(ki->ki_pgid, 10);
	assert_int_equal(ki->ki_sid, 10);
	assert_int_equal(ki->ki_tsid, 10);
	assert_int_equal(ki->ki_tpgid, 10);
	assert_int_equal(ki->ki_tdev, 34816);
	assert_int_equal(ki->ki_flag, P_CONTROLT | P_INMEM | P_EXEC);
	assert_int_equal(ki->ki_sflag, PS_INMEM);
	assert_int_equal(ki->ki_acflag, 0);
	assert_int_equal(ki->ki_kiflag, KI_CTTY | KI_SLEADER);
	assert_int_equal(ki->ki_stat, SSLEEP);
	assert_int_equal(ki->ki_tdflags, TDF_SINTR);
	assert_int_equal(ki->ki_ruid, 1000);
	assert_int_equal(ki->ki_uid, 1001);
	assert_int_equal(ki->ki_svuid, 1002);
	assert_int_equal(ki->ki_rgid, 100);
	assert_int_equal(ki->ki_svgid, 102);
	assert_int_equal(ki->ki_ngroups, 3);
	assert_int_equal(ki->ki_groups[0], 101);
	assert_int_equal(ki->ki_groups[2], 24);
	assert_int_equal(ki->ki_cr_flags, 0);
	assert_int_equal(ki->ki_siglist.__bits[0], 0x101);
	assert_int_equal(ki->ki_sigmask.__bits[0], 0x10000);
	assert_int_equal(ki->ki_sigignore.__bits[0], 4);
	assert_int_equal(ki->ki_sigignore.__bits[1], 1);
	assert_int_equal(ki->ki_sigcatch.__bits[0], 2);
	assert_int_equal(ki->ki_size, 8192000);
	assert_int_equal(ki->ki_rssize, 2048 / page);
	assert_int_equal(ki->ki_dsize, 400 / page);
	assert_int_equal(ki->ki_ssize, 132 / page);
	assert_int_equal(ki->ki_tsize, 64 / page);
	assert_int_equal(ki->ki_xstat, 256);
	assert_int_equal(ki->ki_start.tv_sec, 1000000 + 123);
	assert_int_equal(ki->ki_start.tv_usec, 450000);
	/* A root that is not ours has no clocks: only ticks are left. */
	assert_int_equal(ki->ki_runtime, 3000000);
	assert_int_equal(ki->ki_rusage.ru_utime.tv_sec, 2);
	assert_int_equal(ki->ki_rusage.ru_utime.tv_usec, 500000);
	assert_int_equal(ki->ki_rusage.ru_stime.tv_usec, 500000);
	assert_int_equal(ki->ki_rusage.ru_minflt, 1);
	assert_int_equal(ki->ki_rusage.ru_majflt, 3);
	assert_int_equal(ki->ki_rusage.ru_nvcsw, 15);
	assert_int_equal(ki->ki_rusage.ru_nivcsw, 5);
	assert_int_equal(ki->ki_rusage.ru_maxrss, 3000);
	if (geteuid() == 0) {
		assert_int_equal(ki->ki_rusage.ru_inblock, 2);
		assert_int_equal(ki->ki_rusage.ru_oublock, 10);
	}
	clock_gettime(CLOCK_BOOTTIME, &up);
	assert_in_range(ki->ki_pctcpu + 1, share_of(up.tv_sec + 2 - 123),
	    share_of(up.tv_sec - 2 - 123) + 2);
	assert_in_range(ki->ki_swtime, 1, up.tv_sec - 123);
	assert_int_equal(ki->ki_rusage_ch.ru_minflt, 2);
	assert_int_equal(ki->ki_childtime.tv_usec, 70000);
	assert_int_equal(ki->ki_numthreads, 1);
	assert_int_equal(ki->ki_nice, 0);
	assert_int_equal(ki->ki_pri.pri_level, 120);
	assert_int_equal(ki->ki_lastcpu, 1);
	assert_int_equal(ki->ki_oncpu, -1);
	assert_int_equal(ki->ki_oncpu_old, 255);
	if (geteuid() == 0)
		assert_string_equal(ki->ki_wmesg, "do_selec");
	ki = find(&p, 300, 300);
	assert_string_equal(ki->ki_comm, "three hundred");
	assert_int_equal(ki->ki_oncpu, 1);
	assert_string_equal(ki->ki_wmesg, "");
	assert_int_equal(ki->ki_numthreads, 3);
	/* Those of three threads. */
	assert_int_equal(ki->ki_rusage.ru_nvcsw, 45);
	assert_int_equal(ki->ki_rusage.ru_nivcsw, 15);
	assert_true((ki->ki_flag & P_HADTHREADS) != 0);
	ki = find(&p, 2, 2);
	assert_int_equal(ki->ki_flag, P_KPROC | P_SYSTEM | P_INMEM);
	assert_int_equal(ki->ki_acflag, AFORK);
	assert_true(ki->ki_tdev == UINT64_MAX);
	assert_int_equal(ki->ki_tpgid, -1);
	assert_int_equal(ki->ki_kiflag, 0);
	ki = find(&p, 41, 41);
	assert_int_equal(ki->ki_stat, SZOMB);
	assert_int_equal(ki->ki_flag, P_WEXIT | P_INMEM | P_EXEC);
	assert_int_equal(r.cx->damage, 0);
	free(p.v);
	root_deinit(&r);
}

static void
test_selections(void **state)
{
	static const struct {
		int op, arg;
		bool threads;
		int want[8];		/* pid and thread, 0-ended */
	} row[] = {
		{ KERN_PROC_PROC, 0, false, { 2, 2, 10, 10, 41, 41, 300, 300 }},
		{ KERN_PROC_PID, 10, false, { 10, 10 } },
		{ KERN_PROC_PID, 300, true, { 300, 300, 300, 301, 300, 302 } },
		{ KERN_PROC_PID, 11, false, { 0 } },
		{ KERN_PROC_PID, 0, false, { 0 } },
		{ KERN_PROC_PID, -1, false, { 0 } },
		{ KERN_PROC_PGRP, 10, false, { 10, 10, 300, 300 } },
		{ KERN_PROC_PGRP, 41, true, { 41, 41 } },
		{ KERN_PROC_SESSION, 10, false, { 10, 10, 41, 41, 300, 300 } },
		{ KERN_PROC_TTY, 34816, false, { 10, 10, 300, 300 } },
		{ KERN_PROC_TTY, 0, false, { 0 } },
		{ KERN_PROC_TTY, -1, false, { 0 } },
		{ KERN_PROC_UID, 1001, false, { 10, 10, 41, 41 } },
		{ KERN_PROC_UID, 1000, false, { 0 } },
		{ KERN_PROC_RUID, 1000, false, { 10, 10, 41, 41 } },
		{ KERN_PROC_GID, 101, false, { 10, 10, 300, 300 } },
		{ KERN_PROC_RGID, 200, true, { 41, 41 } },
		{ KERN_PROC_RUID, 2000, true, { 300, 300, 300, 301, 300,
		    302 } },
	};
	struct kvmi_procs p;
	struct root r;

	(void)state;
	fake_some(&r);
	root_open(&r, true);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		size_t n = 0;

		must_list(&r, row[i].op, row[i].arg, row[i].threads, &p);
		while (n < 4 && row[i].want[2 * n] != 0)
			n++;
		if (p.n != n)
			fail_msg("%d %d: %zu entries", row[i].op, row[i].arg,
			    p.n);
		for (size_t j = 0; j < n; j++) {
			assert_int_equal(p.v[j].ki_pid, row[i].want[2 * j]);
			assert_int_equal(p.v[j].ki_tid,
			    row[i].want[2 * j + 1]);
		}
		assert_int_equal(r.cx->damage, 0);
		free(p.v);
	}
	root_deinit(&r);
}

static void
test_thread_entries(void **state)
{
	static const struct fake worker = { 300, "worker", 'D', 10, 10, 10, 0,
		0, 3, 2000, 100 };
	const struct kinfo_proc *ki;
	struct kvmi_procs p;
	struct root r;

	(void)state;
	fake_some(&r);
	fake_task(&r, "proc/300/task/301", 301, &worker);
	root_file(&r, "proc/300/task/301/schedstat", "123456789 5 6\n");
	root_file(&r, "proc/300/task/302/schedstat", "garbage\n");
	root_file(&r, "proc/300/task/301/wchan", "io_schedule");
	/* Threads that have just ended. */
	root_file(&r, "proc/300/task/303/comm", "x\n");
	root_file(&r, "proc/300/task/304/stat", "%s", "");
	root_open(&r, true);
	must_list(&r, KERN_PROC_PID, 300, true, &p);
	assert_int_equal(p.n, 3);
	ki = find(&p, 300, 301);
	assert_string_equal(ki->ki_comm, "three hundred");
	assert_string_equal(ki->ki_tdname, "worker");
	assert_int_equal(ki->ki_stat, SSLEEP);
	assert_int_equal(ki->ki_tdflags, 0);
	assert_int_equal(ki->ki_oncpu, -1);
	assert_int_equal(ki->ki_runtime, 123456);
	assert_int_equal(ki->ki_rusage.ru_nvcsw, 15);
	assert_int_equal(ki->ki_tdev, 34816);
	ki = find(&p, 300, 302);
	assert_int_equal(ki->ki_runtime, 3000000);
	assert_int_equal(ki->ki_stat, SRUN);
	/* The empty stat is not a thread that has ended. */
	assert_int_equal(r.cx->damage, 1);
	assert_non_null(strstr(r.cx->damage_why, "304/stat"));
	free(p.v);
	root_deinit(&r);
}

static void
test_states(void **state)
{
	static const struct {
		char letter;
		int stat, flag, tdflags;
	} row[] = {
		{ 'R', SRUN, 0, 0 },
		{ 'S', SSLEEP, 0, TDF_SINTR },
		{ 'D', SSLEEP, 0, 0 },
		{ 'I', SSLEEP, 0, TDF_NOLOAD },
		{ 'P', SSLEEP, 0, 0 },
		{ 'T', SSTOP, P_STOPPED_SIG, 0 },
		{ 't', SSTOP, P_STOPPED_TRACE, 0 },
		{ 'Z', SZOMB, 0, 0 },
		{ 'X', SZOMB, 0, 0 },
		{ 'x', SZOMB, 0, 0 },
		{ '?', SSLEEP, 0, 0 },
	};
	struct kvmi_procs p;
	struct root r;

	(void)state;
	root_init(&r);
	root_file(&r, "proc/self/comm", "x\n");
	for (size_t i = 0; i < KVMI_COUNT(row); i++)
		fake_process(&r, &(struct fake){ .pid = (int32_t)i + 1,
			.comm = "a", .state = row[i].letter, .threads = 1 });
	root_open(&r, true);
	must_list(&r, KERN_PROC_PROC, 0, false, &p);
	assert_int_equal(p.n, KVMI_COUNT(row));
	for (size_t i = 0; i < p.n; i++) {
		if (p.v[i].ki_stat != row[i].stat ||
		    p.v[i].ki_flag != (row[i].flag | P_INMEM | P_EXEC) ||
		    p.v[i].ki_tdflags != row[i].tdflags)
			fail_msg("%c: %d %" PRIx64 " %" PRIx64, row[i].letter,
			    p.v[i].ki_stat, p.v[i].ki_flag, p.v[i].ki_tdflags);
	}
	free(p.v);
	root_deinit(&r);
}

static void
test_priorities(void **state)
{
	static const struct {
		const char *tail;	/* fields 18 and 19; 40 and 41 */
		const char *policy;
		int level, native, user, class, nice;
	} row[] = {
		{ "20 0", "0 0", 120, 120, 120, 0, 0 },
		{ "39 19", "0 0", 139, 139, 139, 0, 19 },
		{ "0 -20", "0 3", 100, 100, 100, 3, -20 },
		{ "-11 0", "10 1", 89, 89, 120, 1, 0 },
		{ "-100 5", "99 2", 0, 0, 125, 2, 5 },
		{ "-101 0", "0 6", 255, 255, 120, 6, 0 },
		/* Lent a higher priority by one who waits for its lock. */
		{ "-51 0", "0 0", 49, 120, 120, 0, 0 },
	};
	struct kvmi_procs p;
	struct root r;
	char path[64];

	(void)state;
	root_init(&r);
	root_file(&r, "proc/self/comm", "x\n");
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		fake_process(&r, &(struct fake){ .pid = (int32_t)i + 1,
			.comm = "a", .state = 'S', .threads = 1 });
		snprintf(path, sizeof(path), "proc/%zu/stat", i + 1);
		root_file(&r, path, "%zu (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 %s "
		    "1 0 5 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 3 %s\n", i + 1,
		    row[i].tail, row[i].policy);
	}
	root_open(&r, true);
	must_list(&r, KERN_PROC_PROC, 0, false, &p);
	assert_int_equal(p.n, KVMI_COUNT(row));
	for (size_t i = 0; i < p.n; i++) {
		assert_int_equal(p.v[i].ki_pri.pri_level, row[i].level);
		assert_int_equal(p.v[i].ki_pri.pri_native, row[i].native);
		assert_int_equal(p.v[i].ki_pri.pri_user, row[i].user);
		assert_int_equal(p.v[i].ki_pri.pri_class, row[i].class);
		assert_int_equal(p.v[i].ki_nice, row[i].nice);
	}
	free(p.v);
	root_deinit(&r);
}

/* What is in a root beside processes, or in the place of one. */
static void
test_strange_roots(void **state)
{
	struct kvmi_procs p;
	struct root r;
	char path[128];

	(void)state;
	fake_some(&r);
	/* Gone when we came, or between two files. */
	snprintf(path, sizeof(path), "%s/proc/500", r.dir);
	assert_int_equal(mkdir(path, 0755), 0);
	fake_process(&r, &(struct fake){ .pid = 501, .comm = "a",
		.state = 'S', .threads = 1 });
	snprintf(path, sizeof(path), "%s/proc/501/status", r.dir);
	assert_int_equal(unlink(path), 0);
	/* No process, whatever their names are. */
	root_file(&r, "proc/502", "a file\n");
	root_file(&r, "proc/010/stat", "7 (bond) S\n");
	root_file(&r, "proc/99999999999/stat", "x\n");
	root_file(&r, "proc/2147483648/stat", "x\n");
	root_file(&r, "proc/12x/stat", "x\n");
	/* The number of a thread. */
	fake_task(&r, "proc/301", 301, &some[2]);
	root_open(&r, true);
	must_list(&r, KERN_PROC_PROC, 0, false, &p);
	assert_int_equal(p.n, 4);
	assert_int_equal(r.cx->damage, 0);
	free(p.v);
	must_list(&r, KERN_PROC_PID, 301, false, &p);
	assert_int_equal(p.n, 0);
	assert_int_equal(r.cx->damage, 0);
	free(p.v);
	root_deinit(&r);
}

static void
test_garbage_is_damage(void **state)
{
	struct kvmi_procs p;
	struct root r;
	char path[128];

	(void)state;
	fake_some(&r);
	root_file(&r, "proc/500/stat", "garbage");
	fake_process(&r, &(struct fake){ .pid = 501, .comm = "a",
		.state = 'S', .threads = 1 });
	root_file(&r, "proc/501/status", "Name:\ta\n");
	/* Another process's: never believed. */
	fake_task(&r, "proc/502", 503, &some[0]);
	snprintf(path, sizeof(path), "%s/proc/504", r.dir);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/proc/504/stat", r.dir);
	assert_int_equal(mkfifo(path, 0644), 0);
	root_open(&r, true);
	must_list(&r, KERN_PROC_PROC, 0, false, &p);
	assert_int_equal(p.n, 4);
	assert_int_equal(r.cx->damage, 4);
	assert_non_null(strstr(r.cx->damage_why, "/proc/500/stat"));
	free(p.v);
	root_deinit(&r);
}

static bool
lists_what_it_may(struct root *r)
{
	struct kvmi_procs p;
	int status = list(r, KERN_PROC_PROC, 0, false, &p);
	bool ok = status == 0 && p.n == 3 && find(&p, 10, 10) == NULL &&
	    r->cx->damage == 0;

	if (!ok)
		fprintf(stderr, "%d, %zu entries, damage %u: %s\n", status,
		    p.n, r->cx->damage, r->cx->damage_why);
	free(p.v);
	return (ok);
}

static void
test_hidden_process(void **state)
{
	struct root r;
	char path[128];

	(void)state;
	fake_some(&r);
	snprintf(path, sizeof(path), "%s/proc/10/stat", r.dir);
	assert_int_equal(chmod(path, 0), 0);
	root_open(&r, true);
	assert_true(as_nobody(lists_what_it_may, &r));
	root_deinit(&r);
}

static void
test_no_procfs(void **state)
{
	struct kvmi_procs p;
	struct root r;
	char path[128];

	(void)state;
	root_init(&r);
	root_open(&r, true);
	assert_int_not_equal(list(&r, KERN_PROC_PROC, 0, false, &p), 0);
	assert_non_null(strstr(r.cx->err.text, "is procfs mounted?"));
	free(p.v);
	snprintf(path, sizeof(path), "%s/proc", r.dir);
	assert_int_equal(mkdir(path, 0755), 0);
	/* An empty directory is not a system without processes. */
	assert_int_equal(list(&r, KERN_PROC_PID, 1, false, &p), KVMI_ENOTSUP);
	assert_non_null(strstr(r.cx->err.text, "not mounted"));
	free(p.v);
	root_deinit(&r);
}

static void
test_many_groups(void **state)
{
	const struct kinfo_proc *ki;
	struct kvmi_procs p;
	struct root r;

	(void)state;
	fake_some(&r);
	root_file(&r, "proc/10/status", "Tgid:\t10\nUid:\t1\t1\t1\t1\n"
	    "Gid:\t1\t2\t3\t4\nGroups:\t11 12 13 14 15 16 17 18 19 20 21 22 23 "
	    "24 25 26 27 \n");
	root_open(&r, true);
	must_list(&r, KERN_PROC_PID, 10, false, &p);
	ki = find(&p, 10, 10);
	assert_int_equal(ki->ki_ngroups, KI_NGROUPS);
	assert_int_equal(ki->ki_groups[0], 2);
	assert_int_equal(ki->ki_groups[KI_NGROUPS - 1], 25);
	assert_true(ki->ki_cr_flags == KI_CRF_GRP_OVERFLOW);
	free(p.v);
	root_deinit(&r);
}

/* Without btime, as with subset=pid, the clocks tell when the host booted. */
static void
test_boot_time_without_stat(void **state)
{
	struct timespec now, up;
	struct root r;

	(void)state;
	root_init(&r);
	root_open(&r, true);
	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	assert_in_range(kvmi_live_boot(r.k.priv) + 2 - (now.tv_sec -
	    up.tv_sec), 0, 4);
	root_deinit(&r);
}

/* Start times stay what they are while the clock is set. */
static void
test_boot_time_stays(void **state)
{
	struct root r;

	(void)state;
	root_init(&r);
	root_file(&r, "proc/stat", "btime 1000000\n");
	root_open(&r, true);
	assert_int_equal(kvmi_live_boot(r.k.priv), 1000000);
	root_file(&r, "proc/stat", "btime 2000000\n");
	assert_int_equal(kvmi_live_boot(r.k.priv), 1000000);
	root_deinit(&r);
}

/* The host that the test runs on. */
static void
host_open(struct root *r)
{
	const struct kvmi_live_options o = { .memory = true,
		.proc_root = "/proc" };

	root_init(r);
	r->k.live = true;
	r->k.os = &kvmi_os_live_linux;
	assert_int_equal(kvmi_live_prepare(&r->k, &o, &r->cx->err), 0);
	assert_int_equal(r->k.os->attach(&r->k, r->cx), 0);
}

static void
test_host_self(void **state)
{
	const struct kinfo_proc *ki;
	struct kvmi_procs p;
	struct rlimit limit;
	struct root r;
	char comm[17] = "";

	(void)state;
	prctl(PR_GET_NAME, comm);
	host_open(&r);
	must_list(&r, KERN_PROC_PROC, 0, false, &p);
	ki = find(&p, getpid(), getpid());
	assert_non_null(ki);
	assert_int_equal(ki->ki_ppid, getppid());
	assert_int_equal(ki->ki_pgid, getpgrp());
	assert_int_equal(ki->ki_sid, getsid(0));
	assert_int_equal(ki->ki_uid, geteuid());
	assert_int_equal(ki->ki_ruid, getuid());
	assert_int_equal(ki->ki_rgid, getgid());
	assert_int_equal(ki->ki_groups[0], getegid());
	assert_string_equal(ki->ki_comm, comm);
	assert_int_equal(ki->ki_stat, SRUN);
	assert_int_equal(ki->ki_numthreads, 1);
	assert_true(ki->ki_rssize > 0);
	assert_true(ki->ki_size > (uint64_t)ki->ki_rssize *
	    (uint64_t)sysconf(_SC_PAGESIZE));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	free(p.v);
	/* No descriptor is left behind: the list works with four to spare. */
	limit.rlim_cur = 8 + (rlim_t)dup(0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (int i = 0; i < 20; i++) {
		must_list(&r, KERN_PROC_ALL, 0, true, &p);
		free(p.v);
	}
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	root_deinit(&r);
}

/* Out of descriptors: an error, and not a shorter list. */
static void
test_host_without_descriptors(void **state)
{
	struct rlimit limit, before;
	struct kvmi_procs p;
	struct root r;
	int fd;

	(void)state;
	host_open(&r);
	must_list(&r, KERN_PROC_PID, getpid(), false, &p);
	free(p.v);
	fd = dup(0);
	close(fd);
	getrlimit(RLIMIT_NOFILE, &before);
	limit = before;
	for (int spare = 0; spare < 3; spare++) {
		limit.rlim_cur = (rlim_t)(fd + spare);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		assert_int_equal(list(&r, KERN_PROC_PROC, 0, false, &p),
		    KVMI_ESYS);
		assert_non_null(strstr(r.cx->err.text, strerror(EMFILE)));
		free(p.v);
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	root_deinit(&r);
}

struct crew {
	pthread_barrier_t ready, leave;
	pid_t		 tid[3];
};

struct member {
	struct crew	*crew;
	int		 i;
};

static void *
crew_thread(void *arg)
{
	const struct member *m = arg;
	sigset_t set;
	char name[16];

	snprintf(name, sizeof(name), "crew ) %d", m->i);
	pthread_setname_np(pthread_self(), name);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1 + m->i % 2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	m->crew->tid[m->i] = (pid_t)syscall(SYS_gettid);
	pthread_barrier_wait(&m->crew->ready);
	pthread_barrier_wait(&m->crew->leave);
	return (NULL);
}

static void
test_host_threads(void **state)
{
	const struct kinfo_proc *ki;
	struct member member[3];
	pthread_t thread[3];
	struct kvmi_procs p;
	struct crew crew;
	struct root r;

	(void)state;
	pthread_barrier_init(&crew.ready, NULL, 4);
	pthread_barrier_init(&crew.leave, NULL, 4);
	for (int i = 0; i < 3; i++) {
		member[i] = (struct member){ &crew, i };
		assert_int_equal(pthread_create(&thread[i], NULL, crew_thread,
		    &member[i]), 0);
	}
	pthread_barrier_wait(&crew.ready);
	host_open(&r);
	must_list(&r, KERN_PROC_PID, getpid(), true, &p);
	assert_true(p.n >= 4);
	for (int i = 0; i < 3; i++) {
		char name[16];

		ki = find(&p, getpid(), crew.tid[i]);
		assert_non_null(ki);
		snprintf(name, sizeof(name), "crew ) %d", i);
		assert_string_equal(ki->ki_tdname, name);
		assert_string_not_equal(ki->ki_comm, name);
		assert_true(ki->ki_sigmask.__bits[0] & 1u << (SIGUSR1 + i % 2 -
		    1));
		assert_int_equal(ki->ki_ppid, getppid());
		assert_true(ki->ki_numthreads >= 4);
	}
	free(p.v);
	/* Each is found once among all, by process and thread. */
	must_list(&r, KERN_PROC_ALL, 0, true, &p);
	for (size_t i = 1; i < p.n; i++)
		assert_true(p.v[i - 1].ki_pid < p.v[i].ki_pid ||
		    (p.v[i - 1].ki_pid == p.v[i].ki_pid &&
		    p.v[i - 1].ki_tid < p.v[i].ki_tid));
	assert_non_null(find(&p, getpid(), crew.tid[2]));
	free(p.v);
	/* A thread's number is not a process's. */
	must_list(&r, KERN_PROC_PID, crew.tid[1], false, &p);
	assert_int_equal(p.n, 0);
	free(p.v);
	pthread_barrier_wait(&crew.leave);
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	root_deinit(&r);
}

/* Until a child is in the state that is waited for. */
static bool
await(struct root *r, pid_t pid, int stat, struct kinfo_proc *ret)
{
	for (int i = 0; i < 5000; i++) {
		struct kvmi_procs p;
		bool there;

		must_list(r, KERN_PROC_PID, pid, false, &p);
		there = p.n == 1 && p.v[0].ki_stat == stat;
		if (there)
			*ret = p.v[0];
		free(p.v);
		if (there)
			return (true);
		usleep(1000);
	}
	return (false);
}

/* fork(), and the child ends with the test, however that ends. */
static pid_t
child(void)
{
	pid_t parent = getpid(), pid = fork();

	assert_true(pid >= 0);
	if (pid == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
	    getppid() != parent))
		_exit(1);
	return (pid);
}

static void
test_host_children(void **state)
{
	struct kinfo_proc ki;
	struct kvmi_procs p;
	struct root r;
	pid_t pid;

	(void)state;
	host_open(&r);
	pid = child();
	if (pid == 0)
		_exit(3);
	assert_true(await(&r, pid, SZOMB, &ki));
	assert_int_equal(ki.ki_ppid, getpid());
	assert_int_equal(ki.ki_rssize, 0);
	waitpid(pid, NULL, 0);
	must_list(&r, KERN_PROC_PID, pid, false, &p);
	assert_int_equal(p.n, 0);
	free(p.v);

	pid = child();
	if (pid == 0) {
		prctl(PR_SET_NAME, "\\n) S 1\n(");
		signal(SIGUSR2, SIG_IGN);
		raise(SIGSTOP);
		_exit(0);
	}
	assert_true(await(&r, pid, SSTOP, &ki));
	assert_int_equal(ki.ki_flag & (P_STOPPED_SIG | P_STOPPED_TRACE),
	    P_STOPPED_SIG);
	assert_string_equal(ki.ki_comm, "\\n) S 1\n(");
	assert_true(ki.ki_sigignore.__bits[0] & 1u << (SIGUSR2 - 1));
	assert_in_range(ki.ki_start.tv_sec + 3 - time(NULL), 0, 6);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);

	pid = child();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGUSR1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(await(&r, pid, SSTOP, &ki));
	assert_int_equal(ki.ki_flag & (P_TRACED | P_STOPPED_TRACE),
	    P_TRACED | P_STOPPED_TRACE);
	assert_int_equal(ki.ki_tracer, getpid());
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);

	pid = child();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_true(await(&r, pid, SSLEEP, &ki));
	assert_int_equal(ki.ki_tdflags & TDF_SINTR, TDF_SINTR);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	root_deinit(&r);
}

static uint64_t
cpu_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ((uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
}

static void
test_host_runtime(void **state)
{
	struct kvmi_procs p;
	uint64_t before, after;
	struct root r;

	(void)state;
	host_open(&r);
	while (cpu_usec() < 50000)
		;
	before = cpu_usec();
	must_list(&r, KERN_PROC_PID, getpid(), false, &p);
	after = cpu_usec();
	assert_int_equal(p.n, 1);
	/* To the microsecond where procfs is of our namespace. */
	if (((struct kvmi_live *)r.k.priv)->clocks)
		assert_in_range(p.v[0].ki_runtime, before, after);
	else
		assert_in_range(p.v[0].ki_runtime, before - 30000, after);
	free(p.v);
	root_deinit(&r);
}

struct churn {
	_Atomic bool	 stop;
	_Atomic int	 made;
};

static void *
churn_thread(void *arg)
{
	struct churn *c = arg;

	while (!c->stop) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
		c->made++;
	}
	return (NULL);
}

static void *
list_thread(void *arg)
{
	struct root *r = arg;
	struct kvmi_cx *cx = kvmi_cx_new();
	uintptr_t wrong = 0;

	if (cx == NULL)
		return ((void *)1);
	for (int i = 0; i < 50; i++) {
		struct kvmi_procs p = { 0 };

		if (r->k.os->procs(&r->k, cx, KERN_PROC_ALL, 0, i % 2 == 0,
		    &p) != 0)
			wrong++;
		for (size_t j = 0; j < p.n; j++)
			wrong += p.v[j].ki_pid <= 0 || p.v[j].ki_tid <= 0 ||
			    p.v[j].ki_comm[0] == '\0' ||
			    p.v[j].ki_ngroups < 1 || p.v[j].ki_stat == 0;
		free(p.v);
	}
	wrong += cx->damage;
	kvmi_cx_free(cx);
	return ((void *)wrong);
}

/* Several threads list while processes come and go under them. */
static void
test_host_coming_and_going(void **state)
{
	struct churn churn = { .stop = false };
	pthread_t maker, lister[3];
	struct root r;

	(void)state;
	host_open(&r);
	assert_int_equal(pthread_create(&maker, NULL, churn_thread, &churn), 0);
	for (size_t i = 0; i < KVMI_COUNT(lister); i++)
		assert_int_equal(pthread_create(&lister[i], NULL, list_thread,
		    &r), 0);
	for (size_t i = 0; i < KVMI_COUNT(lister); i++) {
		void *wrong;

		pthread_join(lister[i], &wrong);
		assert_int_equal((uintptr_t)wrong, 0);
	}
	churn.stop = true;
	pthread_join(maker, NULL);
	assert_true(churn.made > 0);
	root_deinit(&r);
}

/* A child with the number pid; its kind is in its name and its signals. */
static pid_t
clone_as(pid_t pid)
{
	struct clone_args a = { .exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid, .set_tid_size = 1 };

	return ((pid_t)syscall(SYS_clone3, &a, sizeof(a)));
}

/* Children of two kinds in turn, all with the same number. */
static void
succeed(pid_t pid)
{
	for (unsigned int i = 0;; i++) {
		pid_t got;

		prctl(PR_SET_NAME, i % 2 == 0 ? "even" : "odd");
		signal(SIGUSR1, i % 2 == 0 ? SIG_IGN : SIG_DFL);
		signal(SIGUSR2, i % 2 == 0 ? SIG_DFL : SIG_IGN);
		got = clone_as(pid);
		if (got == 0) {
			for (unsigned int j = 0; j < i % 7; j++)
				sched_yield();
			_exit(0);
		}
		if (got < 0 && errno != EEXIST)
			_exit(errno);
		if (got > 0)
			waitpid(got, NULL, 0);
	}
}

/* What is listed is of one process, also where its number lives on. */
static void
test_host_successors(void **state)
{
	int status, seen[2] = { 0 };
	pid_t maker, pid;
	struct root r;

	(void)state;
	pid = child();
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	maker = child();
	if (maker == 0)
		succeed(pid);
	host_open(&r);
	for (int i = 0; i < 200000 && (i < 5000 || seen[0] < 100 ||
	    seen[1] < 100) && waitpid(maker, &status, WNOHANG) == 0; i++) {
		struct kvmi_procs p;

		must_list(&r, KERN_PROC_PID, pid, i % 2 == 0, &p);
		for (size_t j = 0; j < p.n; j++) {
			const struct kinfo_proc *ki = &p.v[j];
			bool odd = strcmp(ki->ki_comm, "odd") == 0;
			uint32_t ignored = ki->ki_sigignore.__bits[0];

			/* A zombie has no signals any more. */
			if (ignored == 0)
				continue;
			seen[odd]++;
			assert_int_equal(ignored >> (SIGUSR1 - 1) & 1, !odd);
			assert_int_equal(ignored >> (SIGUSR2 - 1) & 1, odd);
			assert_string_equal(ki->ki_tdname, ki->ki_comm);
		}
		assert_int_equal(r.cx->damage, 0);
		free(p.v);
	}
	kill(maker, SIGKILL);
	waitpid(maker, &status, 0);
	root_deinit(&r);
	/* Numbers may be chosen only with CAP_CHECKPOINT_RESTORE. */
	if (geteuid() != 0)
		skip();
	assert_true(seen[0] >= 100 && seen[1] >= 100);
}

static void
test_host_missing(void **state)
{
	struct kvmi_procs p;
	struct root r;

	(void)state;
	host_open(&r);
	/* PID_MAX_LIMIT is 4194304. */
	must_list(&r, KERN_PROC_PID, 4194305, true, &p);
	assert_int_equal(p.n, 0);
	assert_int_equal(r.cx->damage, 0);
	free(p.v);
	must_list(&r, KERN_PROC_PID, INT32_MAX, false, &p);
	assert_int_equal(p.n, 0);
	free(p.v);
	root_deinit(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_selections),
		cmocka_unit_test(test_thread_entries),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_strange_roots),
		cmocka_unit_test(test_garbage_is_damage),
		cmocka_unit_test(test_hidden_process),
		cmocka_unit_test(test_no_procfs),
		cmocka_unit_test(test_many_groups),
		cmocka_unit_test(test_boot_time_without_stat),
		cmocka_unit_test(test_boot_time_stays),
		cmocka_unit_test(test_host_self),
		cmocka_unit_test(test_host_without_descriptors),
		cmocka_unit_test(test_host_threads),
		cmocka_unit_test(test_host_children),
		cmocka_unit_test(test_host_runtime),
		cmocka_unit_test(test_host_coming_and_going),
		cmocka_unit_test(test_host_successors),
		cmocka_unit_test(test_host_missing),
	};

	return (cmocka_run_group_tests_name("live_procs", tests, NULL, NULL));
}
