/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GPT: UEFI Specification 2.10, section 5.3.  MBR: the same, 5.2.  BSD label:
 * sys/sys/disk/bsd.h of FreeBSD, with offsets relative to partition c as
 * sys/geom/part/g_part_bsd.c has them.  All are little-endian here.
 */
#include "image/dumppart.h"

#include <string.h>

#include "base/endian.h"
#include "base/math.h"

#define SECTOR		512
#define MBR_TABLE	446
#define MBR_ENTRIES	4
#define MBR_FREEBSD	0xa5
#define LABEL_MAGIC	UINT32_C(0x82564557)
#define LABEL_ENTRY	16
#define LABEL_TABLE	148
#define LABEL_MAX	20	/* what fits into the sector */
#define RAW_PART	2

struct parts {
	struct kvmi_src	*src;
	struct kvmi_part *v;
	size_t		 n;
};

/* Of those that end alike, a slice and its last partition, only the first. */
static void
add(struct parts *p, uint64_t start, uint64_t len)
{
	if (p->n == KVMI_MAX_PARTS || len == 0 ||
	    !kvmi_inside(start, len, p->src->size))
		return;
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].end == start + len)
			return;
	p->v[p->n++] = (struct kvmi_part){ start, start + len };
}

static bool
get(struct parts *p, uint64_t off, void *buf, size_t n)
{
	struct kvmi_err ignored;

	return (kvmi_src_read(p->src, off, buf, n, "partition table",
	    &ignored) == 0);
}

static bool
gpt(struct parts *p, uint64_t sector)
{
	uint8_t h[92], e[48];
	uint64_t table, at, first, last;
	uint32_t n, size;

	if (!get(p, sector, h, sizeof(h)) || memcmp(h, "EFI PART", 8) != 0)
		return (false);
	n = (uint32_t)kvmi_min(kvmi_get32(h + 80, false), KVMI_MAX_PARTS);
	size = kvmi_get32(h + 84, false);
	if (size < 128 || size > 4096 ||
	    !kvmi_mul(kvmi_get64(h + 72, false), sector, &table))
		return (true);
	for (uint32_t i = 0; i < n; i++) {
		if (!kvmi_add(table, (uint64_t)i * size, &at) ||
		    !get(p, at, e, sizeof(e)))
			break;
		first = kvmi_get64(e + 32, false);
		last = kvmi_get64(e + 40, false);
		if (first == 0 || last < first || last > INT64_MAX / sector)
			continue;
		add(p, first * sector, (last - first + 1) * sector);
	}
	return (true);
}

static void
bsd_label(struct parts *p, uint64_t start)
{
	uint8_t l[SECTOR];
	uint32_t raw;
	unsigned int n;

	if (!get(p, start + SECTOR, l, sizeof(l)) ||
	    kvmi_get32(l, false) != LABEL_MAGIC ||
	    kvmi_get32(l + 132, false) != LABEL_MAGIC)
		return;
	n = (unsigned int)kvmi_min(kvmi_get16(l + 138, false), LABEL_MAX);
	raw = kvmi_get32(l + LABEL_TABLE + RAW_PART * LABEL_ENTRY + 4, false);
	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *e = l + LABEL_TABLE + i * LABEL_ENTRY;
		uint32_t off = kvmi_get32(e + 4, false);

		if (off >= raw)
			add(p, start + (uint64_t)(off - raw) * SECTOR,
			    (uint64_t)kvmi_get32(e, false) * SECTOR);
	}
}

static void
mbr(struct parts *p)
{
	uint8_t m[SECTOR];

	if (!get(p, 0, m, sizeof(m)) || m[510] != 0x55 || m[511] != 0xaa)
		return;
	for (unsigned int i = 0; i < MBR_ENTRIES; i++) {
		const uint8_t *e = m + MBR_TABLE + 16 * i;
		uint64_t start = (uint64_t)kvmi_get32(e + 8, false) * SECTOR;

		if (start == 0)
			continue;
		add(p, start, (uint64_t)kvmi_get32(e + 12, false) * SECTOR);
		if (e[4] == MBR_FREEBSD)
			bsd_label(p, start);
	}
}

size_t
kvmi_partitions(struct kvmi_src *src, struct kvmi_part ret[KVMI_MAX_PARTS])
{
	struct parts p = { .src = src, .v = ret };

	if (!gpt(&p, 512) && !gpt(&p, 4096))
		mbr(&p);
	return (p.n);
}
