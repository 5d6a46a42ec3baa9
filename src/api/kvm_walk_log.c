/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_walk_log(3). */
#include "api/kd.h"

ssize_t
kvm_walk_log(kvm_t *kd, kvm_walk_log_cb_t *cb, void *closure)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	struct kvmi_err before;
	size_t n = 0;
	int r;

	if (cx == NULL)
		return (-1);
	before = cx->err;
	kvmi_damage_reset(cx);
	r = kd->kernel->os->log(kd->kernel, cx, cb, closure, &n);
	r = kvmi_kd_end(kd, cx, &before, r);
	return (r == 0 ? (ssize_t)n : r);
}
