/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's migration stream in a file (savevm, 'migrate "exec:cat > file"', and
 * what libvirt saves).  migration/savevm.c, migration/ram.c and the machines'
 * memory maps in hw/ of QEMU.  Big-endian for every machine.
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
#include "image/image.h"
#include "image/qemusave_parts.h"
#include "image/saved_pages.h"

#define PAGE_BITS	12
#define PAGE		(1 << PAGE_BITS)
#define MAX_RAM		(UINT64_C(1) << 52)
#define RECORD		8		/* before a page of the same block */

enum {
	VM_EOF = 0, SECTION_START = 1, SECTION_PART = 2, SECTION_END = 3,
	SECTION_FULL = 4, SUBSECTION = 5, CONFIGURATION = 7, COMMAND = 8,
	FOOTER = 0x7e,
};

enum {
	FLAG_ZERO = 0x02, FLAG_MEM_SIZE = 0x04, FLAG_PAGE = 0x08,
	FLAG_EOS = 0x10, FLAG_CONTINUE = 0x20, FLAGS_KNOWN = 0x3e,
	FLAG_MASK = PAGE - 1,
};

#define GIB4		(UINT64_C(1) << 32)
#define NO		UINT64_MAX

/*
 * Where a machine has its memory.  Several are called "virt", and the names of
 * their RAM blocks tell them apart.
 */
static const struct machine {
	const char	*prefix;
	const char	*block;		/* NULL: whatever they are called */
	uint64_t	 base;
	/* Of RAM that reaches limit, what is above low goes to high. */
	uint64_t	 limit, low, high;
} machine_table[] = {
	{ "pc-q35", NULL, 0, 0xb0000000, 0x80000000, GIB4 },
	{ "pc", NULL, 0, 0xe0000000, 0xc0000000, GIB4 },
	{ "virt", "riscv_virt_board.", 0x80000000, NO, NO, 0 },
	/* Since QEMU 8; versions 7.1 and 7.2 had it at 0x90000000. */
	{ "virt", "loongarch.", 0, 0x10000000, 0x10000000, 0x80000000 },
	{ "virt", NULL, 0x40000000, NO, NO, 0 },	/* Arm */
	{ "s390", NULL, 0, NO, NO, 0 },
	{ "pseries", NULL, 0, NO, NO, 0 },
};

/*
 * What is saved in parts, by turns.  No section says how long it is, so those
 * that may come before the end of "ram" have to be understood.
 */
static const struct part {
	const char	*name;
	int		(*skip)(struct kvmi_src *src, uint64_t *at,
			    struct kvmi_err *err);	/* NULL: the memory */
} part_table[] = {
	{ "ram", NULL },
	{ "spapr/htab", kvmi_qemusave_skip_htab },
	{ "s390-storage_attributes", kvmi_qemusave_skip_attributes },
};

#define NPARTS		KVMI_COUNT(part_table)

struct save {
	struct kvmi_saved_pages pages;
	uint64_t	 number[NPARTS];	/* of sections; NO: none yet */
	char		 machine[32];
	const struct machine *kind;	/* NULL: its memory begins at 0 */
	char		 block[256];	/* the RAM block that pages are of */
	char		 ram[256];	/* the one that is main memory */
	uint64_t	 ram_len;
	uint64_t	 at;		/* in the stream */
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
take(struct kvmi_image *img, struct save *s, const char *what, void *buf,
    size_t n, struct kvmi_err *err)
{
	return (kvmi_src_take(img->src, &s->at, buf, n, what, err));
}

static int
take_uint(struct kvmi_image *img, struct save *s, const char *what,
    unsigned int size, uint64_t *ret, struct kvmi_err *err)
{
	return (kvmi_src_take_uint(img->src, &s->at, size, true, what, ret,
	    err));
}

/* A length of one byte and so many characters. */
static int
take_name(struct kvmi_image *img, struct save *s, const char *what,
    char ret[256], struct kvmi_err *err)
{
	uint64_t len;
	int r = take_uint(img, s, what, 1, &len, err);

	if (r == 0)
		r = take(img, s, what, ret, (size_t)len, err);
	if (r == 0)
		ret[len] = '\0';
	return (r);
}

/* Is it this machine, as a RAM block tells, or its name alone? */
static void
know_machine(struct save *s, const char *block)
{
	for (size_t i = 0; i < KVMI_COUNT(machine_table); i++) {
		const struct machine *m = &machine_table[i];

		if (strncmp(s->machine, m->prefix, strlen(m->prefix)) != 0)
			continue;
		if (m->block == NULL ? s->kind == NULL :
		    strncmp(block, m->block, strlen(m->block)) == 0) {
			s->kind = m;
			return;
		}
	}
}

/* The list of RAM blocks: the largest is main memory. */
static int
take_blocks(struct kvmi_image *img, struct save *s, uint64_t total,
    struct kvmi_err *err)
{
	if (total > MAX_RAM)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: RAM blocks of 0x%"
		    PRIx64 " bytes: no machine has so much", img->src->name,
		    total));
	while (total > 0) {
		char name[256];
		uint64_t len;
		int r = take_name(img, s, "RAM block", name, err);

		if (r == 0)
			r = take_uint(img, s, "RAM block", 8, &len, err);
		if (r != 0)
			return (r);
		if (len == 0 || len > total)
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: RAM block %s "
			    "of 0x%" PRIx64 " bytes, of 0x%" PRIx64 " in all",
			    img->src->name, name, len, total));
		know_machine(s, name);
		if (len > s->ram_len) {
			s->ram_len = len;
			memcpy(s->ram, name, sizeof(s->ram));
		}
		total -= len;
	}
	return (0);
}

static uint64_t
place(const struct save *s, uint64_t off)
{
	const struct machine *m = s->kind;

	if (m == NULL)
		return (off);
	if (s->ram_len >= m->limit && off >= m->low)
		return (off - m->low + m->high);
	return (m->base + off);
}

static int
take_page(struct kvmi_image *img, struct save *s, uint64_t record,
    struct kvmi_err *err)
{
	uint64_t off = record & ~(uint64_t)FLAG_MASK;
	bool fill = (record & FLAG_ZERO) != 0;
	uint64_t len = fill ? 1 : PAGE, at;
	int r = 0;

	if ((record & FLAG_CONTINUE) == 0)
		r = take_name(img, s, "RAM block", s->block, err);
	at = s->at;
	if (r == 0 && !kvmi_inside(s->at, len, img->src->size))
		r = kvmi_fail(err, KVMI_ETRUNC, "%s: ends within the page at 0x%"
		    PRIx64, img->src->name, s->at);
	if (r != 0)
		return (r);
	s->at += len;
	if (strcmp(s->block, s->ram) != 0)
		return (0);		/* video memory, firmware ... */
	if (off >= s->ram_len)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: page 0x%" PRIx64
		    " of RAM block %s, which has 0x%" PRIx64 " bytes",
		    img->src->name, off, s->ram, s->ram_len));
	return (kvmi_saved_push(&s->pages, place(s, off), at, fill, err));
}

/* The records of one section, up to its end. */
static int
take_ram(struct kvmi_image *img, struct save *s, struct kvmi_err *err)
{
	for (;;) {
		uint64_t record, at = s->at;
		int r = take_uint(img, s, "RAM record", 8, &record, err);

		if (r != 0)
			return (r);
		if ((record & FLAG_MASK & ~(uint64_t)FLAGS_KNOWN) != 0)
			return (kvmi_fail(err, KVMI_ENOTSUP, "%s: RAM record at "
			    "0x%" PRIx64 " has flags 0x%" PRIx64 " (XBZRLE, "
			    "multifd ...): only a plain stream is read",
			    img->src->name, at, record & FLAG_MASK));
		if ((record & FLAG_EOS) != 0)
			return (0);
		if ((record & FLAG_MEM_SIZE) != 0)
			r = take_blocks(img, s, record & ~(uint64_t)FLAG_MASK,
			    err);
		else if ((record & (FLAG_ZERO | FLAG_PAGE)) != 0)
			r = take_page(img, s, record, err);
		if (r != 0)
			return (r);
	}
}

static int
take_configuration(struct kvmi_image *img, struct save *s,
    struct kvmi_err *err)
{
	uint64_t len;
	int r = take_uint(img, s, "configuration", 4, &len, err);

	if (r == 0 && len >= sizeof(s->machine))
		r = kvmi_fail(err, KVMI_EFORMAT, "%s: a machine whose name has "
		    "%" PRIu64 " characters", img->src->name, len);
	if (r == 0)
		r = take(img, s, "configuration", s->machine, (size_t)len, err);
	return (r);
}

/* What the configuration has beside the machine's name. */
static int
take_subsection(struct kvmi_image *img, struct save *s, struct kvmi_err *err)
{
	static const char bits[] = "configuration/target-page-bits";
	static const char caps[] = "configuration/capabilities";
	char name[256], cap[256];
	uint64_t version, n = 0, at = s->at;
	int r = take_name(img, s, "subsection", name, err);

	if (r == 0)
		r = take_uint(img, s, "subsection", 4, &version, err);
	if (r == 0 && strcmp(name, bits) != 0 && strcmp(name, caps) != 0)
		r = kvmi_fail(err, KVMI_ENOTSUP, "%s: subsection \"%s\" at 0x%"
		    PRIx64 " is not known here", img->src->name, name, at);
	if (r == 0)
		r = take_uint(img, s, "subsection", 4, &n, err);
	if (r == 0 && strcmp(name, bits) == 0 && n != PAGE_BITS)
		r = kvmi_fail(err, KVMI_ENOTSUP, "%s: QEMU saved pages of 2^%"
		    PRIu64 " bytes, wanted 2^%d", img->src->name, n, PAGE_BITS);
	for (uint64_t i = 0; i < n && r == 0 && strcmp(name, caps) == 0; i++)
		r = take_name(img, s, "capability", cap, err);
	return (r);
}

/* Which of the parts begins here. */
static int
begin_section(struct kvmi_image *img, struct save *s, size_t *part,
    struct kvmi_err *err)
{
	char name[256];
	uint64_t number, skip, at = s->at;
	int r = take_uint(img, s, "section", 4, &number, err);

	if (r == 0)
		r = take_name(img, s, "section", name, err);
	if (r == 0)
		r = take_uint(img, s, "section", 4, &skip, err);
	if (r == 0)
		r = take_uint(img, s, "section", 4, &skip, err);
	if (r != 0)
		return (r);
	for (size_t i = 0; i < NPARTS; i++) {
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
continue_section(struct kvmi_image *img, struct save *s, size_t *part,
    struct kvmi_err *err)
{
	uint64_t number, at = s->at;
	int r = take_uint(img, s, "section", 4, &number, err);

	if (r != 0)
		return (r);
	for (size_t i = 0; i < NPARTS; i++) {
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
take_section(struct kvmi_image *img, struct save *s, bool *end,
    struct kvmi_err *err)
{
	uint64_t type, len = 0, at = s->at;
	size_t part;
	int r = take_uint(img, s, "section", 1, &type, err);

	if (r != 0)
		return (r);
	switch (type) {
	case CONFIGURATION:
		return (take_configuration(img, s, err));
	case SUBSECTION:
		return (take_subsection(img, s, err));
	case COMMAND:
		r = take_uint(img, s, "command", 4, &len, err);
		s->at += len & 0xffff;
		return (r);
	case FOOTER:
		return (take_uint(img, s, "footer", 4, &len, err));
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
	return (take_ram(img, s, err));
}

static int
qemusave_open(struct kvmi_image *img, struct kvmi_err *err)
{
	struct save *s = calloc(1, sizeof(*s));
	uint64_t version;
	bool end = false;
	int r;

	img->priv = s;
	if (s == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory",
		    img->src->name));
	for (size_t i = 0; i < NPARTS; i++)
		s->number[i] = NO;
	s->pages.page = PAGE;
	s->pages.header = RECORD;
	s->at = 4;
	r = take_uint(img, s, "version", 4, &version, err);
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

		img->max_pa = last->pa + (uint64_t)last->n * PAGE;
	}
	snprintf(img->format, sizeof(img->format), "QEMU save%s%s",
	    s->machine[0] != '\0' ? " of " : "", s->machine);
	return (0);
}

static int
qemusave_locate(struct kvmi_image *img, uint64_t pa, struct kvmi_extent *ret,
    struct kvmi_err *err)
{
	const struct save *s = img->priv;
	const struct kvmi_saved_run *next;
	const struct kvmi_saved_run *p = kvmi_saved_find(&s->pages, pa, &next);

	(void)err;
	if (p != NULL && pa - p->pa < (uint64_t)p->n * PAGE) {
		uint64_t i = (pa - p->pa) / PAGE;

		*ret = (struct kvmi_extent){ .start = p->pa + i * PAGE,
			.len = PAGE, .state = KVMI_STORED,
			.off = kvmi_saved_off(&s->pages, p, i) };
		if (p->fill) {
			ret->codec = &fill_codec;
			ret->stored_len = 1;
		}
		return (0);
	}
	*ret = (struct kvmi_extent){ .state = KVMI_ABSENT,
		.start = p != NULL ? p->pa + (uint64_t)p->n * PAGE : 0 };
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
	const struct save *s = img->priv;

	(void)err;
	img->pages_present = s->pages.pages;
	img->ram_bytes = s->ram_len;
	return (0);
}

static void
qemusave_close(struct kvmi_image *img)
{
	struct save *s = img->priv;

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
