/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/qemusave_parts.h"

#include <inttypes.h>

#define PTE		16
#define FLAG_MASK	0xfff

enum {
	ATTR_EOS = 1, ATTR_MORE = 2, ATTR_DONE = 8,
};

static int
skip(struct kvmi_src *src, uint64_t *at, uint64_t n, const char *what,
    struct kvmi_err *err)
{
	int r = kvmi_src_check(src, *at, n, what, err);

	if (r == 0)
		*at += n;
	return (r);
}

/*
 * A table's size in bits, or -1 for none; after a 0, runs of entries: where
 * they begin, how many are there, and how many behind these are not.
 */
int
kvmi_qemusave_skip_htab(struct kvmi_src *src, uint64_t *at,
    struct kvmi_err *err)
{
	static const char what[] = "hash table of pages";
	uint64_t size, run = 0;
	int r = kvmi_src_take_uint(src, at, 4, true, what, &size, err);

	if (r != 0 || size != 0)
		return (r);
	do {
		uint64_t index = 0;

		r = kvmi_src_take_uint(src, at, 4, true, what, &index, err);
		if (r == 0)
			r = kvmi_src_take_uint(src, at, 4, true, what, &run,
			    err);
		if (r == 0)
			r = skip(src, at, (run >> 16) * PTE, what, err);
		run |= index;
	} while (r == 0 && run != 0);
	return (r);
}

int
kvmi_qemusave_skip_attributes(struct kvmi_src *src, uint64_t *at,
    struct kvmi_err *err)
{
	static const char what[] = "storage attributes";
	uint64_t record, len;
	int r;

	for (;;) {
		uint64_t record_off = *at;

		r = kvmi_src_take_uint(src, at, 8, true, what, &record, err);
		if (r != 0)
			return (r);
		switch (record & FLAG_MASK) {
		case ATTR_EOS:
			return (0);
		case ATTR_DONE:
			break;
		case ATTR_MORE:
			r = kvmi_src_take_uint(src, at, 8, true, what, &len,
			    err);
			if (r == 0)
				r = skip(src, at, len, what, err);
			if (r != 0)
				return (r);
			break;
		default:	/* 4: the writer failed */
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: storage "
			    "attributes at 0x%" PRIx64 " have flags 0x%"
			    PRIx64 ", wanted 1, 2 or 8", src->name, record_off,
			    record & FLAG_MASK));
		}
	}
}
