/* SPDX-License-Identifier: BSD-2-Clause */
/* The flags of a task, which procfs shows as the kernel has them. */
#ifndef KVMI_TASKFLAGS_H
#define KVMI_TASKFLAGS_H

#include "os/kernel.h"

/* include/linux/sched.h */
#define KVMI_PF_EXITING		0x00000004
#define KVMI_PF_WQ_WORKER	0x00000020
#define KVMI_PF_FORKNOEXEC	0x00000040
#define KVMI_PF_SUPERPRIV	0x00000100
#define KVMI_PF_DUMPCORE	0x00000200
#define KVMI_PF_SIGNALED	0x00000400
#define KVMI_PF_KTHREAD		0x00200000

/* Add what they mean to ki_flag, ki_sflag and ki_acflag. */
void kvmi_linux_task_flags(struct kinfo_proc *ki, uint64_t flags);

#endif
