/* SPDX-License-Identifier: BSD-2-Clause */

#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"

static void
set_name(const char *name)
{
	if (prctl(PR_SET_NAME, name) == -1)
		err(1, "PR_SET_NAME");
}

/* In the child it returns 0 with another name; the parent gets the pid. */
static pid_t
fork_named(const char *name)
{
	pid_t pid;

	pid = fork();
	if (pid == -1)
		err(1, "fork");
	if (pid == 0)
		set_name(name);
	return (pid);
}

static pthread_barrier_t barrier;

static void *
named_thread(void *number)
{
	char name[16];

	snprintf(name, sizeof(name), "thread-%d", *(int *)number);
	set_name(name);
	pthread_barrier_wait(&barrier);
	sleep_for_ever();
}

static void
start_threads(int count)
{
	int *numbers, i;
	pthread_t thread;

	numbers = calloc((size_t)count, sizeof(*numbers));
	if (numbers == NULL)
		err(1, "calloc");
	pthread_barrier_init(&barrier, NULL, (unsigned)count + 1);
	for (i = 0; i < count; i++) {
		numbers[i] = i;
		if (pthread_create(&thread, NULL, named_thread,
		    &numbers[i]) != 0)
			errx(1, "pthread_create");
	}
	pthread_barrier_wait(&barrier);
}

/* What it uses stays with the process: 512 faults, with small pages, and time. */
static void *
ending_thread(void *arg)
{
	size_t size = 2 << 20;
	struct timespec t;
	volatile char *p;
	size_t i;
	char *memory;

	p = memory = malloc(size);
	if (memory == NULL)
		err(1, "malloc");
	do {
		for (i = 0; i < size; i += 1024)
			p[i] = 1;
		if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == -1)
			err(1, "clock_gettime");
	} while (t.tv_sec == 0 && t.tv_nsec < 200000000);
	free(memory);
	return (arg);
}

/*
 * threads N: so many threads besides the first, thread-0 ..., after another one
 * has ended.
 */
void
play_threads(int argc, char *argv[])
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, ending_thread, NULL) != 0 ||
	    pthread_join(thread, NULL) != 0)
		errx(1, "pthread_create");
	start_threads(argc > 1 ? atoi(argv[1]) : 1);
}

/* The first thread has ended, others go on: a zombie with live threads. */
void
play_deadleader(int argc, char *argv[])
{
	(void)argc, (void)argv;
	start_threads(2);
	in_position();
	pthread_exit(NULL);
}

/*
 * A session leader with a controlling terminal, a child in the leader's
 * process group and one in a group of its own that has a child too.
 */
void
play_session(int argc, char *argv[])
{
	char name[64];
	int fd, unlock, number;

	(void)argc, (void)argv;
	if (setsid() == -1)
		err(1, "setsid");
	fd = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY);
	unlock = 0;
	if (fd == -1 || ioctl(fd, TIOCSPTLCK, &unlock) == -1 ||
	    ioctl(fd, TIOCGPTN, &number) == -1)
		err(1, "ptmx");
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	fd = open(name, O_RDWR);
	if (fd == -1 || ioctl(fd, TIOCSCTTY, 0) == -1)
		err(1, "%s", name);
	if (fork_named("session-member") == 0)
		sleep_for_ever();
	if (fork_named("group-leader") == 0) {
		setpgid(0, 0);
		fork_named("group-member");
		sleep_for_ever();
	}
}

/* A process whose parent is gone: the kernel makes it a child of init. */
void
play_orphan(int argc, char *argv[])
{
	(void)argc, (void)argv;
	if (fork_named("orphan-parent") == 0) {
		if (fork_named("orphan-child") != 0)
			_exit(0);
		sleep_for_ever();
	}
	wait(NULL);
}

void
play_zombie(int argc, char *argv[])
{
	siginfo_t info;

	(void)argc, (void)argv;
	if (fork_named("zombie-child") == 0)
		_exit(42);
	if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == -1)
		err(1, "waitid");
}

void
play_stopped(int argc, char *argv[])
{
	(void)argc, (void)argv;
	in_position();
	raise(SIGSTOP);
}

/* The child is stopped by its tracer. */
void
play_traced(int argc, char *argv[])
{
	pid_t pid;

	(void)argc, (void)argv;
	pid = fork_named("tracee");
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
			err(1, "PTRACE_TRACEME");
		raise(SIGUSR1);
	}
	if (waitpid(pid, NULL, WUNTRACED) == -1)
		err(1, "waitpid");
}

/* The parent sleeps uninterruptibly (D) until the child execs or exits. */
void
play_vforked(int argc, char *argv[])
{
	(void)argc, (void)argv;
	in_position();
	if (vfork() == 0) {
		prctl(PR_SET_NAME, "vforked-child");
		for (;;)
			pause();
	}
}

/* Always running. */
void
play_spinner(int argc, char *argv[])
{
	(void)argc, (void)argv;
	if (setpriority(PRIO_PROCESS, 0, 19) == -1)
		err(1, "setpriority");
	in_position();
	for (;;)
		__asm__ volatile("" ::: "memory");
}

/* The first process of a namespace of pids, with a host name of its own. */
void
play_namespace(int argc, char *argv[])
{
	(void)argc, (void)argv;
	if (unshare(CLONE_NEWPID | CLONE_NEWUTS) == -1)
		err(1, "unshare");
	if (sethostname("inner", 5) == -1)
		err(1, "sethostname");
	if (fork_named("inner-init") == 0) {
		fork_named("inner-child");
		sleep_for_ever();
	}
}

/* crowd N: so many children that sleep */
void
play_crowd(int argc, char *argv[])
{
	int count = argc > 1 ? atoi(argv[1]) : 1;

	for (int i = 0; i < count; i++)
		if (fork_named("one of many") == 0)
			sleep_for_ever();
}
