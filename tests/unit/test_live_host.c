/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes of the host that the test runs on. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include <cmocka.h>

#include "test_live_list.h"

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
	root_open_host(&r);
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
	root_open_host(&r);
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
	root_open_host(&r);
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

static void
test_host_children(void **state)
{
	struct kinfo_proc ki;
	struct kvmi_procs p;
	struct root r;
	pid_t pid;

	(void)state;
	root_open_host(&r);
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
	root_open_host(&r);
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

static void
test_host_missing(void **state)
{
	struct kvmi_procs p;
	struct root r;

	(void)state;
	root_open_host(&r);
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
		cmocka_unit_test(test_host_self),
		cmocka_unit_test(test_host_without_descriptors),
		cmocka_unit_test(test_host_threads),
		cmocka_unit_test(test_host_children),
		cmocka_unit_test(test_host_runtime),
		cmocka_unit_test(test_host_missing),
	};

	return (cmocka_run_group_tests_name("live_host", tests, NULL, NULL));
}
