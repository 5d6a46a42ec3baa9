/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Members of struct task_struct that tell where, when and for how long a task
 * runs (include/linux/sched.h).  A list is worth having without them.
 */
#include "base/math.h"
#include "os/linux/infer.h"

#define NSEC		UINT64_C(1000000000)
#define NO_CLOCK	4096		/* smaller than nanoseconds ever are */

/*
 * In thread_info: a CPU's number, and of tasks that run now another for each.
 * As a rule it is that of wake_cpu too, which with on_rq comes before prio.
 */
static bool
is_cpu(struct kvmi_infer *x, uint64_t off)
{
	uint64_t running = 0;
	size_t same = 0;
	bool differ = false;

	for (size_t i = 0; i < x->tasks.n; i++) {
		uint64_t cpu = kvmi_infer_u32(x, i, off);

		if (cpu >= x->ncpus)
			return (kvmi_infer_odd(x, i));
		differ |= cpu != kvmi_infer_u32(x, 0, off);
		same += cpu == kvmi_infer_u32(x, i, x->prio - 8);
		if (cpu >= 64 || (kvmi_infer_u32(x, i, x->flags + 8) &
		    0xff) == 0)
			continue;
		if ((running >> cpu & 1) != 0)
			return (kvmi_infer_odd(x, i));
		running |= UINT64_C(1) << cpu;
	}
	return (differ && same > x->tasks.n - x->tasks.n / 8);
}

/* prio, static_prio, normal_prio, rt_priority. */
static bool
is_prio(struct kvmi_infer *x, uint64_t off)
{
	for (size_t i = 0; i < x->tasks.n; i++) {
		int32_t prio = (int32_t)kvmi_infer_u32(x, i, off),
		    fixed = (int32_t)kvmi_infer_u32(x, i, off + 4),
		    normal = (int32_t)kvmi_infer_u32(x, i, off + 8);
		uint32_t rt = kvmi_infer_u32(x, i, off + 12);

		if (prio < -1 || prio > 139 || fixed < 100 || fixed > 139 ||
		    rt > 99 || (normal != -1 && normal !=
		    (rt > 0 ? 99 - (int32_t)rt : fixed)))
			return (kvmi_infer_odd(x, i));
	}
	return (true);
}

/*
 * nr_cpus_allowed, and a pointer to them, who are in the task itself but while
 * it may not leave the CPU that it is on.
 */
static bool
has_cpus(struct kvmi_infer *x, uint64_t off)
{
	uint64_t mask = kvmi_infer_up(off + 4, x->ptr),
	    where = kvmi_infer_ptr(x, 0, mask) - x->tasks.v[0];
	size_t elsewhere = 0;

	if (where == 0 || where >= KVMI_INFER_TASK)
		return (false);
	for (size_t i = 0; i < x->tasks.n; i++) {
		uint32_t cpus = kvmi_infer_u32(x, i, off);

		if (cpus == 0 || cpus > x->ncpus)
			return (kvmi_infer_odd(x, i));
		elsewhere += kvmi_infer_ptr(x, i, mask) != x->tasks.v[i] +
		    where;
	}
	return (elsewhere <= x->tasks.n / 8);
}

/* policy, since 6.11 a long, and on which CPUs it may run. */
static bool
is_policy(struct kvmi_infer *x, uint64_t off)
{
	if (!has_cpus(x, off + 4) &&
	    !has_cpus(x, kvmi_infer_up(off + 4, x->ptr) + x->ptr))
		return (false);
	for (size_t i = 0; i < x->tasks.n; i++) {
		uint32_t policy = kvmi_infer_u32(x, i, off);
		bool rt = kvmi_infer_u32(x, i, x->prio + 12) > 0;

		if (policy > 7 || rt != (policy == 1 || policy == 2))
			return (kvmi_infer_odd(x, i));
	}
	return (true);
}

/*
 * start_time and start_boottime, which is later by what the machine slept:
 * the list is in the order in which processes were made.
 */
static bool
is_start(struct kvmi_infer *x, uint64_t off)
{
	uint64_t latest = 0;
	size_t later = 0;

	for (size_t i = 0; i < x->tasks.n; i++) {
		uint64_t start = kvmi_infer_get(x, i, off, 8),
		    boot = kvmi_infer_get(x, i, off + 8, 8);

		if (start > UINT64_MAX / 4 || boot > UINT64_MAX / 4 ||
		    boot < start || start + NSEC < latest ||
		    (i == 0 && start != 0))
			return (kvmi_infer_odd(x, i));
		if (start > latest) {
			later++;
			latest = start;
		}
	}
	return (later > x->tasks.n / 2 && latest > NSEC / 1000);
}

/*
 * In struct sched_entity: exec_start, when it ran last, and sum_exec_runtime,
 * for how long since it was made; the latter, as it was when it began to, is
 * next but one, or since 6.6 next.  The clock began with the machine.  All but
 * a few have run, at different times: other numbers, and pointers on machines
 * where these are small, are zero in most tasks or the same; and where half a
 * number is aligned, two halves are small below.  A task that was woken on
 * another CPU has no exec_start until it runs there.
 *
 * That clock is not set right as the one of start is and leaves out what
 * interrupts and a hypervisor took: it may be late, as long as a machine is up.
 */
static bool
is_runtime_of(struct kvmi_infer *x, uint64_t off, uint64_t before_off)
{
	uint64_t other = 0, now = 0, longest = 0;
	size_t ran = 0, odd = 0;

	for (size_t i = 1; i < x->tasks.n; i++) {
		uint64_t last = kvmi_infer_get(x, i, off, 8),
		    sum = kvmi_infer_get(x, i, off + 8, 8),
		    before = kvmi_infer_get(x, i, before_off, 8),
		    start = kvmi_infer_get(x, i, x->start, 8),
		    late = NSEC + start / 2;

		odd += (uint32_t)last < NO_CLOCK || last == other;
		other = last;
		if (last == 0 && sum == 0)
			continue;
		if (last > UINT64_MAX / 4 || before > sum || (last != 0 &&
		    (last + late < start || sum > last + late - start)))
			return (kvmi_infer_odd(x, i));
		ran += before > 0;
		if (last > now)
			now = last;
		if (sum > longest)
			longest = sum;
	}
	return (ran > x->tasks.n / 2 && odd <= x->tasks.n / 8 &&
	    longest <= now + NSEC);
}

static bool
is_runtime(struct kvmi_infer *x, uint64_t off)
{
	return (is_runtime_of(x, off, off + 16) ||
	    is_runtime_of(x, off, off + 24));
}

/* utime and stime; a kernel thread is never in user mode. */
static bool
is_times(struct kvmi_infer *x, uint64_t off)
{
	uint64_t users = 0, kernels = 0;

	for (size_t i = 0; i < x->tasks.n; i++) {
		uint64_t user = kvmi_infer_get(x, i, off, 8),
		    kernel = kvmi_infer_get(x, i, off + 8, 8);

		if ((kvmi_infer_u32(x, i, x->flags) & KVMI_PF_KTHREAD) != 0 &&
		    user != 0)
			return (kvmi_infer_odd(x, i));
		if (user > UINT64_MAX / 4 || kernel > UINT64_MAX / 4)
			return (kvmi_infer_odd(x, i));
		/* Taken by ticks, so it may be more than it ran. */
		if (i > 0 && user + kernel > 8 * kvmi_infer_get(x, i,
		    x->runtime + 8, 8) + NSEC)
			return (kvmi_infer_odd(x, i));
		users |= user;
		kernels |= kernel;
	}
	return (users != 0 && kernels != 0);
}

/* An int of 0 or 1, and later a byte with others behind it. */
static unsigned int
on_cpu_size(const struct kvmi_infer *x, uint64_t off)
{
	for (size_t i = 0; i < x->tasks.n; i++)
		if (kvmi_infer_u32(x, i, off) > 1)
			return (1);
	return (4);
}

/*
 * nvcsw and nivcsw come before start_time.  On machines that align it there may
 * be a gap between, which is all zeros, as no count is of all tasks.
 */
static uint64_t
switches(const struct kvmi_infer *x, uint64_t start)
{
	uint64_t gap = 0;

	for (size_t i = 0; i < x->tasks.n; i++)
		gap |= kvmi_infer_ptr(x, i, start - x->ptr);
	return (start - (gap == 0 ? 3 : 2) * x->ptr);
}

static void
find_times(struct kvmi_infer *x)
{
	static const char t[] = "task_struct";
	uint64_t off;

	if (!kvmi_infer_only(x, x->prio + 16, x->list, x->align, is_runtime,
	    &x->runtime))
		return;
	kvmi_infer_add(x, t, "se.exec_start", x->runtime, 8, false);
	kvmi_infer_add(x, t, "se.sum_exec_runtime", x->runtime + 8, 8, false);
	/* Behind vfork_done and two or three pointers more. */
	if (!kvmi_infer_only(x, x->thread_node + 5 * x->ptr, x->thread_node +
	    6 * x->ptr + 5, x->align, is_times, &off))
		return;
	kvmi_infer_add(x, t, "utime", off, 8, false);
	kvmi_infer_add(x, t, "stime", off + 8, 8, false);
}

void
kvmi_infer_sched(struct kvmi_infer *x)
{
	static const char t[] = "task_struct";
	uint64_t off, ignored;

	if (kvmi_infer_only(x, x->flags + 8, x->list, 4, is_prio, &x->prio)) {
		kvmi_infer_add(x, t, "prio", x->prio, 4, true);
		kvmi_infer_add(x, t, "static_prio", x->prio + 4, 4, true);
		kvmi_infer_add(x, t, "normal_prio", x->prio + 8, 4, true);
		if (kvmi_infer_only(x, x->prio + 16, x->list, 4, is_policy,
		    &off))
			kvmi_infer_add(x, t, "policy", off, 4, false);
	}
	/* With more CPUs than one; that it runs is of use with where. */
	if (kvmi_kernel_addr(x->k, x->cx, "__per_cpu_offset", &ignored) == 0 &&
	    x->prio != 0 && kvmi_infer_only(x, 0, x->stack - x->ptr, 4,
	    is_cpu, &off)) {
		kvmi_infer_add(x, t, "thread_info.cpu", off, 4, false);
		kvmi_infer_add(x, t, "on_cpu", x->flags + 8,
		    on_cpu_size(x, x->flags + 8), false);
	}
	/* min_flt and maj_flt come behind. */
	if (kvmi_infer_only(x, x->thread_node, x->comm, x->align, is_start,
	    &off)) {
		uint64_t nvcsw = switches(x, off);

		kvmi_infer_add(x, t, "nvcsw", nvcsw, x->ptr, false);
		kvmi_infer_add(x, t, "nivcsw", nvcsw + x->ptr, x->ptr, false);
		kvmi_infer_add(x, t, "start_boottime", off + 8, 8, false);
		kvmi_infer_add(x, t, "min_flt", off + 16, x->ptr, false);
		kvmi_infer_add(x, t, "maj_flt", off + 16 + x->ptr, x->ptr,
		    false);
		x->start = off;
		find_times(x);
	}
}
