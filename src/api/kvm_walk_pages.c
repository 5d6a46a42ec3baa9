/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_walk_pages(3). */
#include "api/kd.h"

int
kvm_walk_pages(kvm_t *kd, kvm_walk_pages_cb_t *cb, void *closure)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	struct kvmi_kernel *k;
	struct kvmi_err before;
	bool done = false;
	int r;

	if (cx == NULL)
		return (0);
	before = cx->err;
	k = kd->kernel;
	if (k->os->walk_pages == NULL)
		r = kvmi_fail(&cx->err, KVMI_ENOTSUP,
		    "kvm_walk_pages: the running kernel's page tables cannot "
		    "be walked");
	else
		r = k->os->walk_pages(k, cx, cb, closure, &done);
	if (kvmi_kd_end(kd, cx, &before, r) != 0)
		return (0);
	return (done ? 1 : 0);
}
