/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysctl(3) for the few variables that programs around kvm(3) ask for: see
 * libkvm-bsd(7).  Names and numbers of FreeBSD 13.
 */
#ifndef _LIBKVM_BSD_SYS_SYSCTL_H_
#define _LIBKVM_BSD_SYS_SYSCTL_H_

#include <kvm.h>
#include <sys/types.h>

#define CTL_MAXNAME	24

#define CTL_SYSCTL	0
#define CTL_KERN	1
#define CTL_VM		2
#define CTL_VFS		3
#define CTL_NET		4
#define CTL_DEBUG	5
#define CTL_HW		6
#define CTL_MACHDEP	7
#define CTL_USER	8

#define KERN_OSTYPE		1
#define KERN_OSRELEASE		2
#define KERN_OSREV		3
#define KERN_VERSION		4
#define KERN_MAXVNODES		5
#define KERN_MAXPROC		6
#define KERN_MAXFILES		7
#define KERN_ARGMAX		8
#define KERN_SECURELVL		9
#define KERN_HOSTNAME		10
#define KERN_HOSTID		11
#define KERN_CLOCKRATE		12
#define KERN_PROC		14
#define KERN_FILE		15
#define KERN_NGROUPS		18
#define KERN_BOOTTIME		21
#define KERN_OSRELDATE		24
#define KERN_BOOTFILE		26
#define KERN_MAXFILESPERPROC	27
#define KERN_MAXPROCPERUID	28
#define KERN_IPC		30
#define KERN_PS_STRINGS		32
#define KERN_USRSTACK		33

/* Besides those of <kvm.h>. */
#define KERN_PROC_ARGS		7
#define KERN_PROC_SV_NAME	9
#define KERN_PROC_PATHNAME	12
#define KERN_PROC_KSTACK	15
#define KERN_PROC_VMMAP		32
#define KERN_PROC_FILEDESC	33
#define KERN_PROC_GROUPS	34
#define KERN_PROC_ENV		35
#define KERN_PROC_AUXV		36
#define KERN_PROC_RLIMIT	37
#define KERN_PROC_PS_STRINGS	38
#define KERN_PROC_UMASK		39
#define KERN_PROC_OSREL		40
#define KERN_PROC_SIGTRAMP	41
#define KERN_PROC_CWD		42
#define KERN_PROC_NFDS		43

#define HW_MACHINE	1
#define HW_MODEL	2
#define HW_NCPU		3
#define HW_BYTEORDER	4
#define HW_PHYSMEM	5
#define HW_USERMEM	6
#define HW_PAGESIZE	7
#define HW_MACHINE_ARCH	11
#define HW_REALMEM	12

#ifdef __cplusplus
extern "C" {
#endif

int	sysctl(const int *name, u_int namelen, void *oldp, size_t *oldlenp,
	    const void *newp, size_t newlen);
int	sysctlbyname(const char *name, void *oldp, size_t *oldlenp,
	    const void *newp, size_t newlen);
int	sysctlnametomib(const char *name, int *mibp, size_t *sizep);

#ifdef __cplusplus
}
#endif

#endif
