/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Times and counts of processes and threads.  The kernel keeps them in parts
 * and puts them together when it is asked: rufetch() and calcru() of
 * sys/kern/kern_resource.c.
 */
#include <stddef.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/freebsd/lister.h"

/* From ru_maxrss to ru_nivcsw all members of struct rusage are longs. */
#define RU_LONGS	14
_Static_assert(sizeof(struct kvm_rusage) - offsetof(struct kvm_rusage,
    ru_maxrss) == RU_LONGS * sizeof(int64_t), "FreeBSD's struct rusage");

/* struct rusage_ext */
struct rux {
	uint64_t	runtime;		/* ticks of the CPU */
	uint64_t	uticks, sticks, iticks;	/* of the statistics clock */
	uint64_t	uu, su, tu;		/* microseconds told last */
};

/* a * b / c, where a / c * b fits. */
static uint64_t
fraction(uint64_t a, uint64_t b, uint64_t c)
{
	return (a / c * b + a % c * b / c);
}

uint64_t
kvmi_lister_usec(const struct kvmi_freebsd_lister *x, uint64_t ticks)
{
	return (x->tick_frequency == 0 ? 0 :
	    fraction(ticks, 1000000, x->tick_frequency));
}

static void
read_rux(struct kvmi_freebsd_lister *x, uint64_t base,
    enum kvmi_freebsd_member id, struct rux *r)
{
	*r = (struct rux){
		.runtime = kvmi_lget_in(x, base, id, RUX_RUNTIME),
		.uticks = kvmi_lget_in(x, base, id, RUX_UTICKS),
		.sticks = kvmi_lget_in(x, base, id, RUX_STICKS),
		.iticks = kvmi_lget_in(x, base, id, RUX_ITICKS),
		.uu = kvmi_lget_in(x, base, id, RUX_UU),
		.su = kvmi_lget_in(x, base, id, RUX_SU),
		.tu = kvmi_lget_in(x, base, id, RUX_TU) };
}

/* What a thread has not handed in: ruxagg(). */
static void
add_thread(struct kvmi_freebsd_lister *x, uint64_t td, struct rux *r)
{
	r->runtime += kvmi_lget(x, td, TD_INCRUNTIME);
	r->uticks += kvmi_lget(x, td, TD_UTICKS);
	r->sticks += kvmi_lget(x, td, TD_STICKS);
	r->iticks += kvmi_lget(x, td, TD_ITICKS);
}

static struct kvm_timeval
timeval_of(uint64_t usec)
{
	struct kvm_timeval tv = { .tv_sec = (int64_t)(usec / 1000000),
		.tv_usec = (int64_t)(usec % 1000000) };

	return (tv);
}

/*
 * The ticks of the statistics clock divide the time that was measured.  What
 * was told once does not become less, unless the clock was slowed down since.
 */
static void
split_time(const struct kvmi_freebsd_lister *x, const struct rux *r,
    struct kvm_rusage *ru)
{
	uint64_t total = r->uticks + r->sticks + r->iticks;
	uint64_t sticks = r->sticks, tu = kvmi_lister_usec(x, r->runtime);
	uint64_t uu, su;

	if (total == 0)
		total = sticks = 1;
	uu = fraction(tu, r->uticks, total);
	su = fraction(tu, sticks, total);
	if (tu >= r->tu) {
		uu = uu < r->uu ? r->uu : uu;
		su = su < r->su ? r->su : su;
	} else if (r->tu - tu < 3 || r->tu - tu < tu / 100) {
		uu = r->uu;
		su = r->su;
	}
	ru->ru_utime = timeval_of(uu);
	ru->ru_stime = timeval_of(su);
}

/* The longs of the struct rusage that is the member id of base. */
static void
read_counts(struct kvmi_freebsd_lister *x, uint64_t base,
    enum kvmi_freebsd_member id, int64_t v[RU_LONGS])
{
	const struct kvmi_member *first = &x->l.m[RU_MAXRSS];
	unsigned int size = (unsigned int)first->size;
	uint8_t raw[8 * RU_LONGS];

	memset(v, 0, RU_LONGS * sizeof(*v));
	if (base == 0 || x->l.m[id].size == 0 || (size != 4 && size != 8))
		return;
	if (kvmi_kread(x->k, x->cx, base + x->l.m[id].off + first->off, raw,
	    (size_t)size * RU_LONGS) != 0) {
		kvmi_damage(x->cx);
		return;
	}
	for (unsigned int i = 0; i < RU_LONGS; i++)
		v[i] = size == 4 ?
		    (int32_t)kvmi_get32(raw + 4 * i, x->k->big_endian) :
		    (int64_t)kvmi_get64(raw + 8 * i, x->k->big_endian);
}

static void
store_counts(struct kvm_rusage *ru, const int64_t v[RU_LONGS])
{
	memcpy((uint8_t *)ru + offsetof(struct kvm_rusage, ru_maxrss), v,
	    RU_LONGS * sizeof(*v));
}

/* rucollect(): the first is a maximum, the others are sums. */
static void
collect(int64_t to[RU_LONGS], const int64_t from[RU_LONGS])
{
	if (to[0] < from[0])
		to[0] = from[0];
	for (unsigned int i = 1; i < RU_LONGS; i++)
		to[i] = (int64_t)((uint64_t)to[i] + (uint64_t)from[i]);
}

void
kvmi_lister_fill_usage(struct kvmi_freebsd_lister *x, struct kinfo_proc *ki,
    const uint64_t *td, size_t n)
{
	uint64_t p = ki->ki_paddr, usec;
	int64_t sum[RU_LONGS], one[RU_LONGS];
	struct rux rux, children;

	read_rux(x, p, PROC_RUX, &rux);
	read_counts(x, p, PROC_RU, sum);
	for (size_t i = 0; i < n; i++) {
		add_thread(x, td[i], &rux);
		read_counts(x, td[i], TD_RU, one);
		collect(sum, one);
		ki->ki_cow += (uint32_t)kvmi_lget(x, td[i], TD_COW);
	}
	store_counts(&ki->ki_rusage, sum);
	split_time(x, &rux, &ki->ki_rusage);
	ki->ki_runtime = kvmi_lister_usec(x, rux.runtime);
	read_rux(x, p, PROC_CRUX, &children);
	read_counts(x, kvmi_lget(x, p, PROC_STATS), PS_CRU, one);
	store_counts(&ki->ki_rusage_ch, one);
	split_time(x, &children, &ki->ki_rusage_ch);
	usec = (uint64_t)ki->ki_rusage_ch.ru_utime.tv_usec +
	    (uint64_t)ki->ki_rusage_ch.ru_stime.tv_usec;
	ki->ki_childtime = timeval_of(usec);
	ki->ki_childtime.tv_sec += ki->ki_rusage_ch.ru_utime.tv_sec +
	    ki->ki_rusage_ch.ru_stime.tv_sec;
}

void
kvmi_lister_fill_thread_usage(struct kvmi_freebsd_lister *x,
    struct kinfo_proc *ki, uint64_t td)
{
	int64_t v[RU_LONGS];
	struct rux rux;

	read_rux(x, td, TD_RUX, &rux);
	add_thread(x, td, &rux);
	read_counts(x, td, TD_RU, v);
	store_counts(&ki->ki_rusage, v);
	split_time(x, &rux, &ki->ki_rusage);
	ki->ki_runtime = kvmi_lister_usec(x, rux.runtime);
	ki->ki_cow = (uint32_t)kvmi_lget(x, td, TD_COW);
}
