/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the stand-alone dump tools of s390 leave on a disk or tape: a header
 * of one page, all memory as it lies, an end marker.  s390-tools,
 * include/dump/s390_dump.h; always big-endian.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "base/rd.h"
#include "image/image.h"
#include "image/segments.h"

#define MAGIC		"\xa8\x19\x01\x73\x61\x8f\x23\xfd"
#define HEADER_LEN	104
#define MAX_HEADER	(UINT64_C(1) << 20)
#define ARCH_64		2

#define END_MARKER	"DUMP_END"
#define END_LEN		16

/* The clock counts in units of 2^-12 us from 1900 on. */
#define TOD_1970	UINT64_C(0x7d91048bca000000)
#define TOD_SECOND	UINT64_C(4096000000)

struct header {
	uint32_t	version, len, arch, volume;
	uint64_t	mem_start, mem_end, tod;
	bool		many_volumes;
};

static int
read_header(struct kvmi_image *img, struct header *h, struct kvmi_err *err)
{
	uint8_t raw[HEADER_LEN];
	struct kvmi_rd r = { .base = raw, .len = sizeof(raw),
		.what = "s390 dump header", .big_endian = true, .err = err };
	int s = kvmi_src_read(img->src, 0, raw, sizeof(raw), "header", err);

	if (s != 0)
		return (s);
	kvmi_rd_seek(&r, "version", 8);
	h->version = kvmi_rd_u32(&r, "version");
	h->len = kvmi_rd_u32(&r, "header size");
	kvmi_rd_u32(&r, "dump level");
	kvmi_rd_u32(&r, "page size");
	kvmi_rd_u64(&r, "memory size");
	h->mem_start = kvmi_rd_u64(&r, "start of memory");
	h->mem_end = kvmi_rd_u64(&r, "end of memory");
	kvmi_rd_seek(&r, "time", 56);
	h->tod = kvmi_rd_u64(&r, "time");
	kvmi_rd_u64(&r, "CPU");
	h->arch = kvmi_rd_u32(&r, "architecture");
	h->volume = kvmi_rd_u32(&r, "volume");
	kvmi_rd_seek(&r, "several volumes", 92);
	h->many_volumes = kvmi_rd_uint(&r, "several volumes", 1) != 0;
	return (r.status);
}

static int
check_header(const struct kvmi_image *img, const struct header *h,
    struct kvmi_err *err)
{
	const char *name = img->src->name;

	if (h->many_volumes)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: volume %" PRIu32 " of "
		    "an s390 dump on several; put it together with zgetdump -f "
		    "elf", name, h->volume));
	if (h->arch != ARCH_64)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: an s390 dump of "
		    "architecture %" PRIu32 ", wanted %u (64 bit)", name,
		    h->arch, ARCH_64));
	if (h->len < HEADER_LEN || h->len > MAX_HEADER ||
	    h->mem_start >= h->mem_end)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: s390 dump header of %"
		    PRIu32 " bytes with memory from 0x%" PRIx64 " to 0x%"
		    PRIx64, name, h->len, h->mem_start, h->mem_end));
	return (0);
}

/* A dump that was not finished ends in what the disk held before. */
static void
check_end(struct kvmi_image *img, const struct header *h)
{
	struct kvmi_err ignored;
	uint8_t raw[END_LEN];
	struct kvmi_rd r = { .base = raw, .len = sizeof(raw), .pos = 8,
		.what = "end marker", .big_endian = true, .err = &ignored };
	uint64_t at;

	if (!kvmi_add(h->len, h->mem_end - h->mem_start, &at) ||
	    at > img->src->size) {
		img->truncated = true;
		return;
	}
	if (!kvmi_inside(at, sizeof(raw), img->src->size) ||
	    kvmi_src_read(img->src, at, raw, sizeof(raw), "end marker",
	    &ignored) != 0 ||
	    memcmp(raw, END_MARKER, 8) != 0 ||
	    kvmi_rd_u64(&r, "time") < h->tod) {
		img->incomplete = true;
		snprintf(img->note, sizeof(img->note), "the dump has no end "
		    "marker of its own: it was not finished");
	}
}

static int
s390_open(struct kvmi_image *img, struct kvmi_err *err)
{
	struct kvmi_segments *segs = calloc(1, sizeof(*segs));
	struct header h;
	int r;

	img->priv = segs;
	if (segs == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory",
		    img->src->name));
	r = read_header(img, &h, err);
	if (r == 0)
		r = check_header(img, &h, err);
	if (r == 0)
		r = kvmi_segments_add(segs, h.mem_start,
		    h.mem_end - h.mem_start, h.mem_end - h.mem_start, h.len,
		    err);
	if (r != 0)
		return (r);
	img->arch = &kvmi_arch_s390x;
	img->big_endian = true;
	img->max_pa = h.mem_end;
	if (h.tod > TOD_1970)
		img->timestamp = (int64_t)((h.tod - TOD_1970) / TOD_SECOND);
	check_end(img, &h);
	snprintf(img->format, sizeof(img->format), "s390 stand-alone dump v%"
	    PRIu32, h.version);
	return (0);
}

const struct kvmi_image_ops kvmi_image_s390dump = {
	.name = "s390 dump",
	.magic = { { .off = 0, .len = 8, .bytes = MAGIC } },
	.min_size = HEADER_LEN,
	.open = s390_open,
	.locate = kvmi_segments_locate_pa,
	.count = kvmi_segments_count,
	.close = kvmi_segments_close,
};
