/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Full memory of mips: sys/kern/kern_dump.c writes it when debug.minidump is
 * 0, hypervisors too.  The kernel lies in KSEG0, where it was linked; its tables
 * for KSEG2 begin at kernel_segmap (sys/mips/mips/pmap.c).
 */
#include <inttypes.h>

#include "os/freebsd/full.h"

#define EM_MIPS		8
#define KSEG0_32	UINT64_C(0x80000000)
#define KSEG0_64	UINT64_C(0xffffffff80000000)
#define KSEG2_32	UINT64_C(0xc0000000)

static int
mips_root(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	const struct kvmi_arch *a = k->exec == NULL ? k->img->arch :
	    kvmi_arch_by_elf(EM_MIPS, kvmi_elf_pointer_size(k->exec));
	struct kvmi_boot b = { .va = a == &kvmi_arch_mips64 ? KSEG0_64 :
		KSEG0_32 };
	struct kvmi_paging *p = &k->space.paging;
	struct kvmi_mapping m;
	struct kvmi_pte root;
	uint64_t va;
	int r;

	k->arch = a;
	r = kvmi_full_variable(k, cx, &b, "kernel_segmap", a->pointer_size,
	    &va);
	if (r != 0)
		return (r);
	/* As all that leads to a table it is a pointer. */
	a->pte(va, a->max_levels - 1, &root);
	*p = (struct kvmi_paging){ .arch = a, .root_pa = root.pa,
		.levels = a->max_levels, .big_endian = k->big_endian,
		.direct = a->direct, .ndirect = a->ndirect };
	/* The map's first tables are there from the start. */
	r = !root.present ? KVMI_ENOTMAPPED : kvmi_walk(p, a->kernel_va != 0 ?
	    a->kernel_va : KSEG2_32, kvmi_image_read_phys, k->img, &m,
	    &cx->err);
	if (r == 0 || (root.present && m.level == 0))
		return (0);
	return (kvmi_fail(&cx->err, KVMI_EMISMATCH, "%s: kernel_segmap (0x%"
	    PRIx64 ") does not lead to page tables: is %s the kernel of this "
	    "dump?", k->img->src->name, va, k->opts->ko_execfile));
}

const struct kvmi_full_arch kvmi_full_mips = { EM_MIPS, mips_root };
