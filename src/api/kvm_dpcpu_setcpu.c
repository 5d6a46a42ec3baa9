/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_dpcpu_setcpu(3): whose copy of a variable kvm_nlist(3) means. */

#include "api/kd.h"

static int
no_sets(struct kvmi_cx *cx, const struct kvmi_kernel *k, const char *what)
{
	return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "no %s of %s kernels are "
	    "known", what, k->os->name));
}

int
kvm_dpcpu_setcpu(kvm_t *kd, unsigned int cpu)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	const struct kvmi_os_ops *os;
	struct kvmi_err before;
	int r;

	if (cx == NULL)
		return (-1);
	before = cx->err;
	os = kd->kernel->os;
	r = os->set_cpu != NULL ? os->set_cpu(kd->kernel, cx, cpu) :
	    no_sets(cx, kd->kernel, "per-CPU variables");
	if (r != 0)
		return (kvmi_kd_fail(kd, cx, r));
	kvmi_kd_restore(cx, &before);
	return (0);
}

int
kvm_vnet_select(kvm_t *kd, kvaddr_t vnet)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	const struct kvmi_os_ops *os;
	struct kvmi_err before;
	int r;

	if (cx == NULL)
		return (-1);
	before = cx->err;
	os = kd->kernel->os;
	r = os->set_vnet != NULL ? os->set_vnet(kd->kernel, cx, vnet) :
	    no_sets(cx, kd->kernel, "network stacks");
	if (r != 0)
		return (kvmi_kd_fail(kd, cx, r));
	kvmi_kd_restore(cx, &before);
	return (0);
}
