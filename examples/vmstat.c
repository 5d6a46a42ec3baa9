/* SPDX-License-Identifier: BSD-2-Clause */
/* What threads do and CPUs did.  kvm_getprocs(3), kvm_getcptime(3) */
#include <err.h>
#include <fcntl.h>
#include <kvm.h>
#include <stdio.h>
#include <unistd.h>

static void
print_threads(kvm_t *kd)
{
	struct kinfo_proc *kp;
	int run = 0, wait = 0, sleep = 0, n;

	kp = kvm_getprocs(kd, KERN_PROC_ALL | KERN_PROC_INC_THREAD, 0, &n);
	if (kp == NULL) {
		warnx("%s", kvm_geterr(kd));
		return;
	}
	for (int i = 0; i < n; i++) {
		if (kp[i].ki_stat == SRUN)
			run++;
		else if (kp[i].ki_stat != SSLEEP)
			continue;
		else if (kp[i].ki_tdflags & (TDF_SINTR | TDF_NOLOAD))
			sleep++;
		else
			wait++;
	}
	printf("threads   %d run, %d wait, %d sleep\n", run, wait, sleep);
}

static void
print_times(kvm_t *kd)
{
	static const char *const name[CPUSTATES] = { [CP_USER] = "user",
		[CP_NICE] = "nice", [CP_SYS] = "system",
		[CP_INTR] = "interrupt", [CP_IDLE] = "idle" };
	long ticks[CPUSTATES];
	double all = 0;

	if (kvm_getcptime(kd, ticks) != 0) {
		warnx("%s", kvm_geterr(kd));
		return;
	}
	for (int i = 0; i < CPUSTATES; i++)
		all += (double)ticks[i];
	for (int i = 0; i < CPUSTATES; i++)
		printf("%-9s %ld ticks, %.1f%%\n", name[i], ticks[i],
		    all > 0 ? 100 * (double)ticks[i] / all : 0);
}

int
main(int argc, char **argv)
{
	const char *core = "/dev/null", *kernel = NULL;
	char errbuf[2048];
	kvm_t *kd;
	int ch;

	while ((ch = getopt(argc, argv, "M:N:")) != -1) {
		if (ch == 'M')
			core = optarg;
		else if (ch == 'N')
			kernel = optarg;
		else
			errx(2, "usage: vmstat [-M core [-N kernel]]");
	}
	kd = kvm_openfiles(kernel, core, NULL, O_RDONLY, errbuf);
	if (kd == NULL)
		errx(1, "%s", errbuf);
	print_threads(kd);
	print_times(kd);
	return (kvm_close(kd));
}
