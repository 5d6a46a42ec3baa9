/* SPDX-License-Identifier: BSD-2-Clause */
/* When the machine booted, and when it stopped (sys/kern/kern_tc.c). */
#include "os/freebsd/freebsd.h"
#include "os/freebsd/layout.h"

#define USEC_PER_SEC	UINT64_C(1000000)

/*
 * A time_t.  It has 4 bytes on i386 and 8 on other 32-bit machines
 * (sys/<arch>/include/_types.h); the symbol's size says which.
 */
static bool
time_variable(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    int64_t *ret)
{
	struct kvmi_sym sym;
	uint64_t v;

	if (kvmi_kernel_symbol(k, cx, name, &sym) != 0)
		return (false);
	if (sym.size != 4 && sym.size != 8)
		sym.size = k->arch->pointer_size;
	if (kvmi_kread_uint(k, cx, sym.addr, (unsigned int)sym.size, &v) != 0)
		return (false);
	*ret = sym.size == 4 ? (int32_t)v : (int64_t)v;
	return (true);
}

/* A structure of seconds and a fraction at va, by the members' names. */
static bool
time_at(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    const char *sec, const char *fraction, struct kvm_timeval *ret)
{
	struct kvmi_member m[2];
	struct kvmi_types *t;
	uint64_t v[2];

	if (kvmi_kernel_types(k, cx, &t) != 0 ||
	    kvmi_type_first(t, sec, &m[0], &cx->err) != 0 ||
	    kvmi_type_first(t, fraction, &m[1], &cx->err) != 0 ||
	    kvmi_freebsd_get(k, cx, va, &m[0], &v[0]) != 0 ||
	    kvmi_freebsd_get(k, cx, va, &m[1], &v[1]) != 0 ||
	    (int64_t)v[0] <= 0)
		return (false);
	ret->tv_sec = (int64_t)v[0];
	ret->tv_usec = (int64_t)v[1];
	return (true);
}

/* struct bintime counts in 2 to the power of -64. */
static bool
bintime_at(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    const char *sec, const char *frac, struct kvm_timeval *ret)
{
	if (!time_at(k, cx, va, sec, frac, ret))
		return (false);
	ret->tv_usec = (int64_t)(((uint64_t)ret->tv_usec >> 32) *
	    USEC_PER_SEC >> 32);
	return (true);
}

/*
 * Of the two, which are whole seconds (tc_windup()), the difference is the
 * boot time or one second more.
 */
static bool
by_uptime(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvm_timeval *ret)
{
	int64_t now, up, boot;

	if (!time_variable(k, cx, "time_second", &now) || now <= 0 ||
	    !time_variable(k, cx, "time_uptime", &up) || up <= 0 ||
	    __builtin_sub_overflow(now, up, &boot) || boot <= 0)
		return (false);
	ret->tv_sec = boot;
	return (true);
}

bool
kvmi_freebsd_boottime(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvm_timeval *ret)
{
	uint64_t va;

	*ret = (struct kvm_timeval){ 0 };
	/* Since 12.0; before, one variable or the other. */
	if (kvmi_freebsd_ptr(k, cx, "timehands", &va) == 0 &&
	    bintime_at(k, cx, va, "timehands.th_boottime.sec",
	    "timehands.th_boottime.frac", ret))
		return (true);
	if (kvmi_kernel_addr(k, cx, "boottimebin", &va) == 0 &&
	    bintime_at(k, cx, va, "bintime.sec", "bintime.frac", ret))
		return (true);
	if (kvmi_kernel_addr(k, cx, "boottime", &va) == 0 &&
	    time_at(k, cx, va, "timeval.tv_sec", "timeval.tv_usec", ret))
		return (true);
	*ret = (struct kvm_timeval){ 0 };
	return (by_uptime(k, cx, ret));
}

int64_t
kvmi_freebsd_now(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	int64_t now;

	return (time_variable(k, cx, "time_second", &now) && now > 0 ? now :
	    0);
}
