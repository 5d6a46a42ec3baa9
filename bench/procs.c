/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Process lists: of this host with thousands of sleeping processes, against
 * ps(1) asked for as much, and of a dump of such a machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define SLEEPERS	5000

/*
 * What fields of struct kinfo_proc have columns of procps.  The others
 * (ki_start to the nanosecond, child times, signals of threads ...) are read
 * by kvm_getprocs() too, so ps has less to do, not more.
 */
#define COLUMNS \
	"pid,ppid,pgid,sid,tpgid,tty,uid,ruid,svuid,gid,rgid,svgid,supgid," \
	"s,f,ni,pri,rtprio,cls,nlwp,psr,vsz,rss,time,lstart,pcpu,wchan," \
	"min_flt,maj_flt,pending,blocked,ignored,caught,comm"

extern char **environ;

static pid_t *
spawn_sleepers(void)
{
	pid_t *pid = calloc(SLEEPERS, sizeof(*pid)), parent = getpid();

	if (pid == NULL)
		die("bench", "out of memory");
	for (size_t i = 0; i < SLEEPERS; i++) {
		pid[i] = fork();
		if (pid[i] < 0)
			die("fork", strerror(errno));
		if (pid[i] > 0)
			continue;
		/* They go with the parent, however it ends. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == parent)
			pause();
		_exit(0);
	}
	return (pid);
}

static void
end_sleepers(pid_t *pid)
{
	for (size_t i = 0; i < SLEEPERS; i++)
		kill(pid[i], SIGKILL);
	for (size_t i = 0; i < SLEEPERS; i++)
		waitpid(pid[i], NULL, 0);
	free(pid);
}

/* Are all of ours listed, and filled? */
static void
check(const struct kinfo_proc *kp, int n, const pid_t *pid)
{
	size_t seen = 0;

	for (int i = 0; i < n; i++) {
		if (kp[i].ki_ppid != getpid())
			continue;
		if (kp[i].ki_comm[0] == '\0' || kp[i].ki_stat == 0 ||
		    kp[i].ki_start.tv_sec == 0 || kp[i].ki_size == 0 ||
		    kp[i].ki_rssize == 0 || kp[i].ki_numthreads != 1)
			die("kvm_getprocs", "an entry has fields unfilled");
		seen++;
	}
	if (pid != NULL && seen != SLEEPERS)
		die("kvm_getprocs", "a process is missing");
}

static double
time_list(const pid_t *pid)
{
	double t = now();
	char why[2048] = "";
	kvm_t *kd = kvm_open2(NULL, NULL, O_RDONLY, why, NULL);
	struct kinfo_proc *kp;
	int n;

	if (kd == NULL)
		die("kvm_open2", why);
	kp = kvm_getprocs(kd, KERN_PROC_PROC, 0, &n);
	if (kp == NULL)
		die("kvm_getprocs", kvm_geterr(kd));
	t = now() - t;
	check(kp, n, pid);
	kvm_close(kd);
	return (t);
}

static double
time_ps(void)
{
	static const char *const argv[] = { "ps", "-e", "-o", COLUMNS, NULL };
	posix_spawn_file_actions_t fa;
	double t = now();
	pid_t pid;
	int status;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, "ps", &fa, NULL, (char **)(uintptr_t)argv,
	    environ) != 0 || waitpid(pid, &status, 0) != pid || status != 0)
		die("ps", "failed");
	posix_spawn_file_actions_destroy(&fa);
	return (now() - t);
}

void
bench_live(void)
{
	pid_t *pid = spawn_sleepers();
	double t_list = 0, t_ps = 0;

	for (int i = 0; i < ROUNDS; i++) {
		t_list = best(t_list, time_list(pid));
		t_ps = best(t_ps, time_ps());
	}
	end_sleepers(pid);
	printf("%-46s %10.1f ms\n", "open, list 5000 processes of this host",
	    t_list * 1e3);
	printf("%-46s %10.1f ms\n", "  ps -e -o the same", t_ps * 1e3);
	printf("%-46s %10.2f (aim: at most 0.7)\n", "  kvm_getprocs / ps",
	    t_list / t_ps);
}

void
bench_crowd(const char *path)
{
	double t_open = 0, t_first = 0, t_again = 0, t_cpu = 0;
	int n = 0;

	for (int i = 0; i < ROUNDS; i++) {
		double start = now(), opened, cpu, first;
		kvm_t *kd = open_dump(path);

		opened = now();
		cpu = cpu_now();
		if (kvm_getprocs(kd, KERN_PROC_PROC, 0, &n) == NULL)
			die(path, kvm_geterr(kd));
		first = now();
		t_cpu = best(t_cpu, cpu_now() - cpu);
		if (kvm_getprocs(kd, KERN_PROC_PROC, 0, &n) == NULL)
			die(path, kvm_geterr(kd));
		t_again = best(t_again, now() - first);
		t_first = best(t_first, first - opened);
		t_open = best(t_open, opened - start);
		kvm_close(kd);
	}
	if (n < SLEEPERS)
		die(path, "has fewer than 5000 processes");
	printf("%s: %d processes\n", path, n);
	printf("%-46s %10.1f ms\n", "open", t_open * 1e3);
	printf("%-46s %10.1f ms (aim: below 30)\n",
	    "  first kvm_getprocs after it", t_first * 1e3);
	printf("%-46s %10.1f ms\n", "    of them at work on a CPU",
	    t_cpu * 1e3);
	printf("%-46s %10.1f ms\n", "  the second", t_again * 1e3);
}
