/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU times: kernel_cpustat is exported, and how long CPUs were idle without a
 * tick is in tick_cpu_sched (kernel/time/tick-sched.h), known by the timer that
 * each CPU has there.
 */
#include "base/math.h"
#include "os/linux/infer.h"

#define STATES		10		/* CPUTIME_USER to GUEST_NICE */
#define SPAN		(UINT64_C(1) << 19)	/* of all per-CPU variables */
#define MAX_TIME	(UINT64_C(1) << 62)	/* nanoseconds */
#define HIGHRES		2		/* NOHZ_MODE_HIGHRES */
#define FLAGS		5		/* one bit each */
#define IDLE_ACTIVE	2		/* the third */

/*
 * Up to 6.7, where the timer calls tick_sched_timer(): nohz_mode, flags,
 * and idle_entrytime, idle_waketime, idle_exittime, idle_sleeptime,
 * iowait_sleeptime, behind the pointer to that; it differs with the size of
 * pointers and the alignment of 64-bit numbers.
 */
struct shape {
	unsigned int	ptr, mode, flags, entry;
};

static const struct shape shapes[] = {
	{ 8, 32, 36, 80 }, { 4, 20, 24, 64 }, { 4, 16, 20, 52 },
};

/* The copies that the CPUs which run have of the per-CPU object at va. */
static bool
on_each(struct kvmi_infer *x, uint64_t va, const struct shape *s,
    bool (*fits)(struct kvmi_infer *x, uint64_t va, const struct shape *s))
{
	const struct kvmi_linux_cpus *c = &x->cpus;

	for (unsigned int cpu = 0; cpu < c->n; cpu++)
		if (kvmi_linux_cpu_runs(c, cpu) && !fits(x,
		    kvmi_linux_percpu_at(x->k, va, c->offset[cpu]), s))
			return (false);
	return (true);
}

static bool
has_timer(struct kvmi_infer *x, uint64_t va, const struct shape *s)
{
	(void)s;
	return (kvmi_infer_read(x, va, x->ptr) == x->timer);
}

/* The last time a CPU went idle is later than all that it was idle before. */
static bool
is_idle(struct kvmi_infer *x, uint64_t va, const struct shape *s)
{
	uint64_t mode = kvmi_infer_read(x, va + s->mode, 4),
	    flags = kvmi_infer_read(x, va + s->flags, 4), v[5];

	if (x->k->big_endian ? flags << FLAGS >> 32 != flags >> (32 - FLAGS) :
	    flags >> FLAGS != 0)
		return (false);
	for (unsigned int i = 0; i < 5; i++) {
		v[i] = kvmi_infer_read(x, va + s->entry + 8 * i, 8);
		if (v[i] > MAX_TIME)
			return (false);
	}
	return ((mode == 0 || mode == HIGHRES) && v[3] + v[4] <= v[0]);
}

/* In the area of the first of them. */
static bool
is_timer(struct kvmi_infer *x, uint64_t va, const uint64_t word[2])
{
	return (word[0] == x->timer && on_each(x, va - x->area, NULL,
	    has_timer));
}

static void
add(struct kvmi_infer *x, const struct shape *s, uint64_t timer)
{
	static const char t[] = "tick_sched";
	/* In struct hrtimer, which begins it. */
	uint64_t at = kvmi_infer_up(3 * x->ptr, 8) + 16, mode;
	size_t n = x->n_rows;

	kvmi_infer_add(x, t, "idle_active", at + s->flags, 4, false);
	if (x->n_rows > n) {
		x->row[n].m.bit_off = IDLE_ACTIVE;
		x->row[n].m.bit_size = 1;
	}
	kvmi_infer_add(x, t, "idle_entrytime", at + s->entry, 8, true);
	kvmi_infer_add(x, t, "idle_sleeptime", at + s->entry + 24, 8, true);
	kvmi_infer_add(x, t, "iowait_sleeptime", at + s->entry + 32, 8, true);
	mode = kvmi_infer_read(x, kvmi_linux_percpu_at(x->k, timer, x->area) +
	    s->mode, 4);
	kvmi_infer_found(x, KVMI_ONCE_TICK, timer - at, mode != 0);
}

static void
find_tick(struct kvmi_infer *x, uint64_t stat)
{
	const struct shape *found = NULL;
	unsigned int first = 0;
	uint64_t timer;

	while (first < x->cpus.n && !kvmi_linux_cpu_runs(&x->cpus, first))
		first++;
	if (first == x->cpus.n)
		return;
	x->area = x->cpus.offset[first];
	if (!kvmi_infer_scan(x, kvmi_linux_percpu_at(x->k, stat, x->area) -
	    SPAN, 2 * SPAN, is_timer, &timer))
		return;
	timer -= x->area;
	for (size_t i = 0; i < KVMI_COUNT(shapes); i++) {
		if (shapes[i].ptr != x->ptr || !on_each(x, timer, &shapes[i],
		    is_idle))
			continue;
		if (found != NULL)
			return;
		found = &shapes[i];
	}
	if (found != NULL)
		add(x, found, timer);
}

void
kvmi_infer_tick(struct kvmi_infer *x)
{
	uint64_t stat;
	size_t n = x->n_rows;

	/* Later kernel_cpustat has other members, and before the times. */
	if (kvmi_kernel_addr(x->k, x->cx, "kernel_cpustat", &stat) != 0 ||
	    kvmi_kernel_addr(x->k, x->cx, "tick_sched_timer",
	    &x->timer) != 0)
		return;
	kvmi_infer_add(x, "kernel_cpustat", "cpustat", 0, 8 * STATES, false);
	if (x->n_rows > n)
		x->row[n].m.count = STATES;
	if (kvmi_linux_cpus_read(x->k, x->cx, &x->cpus) != 0)
		return;
	find_tick(x, stat);
	kvmi_linux_cpus_deinit(&x->cpus);
}
