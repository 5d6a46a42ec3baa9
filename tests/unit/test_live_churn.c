/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes that come and go, and give their numbers on, while listed. */
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "base/math.h"
#include "test_live_list.h"

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
	root_open_host(&r);
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
	root_open_host(&r);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_coming_and_going),
		cmocka_unit_test(test_host_successors),
	};

	return (cmocka_run_group_tests_name("live_churn", tests, NULL, NULL));
}
