/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Members of struct task_struct without which there is no list, in the order of
 * include/linux/sched.h.
 */
#include "base/math.h"
#include "os/linux/infer.h"

#define STACK_MAGIC	0x57ac6e9d	/* STACK_END_MAGIC of linux/magic.h */
#define STACK_ALIGN	4096
#define THREAD_INFO	8		/* pointers, as far as task is looked for */
#define PID_LIMIT	(1u << 22)
#define SIGCHLD_	17

/* Process 0 is init_task, 1 the first on the list, 2 is kthreadd. */
static bool
is_pid(struct kvmi_infer *x, uint64_t off)
{
	for (size_t i = 0; i < x->tasks.n; i++) {
		uint32_t pid = kvmi_infer_u32(x, i, off);

		/* Of a leader pid and tgid are the same. */
		if ((i <= 2 && pid != i) || (i > 2 && pid <= 2) ||
		    pid > PID_LIMIT || kvmi_infer_u32(x, i, off + 4) != pid)
			return (kvmi_infer_odd(x, i));
		for (size_t j = 3; j < i; j++)
			if (kvmi_infer_u32(x, j, off) == pid)
				return (kvmi_infer_odd(x, i));
	}
	return (true);
}

/*
 * real_parent, parent, children, sibling, group_leader: the first child is
 * found by its sibling and has this parent.
 */
static bool
is_family(struct kvmi_infer *x, uint64_t off)
{
	uint64_t children = off + 2 * x->ptr, sibling = off + 4 * x->ptr,
	    leader = off + 6 * x->ptr;

	if (kvmi_infer_ptr(x, KVMI_INFER_KTHREADD, off) != x->tasks.v[0])
		return (false);
	for (size_t i = 0; i < x->tasks.n; i++) {
		uint64_t va = x->tasks.v[i],
		    child = kvmi_infer_ptr(x, i, children);

		if (kvmi_infer_ptr(x, i, leader) != va ||
		    (i == 0 && kvmi_infer_ptr(x, i, off) != va) ||
		    !kvmi_infer_is_ptr(x, kvmi_infer_ptr(x, i,
		    off + x->ptr)))
			return (kvmi_infer_odd(x, i));
		if (child != va + children && kvmi_infer_read(x, child -
		    sibling + off, x->ptr) != va)
			return (kvmi_infer_odd(x, i));
	}
	return (true);
}

/*
 * The end of a stack is marked, unless struct thread_info lies there, as on arm
 * before 5.16: that begins with flags and leads back to the task.
 */
static bool
is_stack_of(const struct kvmi_infer *x, uint64_t stack, uint64_t task)
{
	if (kvmi_infer_read(x, stack, x->ptr) == STACK_MAGIC)
		return (true);
	for (unsigned int i = 1; i < THREAD_INFO; i++)
		if (kvmi_infer_read(x, stack + i * x->ptr, x->ptr) == task)
			return (true);
	return (false);
}

/* __state, stack, usage, flags, ptrace. */
static bool
is_stack(struct kvmi_infer *x, uint64_t off)
{
	uint64_t usage = off + x->ptr, flags = usage + 4;
	size_t marked = 0;

	if ((kvmi_infer_u32(x, KVMI_INFER_KTHREADD, flags) &
	    KVMI_PF_KTHREAD) == 0 ||
	    (kvmi_infer_u32(x, 1, flags) & KVMI_PF_KTHREAD) != 0)
		return (false);
	for (size_t i = 0; i < x->tasks.n; i++) {
		uint64_t stack = kvmi_infer_ptr(x, i, off);
		uint32_t count = kvmi_infer_u32(x, i, usage);

		if (count == 0 || count > INT32_MAX)
			return (kvmi_infer_odd(x, i));
		/* One that has ended may have none. */
		if (stack == 0)
			continue;
		if (stack % STACK_ALIGN != 0 ||
		    !is_stack_of(x, stack, x->tasks.v[i]))
			return (kvmi_infer_odd(x, i));
		marked++;
	}
	return (marked > x->tasks.n / 2);
}

/*
 * mm and active_mm: only of kernel threads they differ.  Those that work for a
 * process, as vhost's do for a machine each, have its mm as both.
 */
static bool
is_mm(struct kvmi_infer *x, uint64_t off)
{
	size_t users = 0, none = 0, borrowed = 0;

	for (size_t i = 0; i < x->tasks.n; i++) {
		uint64_t mm = kvmi_infer_ptr(x, i, off);
		uint32_t flags = kvmi_infer_u32(x, i, x->flags);

		if ((flags & KVMI_PF_KTHREAD) != 0)
			*(mm == 0 ? &none : &borrowed) += 1;
		else if (mm == 0 && (flags & KVMI_PF_EXITING) == 0)
			return (kvmi_infer_odd(x, i));
		if (mm != 0 && (!kvmi_infer_is_ptr(x, mm) ||
		    kvmi_infer_ptr(x, i, off + x->ptr) != mm))
			return (kvmi_infer_odd(x, i));
		users += mm != 0;
	}
	return (users > borrowed && borrowed <= none);
}

/* exit_state, exit_code, exit_signal, pdeath_signal. */
static bool
is_exit(struct kvmi_infer *x, uint64_t off)
{
	for (size_t i = 0; i < x->tasks.n; i++) {
		uint32_t state = kvmi_infer_u32(x, i, off),
		    signal = kvmi_infer_u32(x, i, off + 8);
		bool ends = (kvmi_infer_u32(x, i, x->flags) &
		    KVMI_PF_EXITING) != 0;

		if ((state != 0 && state != 16 && state != 32) ||
		    (state != 0 && !ends) ||
		    (signal > 64 && signal != UINT32_MAX) ||
		    kvmi_infer_u32(x, i, off + 12) > 64)
			return (kvmi_infer_odd(x, i));
		if (kvmi_infer_ptr(x, i, x->parent) ==
		    x->tasks.v[KVMI_INFER_KTHREADD] && signal != SIGCHLD_)
			return (kvmi_infer_odd(x, i));
	}
	return (true);
}

/*
 * In struct pid, the number by which the whole machine knows it, and its
 * namespace.  Since 6.9 it has a number in pidfs, often the same, too.
 */
static bool
is_number(struct kvmi_infer *x, uint64_t off)
{
	for (size_t i = 0; i < x->tasks.n; i++) {
		uint64_t pid = kvmi_infer_ptr(x, i, x->thread_pid);

		if (kvmi_infer_read(x, pid + off, 4) !=
		    kvmi_infer_u32(x, i, x->pid) ||
		    !kvmi_infer_is_ptr(x, kvmi_infer_read(x, pid + off +
		    x->ptr, x->ptr)))
			return (kvmi_infer_odd(x, i));
	}
	return (true);
}

/* How many entries a list has; n_max + 1: more, or it is no list. */
static uint64_t
list_length(const struct kvmi_infer *x, uint64_t head, uint64_t n_max)
{
	uint64_t at = head, n = 0;

	while (n <= n_max && (at = kvmi_infer_read(x, at, x->ptr)) != head) {
		if (!kvmi_infer_is_ptr(x, at))
			return (n_max + 1);
		n++;
	}
	return (n);
}

/*
 * signal_struct: sigcnt, live, nr_threads, and the list of the threads, which
 * leads from it through the thread_node of each.
 */
static bool
is_signal(struct kvmi_infer *x, uint64_t off)
{
	uint64_t node = x->thread_node, head = 0;
	size_t alone = 0;

	for (size_t i = 0; i < x->tasks.n; i++) {
		uint64_t signal = kvmi_infer_ptr(x, i, off),
		    next = kvmi_infer_ptr(x, i, node);

		if (!kvmi_infer_is_ptr(x, signal))
			return (kvmi_infer_odd(x, i));
		if (next != kvmi_infer_ptr(x, i, node + x->ptr))
			continue;
		if (alone++ == 0)
			head = next - signal;
		if (next - signal != head || head < 12 || head > 128)
			return (kvmi_infer_odd(x, i));
	}
	for (size_t i = 0; i < x->tasks.n && alone > 0; i++) {
		uint64_t signal = kvmi_infer_ptr(x, i, off),
		    n = kvmi_infer_read(x, signal + 8, 4);

		if (n == 0 || n > PID_LIMIT ||
		    list_length(x, signal + head, n) != n)
			return (kvmi_infer_odd(x, i));
	}
	x->thread_head = head;
	return (alone > x->tasks.n / 2);
}

/* Up to 6.6 a list of the thread group lies before it. */
static bool
find_signal(struct kvmi_infer *x)
{
	const unsigned int behind[] = { 16, 14 };

	for (size_t i = 0; i < KVMI_COUNT(behind); i++) {
		x->thread_node = x->leader + behind[i] * x->ptr;
		if (kvmi_infer_only(x, x->comm, KVMI_INFER_TASK, x->ptr,
		    is_signal, &x->signal))
			return (true);
	}
	return (false);
}

/* Most tasks sleep, so that it is 0 of few. */
static bool
has_states(const struct kvmi_infer *x, uint64_t off)
{
	size_t n = 0;

	for (size_t i = 0; i < x->tasks.n; i++)
		n += kvmi_infer_u32(x, i, off) != 0;
	return (n > x->tasks.n / 2);
}

/*
 * __state lies before stack.  Before 5.14 it is a long, of which a big-endian
 * kernel has the number behind; since 6.7 saved_state, which tasks that are
 * frozen have, lies between, where 64 bits have a gap.
 */
static void
add_state(struct kvmi_infer *x)
{
	uint64_t off = x->stack - x->ptr;
	unsigned int size = 4;

	if (!has_states(x, off) && x->ptr == 4 && off >= 4)
		off -= 4;
	else if (!has_states(x, off) && x->k->big_endian)
		size = 8;
	kvmi_infer_add(x, "task_struct", "__state", off, size, false);
}

static void
add_task(struct kvmi_infer *x, uint64_t exit)
{
	static const char t[] = "task_struct";

	add_state(x);
	kvmi_infer_add_ptr(x, t, "stack", x->stack);
	kvmi_infer_add(x, t, "flags", x->flags, 4, false);
	kvmi_infer_add(x, t, "ptrace", x->flags + 4, 4, false);
	kvmi_infer_add(x, t, "tasks", x->list, 2 * x->ptr, false);
	kvmi_infer_add_ptr(x, t, "mm", x->mm);
	kvmi_infer_add(x, t, "exit_state", exit, 4, true);
	kvmi_infer_add(x, t, "exit_code", exit + 4, 4, true);
	kvmi_infer_add(x, t, "pid", x->pid, 4, true);
	kvmi_infer_add(x, t, "tgid", x->pid + 4, 4, true);
	kvmi_infer_add_ptr(x, t, "real_parent", x->parent);
	kvmi_infer_add_ptr(x, t, "parent", x->parent + x->ptr);
	kvmi_infer_add_ptr(x, t, "group_leader", x->leader);
	kvmi_infer_add(x, t, "thread_node", x->thread_node, 2 * x->ptr,
	    false);
	kvmi_infer_add_ptr(x, t, "vfork_done", x->thread_node + 2 * x->ptr);
	kvmi_infer_add(x, t, "comm", x->comm, 16, false);
	kvmi_infer_add_ptr(x, t, "signal", x->signal);
	kvmi_infer_add_ptr(x, t, "sighand", x->signal + x->ptr);
	kvmi_infer_add(x, "signal_struct", "nr_threads", 8, 4, true);
	kvmi_infer_add(x, "signal_struct", "thread_head", x->thread_head,
	    2 * x->ptr, false);
	kvmi_infer_add(x, "pid", "numbers", x->number, 4, true);
	kvmi_infer_add(x, "upid", "nr", 0, 4, true);
}

/* The name of the first that is not there, or NULL. */
static const char *
find_members(struct kvmi_infer *x, uint64_t *exit)
{
	if (!kvmi_infer_only(x, 0, x->comm, 4, is_pid, &x->pid))
		return ("pid");
	if (!kvmi_infer_only(x, x->pid, x->comm, x->ptr, is_family,
	    &x->parent))
		return ("real_parent");
	if (!kvmi_infer_only(x, x->ptr, x->list, x->ptr, is_stack,
	    &x->stack))
		return ("stack");
	x->leader = x->parent + 6 * x->ptr;
	/* Behind ptraced and ptrace_entry. */
	x->thread_pid = x->leader + 5 * x->ptr;
	x->flags = x->stack + x->ptr + 4;
	if (!kvmi_infer_only(x, 8, 256, 4, is_number, &x->number))
		return ("thread_pid");
	if (!find_signal(x))
		return ("signal");
	if (!kvmi_infer_only(x, x->list + 2 * x->ptr, x->pid, x->ptr, is_mm,
	    &x->mm))
		return ("mm");
	if (!kvmi_infer_only(x, x->mm + 2 * x->ptr, x->pid, 4, is_exit, exit))
		return ("exit_state");
	return (NULL);
}

int
kvmi_infer_task(struct kvmi_infer *x)
{
	uint64_t exit = 0;
	const char *lost = find_members(x, &exit);

	if (lost != NULL)
		return (kvmi_fail(&x->cx->err, KVMI_ENOTSUP, "no place fits "
		    "all %zu tasks as task_struct.%s, or more than one",
		    x->tasks.n + x->dropped, lost));
	add_task(x, exit);
	return (0);
}
