/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of powerpc kernels by physical address: sys/kern/kern_dump.c writes
 * it when debug.minidump is 0, with p_vaddr all ones; hypervisors do too.
 * Where the tables are: sys/powerpc/aim/mmu_oea.c (32-bit CPUs), mmu_oea64.c
 * and moea64_native.c (64-bit ones), mmu_radix.c (since POWER9).
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/freebsd/full.h"
#include "os/freebsd/hpt.h"

#define EM_PPC		20
#define EM_PPC64	21

#define SEGMENTS	16
#define SEGMENT_SHIFT	28
/* 32-bit kernels: sys/powerpc/include/sr.h, bat.h */
#define EMPTY_SEGMENT	UINT64_C(0xfffff0)
#define BAT_SIZE	8
#define BAT_VALID	UINT32_C(0x2)	/* in the kernel */
#define BAT_PLACE	UINT32_C(0xfffe0000)
#define BAT_LENGTH	UINT32_C(0x1ffc)

/* sys/powerpc/include/vmparam.h */
#define DMAP		UINT64_C(0xc000000000000000)
#define DMAP_END	UINT64_C(0xc008000000000000)
/* The first entry of the process table: Power ISA 3.0, Book III, 5.7.6.2. */
#define RADIX_ROOT	UINT64_C(0x0fffffffffffff00)

struct power {
	struct kvmi_hpt	 hpt;
	struct kvmi_direct direct[SEGMENTS];
	size_t		 ndirect;
};

static void
set_space(struct kvmi_kernel *k, const struct power *p,
    const struct kvmi_arch *arch)
{
	k->arch = arch;
	k->space.ops = &kvmi_freebsd_hash_space;
	k->space.arg = &p->hpt;
	k->space.paging = (struct kvmi_paging){ .arch = arch,
		.big_endian = true, .direct = p->direct,
		.ndirect = p->ndirect };
}

static void
add_direct(struct power *p, uint64_t va, uint64_t len, uint64_t pa)
{
	if (p->ndirect < SEGMENTS)
		p->direct[p->ndirect++] = (struct kvmi_direct){ .va = va,
			.len = len, .pa = pa };
}

/* A table of count groups at the address that a variable has. */
static int
set_table(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_hpt *t,
    uint64_t at, uint64_t count)
{
	uint64_t size = t->short_entries ? 64 : 128;

	if (count != 0 && (count & (count - 1)) == 0 &&
	    count <= (UINT64_C(1) << 46) / size && at % size == 0) {
		t->at = at;
		t->len = count * size;
		return (0);
	}
	return (kvmi_fail(&cx->err, KVMI_EMISMATCH, "%s: a hash table of 0x%"
	    PRIx64 " groups at physical 0x%" PRIx64 " cannot be: is %s the "
	    "kernel of this dump?", k->img->src->name, count, at,
	    k->opts->ko_execfile));
}

/* The kernel maps itself, where windows do not. */
static int
check_map(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    uint64_t pa)
{
	struct kvmi_mapping m;

	if (kvmi_space_translate(&k->space, va, &m, &cx->err) == 0 &&
	    m.pa + (va - m.va) == pa)
		return (0);
	return (kvmi_fail(&cx->err, KVMI_EMISMATCH, "%s: its tables do not map "
	    "the kernel (0x%" PRIx64 " to 0x%" PRIx64 "): is %s the kernel of "
	    "this dump?", k->img->src->name, va, pa, k->opts->ko_execfile));
}

/* What the CPU's block registers are loaded with on demand. */
static int
add_blocks(struct kvmi_kernel *k, struct kvmi_cx *cx, struct power *p,
    uint64_t battable)
{
	uint8_t raw[SEGMENTS * BAT_SIZE];
	int r = kvmi_image_read_phys(k->img, battable, raw, sizeof(raw),
	    &cx->err);

	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "%s: battable at 0x%" PRIx64,
		    k->img->src->name, battable));
	for (unsigned int i = 0; i < SEGMENTS; i++) {
		uint32_t up = kvmi_get32(raw + i * BAT_SIZE, true);
		uint32_t low = kvmi_get32(raw + i * BAT_SIZE + 4, true);

		if (up & BAT_VALID)
			add_direct(p, up & BAT_PLACE, (uint64_t)((up &
			    BAT_LENGTH) >> 2) * 0x20000 + 0x20000,
			    low & BAT_PLACE);
	}
	return (0);
}

/*
 * A kernel of 32 bits lies where it was linked, at va = pa.  On a CPU of 64
 * bits it has that one's table, which maps the kernel too.
 */
static int
aim32_root(struct kvmi_kernel *k, struct kvmi_cx *cx, struct power *p)
{
	const struct kvmi_boot b = { 0 };
	uint64_t at, count, battable, here;
	int r;

	r = kvmi_full_symbol(k, cx, "moea_pteg_table", &here);
	if (r == 0)
		r = kvmi_full_symbol(k, cx, "battable", &battable);
	if (r == 0)
		r = kvmi_full_variable(k, cx, &b, "moea_pteg_table", 4, &at);
	p->hpt = (struct kvmi_hpt){ .vsid = EMPTY_SEGMENT,
		.short_entries = r == 0 && at != 0, .last = UINT32_MAX };
	if (r == 0 && at == 0)
		r = kvmi_full_variable(k, cx, &b, "moea64_pteg_table", 4, &at);
	if (r == 0)
		r = kvmi_full_variable(k, cx, &b, p->hpt.short_entries ?
		    "moea_pteg_count" : "moea64_pteg_count", 4, &count);
	if (r == 0)
		r = set_table(k, cx, &p->hpt, at, count);
	if (r == 0)
		r = add_blocks(k, cx, p, battable);
	if (r != 0)
		return (r);
	set_space(k, p, &kvmi_arch_ppc);
	return (check_map(k, cx, here, here));
}

/*
 * Since 12.0 a kernel of 64 bits runs in the direct map, wherever the loader
 * put it, and keeps its address in a variable.  Earlier ones are at va = pa.
 */
static int
place64(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_boot *b)
{
	struct kvmi_err saved = cx->err;
	uint64_t va, base;

	*b = (struct kvmi_boot){ 0 };
	if (kvmi_full_symbol(k, cx, "__startkernel", &va) != 0 ||
	    kvmi_full_symbol(k, cx, "kernbase", &base) != 0 || va < base) {
		cx->err = saved;
		return (0);
	}
	b->va = base;
	if (kvmi_full_find(k, base, va, DMAP, &b->pa))
		return (0);
	return (kvmi_fail(&cx->err, KVMI_EMISMATCH, "%s: no kernel of %s in it: "
	    "nowhere does __startkernel say its own address",
	    k->img->src->name, k->opts->ko_execfile));
}

/* A variable that older kernels do not have; 0 then. */
static uint64_t
optional(struct kvmi_kernel *k, struct kvmi_cx *cx, const struct kvmi_boot *b,
    const char *name, unsigned int size)
{
	struct kvmi_err saved = cx->err;
	uint64_t v = 0;

	if (kvmi_full_variable(k, cx, b, name, size, &v) == 0)
		return (v);
	cx->err = saved;
	return (0);
}

static int
radix_root(struct kvmi_kernel *k, struct kvmi_cx *cx, const struct power *p,
    uint64_t proctab, uint64_t va, uint64_t pa)
{
	uint8_t raw[8];
	int r = kvmi_image_read_phys(k->img, proctab, raw, sizeof(raw),
	    &cx->err);

	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "%s: process table",
		    k->img->src->name));
	k->arch = &kvmi_arch_ppc64;
	k->space.paging = (struct kvmi_paging){ .arch = k->arch, .levels = 4,
		.root_pa = kvmi_get64(raw, true) & RADIX_ROOT,
		.big_endian = true };
	r = check_map(k, cx, va, pa);
	k->space.paging.direct = p->direct;
	k->space.paging.ndirect = p->ndirect;
	return (r);
}

static int
hash_root(struct kvmi_kernel *k, struct kvmi_cx *cx, struct power *p,
    const struct kvmi_boot *b, uint64_t va, uint64_t pa)
{
	uint64_t at, count;
	int r = kvmi_full_variable(k, cx, b, "moea64_pteg_table", 8, &at);

	if (r == 0)
		r = kvmi_full_variable(k, cx, b, "moea64_pteg_count", 8,
		    &count);
	/* In a partition the hypervisor has the table. */
	if (r == 0 && at != 0)
		r = set_table(k, cx, &p->hpt, at & ~DMAP, count);
	if (r != 0)
		return (r);
	set_space(k, p, &kvmi_arch_ppc64);
	k->space.paging.ndirect = 0;
	r = at == 0 ? 0 : check_map(k, cx, va, pa);
	k->space.paging.ndirect = p->ndirect;
	return (r);
}

static int
aim64_root(struct kvmi_kernel *k, struct kvmi_cx *cx, struct power *p)
{
	struct kvmi_boot b;
	uint64_t here, proctab, pa, va;
	int r = place64(k, cx, &b);

	if (r == 0)
		r = kvmi_full_symbol(k, cx, "moea64_pteg_table", &here);
	if (r != 0)
		return (r);
	pa = here - b.va + b.pa;
	va = b.va != 0 ? DMAP | pa : pa;
	p->hpt = (struct kvmi_hpt){ .first = DMAP_END, .last = UINT64_MAX };
	if (optional(k, cx, &b, "hw_direct_map", 4) != 0) {
		p->hpt.dmap_start = b.va != 0 ? DMAP : 0;
		p->hpt.dmap_end = b.va != 0 ? DMAP_END : DMAP;
		add_direct(p, p->hpt.dmap_start, p->hpt.dmap_end -
		    p->hpt.dmap_start, 0);
	}
	if (b.va != 0) {
		k->kerndisp = (int64_t)((DMAP | b.pa) - b.va);
		/* The kernel file's addresses mean where it runs. */
		add_direct(p, 0, DMAP, b.pa - b.va);
	}
	proctab = optional(k, cx, &b, "isa3_proctab", 8);
	if (proctab != 0)
		return (radix_root(k, cx, p, proctab & ~DMAP, va, pa));
	return (hash_root(k, cx, p, &b, va, pa));
}

static int
power_root(struct kvmi_kernel *k, struct kvmi_cx *cx,
    int (*find)(struct kvmi_kernel *, struct kvmi_cx *, struct power *))
{
	struct power *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "no memory"));
	k->priv = p;
	return (find(k, cx, p));
}

static bool
has(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *symbol)
{
	struct kvmi_err saved = cx->err;
	uint64_t ignored;
	bool ret = kvmi_full_symbol(k, cx, symbol, &ignored) == 0;

	cx->err = saved;
	return (ret);
}

/* Book-E kernels have it, others do not. */
#define BOOKE	"kernload"

static int
ppc_root(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	if (has(k, cx, BOOKE))
		return (kvmi_full_booke(k, cx));
	return (power_root(k, cx, aim32_root));
}

static int
ppc64_root(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	if (has(k, cx, BOOKE))
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: %s is a 64-bit "
		    "Book-E kernel, whose page tables are not read",
		    k->img->src->name, k->opts->ko_execfile));
	return (power_root(k, cx, aim64_root));
}

const struct kvmi_full_arch kvmi_full_ppc = { EM_PPC, ppc_root };
const struct kvmi_full_arch kvmi_full_ppc64 = { EM_PPC64, ppc64_root };
