/* SPDX-License-Identifier: BSD-2-Clause */
/* What threads share: struct signal_struct, sighand_struct and cred. */
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/infer.h"

#define SIGNALS		64
#define MAX_SIGNAL	1024		/* as far as members are looked for */
#define MAX_CRED	256
#define UNKILLABLE	0x40		/* SIGNAL_UNKILLABLE, the last flag */
#define MAX_FLAGS	(2 * UNKILLABLE - 1)

/* pids[PIDTYPE_TGID]; PIDTYPE_PGID and PIDTYPE_SID follow. */
static bool
is_pids(struct kvmi_infer *x, uint64_t off)
{
	for (size_t i = 0; i < x->tasks.n; i++) {
		if (kvmi_infer_signal_get(x, i, off, x->ptr) !=
		    kvmi_infer_ptr(x, i, x->thread_pid))
			return (kvmi_infer_odd(x, i));
		for (unsigned int j = 1; j <= 2; j++)
			if (!kvmi_infer_is_ptr(x, kvmi_infer_signal_get(x, i,
			    off + j * x->ptr, x->ptr)))
				return (kvmi_infer_odd(x, i));
	}
	return (true);
}

/* curr_target, which is a thread of the process, and shared_pending. */
static bool
is_shared_pending(struct kvmi_infer *x, uint64_t off)
{
	size_t empty = 0;

	for (size_t i = 0; i < x->tasks.n; i++) {
		uint64_t target = kvmi_infer_signal_get(x, i, off - x->ptr,
		    x->ptr), next = kvmi_infer_signal_get(x, i, off, x->ptr);
		bool alone = kvmi_infer_signal_get(x, i, 8, 4) == 1;

		if ((target != 0 || i != 0) && (alone ? target !=
		    x->tasks.v[i] : !kvmi_infer_is_ptr(x, target)))
			return (kvmi_infer_odd(x, i));
		if (!kvmi_infer_is_ptr(x, next))
			return (kvmi_infer_odd(x, i));
		empty += next == kvmi_infer_ptr(x, i, x->signal) + off;
	}
	return (empty > x->tasks.n / 2);
}

/*
 * flags, with that of a process that nothing kills in process 1; threads of the
 * kernel have none.
 */
static bool
is_flags(struct kvmi_infer *x, uint64_t off)
{
	for (size_t i = 0; i < x->tasks.n; i++) {
		uint64_t flags = kvmi_infer_signal_get(x, i, off, 4);

		if (flags > MAX_FLAGS || (i == 1 && (flags & UNKILLABLE) ==
		    0) || (flags != 0 && (kvmi_infer_u32(x, i, x->flags) &
		    KVMI_PF_KTHREAD) != 0))
			return (kvmi_infer_odd(x, i));
	}
	return (true);
}

/*
 * Behind shared_pending comes a list since 4.19; then group_exit_code,
 * notify_count, a pointer, group_stop_count and flags.
 */
static void
find_pending(struct kvmi_infer *x)
{
	static const char s[] = "signal_struct";
	uint64_t off, flags;

	if (!kvmi_infer_only(x, x->thread_head + 2 * x->ptr, x->pids, x->ptr,
	    is_shared_pending, &off))
		return;
	kvmi_infer_add(x, s, "shared_pending.signal", off + 2 * x->ptr, 8,
	    false);
	flags = off + 2 * x->ptr + 8 + 8 + x->ptr + 4;
	if (!kvmi_infer_only(x, flags, flags + x->ptr + 4, 4, is_flags,
	    &flags))
		return;
	kvmi_infer_add(x, s, "group_exit_code", flags - 12 - x->ptr, 4, true);
	kvmi_infer_add(x, s, "flags", flags, 4, false);
}

/* leader: set in the process that the session is named after. */
static bool
is_leader(struct kvmi_infer *x, uint64_t off)
{
	size_t leaders = 0;

	for (size_t i = 1; i < x->tasks.n; i++) {
		uint64_t v = kvmi_infer_signal_get(x, i, off, 4),
		    session = kvmi_infer_signal_get(x, i, x->pids +
		    2 * x->ptr, x->ptr);

		if (v != (session == kvmi_infer_ptr(x, i, x->thread_pid)))
			return (kvmi_infer_odd(x, i));
		leaders += v != 0;
	}
	return (leaders > 0);
}

/* blocked, real_blocked, saved_sigmask, pending, whose list is empty as a rule. */
static bool
has_masks(struct kvmi_infer *x, uint64_t off)
{
	uint64_t list = off + 24;
	size_t empty = 0;

	for (size_t i = 0; i < x->tasks.n; i++) {
		uint64_t next = kvmi_infer_ptr(x, i, list);

		if (!kvmi_infer_is_ptr(x, next))
			return (kvmi_infer_odd(x, i));
		empty += next == x->tasks.v[i] + list;
	}
	return (empty > x->tasks.n / 2);
}

/*
 * kthreadd ignores all signals: in its sighand_struct the handler of each is 1,
 * and there is nothing else in the table.
 */
static bool
find_actions(const struct kvmi_infer *x, uint64_t *off, uint64_t *step)
{
	const unsigned int words[] = { 3, 2 };
	uint64_t va = kvmi_infer_ptr(x, KVMI_INFER_KTHREADD,
	    x->signal + x->ptr);
	uint8_t table[4096];
	size_t len;

	for (size_t i = 0; i < KVMI_COUNT(words); i++) {
		*step = words[i] * x->ptr + 8;
		len = SIGNALS * (size_t)*step;
		for (*off = 0; *off < 128; *off += x->ptr) {
			bool fits = kvmi_kread(x->k, x->cx, va + *off, table,
			    len) == 0;

			for (size_t at = 0; fits && at < len; at += x->ptr)
				fits = kvmi_get_uint(table + at, x->ptr,
				    x->k->big_endian) == (at % *step == 0);
			if (fits)
				return (true);
		}
	}
	return (false);
}

void
kvmi_infer_signal(struct kvmi_infer *x)
{
	static const char s[] = "signal_struct", t[] = "task_struct";
	uint64_t masks = x->signal + 2 * x->ptr, off, step;

	if (kvmi_infer_only(x, x->thread_head, MAX_SIGNAL, x->ptr, is_pids,
	    &x->pids)) {
		kvmi_infer_add_ptr(x, s, "pids[2]", x->pids + x->ptr);
		kvmi_infer_add_ptr(x, s, "pids[3]", x->pids + 2 * x->ptr);
		find_pending(x);
		if (kvmi_infer_only(x, x->pids + 3 * x->ptr, x->pids +
		    6 * x->ptr, 4, is_leader, &off)) {
			kvmi_infer_add(x, s, "leader", off, 4, true);
			x->tty = kvmi_infer_up(off + 4, x->ptr);
		}
	}
	if (kvmi_infer_only(x, masks, masks + 1, x->ptr, has_masks, &masks)) {
		kvmi_infer_add(x, t, "blocked", masks, 8, false);
		kvmi_infer_add(x, t, "pending.signal", masks + 24 +
		    2 * x->ptr, 8, false);
	}
	if (find_actions(x, &off, &step)) {
		kvmi_infer_add(x, "sighand_struct", "action", off,
		    SIGNALS * step, false);
		kvmi_infer_add(x, "k_sigaction", "", 0, step, false);
		kvmi_infer_add(x, "k_sigaction", "sa.sa_handler", 0, x->ptr,
		    false);
	}
}

/* real_cred and cred, which differ while a task acts for another, as nfsd's do. */
static bool
is_cred(struct kvmi_infer *x, uint64_t off)
{
	size_t differ = 0;

	for (size_t i = 0; i < x->tasks.n; i++) {
		uint64_t cred = kvmi_infer_ptr(x, i, off),
		    real = kvmi_infer_ptr(x, i, off - x->ptr);

		if (!kvmi_infer_is_ptr(x, cred) || !kvmi_infer_is_ptr(x, real))
			return (kvmi_infer_odd(x, i));
		differ += cred != real;
	}
	return (differ <= x->tasks.n / 4);
}

/*
 * Of init_task: eight ids, which are 0, securebits, and the capabilities that it
 * inherits, none, may have, has, and is bound to: all there are.
 */
static bool
is_ids(struct kvmi_infer *x, uint64_t cred, uint64_t off, unsigned int align)
{
	uint64_t caps = kvmi_infer_up(off + 36, align), all;

	for (uint64_t at = off; at < off + 36; at += 4)
		if (kvmi_infer_read(x, cred + at, 4) != 0)
			return (false);
	all = kvmi_infer_read(x, cred + caps + 8, 8);
	return (kvmi_infer_read(x, cred + caps, 8) == 0 && all != 0 &&
	    kvmi_infer_read(x, cred + caps + 16, 8) == all &&
	    kvmi_infer_read(x, cred + caps + 24, 8) == all);
}

/*
 * user, user_ns, ucounts (since 5.14), group_info, which begins with how many
 * use it and the number of groups.
 */
static void
add_groups(struct kvmi_infer *x, uint64_t cred)
{
	uint64_t ns, info;

	if (kvmi_kernel_addr(x->k, x->cx, "init_user_ns", &ns) != 0)
		return;
	for (uint64_t off = 0; off < MAX_CRED; off += x->ptr) {
		if (kvmi_infer_read(x, cred + off, x->ptr) != ns)
			continue;
		for (unsigned int i = 1; i <= 2; i++) {
			info = kvmi_infer_read(x, cred + off + i * x->ptr,
			    x->ptr);
			if (!kvmi_infer_is_ptr(x, info) ||
			    kvmi_infer_read(x, info, 4) - 1 > 65535 ||
			    kvmi_infer_read(x, info + 4, 4) != 0)
				continue;
			kvmi_infer_add_ptr(x, "cred", "group_info",
			    off + i * x->ptr);
			kvmi_infer_add(x, "group_info", "ngroups", 4, 4, true);
			kvmi_infer_add(x, "group_info", "gid", 8, 4, false);
			return;
		}
		return;
	}
}

void
kvmi_infer_cred(struct kvmi_infer *x)
{
	static const char *const ids[] = { "uid", "gid", "suid", "sgid",
		"euid", "egid" };
	uint64_t off, cred, first = 4;

	/* Of a kernel with keys a cached one comes between it and comm. */
	if (!kvmi_infer_only(x, x->comm - 2 * x->ptr, x->comm, x->ptr,
	    is_cred, &off))
		return;
	cred = kvmi_infer_ptr(x, 0, off);
	/* Behind usage, which became a long with 6.8. */
	while (!is_ids(x, cred, first, 4) && !is_ids(x, cred, first, 8)) {
		first += 4;
		if (first > 8)
			return;
	}
	kvmi_infer_add_ptr(x, "task_struct", "cred", off);
	for (size_t i = 0; i < KVMI_COUNT(ids); i++)
		kvmi_infer_add(x, "cred", ids[i], first + 4 * i, 4, false);
	add_groups(x, cred);
}
