/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU times: kernel_cpustat is exported, and how long CPUs were idle without a
 * tick is in tick_cpu_sched (kernel/time/tick-sched.h), known by the timer that
 * each CPU has there.
 */
#include "base/math.h"
#include "os/linux/cpus.h"
#include "os/linux/infer.h"

#define STATES		10		/* CPUTIME_USER to GUEST_NICE */
#define SPAN		(UINT64_C(1) << 19)	/* of all per-CPU variables */
#define MAX_TIME	(UINT64_C(1) << 62)	/* nanoseconds */
#define HIGHRES		2		/* NOHZ_MODE_HIGHRES */
#define BITS		5		/* of flags, up to 6.8 */
#define FLAGS		6		/* TS_FLAG_* since */
#define IDLE_ACTIVE	2		/* of both the third */
#define FLAG_NOHZ	0x10		/* and since 6.9, that ticks stop */

/*
 * Offsets in struct tick_sched; they differ with the size of pointers and the
 * alignment of 64-bit numbers.  Up to 6.8 the timer comes first and calls
 * tick_sched_timer(), later flags and tick_nohz_handler().
 */
struct shape {
	unsigned int	ptr;
	bool		flagged;	/* since 6.9 */
	unsigned int	func;		/* sched_timer.function */
	unsigned int	mode, flags;
	unsigned int	entry;		/* idle_entrytime */
	unsigned int	sleep;		/* idle_sleeptime, iowait_sleeptime */
};

static const struct shape shapes[] = {
	{ 8, false, 40, 72, 76, 120, 144 },
	{ 4, false, 32, 52, 56, 96, 120 },
	{ 4, false, 28, 44, 48, 80, 104 },
	{ 8, true, 64, 0, 0, 128, 200 },
	{ 4, true, 48, 0, 0, 104, 168 },
	{ 4, true, 40, 0, 0, 88, 148 },
};

/* What is looked for, and where. */
struct search {
	struct kvmi_linux_cpus cpus;
	uint64_t	 area;		/* the first one's, to add */
	uint64_t	 timer;		/* the function */
};

typedef bool fits_fn(struct kvmi_infer *x, const struct search *t,
    uint64_t va, const struct shape *s);

/* The copies that the CPUs which run have of the per-CPU object at va. */
static bool
on_each(struct kvmi_infer *x, const struct search *t, uint64_t va,
    const struct shape *s, fits_fn *fits)
{
	const struct kvmi_linux_cpus *c = &t->cpus;

	for (unsigned int cpu = 0; cpu < c->n; cpu++)
		if (kvmi_linux_cpu_runs(c, cpu) && !fits(x, t,
		    kvmi_linux_percpu_at(x->k, va, c->offset[cpu]), s))
			return (false);
	return (true);
}

static bool
has_timer(struct kvmi_infer *x, const struct search *t, uint64_t va,
    const struct shape *s)
{
	(void)s;
	return (kvmi_infer_read(x, va, x->ptr) == t->timer);
}

static bool
has_mode(const struct kvmi_infer *x, uint64_t va, const struct shape *s)
{
	uint64_t mode = kvmi_infer_read(x, va + s->mode, 4), flags;

	if (s->flagged)
		return (kvmi_infer_read(x, va + s->flags, x->ptr) >> FLAGS ==
		    0);
	flags = kvmi_infer_read(x, va + s->flags, 4);
	return ((mode == 0 || mode == HIGHRES) && (x->k->big_endian ?
	    flags << BITS >> 32 == flags >> (32 - BITS) :
	    flags >> BITS == 0));
}

/* The last time a CPU went idle is later than all that it was idle before. */
static bool
is_idle(struct kvmi_infer *x, const struct search *t, uint64_t func,
    const struct shape *s)
{
	uint64_t va = func - s->func, entry, exit, idle, iowait;

	(void)t;
	entry = kvmi_infer_read(x, va + s->entry, 8);
	exit = kvmi_infer_read(x, va + s->sleep - 8, 8);
	idle = kvmi_infer_read(x, va + s->sleep, 8);
	iowait = kvmi_infer_read(x, va + s->sleep + 8, 8);
	return (has_mode(x, va, s) && entry <= MAX_TIME && exit <= MAX_TIME &&
	    idle <= MAX_TIME && iowait <= MAX_TIME && idle + iowait <= entry);
}

/* In the area of the first of them. */
static bool
is_timer(struct kvmi_infer *x, uint64_t va, const uint64_t word[2],
    void *arg)
{
	const struct search *t = arg;

	return (word[0] == t->timer && on_each(x, t, va - t->area, NULL,
	    has_timer));
}

static void
add(struct kvmi_infer *x, const struct search *search, const struct shape *s,
    uint64_t va)
{
	static const char t[] = "tick_sched";
	uint64_t here = kvmi_linux_percpu_at(x->k, va, search->area), active;
	struct kvmi_member *m;

	if (s->flagged) {
		kvmi_infer_add(x, t, "flags", s->flags, x->ptr, false);
		active = kvmi_infer_read(x, here + s->flags, x->ptr) &
		    FLAG_NOHZ;
	} else {
		m = kvmi_infer_add(x, t, "idle_active", s->flags, 4, false);
		if (m != NULL) {
			m->bit_off = IDLE_ACTIVE;
			m->bit_size = 1;
		}
		active = kvmi_infer_read(x, here + s->mode, 4);
	}
	kvmi_infer_add(x, t, "idle_entrytime", s->entry, 8, true);
	kvmi_infer_add(x, t, "idle_sleeptime", s->sleep, 8, true);
	kvmi_infer_add(x, t, "iowait_sleeptime", s->sleep + 8, 8, true);
	kvmi_infer_found(x, KVMI_ONCE_TICK, va, active != 0);
}

static void
find_tick(struct kvmi_infer *x, struct search *t, uint64_t stat, bool flagged)
{
	const struct shape *found = NULL;
	unsigned int first = 0;
	uint64_t timer;

	while (first < t->cpus.n && !kvmi_linux_cpu_runs(&t->cpus, first))
		first++;
	if (first == t->cpus.n)
		return;
	t->area = t->cpus.offset[first];
	if (!kvmi_infer_scan(x, kvmi_linux_percpu_at(x->k, stat, t->area) -
	    SPAN, 2 * SPAN, is_timer, t, &timer))
		return;
	timer -= t->area;
	for (size_t i = 0; i < KVMI_COUNT(shapes); i++) {
		if (shapes[i].ptr != x->ptr || shapes[i].flagged != flagged ||
		    !on_each(x, t, timer, &shapes[i], is_idle))
			continue;
		if (found != NULL)
			return;
		found = &shapes[i];
	}
	if (found != NULL)
		add(x, t, found, timer - found->func);
}

void
kvmi_infer_tick(struct kvmi_infer *x)
{
	struct kvmi_kernel *k = x->k;
	struct kvmi_cx *cx = x->cx;
	struct kvmi_member *m;
	struct search t = { 0 };
	uint64_t stat, ignored;
	bool flagged, together;

	if (kvmi_kernel_addr(k, cx, "kernel_cpustat", &stat) != 0)
		return;
	/* A kernel that has this keeps all there, behind when it changed. */
	together = kvmi_kernel_addr(k, cx, "kcpustat_dyntick_start",
	    &ignored) == 0;
	m = kvmi_infer_add(x, "kernel_cpustat", "cpustat", together ? 32 : 0,
	    8 * STATES, false);
	if (m != NULL)
		m->count = STATES;
	if (together) {
		kvmi_infer_found(x, KVMI_ONCE_TICK, stat, 0);
		return;
	}
	flagged = kvmi_kernel_addr(k, cx, "tick_sched_timer", &t.timer) != 0;
	if ((flagged && kvmi_kernel_addr(k, cx, "tick_nohz_handler",
	    &t.timer) != 0) || kvmi_linux_cpus_read(k, cx, &t.cpus) != 0)
		return;
	find_tick(x, &t, stat, flagged);
	kvmi_linux_cpus_deinit(&t.cpus);
}
