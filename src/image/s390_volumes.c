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
	for (size_t i = 0; i < SIGN_OFF; i++)
		if (head[i] != 0)
			return (false);
	return (memcmp(head + SIGN_OFF, sign, SIGN_LEN - 1) == 0);
}

/* Each file's header; *n: those that have a part of the dump. */
static int
read_volumes(struct kvmi_image *img, const struct s390 *s,
    struct s390_volume *v, size_t *n, struct kvmi_err *err)
{
	const struct kvmi_src *src = img->src;
	size_t files = src->nparts > 1 ? src->nparts : 1;

	*n = 0;
	for (size_t i = 0; i < files; i++) {
		struct s390_volume *to = &v[*n];
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
		if (r != 0 && r != KVMI_ENOTMINE)
			return (r);
		if (r != 0 || !same_dump(&to->h, &s->h))
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: file %zu of "
			    "those given with it is %s", src->name, i + 1,
			    r != 0 ? "no volume of an s390 dump" :
			    "a volume of another dump"));
		(*n)++;
	}
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
			    img->src->name, v[i].h.volume, KVMI_S390_VOLUMES));
		if (i > 0 && v[i].h.volume == v[i - 1].h.volume)
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: files %zu "
			    "and %zu both are volume %" PRIu32 " of this dump "
			    "(is one given twice?)", img->src->name,
			    v[i - 1].file + 1, v[i].file + 1,
			    v[i].h.volume));
	}
	return (0);
}

/* Volumes from first on, up to before next, were not given. */
static uint8_t
missing(struct kvmi_image *img, struct s390 *s, uint32_t first, uint32_t next)
{
	char which[48];

	if (next == UINT32_MAX)
		snprintf(which, sizeof(which), "volume %" PRIu32
		    " or one after it", first);
	else if (next - first == 1)
		snprintf(which, sizeof(which), "volume %" PRIu32, first);
	else
		snprintf(which, sizeof(which), "volumes %" PRIu32 " to %"
		    PRIu32, first, next - 1);
	kvmi_remark(img->note, sizeof(img->note), "%s of this dump %s not "
	    "given (ko_more, --with)", which, next != UINT32_MAX &&
	    next - first > 1 ? "were" : "was");
	return (kvmi_s390_why(s, "it is in %s of this dump, which was not "
	    "given (ko_more, --with)", which));
}

/* Why there is nothing known of what follows a volume. */
static uint8_t
after_chain(struct kvmi_image *img, struct s390 *s,
    const struct s390_volume *v, enum s390_chain_end end, uint64_t at)
{
	char which[32] = "the file";

	if (s->h.many_volumes)
		snprintf(which, sizeof(which), "the file of volume %" PRIu32,
		    v->h.volume);
	switch (end) {
	case S390_CUT:
		img->truncated = true;
		return (kvmi_s390_why(s, "%s ends before it (was it copied "
		    "whole?)", which));
	case S390_BROKEN:
		img->incomplete = true;
		kvmi_remark(img->note, sizeof(img->note), "at 0x%" PRIx64
		    " of %s there is no segment: the dump was not finished, or "
		    "is damaged", at - v->off, which);
		return (kvmi_s390_why(s, "%s has no segment at 0x%" PRIx64,
		    which, at - v->off));
	default:
		return (S390_STORED);
	}
}

/*
 * Tapes have memory as it lies even behind the header of an extended dump; what
 * begins with no segment is one when it ends where that would.
 */
static bool
is_tape(struct kvmi_image *img, const struct s390 *s)
{
	uint64_t end;

	return (!s->h.many_volumes && kvmi_add(s->h.len, s->end, &end) &&
	    kvmi_s390_ends(img, &s->h, end));
}

/* Segments say which memory they are. */
static int
add_chains(struct kvmi_image *img, struct s390 *s, const struct s390_volume *v,
    size_t n, struct kvmi_err *err)
{
	enum s390_chain_end end = S390_FULL;
	uint8_t gap = S390_STORED;
	uint32_t next = 0;
	uint64_t at = 0;

	for (size_t i = 0; i < n && end != S390_LAST; i++) {
		int r;

		if (v[i].h.volume > next)
			gap = missing(img, s, next, v[i].h.volume);
		r = kvmi_s390_chain(img, s, &v[i], gap, &at, &end, err);
		if (r == KVMI_ENOENT && is_tape(img, s))
			return (kvmi_s390_linear(img, s, err));
		if (r == KVMI_ENOENT || r == KVMI_ETRUNC)
			return (kvmi_fail(err, r == KVMI_ENOENT ?
			    KVMI_EFORMAT : r, "%s: file %zu has no segment of "
			    "an s390 dump behind its header", img->src->name,
			    v[i].file + 1));
		if (r != 0)
			return (r);
		gap = after_chain(img, s, &v[i], end, at);
		next = v[i].h.volume + 1;
	}
	if (end == S390_LAST) {
		if (!kvmi_s390_ends(img, &s->h, at))
			kvmi_s390_unfinished(img);
		return (0);
	}
	if (end == S390_FULL)
		gap = missing(img, s, next, UINT32_MAX);
	return (kvmi_s390_lose(s, s->end, gap, err));
}

/*
 * How much a volume has its file's length tells, which is less when the file
 * was cut, and all that follows would be elsewhere.  Only the end marker proves
 * that the lengths are right; without it the first volume's place is certain.
 */
static int
add_shares(struct kvmi_image *img, struct s390 *s, const struct s390_volume *v,
    size_t n, struct kvmi_err *err)
{
	uint64_t at = 0, off = 0;
	size_t i;
	uint8_t why;

	for (i = 0; i < n && v[i].h.volume == i && at < s->end; i++) {
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
	if (at == s->end && kvmi_s390_ends(img, &s->h, off))
		return (0);
	if (at < s->end) {
		why = missing(img, s, (uint32_t)i, UINT32_MAX);
	} else {
		kvmi_s390_unfinished(img);
		why = kvmi_s390_why(s, "the dump was not finished");
	}
	if (i < 2)
		return (kvmi_s390_lose(s, s->end, why, err));
	kvmi_remark(img->note, sizeof(img->note), "or a file is not the whole "
	    "of its volume: only the first is read");
	why = kvmi_s390_why(s, "volumes behind the first need all of them, and "
	    "whole (ko_more, --with)");
	s->n = v[0].end - v[0].off > s->h.len ? 1 : 0;
	return (kvmi_s390_lose(s, s->end, why, err));
}

int
kvmi_s390_volumes(struct kvmi_image *img, struct s390 *s, struct kvmi_err *err)
{
	const struct kvmi_src *src = img->src;
	struct s390_volume whole = { .h = s->h, .end = src->size }, *v;
	size_t n;
	int r;

	/* Several files may be one that was cut into pieces. */
	if (!s->h.many_volumes)
		return (s->h.extended ? add_chains(img, s, &whole, 1, err) :
		    kvmi_s390_linear(img, s, err));
	v = calloc(src->nparts > 1 ? src->nparts : 1, sizeof(*v));
	if (v == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory",
		    src->name));
	r = read_volumes(img, s, v, &n, err);
	if (r == 0)
		r = sort_volumes(img, v, n, err);
	if (r == 0)
		r = s->h.extended ? add_chains(img, s, v, n, err) :
		    add_shares(img, s, v, n, err);
	free(v);
	return (r);
}
