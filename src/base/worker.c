/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/worker.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

int
kvmi_worker_start(pthread_t *ret, void *(*fn)(void *), void *arg)
{
	sigset_t all, old;
	int e;

	sigfillset(&all);
	/* Synchronous ones must reach the guard of the mapping. */
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGSEGV);
	e = pthread_sigmask(SIG_SETMASK, &all, &old);
	if (e != 0)
		return (e);
	e = pthread_create(ret, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return (e);
}

unsigned int
kvmi_worker_cpus(void)
{
	cpu_set_t set;
	long n;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		return ((unsigned int)CPU_COUNT(&set));
	/* More CPUs than the set holds. */
	n = sysconf(_SC_NPROCESSORS_ONLN);
	return (n < 1 ? 1 : (unsigned int)n);
}
