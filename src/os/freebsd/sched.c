/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread's share of the CPU, of which each scheduler keeps account in its
 * own way: sched_pctcpu() of sys/kern/sched_ule.c and sched_4bsd.c.
 */
#include "os/freebsd/lister.h"

/* sched_ule.c: SCHED_TICK_SECS, SCHED_TICK_SHIFT */
#define TICK_SECS	10
#define TICK_SHIFT	10

/*
 * ts_ticks counts the clock's ticks that the thread ran, shifted, between
 * ts_ftick and ts_ltick.  Here: in the ten seconds up to now.
 */
static uint32_t
ule_share(struct kvmi_freebsd_lister *x, uint64_t ts, bool running)
{
	uint64_t hz = (uint64_t)x->hz, target = hz * TICK_SECS;
	uint64_t ran = (uint32_t)kvmi_lget(x, ts, TS_TICKS), rate;
	uint32_t now = (uint32_t)x->ticks;
	uint32_t last = (uint32_t)kvmi_lget(x, ts, TS_LTICK);
	uint32_t first = (uint32_t)kvmi_lget(x, ts, TS_FTICK);

	if (now - last >= target)
		ran = 0;
	else if (now - first >= target + hz && last != first)
		ran = ran / (last - first) *
		    (uint32_t)(last - (now - (uint32_t)target));
	if (running)
		ran += (uint64_t)(now - last) << TICK_SHIFT;
	rate = (ran >> TICK_SHIFT) / TICK_SECS;
	if (rate > hz)
		rate = hz;
	return ((uint32_t)(KI_FSCALE * (KI_FSCALE * rate / hz) >>
	    KI_FSHIFT));
}

void
kvmi_lister_cpu_share(struct kvmi_freebsd_lister *x, uint64_t td,
    bool running, uint32_t *pctcpu, uint32_t *estcpu)
{
	/* The scheduler's part is behind the thread's. */
	uint64_t ts = x->l.m[TD_SCHED].size != 0 ?
	    kvmi_lget(x, td, TD_SCHED) :
	    x->l.thread_size != 0 ? td + x->l.thread_size : 0;

	*pctcpu = *estcpu = 0;
	if (ts == 0)
		return;
	if (x->l.m[TS_TICKS].size != 0 && x->hz != 0) {
		*pctcpu = ule_share(x, ts, running);
		return;
	}
	*pctcpu = (uint32_t)kvmi_lget(x, ts, TS_PCTCPU);
	*estcpu = (uint32_t)kvmi_lget(x, ts, TS_ESTCPU);
}
