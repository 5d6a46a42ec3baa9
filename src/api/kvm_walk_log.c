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
	if (r != 0)
		return (kvmi_kd_fail(kd, cx, r));
	kvmi_kd_restore(cx, &before);
	return ((ssize_t)n);
}
