/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_walk_modules(3). */
#include "api/kd.h"

ssize_t
kvm_walk_modules(kvm_t *kd, kvm_walk_modules_cb_t *cb, void *closure)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	const struct kvmi_os_ops *os;
	struct kvmi_err before;
	size_t n = 0;
	int r;

	if (cx == NULL)
		return (-1);
	before = cx->err;
	kvmi_damage_reset(cx);
	os = kd->kernel->os;
	r = os->modules != NULL ?
	    os->modules(kd->kernel, cx, cb, closure, &n) :
	    kvmi_fail(&cx->err, KVMI_ENOTSUP, "modules of %s kernels are not "
	    "known", os->name);
	if (r != 0)
		return (kvmi_kd_fail(kd, cx, r));
	kvmi_kd_restore(cx, &before);
	return ((ssize_t)n);
}
