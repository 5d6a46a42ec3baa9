/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where per-CPU data is linked, and how much of it each CPU has a copy of.
 * mm/percpu.c keeps, in variables next to each other, where the units of all CPUs
 * are, how large one is, how far that of each is behind the first, and what is
 * handed out behind the copy: one or two of struct pcpu_chunk
 * (mm/percpu-internal.h).
 */
#include "base/endian.h"
#include "base/math.h"
#include "os/linux/cpus.h"
#include "os/linux/infer.h"

#define NEAR		128		/* they are small objects of a file */
#define SPAN		(2 * NEAR)
#define MAX_CHUNK	512		/* it is spread over cache lines */
#define ALIGN		32		/* the least of a cache line */
#define MAX_UNIT	(1u << 26)
#define CHUNK_READS	16		/* what one costs of the budget */

/* What a chunk that was made at boot hands out. */
struct chunk {
	uint64_t	base[2];	/* either, by release */
	uint64_t	start_off, len;
};

struct area {
	uint64_t	start;		/* where its data is linked */
	uint64_t	len;		/* of what is static */
};

/* What places are held against, and what they told. */
struct search {
	struct kvmi_linux_cpus cpus;
	unsigned int	first;		/* CPU that there may be */
	uint64_t	known;		/* linked address of such data */
	struct area	area;		/* several places have to agree */
	bool		found;
};

/* The variables around pcpu_unit_size. */
struct vars {
	struct kvmi_infer *x;
	const struct search *s;
	uint64_t	unit_len;
	uint8_t		copy[SPAN];
	struct chunk	chunk[2];	/* that of modules, if any, the other */
	size_t		n_chunks;
	uint64_t	unit_off;	/* of s->first */
};

static uint64_t
word_at(const struct vars *v, size_t off)
{
	return (kvmi_get_uint(v->copy + off, v->x->ptr, v->x->k->big_endian));
}

/* nr_pages and, as many, nr_populated; 0: it is not those. */
static uint64_t
pages_at(const uint8_t *p, bool big_endian)
{
	uint32_t n = kvmi_get32(p, big_endian);

	return (n > INT32_MAX || kvmi_get32(p + 4, big_endian) != n ? 0 : n);
}

/*
 * base_addr, alloc_map, bound_map (or before them), md_blocks, data (none),
 * first_bit (up to 5.1), immutable, start_offset, end_offset, a pointer (where
 * cgroups count memory, up to 6.17), nr_pages, nr_populated.
 */
static bool
is_chunk_at(const struct kvmi_infer *x, const uint8_t *p, size_t data,
    size_t immutable, struct chunk *c)
{
	uint64_t word[4], start, end, n;
	size_t count = immutable + 12;
	bool big = x->k->big_endian;

	for (unsigned int i = 0; i < 4; i++)
		word[i] = kvmi_get_uint(p + data - (i + 1) * x->ptr, x->ptr,
		    big);
	start = kvmi_get32(p + immutable + 4, big);
	end = kvmi_get32(p + immutable + 8, big);
	if (kvmi_get_uint(p + data, x->ptr, big) != 0 || p[immutable] != 1 ||
	    !kvmi_infer_is_ptr(x, word[0]) || !kvmi_infer_is_ptr(x, word[1]) ||
	    !kvmi_infer_is_ptr(x, word[2]) || start >= x->page ||
	    end >= x->page)
		return (false);
	n = pages_at(p + count, big);
	if (n == 0)
		n = pages_at(p + kvmi_infer_up(count, x->ptr) + x->ptr, big);
	if (n == 0)
		return (false);
	*c = (struct chunk){ { word[2], word[3] }, start, n * x->page };
	return (true);
}

static bool
is_chunk(const struct kvmi_infer *x, uint64_t va, struct chunk *c)
{
	uint8_t p[MAX_CHUNK];

	if (!kvmi_infer_is_ptr(x, va) || va % ALIGN != 0 || *x->budget == 0)
		return (false);
	*x->budget -= kvmi_min(*x->budget, CHUNK_READS);
	if (kvmi_kread(x->k, x->cx, va, p, sizeof(p)) != 0)
		return (false);
	for (size_t at = 4 * x->ptr; at + 64 <= sizeof(p); at += x->ptr)
		if (is_chunk_at(x, p, at, at + x->ptr, c) ||
		    is_chunk_at(x, p, at, at + x->ptr + 4, c))
			return (true);
	return (false);
}

/* pcpu_unit_pages says the same. */
static bool
has_pages(const struct vars *v)
{
	for (size_t off = 0; off < SPAN; off += 4)
		if (kvmi_get32(v->copy + off, v->x->k->big_endian) ==
		    v->unit_len / v->x->page)
			return (true);
	return (false);
}

/* pcpu_first_chunk and pcpu_reserved_chunk, which may be none. */
static bool
find_chunks(struct vars *v)
{
	v->n_chunks = 0;
	for (size_t off = 0; off < SPAN; off += v->x->ptr) {
		struct chunk c;

		if (!is_chunk(v->x, word_at(v, off), &c))
			continue;
		if (v->n_chunks == KVMI_COUNT(v->chunk))
			return (false);
		v->chunk[v->n_chunks++] = c;
	}
	return (v->n_chunks > 0);
}

/*
 * An array that tells how far the units of CPUs are apart; of one it is 0.  A
 * CPU that is not possible has none.
 */
static bool
is_unit_offsets(const struct vars *v, uint64_t va, uint64_t *ret)
{
	const struct kvmi_linux_cpus *c = &v->s->cpus;
	const struct kvmi_infer *x = v->x;
	unsigned int others = 0, cpu = v->s->first;
	uint64_t first, start = c->offset[cpu];

	if (!kvmi_infer_is_ptr(x, va))
		return (false);
	first = kvmi_infer_read(x, va + cpu * x->ptr, x->ptr);
	while (++cpu < c->n) {
		if (!kvmi_linux_cpu_is(c, cpu, KVMI_CPU_POSSIBLE))
			continue;
		if (kvmi_linux_percpu_at(x->k, kvmi_infer_read(x, va +
		    cpu * x->ptr, x->ptr) - first, start -
		    c->offset[cpu]) != 0)
			return (false);
		others++;
	}
	*ret = first;
	return (others > 0 || first == 0);
}

/* pcpu_unit_offsets; what leads to such arrays must not contradict itself. */
static bool
find_unit_off(struct vars *v)
{
	bool found = false;
	uint64_t first;

	for (size_t off = 0; off < SPAN; off += v->x->ptr) {
		if (!is_unit_offsets(v, word_at(v, off), &first))
			continue;
		if (found && first != v->unit_off)
			return (false);
		v->unit_off = first;
		found = true;
	}
	return (found);
}

/*
 * Static data ends where the first chunk in the first unit, which is at base,
 * begins.  A datum that is known is in it.
 */
static bool
is_area(const struct vars *v, uint64_t base, struct area *a)
{
	const struct kvmi_kernel *k = v->x->k;
	const struct search *s = v->s;
	uint64_t known;

	a->len = v->unit_len;
	for (size_t i = 0; i < 2 * v->n_chunks; i++) {
		const struct chunk *c = &v->chunk[i / 2];
		uint64_t off = c->base[i % 2] - base;

		if (off % v->x->page == 0 && off < v->unit_len &&
		    c->len <= v->unit_len - off)
			a->len = kvmi_min(a->len, off + c->start_off);
	}
	a->start = kvmi_linux_percpu_at(k, base + v->unit_off,
	    0 - s->cpus.offset[s->first]);
	known = kvmi_linux_percpu_at(k, s->known, 0 - a->start);
	return (a->len < v->unit_len && a->start % v->x->page == 0 &&
	    known < a->len);
}

/* pcpu_base_addr, if only one word can be that. */
static bool
find_area(const struct vars *v, struct area *ret)
{
	bool found = false;
	struct area a;

	for (size_t off = 0; off < SPAN; off += v->x->ptr) {
		uint64_t base = word_at(v, off);

		if (base % v->x->page != 0 || !kvmi_infer_is_ptr(v->x, base) ||
		    !is_area(v, base, &a))
			continue;
		if (found && (a.start != ret->start || a.len != ret->len))
			return (false);
		*ret = a;
		found = true;
	}
	return (found);
}

static bool
is_unit_len(const struct kvmi_infer *x, uint64_t len)
{
	return (len != 0 && len % x->page == 0 && len <= MAX_UNIT);
}

static bool
find_vars(struct kvmi_infer *x, const struct search *s, uint64_t va,
    struct area *ret)
{
	struct vars v = { .x = x, .s = s };

	for (unsigned int i = 0; i < x->ptr; i += 4) {
		v.unit_len = kvmi_infer_read(x, va + i, 4);
		if (is_unit_len(x, v.unit_len) && kvmi_kread(x->k, x->cx,
		    va - NEAR, v.copy, SPAN) == 0 && has_pages(&v) &&
		    find_chunks(&v) && find_unit_off(&v) &&
		    find_area(&v, ret))
			return (true);
	}
	return (false);
}

/* Cheap at first: nearly nothing is so. */
static bool
are_vars(struct kvmi_infer *x, uint64_t va, const uint64_t word[2], void *arg)
{
	struct search *s = arg;
	struct area a;

	if ((!is_unit_len(x, word[0] & UINT32_MAX) &&
	    !is_unit_len(x, word[0] >> 32)) || !find_vars(x, s, va, &a))
		return (false);
	if (s->found && a.start == s->area.start && a.len == s->area.len)
		return (false);
	s->area = a;
	s->found = true;
	return (true);
}

void
kvmi_infer_percpu(struct kvmi_infer *x)
{
	struct search s = { 0 };
	uint64_t va;

	if (kvmi_kernel_addr(x->k, x->cx, "kernel_cpustat", &s.known) != 0 ||
	    kvmi_linux_cpus_read(x->k, x->cx, &s.cpus) != 0)
		return;
	while (s.first < s.cpus.n && !kvmi_linux_cpu_is(&s.cpus, s.first,
	    KVMI_CPU_POSSIBLE))
		s.first++;
	if (s.first < s.cpus.n && kvmi_infer_scan(x, x->l->stext,
	    KVMI_INFER_IMAGE, are_vars, &s, &va))
		kvmi_infer_found(x, KVMI_ONCE_PERCPU, s.area.start,
		    s.area.len);
	kvmi_linux_cpus_deinit(&s.cpus);
}
