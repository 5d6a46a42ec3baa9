/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/linux/tasks.h"

#include <inttypes.h>
#include <pthread.h>

#include "base/endian.h"
#include "base/worker.h"

/* PID_MAX_LIMIT of 64-bit kernels: no list of tasks is longer. */
#define MAX_TASKS	(4u << 20)
/* Of a list that has as many entries another thread takes the rest's half. */
#define WORTH_A_THREAD	512

struct list_head {
	uint64_t	next;
	uint64_t	prev;
};

static int
read_node(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    struct list_head *ret)
{
	unsigned int ptr = k->arch->pointer_size;
	uint8_t raw[16];
	int r = kvmi_kread(k, cx, va, raw, 2 * ptr);

	if (r != 0)
		return (r);
	ret->next = kvmi_get_uint(raw, ptr, k->big_endian);
	ret->prev = kvmi_get_uint(raw + ptr, ptr, k->big_endian);
	return (0);
}

/*
 * The ends of a list that is followed from both at once.  Each says where it
 * goes next before it goes, so of two that come to one entry one is told.
 */
struct meeting {
	pthread_mutex_t	 lock;
	uint64_t	 at[2];		/* forwards, backwards; 0: not begun */
};

static bool
meets(struct meeting *m, bool backwards, uint64_t next)
{
	bool met;

	pthread_mutex_lock(&m->lock);
	met = m->at[!backwards] == next;
	if (!met)
		m->at[backwards] = next;
	pthread_mutex_unlock(&m->lock);
	return (met);
}

/* One direction, and how far it came. */
struct way {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	const char	*what;
	uint64_t	 head;
	uint64_t	 node_off;
	bool		 backwards;
	struct meeting	*meeting;	/* NULL: there is no other */
	struct kvmi_addrs *ret;
	uint64_t	 at;
	struct list_head node;
};

/* How following ends, where it is no error. */
enum {
	CAME_BACK,	/* to the head */
	SEEN,		/* at what was there before: by the other way, or a cycle */
	MET,		/* the other end */
	LONG,		/* at the limit, and can go on */
};

static int
start(struct way *w)
{
	int r = read_node(w->k, w->cx, w->head, &w->node);

	w->at = w->head;
	return (r == 0 ? 0 : kvmi_wrap(&w->cx->err, r, "%s list: head at 0x%"
	    PRIx64, w->what, w->head));
}

/* One of the above; an error: broken, and w->cx->err says where. */
static int
follow(struct way *w, size_t limit)
{
	struct kvmi_err *err = &w->cx->err;
	struct list_head node;
	uint64_t next;
	int r;

	for (; w->ret->n < limit; w->at = next, w->node = node) {
		next = w->backwards ? w->node.prev : w->node.next;
		if (next == w->head)
			return (CAME_BACK);
		if (w->meeting != NULL && meets(w->meeting, w->backwards, next))
			return (MET);
		r = read_node(w->k, w->cx, next, &node);
		if (r != 0)
			return (kvmi_wrap(err, r, "%s list: %s of 0x%" PRIx64,
			    w->what, w->backwards ? "prev" : "next",
			    w->at - w->node_off));
		if ((w->backwards ? node.next : node.prev) != w->at)
			return (kvmi_fail(err, KVMI_EFORMAT, "%s list: "
			    "0x%" PRIx64 ", %s 0x%" PRIx64
			    ", does not point back", w->what,
			    next - w->node_off, w->backwards ? "before" :
			    "behind", w->at - w->node_off));
		r = kvmi_addrs_add(w->ret, next - w->node_off);
		if (r == 0)
			return (SEEN);
		if (r < 0)
			return (kvmi_fail(err, r, "no memory for the %s list",
			    w->what));
	}
	return (LONG);
}

static void *
follow_back(void *arg)
{
	struct way *w = arg;
	int r = start(w);

	if (r == 0)
		r = follow(w, MAX_TASKS);
	return ((void *)(intptr_t)r);
}

/*
 * The rest of a list that is long, with another thread at its other end: most
 * of the time goes into waiting for memory.
 */
static int
follow_both(struct way *w)
{
	struct meeting m = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct kvmi_addrs found = { 0 };
	struct way back = *w;
	pthread_t thread;
	void *how;
	int r;

	back.backwards = true;
	back.ret = &found;
	back.meeting = w->meeting = &m;
	back.cx = kvmi_cx_new();
	if (back.cx == NULL ||
	    kvmi_worker_start(&thread, follow_back, &back) != 0) {
		w->meeting = NULL;
		r = follow(w, MAX_TASKS);
		goto out;
	}
	r = follow(w, MAX_TASKS);
	pthread_join(thread, &how);
	w->meeting = NULL;
	/* Where they are not each other's next, this one goes on alone. */
	if (r == MET && ((intptr_t)how != MET || w->node.next != back.at ||
	    back.node.prev != w->at))
		r = follow(w, MAX_TASKS);
	for (size_t i = found.n; r == MET && i > 0; i--) {
		int added = kvmi_addrs_add(w->ret, found.v[i - 1]);

		if (added <= 0)
			r = added == 0 ? SEEN : kvmi_fail(&w->cx->err, added,
			    "no memory for the %s list", w->what);
	}
out:
	kvmi_addrs_deinit(&found);
	kvmi_cx_free(back.cx);
	return (r);
}

/* The whole way in one direction; an error: why it is not the whole. */
static int
follow_all(struct way *w)
{
	int r = start(w);

	if (r == 0)
		r = follow(w, WORTH_A_THREAD);
	if (r == LONG)
		r = w->backwards || kvmi_worker_cpus() == 1 ?
		    follow(w, MAX_TASKS) : follow_both(w);
	switch (r) {
	case CAME_BACK:
	case MET:
		return (0);
	case LONG:
		return (kvmi_fail(&w->cx->err, KVMI_EFORMAT, "%s list of more "
		    "than %u entries", w->what, MAX_TASKS));
	case SEEN:
		/* By a cycle off the head, or that of another list. */
		return (kvmi_fail(&w->cx->err, KVMI_EFORMAT, "%s list: it "
		    "comes to an entry that was there before", w->what));
	default:
		return (r);
	}
}

int
kvmi_list_collect(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t head,
    uint64_t node_off, const char *what, struct kvmi_addrs *ret)
{
	struct way w = { .k = k, .cx = cx, .what = what, .head = head,
		.node_off = node_off, .ret = ret };
	struct kvmi_err first;
	int r;

	r = follow_all(&w);
	if (r == 0 || r == KVMI_ENOMEM)
		return (r);
	first = cx->err;
	w.backwards = true;
	r = follow_all(&w);
	cx->err = first;
	kvmi_damage(cx);
	return (r == KVMI_ENOMEM ? r : 0);
}
