/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flags and states of processes and threads of FreeBSD 13; those that occur
 * in the list of a Linux kernel are in <kvm_proc.h>.
 */
#ifndef _LIBKVM_BSD_SYS_PROC_H_
#define _LIBKVM_BSD_SYS_PROC_H_

#include <kvm_proc.h>
#include <sys/param.h>
#include <sys/queue.h>

/* ki_flag */
#define P_ADVLOCK		0x00000001
#define P_PPWAIT		0x00000010
#define P_PROFIL		0x00000020
#define P_STOPPROF		0x00000040
#define P_HADTHREADS		0x00000080
#define P_SUGID			0x00000100
#define P_SINGLE_EXIT		0x00000400
#define P_WAITED		0x00001000
#define P_EXEC			0x00004000
#define P_WKILLED		0x00008000
#define P_CONTINUED		0x00010000
#define P_STOPPED_SINGLE	0x00080000
#define P_PROTECTED		0x00100000
#define P_SIGEVENT		0x00200000
#define P_SINGLE_BOUNDARY	0x00400000
#define P_HWPMC			0x00800000
#define P_JAILED		0x01000000
#define P_TOTAL_STOP		0x02000000
#define P_INEXEC		0x04000000
#define P_STATCHILD		0x08000000
#ifndef P_INMEM
#define P_INMEM			0x10000000
#endif
#define P_SWAPPINGOUT		0x20000000
#define P_SWAPPINGIN		0x40000000
#define P_PPTRACE		0x80000000
#define P_STOPPED \
	(P_STOPPED_SIG | P_STOPPED_SINGLE | P_STOPPED_TRACE)

/* ki_flag2 */
#define P2_INHERIT_PROTECTED	0x00000001
#define P2_NOTRACE		0x00000002
#define P2_NOTRACE_EXEC		0x00000004
#define P2_AST_SU		0x00000008
#define P2_PTRACE_FSTP		0x00000010
#define P2_TRAPCAP		0x00000020

/* ki_tdflags */
#define TDF_BORROWING		0x00000001
#define TDF_INPANIC		0x00000002
#define TDF_INMEM		0x00000004
#define TDF_TIMEOUT		0x00000010
#define TDF_IDLETD		0x00000020
#define TDF_CANSWAP		0x00000040
#define TDF_KTH_SUSP		0x00000100
#define TDF_ALLPROCSUSP		0x00000200
#define TDF_BOUNDARY		0x00000400
#define TDF_ASTPENDING		0x00000800
#define TDF_SBDRY		0x00002000
#define TDF_UPIBLOCKED		0x00004000
#define TDF_NEEDSUSPCHK		0x00008000
#define TDF_NEEDRESCHED		0x00010000
#define TDF_NEEDSIGCHK		0x00020000
#define TDF_SERESTART		0x00080000
#define TDF_THRWAKEUP		0x00100000
#define TDF_SEINTR		0x00200000
#define TDF_SWAPINREQ		0x00400000

/* Seconds after which a sleeping process is called idle. */
#define MAXSLP			20

#endif
