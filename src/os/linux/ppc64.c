/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux on powerpc64, in either byte order: where its page tables are
 * (arch/powerpc/include/asm/book3s/64/pgtable.h, radix.h and hash.h).
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/linux.h"

#define PAGE_OFFSET		UINT64_C(0xc000000000000000)
#define RADIX_END		UINT64_C(0xc010000000000000)
#define VMALLOC_64K		UINT64_C(0xc008000000000000)
#define VMALLOC_OLD		UINT64_C(0xd000000000000000)
/* Below what any kernel with a hash table maps by it, above any memory. */
#define DIRECT_LEN		(UINT64_C(1) << 45)

#define PTE_PRESENT_INVALID	(UINT64_C(1) << 61)	/* while it is changed */
#define PTE_LEAF		(UINT64_C(1) << 62)
#define PTE_RPN			UINT64_C(0x00fffffffffff000)
#define SWAP_TYPE(raw)		((unsigned int)(raw) & 0x1f)
#define HUGEPD_ADDR		UINT64_C(0x0fffffffffffffc0)
#define HUGEPD_SIZE		UINT64_C(0x3f)

/* struct page of so much memory that each stretch serves is no machine's. */
#define MAX_VMEMMAP		65536

static const struct kvmi_arch *
radix_arch(const struct kvmi_linux *l)
{
	return (kvmi_linux_page_size(l) == 65536 ? &kvmi_arch_ppc64_64k :
	    &kvmi_arch_ppc64);
}

static void
use_arch(struct kvmi_kernel *k, const struct kvmi_arch *arch)
{
	k->arch = arch;
	k->space.paging.arch = arch;
	k->space.paging.levels = arch->max_levels;
}

/* With a radix tree, its tables map the kernel image too. */
static bool
is_radix(struct kvmi_kernel *k, const struct kvmi_linux *l,
    struct kvmi_cx *cx)
{
	struct kvmi_mapping m;
	uint64_t va = l->stext;
	int64_t radix;

	if (kvmi_vmcoreinfo_number(&l->info, "RADIX_MMU", &radix))
		return (radix != 0);
	if (va == 0 && !kvmi_vmcoreinfo_symbol(&l->info, "init_uts_ns", &va))
		return (true);
	return (kvmi_walk(&k->space.paging, va, kvmi_image_read_phys, k->img,
	    &m, &cx->err) == 0 && m.va - m.pa == PAGE_OFFSET);
}

/* Of a kernel whose direct map is at hand; name's variable, or ret as it was. */
static void
variable(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab *t, const char *name, uint64_t *ret)
{
	struct kvmi_sym sym;
	struct kvmi_err ignored;
	uint64_t v;

	if (kvmi_symtab_by_name(t, name, &sym, &ignored) == 0 &&
	    kvmi_kread_uint(k, cx, sym.addr, 8, &v) == 0)
		*ret = v;
}

/* The row whose levels take as many bits as this kernel says. */
static const struct kvmi_arch *
hash_arch(const struct kvmi_linux *l, const uint64_t bits[4])
{
	const struct kvmi_arch *usual = NULL;

	for (const struct kvmi_arch *a = kvmi_arch_ppc64_hash;
	    a->name != NULL; a++) {
		unsigned int same = 0;

		if (UINT64_C(1) << a->page_shift != kvmi_linux_page_size(l))
			continue;
		for (unsigned int i = 0; i < 4; i++)
			same += a->level[i].bits == bits[i];
		if (same == 4)
			return (a);
		if (usual == NULL)
			usual = a;
	}
	return (usual);
}

/*
 * With a hash table the direct map is in no table, and how those of the rest
 * are made only variables of the kernel tell.
 */
static int
use_hash(struct kvmi_kernel *k, struct kvmi_linux *l, struct kvmi_cx *cx)
{
	static const char *const names[] = { "__pte_index_size",
		"__pmd_index_size", "__pud_index_size", "__pgd_index_size" };
	uint64_t bits[4] = { 0 }, first;
	const struct kvmi_arch *arch = hash_arch(l, bits);

	if (arch == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: pages of %"
		    PRIu64 " bytes", k->img->src->name,
		    kvmi_linux_page_size(l)));
	first = arch == kvmi_arch_ppc64_hash ? VMALLOC_64K : VMALLOC_OLD;
	use_arch(k, arch);
	l->direct = calloc(1, sizeof(*l->direct));
	if (l->direct == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory"));
	*l->direct = (struct kvmi_direct){ PAGE_OFFSET, DIRECT_LEN, 0 };
	k->space.paging.direct = l->direct;
	k->space.paging.ndirect = 1;
	if (kvmi_linux_early_symtab(k, l, cx) == 0) {
		for (unsigned int i = 0; i < 4; i++)
			variable(k, cx, l->early, names[i], &bits[i]);
		variable(k, cx, l->early, "__kernel_virt_start", &first);
		use_arch(k, hash_arch(l, bits));
	}
	kvmi_space_flush(cx);
	l->va.first = first;
	l->va.last = first | ((UINT64_C(1) << (k->arch->level[3].shift +
	    k->arch->level[3].bits)) - 1);
	l->va.user_end = UINT64_C(1) << (k->arch->level[3].shift +
	    k->arch->level[3].bits);
	return (0);
}

/*
 * The array of struct page is mapped in the hash table only, in stretches
 * that the kernel has a list of.  What is wrong with it ends it.
 */
static void
add_vmemmap(struct kvmi_kernel *k, struct kvmi_linux *l, struct kvmi_cx *cx)
{
	uint64_t at, size, psize, defs, shift_off, next_off, phys_off, va_off;
	const struct kvmi_vmcoreinfo *v = &l->info;
	struct kvmi_direct *d, *grown;
	uint64_t seen = 0;
	size_t n = 1;

	if (!kvmi_vmcoreinfo_symbol(v, "vmemmap_list", &at) ||
	    !kvmi_vmcoreinfo_symbol(v, "mmu_vmemmap_psize", &psize) ||
	    !kvmi_vmcoreinfo_symbol(v, "mmu_psize_defs", &defs) ||
	    !kvmi_vmcoreinfo_size(v, "mmu_psize_def", &size) ||
	    !kvmi_vmcoreinfo_offset(v, "mmu_psize_def.shift", &shift_off) ||
	    !kvmi_vmcoreinfo_offset(v, "vmemmap_backing.list", &next_off) ||
	    !kvmi_vmcoreinfo_offset(v, "vmemmap_backing.phys", &phys_off) ||
	    !kvmi_vmcoreinfo_offset(v, "vmemmap_backing.virt_addr", &va_off))
		return;
	if (kvmi_kread_uint(k, cx, psize, 4, &psize) != 0 ||
	    kvmi_kread_uint(k, cx, defs + psize * size + shift_off, 4,
	    &shift_off) != 0 || shift_off < 12 || shift_off > 34 ||
	    kvmi_kread_ptr(k, cx, at, &at) != 0)
		return;
	/* In a circle one that was remembered comes again. */
	while (at != 0 && at != seen && n < MAX_VMEMMAP) {
		if (kvmi_is_pow2(n))
			seen = at;
		grown = realloc(l->direct, (n + 1) * sizeof(*grown));
		if (grown == NULL)
			break;
		l->direct = grown;
		k->space.paging.direct = grown;
		d = &grown[n];
		d->len = UINT64_C(1) << shift_off;
		if (kvmi_kread_ptr(k, cx, at + phys_off, &d->pa) != 0 ||
		    kvmi_kread_ptr(k, cx, at + va_off, &d->va) != 0 ||
		    kvmi_kread_ptr(k, cx, at + next_off, &at) != 0)
			break;
		n++;
	}
	k->space.paging.ndirect = n;
	kvmi_space_flush(cx);
}

static int
from_vmcoreinfo(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx)
{
	uint64_t root, offset;
	int r;

	if (!kvmi_vmcoreinfo_symbol(&l->info, "swapper_pg_dir", &root))
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: VMCOREINFO has "
		    "no SYMBOL(swapper_pg_dir)", k->img->src->name));
	kvmi_vmcoreinfo_symbol(&l->info, "_stext", &l->stext);
	if (kvmi_vmcoreinfo_hex(&l->info, "KERNELOFFSET", &offset))
		k->kerndisp = (int64_t)offset;
	k->space.ops = &kvmi_space_paged;
	k->space.paging = (struct kvmi_paging){
		.root_pa = root & ~PAGE_OFFSET,
		.big_endian = true,
	};
	use_arch(k, radix_arch(l));
	l->va.first = PAGE_OFFSET;
	l->va.last = RADIX_END - 1;
	l->va.user_end = UINT64_C(1) << 52;
	if (is_radix(k, l, cx))
		return (0);
	r = use_hash(k, l, cx);
	if (r == 0)
		add_vmemmap(k, l, cx);
	return (r);
}

static enum kvmi_linux_absent
absent(const struct kvmi_paging *p, uint64_t raw, unsigned int level,
    uint64_t *pa, unsigned int *swap)
{
	if ((raw & PTE_LEAF) == 0)
		return (KVMI_ABSENT_NONE);
	if ((raw & PTE_PRESENT_INVALID) != 0) {
		*pa = raw & PTE_RPN &
		    ~((UINT64_C(1) << p->arch->level[level].shift) - 1);
		return (KVMI_ABSENT_KEPT);
	}
	*swap = SWAP_TYPE(raw);
	return (KVMI_ABSENT_SWAP);
}

/*
 * Huge pages of kernels with a hash table and pages of 4 KiB, up to 6.10: the
 * entry leads to a directory of them and says which row of mmu_psize_defs has
 * their size (arch/powerpc/include/asm/book3s/64/hugetlb.h).
 */
static int
huge_directory(const struct kvmi_space *s, const struct kvmi_linux *l,
    uint64_t va, uint64_t raw, struct kvmi_mapping *m, struct kvmi_err *err)
{
	uint64_t span = UINT64_C(1) << s->paging.arch->level[m->level].shift,
	    defs, size, off, shift, at;
	struct kvmi_pte pte;
	uint8_t b[8];
	int r;

	if (s->paging.arch->pte != kvmi_arch_ppc64_hash->pte ||
	    m->level == 0 || (raw & PTE_LEAF) != 0 || (raw & HUGEPD_SIZE) == 0)
		return (KVMI_ENOTMINE);
	if (!kvmi_vmcoreinfo_symbol(&l->info, "mmu_psize_defs", &defs) ||
	    !kvmi_vmcoreinfo_size(&l->info, "mmu_psize_def", &size) ||
	    !kvmi_vmcoreinfo_offset(&l->info, "mmu_psize_def.shift", &off))
		return (kvmi_fail(err, KVMI_ENOTSUP, "VMCOREINFO does not tell "
		    "how large huge pages are"));
	defs += ((raw & HUGEPD_SIZE) >> 2) * size + off;
	r = kvmi_image_read_phys(s->img, defs & ~PAGE_OFFSET, b, 4, err);
	if (r != 0)
		return (kvmi_wrap(err, r, "mmu_psize_defs"));
	/* In the kernel's byte order, where tables are all big-endian. */
	shift = kvmi_get32(b, true);
	if (shift > 40)
		shift = kvmi_get32(b, false);
	if (shift < s->paging.arch->page_shift || shift > 40 ||
	    span <= UINT64_C(1) << shift)
		return (kvmi_fail(err, KVMI_EFORMAT, "entry 0x%" PRIx64 " at "
		    "physical 0x%" PRIx64 ": huge pages of 2^%" PRIu64
		    " bytes", raw, m->entry_pa, shift));
	at = (raw & HUGEPD_ADDR) + 8 * ((va & (span - 1)) >> shift);
	r = kvmi_image_read_phys(s->img, at, b, 8, err);
	if (r != 0)
		return (kvmi_wrap(err, r, "directory of huge pages"));
	s->paging.arch->pte(kvmi_get64(b, true), m->level, &pte);
	if (!pte.leaf || !pte.present)
		return (kvmi_fail(err, KVMI_ENOTMAPPED, "invalid user address "
		    "(0x%" PRIx64 "): not mapped", va));
	m->len = UINT64_C(1) << shift;
	m->va = va & ~(m->len - 1);
	m->pa = pte.pa & ~(m->len - 1);
	m->prot = pte.prot;
	m->entry_pa = at;
	return (0);
}

static int
linear(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_mapping *ret)
{
	(void)k;
	(void)cx;
	*ret = (struct kvmi_mapping){ .va = PAGE_OFFSET };
	return (0);
}

/* struct pt_regs (arch/powerpc/include/uapi/asm/ptrace.h). */
static const struct kvmi_linux_reg regs[] = {
	{ "r0", 0, 8 }, { "r1", 8, 8 }, { "r2", 16, 8 }, { "r3", 24, 8 },
	{ "r4", 32, 8 }, { "r5", 40, 8 }, { "r6", 48, 8 }, { "r7", 56, 8 },
	{ "r8", 64, 8 }, { "r9", 72, 8 }, { "r10", 80, 8 }, { "r11", 88, 8 },
	{ "r12", 96, 8 }, { "r13", 104, 8 }, { "r14", 112, 8 },
	{ "r15", 120, 8 }, { "r16", 128, 8 }, { "r17", 136, 8 },
	{ "r18", 144, 8 }, { "r19", 152, 8 }, { "r20", 160, 8 },
	{ "r21", 168, 8 }, { "r22", 176, 8 }, { "r23", 184, 8 },
	{ "r24", 192, 8 }, { "r25", 200, 8 }, { "r26", 208, 8 },
	{ "r27", 216, 8 }, { "r28", 224, 8 }, { "r29", 232, 8 },
	{ "r30", 240, 8 }, { "r31", 248, 8 }, { "nip", 256, 8 },
	{ "msr", 264, 8 }, { "orig_r3", 272, 8 }, { "ctr", 280, 8 },
	{ "link", 288, 8 }, { "xer", 296, 8 }, { "ccr", 304, 8 },
	{ "trap", 320, 8 }, { "dar", 328, 8 }, { "dsisr", 336, 8 },
	{ NULL, 0, 0 },
};

static const struct kvmi_linux_saved saved[] = {
	{ "r1", "thread.ksp" }, { NULL, NULL },
};

static int
saved_regs(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t task,
    struct kvmi_regs *out)
{
	return (kvmi_linux_saved_in_task(k, cx, task, saved, out));
}

const struct kvmi_linux_arch kvmi_linux_ppc64 = {
	.arch = &kvmi_arch_ppc64,
	.from_vmcoreinfo = from_vmcoreinfo,
	.absent = absent,
	.indirect = huge_directory,
	.user = kvmi_linux_user_half,
	.linear = linear,
	.regs = regs,
	.saved_regs = saved_regs,
};
