/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/own_note.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "base/rd.h"
#include "image/minidump.h"

#define OWNER		"libkvm\0"	/* and padded */
#define HEADER		(12 + sizeof(OWNER))
#define DELTA_LEN	24

enum { MINIDUMP_HEADER = 1, MINIDUMP_LOG, MINIDUMP_TABLES, DELTA, TYPES };

/* A part of a minidump, and where in it. */
struct part {
	uint32_t	 type;
	uint32_t	 len;
	uint64_t	 off;
	const char	*what;
};

static size_t
parts_of(const struct kvmi_minidump *m, struct part part[3])
{
	part[0] = (struct part){ MINIDUMP_HEADER, KVMI_MINIDUMP_HEADER,
		m->header_off, "minidump header" };
	part[1] = (struct part){ MINIDUMP_LOG, m->msgbuf_len, m->msgbuf_off,
		"message buffer" };
	part[2] = (struct part){ MINIDUMP_TABLES, m->pt_len, m->pt_off,
		"page tables" };
	return (3);
}

static uint64_t
note_len(uint32_t len)
{
	return (HEADER + (((uint64_t)len + 3) & ~UINT64_C(3)));
}

uint64_t
kvmi_own_notes_len(const struct kvmi_image *img)
{
	uint64_t len = 0;
	struct part part[3];

	if (img->notes.len != 0)
		return (0);
	if (img->minidump != NULL)
		for (size_t i = parts_of(img->minidump, part); i-- > 0;)
			len += note_len(part[i].len);
	return (img->delta.there ? len + note_len(DELTA_LEN) : len);
}

/* The header; what follows goes where ret says. */
static uint8_t *
begin(const struct kvmi_image *img, uint8_t *to, uint32_t type, uint32_t len)
{
	kvmi_put32(to, sizeof(OWNER) - 1, img->big_endian);
	kvmi_put32(to + 4, len, img->big_endian);
	kvmi_put32(to + 8, type, img->big_endian);
	memcpy(to + 12, OWNER, sizeof(OWNER));
	return (to + HEADER);
}

int
kvmi_own_notes_put(const struct kvmi_image *img, uint8_t *to,
    struct kvmi_err *err)
{
	const struct kvmi_dump_delta *d = &img->delta;
	const struct kvmi_minidump *m = img->minidump;
	struct part part[3];
	size_t n = m != NULL ? parts_of(m, part) : 0;
	int r = 0;

	if (kvmi_own_notes_len(img) == 0)
		return (0);
	for (size_t i = 0; i < n && r == 0; i++) {
		r = kvmi_src_read(m->src, part[i].off, begin(img, to,
		    part[i].type, part[i].len), part[i].len, part[i].what,
		    err);
		to += note_len(part[i].len);
	}
	if (r != 0 || !d->there)
		return (r);
	to = begin(img, to, DELTA, DELTA_LEN);
	kvmi_put64(to, d->va, img->big_endian);
	kvmi_put64(to + 8, d->pa, img->big_endian);
	kvmi_put64(to + 16, d->align, img->big_endian);
	return (0);
}

static int
take_delta(struct kvmi_image *img, const struct kvmi_note *n,
    struct kvmi_err *err)
{
	struct kvmi_rd r = { .base = n->desc, .len = n->descsz,
		.what = "note of where the kernel lies",
		.big_endian = img->big_endian, .err = err };

	img->delta.va = kvmi_rd_u64(&r, "address");
	img->delta.pa = kvmi_rd_u64(&r, "physical address");
	img->delta.align = kvmi_rd_u64(&r, "alignment");
	img->delta.there = r.status == 0;
	return (r.status);
}

/* The header decides how long the other parts are. */
static int
place(struct kvmi_image *img, struct kvmi_minidump *m,
    const struct kvmi_note n[TYPES], struct kvmi_err *err)
{
	struct part part[3];

	for (size_t i = parts_of(m, part); i-- > 0;)
		if (part[i].len != n[part[i].type].descsz)
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: note of the "
			    "minidump's %s has %" PRIu32 " bytes; by its "
			    "header it has %" PRIu32, img->src->name,
			    part[i].what, n[part[i].type].descsz,
			    part[i].len));
	if (m->big_endian != img->big_endian)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: the minidump in its "
		    "notes has another byte order than the file",
		    img->src->name));
	m->msgbuf_off = m->msgbuf_len == 0 ? 0 :
	    (uint64_t)(n[MINIDUMP_LOG].desc - img->notes.p);
	m->pt_off = m->pt_len == 0 ? 0 :
	    (uint64_t)(n[MINIDUMP_TABLES].desc - img->notes.p);
	return (0);
}

static int
take_minidump(struct kvmi_image *img, const struct kvmi_note n[TYPES],
    struct kvmi_err *err)
{
	struct kvmi_minidump *m = calloc(1, sizeof(*m));
	size_t len = strlen(img->format);
	int r;

	if (m == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: no memory for notes",
		    img->src->name));
	img->minidump = m;
	m->noted = true;
	m->header_off = (uint64_t)(n[MINIDUMP_HEADER].desc - img->notes.p);
	r = kvmi_mem_open(img->notes.p, img->notes.len, img->src->name,
	    &m->src, err);
	if (r == 0)
		r = kvmi_minidump_header(m->src, m, err);
	if (r == 0)
		r = place(img, m, n, err);
	if (r != 0)
		return (r);
	img->arch = m->machine;
	snprintf(img->format + len, sizeof(img->format) - len,
	    ", of a FreeBSD/%s minidump version %" PRIu32, m->arch, m->version);
	return (0);
}

int
kvmi_own_notes_take(struct kvmi_image *img, struct kvmi_err *err)
{
	struct kvmi_note n[TYPES] = { 0 }, one;
	size_t pos = 0;
	int r = 0;

	while (kvmi_note_next(&img->notes, img->big_endian, &pos, &one))
		if (one.type < TYPES && n[one.type].name == NULL &&
		    kvmi_note_is(&one, OWNER, one.type))
			n[one.type] = one;
	if (n[DELTA].name != NULL && !img->delta.there)
		r = take_delta(img, &n[DELTA], err);
	if (r == 0 && n[MINIDUMP_HEADER].name != NULL && img->minidump == NULL)
		r = take_minidump(img, n, err);
	return (r);
}

void
kvmi_own_notes_drop(struct kvmi_image *img)
{
	struct kvmi_minidump *m = img->minidump;

	/* A container's is the container's to release. */
	if (m == NULL || !m->noted)
		return;
	kvmi_src_close(m->src);
	free(m);
	img->minidump = NULL;
}
