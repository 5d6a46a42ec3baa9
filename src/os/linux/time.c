/* SPDX-License-Identifier: BSD-2-Clause */
/* When the machine booted: the timekeeper's offsets between its clocks. */
#include <inttypes.h>

#include "base/math.h"
#include "os/linux/infer.h"
#include "os/linux/linux.h"

#define MOST	4	/* numbers that are read together */

/*
 * The alignment of 64-bit numbers: 4 on i386, 8 on others, which a member of
 * the timekeeper behind a pointer shows.
 */
static uint64_t
alignment(struct kvmi_types *t, struct kvmi_err *err)
{
	struct kvmi_member mask;

	return (kvmi_type_member(t, "tk_read_base", "mask", &mask, err) == 0 &&
	    mask.off == 4 ? 4 : 8);
}

/*
 * Before 6.17 the timekeeper lies in an unnamed structure behind a sequence
 * counter; its type is in BTF all the same.
 */
static int
timekeeper(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_types *t,
    uint64_t *ret)
{
	struct kvmi_member in;
	uint64_t va, seq;
	int r;

	if (kvmi_kernel_addr(k, cx, "timekeeper_data", &va) == 0) {
		r = kvmi_type_member(t, "tk_data", "timekeeper", &in,
		    &cx->err);
		*ret = va + in.off;
		return (r);
	}
	r = kvmi_kernel_addr(k, cx, "tk_core", &va);
	/* Not listed, or no types tell how far behind: by its content. */
	if (r == KVMI_ENOENT || (r == 0 && kvmi_type_size(t, "timekeeper",
	    &seq, &cx->err) != 0))
		return (kvmi_linux_variable(k, cx, KVMI_ONCE_CLOCK, ret,
		    NULL));
	if (r != 0)
		return (r);
	if (kvmi_type_member(t, "tk_data", "timekeeper", &in, &cx->err) == 0)
		seq = in.off;
	else if (kvmi_type_size(t, "seqcount_raw_spinlock_t", &seq,
	    &cx->err) != 0 &&
	    kvmi_type_size(t, "seqcount_t", &seq, &cx->err) != 0)
		seq = 8;
	if (!kvmi_round_up(seq, alignment(t, &cx->err), &seq))
		seq = 8;
	*ret = va + seq;
	return (0);
}

/* Numbers of the timekeeper, at most MOST, by the names of its members. */
static int
numbers(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *const *names,
    size_t n, uint64_t *v)
{
	struct kvmi_member m[MOST];
	struct kvmi_types *t;
	uint64_t tk;
	int r;

	r = kvmi_kernel_types(k, cx, &t);
	for (size_t i = 0; i < n && r == 0; i++) {
		r = kvmi_type_member(t, "timekeeper", names[i], &m[i],
		    &cx->err);
		if (r == 0 && m[i].size > 8)
			r = kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: timekeeper."
			    "%s is no number", t->where, names[i]);
	}
	if (r == 0)
		r = timekeeper(k, cx, t, &tk);
	for (size_t i = 0; i < n && r == 0; i++)
		r = kvmi_kread_uint(k, cx, tk + m[i].off,
		    (unsigned int)m[i].size, &v[i]);
	return (r);
}

/* Both are offsets from the clock that stops while the machine sleeps. */
int
kvmi_linux_boottime(struct kvmi_kernel *k, struct kvmi_cx *cx,
    int64_t *ret_nsec)
{
	static const char *const names[] = { "offs_real", "offs_boot" };
	uint64_t v[2];
	int r = numbers(k, cx, names, KVMI_COUNT(v), v);

	if (r == 0)
		*ret_nsec = (int64_t)(v[0] - v[1]);
	return (r);
}

/* What that clock shows is made of the first three. */
static const char *const clock_names[MOST] = { "tkr_mono.base",
    "tkr_mono.xtime_nsec", "tkr_mono.shift", "offs_boot" };

static uint64_t
nsec_of(const uint64_t v[3])
{
	return (v[0] + (v[2] < 64 ? v[1] >> v[2] : 0));
}

int
kvmi_linux_monotonic(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t *ret_nsec)
{
	uint64_t v[3];
	int r = numbers(k, cx, clock_names, KVMI_COUNT(v), v);

	if (r == 0)
		*ret_nsec = nsec_of(v);
	return (r);
}

int
kvmi_linux_uptime(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t *ret_nsec)
{
	uint64_t v[4];
	int r = numbers(k, cx, clock_names, KVMI_COUNT(v), v);

	if (r == 0)
		*ret_nsec = nsec_of(v) + v[3];
	return (r);
}
