/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What threads that have ended and children that were waited for used: members of
 * struct signal_struct (include/linux/sched/signal.h), between the terminal and
 * the resource limits; and input and output of threads, in task_struct.
 */
#include <string.h>

#include "base/math.h"
#include "os/linux/infer.h"

#define MAX_SIGNAL	2048		/* as far as members are looked for */
#define MAX_BEHIND	1024		/* and in task_struct, behind signal */
#define LIMITS		16		/* RLIM_NLIMITS */
#define STACK_LIMIT	(UINT64_C(8) << 20)	/* _STK_LIM */
#define QUEUE_LIMIT	819200		/* MQ_BYTES_MAX */
#define MAX_NUMBER	(UINT64_C(1) << 60)	/* nanoseconds, bytes */

/* u64 each; those with a c are the children's. */
enum { UTIME, STIME, CUTIME, CSTIME, GTIME, CGTIME, TIMES };

/* unsigned long each, in pairs of one's own and the children's. */
enum { NVCSW, NIVCSW, CNVCSW, CNIVCSW, MIN_FLT, MAJ_FLT, CMIN_FLT, CMAJ_FLT,
    INBLOCK, OUBLOCK, CINBLOCK, COUBLOCK, MAXRSS, CMAXRSS, COUNTS };

/* struct task_io_accounting, u64 each; all of it, the first four, or none. */
enum { RCHAR, WCHAR, SYSCR, SYSCW, READ_BYTES, WRITE_BYTES, CANCELLED, IO };

static const char *const time_names[TIMES] = { "utime", "stime", "cutime",
	"cstime", "gtime", "cgtime" };
static const char *const count_names[COUNTS] = { "nvcsw", "nivcsw", "cnvcsw",
	"cnivcsw", "min_flt", "maj_flt", "cmin_flt", "cmaj_flt", "inblock",
	"oublock", "cinblock", "coublock", "maxrss", "cmaxrss" };
static const char *const io_names[IO] = { "ioac.rchar", "ioac.wchar",
	"ioac.syscr", "ioac.syscw", "ioac.read_bytes", "ioac.write_bytes",
	"ioac.cancelled_write_bytes" };

/* Where they begin in signal_struct. */
struct place {
	uint64_t	times, counts, io;
	unsigned int	prev, n_io;
	uint64_t	runtime;	/* sum_sched_runtime */
	uint64_t	limits;		/* rlim, right behind it */
};

/*
 * How long stats_lock is, and prev_cputime, which lies between times and counts:
 * two times and, with more CPUs than one, a lock.  Nothing is where times are
 * exact (CONFIG_VIRT_CPU_ACCOUNTING_NATIVE).
 */
static const struct shape {
	unsigned int	lock, prev;
} shapes[] = { { 8, 20 }, { 4, 16 }, { 8, 0 }, { 4, 0 } };

/*
 * Process 0 has the limits that the kernel begins with (INIT_RLIMITS), in pairs
 * of what applies and the most that it may be set to.
 */
static bool
are_first(struct kvmi_infer *x, uint64_t off)
{
	static const struct { unsigned int at; uint64_t value; } known[] = {
		{ 0, UINT64_MAX }, { 1, UINT64_MAX },	/* RLIMIT_CPU */
		{ 2, UINT64_MAX }, { 3, UINT64_MAX },	/* RLIMIT_FSIZE */
		{ 4, UINT64_MAX }, { 5, UINT64_MAX },	/* RLIMIT_DATA */
		{ 6, STACK_LIMIT }, { 7, UINT64_MAX },
		{ 8, 0 }, { 9, UINT64_MAX },		/* RLIMIT_CORE */
		{ 18, UINT64_MAX }, { 19, UINT64_MAX },	/* RLIMIT_AS */
		{ 24, QUEUE_LIMIT }, { 25, QUEUE_LIMIT },
		{ 26, 0 }, { 27, 0 },			/* RLIMIT_NICE */
		{ 28, 0 }, { 29, 0 },			/* RLIMIT_RTPRIO */
	};
	uint64_t word = UINT64_MAX >> (64 - 8 * x->ptr);

	for (size_t i = 0; i < KVMI_COUNT(known); i++)
		if (kvmi_infer_signal_get(x, 0, off + known[i].at * x->ptr,
		    x->ptr) != (known[i].value & word))
			return (false);
	return (true);
}

static bool
are_limits(struct kvmi_infer *x, uint64_t off)
{
	if (!are_first(x, off))
		return (false);
	for (size_t i = 1; i < x->tasks.n; i++)
		for (unsigned int j = 0; j < LIMITS; j++) {
			uint64_t at = off + 2 * j * x->ptr;

			if (kvmi_infer_signal_get(x, i, at, x->ptr) >
			    kvmi_infer_signal_get(x, i, at + x->ptr, x->ptr))
				return (kvmi_infer_odd(x, i));
		}
	return (true);
}

/* How many tasks have that; who used or had children, without what goes with it. */
struct seen {
	size_t		ran, idle;
	size_t		children, no_maxrss, no_time;
	size_t		maxrss, switches;
};

/* A thread of the kernel is alone and has no memory. */
static bool
fits_task(struct kvmi_infer *x, size_t i, const struct place *p,
    struct seen *seen)
{
	bool kernel = i == 0 || (kvmi_infer_u32(x, i, x->flags) &
	    KVMI_PF_KTHREAD) != 0;
	uint64_t t[TIMES], c[COUNTS], all = 0, own, runtime;

	for (unsigned int j = 0; j < TIMES + p->n_io; j++) {
		uint64_t at = j < TIMES ? p->times + 8 * j : p->io +
		    8 * (j - TIMES), v = kvmi_infer_signal_get(x, i, at, 8);

		if (v > MAX_NUMBER)
			return (false);
		if (j < TIMES)
			t[j] = v;
		all |= v;
	}
	for (unsigned int j = 0; j < COUNTS; j++)
		all |= c[j] = kvmi_infer_signal_get(x, i, p->counts +
		    j * x->ptr, x->ptr);
	runtime = kvmi_infer_signal_get(x, i, p->runtime, 8);
	own = t[UTIME] | t[STIME] | t[GTIME] | c[NVCSW] | c[NIVCSW] |
	    c[MIN_FLT] | c[MAJ_FLT] | c[INBLOCK] | c[OUBLOCK];
	if (runtime > MAX_NUMBER || (kernel && (own != 0 || runtime != 0 ||
	    c[MAXRSS] != 0)) || (i == 0 && all != 0) ||
	    c[MAXRSS] > UINT32_MAX || c[CMAXRSS] > UINT32_MAX)
		return (false);
	if (own != 0)
		*(runtime != 0 ? &seen->ran : &seen->idle) += 1;
	if ((c[CMIN_FLT] | c[CMAJ_FLT]) != 0) {
		seen->children++;
		seen->no_maxrss += c[CMAXRSS] == 0;
		seen->no_time += (t[CUTIME] | t[CSTIME]) == 0;
		seen->switches += (c[CNVCSW] | c[CNIVCSW]) != 0;
	}
	seen->maxrss += c[MAXRSS] != 0;
	return (true);
}

/*
 * Who used anything ran, and a child had memory and ran.  A moment's work may
 * not be accounted for, and neither are few pages.
 */
static bool
fits(struct kvmi_infer *x, const struct place *p)
{
	struct seen seen = { 0 };

	for (size_t i = 0; i < x->tasks.n; i++)
		if (!fits_task(x, i, p, &seen))
			return (kvmi_infer_odd(x, i));
	return (seen.idle <= seen.ran + x->tasks.n / 32 &&
	    seen.children > seen.no_maxrss &&
	    seen.children > seen.no_time && seen.switches > 0 &&
	    seen.maxrss > 0);
}

/* The i-th place that there may be, between the terminal and the limits. */
static bool
place_of(struct kvmi_infer *x, uint64_t i, struct place *p)
{
	static const unsigned int n_ios[] = { IO, READ_BYTES, 0 };
	const struct shape *s = &shapes[i / KVMI_COUNT(n_ios)];
	uint64_t lock = x->tty + x->ptr;

	/* Process 0 has a group of the scheduler's, if there are any. */
	if (kvmi_infer_is_ptr(x, kvmi_infer_signal_get(x, 0, lock, x->ptr)))
		lock += x->ptr;
	*p = (struct place){ .prev = s->prev,
		.n_io = n_ios[i % KVMI_COUNT(n_ios)],
		.limits = x->limits, .runtime = x->limits - 8 };
	p->times = kvmi_infer_up(lock + s->lock, x->align);
	p->counts = kvmi_infer_up(p->times + 8 * TIMES + s->prev, x->align);
	p->io = kvmi_infer_up(p->counts + COUNTS * x->ptr, x->align);
	return (p->io + 8 * p->n_io == p->runtime);
}

#define PLACES	(3 * KVMI_COUNT(shapes))

static bool
is_place(struct kvmi_infer *x, uint64_t i)
{
	struct place p, earlier;

	if (!place_of(x, i, &p))
		return (false);
	/* Of two shapes that come to the same the first counts. */
	for (uint64_t j = 0; j < i; j++)
		if (place_of(x, j, &earlier) && earlier.times == p.times &&
		    earlier.io == p.io)
			return (false);
	return (fits(x, &p));
}

static void
add_io(struct kvmi_infer *x, const char *type, uint64_t off, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		kvmi_infer_add(x, type, io_names[i], off + 8 * i, 8, false);
}

/*
 * acct_rss_mem1, acct_vm_mem1, acct_timexpd: how long memory was used, which
 * threads of the kernel hardly ever have.
 */
static bool
are_integrals(struct kvmi_infer *x, uint64_t off)
{
	size_t some = 0, odd = 0;

	for (size_t i = 0; i < x->tasks.n; i++) {
		uint64_t rss = kvmi_infer_get(x, i, off, 8),
		    all = kvmi_infer_get(x, i, off + 8, 8),
		    time = kvmi_infer_get(x, i, off + 16, 8);

		if (time > MAX_NUMBER)
			return (false);
		if ((kvmi_infer_u32(x, i, x->flags) & KVMI_PF_KTHREAD) != 0)
			odd += (rss | all | time) != 0;
		else
			some += rss != 0 && all != 0 && time != 0;
	}
	return (some > odd);
}

/*
 * Who reads or writes anything makes a call of the kernel for it, and nearly all
 * programs read more bytes than they make calls: at least the file they are.
 * last_siginfo, of what is traced, comes before; psi_flags may come behind.
 */
static bool
is_task_io(struct kvmi_infer *x, uint64_t off)
{
	size_t users = 0, readers = 0;
	uint64_t low = 0;

	for (size_t i = 0; i < x->tasks.n; i++) {
		uint64_t v[IO];

		for (unsigned int j = 0; j < IO; j++) {
			v[j] = kvmi_infer_get(x, i, off + 8 * j, 8);
			if (v[j] > MAX_NUMBER)
				return (kvmi_infer_odd(x, i));
		}
		if ((v[RCHAR] != 0 && v[SYSCR] == 0) ||
		    (v[WCHAR] != 0 && v[SYSCW] == 0) ||
		    (kvmi_infer_u32(x, i, x->flags + 4) == 0 &&
		    kvmi_infer_ptr(x, i, off - x->ptr) != 0))
			return (kvmi_infer_odd(x, i));
		if (kvmi_infer_ptr(x, i, x->mm) == 0)
			continue;
		users++;
		readers += v[SYSCR] != 0 && v[RCHAR] > v[SYSCR];
		low |= v[RCHAR] & UINT32_MAX;
	}
	/* Where half a number is aligned: that one too early. */
	return (low != 0 && readers > users / 2 &&
	    (are_integrals(x, off + 8 * IO) ||
	    are_integrals(x, off + 8 * IO + 4) ||
	    are_integrals(x, off + 8 * IO + 8)));
}

void
kvmi_infer_usage(struct kvmi_infer *x)
{
	static const char s[] = "signal_struct";
	struct place p;
	uint64_t off;

	if (x->tty == 0 || !kvmi_infer_only(x, x->tty, MAX_SIGNAL, x->ptr,
	    are_limits, &x->limits) || !kvmi_infer_only(x, 0, PLACES, 1,
	    is_place, &off) || !place_of(x, off, &p))
		return;
	for (unsigned int i = 0; i < TIMES; i++)
		kvmi_infer_add(x, s, time_names[i], p.times + 8 * i, 8, false);
	/* Of no length it tells that times are exact. */
	kvmi_infer_add(x, s, "prev_cputime", p.times + 8 * TIMES, p.prev,
	    false);
	for (unsigned int i = 0; i < COUNTS; i++)
		kvmi_infer_add(x, s, count_names[i], p.counts + i * x->ptr,
		    x->ptr, false);
	add_io(x, s, p.io, p.n_io);
	kvmi_infer_add(x, s, "sum_sched_runtime", p.runtime, 8, false);
	kvmi_infer_add(x, s, "rlim", p.limits, 2 * LIMITS * x->ptr, false);
	/* A kernel that sums all of it up has all of it in each thread. */
	if (p.n_io == IO && kvmi_infer_only(x, x->signal, x->signal +
	    MAX_BEHIND, x->align, is_task_io, &off))
		add_io(x, "task_struct", off, IO);
}
