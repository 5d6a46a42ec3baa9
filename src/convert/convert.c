/* SPDX-License-Identifier: BSD-2-Clause */
#include "convert/convert.h"

#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"

#define ALL_EXCLUDE	(KVM_EXCLUDE_ZERO | KVM_EXCLUDE_CACHE | \
	KVM_EXCLUDE_CACHE_PRIVATE | KVM_EXCLUDE_USER | KVM_EXCLUDE_FREE)
#define ALL_FLAGS	(KVM_CONVERT_FLATTENED | KVM_CONVERT_FORCE)

#define NOTE_NAME	"VMCOREINFO"
#define NOTE_HEADER	12
#define NOTE_TEXT	(NOTE_HEADER + 12)	/* name and NUL, padded */

/* Is the VMCOREINFO that is believed that of the image's first such note? */
static bool
has_info(const struct kvmi_image *img, const struct kvmi_dump_facts *df,
    size_t *text_off)
{
	struct kvmi_note n;
	size_t pos = 0;

	while (kvmi_note_next(&img->notes, img->big_endian, &pos, &n))
		if (kvmi_note_is(&n, NOTE_NAME, 0)) {
			*text_off = (size_t)(n.desc - img->notes.p);
			return (n.descsz >= df->vmcoreinfo_len &&
			    memcmp(n.desc, df->vmcoreinfo,
			    df->vmcoreinfo_len) == 0);
		}
	return (false);
}

/*
 * The image's own notes, and before them the kernel's VMCOREINFO when they lack
 * that or have another: the first is what a reader takes.  The file has the
 * kernel's byte order; notes of another, as QEMU's big-endian ones of a
 * little-endian powerpc64, would be read wrongly in it and are left out.
 */
static int
collect_notes(struct kvmi_convert *c, struct kvmi_err *err)
{
	const struct kvmi_image *img = c->k->img;
	bool big = c->k->big_endian;
	size_t own = img->big_endian == big ? img->notes.len : 0;
	size_t len = (own + 3) / 4 * 4, info = c->df.vmcoreinfo_len;
	size_t room = info == 0 ? 0 : NOTE_TEXT + (info + 3) / 4 * 4;
	uint8_t *p;

	if (info != 0 && own != 0 && has_info(img, &c->df, &c->info_off))
		room = 0;
	c->notes = calloc(1, len + room + 1);
	if (c->notes == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "no memory for notes"));
	if (len > 0)
		memcpy(c->notes + room, img->notes.p, own);
	c->notes_len = len + room;
	if (room == 0)
		return (0);
	p = c->notes;
	kvmi_put32(p, sizeof(NOTE_NAME), big);
	kvmi_put32(p + 4, (uint32_t)info, big);
	kvmi_put32(p + 8, 0, big);
	memcpy(p + NOTE_HEADER, NOTE_NAME, sizeof(NOTE_NAME));
	memcpy(p + NOTE_TEXT, c->df.vmcoreinfo, info);
	c->info_off = NOTE_TEXT;
	return (0);
}

static int
choose_codec(struct kvmi_convert *c, struct kvmi_err *err)
{
	const char *name = c->o->kc_codec != NULL ? c->o->kc_codec : "zstd";

	if (strcmp(name, "none") == 0)
		return (0);
	c->codec = kvmi_codec_by_name(name);
	if (c->codec == NULL)
		return (kvmi_fail(err, KVMI_EINVAL, "%s: no such compression; "
		    "wanted zstd, zlib, lzo, snappy or none", name));
	if (c->codec->encode == NULL)
		return (kvmi_fail(err, KVMI_ENOTSUP, "built without %s", name));
	return (0);
}

static int
check(const struct kvmi_kernel *k, const struct kvm_convert_options *o,
    struct kvmi_err *err)
{
	if ((o->kc_flags & ~ALL_FLAGS) != 0 ||
	    (o->kc_exclude & ~ALL_EXCLUDE) != 0 ||
	    (o->kc_format != KVM_FORMAT_KDUMP &&
	    o->kc_format != KVM_FORMAT_ELF))
		return (kvmi_fail(err, KVMI_EINVAL, "kvm_convert: bad "
		    "argument"));
	if (k->img == NULL || k->live)
		return (kvmi_fail(err, KVMI_ENOTSUP, "the running system "
		    "cannot be converted: its memory changes meanwhile"));
	if (k->img->virtual_segments || k->img->files != NULL)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: %s has no physical "
		    "memory to convert", k->img->src->name, k->img->format));
	return (0);
}

static int
write_it(struct kvmi_convert *c, struct kvmi_cx *cx)
{
	int r = kvmi_sink_open(&c->sink, c->o, &cx->err);

	if (r == 0)
		r = c->o->kc_format == KVM_FORMAT_ELF ?
		    kvmi_convert_elf(c, &cx->err) :
		    kvmi_convert_kdump(c, &cx->err);
	if (r == 0)
		r = kvmi_sink_finish(&c->sink,
		    (c->o->kc_flags & KVM_CONVERT_FORCE) != 0, &cx->err);
	else
		kvmi_sink_drop(&c->sink);
	return (r);
}

static unsigned int
page_shift(const struct kvmi_kernel *k, const struct kvm_info *info)
{
	if (kvmi_is_pow2(info->ki_page_size) && info->ki_page_size >= 4096 &&
	    info->ki_page_size <= 1u << 20)
		return ((unsigned int)__builtin_ctz(info->ki_page_size));
	return (k->arch != NULL ? k->arch->page_shift : 12);
}

int
kvmi_convert(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kvm_convert_options *o, const struct kvm_info *info)
{
	struct kvmi_convert *c;
	int r = check(k, o, &cx->err);

	if (r != 0)
		return (r);
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory"));
	c->k = k;
	c->o = o;
	c->info = info;
	if (k->os->dump_facts != NULL)
		k->os->dump_facts(k, &c->df);
	r = choose_codec(c, &cx->err);
	if (r == 0)
		r = collect_notes(c, &cx->err);
	if (r == 0)
		r = kvmi_pageset_init(&c->pages, k, cx, page_shift(k, info),
		    o->kc_exclude & ~KVM_EXCLUDE_ZERO);
	if (r == 0)
		r = write_it(c, cx);
	kvmi_pageset_deinit(&c->pages);
	free(c->notes);
	free(c);
	return (r);
}
