/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A dump device of FreeBSD, or an image of its disk, from which savecore(8)
 * has not fetched the dump yet: the dump lies at the end, between two copies
 * of its header.  Places: dump_start() and dump_finish() of
 * sys/kern/kern_shutdown.c.
 *
 *	... | header | key | dump, extent bytes | header | end of device
 *
 * And files with one header only: before the dump, as network dumps to TFTP
 * servers have it, or behind it, as savecore -L leaves it.
 */
#include "image/dumpdev.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "image/crypt.h"
#include "image/dumppart.h"
#include "image/image.h"
#include "image/slice.h"

#define HEADER		KVMI_DUMPHEADER_SIZE
#define MAX_BLOCK	65536
#define TEXT_BLOCK	512
#define MAGIC_LEN	20

/* The size of the sectors of [0, end) the last of which is a header; 0: none. */
static uint64_t
find_last(struct kvmi_src *src, uint64_t end, uint8_t header[HEADER])
{
	struct kvmi_err ignored;

	for (uint64_t block = HEADER; block <= MAX_BLOCK; block *= 2) {
		if (end < 2 * block)
			break;
		if (kvmi_src_read(src, end - block, header, HEADER,
		    "last sector", &ignored) == 0 &&
		    kvmi_dumpheader_is(header))
			return (block);
	}
	return (0);
}

/* Is the first header the last one, but for what savecore(8) marks there? */
static bool
same(const struct kvmi_dumpheader *h, const uint8_t *first,
    const uint8_t *last)
{
	if (!h->cleared)
		return (memcmp(first, last, HEADER) == 0);
	return (kvmi_dumpheader_is(first) && memcmp(first + MAGIC_LEN,
	    last + MAGIC_LEN, HEADER - MAGIC_LEN) == 0);
}

/*
 * A textdump is written backwards from the last header; nothing has to be
 * before it.
 */
static int
place_text(struct kvmi_src *src, uint64_t room, struct kvmi_dumpdev *d,
    struct kvmi_err *err)
{
	if (d->h.length > room || d->h.length % TEXT_BLOCK != 0)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: dump header at 0x%"
		    PRIx64 ": textdump of 0x%" PRIx64 " bytes, with 0x%" PRIx64
		    " bytes before it", src->name, d->header_off, d->h.length,
		    room));
	d->dump_off = d->header_off;
	d->where = "on a dump device";
	return (0);
}

/* Where the dump of [start, end) begins, when both headers agree on it. */
static int
place(struct kvmi_src *src, uint64_t start, const uint8_t *last,
    uint64_t block, struct kvmi_dumpdev *d, struct kvmi_err *err)
{
	const struct kvmi_dumpheader *h = &d->h;
	uint64_t at = d->header_off, room = at - block - start, used;
	uint8_t first[HEADER];
	int r;

	if (h->text)
		return (place_text(src, at - start, d, err));
	if (!kvmi_add(h->extent, h->key_size, &used) || used > room ||
	    h->length > h->extent)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: dump header at 0x%"
		    PRIx64 ": dump of 0x%" PRIx64 " bytes in 0x%" PRIx64
		    ", with 0x%" PRIx64 " bytes before it", src->name, at,
		    h->length, h->extent, room));
	d->dump_off = at - h->extent;
	d->key_off = d->dump_off - h->key_size;
	d->where = h->cleared ? "on a dump device, saved before" :
	    "on a dump device";
	r = kvmi_src_read(src, d->key_off - block, first, HEADER,
	    "dump header", err);
	if (r == 0 && !same(h, first, last))
		r = kvmi_fail(err, KVMI_EFORMAT, "%s: the dump header at 0x%"
		    PRIx64 " is not that at 0x%" PRIx64 ": something, swapping "
		    "perhaps, wrote over the dump%s", src->name,
		    d->key_off - block, at, h->cleared ?
		    ", which savecore(8) has fetched before: look for vmcore.N "
		    "where it saved to, mostly /var/crash" : "");
	return (r);
}

/* KVMI_ENOTMINE: there is no header at the end of [start, end). */
static int
find_in(struct kvmi_src *src, uint64_t start, uint64_t end,
    struct kvmi_dumpdev *ret, struct kvmi_err *err)
{
	uint8_t last[HEADER];
	uint64_t block = find_last(src, end, last);
	int r;

	if (block == 0 || end - start < 2 * block)
		return (KVMI_ENOTMINE);
	*ret = (struct kvmi_dumpdev){ .header_off = end - block };
	r = kvmi_dumpheader_decode(last, src->name, ret->header_off, &ret->h,
	    err);
	return (r == 0 ? place(src, start, last, block, ret, err) : r);
}

/* One that nobody fetched, then the newest. */
static bool
better(const struct kvmi_dumpdev *a, const struct kvmi_dumpdev *b)
{
	if (a->h.cleared != b->h.cleared)
		return (b->h.cleared);
	return (a->h.time > b->h.time);
}

/* Each partition's end; what is broken counts when nothing else is there. */
static int
find_in_partitions(struct kvmi_src *src, struct kvmi_dumpdev *ret,
    struct kvmi_err *err)
{
	struct kvmi_part *part = calloc(KVMI_MAX_PARTS, sizeof(*part));
	unsigned int found = 0;
	size_t n;
	int status = KVMI_ENOTMINE;

	if (part == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory",
		    src->name));
	n = kvmi_partitions(src, part);
	for (size_t i = 0; i < n; i++) {
		struct kvmi_dumpdev d;
		struct kvmi_err why;
		int r = find_in(src, part[i].start, part[i].end, &d, &why);

		if (r != 0) {
			if (r != KVMI_ENOTMINE && status == KVMI_ENOTMINE) {
				status = r;
				*err = why;
			}
			continue;
		}
		if (found++ == 0 || better(&d, ret))
			*ret = d;
		status = 0;
	}
	free(part);
	if (found > 0)
		ret->others = found - 1;
	return (status);
}

/* A header at the start: the dump is behind it, in the next block. */
static int
find_in_front(struct kvmi_src *src, struct kvmi_dumpdev *ret,
    struct kvmi_err *err)
{
	uint8_t first[HEADER];
	uint64_t block, want;
	int r = kvmi_src_read(src, 0, first, HEADER, "dump header", err);

	if (r != 0)
		return (r);
	if (!kvmi_dumpheader_is(first))
		return (KVMI_ENOTMINE);
	*ret = (struct kvmi_dumpdev){ .where = "behind a dump header" };
	r = kvmi_dumpheader_decode(first, src->name, 0, &ret->h, err);
	if (r != 0)
		return (r);
	if (ret->h.text)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: the header of a "
		    "textdump, which lies before a header and not behind it",
		    src->name));
	/* A network's blocks are no sectors: the header is 512 bytes then. */
	block = ret->h.block_size;
	if (block < HEADER || block > MAX_BLOCK || !kvmi_is_pow2(block) ||
	    !kvmi_add(block + ret->h.key_size, ret->h.length, &want) ||
	    want > src->size)
		block = HEADER;
	ret->key_off = block;
	ret->dump_off = block + ret->h.key_size;
	if (ret->dump_off > src->size)
		return (kvmi_fail(err, KVMI_ETRUNC, "%s: dump header at 0x0: "
		    "key of %" PRIu32 " bytes passes the end of the file at 0x%"
		    PRIx64, src->name, ret->h.key_size, src->size));
	return (0);
}

/*
 * A live dump: the header is behind the dump, which is filled up to a whole
 * page of some size.
 */
static int
find_behind(struct kvmi_src *src, struct kvmi_dumpdev *ret,
    struct kvmi_err *err)
{
	uint8_t last[HEADER];
	uint64_t at, end;
	int r;

	if (src->size < 2 * HEADER)
		return (KVMI_ENOTMINE);
	at = src->size - HEADER;
	r = kvmi_src_read(src, at, last, HEADER, "dump header", err);
	if (r != 0 || !kvmi_dumpheader_is(last))
		return (KVMI_ENOTMINE);
	*ret = (struct kvmi_dumpdev){ .header_off = at,
		.where = "before a dump header" };
	r = kvmi_dumpheader_decode(last, src->name, at, &ret->h, err);
	if (r != 0 || ret->h.text || ret->h.key_size != 0)
		return (KVMI_ENOTMINE);
	for (uint64_t page = 4096; page <= MAX_BLOCK; page *= 2)
		if (kvmi_round_up(ret->h.length, page, &end) && end == at)
			return (0);
	return (KVMI_ENOTMINE);
}

int
kvmi_dumpdev_find(struct kvmi_src *src, struct kvmi_dumpdev *ret,
    struct kvmi_err *err)
{
	int r = find_behind(src, ret, err);

	if (r == KVMI_ENOTMINE)
		r = find_in(src, 0, src->size, ret, err);
	if (r == KVMI_ENOTMINE && src->size >= HEADER)
		r = find_in_front(src, ret, err);
	if (r == KVMI_ENOTMINE)
		r = find_in_partitions(src, ret, err);
	return (r);
}

static bool
dumpdev_recognise(struct kvmi_src *src)
{
	struct kvmi_dumpdev d;
	struct kvmi_err ignored;

	return (kvmi_dumpdev_find(src, &d, &ignored) != KVMI_ENOTMINE);
}

static bool
live_recognise(struct kvmi_src *src)
{
	struct kvmi_dumpdev d;
	struct kvmi_err ignored;

	/* The end of what is decoded may be far away. */
	return (src->wrapping == NULL && !src->volatile_ &&
	    find_behind(src, &d, &ignored) == 0);
}

static void
where_text(const struct kvmi_dumpdev *d, char *buf, size_t len)
{
	if (d->others > 0)
		snprintf(buf, len, "%s, the newest of %u dumps",
		    d->where, d->others + 1);
	else
		snprintf(buf, len, "%s", d->where);
}

static int
open_dump(struct kvmi_src *src, const struct kvmi_dumpdev *d,
    const struct kvm_options *o, struct kvmi_src **ret, struct kvmi_err *err)
{
	struct kvmi_told told;
	struct kvmi_blob key = { 0 };
	char where[64];
	struct kvmi_slice_opts slice = { .off = d->dump_off,
		.len = d->h.length, .backwards = d->h.text ? TEXT_BLOCK : 0,
		.wrapping = where, .told = &told };
	int r = 0;

	where_text(d, where, sizeof(where));
	kvmi_dumpheader_told(&d->h, &told);
	/* Cut in the middle: what is there can be read. */
	if (!d->h.text)
		slice.len = kvmi_min(slice.len, src->size - d->dump_off);
	if (d->h.key_size != 0 && !d->h.text)
		r = kvmi_src_blob(src, d->key_off, d->h.key_size,
		    "key of the dump", &key, err);
	if (r != 0) {
		kvmi_src_close(src);
		return (r);
	}
	r = kvmi_slice_open(src, &slice, ret, err);
	if (r == 0 && key.len != 0)
		r = kvmi_crypt_open(*ret, &key, o, ret, err);
	kvmi_blob_release(&key);
	return (r);
}

static int
dumpdev_wrap(struct kvmi_src *src, const struct kvm_options *o,
    struct kvmi_src **ret, struct kvmi_err *err)
{
	struct kvmi_dumpdev d;
	int r = kvmi_dumpdev_find(src, &d, err);

	if (r == KVMI_ENOTMINE)
		r = kvmi_fail(err, KVMI_ETRUNC, "%s: the dump header went away",
		    src->name);
	if (r != 0) {
		kvmi_src_close(src);
		return (r);
	}
	return (open_dump(src, &d, o, ret, err));
}

const struct kvmi_image_ops kvmi_image_livedump = {
	.name = "FreeBSD live dump",
	.recognise = live_recognise,
	.min_size = 2 * HEADER,
	.wrap = dumpdev_wrap,
};

const struct kvmi_image_ops kvmi_image_dumpdev = {
	.name = "FreeBSD dump device",
	.recognise = dumpdev_recognise,
	.min_size = HEADER,
	.wrap = dumpdev_wrap,
};
