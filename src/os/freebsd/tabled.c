/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Full memory of arm64 and riscv64, whose kernels have their first page tables
 * inside their image and go on using the root: sys/arm64/arm64/locore.S and
 * sys/riscv/riscv/locore.S of FreeBSD.  No FreeBSD kernel writes such dumps, but
 * hypervisors do.
 */
#include <inttypes.h>

#include "base/math.h"
#include "os/freebsd/full.h"

/* What kernels are loaded at is a multiple of this. */
#define ALIGN		(UINT64_C(2) << 20)
#define MAX_TRIES	(1 << 20)	/* of 2 TiB of memory */

/* Do the tables at pa map themselves where the kernel file has them? */
static bool
is_root(struct kvmi_kernel *k, const struct kvmi_paging *p, uint64_t va,
    uint64_t pa)
{
	struct kvmi_paging there = *p;
	struct kvmi_mapping m;

	there.root_pa = pa;
	return (kvmi_walk(&there, va, kvmi_image_read_phys, k->img, &m,
	    NULL) == 0 && m.pa + (va - m.va) == pa);
}

/* Wherever the kernel may have been loaded: the root, or 0. */
static uint64_t
search(struct kvmi_kernel *k, const struct kvmi_paging *p, uint64_t va)
{
	uint64_t pa = va % ALIGN;

	for (unsigned int n = 0; n < MAX_TRIES && pa < k->img->max_pa; n++) {
		struct kvmi_extent e;

		if (kvmi_image_locate(k->img, pa, &e, NULL) != 0)
			break;
		if (e.state != KVMI_STORED) {
			/* On to the first place behind the gap. */
			uint64_t end = e.start + e.len;

			if (end <= pa || end > UINT64_MAX - ALIGN)
				break;
			pa += (end - pa + ALIGN - 1) / ALIGN * ALIGN;
			continue;
		}
		if (is_root(k, p, va, pa))
			return (pa);
		pa += ALIGN;
	}
	return (0);
}

/* Try each of the page-table formats in turn. */
static int
tabled_root(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *symbol,
    const struct kvmi_paging *format, size_t n)
{
	uint64_t va, root = 0;
	int r = kvmi_full_symbol(k, cx, symbol, &va);

	if (r != 0)
		return (r);
	for (size_t i = 0; i < n && root == 0; i++) {
		root = search(k, &format[i], va);
		k->arch = format[i].arch;
		k->space.paging = format[i];
		k->space.paging.root_pa = root;
	}
	if (root != 0)
		return (0);
	return (kvmi_fail(&cx->err, KVMI_EMISMATCH, "%s: no kernel of %s in "
	    "it: nowhere are there page tables that map themselves to %s (0x%"
	    PRIx64 ")", k->img->src->name, k->opts->ko_execfile, symbol, va));
}

static int
arm64_root(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	static const struct kvmi_paging format[] = {
		{ .arch = &kvmi_arch_arm64, .levels = 4 },
		{ .arch = &kvmi_arch_arm64_16k, .levels = 4 },
	};

	return (tabled_root(k, cx, "pagetable_l0_ttbr1", format,
	    KVMI_COUNT(format)));
}

/* With Sv48 there is a level above, whose last entry leads to this table. */
static int
riscv_root(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	static const struct kvmi_paging format = { .arch = &kvmi_arch_riscv64,
		.levels = 3 };

	return (tabled_root(k, cx, "pagetable_l1", &format, 1));
}

const struct kvmi_full_arch kvmi_full_arm64 = { 183, arm64_root };
const struct kvmi_full_arch kvmi_full_riscv64 = { 243, riscv_root };
