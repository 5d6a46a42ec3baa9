/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's migration stream in a file (savevm, 'migrate "exec:cat > file"', and
 * what libvirt saves): migration/savevm.c.  Big-endian for every machine.
 *
 * Only the section "ram" is read, page by page; a page that was written while
 * it was saved comes once more.  It ends before the devices' sections begin.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "image/qemusave_impl.h"
#include "image/qemusave_parts.h"

#define RECORD		8		/* before a page of the same block */
#define NONE		UINT64_MAX

enum {
	VM_EOF = 0, SECTION_START = 1, SECTION_PART = 2, SECTION_END = 3,
	SECTION_FULL = 4, SUBSECTION = 5, CONFIGURATION = 7, COMMAND = 8,
	FOOTER = 0x7e,
};

/*
 * What is saved in parts, by turns.  No section says how long it is, so those
 * that may come before the end of "ram" have to be understood.
 */
static const struct part {
	const char	*name;
	int		(*skip)(struct kvmi_src *src, uint64_t *at,
			    struct kvmi_err *err);	/* NULL: the memory */
} part_table[QEMUSAVE_PARTS] = {
	{ "ram", NULL },
	{ "spapr/htab", kvmi_qemusave_skip_htab },
	{ "s390-storage_attributes", kvmi_qemusave_skip_attributes },
};

/* A page of one byte, repeated. */
static int
fill_decode(const void *src, size_t src_len, void *dst, size_t dst_len)
{
	if (src_len != 1)
		return (-1);
	memset(dst, *(const uint8_t *)src, dst_len);
	return (0);
}

static const struct kvmi_codec fill_codec = {
	.name = "fill",
	.kdump_flag = 0x80,		/* none of kdump's: it keys the cache */
	.decode = fill_decode,
};

static int
take_configuration(struct kvmi_image *img, struct qemusave *s,
    struct kvmi_err *err)
{
	uint64_t len;
	int r = qemusave_uint(img, s, "configuration", 4, &len, err);

	if (r == 0 && len >= sizeof(s->machine))
		r = kvmi_fail(err, KVMI_EFORMAT, "%s: a machine whose name has "
		    "%" PRIu64 " characters", img->src->name, len);
	if (r == 0)
		r = kvmi_src_take(img->src, &s->at, s->machine, (size_t)len,
		    "configuration", err);
	return (r);
}

/* What the configuration has beside the machine's name. */
static int
take_subsection(struct kvmi_image *img, struct qemusave *s,
    struct kvmi_err *err)
{
	static const char bits[] = "configuration/target-page-bits";
	static const char caps[] = "configuration/capabilities";
	char name[256], cap[256];
	uint64_t version, n = 0, at = s->at;
	int r = qemusave_name(img, s, "subsection", name, err);

	if (r == 0)
		r = qemusave_uint(img, s, "subsection", 4, &version, err);
	if (r == 0 && strcmp(name, bits) != 0 && strcmp(name, caps) != 0)
		r = kvmi_fail(err, KVMI_ENOTSUP, "%s: subsection \"%s\" at 0x%"
		    PRIx64 " is not known here", img->src->name, name, at);
	if (r == 0)
		r = qemusave_uint(img, s, "subsection", 4, &n, err);
	if (r == 0 && strcmp(name, bits) == 0 && n != QEMUSAVE_PAGE_BITS)
		r = kvmi_fail(err, KVMI_ENOTSUP, "%s: QEMU saved pages of 2^%"
		    PRIu64 " bytes, wanted 2^%d", img->src->name, n,
		    QEMUSAVE_PAGE_BITS);
	for (uint64_t i = 0; i < n && r == 0 && strcmp(name, caps) == 0; i++)
		r = qemusave_name(img, s, "capability", cap, err);
	return (r);
}

/* Which of the parts begins here. */
static int
begin_section(struct kvmi_image *img, struct qemusave *s, size_t *part,
    struct kvmi_err *err)
{
	char name[256];
	uint64_t number, skip, at = s->at;
	int r = qemusave_uint(img, s, "section", 4, &number, err);

	if (r == 0)
		r = qemusave_name(img, s, "section", name, err);
	if (r == 0)
		r = qemusave_uint(img, s, "section", 4, &skip, err);
	if (r == 0)
		r = qemusave_uint(img, s, "section", 4, &skip, err);
	if (r != 0)
		return (r);
	for (size_t i = 0; i < QEMUSAVE_PARTS; i++) {
		if (strcmp(name, part_table[i].name) != 0)
			continue;
		s->number[i] = number;
		*part = i;
		return (0);
	}
	return (kvmi_fail(err, KVMI_ENOTSUP, "%s: section \"%s\" at 0x%" PRIx64
	    " comes before the end of the memory", img->src->name, name, at));
}

/* Which of them goes on. */
static int
continue_section(struct kvmi_image *img, struct qemusave *s, size_t *part,
    struct kvmi_err *err)
{
	uint64_t number, at = s->at;
	int r = qemusave_uint(img, s, "section", 4, &number, err);

	if (r != 0)
		return (r);
	for (size_t i = 0; i < QEMUSAVE_PARTS; i++) {
		if (s->number[i] == number) {
			*part = i;
			return (0);
		}
	}
	return (kvmi_fail(err, KVMI_EFORMAT, "%s: section at 0x%" PRIx64 " of "
	    "number %" PRIu64 ", which did not begin", img->src->name, at,
	    number));
}

/* *end: the last page was seen. */
static int
take_section(struct kvmi_image *img, struct qemusave *s, bool *end,
    struct kvmi_err *err)
{
	uint64_t type, len = 0, at = s->at;
	size_t part;
	int r = qemusave_uint(img, s, "section", 1, &type, err);

	if (r != 0)
		return (r);
	switch (type) {
	case CONFIGURATION:
		return (take_configuration(img, s, err));
	case SUBSECTION:
		return (take_subsection(img, s, err));
	case COMMAND:
		r = qemusave_uint(img, s, "command", 4, &len, err);
		s->at += len & 0xffff;
		return (r);
	case FOOTER:
		return (qemusave_uint(img, s, "footer", 4, &len, err));
	case SECTION_START:
	case SECTION_FULL:
		r = begin_section(img, s, &part, err);
		break;
	case SECTION_PART:
	case SECTION_END:
		r = continue_section(img, s, &part, err);
		break;
	default:
		r = kvmi_fail(err, KVMI_EFORMAT, "%s: section at 0x%" PRIx64
		    " of type %" PRIu64 ": not of the memory", img->src->name,
		    at, type);
	}
	if (r != 0)
		return (r);
	if (part_table[part].skip != NULL)
		return (part_table[part].skip(img->src, &s->at, err));
	*end = type == SECTION_END || type == SECTION_FULL;
	return (kvmi_qemusave_ram(img, s, err));
}

static int
qemusave_open(struct kvmi_image *img, struct kvmi_err *err)
{
	struct qemusave *s = calloc(1, sizeof(*s));
	uint64_t version;
	bool end = false;
	int r;

	img->priv = s;
	if (s == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory",
		    img->src->name));
	for (size_t i = 0; i < QEMUSAVE_PARTS; i++)
		s->number[i] = NONE;
	s->pages.page = QEMUSAVE_PAGE;
	s->pages.header = RECORD;
	s->at = 4;
	r = qemusave_uint(img, s, "version", 4, &version, err);
	if (r == 0 && version != 3)
		r = kvmi_fail(err, KVMI_ENOTSUP, "%s: QEMU stream of version %"
		    PRIu64 ", wanted 3", img->src->name, version);
	while (r == 0 && !end)
		r = take_section(img, s, &end, err);
	/* What was saved before the cut is older than it could be, but there. */
	if (r == KVMI_ETRUNC && s->pages.n > 0) {
		img->truncated = true;
		r = 0;
	}
	if (r == 0)
		r = kvmi_saved_finish(&s->pages, err);
	if (r != 0)
		return (r);
	if (s->pages.n > 0) {
		const struct kvmi_saved_run *last =
		    &s->pages.v[s->pages.n - 1];

		img->max_pa = last->pa + (uint64_t)last->n * QEMUSAVE_PAGE;
	}
	snprintf(img->format, sizeof(img->format), "QEMU save%s%s",
	    s->machine[0] != '\0' ? " of " : "", s->machine);
	return (0);
}

static int
qemusave_locate(struct kvmi_image *img, uint64_t pa, struct kvmi_extent *ret,
    struct kvmi_err *err)
{
	const struct qemusave *s = img->priv;
	const struct kvmi_saved_run *next;
	const struct kvmi_saved_run *p = kvmi_saved_find(&s->pages, pa, &next);

	(void)err;
	if (p != NULL && pa - p->pa < (uint64_t)p->n * QEMUSAVE_PAGE) {
		uint64_t i = (pa - p->pa) / QEMUSAVE_PAGE;

		*ret = (struct kvmi_extent){ .start = p->pa + i * QEMUSAVE_PAGE,
			.len = QEMUSAVE_PAGE, .state = KVMI_STORED,
			.off = kvmi_saved_off(&s->pages, p, i) };
		if (p->fill) {
			ret->codec = &fill_codec;
			ret->stored_len = 1;
		}
		return (0);
	}
	*ret = (struct kvmi_extent){ .state = KVMI_ABSENT,
		.start = p == NULL ? 0 : p->pa + (uint64_t)p->n *
		    QEMUSAVE_PAGE };
	ret->len = (next != NULL ? next->pa : UINT64_MAX) - ret->start;
	if (img->truncated) {
		ret->state = KVMI_LOST;
		ret->why = "the stream ends before it";
	}
	return (0);
}

static int
qemusave_count(struct kvmi_image *img, struct kvmi_err *err)
{
	const struct qemusave *s = img->priv;

	(void)err;
	img->pages_present = s->pages.pages;
	img->ram_bytes = s->ram_len;
	return (0);
}

static void
qemusave_close(struct kvmi_image *img)
{
	struct qemusave *s = img->priv;

	if (s == NULL)
		return;
	free(s->pages.v);
	free(s);
}

const struct kvmi_image_ops kvmi_image_qemusave = {
	.name = "QEMU save file",
	.magic = { { .off = 0, .len = 4, .bytes = "QEVM" } },
	.min_size = 8,
	.open = qemusave_open,
	.locate = qemusave_locate,
	.count = qemusave_count,
	.close = qemusave_close,
};
