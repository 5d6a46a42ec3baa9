/* SPDX-License-Identifier: BSD-2-Clause */

#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <linux/securebits.h>

#include <err.h>
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actor.h"

static long
number(int argc, char *argv[], int i)
{
	if (i >= argc)
		errx(1, "argument %d missing", i);
	return (strtol(argv[i], NULL, 10));
}

/* nice N */
void
play_nice(int argc, char *argv[])
{
	if (setpriority(PRIO_PROCESS, 0, (int)number(argc, argv, 1)) == -1)
		err(1, "setpriority");
}

static void
set_policy(int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	if (sched_setscheduler(0, policy, &param) == -1)
		err(1, "sched_setscheduler");
}

/* fifo PRIORITY */
void
play_fifo(int argc, char *argv[])
{
	set_policy(SCHED_FIFO, (int)number(argc, argv, 1));
}

void
play_batch(int argc, char *argv[])
{
	(void)argc, (void)argv;
	set_policy(SCHED_BATCH, 0);
}

void
play_idle(int argc, char *argv[])
{
	(void)argc, (void)argv;
	set_policy(SCHED_IDLE, 0);
}

/* ids REAL EFFECTIVE SAVED FS: the same for users and, plus 1000, groups. */
void
play_ids(int argc, char *argv[])
{
	unsigned r, e, s, f;

	r = (unsigned)number(argc, argv, 1);
	e = (unsigned)number(argc, argv, 2);
	s = (unsigned)number(argc, argv, 3);
	f = (unsigned)number(argc, argv, 4);
	/* Keeps the right to set the file system's id, which goes last. */
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) == -1)
		err(1, "PR_SET_SECUREBITS");
	if (setresgid(r + 1000, e + 1000, s + 1000) == -1 ||
	    setresuid(r, e, s) == -1)
		err(1, "setresuid");
	setfsgid(f + 1000);
	setfsuid(f);
}

/* groups GID...: supplementary groups. */
void
play_groups(int argc, char *argv[])
{
	gid_t groups[32];
	int i;

	for (i = 1; i < argc && i <= 32; i++)
		groups[i - 1] = (gid_t)number(argc, argv, i);
	if (setgroups((size_t)i - 1, groups) == -1)
		err(1, "setgroups");
}

static void
caught(int sig)
{
	(void)sig;
}

/* HUP ignored, TERM and 40 caught, USR1, USR2 and 41 blocked, two pending. */
void
play_signals(int argc, char *argv[])
{
	sigset_t set;

	(void)argc, (void)argv;
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, caught);
	signal(40, caught);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, 41);
	sigprocmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGUSR1);	/* pending for the process */
	raise(41);			/* pending for the thread */
}

/* comm NAME */
void
play_comm(int argc, char *argv[])
{
	if (argc < 2 || prctl(PR_SET_NAME, argv[1]) == -1)
		err(1, "PR_SET_NAME");
}

/*
 * Touches so many MiB in pages of the base size.  Each begins with a mark and
 * the page's number, so that user memory in a dump can be checked.
 */
static void
touch(long mib, int flags)
{
	size_t len, page, i;
	char *memory;
	uint64_t words[2];

	page = (size_t)sysconf(_SC_PAGESIZE);
	len = (size_t)mib << 20;
	memory = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    flags | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "mmap");
	/* EINVAL: a kernel without huge pages. */
	if (madvise(memory, len, MADV_NOHUGEPAGE) == -1 && errno != EINVAL)
		err(1, "madvise");
	memcpy(&words[0], "libkvm!\n", 8);
	for (i = 0; i < len / page; i++) {
		words[1] = i;
		memcpy(memory + i * page, words, sizeof(words));
	}
}

/* memory MIB: private memory. */
void
play_memory(int argc, char *argv[])
{
	touch(number(argc, argv, 1), MAP_PRIVATE);
}

/* shared MIB: shared memory. */
void
play_shared(int argc, char *argv[])
{
	touch(number(argc, argv, 1), MAP_SHARED);
}

/*
 * Writes a title over its arguments and on into its environment, the way
 * setproctitle() of many programs does.
 */
void
play_title(int argc, char *argv[])
{
	static const char title[] =
	    "title: a text that is longer than the arguments were";

	(void)argc;
	memcpy(argv[0], title, sizeof(title));
}

/* arguments ANY...: nothing but the arguments. */
void
play_arguments(int argc, char *argv[])
{
	(void)argc, (void)argv;
}

/* noarguments: the kernel is told that it has none. */
void
play_noarguments(int argc, char *argv[])
{
	(void)argc;
	if (prctl(PR_SET_MM, PR_SET_MM_ARG_END, argv[0], 0, 0) == -1)
		err(1, "PR_SET_MM_ARG_END");
}
