/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The notes of a converted dump: the image's own, or what else it has to say of
 * where memory is (image/own_note.h), and the kernel's VMCOREINFO.
 * They are in the kernel's byte order, as the file is: what a file had in
 * another, as QEMU's big-endian ones of a little-endian powerpc64, would be
 * read wrongly.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "convert/convert.h"
#include "image/own_note.h"

#define NAME		"VMCOREINFO"
#define HEADER		12
#define TEXT		(HEADER + 12)	/* name and NUL, padded */
#define NT_PRSTATUS	1
#define PR_REG		112		/* struct elf_prstatus of 64 bits */

/* Is the VMCOREINFO that is believed that of the image's first such note? */
static bool
has_info(const struct kvmi_image *img, const struct kvmi_dump_facts *df,
    size_t *text_off)
{
	struct kvmi_note n;
	size_t pos = 0;

	while (kvmi_note_next(&img->notes, img->big_endian, &pos, &n))
		if (kvmi_note_is(&n, NAME, 0)) {
			*text_off = (size_t)(n.desc - img->notes.p);
			return (n.descsz >= df->vmcoreinfo_len &&
			    memcmp(n.desc, df->vmcoreinfo,
			    df->vmcoreinfo_len) == 0);
		}
	return (false);
}

static void
swap(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		uint8_t t = p[i];

		p[i] = p[n - 1 - i];
		p[n - 1 - i] = t;
	}
}

/*
 * pr_info of three words, pr_cursig, two sets of signals, four numbers, four
 * times of two longs; registers; pr_fpvalid.
 */
static void
swap_prstatus(uint8_t *p, size_t len)
{
	static const uint8_t width[] = { 4, 4, 4, 2, 2, 8, 8, 4, 4, 4, 4 };
	size_t at = 0;

	for (size_t i = 0; i < sizeof(width); i++) {
		swap(p + at, width[i]);
		at += width[i];
	}
	for (; at + 8 < len; at += 8)
		swap(p + at, 8);
	swap(p + at, 4);
}

/*
 * The registers of the CPUs, the rest of which only 64-bit machines of either
 * byte order need.  The new notes are as long as the old.
 */
static size_t
swapped_notes(const struct kvmi_convert *c, uint8_t *to)
{
	const struct kvmi_image *img = c->k->img;
	struct kvmi_note n;
	size_t pos = 0, len = 0;

	if (c->k->arch == NULL || c->k->arch->pointer_size != 8)
		return (0);
	while (kvmi_note_next(&img->notes, img->big_endian, &pos, &n)) {
		uint8_t *p = to + len;

		if (!kvmi_note_is(&n, "CORE", NT_PRSTATUS) ||
		    n.descsz != c->k->arch->prstatus_size ||
		    n.descsz < PR_REG)
			continue;
		kvmi_put32(p, 5, c->k->big_endian);
		kvmi_put32(p + 4, n.descsz, c->k->big_endian);
		kvmi_put32(p + 8, NT_PRSTATUS, c->k->big_endian);
		memcpy(p + HEADER, "CORE\0\0\0", 8);
		memcpy(p + HEADER + 8, n.desc, n.descsz);
		swap_prstatus(p + HEADER + 8, n.descsz);
		len += HEADER + 8 + (n.descsz + 3) / 4 * 4;
	}
	return (len);
}

static int
too_long(const struct kvmi_image *img, uint64_t len, struct kvmi_err *err)
{
	return (kvmi_fail(err, KVMI_ENOTSUP, "%s: page tables and message "
	    "buffer of %" PRIu64 " bytes, but notes of no more than %u are "
	    "read; compress it as it is (gzip, zstd): that opens too",
	    img->src->name, len, KVMI_MAX_NOTES));
}

/* VMCOREINFO is put first when the image lacks it, or has another. */
int
kvmi_convert_notes(struct kvmi_convert *c, struct kvmi_err *err)
{
	const struct kvmi_image *img = c->k->img;
	bool big = c->k->big_endian;
	size_t info = c->df.vmcoreinfo_len, len = (img->notes.len + 3) / 4 * 4;
	size_t room = info == 0 ? 0 : TEXT + (info + 3) / 4 * 4;
	uint64_t own = kvmi_own_notes_len(img);
	uint8_t *p;
	int r;

	if (info != 0 && img->big_endian == big &&
	    has_info(img, &c->df, &c->info_off))
		room = 0;
	/* A swapped note may have a longer name. */
	if (own > KVMI_MAX_NOTES - room)
		return (too_long(img, own, err));
	c->notes = calloc(1, 2 * len + room + (size_t)own + 1);
	if (c->notes == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "no memory for notes"));
	if (img->big_endian != big)
		len = swapped_notes(c, c->notes + room);
	else if (len > 0)
		memcpy(c->notes + room, img->notes.p, img->notes.len);
	r = kvmi_own_notes_put(img, c->notes + room + len, err);
	if (r != 0)
		return (r);
	c->notes_len = len + room + (size_t)own;
	if (room == 0)
		return (0);
	p = c->notes;
	kvmi_put32(p, sizeof(NAME), big);
	kvmi_put32(p + 4, (uint32_t)info, big);
	kvmi_put32(p + 8, 0, big);
	memcpy(p + HEADER, NAME, sizeof(NAME));
	memcpy(p + TEXT, c->df.vmcoreinfo, info);
	c->info_off = TEXT;
	return (0);
}
