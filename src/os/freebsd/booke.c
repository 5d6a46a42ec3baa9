/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of 32-bit Book-E kernels since 13: sys/powerpc/booke/pmap_32.c has
 * the tables of the kernel map in one stretch behind the kernel.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "os/freebsd/full.h"

#define PAGE_LEN	UINT64_C(4096)
#define FIRST_TLB_LEN	UINT64_C(0x4000000)	/* maps the kernel: locore.S */

/*
 * Where the loader put it: its variable kernload says so.  *b is for
 * addresses of the kernel file.
 */
static int
booke_place(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_boot *b)
{
	uint64_t base, va;
	int r = kvmi_full_symbol(k, cx, "kernbase", &base);

	if (r == 0)
		r = kvmi_full_symbol(k, cx, "kernload", &va);
	if (r != 0)
		return (r);
	b->va = base & ~(PAGE_LEN - 1);
	if (kvmi_full_find(k, b->va, va, 0, &b->pa))
		return (0);
	return (kvmi_fail(&cx->err, KVMI_EMISMATCH, "%s: no kernel of %s in it: "
	    "nowhere does kernload say its own address", k->img->src->name,
	    k->opts->ko_execfile));
}

int
kvmi_full_booke(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	struct kvmi_direct *link;
	struct kvmi_boot b;
	uint64_t start, tables;
	int r = booke_place(k, cx, &b);

	if (r == 0)
		r = kvmi_full_variable(k, cx, &b, "__startkernel", 4, &start);
	if (r == 0)
		r = kvmi_full_variable(k, cx, &b, "kernel_ptbl_root", 4,
		    &tables);
	if (r != 0)
		return (r);
	start &= ~(PAGE_LEN - 1);
	r = kvmi_full_root(k, cx, &kvmi_arch_ppc_booke, tables - start + b.pa,
	    1, start, b.pa);
	if (r != 0 || start == b.va)
		return (r);
	link = malloc(sizeof(*link));
	if (link == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "no memory"));
	*link = (struct kvmi_direct){ .va = b.va, .len = FIRST_TLB_LEN,
		.pa = b.pa };
	k->priv = link;
	k->kerndisp = (int64_t)start - (int64_t)b.va;
	k->space.paging.direct = link;
	k->space.paging.ndirect = 1;
	return (0);
}
