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
#include "os/root.h"

/* Try each of the page-table formats in turn. */
static int
tabled_root(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *symbol,
    const struct kvmi_paging *format, size_t n)
{
	uint64_t va;
	int r = kvmi_full_symbol(k, cx, symbol, &va);

	if (r != 0)
		return (r);
	for (size_t i = 0; i < n; i++) {
		k->arch = format[i].arch;
		k->space.paging = format[i];
		if (kvmi_root_find(k, &k->space.paging, va))
			return (0);
	}
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
