/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding kallsyms by its shape.  The token table betrays it: digits stand
 * for themselves in practically every table, so the strings of tokens 0x30
 * to 0x39 are "0" to "9".  From there on everything is checked: the token
 * index, then the markers, which lie before the table (up to Linux 6.0 and
 * since 6.4) or before kallsyms_seqs_of_names, which lies before it (6.1 to
 * 6.3), then the number of symbols and all their names.  Labels are aligned
 * to the pointer size or, lately, to 4 bytes (scripts/kallsyms.c).
 */
#include <inttypes.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "sym/kallsyms_impl.h"

/* The least and the most bytes that a group of names takes. */
#define GROUP_LEN_MIN	(KVMI_KALLSYMS_GROUP * 2)
#define GROUP_LEN_MAX	(KVMI_KALLSYMS_GROUP * 514)

/* kallsyms_seqs_of_names has three bytes a symbol. */
#define SEQ_SIZE	3
#define MAX_GROUPS	16384

#define ALIGN_MAX	8

/* Look-alikes may be planted: a search ends after so many steps. */
#define MAX_STEPS	(UINT64_C(1) << 24)

struct search {
	const struct kvmi_window *w;
	struct kvmi_kallsyms_tokens tok;
	size_t		 table;
	size_t		 index;
	size_t		 least;		/* groups: 2; 1: no more than 256 symbols */
	uint64_t	 steps;
};

static uint64_t
marker_at(const struct kvmi_window *w, size_t off, unsigned int size)
{
	return (kvmi_get_uint(w->p + off, size, w->big_endian));
}

static bool
is_group(uint64_t start, uint64_t end)
{
	return (end > start && end - start >= GROUP_LEN_MIN &&
	    end - start <= GROUP_LEN_MAX);
}

/* How many bytes the strings of n tokens from off on take; 0: too many. */
static size_t
strings_len(struct search *s, size_t off, unsigned int n)
{
	size_t end = off, max = kvmi_min(s->w->len - off, UINT16_MAX);
	const uint8_t *nul;

	while (n-- > 0) {
		s->steps++;
		nul = memchr(s->w->p + end, '\0', off + max - end);
		if (nul == NULL)
			return (0);
		end = (size_t)(nul - s->w->p) + 1;
	}
	return (end - off);
}

/* The table around "0" at off, if an index of it follows. */
static bool
find_tokens(struct search *s, size_t off)
{
	const struct kvmi_window *w = s->w;
	size_t len, index, start;

	len = strings_len(s, off, KVMI_KALLSYMS_TOKENS - '0');
	if (len == 0)
		return (false);
	for (size_t align = 4; align <= ALIGN_MAX; align *= 2) {
		index = kvmi_kallsyms_align(w, off + len, align);
		if (!kvmi_inside(index, KVMI_KALLSYMS_INDEX_LEN, w->len))
			return (false);
		start = kvmi_get16(w->p + index + '0' * sizeof(uint16_t),
		    w->big_endian);
		if (start > off ||
		    !kvmi_kallsyms_tokens(w, off - start, index, &s->tok))
			continue;
		s->table = off - start;
		s->index = index;
		return (true);
	}
	return (false);
}

/*
 * Names of that many symbols at off, if all markers agree and nothing but
 * alignment lies between the names and the markers.
 */
static bool
are_names(struct search *s, size_t off, uint64_t n,
    const struct kvmi_kallsyms_markers *m)
{
	struct kvmi_kallsyms_names names = {
		.off = off, .limit = m->off, .n = (uint32_t)n,
	};
	size_t end;

	if (n <= (m->count - 1) * KVMI_KALLSYMS_GROUP ||
	    n > m->count * KVMI_KALLSYMS_GROUP)
		return (false);
	for (int big = 0; big <= 1; big++) {
		names.big = big != 0;
		if (kvmi_kallsyms_walk(s->w, &s->tok, &names, m, &end,
		    &s->steps) && kvmi_kallsyms_follows(s->w, m->off, end))
			return (true);
	}
	return (false);
}

/*
 * kallsyms_num_syms, an unsigned long before Linux 4.20, if names of that
 * many symbols follow it at off, which is at least 4.
 */
static bool
num_syms_before(struct search *s, size_t off,
    const struct kvmi_kallsyms_markers *m, size_t *ret)
{
	const struct kvmi_window *w = s->w;
	uint64_t n;

	if (w->pointer_size == 8 && off >= 8) {
		*ret = off - 8;
		n = kvmi_get64(w->p + *ret, w->big_endian);
		/* 32 bits and padding: on big endian the upper half. */
		if (w->big_endian && (uint32_t)n == 0)
			n >>= 32;
		if (are_names(s, off, n, m))
			return (true);
	}
	*ret = off - 4;
	n = kvmi_get32(w->p + *ret, w->big_endian);
	return (are_names(s, off, n, m));
}

/* The markers tell where the names begin but for the last group's length. */
static bool
find_names(struct search *s, const struct kvmi_kallsyms_markers *m,
    struct kvmi_kallsyms *ret)
{
	const struct kvmi_window *w = s->w;
	size_t off, lowest, num;
	uint64_t last;

	last = marker_at(w, m->off + (m->count - 1) * m->size, m->size);
	if (m->off < 4 || last > m->off - 4)
		return (false);
	off = m->off - (size_t)last;
	lowest = off < GROUP_LEN_MAX ? 4 : off - GROUP_LEN_MAX + 4;
	for (off -= (w->va + off) % 4; off >= lowest; off -= 4) {
		if (!num_syms_before(s, off, m, &num))
			continue;
		*ret = (struct kvmi_kallsyms){
			.names = w->va + off,
			.num_syms = w->va + num,
			.markers = w->va + m->off,
			.token_table = w->va + s->table,
			.token_index = w->va + s->index,
		};
		return (true);
	}
	return (false);
}

/* Markers that end at end: ascending, from 0 on. */
static bool
markers_before(struct search *s, size_t end, uint8_t size,
    struct kvmi_kallsyms_markers *ret)
{
	uint64_t v, above = 0;
	size_t off = end;

	while (off >= size) {
		off -= size;
		s->steps++;
		v = marker_at(s->w, off, size);
		if (off + size != end && !is_group(v, above))
			return (false);
		if (v == 0) {
			ret->off = off;
			ret->size = size;
			ret->count = (end - off) / size;
			return (ret->count >= s->least &&
			    ret->count <= MAX_GROUPS);
		}
		above = v;
	}
	return (false);
}

static bool
find_markers_at_table(struct search *s, struct kvmi_kallsyms *ret)
{
	struct kvmi_kallsyms_markers m;

	for (size_t pad = 0; pad < ALIGN_MAX; pad += 4) {
		size_t end = s->table - pad;

		if (s->table < ALIGN_MAX)
			return (false);
		end -= (s->w->va + end) % 4;
		/* 8 first: the upper halves of those would do as zeros. */
		if (s->w->pointer_size == 8 &&
		    markers_before(s, end, 8, &m) && find_names(s, &m, ret))
			return (true);
		if (markers_before(s, end, 4, &m) && find_names(s, &m, ret))
			return (true);
	}
	return (false);
}

/*
 * With kallsyms_seqs_of_names in between, the number of markers follows from
 * where they end: each stands for up to 256 symbols.
 */
static bool
find_markers_before_seqs(struct search *s, struct kvmi_kallsyms *ret)
{
	const struct kvmi_window *w = s->w;
	const size_t seqs = SEQ_SIZE * KVMI_KALLSYMS_GROUP;
	struct kvmi_kallsyms_markers m;
	const size_t most = s->least == 1 ? 1 : MAX_GROUPS;
	size_t end, lowest, near, far;

	for (size_t groups = s->least; groups <= most; groups++) {
		near = (groups - 1) * seqs + SEQ_SIZE;
		far = groups * seqs + ALIGN_MAX - 1;
		lowest = groups * 4;
		if (s->table < near + lowest)
			return (false);
		end = s->table - near;
		if (s->table > far + lowest)
			lowest = s->table - far;
		for (end -= (w->va + end) % 4; end >= lowest; end -= 4) {
			size_t first = end - groups * 4;

			if (marker_at(w, first, 4) == 0 && (groups == 1 ||
			    is_group(0, marker_at(w, first + 4, 4))) &&
			    markers_before(s, end, 4, &m) &&
			    m.count == groups && find_names(s, &m, ret))
				return (true);
		}
		s->steps += seqs / 4;
	}
	return (false);
}

int
kvmi_kallsyms_find(const struct kvmi_window *w, size_t from, size_t *next,
    struct kvmi_kallsyms *ret, struct kvmi_err *err)
{
	static const char digits[] =
	    "0\0" "1\0" "2\0" "3\0" "4\0" "5\0" "6\0" "7\0" "8\0" "9";
	struct search s = { .w = w };
	const uint8_t *hit;

	while (from < w->len && s.steps < MAX_STEPS) {
		hit = memmem(w->p + from, w->len - from, digits,
		    sizeof(digits));
		if (hit == NULL)
			break;
		from = (size_t)(hit - w->p) + 1;
		if (!find_tokens(&s, from - 1))
			continue;
		/* A single marker, of zero, is seen in many places: later. */
		for (s.least = 2; s.least > 0; s.least--)
			if (find_markers_at_table(&s, ret) ||
			    find_markers_before_seqs(&s, ret)) {
				*next = from;
				return (0);
			}
	}
	if (s.steps >= MAX_STEPS)
		return (kvmi_fail(err, KVMI_EFORMAT, "kallsyms: too many "
		    "look-alikes before 0x%" PRIx64, w->va + from));
	return (kvmi_fail(err, KVMI_ENOENT, "kallsyms: not found in 0x%"
	    PRIx64 " to 0x%" PRIx64, w->va, w->va + w->len));
}
