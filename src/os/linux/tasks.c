/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/linux/tasks.h"

#include <inttypes.h>

#include "base/endian.h"

/* PID_MAX_LIMIT of 64-bit kernels: no list of tasks is longer. */
#define MAX_TASKS	(4u << 20)

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
 * One direction.  0: came back to the head.  1: met what the other direction
 * had seen.  An error: broken, and cx->err says where.
 */
static int
follow(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t head,
    uint64_t node_off, bool backwards, const char *what,
    struct kvmi_addrs *ret)
{
	struct list_head node;
	uint64_t at = head, next;
	int r;

	r = read_node(k, cx, head, &node);
	while (r == 0) {
		next = backwards ? node.prev : node.next;
		if (next == head)
			return (0);
		r = read_node(k, cx, next, &node);
		if (r != 0)
			return (kvmi_wrap(&cx->err, r, "%s list: %s of 0x%"
			    PRIx64, what, backwards ? "prev" : "next",
			    at - node_off));
		if ((backwards ? node.next : node.prev) != at)
			return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s list: "
			    "0x%" PRIx64 ", %s 0x%" PRIx64
			    ", does not point back", what, next - node_off,
			    backwards ? "before" : "behind", at - node_off));
		r = kvmi_addrs_add(ret, next - node_off);
		if (r == 0)
			return (1);
		if (r < 0)
			return (kvmi_fail(&cx->err, r, "no memory for the %s "
			    "list", what));
		if (ret->n > MAX_TASKS)
			return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s list of "
			    "more than %u entries", what, MAX_TASKS));
		at = next;
		r = 0;
	}
	return (kvmi_wrap(&cx->err, r, "%s list: head at 0x%" PRIx64, what,
	    head));
}

int
kvmi_list_collect(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t head,
    uint64_t node_off, const char *what, struct kvmi_addrs *ret)
{
	struct kvmi_err first;
	int r;

	r = follow(k, cx, head, node_off, false, what, ret);
	if (r == 0 || r == KVMI_ENOMEM)
		return (r);
	/* By a cycle off the head, or that of another list. */
	if (r == 1)
		kvmi_fail(&cx->err, KVMI_EFORMAT, "%s list: it comes "
		    "to an entry that was there before", what);
	first = cx->err;
	r = follow(k, cx, head, node_off, true, what, ret);
	cx->err = first;
	kvmi_damage(cx);
	return (r == KVMI_ENOMEM ? r : 0);
}
