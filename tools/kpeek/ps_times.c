/* SPDX-License-Identifier: BSD-2-Clause */
/* What the keys of kpeek ps about times print. */
#include <inttypes.h>
#include <stddef.h>

#include "ps.h"

static void
set_duration(struct cell *cell, uint64_t usec)
{
	uint64_t cs = usec / 10000;

	ps_set_real(cell, (double)usec / 1e6);
	ps_set_text(cell, "%" PRIu64 ":%02" PRIu64 ".%02" PRIu64, cs / 6000,
	    cs / 100 % 60, cs % 100);
}

static uint64_t
usec_of(const struct kvm_timeval *tv)
{
	return ((uint64_t)tv->tv_sec * 1000000 + (uint64_t)tv->tv_usec);
}

PS_GETTER(ps_get_seconds)
{
	/* How far behind its own times are those of its children. */
	static const size_t of_children = offsetof(struct kinfo_proc,
	    ki_rusage_ch) - offsetof(struct kinfo_proc, ki_rusage);
	const struct kvm_timeval *tv = (const void *)((const char *)ki +
	    key->off);

	set_duration(cell, usec_of(tv) + (ps->children ?
	    usec_of(&tv[of_children / sizeof(*tv)]) : 0));
}

PS_GETTER(ps_get_cpu_time)
{
	set_duration(cell, (uint64_t)ps_member(ki, key) + (ps->children ?
	    usec_of(&ki->ki_rusage_ch.ru_utime) +
	    usec_of(&ki->ki_rusage_ch.ru_stime) : 0));
}

static void
set_time(struct cell *cell, const struct kinfo_proc *ki, const char *fmt)
{
	time_t t = (time_t)ki->ki_start.tv_sec;
	char buf[64];
	struct tm tm;

	if (t == 0 || gmtime_r(&t, &tm) == NULL ||
	    strftime(buf, sizeof(buf), fmt, &tm) == 0)
		return;
	ps_set_real(cell, (double)ki->ki_start.tv_sec +
	    (double)ki->ki_start.tv_usec / 1e6);
	ps_set_text(cell, "%s", buf);
}

PS_GETTER(ps_get_start)
{
	(void)ps;
	(void)key;
	set_time(cell, ki, "%Y-%m-%d %H:%M:%S");
}

PS_GETTER(ps_get_lstart)
{
	(void)ps;
	(void)key;
	set_time(cell, ki, "%a %b %e %H:%M:%S %Y");
}

PS_GETTER(ps_get_elapsed_seconds)
{
	int64_t n = ps->now - ki->ki_start.tv_sec;

	(void)key;
	if (ps->now == 0 || ki->ki_start.tv_sec == 0)
		return;
	ps_set_number(cell, n < 0 ? 0 : n);
}

PS_GETTER(ps_get_elapsed)
{
	int64_t n;

	ps_get_elapsed_seconds(ps, ki, key, cell);
	if (cell->kind == CELL_NONE)
		return;
	n = cell->n;
	if (n >= 86400)
		ps_set_text(cell, "%" PRId64 "-%02d:%02d:%02d", n / 86400,
		    (int)(n / 3600 % 24), (int)(n / 60 % 60), (int)(n % 60));
	else if (n >= 3600)
		ps_set_text(cell, "%02d:%02d:%02d", (int)(n / 3600),
		    (int)(n / 60 % 60), (int)(n % 60));
	else
		ps_set_text(cell, "%02d:%02d", (int)(n / 60), (int)(n % 60));
}
