/* SPDX-License-Identifier: BSD-2-Clause */
#include "convert/convert.h"

#include <stdlib.h>
#include <string.h>

#include "base/math.h"

#define ALL_EXCLUDE	(KVM_EXCLUDE_ZERO | KVM_EXCLUDE_CACHE | \
	KVM_EXCLUDE_CACHE_PRIVATE | KVM_EXCLUDE_USER | KVM_EXCLUDE_FREE)
#define ALL_FLAGS	(KVM_CONVERT_FLATTENED | KVM_CONVERT_FORCE)

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
	c->cx = cx;
	c->o = o;
	c->info = info;
	if (k->os->dump_facts != NULL)
		k->os->dump_facts(k, &c->df);
	r = choose_codec(c, &cx->err);
	if (r == 0)
		r = kvmi_convert_notes(c, &cx->err);
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
