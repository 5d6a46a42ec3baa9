/* SPDX-License-Identifier: BSD-2-Clause */
/* What a thread has for itself: fill_kinfo_thread() of sys/kern/kern_proc.c. */
#include <string.h>

#include "base/math.h"
#include "os/freebsd/lister.h"

/* td_state and td_inhibitors (sys/proc.h) */
#define TDS_INHIBITED	1
#define TDI_SLEEPING	0x0002
#define TDI_LOCK	0x0008

#define TDP2_UEXTERR	0x20	/* the process set td_exterr_ptr */

#define P_STOPPED_SINGLE 0x00080000
#define P_STOPPED	(P_STOPPED_SIG | P_STOPPED_SINGLE | P_STOPPED_TRACE)

#define NAME_SIZE	(COMMLEN + 1)	/* MAXCOMLEN + 1 */
#define NOCPU_OLD	255

static uint8_t
old_cpu(int32_t cpu)
{
	return (cpu < 0 ? NOCPU_OLD : (uint8_t)kvmi_min((uint64_t)cpu,
	    NOCPU_OLD - 1));
}

static char
state_of(struct kvmi_freebsd_lister *x, const struct kinfo_proc *ki,
    uint64_t td, uint64_t state)
{
	uint64_t inhibitors = kvmi_lget(x, td, TD_INHIBITORS);

	if (state != KVMI_PRS_NORMAL)
		return (state == KVMI_PRS_ZOMBIE ? SZOMB : SIDL);
	if (kvmi_lget(x, td, TD_STATE) > TDS_INHIBITED)
		return (SRUN);
	if ((ki->ki_flag & P_STOPPED) != 0)
		return (SSTOP);
	if ((inhibitors & TDI_SLEEPING) != 0)
		return (SSLEEP);
	return ((inhibitors & TDI_LOCK) != 0 ? SLOCK : SWAIT);
}

static void
fill_name(struct kvmi_freebsd_lister *x, struct kinfo_proc *ki, uint64_t td)
{
	char name[NAME_SIZE];

	kvmi_lister_name(x, td, TD_NAME, name, sizeof(name));
	memset(ki->ki_tdname, 0, sizeof(ki->ki_tdname));
	memcpy(ki->ki_tdname, name, TDNAMLEN);
	memcpy(ki->ki_moretdname, name + TDNAMLEN, NAME_SIZE - TDNAMLEN);
}

static void
fill_typed(struct kvmi_freebsd_lister *x, struct kinfo_proc *ki, uint64_t td,
    uint64_t state)
{
	ki->ki_stat = state_of(x, ki, td, state);
	ki->ki_lastcpu = (int32_t)kvmi_lget(x, td, TD_LASTCPU);
	ki->ki_wchan = kvmi_lget(x, td, TD_WCHAN);
	kvmi_lister_string(x, td, TD_WMESG, ki->ki_wmesg,
	    sizeof(ki->ki_wmesg));
	memset(ki->ki_lockname, 0, sizeof(ki->ki_lockname));
	ki->ki_kiflag &= ~(int64_t)KI_LOCKBLOCK;
	if ((kvmi_lget(x, td, TD_INHIBITORS) & TDI_LOCK) != 0) {
		ki->ki_kiflag |= KI_LOCKBLOCK;
		kvmi_lister_string(x, td, TD_LOCKNAME, ki->ki_lockname,
		    sizeof(ki->ki_lockname));
	}
	ki->ki_pri = (struct kvm_priority){
		.pri_class = (uint8_t)kvmi_lget(x, td, TD_PRI_CLASS),
		.pri_level = (uint8_t)kvmi_lget(x, td, TD_PRIORITY),
		.pri_native = (uint8_t)kvmi_lget(x, td, TD_BASE_PRI),
		.pri_user = (uint8_t)kvmi_lget(x, td, TD_USER_PRI) };
	ki->ki_tdflags = (int64_t)kvmi_lget(x, td, TD_FLAGS);
	ki->ki_kstack = kvmi_lget(x, td, TD_KSTACK);
	ki->ki_uerrmsg = (kvmi_lget(x, td, TD_PFLAGS2) & TDP2_UEXTERR) != 0 ?
	    kvmi_lget(x, td, TD_EXTERR) : 0;
	if (x->hz != 0)
		ki->ki_slptime = ((uint32_t)x->ticks -
		    (uint32_t)kvmi_lget(x, td, TD_SLPTICK)) / (uint32_t)x->hz;
	kvmi_lister_signals(x, td, TD_SIGLIST, &ki->ki_siglist);
	/* The dead block nothing. */
	memset(&ki->ki_sigmask, 0, sizeof(ki->ki_sigmask));
	if (state != KVMI_PRS_ZOMBIE)
		kvmi_lister_signals(x, td, TD_SIGMASK, &ki->ki_sigmask);
}

void
kvmi_lister_fill_thread(struct kvmi_freebsd_lister *x, struct kinfo_proc *ki,
    uint64_t td, uint64_t state)
{
	ki->ki_tdaddr = td;
	ki->ki_tid = (int32_t)kvmi_lget(x, td, TD_TID);
	ki->ki_pcb = kvmi_lget(x, td, TD_PCB);
	fill_name(x, ki, td);
	if (x->l.m[TD_ONCPU].size != 0)
		ki->ki_oncpu = (int32_t)kvmi_lget(x, td, TD_ONCPU);
	/* Without types, where it ran last is not known. */
	ki->ki_lastcpu = ki->ki_oncpu;
	if (x->l.typed)
		fill_typed(x, ki, td, state);
	else if (ki->ki_oncpu >= 0 && ki->ki_stat != SZOMB)
		ki->ki_stat = SRUN;
	ki->ki_oncpu_old = old_cpu(ki->ki_oncpu);
	ki->ki_lastcpu_old = old_cpu(ki->ki_lastcpu);
}
