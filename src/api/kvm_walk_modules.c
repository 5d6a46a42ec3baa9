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
	    kvmi_kd_lacks(kd->kernel, cx, "modules");
	r = kvmi_kd_end(kd, cx, &before, r);
	return (r == 0 ? (ssize_t)n : r);
}
