/* SPDX-License-Identifier: BSD-2-Clause */
/* Members of struct mm_struct (include/linux/mm_types.h). */
#include <string.h>

#include "base/math.h"
#include "os/linux/infer.h"
#include "os/linux/user.h"

#define MAX_MM		1024		/* as far as members are looked for */
#define PAGES_BEFORE	16		/* so many pointers, at most */
#define MAX_AUXV	64		/* AT_VECTOR_SIZE, and more */
#define RSS_PARTS	4		/* NR_MM_COUNTERS */
#define KEPT_BACK	1024		/* 64 faults of 16 pages at most */
#define STACK_SPAN	(UINT64_C(64) << 20)
#define MAX_PAGES	(UINT64_C(1) << 36)	/* reserved; much is never used */

/* The next task with memory of its own, from *i on; 0: there is none. */
static uint64_t
next_mm(const struct kvmi_infer *x, size_t *i)
{
	while (*i < x->tasks.n) {
		uint64_t mm = kvmi_infer_ptr(x, *i, x->mm);

		(*i)++;
		if (mm != 0)
			return (mm);
	}
	return (0);
}

/*
 * start_code, end_code, start_data, end_data, start_brk, brk, start_stack,
 * arg_start, arg_end, env_start, env_end, and then the auxiliary vector, which
 * begins with a key.  All but the strings' places are in order.  A few programs
 * tell the kernel of other strings, for a title (PR_SET_MM of prctl(2)).
 */
static bool
is_code(struct kvmi_infer *x, uint64_t off)
{
	size_t left = 0, moved = 0;
	uint64_t mm, v[12];

	for (size_t i = 0; (mm = next_mm(x, &i)) != 0;) {
		for (unsigned int j = 0; j < KVMI_COUNT(v); j++) {
			v[j] = kvmi_infer_read(x, mm + off + j * x->ptr,
			    x->ptr);
			if (v[j] == 0 || v[j] >= x->l->va.user_end)
				return (kvmi_infer_odd(x, i - 1));
		}
		for (unsigned int j = 0; j < 6; j += 2)
			if (v[j] > v[j + 1])
				return (kvmi_infer_odd(x, i - 1));
		if (v[7] > v[8] || v[9] > v[10] || v[11] >= MAX_AUXV)
			return (kvmi_infer_odd(x, i - 1));
		*(v[7] < v[6] || v[9] < v[6] || v[10] - v[6] > STACK_SPAN ?
		    &moved : &left) += 1;
	}
	return (left > 0 && moved <= left / 4);
}

/* Do the strings of the processes lie where this leads, as a pgd? */
static bool
is_pgd(struct kvmi_infer *x, uint64_t off, uint64_t code)
{
	size_t good = 0, bad = 0;
	uint64_t at;
	int r;

	for (size_t i = 0; (at = next_mm(x, &i)) != 0;) {
		struct kvmi_linux_mm mm = { .va = at };
		struct kvmi_linux_user u;
		char first, last;
		size_t done;

		mm.pgd = kvmi_infer_read(x, at + off, x->ptr);
		mm.arg_start = kvmi_infer_read(x, at + code + 7 * x->ptr,
		    x->ptr);
		mm.arg_end = kvmi_infer_read(x, at + code + 8 * x->ptr,
		    x->ptr);
		/* Tables of PAE have 32 bytes. */
		if (!kvmi_infer_is_ptr(x, mm.pgd) || mm.pgd % 32 != 0 ||
		    kvmi_linux_user_space(x->k, x->cx, &mm, &u) != 0) {
			bad++;
			continue;
		}
		r = kvmi_linux_user_read(&u, x->cx, mm.arg_start, &first, 1,
		    &done);
		if (r == 0)
			r = kvmi_linux_user_read(&u, x->cx, mm.arg_end - 1,
			    &last, 1, &done);
		/* A page that is on a disk tells neither. */
		good += r == 0 && last == '\0';
		bad += r != 0 && r != KVMI_ESWAPPED;
	}
	return (good > bad);
}

/*
 * Of pages: total_vm, locked_vm, pinned_vm of 64 bits, data_vm, exec_vm and
 * stack_vm.  Few processes lock any.
 */
static bool
is_sizes(struct kvmi_infer *x, uint64_t off)
{
	uint64_t data = kvmi_infer_up(off + 2 * x->ptr, 8) + 8, mm;
	size_t some = 0, none = 0;

	for (size_t i = 0; (mm = next_mm(x, &i)) != 0;) {
		uint64_t total = kvmi_infer_read(x, mm + off, x->ptr),
		    sum = 0;

		for (unsigned int j = 0; j < 3; j++) {
			uint64_t v = kvmi_infer_read(x, mm + data +
			    j * x->ptr, x->ptr);

			if (v == 0 || v > total)
				return (kvmi_infer_odd(x, i - 1));
			sum += v;
		}
		if (total == 0 || sum > total || total > MAX_PAGES)
			return (kvmi_infer_odd(x, i - 1));
		if (kvmi_infer_read(x, mm + off + x->ptr, x->ptr) == 0 &&
		    kvmi_infer_read(x, mm + data - 8, 8) == 0)
			none++;
		else
			some++;
	}
	return (none > some);
}

/*
 * hiwater_rss and hiwater_vm, before total_vm: the most there was when it last
 * became less.
 */
static bool
is_hiwater(struct kvmi_infer *x, uint64_t total_vm)
{
	uint64_t mm, some = 0;

	for (size_t i = 0; (mm = next_mm(x, &i)) != 0;) {
		uint64_t rss = kvmi_infer_read(x, mm + total_vm - 2 * x->ptr,
		    x->ptr), vm = kvmi_infer_read(x, mm + total_vm - x->ptr,
		    x->ptr), total = kvmi_infer_read(x, mm + total_vm, x->ptr);

		if (vm > MAX_PAGES || (rss > vm + KEPT_BACK &&
		    rss > total + KEPT_BACK))
			return (kvmi_infer_odd(x, i - 1));
		some |= rss;
	}
	return (some != 0);
}

/*
 * Before 6.2 four numbers of pages, of which the third is swapped, and the
 * format of the program, which is on a list and the same one for all, but for
 * those of the other width.  What threads have not handed in may make any of the
 * numbers negative.
 */
static bool
is_rss(struct kvmi_infer *x, uint64_t off)
{
	unsigned int unused = 64 - 8 * x->ptr;
	uint64_t mm, format[2] = { 0 };
	size_t some = 0, none = 0;

	for (size_t i = 0; (mm = next_mm(x, &i)) != 0;) {
		int64_t sum = 0, total = (int64_t)kvmi_infer_read(x,
		    mm + x->total_vm, x->ptr);
		uint64_t last = kvmi_infer_read(x, mm + off +
		    RSS_PARTS * x->ptr, x->ptr), *known;

		for (unsigned int j = 0; j < RSS_PARTS; j++) {
			int64_t v = (int64_t)(kvmi_infer_read(x, mm + off +
			    j * x->ptr, x->ptr) << unused) >> unused;

			if (v < -KEPT_BACK || v > UINT32_MAX)
				return (kvmi_infer_odd(x, i - 1));
			sum += j == 2 ? 0 : v;
		}
		known = &format[format[0] != 0 && last != format[0]];
		if (*known == 0)
			*known = last;
		if (sum > total || last != *known ||
		    !kvmi_infer_is_ptr(x, last) || kvmi_infer_read(x,
		    kvmi_infer_read(x, last, x->ptr) + x->ptr, x->ptr) != last)
			return (kvmi_infer_odd(x, i - 1));
		*(sum > 0 ? &some : &none) += 1;
	}
	return (some > none);
}

/* struct percpu_counter; it is on a list of all where CPUs can be unplugged. */
struct counter {
	unsigned int	ptr, count, list, counters, size;
};

static const struct counter counters[] = {
	{ 8, 8, 16, 32, 40 }, { 4, 8, 16, 24, 32 }, { 4, 4, 12, 20, 24 },
};

/* Since 6.2 each of the four is a counter that the CPUs have a share in. */
static bool
is_counted(struct kvmi_infer *x, uint64_t off, const struct counter *c)
{
	uint64_t mm;

	for (size_t i = 0; (mm = next_mm(x, &i)) != 0;) {
		for (unsigned int j = 0; j < RSS_PARTS; j++) {
			uint64_t at = mm + off + j * c->size;
			int64_t v = (int64_t)kvmi_infer_read(x, at +
			    c->count, 8);

			if (v < -KEPT_BACK * (int64_t)x->ncpus ||
			    v > UINT32_MAX ||
			    kvmi_infer_read(x, at + c->counters, x->ptr) == 0 ||
			    !kvmi_infer_is_linked(x, at + c->list))
				return (kvmi_infer_odd(x, i - 1));
		}
	}
	return (true);
}

static void
add_rss(struct kvmi_infer *x, uint64_t off, const struct counter *c)
{
	static const char p[] = "percpu_counter";
	uint64_t step = c == NULL ? x->ptr : c->size;
	struct kvmi_member *m = kvmi_infer_add(x, "mm_struct", "rss_stat",
	    off, RSS_PARTS * step, false);

	if (c == NULL)
		return;
	if (m != NULL)
		m->count = RSS_PARTS;
	kvmi_infer_add(x, p, "", 0, c->size, false);
	kvmi_infer_add(x, p, "count", c->count, 8, true);
	kvmi_infer_add_ptr(x, p, "counters", c->counters);
}

/* The counters that are there; NULL: plain numbers, or nothing. */
static const struct counter *
counters_at(struct kvmi_infer *x, uint64_t off)
{
	for (size_t i = 0; i < KVMI_COUNT(counters); i++)
		if (counters[i].ptr == x->ptr &&
		    is_counted(x, off, &counters[i]))
			return (&counters[i]);
	return (NULL);
}

static bool
is_either_rss(struct kvmi_infer *x, uint64_t off)
{
	return (is_rss(x, off) || counters_at(x, off) != NULL);
}

static void
add_pages(struct kvmi_infer *x, uint64_t code)
{
	static const char m[] = "mm_struct";
	uint64_t total, data, rss, auxv = code + 11 * x->ptr;

	if (!kvmi_infer_only(x, code - PAGES_BEFORE * x->ptr,
	    code - 6 * x->ptr, x->ptr, is_sizes, &total))
		return;
	data = kvmi_infer_up(total + 2 * x->ptr, 8) + 8;
	x->total_vm = total;
	if (kvmi_infer_only(x, total, total + 1, x->ptr, is_hiwater, &rss))
		kvmi_infer_add(x, m, "hiwater_rss", total - 2 * x->ptr, x->ptr,
		    false);
	kvmi_infer_add(x, m, "total_vm", total, x->ptr, false);
	kvmi_infer_add(x, m, "data_vm", data, x->ptr, false);
	kvmi_infer_add(x, m, "stack_vm", data + 2 * x->ptr, x->ptr, false);
	/* Behind the auxiliary vector, which has no length of its own. */
	if (kvmi_infer_only(x, auxv + x->ptr, auxv + (2 * MAX_AUXV + 1) *
	    x->ptr, x->ptr, is_either_rss, &rss))
		add_rss(x, rss, counters_at(x, rss));
}

void
kvmi_infer_mm(struct kvmi_infer *x)
{
	static const char m[] = "mm_struct";
	static const char *const strings[] = { "arg_start", "arg_end",
		"env_start", "env_end" };
	uint64_t code, pgd = 0;
	unsigned int found = 0;

	/* Numbers of pages come before. */
	if (!kvmi_infer_only(x, PAGES_BEFORE * x->ptr, MAX_MM, x->ptr,
	    is_code, &code))
		return;
	kvmi_infer_add(x, m, "start_code", code, x->ptr, false);
	kvmi_infer_add(x, m, "end_code", code + x->ptr, x->ptr, false);
	for (unsigned int i = 0; i < KVMI_COUNT(strings); i++)
		kvmi_infer_add(x, m, strings[i], code + (7 + i) * x->ptr,
		    x->ptr, false);
	for (uint64_t off = 0; off < code; off += x->ptr)
		if (is_pgd(x, off, code)) {
			pgd = off;
			found++;
		}
	if (found == 1)
		kvmi_infer_add_ptr(x, m, "pgd", pgd);
	add_pages(x, code);
}
