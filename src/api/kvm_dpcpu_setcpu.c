/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_dpcpu_setcpu(3): whose copy of a variable kvm_nlist(3) means. */

#include "api/kd.h"

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
	    kvmi_kd_lacks(kd->kernel, cx, "per-CPU variables");
	return (kvmi_kd_end(kd, cx, &before, r));
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
	    kvmi_kd_lacks(kd->kernel, cx, "network stacks");
	return (kvmi_kd_end(kd, cx, &before, r));
}
