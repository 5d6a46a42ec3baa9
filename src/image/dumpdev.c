/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A dump device of FreeBSD, or an image of its disk, from which savecore(8)
 * has not fetched the dump yet: the dump lies at the end, between two copies
 * of its header.  struct kerneldumpheader of sys/sys/kerneldump.h, version 4;
 * places: dump_start() and dump_finish() of sys/kern/kern_shutdown.c.
 *
 *	... | header | key | dump, extent bytes | header | end of device
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "image/image.h"

#define HEADER		512
#define MAGIC_LEN	20
#define VERSION		4
#define MAX_BLOCK	65536

static const char magic_dump[MAGIC_LEN] = "FreeBSD Kernel Dump";
static const char magic_text[MAGIC_LEN] = "FreeBSD Text Dump";
static const char magic_cleared[MAGIC_LEN] = "Cleared Kernel Dump";

/* The dump as a source of its own. */
struct dumpdev {
	struct kvmi_src	src;
	struct kvmi_src	*base;
	uint64_t	off;
};

static const uint8_t *
dumpdev_map(struct kvmi_src *s, uint64_t off, uint64_t *run)
{
	struct dumpdev *d = (struct dumpdev *)s;
	const uint8_t *p;

	if (off >= s->size)
		return (NULL);
	p = d->base->ops->map(d->base, d->off + off, run);
	if (p != NULL)
		*run = kvmi_min(*run, s->size - off);
	return (p);
}

static int
dumpdev_read(struct kvmi_src *s, uint64_t off, void *buf, size_t n,
    struct kvmi_err *err)
{
	struct dumpdev *d = (struct dumpdev *)s;

	return (kvmi_src_read(d->base, d->off + off, buf, n, "dump", err));
}

static int64_t
dumpdev_file_off(struct kvmi_src *s, uint64_t off)
{
	struct dumpdev *d = (struct dumpdev *)s;

	return (d->base->ops->file_off(d->base, d->off + off));
}

static int
dumpdev_close(struct kvmi_src *s)
{
	struct dumpdev *d = (struct dumpdev *)s;
	int r = kvmi_src_close(d->base);

	free((void *)(uintptr_t)s->name);
	free(d);
	return (r);
}

static const struct kvmi_src_ops dumpdev_src_ops = {
	.map = dumpdev_map,
	.read = dumpdev_read,
	.file_off = dumpdev_file_off,
	.close = dumpdev_close,
};

static bool
is_header(const uint8_t *h)
{
	return (memcmp(h, magic_dump, MAGIC_LEN) == 0 ||
	    memcmp(h, magic_text, MAGIC_LEN) == 0 ||
	    memcmp(h, magic_cleared, MAGIC_LEN) == 0);
}

/* The size of the sectors, the last of which begins with a header; 0: none. */
static uint64_t
find_last(struct kvmi_src *src, uint8_t header[HEADER])
{
	struct kvmi_err ignored;

	for (uint64_t block = HEADER; block <= MAX_BLOCK; block *= 2) {
		if (src->size < 2 * block)
			break;
		if (kvmi_src_read(src, src->size - block, header, HEADER,
		    "last sector", &ignored) == 0 && is_header(header))
			return (block);
	}
	return (0);
}

static bool
dumpdev_recognise(struct kvmi_src *src)
{
	uint8_t header[HEADER];

	return (find_last(src, header) != 0);
}

/* All words together, the parity word too, are zero in any byte order. */
static bool
parity_right(const uint8_t *h)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < HEADER; i += 4)
		sum ^= kvmi_get32(h + i, true);
	return (sum == 0);
}

/* Is it a dump that can be had? */
static int
check_header(struct kvmi_src *src, const uint8_t *h, uint64_t at,
    struct kvmi_err *err)
{
	uint32_t version = kvmi_get32(h + 32, true);

	if (memcmp(h, magic_cleared, MAGIC_LEN) == 0)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: a dump device whose "
		    "dump savecore(8) has fetched already (header at 0x%" PRIx64
		    "); look for vmcore.N where it saved to, mostly /var/crash",
		    src->name, at));
	if (memcmp(h, magic_text, MAGIC_LEN) == 0)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: a dump device with a "
		    "textdump (header at 0x%" PRIx64 "), which holds no memory; "
		    "savecore(8) makes a tar file of it", src->name, at));
	if (!parity_right(h))
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: dump header at 0x%"
		    PRIx64 ": wrong parity", src->name, at));
	if (version != VERSION)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: dump header at 0x%"
		    PRIx64 ": version %" PRIu32 "; %d is known", src->name, at,
		    version, VERSION));
	if (kvmi_get32(h + 56, true) != 0)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: an encrypted dump "
		    "(header at 0x%" PRIx64 "); savecore(8) and decryptcore(8) "
		    "make one that can be read", src->name, at));
	if (h[495] != 0)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: a compressed dump "
		    "(header at 0x%" PRIx64 ", method %u); savecore(8) and "
		    "gunzip or unzstd make one that can be read", src->name, at,
		    h[495]));
	return (0);
}

/* Where the dump begins, when both headers agree on it. */
static int
place(struct dumpdev *d, const uint8_t *h, uint64_t block,
    struct kvmi_err *err)
{
	struct kvmi_src *src = d->base;
	uint64_t at = src->size - block;
	uint64_t length = kvmi_get64(h + 40, true);
	uint64_t extent = kvmi_get64(h + 496, true);
	uint8_t first[HEADER];
	int r;

	if (extent > at - block || length > extent)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: dump header at 0x%"
		    PRIx64 ": dump of 0x%" PRIx64 " bytes in 0x%" PRIx64
		    ", with 0x%" PRIx64 " bytes before it", src->name, at,
		    length, extent, at - block));
	d->off = at - extent;
	d->src.size = length;
	r = kvmi_src_read(src, d->off - block, first, HEADER, "dump header",
	    err);
	if (r == 0 && memcmp(first, h, HEADER) != 0)
		r = kvmi_fail(err, KVMI_EFORMAT, "%s: the dump header at 0x%"
		    PRIx64 " is not that at 0x%" PRIx64 ": something, swapping "
		    "perhaps, wrote over the dump", src->name, d->off - block,
		    at);
	return (r);
}

static int
dumpdev_wrap(struct kvmi_src *src, const struct kvm_options *o,
    struct kvmi_src **ret, struct kvmi_err *err)
{
	struct dumpdev *d = calloc(1, sizeof(*d));
	uint8_t h[HEADER];
	uint64_t block;
	int r = 0;

	(void)o;
	if (d == NULL || (d->src.name = strdup(src->name)) == NULL) {
		free(d);
		kvmi_src_close(src);
		return (kvmi_fail(err, KVMI_ENOMEM, "out of memory"));
	}
	d->src.ops = &dumpdev_src_ops;
	d->src.map = src->map;
	d->src.backed = src->backed;
	d->src.wrapping = "on a dump device";
	d->base = src;
	block = find_last(src, h);
	if (block == 0)
		r = kvmi_fail(err, KVMI_ETRUNC, "%s: the dump header at the end "
		    "went away", src->name);
	if (r == 0)
		r = check_header(src, h, src->size - block, err);
	if (r == 0)
		r = place(d, h, block, err);
	if (r != 0) {
		dumpdev_close(&d->src);
		return (r);
	}
	*ret = &d->src;
	return (0);
}

const struct kvmi_image_ops kvmi_image_dumpdev = {
	.name = "FreeBSD dump device",
	.recognise = dumpdev_recognise,
	.min_size = 2 * HEADER,
	.wrap = dumpdev_wrap,
};
