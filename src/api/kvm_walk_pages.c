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
	if (r != 0) {
		kvmi_kd_fail(kd, cx, r);
		return (0);
	}
	kvmi_kd_restore(cx, &before);
	return (done ? 1 : 0);
}
