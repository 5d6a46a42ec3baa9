/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/linux/taskflags.h"

#include <sys/acct.h>

#include "base/math.h"

static const struct {
	uint64_t	 flag;
	int64_t		 p_flag;
	uint16_t	 acflag;
} table[] = {
	{ KVMI_PF_EXITING, P_WEXIT, 0 },
	{ KVMI_PF_FORKNOEXEC, 0, AFORK },
	{ KVMI_PF_SUPERPRIV, 0, ASU },
	{ KVMI_PF_DUMPCORE, 0, ACORE },
	{ KVMI_PF_SIGNALED, 0, AXSIG },
	{ KVMI_PF_KTHREAD, P_KPROC | P_SYSTEM, 0 },
};

void
kvmi_linux_task_flags(struct kinfo_proc *ki, uint64_t flags)
{
	for (size_t i = 0; i < KVMI_COUNT(table); i++) {
		if ((flags & table[i].flag) == 0)
			continue;
		ki->ki_flag |= table[i].p_flag;
		ki->ki_acflag |= table[i].acflag;
	}
	if ((flags & KVMI_PF_FORKNOEXEC) == 0)
		ki->ki_flag |= P_EXEC;
	/* Linux swaps pages out, never a process as a whole. */
	ki->ki_flag |= P_INMEM;
	ki->ki_sflag = PS_INMEM;
}
