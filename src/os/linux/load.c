/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Load averages and CPU times of a Linux image, as /proc/loadavg and the first
 * line of /proc/stat have them (kernel/sched/loadavg.c, fs/proc/stat.c).
 */
#include <inttypes.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/cpus.h"
#include "os/linux/infer.h"
#include "os/linux/linux.h"

/* include/linux/sched/loadavg.h: FIXED_1 */
#define LOAD_SCALE	2048.0

/* USER_HZ is 100 on all architectures that are supported here. */
#define NSEC_PER_TICK	10000000

/* struct tick_sched of 6.9 and later: TS_FLAG_IDLE_ACTIVE */
#define FLAG_IDLE_ACTIVE	4

#define MAX_STATES	64
#define MAX_MEMBER	8

int
kvmi_linux_loadavg(struct kvmi_kernel *k, struct kvmi_cx *cx, double avg[3])
{
	unsigned int ptr = k->arch->pointer_size;
	uint8_t raw[3 * 8];
	uint64_t va;
	int r;

	r = kvmi_kernel_addr(k, cx, "avenrun", &va);
	if (r == KVMI_ENOENT && kvmi_linux_variables(k, cx) != 0)
		r = KVMI_ENOTSUP;
	if (r == 0)
		r = kvmi_kread(k, cx, va, raw, 3 * (size_t)ptr);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "load averages"));
	for (unsigned int i = 0; i < 3; i++)
		avg[i] = (double)kvmi_get_uint(raw + i * ptr, ptr,
		    k->big_endian) / LOAD_SCALE;
	return (0);
}

/* What counts into which state.  Stolen time is no time of this machine. */
static const struct {
	const char	*name;		/* enum cpu_usage_stat */
	int64_t		 index;		/* where that has always been */
	unsigned int	 state;
} usage_table[] = {
	{ "CPUTIME_USER", 0, CP_USER },
	{ "CPUTIME_NICE", 1, CP_NICE },
	{ "CPUTIME_SYSTEM", 2, CP_SYS },
	{ "CPUTIME_SOFTIRQ", 3, CP_INTR },
	{ "CPUTIME_IRQ", 4, CP_INTR },
	{ "CPUTIME_IDLE", 5, CP_IDLE },
	{ "CPUTIME_IOWAIT", 6, CP_IDLE },
};

/* The members of struct tick_sched; of no size where there are none. */
struct tick {
	uint64_t	 va;		/* per CPU; 0: the tick is never off */
	uint64_t	 now;		/* about when the machine stopped */
	struct kvmi_member idle, iowait, active, entry;
	uint64_t	 active_mask;
};

struct times {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	uint64_t	 stat_va;	/* per CPU */
	unsigned int	 states;
	int64_t		 index[KVMI_COUNT(usage_table)];
	struct tick	 tick;
};

static bool
is_number(const struct kvmi_member *m)
{
	return (m->size > 0 && m->size <= MAX_MEMBER);
}

/* tick_cpu_sched, and whether there is more in it than zeros. */
static int
tick_place(struct times *x, uint64_t *va, bool *active)
{
	struct kvmi_cx *cx = x->cx;
	uint64_t ignored, n = 0;
	int r;

	*active = false;
	if (kvmi_kernel_addr(x->k, cx, "tick_nohz_active", va) == 0) {
		if (kvmi_kread_ptr(x->k, cx, *va, &n) == 0 && n != 0)
			*active = kvmi_kernel_addr(x->k, cx, "tick_cpu_sched",
			    va) == 0;
		return (0);
	}
	/* A function of all kernels that may stop them. */
	if (kvmi_linux_variables(x->k, cx) == 0 ||
	    kvmi_kernel_addr(x->k, cx, "tick_nohz_idle_enter", &ignored) != 0)
		return (0);
	r = kvmi_linux_variable(x->k, cx, KVMI_ONCE_TICK, va, &n);
	*active = n != 0;
	return (r);
}

/*
 * Where CPUs stop their ticks when idle, they note down how long that was
 * apart (kernel/time/tick-sched.c).
 */
static int
find_tick(struct times *x, struct kvmi_types *t)
{
	struct tick *tick = &x->tick;
	struct kvmi_cx *cx = x->cx;
	uint64_t va;
	bool active;
	int r;

	r = tick_place(x, &va, &active);
	if (r != 0 || !active)
		return (r);
	if (kvmi_type_member(t, "tick_sched", "idle_sleeptime", &tick->idle,
	    &cx->err) != 0 ||
	    kvmi_type_member(t, "tick_sched", "iowait_sleeptime",
	    &tick->iowait, &cx->err) != 0 ||
	    !is_number(&tick->idle) || !is_number(&tick->iowait))
		return (0);
	tick->va = va;
	tick->active_mask = UINT64_MAX;
	if (kvmi_type_member(t, "tick_sched", "idle_active", &tick->active,
	    &cx->err) != 0)
		tick->active_mask = FLAG_IDLE_ACTIVE;
	if (kvmi_type_first(t, "tick_sched.idle_active tick_sched.flags",
	    &tick->active, &cx->err) != 0 ||
	    kvmi_type_member(t, "tick_sched", "idle_entrytime", &tick->entry,
	    &cx->err) != 0 || !is_number(&tick->active) ||
	    !is_number(&tick->entry) ||
	    kvmi_linux_monotonic(x->k, cx, &tick->now) != 0)
		tick->entry.size = 0;
	return (0);
}

static int
read_at(const struct times *x, uint64_t va, const struct kvmi_member *m,
    uint64_t *ret)
{
	uint8_t raw[MAX_MEMBER];
	struct kvmi_member here = *m;
	int r = kvmi_kread(x->k, x->cx, va + m->off, raw, (size_t)m->size);

	here.off = 0;
	if (r == 0)
		*ret = kvmi_member_get(&here, raw, (size_t)m->size,
		    x->k->big_endian);
	return (r);
}

/* How long cpu has been idle, waits for I/O among it. */
static int
idle_time(const struct times *x, uint64_t offset, uint64_t *ret)
{
	const struct tick *tick = &x->tick;
	uint64_t va = kvmi_linux_percpu_at(x->k, tick->va, offset);
	uint64_t idle, iowait, active, entry;
	int r;

	r = read_at(x, va, &tick->idle, &idle);
	if (r == 0)
		r = read_at(x, va, &tick->iowait, &iowait);
	if (r != 0)
		return (r);
	*ret = idle + iowait;
	/* And the sleep that the end of the machine found it in. */
	if (tick->entry.size == 0 ||
	    read_at(x, va, &tick->active, &active) != 0 ||
	    read_at(x, va, &tick->entry, &entry) != 0)
		return (0);
	if ((active & tick->active_mask) != 0 && tick->now > entry)
		*ret += tick->now - entry;
	return (0);
}

static int
add_cpu(const struct times *x, uint64_t offset, bool runs,
    uint64_t nsec[CPUSTATES])
{
	uint8_t raw[8 * MAX_STATES];
	uint64_t v, idle = 0;
	bool apart = runs && x->tick.va != 0;
	int r;

	r = kvmi_kread(x->k, x->cx, kvmi_linux_percpu_at(x->k, x->stat_va,
	    offset), raw, 8 * (size_t)x->states);
	if (r == 0 && apart)
		r = idle_time(x, offset, &idle);
	if (r != 0)
		return (r);
	for (size_t i = 0; i < KVMI_COUNT(usage_table); i++) {
		v = kvmi_get64(raw + 8 * x->index[i], x->k->big_endian);
		if (usage_table[i].state != CP_IDLE || !apart)
			nsec[usage_table[i].state] += v;
	}
	nsec[CP_IDLE] += idle;
	return (0);
}

static int
times_init(struct times *x)
{
	struct kvmi_cx *cx = x->cx;
	struct kvmi_member m;
	struct kvmi_types *t;
	uint64_t va;
	int r;

	r = kvmi_kernel_types(x->k, cx, &t);
	if (r == 0)
		r = kvmi_kernel_addr(x->k, cx, "kernel_cpustat", &va);
	if (r == 0)
		r = kvmi_type_member(t, "kernel_cpustat", "cpustat", &m,
		    &cx->err);
	if (r != 0)
		return (r);
	if (m.count == 0 || m.count > MAX_STATES || m.size != 8 * m.count)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: kernel_cpustat "
		    "of %" PRIu64 " bytes for %" PRIu32 " states", t->where,
		    m.size, m.count));
	x->stat_va = va + m.off;
	x->states = m.count;
	for (size_t i = 0; i < KVMI_COUNT(usage_table); i++) {
		if (kvmi_type_enumerator(t, usage_table[i].name, &x->index[i],
		    &cx->err) != 0)
			x->index[i] = usage_table[i].index;
		if (x->index[i] < 0 || x->index[i] >= m.count)
			return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: %s is %"
			    PRId64, t->where, usage_table[i].name,
			    x->index[i]));
	}
	return (find_tick(x, t));
}

int
kvmi_linux_cptime(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t ticks[CPUSTATES])
{
	struct times x = { .k = k, .cx = cx };
	struct kvmi_linux_cpus cpus = { 0 };
	uint64_t nsec[CPUSTATES] = { 0 };
	int r;

	r = times_init(&x);
	if (r == 0)
		r = kvmi_linux_cpus_read(k, cx, &cpus);
	for (uint32_t cpu = 0; cpu < cpus.n && r == 0; cpu++)
		if (kvmi_linux_cpu_is(&cpus, cpu, KVMI_CPU_POSSIBLE))
			r = add_cpu(&x, cpus.offset[cpu],
			    kvmi_linux_cpu_runs(&cpus, cpu), nsec);
	kvmi_linux_cpus_deinit(&cpus);
	for (unsigned int i = 0; i < CPUSTATES; i++)
		ticks[i] = nsec[i] / NSEC_PER_TICK;
	return (r == 0 ? 0 : kvmi_wrap(&cx->err, r, "CPU times"));
}
