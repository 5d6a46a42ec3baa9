/* SPDX-License-Identifier: BSD-2-Clause */
/* ORC tables and a stack in a small piece of memory. */
#ifndef BUILD_ORC_H
#define BUILD_ORC_H

#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/orc.h"

#define WORLD_VA	UINT64_C(0x10000)
#define WORLD_LEN	0x1000
#define WORLD_IPS	UINT64_C(0x10000)
#define WORLD_ENTRIES	UINT64_C(0x10100)
#define WORLD_STACK	UINT64_C(0x10800)

struct world {
	uint8_t		 p[WORLD_LEN];
	struct kvmi_orc	 orc;
	struct kvmi_orc_table table;
};

static inline int
world_read(void *arg, uint64_t va, void *buf, size_t len, struct kvmi_err *e)
{
	const struct world *w = arg;

	if (va < WORLD_VA || !kvmi_inside(va - WORLD_VA, len, WORLD_LEN))
		return (kvmi_fail(e, KVMI_ENOTMAPPED, "not mapped"));
	memcpy(buf, w->p + (va - WORLD_VA), len);
	return (0);
}

/* modern: as since Linux 6.4. */
static inline void
world_start(struct world *w, bool modern)
{
	const struct kvmi_member bits = { .off = 4, .size = 4, .count = 1 };

	memset(w, 0, sizeof(*w));
	w->orc = (struct kvmi_orc){ .read = world_read, .arg = w,
		.entry_size = 6,
		.sp_offset = { .off = 0, .size = 2, .count = 1,
		    .is_signed = true },
		.bp_offset = { .off = 2, .size = 2, .count = 1,
		    .is_signed = true },
		.sp_reg = bits, .bp_reg = bits, .type = bits };
	w->orc.sp_reg.bit_size = w->orc.bp_reg.bit_size = 4;
	w->orc.bp_reg.bit_off = 4;
	w->orc.type.bit_off = 8;
	w->orc.type.bit_size = modern ? 3 : 2;
	if (!modern) {
		w->orc.end = bits;
		w->orc.end.bit_off = 10;
		w->orc.end.bit_size = 1;
	}
	w->table = (struct kvmi_orc_table){ .ips = WORLD_IPS,
		.entries = WORLD_ENTRIES };
	/* An empty table has the old numbers. */
	kvmi_orc_numbering(&w->orc, &w->table, NULL);
}

static inline void
world_put(struct world *w, uint64_t va, uint64_t v, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		w->p[va - WORLD_VA + i] = (uint8_t)(v >> 8 * i);
}

/* The next entry, which starts to apply at ip. */
static inline void
world_entry(struct world *w, uint64_t ip, int sp_offset, int bp_offset,
    unsigned int bits)
{
	uint64_t at = WORLD_IPS + 4 * w->table.n;
	uint64_t e = WORLD_ENTRIES + 6 * w->table.n;

	world_put(w, at, ip - at, 4);
	world_put(w, e, (uint64_t)(int64_t)sp_offset, 2);
	world_put(w, e + 2, (uint64_t)(int64_t)bp_offset, 2);
	world_put(w, e + 4, bits, 2);
	w->table.n++;
}

#endif
