/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/linux/infer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"

#define COMM_LEN	16
#define MAX_PROCESSES	(1u << 22)
#define FIRST_TASKS	128		/* of a list that is too long */
#define MAX_READS	(UINT64_C(1) << 24)

uint64_t
kvmi_infer_get(const struct kvmi_infer *x, size_t i, uint64_t off,
    unsigned int size)
{
	const uint8_t *copy = x->copy + (size_t)x->slot[i] * KVMI_INFER_TASK;

	return (!kvmi_inside(off, size, KVMI_INFER_TASK) ? 0 :
	    kvmi_get_uint(copy + off, size, x->k->big_endian));
}

uint64_t
kvmi_infer_read(const struct kvmi_infer *x, uint64_t va, unsigned int size)
{
	uint64_t v;

	if (*x->budget == 0)
		return (0);
	--*x->budget;
	return (kvmi_kread_uint(x->k, x->cx, va, size, &v) == 0 ? v : 0);
}

bool
kvmi_infer_is_ptr(const struct kvmi_infer *x, uint64_t va)
{
	return (va != 0 && va % x->ptr == 0 && va >= x->l->va.first &&
	    va <= x->l->va.last);
}

bool
kvmi_infer_is_linked(const struct kvmi_infer *x, uint64_t va)
{
	uint64_t next = kvmi_infer_read(x, va, x->ptr),
	    prev = kvmi_infer_read(x, va + x->ptr, x->ptr);

	return (kvmi_infer_is_ptr(x, next) && kvmi_infer_is_ptr(x, prev) &&
	    kvmi_infer_read(x, next + x->ptr, x->ptr) == va &&
	    kvmi_infer_read(x, prev, x->ptr) == va);
}

struct kvmi_member *
kvmi_infer_add(struct kvmi_infer *x, const char *type, const char *path,
    uint64_t off, uint64_t size, bool is_signed)
{
	struct kvmi_listed *row = &x->row[x->n_rows];

	if (x->n_rows == KVMI_INFER_ROWS)
		return (NULL);
	x->n_rows++;
	*row = (struct kvmi_listed){ type, path, { .off = off, .size = size,
		.count = 1, .is_signed = is_signed } };
	return (&row->m);
}

void
kvmi_infer_add_ptr(struct kvmi_infer *x, const char *type, const char *path,
    uint64_t off)
{
	struct kvmi_member *m = kvmi_infer_add(x, type, path, off, x->ptr,
	    false);

	if (m != NULL)
		m->is_pointer = true;
}

/* The name of the first task, "swapper" and perhaps a CPU's number behind it. */
static bool
is_comm(struct kvmi_infer *x, uint64_t off)
{
	const char *s = (const char *)x->copy + off;

	return (kvmi_inside(off, COMM_LEN, KVMI_INFER_TASK) &&
	    (strncmp(s, "swapper/0", COMM_LEN) == 0 ||
	    strncmp(s, "swapper", COMM_LEN) == 0));
}

static bool
comm_at(struct kvmi_infer *x, uint64_t task, char name[COMM_LEN])
{
	return (kvmi_kread(x->k, x->cx, task + x->comm, name,
	    COMM_LEN) == 0 && memchr(name, '\0', COMM_LEN) != NULL);
}

/*
 * When the entry at lost cannot be read, the one behind it leads back to it: the
 * list is sound from its end up to there.
 */
static bool
is_sound_behind(struct kvmi_infer *x, uint64_t off, uint64_t lost)
{
	uint64_t head = x->tasks.v[0] + off, at = head, prev;
	char name[COMM_LEN];

	for (size_t n = 0; n < MAX_PROCESSES; n++) {
		prev = kvmi_infer_read(x, at + x->ptr, x->ptr);
		if (prev == lost) {
			x->lost = lost;
			x->behind_lost = at;
			return (true);
		}
		if (prev == head || !kvmi_infer_is_ptr(x, prev) ||
		    kvmi_infer_read(x, prev, x->ptr) != at ||
		    !comm_at(x, prev - off, name))
			return (false);
		at = prev;
	}
	return (false);
}

/*
 * Follow a list as if it were that of the processes.  All of it has to be
 * sound, but for one entry, its entries have to have names, and the second one's
 * is known.
 */
static bool
is_list(struct kvmi_infer *x, uint64_t off)
{
	uint64_t head = x->tasks.v[0] + off, at = head, next;
	char name[COMM_LEN];
	size_t n = 0;

	for (;;) {
		next = kvmi_infer_read(x, at, x->ptr);
		if (!kvmi_infer_is_ptr(x, next))
			return (false);
		if (kvmi_infer_read(x, next + x->ptr, x->ptr) != at ||
		    (next != head && !comm_at(x, next - off, name)))
			return (n >= 2 && is_sound_behind(x, off, next));
		if (next == head)
			return (n >= 2);
		if (++n > MAX_PROCESSES ||
		    (n == 2 && strcmp(name, "kthreadd") != 0))
			return (false);
		at = next;
	}
}

/* The entry of the list behind at. */
static uint64_t
behind(const struct kvmi_infer *x, uint64_t at)
{
	at = kvmi_infer_read(x, at, x->ptr);
	return (at == x->lost && at != 0 ? x->behind_lost : at);
}

/*
 * The processes on the list that was found, as many as are looked at: the first
 * and the last.  A machine of many CPUs has a thousand threads of the kernel
 * between them.
 */
static int
collect(struct kvmi_infer *x)
{
	uint64_t head = x->tasks.v[0] + x->list, at;
	size_t n = 0, i = 0;
	int r = 1;

	for (at = behind(x, head); at != head && n <= MAX_PROCESSES;
	    at = behind(x, at))
		n++;
	for (at = behind(x, head); at != head && r > 0 && i < n &&
	    x->tasks.n < KVMI_INFER_TASKS; at = behind(x, at), i++)
		if (i < FIRST_TASKS || n - i < KVMI_INFER_TASKS - FIRST_TASKS)
			r = kvmi_addrs_add(&x->tasks, at - x->list);
	return (r < 0 ? kvmi_fail(&x->cx->err, KVMI_ENOMEM,
	    "no memory for the list of tasks") : 0);
}

static void
copy_task(struct kvmi_infer *x, size_t i)
{
	uint8_t *to = x->copy + i * KVMI_INFER_TASK;
	size_t done = 0;

	x->slot[i] = (uint16_t)i;
	kvmi_space_read(&x->k->space, x->cx, x->tasks.v[i], to,
	    KVMI_INFER_TASK, &done);
	memset(to + done, 0, KVMI_INFER_TASK - done);
}

static int
find_tasks(struct kvmi_infer *x)
{
	uint64_t init_task;
	uint8_t *all;
	int r;

	r = kvmi_kernel_addr(x->k, x->cx, "init_task", &init_task);
	if (r != 0)
		return (r);
	if (kvmi_addrs_add(&x->tasks, init_task) < 0 ||
	    (x->copy = malloc(KVMI_INFER_TASK)) == NULL)
		return (kvmi_fail(&x->cx->err, KVMI_ENOMEM, "out of memory"));
	copy_task(x, 0);
	if (!kvmi_infer_only(x, 0, KVMI_INFER_TASK, x->ptr, is_comm,
	    &x->comm) || !kvmi_infer_only(x, 0, x->comm, x->ptr, is_list,
	    &x->list))
		return (kvmi_fail(&x->cx->err, KVMI_ENOTSUP, "init_task at "
		    "0x%" PRIx64 " does not lead to a list of processes",
		    init_task));
	r = collect(x);
	if (r != 0)
		return (r);
	/* A live list may be another by now. */
	if (x->tasks.n <= KVMI_INFER_KTHREADD)
		return (kvmi_fail(&x->cx->err, KVMI_ENOTSUP, "the list of "
		    "processes ends after %zu", x->tasks.n));
	all = realloc(x->copy, x->tasks.n * KVMI_INFER_TASK);
	if (all == NULL)
		return (kvmi_fail(&x->cx->err, KVMI_ENOMEM, "no memory for "
		    "%zu tasks", x->tasks.n));
	x->copy = all;
	for (size_t i = 1; i < x->tasks.n; i++)
		copy_task(x, i);
	return (0);
}

/* Copies of structures are taken as far as members of them are known. */
static void
add_sizes(struct kvmi_infer *x)
{
	static const char *const types[] = { "task_struct", "signal_struct",
		"mm_struct", "cred" };

	for (size_t i = 0; i < KVMI_COUNT(types); i++) {
		uint64_t end = 0;

		for (size_t j = 0; j < x->n_rows; j++) {
			const struct kvmi_listed *row = &x->row[j];

			if (strcmp(row->type, types[i]) == 0 &&
			    row->m.off + row->m.size > end)
				end = row->m.off + row->m.size;
		}
		if (end != 0)
			kvmi_infer_add(x, types[i], "", 0, end, false);
	}
}

static struct kvmi_infer *
begin(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t *budget)
{
	struct kvmi_infer *x = calloc(1, sizeof(*x));

	if (x == NULL) {
		kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory");
		return (NULL);
	}
	x->k = k;
	x->cx = cx;
	x->l = k->priv;
	x->ptr = k->arch->pointer_size;
	x->page = kvmi_linux_page_size(x->l);
	x->align = k->arch->align_64 != 0 ? k->arch->align_64 : 8;
	x->budget = budget;
	return (x);
}

static const struct {
	void		(*find)(struct kvmi_infer *x);
	const char	*what;
} variables[KVMI_ONCES] = {
	[KVMI_ONCE_CLOCK] = { kvmi_infer_clock, "the clock's timekeeper" },
	[KVMI_ONCE_MODULES] = { kvmi_infer_modules, "the list of modules" },
	[KVMI_ONCE_TICK] = { kvmi_infer_tick, "where idle time is kept" },
	[KVMI_ONCE_SWAP] = { kvmi_infer_swap, "the table of swap devices" },
	[KVMI_ONCE_PERCPU] = { kvmi_infer_percpu, "how much data a CPU has" },
};

void
kvmi_infer_found(struct kvmi_infer *x, enum kvmi_linux_once which,
    uint64_t va, uint64_t more)
{
	struct kvmi_linux *l = x->k->priv;
	uint64_t *made = malloc(2 * sizeof(*made));

	if (made == NULL)
		return;
	/* What reads nothing may seem to fit. */
	made[0] = *x->budget == 0 ? 0 : va;
	made[1] = *x->budget == 0 ? 0 : more;
	kvmi_linux_once_set(l, which, made);
}

int
kvmi_linux_variable(struct kvmi_kernel *k, struct kvmi_cx *cx,
    enum kvmi_linux_once which, uint64_t *va, uint64_t *more)
{
	const uint64_t *found = kvmi_linux_once(k->priv, which);
	uint64_t budget = MAX_READS;
	struct kvmi_infer *x;

	if (found == NULL && (x = begin(k, cx, &budget)) != NULL) {
		variables[which].find(x);
		/* Not once more. */
		kvmi_infer_found(x, which, 0, 0);
		kvmi_addrs_deinit(&x->modules);
		free(x);
		found = kvmi_linux_once(k->priv, which);
	}
	/* Data of CPUs may be linked at 0. */
	if (found == NULL || (found[0] == 0 && found[1] == 0))
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s was not found in "
		    "the image, and the kernel lists no variables; a vmlinux as "
		    "the second argument tells", variables[which].what));
	*va = found[0];
	if (more != NULL)
		*more = found[1];
	return (0);
}

int
kvmi_linux_infer(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types **ret)
{
	uint64_t va, budget = MAX_READS;
	struct kvmi_infer *x = begin(k, cx, &budget);
	int r;

	if (x == NULL)
		return (KVMI_ENOMEM);
	x->ncpus = 8192;
	if (kvmi_kernel_addr(k, cx, "nr_cpu_ids", &va) == 0)
		x->ncpus = kvmi_infer_read(x, va, 4);
	r = find_tasks(x);
	if (r == 0)
		r = kvmi_infer_task(x);
	if (r == 0) {
		kvmi_infer_sched(x);
		kvmi_infer_signal(x);
		kvmi_infer_tty(x);
		kvmi_infer_usage(x);
		kvmi_infer_cred(x);
		kvmi_infer_mm(x);
		kvmi_infer_clock(x);
		kvmi_infer_modules(x);
		kvmi_infer_kallsyms(x);
		kvmi_infer_tick(x);
		kvmi_infer_swap(x);
		add_sizes(x);
	}
	/* What reads nothing may seem to fit. */
	if (r == 0 && budget == 0)
		r = kvmi_fail(&cx->err, KVMI_ENOTSUP, "the tasks lead to more "
		    "memory than is looked at");
	if (r == 0)
		r = kvmi_listed_open(x->row, x->n_rows,
		    "worked out from the tasks in the image", ret, &cx->err);
	kvmi_addrs_deinit(&x->tasks);
	kvmi_addrs_deinit(&x->modules);
	free(x->copy);
	free(x);
	return (r);
}
