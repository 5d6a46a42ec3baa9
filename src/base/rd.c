/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/rd.h"

#include <inttypes.h>

#include "base/endian.h"

const void *
kvmi_rd_bytes(struct kvmi_rd *r, const char *field, size_t size)
{
	const void *p;

	if (r->status != 0)
		return (NULL);
	if (size > r->len - r->pos) {
		r->status = kvmi_fail(r->err, KVMI_ETRUNC,
		    "%s: %s at 0x%" PRIx64 " needs %zu bytes, has %zu",
		    r->what, field, r->off + r->pos, size, r->len - r->pos);
		return (NULL);
	}
	p = r->base + r->pos;
	r->pos += size;
	return (p);
}

uint64_t
kvmi_rd_uint(struct kvmi_rd *r, const char *field, size_t size)
{
	const void *p = kvmi_rd_bytes(r, field, size);

	return (p == NULL ? 0 :
	    kvmi_get_uint(p, (unsigned int)size, r->big_endian));
}

void
kvmi_rd_seek(struct kvmi_rd *r, const char *field, size_t pos)
{
	if (r->status != 0)
		return;
	if (pos > r->len) {
		r->status = kvmi_fail(r->err, KVMI_ETRUNC,
		    "%s: %s at 0x%" PRIx64 " is past the end",
		    r->what, field, r->off + pos);
		return;
	}
	r->pos = pos;
}
