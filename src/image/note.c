/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF notes: 4-byte aligned records whatever the class (Linux, QEMU). */
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "image/image.h"

#define NOTE_HEADER	12

static uint64_t
padded(uint32_t n)
{
	return (((uint64_t)n + 3) & ~UINT64_C(3));
}

bool
kvmi_note_next(const struct kvmi_blob *notes, bool big_endian, size_t *pos,
    struct kvmi_note *ret)
{
	while (kvmi_inside(*pos, NOTE_HEADER, notes->len)) {
		const uint8_t *p = notes->p + *pos;
		uint32_t namesz = kvmi_get32(p, big_endian);
		uint32_t descsz = kvmi_get32(p + 4, big_endian);
		uint64_t left = notes->len - *pos - NOTE_HEADER;

		/*
		 * A merged note of /proc/vmcore may hold zero filling where a
		 * CPU's note was dropped: go on behind it.
		 */
		if (namesz == 0 || padded(namesz) > left ||
		    descsz > left - padded(namesz)) {
			*pos += 4;
			continue;
		}
		ret->name = (const char *)p + NOTE_HEADER;
		ret->namesz = namesz;
		ret->type = kvmi_get32(p + 8, big_endian);
		ret->desc = p + NOTE_HEADER + padded(namesz);
		ret->descsz = descsz;
		*pos += (size_t)(NOTE_HEADER + padded(namesz) + padded(descsz));
		return (true);
	}
	return (false);
}

bool
kvmi_note_is(const struct kvmi_note *n, const char *name, uint32_t type)
{
	size_t len = strlen(name);

	return (n->type == type && (n->namesz == len || n->namesz == len + 1) &&
	    memcmp(n->name, name, len) == 0);
}
