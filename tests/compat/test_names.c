/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FreeBSD's programs have functions whose names are glibc's, uname() of ps(1)
 * among them.  The library must not call those in glibc's place.
 */
#include <sys/param.h>
#include <sys/proc.h>
#include <sys/resource.h>
#include <sys/user.h>
#include <fcntl.h>
#include <kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char	*uname(struct kinfo_proc *);

char *
uname(struct kinfo_proc *kp)
{
	(void)kp;
	fputs("the program's uname() was called\n", stderr);
	abort();
}

int
main(void)
{
	kvm_t *kd = kvm_open2(NULL, "/dev/null", O_RDONLY, NULL, NULL);
	const struct kinfo_proc *kp;
	const struct priority *pri;
	int n;

	if (kd == NULL || kvm_native(kd) != 1 || kvm_getinfo(kd) == NULL)
		return (1);
	kp = kvm_getprocs(kd, KERN_PROC_PID, getpid(), &n);
	if (kp == NULL || n != 1 || strcmp(kp->ki_comm, "test_names") != 0)
		return (2);
	/* By FreeBSD's names, which ours are other words for. */
	pri = &kp->ki_pri;
	if (kp->ki_nice != getpriority(PRIO_PROCESS, 0) + NZERO ||
	    pri->pri_level == 0 ||
	    kp->ki_childstime.tv_sec != 0)
		return (3);
	return (kvm_close(kd));
}
