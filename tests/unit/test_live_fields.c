/* SPDX-License-Identifier: BSD-2-Clause */
/* What is told of each process and thread, of made-up roots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/acct.h>
#include <time.h>

#include <cmocka.h>

#include "test_live_fake.h"
#include "test_live_list.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_thread_entries),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_many_groups),
	};

	return (cmocka_run_group_tests_name("live_fields", tests, NULL, NULL));
}
