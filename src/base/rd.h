/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bounded reader: all headers from files go through it.  It knows its
 * byte order, names the field it reads and remembers its first failure, so a
 * decoder reads top to bottom and checks once, at the end.
 */
#ifndef KVMI_RD_H
#define KVMI_RD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct kvmi_rd {
	const uint8_t	*base;
	size_t		 len;
	size_t		 pos;
	uint64_t	 off;		/* of base in the file, for messages */
	const char	*what;		/* "kdump header" */
	bool		 big_endian;
	int		 status;	/* first failure, 0: none */
	struct kvmi_err	*err;
};

uint64_t kvmi_rd_uint(struct kvmi_rd *r, const char *field, size_t size);

/* size bytes in place, NULL on failure. */
const void *kvmi_rd_bytes(struct kvmi_rd *r, const char *field, size_t size);

/* Continue at pos, which is relative to base. */
void kvmi_rd_seek(struct kvmi_rd *r, const char *field, size_t pos);

static inline uint32_t
kvmi_rd_u32(struct kvmi_rd *r, const char *field)
{
	return ((uint32_t)kvmi_rd_uint(r, field, 4));
}

static inline uint64_t
kvmi_rd_u64(struct kvmi_rd *r, const char *field)
{
	return (kvmi_rd_uint(r, field, 8));
}

static inline uint16_t
kvmi_rd_u16(struct kvmi_rd *r, const char *field)
{
	return ((uint16_t)kvmi_rd_uint(r, field, 2));
}

#endif
