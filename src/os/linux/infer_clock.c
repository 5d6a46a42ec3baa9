/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timekeeper (include/linux/timekeeper_internal.h) says the same in several
 * ways, by which it is known when it is seen.
 */
#include "base/endian.h"
#include "os/linux/infer.h"

#define NSEC		1000000000
#define LEAST_SEC	1000000000	/* 2001 */
#define MOST_SEC	(INT64_C(1) << 33)
#define NEAR		512		/* how far it is behind its symbol */

/* Offsets from xtime_sec on. */
struct shape {
	unsigned int	ptr;
	bool		big_endian;
	unsigned int	wtm, real, len;
	unsigned int	base;		/* in a tk_read_base, and its length */
	unsigned int	read_len;
	unsigned int	before;		/* how much of a timekeeper is */
	uint64_t	xtime;		/* where one was seen; 0: nowhere */
};

static struct shape
shape_of(const struct kvmi_infer *x)
{
	struct shape s = { .ptr = x->ptr, .big_endian = x->k->big_endian };

	s.wtm = (unsigned int)kvmi_infer_up(8 + s.ptr, x->align);
	s.real = (unsigned int)kvmi_infer_up(s.wtm + 8 + s.ptr, x->align);
	s.len = s.real + 24;
	/* clock, mask, cycle_last, mult, shift, xtime_nsec, base, base_real */
	s.base = (unsigned int)kvmi_infer_up(s.ptr, x->align) + 32;
	s.read_len = s.base + 16;
	return (s);
}

/*
 * xtime_sec, ktime_sec, wall_to_monotonic, offs_real: clocks since the epoch
 * and since boot, and twice how they differ.
 */
static bool
is_clock(const struct shape *s, const uint8_t *p)
{
	int64_t now = (int64_t)kvmi_get64(p, s->big_endian),
	    sec = (int64_t)kvmi_get64(p + s->wtm, s->big_endian),
	    nsec = (int64_t)kvmi_get_uint(p + s->wtm + 8, s->ptr,
	    s->big_endian),
	    real = (int64_t)kvmi_get64(p + s->real, s->big_endian);
	uint64_t up;

	if (now < LEAST_SEC || now > MOST_SEC || sec >= 0 || sec < -now ||
	    nsec < 0 || nsec >= NSEC || real != -(sec * NSEC + nsec))
		return (false);
	up = kvmi_get_uint(p + 8, s->ptr, s->big_endian) -
	    (uint64_t)(now + sec);
	return (up <= 1);
}

/*
 * Before it lie two ways to read the clock, since 6.13 one; the first agrees
 * with it.
 */
static bool
agrees(struct kvmi_infer *x, struct shape *s, uint64_t va,
    const uint8_t *p)
{
	int64_t now = (int64_t)kvmi_get64(p, s->big_endian),
	    sec = (int64_t)kvmi_get64(p + s->wtm, s->big_endian),
	    nsec = (int64_t)kvmi_get_uint(p + s->wtm + 8, s->ptr,
	    s->big_endian);

	for (unsigned int i = 1; i <= 2; i++) {
		s->before = i * s->read_len;
		if (kvmi_infer_read(x, va - s->before + s->base, 8) ==
		    (uint64_t)((now + sec) * NSEC + nsec))
			return (true);
	}
	return (false);
}

/* The first that fits: there may be a copy that the kernel works on. */
static bool
find(struct kvmi_infer *x, uint64_t va, const uint8_t *p, size_t len, void *arg)
{
	struct shape *s = arg;

	for (size_t at = 0; at + s->len <= len && s->xtime == 0; at += x->align)
		if (is_clock(s, p + at) && agrees(x, s, va + at, p + at))
			s->xtime = va + at;
	return (s->xtime == 0);
}

static void
add(struct kvmi_infer *x, const struct shape *s)
{
	static const char t[] = "timekeeper";

	kvmi_infer_found(x, KVMI_ONCE_CLOCK, s->xtime - s->before, 0);
	kvmi_infer_add(x, t, "offs_real", s->before + s->real, 8, true);
	kvmi_infer_add(x, t, "offs_boot", s->before + s->real + 8, 8, true);
	kvmi_infer_add(x, t, "tkr_mono.shift", s->base - 12, 4, false);
	kvmi_infer_add(x, t, "tkr_mono.xtime_nsec", s->base - 8, 8, false);
	kvmi_infer_add(x, t, "tkr_mono.base", s->base, 8, true);
}

void
kvmi_infer_clock(struct kvmi_infer *x)
{
	uint64_t start = x->l->stext, len = KVMI_INFER_IMAGE, va;
	struct shape s = shape_of(x);

	if (kvmi_kernel_addr(x->k, x->cx, "tk_core", &va) == 0 ||
	    kvmi_kernel_addr(x->k, x->cx, "timekeeper_data", &va) == 0) {
		start = va;
		len = NEAR;
	}
	kvmi_infer_chunks(x, start, len, s.len - x->align, find, &s);
	if (s.xtime != 0)
		add(x, &s);
}
