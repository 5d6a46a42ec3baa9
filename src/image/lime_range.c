/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/lime.h"

#include <inttypes.h>

#include "base/rd.h"

int
kvmi_lime_range(struct kvmi_src *src, uint64_t at, uint32_t magic,
    uint32_t version, struct kvmi_lime_range *ret, struct kvmi_err *err)
{
	uint8_t buf[KVMI_LIME_HEADER];
	struct kvmi_rd rd = { .base = buf, .len = sizeof(buf), .off = at,
		.what = "range header", .err = err };
	uint32_t have_magic, have_version;
	uint64_t first, last;
	int r = kvmi_src_read(src, at, buf, sizeof(buf), "range header", err);

	if (r != 0)
		return (r);
	have_magic = kvmi_rd_u32(&rd, "magic");
	have_version = kvmi_rd_u32(&rd, "version");
	first = kvmi_rd_u64(&rd, "first address");
	last = kvmi_rd_u64(&rd, "last address");
	if (rd.status != 0)
		return (rd.status);
	if (have_magic != magic || have_version != version)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: range header at 0x%"
		    PRIx64 " has magic 0x%" PRIx32 " version %" PRIu32
		    ", wanted 0x%" PRIx32 " and %" PRIu32 ": the range before "
		    "it has another length than its header says", src->name, at,
		    have_magic, have_version, magic, version));
	/* The last address is that of the last byte. */
	if (last < first || last - first == UINT64_MAX || last == UINT64_MAX)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: range header at 0x%"
		    PRIx64 " goes from 0x%" PRIx64 " to 0x%" PRIx64, src->name,
		    at, first, last));
	ret->start = first;
	ret->len = last - first + 1;
	return (0);
}
