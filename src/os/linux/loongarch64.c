/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux on LoongArch: where its page tables are (arch/loongarch/include/asm/
 * addrspace.h, pgtable.h and pgtable-bits.h).
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/linux.h"

#define WINDOW_LEN		(UINT64_C(1) << 48)

/*
 * The windows that the kernel sets up: for accesses through the cache, where
 * it and all memory are mapped, beside it, and since 6.3 in any order.
 */
static const struct kvmi_direct windows[] = {
	{ UINT64_C(0x9000000000000000), WINDOW_LEN, 0 },
	{ UINT64_C(0x8000000000000000), WINDOW_LEN, 0 },
	{ UINT64_C(0xa000000000000000), WINDOW_LEN, 0 },
};

#define PTE_HUGE		UINT64_C(0x040)
#define PTE_GLOBAL		UINT64_C(0x040)	/* in the last level */
#define PTE_PROT_NONE		UINT64_C(0x400)
#define PTE_WAS_PRESENT		(UINT64_C(1) << 60)
#define PTE_ADDR		UINT64_C(0x0000fffffffff000)
#define SWAP_TYPE(raw)		((unsigned int)((raw) >> 16) & 0x7f)

/* Which page sizes there are, and how many levels one has if none tells. */
static const struct {
	const struct kvmi_arch *arch;
	unsigned int	levels;
} sizes[] = {
	{ &kvmi_arch_loongarch64, 3 },
	{ &kvmi_arch_loongarch64_4k, 4 },
	{ &kvmi_arch_loongarch64_64k, 2 },
};

#define MAX_TABLE		65536

/* The value of more than half of a table's entries; false: there is none. */
static bool
majority(const uint8_t *table, size_t n, uint64_t *ret)
{
	uint64_t most = 0;
	size_t votes = 0, count = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t v = kvmi_get64(table + 8 * i, false);

		if (votes == 0)
			most = v;
		votes = v == most ? votes + 1 : votes - 1;
	}
	for (size_t i = 0; i < n; i++)
		count += kvmi_get64(table + 8 * i, false) == most;
	*ret = most;
	return (count > n / 2);
}

/*
 * Entries for nothing lead to a table of nothing but such entries, one for
 * each level (invalid_pmd_table and others).  Most entries of the root are
 * for nothing, so they lead to all of these, and the last ends the levels.
 */
static void
find_empty(struct kvmi_kernel *k, struct kvmi_paging *p, uint8_t *table)
{
	size_t len = (size_t)1 << p->arch->page_shift, n = len / 8;
	uint64_t at[KVMI_MAX_LEVELS], v;
	struct kvmi_err ignored;
	unsigned int found = 0;

	if (kvmi_image_read_phys(k->img, p->root_pa, table, len,
	    &ignored) != 0 || !majority(table, n, &v))
		return;
	while ((v & ~PTE_GLOBAL) != 0) {
		if (found == p->arch->max_levels - 1)
			return;
		at[found] = v & PTE_ADDR;
		if (kvmi_image_read_phys(k->img, at[found], table, len,
		    &ignored) != 0)
			return;
		found++;
		v = kvmi_get64(table, false);
		for (size_t i = 1; i < n; i++)
			if (kvmi_get64(table + 8 * i, false) != v)
				return;
	}
	if (found == 0)
		return;
	p->levels = found + 1;
	for (unsigned int i = 0; i < found; i++)
		p->empty_pa[found - 1 - i] = at[i];
}

static int
from_vmcoreinfo(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx)
{
	struct kvmi_paging *p = &k->space.paging;
	uint64_t root, page;
	uint8_t *table;
	unsigned int bits;

	if (!kvmi_vmcoreinfo_symbol(&l->info, "swapper_pg_dir", &root))
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: VMCOREINFO has "
		    "no SYMBOL(swapper_pg_dir)", k->img->src->name));
	kvmi_vmcoreinfo_symbol(&l->info, "_stext", &l->stext);
	page = kvmi_linux_page_size(l);
	*p = (struct kvmi_paging){ .root_pa = root % WINDOW_LEN,
		.direct = windows, .ndirect = KVMI_COUNT(windows) };
	for (size_t i = 0; i < KVMI_COUNT(sizes); i++)
		if (page == UINT64_C(1) << sizes[i].arch->page_shift) {
			p->arch = sizes[i].arch;
			p->levels = sizes[i].levels;
		}
	if (p->arch == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: pages of %"
		    PRIu64 " bytes", k->img->src->name, page));
	table = malloc(MAX_TABLE);
	if (table == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory"));
	find_empty(k, p, table);
	free(table);
	k->arch = p->arch;
	k->space.ops = &kvmi_space_paged;
	bits = k->arch->level[p->levels - 1].shift +
	    k->arch->level[p->levels - 1].bits;
	l->va.first = -(UINT64_C(1) << bits);
	l->va.last = UINT64_MAX;
	l->va.user_end = UINT64_C(1) << bits;
	return (0);
}

/* Pages out of reach, to mprotect(2), NUMA balancing, or while split. */
static enum kvmi_linux_absent
absent(const struct kvmi_paging *p, uint64_t raw, unsigned int level,
    uint64_t *pa, unsigned int *swap)
{
	uint64_t page = UINT64_C(1) << p->arch->level[level].shift;

	if ((level == 0 && (raw & ~PTE_GLOBAL) == 0) ||
	    (level > 0 && (raw & PTE_HUGE) == 0))
		return (KVMI_ABSENT_NONE);
	if ((raw & PTE_PROT_NONE) != 0 ||
	    (level > 0 && (raw & PTE_WAS_PRESENT) != 0)) {
		*pa = raw & PTE_ADDR & ~(page - 1);
		return (KVMI_ABSENT_KEPT);
	}
	*swap = SWAP_TYPE(raw);
	return (KVMI_ABSENT_SWAP);
}

static int
linear(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_mapping *ret)
{
	(void)k;
	(void)cx;
	*ret = (struct kvmi_mapping){ .va = windows[0].va };
	return (0);
}

/* struct user_pt_regs (arch/loongarch/include/uapi/asm/ptrace.h). */
static const struct kvmi_linux_reg regs[] = {
	{ "ra", 8, 8 }, { "tp", 16, 8 }, { "sp", 24, 8 }, { "a0", 32, 8 },
	{ "a1", 40, 8 }, { "a2", 48, 8 }, { "a3", 56, 8 }, { "a4", 64, 8 },
	{ "a5", 72, 8 }, { "a6", 80, 8 }, { "a7", 88, 8 }, { "t0", 96, 8 },
	{ "t1", 104, 8 }, { "t2", 112, 8 }, { "t3", 120, 8 },
	{ "t4", 128, 8 }, { "t5", 136, 8 }, { "t6", 144, 8 },
	{ "t7", 152, 8 }, { "t8", 160, 8 }, { "u0", 168, 8 },
	{ "fp", 176, 8 }, { "s0", 184, 8 }, { "s1", 192, 8 },
	{ "s2", 200, 8 }, { "s3", 208, 8 }, { "s4", 216, 8 },
	{ "s5", 224, 8 }, { "s6", 232, 8 }, { "s7", 240, 8 },
	{ "s8", 248, 8 }, { "orig_a0", 256, 8 }, { "era", 264, 8 },
	{ "badv", 272, 8 },
	{ NULL, 0, 0 },
};

/* struct thread_struct (arch/loongarch/include/asm/processor.h). */
static const struct kvmi_linux_saved saved[] = {
	{ "ra", "thread.reg01" }, { "sp", "thread.reg03" },
	{ "fp", "thread.reg22" }, { "s0", "thread.reg23" },
	{ "s1", "thread.reg24" }, { "s2", "thread.reg25" },
	{ "s3", "thread.reg26" }, { "s4", "thread.reg27" },
	{ "s5", "thread.reg28" }, { "s6", "thread.reg29" },
	{ "s7", "thread.reg30" }, { "s8", "thread.reg31" },
	{ NULL, NULL },
};

static int
saved_regs(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t task,
    struct kvmi_regs *out)
{
	return (kvmi_linux_saved_in_task(k, cx, task, saved, out));
}

const struct kvmi_linux_arch kvmi_linux_loongarch64 = {
	.arch = &kvmi_arch_loongarch64,
	.from_vmcoreinfo = from_vmcoreinfo,
	.absent = absent,
	.user = kvmi_linux_user_half,
	.linear = linear,
	.regs = regs,
	.saved_regs = saved_regs,
};
