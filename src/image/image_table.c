/* SPDX-License-Identifier: BSD-2-Clause */
/* Recognition: what is this file? */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "image/cache.h"
#include "image/image.h"
#include "image/infofile.h"
#include "image/own_note.h"

extern const struct kvmi_image_ops kvmi_image_avml;
extern const struct kvmi_image_ops kvmi_image_bzip2;
extern const struct kvmi_image_ops kvmi_image_dumpdev;
extern const struct kvmi_image_ops kvmi_image_encrypted;
extern const struct kvmi_image_ops kvmi_image_flattened;
extern const struct kvmi_image_ops kvmi_image_foreign;
extern const struct kvmi_image_ops kvmi_image_gzip;
extern const struct kvmi_image_ops kvmi_image_kdump;
extern const struct kvmi_image_ops kvmi_image_libvirt;
extern const struct kvmi_image_ops kvmi_image_lime;
extern const struct kvmi_image_ops kvmi_image_livedump;
extern const struct kvmi_image_ops kvmi_image_lz4;
extern const struct kvmi_image_ops kvmi_image_lz4frame;
extern const struct kvmi_image_ops kvmi_image_lzma;
extern const struct kvmi_image_ops kvmi_image_lzop;
extern const struct kvmi_image_ops kvmi_image_minidump;
extern const struct kvmi_image_ops kvmi_image_elfcore;
extern const struct kvmi_image_ops kvmi_image_qemusave;
extern const struct kvmi_image_ops kvmi_image_raw;
extern const struct kvmi_image_ops kvmi_image_s390dump;
extern const struct kvmi_image_ops kvmi_image_vmss;
extern const struct kvmi_image_ops kvmi_image_xz;
extern const struct kvmi_image_ops kvmi_image_zstd;
extern const struct kvmi_image_ops kvmi_image_textdump;

/* Order is policy. */
static const struct kvmi_image_ops *const image_table[] = {
	&kvmi_image_flattened,	/* a wrapper: we start again on what it yields */
	&kvmi_image_gzip,	/* so are these */
	&kvmi_image_zstd,
	&kvmi_image_xz,
	&kvmi_image_bzip2,
	&kvmi_image_lzop,
	&kvmi_image_lz4,
	&kvmi_image_lz4frame,
	&kvmi_image_lzma,
	&kvmi_image_libvirt,
	&kvmi_image_livedump,	/* starts as what it holds does */
	&kvmi_image_kdump,
	&kvmi_image_minidump,
	&kvmi_image_s390dump,
	&kvmi_image_elfcore,	/* after the formats that borrow its magic */
	&kvmi_image_lime,
	&kvmi_image_avml,
	&kvmi_image_qemusave,
	&kvmi_image_vmss,
	&kvmi_image_textdump,
	&kvmi_image_foreign,	/* recognised, not read */
	&kvmi_image_encrypted,	/* has nothing but its name */
	&kvmi_image_dumpdev,	/* anything may precede what is at its end */
	&kvmi_image_raw,	/* on request, and then before all but wrappers */
};

/* No sane file is wrapped more often; a hostile one would be without end. */
#define MAX_WRAPPERS	4

#define HEAD_SIZE	64

static bool
matches(const struct kvmi_image_ops *ops, struct kvmi_src *src,
    const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < KVMI_COUNT(ops->magic); i++) {
		const struct kvmi_magic *m = &ops->magic[i];

		if (m->len != 0 && kvmi_inside(m->off, m->len, len) &&
		    memcmp(head + m->off, m->bytes, m->len) == 0)
			return (true);
	}
	return (ops->recognise != NULL && ops->recognise(src));
}

/* What is known by its end or its name may begin with anything. */
static bool
known_by_start(const struct kvmi_image_ops *ops)
{
	return (ops->recognise == NULL || ops->any_content);
}

static int
unrecognised(struct kvmi_src *src, const struct kvm_options *o,
    const uint8_t *head, size_t len, struct kvmi_err *err)
{
	bool keyed = o->ko_key != NULL || o->ko_key_fd >= 0;
	char hex[3 * 8 + 1] = "";

	for (size_t i = 0; i < kvmi_min(len, 8); i++)
		snprintf(hex + 3 * i, 4, " %02x", head[i]);
	return (kvmi_fail(err, KVMI_EFORMAT, "%s: not a kernel image that is "
	    "known here (%" PRIu64 " bytes, starts with%s%s%s): wanted an ELF "
	    "vmcore, a kdump-compressed file, a FreeBSD minidump, "
	    "textdump or dump device, a LiME or AVML file or another of "
	    "kvm-formats(5); %s",
	    src->name, src->size, len == 0 ? " nothing" : hex,
	    src->wrapping != NULL ? "; " : "",
	    src->wrapping != NULL ? src->wrapping : "", keyed ?
	    "an encrypted dump is known by its name, vmcore_encrypted.N, and "
	    "has its key block beside it, key.N" :
	    "of raw memory say so (kpeek --raw-memory)"));
}

/* "armv7" is an "arm", "powerpc64le" a "powerpc64". */
static bool
same_machine(const char *info, const char *machine)
{
	return (strncmp(info, machine, kvmi_min(strlen(info),
	    strlen(machine))) == 0);
}

/* The dump is not what info.N is about when it is of another machine. */
static void
check_info(struct kvmi_image *img, const struct kvmi_told *info,
    const char *note)
{
	const struct kvmi_arch *arch = img->arch;

	if (note[0] != '\0')
		kvmi_remark(img->note, sizeof(img->note), "%s", note);
	if (info->arch[0] != '\0' && arch != NULL && arch->freebsd != NULL &&
	    !same_machine(info->arch, arch->freebsd))
		kvmi_remark(img->note, sizeof(img->note), "its info file says "
		    "%s, but the dump is of %s", info->arch, arch->freebsd);
	if (info->magic[0] != '\0' && img->nfiles == 0 &&
	    strstr(info->magic, "Text") != NULL)
		kvmi_remark(img->note, sizeof(img->note), "its info file says "
		    "\"%s\", but the dump is one of memory", info->magic);
}

/* What the container does not say itself, a wrapper may have been told. */
static void
take_told(struct kvmi_image *img, const struct kvmi_told *t)
{
	img->told = *t;
	if (img->timestamp == 0)
		img->timestamp = t->time;
	if (img->nodename[0] == '\0')
		memcpy(img->nodename, t->hostname, sizeof(img->nodename));
	if (img->version[0] == '\0')
		memcpy(img->version, t->version, sizeof(img->version));
	if (img->panic[0] == '\0')
		memcpy(img->panic, t->panic, sizeof(img->panic));
}

/* The container says what it is; what it was wrapped in follows. */
static void
describe_wrapping(struct kvmi_image *img)
{
	size_t n = strlen(img->format);

	if (img->src->wrapping != NULL)
		snprintf(img->format + n, sizeof(img->format) - n, ", %s",
		    img->src->wrapping);
}

/* What the container does not say and the caller knows. */
static int
take_arch(struct kvmi_image *img, const struct kvm_options *o,
    struct kvmi_err *err)
{
	const struct kvmi_arch *arch;

	if (o->ko_arch == NULL)
		return (0);
	arch = kvmi_arch_by_uname(o->ko_arch);
	if (arch == NULL)
		return (kvmi_fail(err, KVMI_EINVAL, "%s: no such architecture "
		    "(as uname -m prints it: x86_64, aarch64, ...)",
		    o->ko_arch));
	if (img->arch == NULL)
		img->arch = arch;
	return (0);
}

static int
try_open(const struct kvmi_image_ops *ops, struct kvmi_src *src,
    const struct kvm_options *o, const struct kvmi_told *told,
    struct kvmi_image **ret, struct kvmi_err *err)
{
	struct kvmi_image *img = calloc(1, sizeof(*img));
	int r;

	if (img == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory",
		    src->name));
	img->src = src;
	img->ops = ops;
	img->block_size = 4096;
	img->opts = o;
	img->live = src->volatile_;
	img->truncated = src->truncated;
	src->gaps_lost = false;
	r = ops->open(img, err);
	/* Decoded from a file that was cut meanwhile, it counts for nothing. */
	if (r != KVMI_ENOTMINE && kvmi_map_lost(src->map))
		r = kvmi_src_check_lost(src, src->map->base, src->map->len,
		    err);
	/* Headers and bitmaps may have gaps; behind them lies only data. */
	src->gaps_lost = src->truncated;
	if (r == 0)
		r = kvmi_own_notes_take(img, err);
	if (r == 0)
		r = take_arch(img, o, err);
	if (r == 0 && (img->cache = kvmi_cache_create(img->block_size)) == NULL)
		r = kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory", src->name);
	if (r != 0) {
		img->src = NULL;	/* stays with the caller */
		kvmi_image_close(img);
		return (r);
	}
	img->opts = NULL;
	describe_wrapping(img);
	take_told(img, told);
	*ret = img;
	return (0);
}

/* Without headers only the caller can know; what is compressed says so. */
static bool
candidate(const struct kvmi_image_ops *ops, const struct kvm_options *o,
    struct kvmi_src *src, const uint8_t *head, size_t len)
{
	if (o->ko_raw != NULL && !ops->any_content)
		return (ops == &kvmi_image_raw);
	return (matches(ops, src, head, len));
}

int
kvmi_image_unwrap(struct kvmi_src **src, const struct kvm_options *o,
    struct kvmi_err *err)
{
	unsigned int wrappers = 0;

	for (size_t i = 0; i < KVMI_COUNT(image_table); i++) {
		const struct kvmi_image_ops *ops = image_table[i];
		uint8_t head[HEAD_SIZE];
		size_t len = (size_t)kvmi_min((*src)->size, sizeof(head));
		int r;

		if (ops->wrap == NULL || !known_by_start(ops))
			continue;
		r = kvmi_src_read(*src, 0, head, len, "header", err);
		if (r != 0)
			return (r);
		if (!matches(ops, *src, head, len) ||
		    ++wrappers > MAX_WRAPPERS)
			continue;
		r = ops->wrap(*src, o, src, err);
		if (r != 0) {
			*src = NULL;	/* it is closed */
			return (r);
		}
		i = SIZE_MAX;		/* and once more from the start */
	}
	return (0);
}

bool
kvmi_image_begins(struct kvmi_src *src)
{
	uint8_t head[HEAD_SIZE];
	size_t len = (size_t)kvmi_min(src->size, sizeof(head));
	struct kvmi_err ignored;

	if (kvmi_src_read(src, 0, head, len, "header", &ignored) != 0)
		return (false);
	for (size_t i = 0; i < KVMI_COUNT(image_table); i++)
		if (known_by_start(image_table[i]) &&
		    matches(image_table[i], src, head, len))
			return (true);
	return (false);
}

int
kvmi_image_open(struct kvmi_src *src, const struct kvm_options *o,
    struct kvmi_image **ret, struct kvmi_err *err)
{
	static const struct kvm_options none = KVM_OPTIONS_INIT;
	struct kvmi_told info = { 0 };
	struct kvmi_told told;
	char note[sizeof((*ret)->note)] = "";
	uint8_t head[HEAD_SIZE];
	size_t len;
	unsigned int wrappers = 0;
	int r;

	if (o == NULL)
		o = &none;
	r = kvmi_infofile_apply(&src, &info, note, sizeof(note), err);
	if (r != 0)
		goto fail;
	told = info;
again:
	len = (size_t)kvmi_min(src->size, sizeof(head));
	r = kvmi_src_read(src, 0, head, len, "header", err);
	if (r != 0)
		goto fail;
	for (size_t i = 0; i < KVMI_COUNT(image_table); i++) {
		const struct kvmi_image_ops *ops = image_table[i];

		if (!candidate(ops, o, src, head, len))
			continue;
		if (src->size < ops->min_size) {
			r = kvmi_fail(err, KVMI_ETRUNC, "%s: %s of %" PRIu64
			    " bytes; its header alone takes %u", src->name,
			    ops->name, src->size, ops->min_size);
			goto fail;
		}
		if (ops->wrap != NULL) {
			if (++wrappers > MAX_WRAPPERS) {
				r = kvmi_fail(err, KVMI_EFORMAT, "%s: wrapped "
				    "more than %d times", src->name,
				    MAX_WRAPPERS);
				goto fail;
			}
			r = ops->wrap(src, o, &src, err);
			if (r != 0)
				return (r);
			if (src->told != NULL)
				told = *src->told;
			goto again;
		}
		r = try_open(ops, src, o, &told, ret, err);
		if (r == 0) {
			check_info(*ret, &info, note);
			return (0);
		}
		if (r != KVMI_ENOTMINE)
			goto fail;
	}
	r = unrecognised(src, o, head, len, err);
fail:
	kvmi_src_close(src);
	return (r);
}
