/* SPDX-License-Identifier: BSD-2-Clause */
/* Full dumps of amd64 and i386: sys/amd64/amd64/pmap.c, sys/i386/i386/pmap*.c
 * of FreeBSD say what the variables mean. */
#include <inttypes.h>

#include "base/endian.h"
#include "os/freebsd/full.h"

#define NBPDR		UINT64_C(0x200000)	/* where amd64 kernels begin */
#define LOADER_LIMIT	(UINT64_C(4) << 30)

/* Does the variable kernphys, read as if the kernel were at pa, say so? */
static bool
is_kernphys(struct kvmi_kernel *k, uint64_t pa, uint64_t offset)
{
	struct kvmi_err ignored;
	uint8_t raw[8];

	return (kvmi_image_read_phys(k->img, pa - NBPDR + offset, raw,
	    sizeof(raw), &ignored) == 0 && kvmi_get64(raw, false) == pa);
}

/*
 * From 13.1 on the loader puts the kernel anywhere below 4 GiB, and before 15
 * the dump does not say where.  The kernel itself does, in a variable.
 */
static int
search_kernphys(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t offset,
    struct kvmi_boot *b)
{
	for (uint64_t pa = NBPDR; pa < LOADER_LIMIT; pa += NBPDR) {
		struct kvmi_extent e;

		if (kvmi_image_locate(k->img, pa, &e, &cx->err) != 0)
			break;
		if (e.state != KVMI_STORED || !is_kernphys(k, pa, offset))
			continue;
		b->pa = pa - NBPDR;
		return (0);
	}
	return (kvmi_fail(&cx->err, KVMI_EMISMATCH, "%s: no kernel of %s in it: "
	    "at none of the places where one may be does kernphys say that "
	    "address", k->img->src->name, k->opts->ko_execfile));
}

static int
amd64_place(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_boot *b)
{
	const struct kvmi_dump_delta *d = &k->img->delta;
	struct kvmi_err ignored;
	uint64_t kernphys;
	int r;

	if (d->there) {
		*b = (struct kvmi_boot){ .va = d->va, .pa = d->pa - d->align };
		return (0);
	}
	r = kvmi_full_symbol(k, cx, "kernbase", &b->va);
	if (r != 0)
		return (r);
	b->pa = 0;
	ignored = cx->err;
	r = kvmi_full_symbol(k, cx, "kernphys", &kernphys);
	cx->err = ignored;
	/* Before 13.1 it is an absolute symbol, or there is none. */
	if (r != 0 || kernphys < b->va)
		return (0);
	return (search_kernphys(k, cx, kernphys - b->va, b));
}

static int
amd64_root(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	struct kvmi_boot b;
	uint64_t root, la57 = 0;
	int r;

	r = amd64_place(k, cx, &b);
	if (r != 0)
		return (r);
	if (kvmi_full_variable(k, cx, &b, "la57", 4, &la57) != 0)
		la57 = 0;
	r = kvmi_full_variable(k, cx, &b, la57 != 0 ? "KPML5phys" :
	    "KPML4phys", 8, &root);
	if (r != 0)
		return (r);
	return (kvmi_full_root(k, cx, &kvmi_arch_x86_64, root,
	    la57 != 0 ? 5 : 4, b.va + NBPDR, b.pa + NBPDR));
}

/* From 12.0 on kernel and user have 4 GiB each, and the kernel is at va = pa. */
#define I386_HIGH	UINT64_C(0x80000000)

static int
i386_root(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	struct kvmi_boot b = { 0 };
	uint64_t kernbase, root, va, pae;
	const char *name;
	int r;

	r = kvmi_full_symbol(k, cx, "kernbase", &kernbase);
	if (r != 0)
		return (r);
	if (kernbase >= I386_HIGH)
		b.va = kernbase;
	/* 13's kernel knows both modes and says which; earlier ones know one. */
	r = kvmi_full_variable(k, cx, &b, "pae_mode", 4, &pae);
	if (r == KVMI_ENOENT) {
		r = kvmi_full_symbol(k, cx, "IdlePDPT", &root);
		pae = r == 0;
	}
	if (r != 0 && r != KVMI_ENOENT)
		return (r);
	name = pae != 0 ? "IdlePDPT" : "IdlePTD_nopae";
	r = kvmi_full_symbol(k, cx, name, &va);
	if (r == KVMI_ENOENT && pae == 0)
		r = kvmi_full_symbol(k, cx, name = "IdlePTD", &va);
	if (r == 0)
		r = kvmi_full_variable(k, cx, &b, name, 4, &root);
	if (r != 0)
		return (r);
	/* The variable itself is part of what the tables must map. */
	return (kvmi_full_root(k, cx, pae != 0 ? &kvmi_arch_i386_pae :
	    &kvmi_arch_i386, root, pae != 0 ? 3 : 2, va, va - b.va));
}

const struct kvmi_full_arch kvmi_full_amd64 = { 62, amd64_root };
const struct kvmi_full_arch kvmi_full_i386 = { 3, i386_root };
