/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * s390's stand-alone dumps on several disks, each copied to a file from its
 * partition: the header, which is the same on each but for its number, and a
 * share of memory.  Extended ones say which; of others it is as much as the
 * partition has room for, so that those before tell where it begins.
 * s390-tools, zipl/boot/eckd2dump_mv.c, of 2.0 and of today.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "base/zero.h"
#include "image/s390_impl.h"

/* A partition that was prepared for a dump, which did not come to it. */
#define SIGN_OFF	512
#define SIGN_LEN	8

static bool
same_dump(const struct s390_header *a, const struct s390_header *b)
{
	return (a->extended == b->extended && a->version == b->version &&
	    a->len == b->len && a->arch == b->arch && a->tod == b->tod &&
	    a->cpu == b->cpu && a->mem_len == b->mem_len &&
	    a->many_volumes == b->many_volumes);
}

static bool
is_unused(struct kvmi_image *img, const struct s390_volume *v)
{
	static const uint8_t sign[] = "\xa8\x19\x01\x73\x61\x8f\x23";
	uint8_t head[SIGN_OFF + SIGN_LEN];
	struct kvmi_err ignored;

	if (!kvmi_inside(v->off, sizeof(head), v->end) ||
	    kvmi_src_read(img->src, v->off, head, sizeof(head), "volume",
	    &ignored) != 0)
		return (false);
	return (kvmi_all_zero(head, SIGN_OFF) &&
	    memcmp(head + SIGN_OFF, sign, SIGN_LEN - 1) == 0);
}

/* The files of a dump. */
struct set {
	struct s390_volume *v;
	size_t		 n;
	const char	*other;		/* one that is of another dump; or NULL */
	bool		 whole;		/* its end was found */
};

static const char *
file_name(const struct kvmi_image *img, const struct s390_volume *v)
{
	return (img->src->nparts > 1 ? img->src->part_names[v->file] :
	    img->src->name);
}

/* Each file's header. */
static int
read_volumes(struct kvmi_image *img, const struct s390 *s, struct set *set,
    struct kvmi_err *err)
{
	const struct kvmi_src *src = img->src;
	size_t files = src->nparts > 1 ? src->nparts : 1;

	for (size_t i = 0; i < files; i++) {
		struct s390_volume *to = &set->v[set->n];
		int r = KVMI_ENOTMINE;

		*to = (struct s390_volume){ .file = i, .end = src->size };
		if (files > 1) {
			to->off = src->parts[i];
			to->end = i + 1 < files ? src->parts[i + 1] :
			    src->size;
		}
		if (to->end - to->off >= SIGN_OFF)
			r = kvmi_s390_header(img, to->off, &to->h, err);
		if (r == KVMI_ENOTMINE && is_unused(img, to))
			continue;
		if (r == KVMI_ENOTMINE)
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: %s, given "
			    "with it, is no volume of an s390 dump", src->name,
			    file_name(img, to)));
		if (r != 0)
			return (r);
		if (same_dump(&to->h, &s->h))
			set->n++;
		else
			set->other = file_name(img, to);
	}
	return (0);
}

/* A disk may be left from a dump before: then this one ends without it. */
static int
judge_other(struct kvmi_image *img, const struct set *set,
    struct kvmi_err *err)
{
	if (set->other == NULL)
		return (0);
	if (!set->whole)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: %s, given with it, "
		    "is a volume of another dump, and without it this one is "
		    "not whole", img->src->name, set->other));
	kvmi_remark(img->note, sizeof(img->note), "%s is of another dump and "
	    "is not used", set->other);
	return (0);
}

static int
by_number(const void *a, const void *b)
{
	const struct s390_volume *x = a, *y = b;

	if (x->h.volume != y->h.volume)
		return (x->h.volume < y->h.volume ? -1 : 1);
	return (x->file < y->file ? -1 : x->file > y->file);
}

/* Each once, in their order. */
static int
sort_volumes(struct kvmi_image *img, struct s390_volume *v, size_t n,
    struct kvmi_err *err)
{
	qsort(v, n, sizeof(*v), by_number);
	for (size_t i = 0; i < n; i++) {
		if (v[i].h.volume >= KVMI_S390_VOLUMES)
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: volume %"
			    PRIu32 " of an s390 dump, which has at most %d",
			    file_name(img, &v[i]), v[i].h.volume,
			    KVMI_S390_VOLUMES));
		if (i > 0 && v[i].h.volume == v[i - 1].h.volume)
			return (kvmi_fail(err, KVMI_EFORMAT, "%s and %s both "
			    "are volume %" PRIu32 " of this dump (is one given "
			    "twice?)", file_name(img, &v[i - 1]),
			    file_name(img, &v[i]), v[i].h.volume));
	}
	return (0);
}

/* Volumes from first on, up to before next, were not given. */
static uint8_t
missing(struct kvmi_image *img, struct s390 *s, uint32_t first, uint32_t next)
{
	bool many = next - first > 1;
	char which[48];

	if (many)
		snprintf(which, sizeof(which), "volumes %" PRIu32 " to %"
		    PRIu32, first, next - 1);
	else
		snprintf(which, sizeof(which), "volume %" PRIu32, first);
	kvmi_remark(img->note, sizeof(img->note), "%s of this dump %s not "
	    "given (ko_more, --with)", which, many ? "were" : "was");
	return (kvmi_s390_why(s, "it is in %s of this dump, which was not "
	    "given (ko_more, --with)", which));
}

/* Volumes from first on, if there are any: the writer may have had no more. */
static uint8_t
missing_rest(struct kvmi_image *img, struct s390 *s, uint32_t first)
{
	char what[112] = "the disks were too small for this dump";

	if (first < KVMI_S390_VOLUMES)
		snprintf(what, sizeof(what), "volume %" PRIu32 " or one after "
		    "it of this dump was not given (ko_more, --with), or the "
		    "disks were too small", first);
	img->incomplete = true;
	kvmi_remark(img->note, sizeof(img->note), "%s", what);
	return (kvmi_s390_why(s, "%s", what));
}

/* Why there is nothing known of what follows a volume. */
static uint8_t
after_chain(struct kvmi_image *img, struct s390 *s,
    const struct s390_volume *v, const struct s390_chain *c)
{
	uint64_t at = c->at - v->off;
	char which[32] = "the file";

	if (s->h.many_volumes)
		snprintf(which, sizeof(which), "the file of volume %" PRIu32,
		    v->h.volume);
	switch (c->end) {
	case S390_CUT:
		img->truncated = true;
		return (kvmi_s390_why(s, "%s ends before it (was it copied "
		    "whole?)", which));
	case S390_BROKEN:
	case S390_MEMORY:
		img->incomplete = true;
		kvmi_remark(img->note, sizeof(img->note), "at 0x%" PRIx64
		    " of %s there is no segment: the dump was not finished, or "
		    "is damaged", at, which);
		return (kvmi_s390_why(s, "%s has no segment at 0x%" PRIx64,
		    which, at));
	default:
		return (S390_STORED);
	}
}

/*
 * Tapes have memory as it lies even behind the header of an extended dump: what
 * begins with no segment is one when it ends where that would.
 */
static bool
is_tape(struct kvmi_image *img, const struct s390 *s)
{
	uint64_t end;

	return (kvmi_add(s->h.len, s->end, &end) &&
	    kvmi_s390_ends(img, &s->h, end, img->src->size));
}

/*
 * No volume has a segment.  A tape may have been cut, which a block tells that
 * is more than a damaged header would be.
 */
static int
no_segments(struct kvmi_image *img, struct s390 *s, enum s390_chain_end end,
    struct kvmi_err *err)
{
	bool memory = end == S390_MEMORY && !s->h.many_volumes;

	if (!s->h.many_volumes && is_tape(img, s))
		return (kvmi_s390_linear(img, s, err));
	if (memory) {
		kvmi_remark(img->note, sizeof(img->note), "no segment is behind "
		    "the header: taken for a tape, which has memory as it "
		    "lies");
		return (kvmi_s390_linear(img, s, err));
	}
	if (end == S390_CUT)
		return (kvmi_fail(err, KVMI_ETRUNC, "%s: the file ends before "
		    "the first segment of an s390 dump", img->src->name));
	return (kvmi_fail(err, KVMI_EFORMAT, "%s: no segment of an s390 dump "
	    "is behind its header", img->src->name));
}

/* Segments say which memory they are. */
static int
add_chains(struct kvmi_image *img, struct s390 *s, struct set *set,
    struct kvmi_err *err)
{
	const struct s390_volume *v = set->v;
	struct s390_chain c = { .end = S390_FULL };
	uint8_t gap = S390_STORED;
	uint32_t next = 0;
	size_t found = 0;

	for (size_t i = 0; i < set->n && c.end != S390_LAST; i++, v++) {
		int r;

		if (v->h.volume > next)
			gap = missing(img, s, next, v->h.volume);
		r = kvmi_s390_chain(img, s, v, gap, &c, err);
		if (r != 0)
			return (r);
		found += c.n;
		if (found == 0 && i + 1 == set->n)
			return (no_segments(img, s, c.end, err));
		gap = after_chain(img, s, v, &c);
		next = v->h.volume + 1;
	}
	if (c.end == S390_LAST) {
		set->whole = true;
		kvmi_s390_finished(img, &s->h, c.at, v[-1].end);
		return (0);
	}
	if (c.end == S390_FULL)
		gap = missing_rest(img, s, next);
	return (kvmi_s390_lose(s, s->end, gap, err));
}

/*
 * How much a volume has its file's length tells, which is less when the file
 * was cut, and all that follows would be elsewhere.  Only the end marker proves
 * that the lengths are right; without it the first volume's place is certain.
 */
static int
add_shares(struct kvmi_image *img, struct s390 *s, struct set *set,
    struct kvmi_err *err)
{
	const struct s390_volume *v = set->v;
	uint64_t at = 0, off = 0;
	size_t i;
	uint8_t why;

	for (i = 0; i < set->n && v[i].h.volume == i && at < s->end; i++) {
		uint64_t room = v[i].end - v[i].off;
		uint64_t len = kvmi_min(room > s->h.len ? room - s->h.len : 0,
		    s->end - at);
		struct s390_piece p = { .start = at, .len = len,
			.off = v[i].off + s->h.len, .stored = len,
			.why = S390_STORED };
		int r = kvmi_s390_add(s, &p, err);

		if (r != 0)
			return (r);
		off = p.off + len;
		at += len;
	}
	if (at == s->end && kvmi_s390_finished(img, &s->h, off, v[i - 1].end)) {
		set->whole = true;
		return (0);
	}
	if (at == s->end)
		why = kvmi_s390_why(s, "the dump was not finished");
	else if (i < set->n)
		why = missing(img, s, (uint32_t)i, v[i].h.volume);
	else
		why = missing_rest(img, s, (uint32_t)i);
	if (i == set->n && i < 2)
		return (kvmi_s390_lose(s, s->end, why, err));
	if (i > 1)
		kvmi_remark(img->note, sizeof(img->note), "or a file is not "
		    "the whole of its volume: only the first is read");
	why = kvmi_s390_why(s, "volumes behind the first need all of them, and "
	    "whole (ko_more, --with)");
	s->n = kvmi_min(s->n, v[0].h.volume == 0 &&
	    v[0].end - v[0].off > s->h.len);
	return (kvmi_s390_lose(s, s->end, why, err));
}

int
kvmi_s390_volumes(struct kvmi_image *img, struct s390 *s, struct kvmi_err *err)
{
	const struct kvmi_src *src = img->src;
	struct s390_volume whole = { .h = s->h, .end = src->size };
	struct set set = { .v = &whole, .n = 1 };
	int r;

	/* Several files may be one that was cut into pieces. */
	if (!s->h.many_volumes)
		return (s->h.extended ? add_chains(img, s, &set, err) :
		    kvmi_s390_linear(img, s, err));
	set.n = 0;
	set.v = calloc(src->nparts > 1 ? src->nparts : 1, sizeof(*set.v));
	if (set.v == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory",
		    src->name));
	r = read_volumes(img, s, &set, err);
	if (r == 0)
		r = sort_volumes(img, set.v, set.n, err);
	if (r == 0)
		r = s->h.extended ? add_chains(img, s, &set, err) :
		    add_shares(img, s, &set, err);
	if (r == 0)
		r = judge_other(img, &set, err);
	free(set.v);
	return (r);
}
