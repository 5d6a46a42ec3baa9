/* SPDX-License-Identifier: BSD-2-Clause */
/* What processes have of memory, and what they used of everything. */
#include "base/endian.h"
#include "base/math.h"
#include "os/linux/task_fill.h"

/* getrusage(2) counts in these. */
#define BLOCK	512

static uint64_t
mm_get(const struct kvmi_lister *x, enum kvmi_linux_member id)
{
	return (kvmi_lister_get(x, id, x->mm, x->layout.mm_size));
}

/* A percpu_counter's exact value: what CPUs have not handed in counts. */
static int64_t
percpu_counter(struct kvmi_lister *x, const uint8_t *copy, uint64_t size)
{
	int64_t v = (int64_t)kvmi_lister_get(x, PCPU_COUNT, copy, size);
	uint64_t area = kvmi_lister_get(x, PCPU_COUNTERS, copy, size);

	for (unsigned int cpu = 0; cpu < x->ncpus && area != 0; cpu++) {
		uint64_t d;

		if (kvmi_kread_uint(x->k, x->cx, kvmi_linux_percpu_at(x->k,
		    area, x->percpu[cpu]), 4, &d) == 0)
			v = (int64_t)((uint64_t)v + (uint64_t)(int32_t)d);
	}
	return (v < 0 ? 0 : v);
}

/* Pages of one kind. */
static int64_t
pages(struct kvmi_lister *x, unsigned int part)
{
	const struct kvmi_member *m = &x->layout.m[MM_RSS_STAT];
	uint64_t step = x->layout.pcpu_size, at;
	/* Since 6.2 an array of percpu_counter, before of atomic longs. */
	bool percpu = m->count > 1 && m->size == step * m->count;
	int64_t n;

	if (!percpu)
		step = x->k->arch->pointer_size;
	at = m->off + step * x->layout.rss_index[part];
	if (m->size == 0 || !kvmi_inside(at, step, x->layout.mm_size))
		return (0);
	if (percpu)
		return (percpu_counter(x, x->mm + at, step));
	n = (int64_t)kvmi_get_uint(x->mm + at, (unsigned int)step,
	    x->k->big_endian);
	return (step == 4 ? (int32_t)n : n);
}

void
kvmi_task_mm(struct kvmi_lister *x, struct kinfo_proc *ki)
{
	uint64_t page = UINT64_C(1) << x->k->arch->page_shift;
	int64_t rss = 0;

	if (!kvmi_lister_copy(x, ki, "mm_struct", ki->ki_vmspace, x->mm,
	    x->layout.mm_size))
		return;
	for (unsigned int i = KVMI_RSS_FILE; i <= KVMI_RSS_SHARED; i++)
		rss = (int64_t)((uint64_t)rss + (uint64_t)pages(x, i));
	ki->ki_size = mm_get(x, MM_TOTAL_VM) * page;
	ki->ki_rssize = rss < 0 ? 0 : rss;
	ki->ki_swrss = pages(x, KVMI_RSS_SWAP);
	ki->ki_tsize = (int64_t)((mm_get(x, MM_END_CODE) -
	    mm_get(x, MM_START_CODE) + page - 1) / page);
	ki->ki_dsize = (int64_t)mm_get(x, MM_DATA_VM);
	ki->ki_ssize = (int64_t)mm_get(x, MM_STACK_VM);
	ki->ki_textvp = kvmi_lister_follow(x, mm_get(x, MM_EXE_FILE),
	    FILE_INODE);
	/* The kernel notes it only before it shrinks. */
	ki->ki_rusage.ru_maxrss = (int64_t)mm_get(x, MM_HIWATER_RSS);
}

void
kvmi_usage_add(const struct kvmi_lister *x, struct kvmi_usage *u)
{
	const struct kvmi_member *rss = &x->layout.m[TASK_SPLIT_RSS];

	u->exact = x->layout.exact_times;
	u->utime += kvmi_task_get(x, TASK_UTIME);
	u->stime += kvmi_task_get(x, TASK_STIME);
	u->runtime += kvmi_task_get(x, TASK_RUNTIME);
	u->minflt += kvmi_task_get(x, TASK_MIN_FLT);
	u->majflt += kvmi_task_get(x, TASK_MAJ_FLT);
	u->nvcsw += kvmi_task_get(x, TASK_NVCSW);
	u->nivcsw += kvmi_task_get(x, TASK_NIVCSW);
	u->inbytes += kvmi_task_get(x, TASK_READ_BYTES);
	u->outbytes += kvmi_task_get(x, TASK_WRITE_BYTES);
	/* Up to 6.1 each thread keeps back pages it has not handed in. */
	for (size_t i = 0; i < KVMI_RSS_PARTS; i++) {
		uint64_t at = rss->off + 4 * x->layout.rss_index[i];

		if (rss->size != 0 && kvmi_inside(at, 4, x->layout.task_len))
			*(i == KVMI_RSS_SWAP ? &u->split_swap :
			    &u->split_rss) += (int32_t)kvmi_get32(x->task +
			    at, x->k->big_endian);
	}
}

uint64_t
kvmi_task_alive(const struct kvmi_lister *x)
{
	uint64_t start = kvmi_task_get(x, TASK_START);

	return (x->now_nsec > start ? x->now_nsec - start : 0);
}

/*
 * Ticks tell only how a program's and the kernel's share of runtime compare;
 * procfs shows them like that too (cputime_adjust(), kernel/sched/cputime.c).
 * Exact times are without what a hypervisor took, which runtime is not.
 */
static void
split_runtime(const struct kvmi_usage *u, uint64_t *utime, uint64_t *stime)
{
	double sum = (double)u->utime + (double)u->stime, share;

	*utime = u->utime;
	*stime = u->stime;
	if (u->runtime == 0 || u->exact)
		return;
	*stime = u->stime == 0 ? 0 : u->runtime;
	share = (double)u->runtime * (double)u->stime / sum;
	if (u->utime != 0 && u->stime != 0 && share < (double)u->runtime)
		*stime = (uint64_t)share;
	*utime = u->runtime - *stime;
}

void
kvmi_usage_fill(struct kinfo_proc *ki, const struct kvmi_usage *u,
    uint64_t alive_nsec)
{
	uint64_t utime, stime;

	split_runtime(u, &utime, &stime);
	ki->ki_runtime = (u->exact ? utime + stime : u->runtime) / 1000;
	ki->ki_rusage.ru_utime = kvmi_timeval_of(utime);
	ki->ki_rusage.ru_stime = kvmi_timeval_of(stime);
	ki->ki_rusage.ru_minflt = (int64_t)u->minflt;
	ki->ki_rusage.ru_majflt = (int64_t)u->majflt;
	ki->ki_rusage.ru_nvcsw = (int64_t)u->nvcsw;
	ki->ki_rusage.ru_nivcsw = (int64_t)u->nivcsw;
	ki->ki_rusage.ru_inblock = (int64_t)(u->inbytes / BLOCK);
	ki->ki_rusage.ru_oublock = (int64_t)(u->outbytes / BLOCK);
	ki->ki_pctcpu = kvmi_procs_share(ki->ki_runtime, alive_nsec / 1000);
	ki->ki_swtime = (uint32_t)(alive_nsec / 1000000000);
}

/* As far as a number of pages comes of it. */
static void
add_pages(int64_t *to, int64_t n)
{
	int64_t sum;

	if (!__builtin_add_overflow(*to, n, &sum) && sum >= 0)
		*to = sum;
}

void
kvmi_usage_pages(const struct kvmi_lister *x, struct kinfo_proc *ki,
    const struct kvmi_usage *u)
{
	if (ki->ki_vmspace == 0)
		return;
	add_pages(&ki->ki_rssize, u->split_rss);
	add_pages(&ki->ki_swrss, u->split_swap);
	if (ki->ki_rusage.ru_maxrss < ki->ki_rssize)
		ki->ki_rusage.ru_maxrss = ki->ki_rssize;
	ki->ki_rusage.ru_maxrss = (int64_t)((uint64_t)ki->ki_rusage.ru_maxrss <<
	    (x->k->arch->page_shift - 10));
}
