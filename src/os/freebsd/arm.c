/* SPDX-License-Identifier: BSD-2-Clause */
/* Full dumps of 32-bit arm: sys/arm/arm/dump_machdep.c of FreeBSD. */
#include "os/freebsd/full.h"

static int
arm_root(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	const struct kvmi_dump_delta *d = &k->img->delta;
	struct kvmi_boot b = { .va = d->va, .pa = d->pa };
	uint64_t root;
	int r = 0;

	if (!d->there)
		r = kvmi_full_symbol(k, cx, "kernbase", &b.va);
	if (r == 0 && !d->there)
		r = kvmi_full_symbol(k, cx, "physaddr", &b.pa);
	if (r == 0)
		r = kvmi_full_variable(k, cx, &b, "kernel_l1pa", 4, &root);
	if (r != 0)
		return (r);
	return (kvmi_full_root(k, cx, &kvmi_arch_arm_v6, root, 2, b.va, b.pa));
}

const struct kvmi_full_arch kvmi_full_arm = { 40, arm_root };
