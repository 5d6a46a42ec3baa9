/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_walk_stack(3). */
#include "api/kd.h"

ssize_t
kvm_walk_stack(kvm_t *kd, const struct kinfo_proc *kp,
    kvm_walk_stack_cb_t *cb, void *closure)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	struct kvmi_err before;
	size_t n = 0;
	int r;

	if (cx == NULL)
		return (-1);
	before = cx->err;
	kvmi_damage_reset(cx);
	if (kp == NULL)
		r = kvmi_fail(&cx->err, KVMI_EINVAL, "no thread given");
	else if (kd->kernel->os->stack == NULL)
		r = kvmi_kd_dumps_only(kd->kernel, cx, "stacks");
	else
		r = kvmi_kd_memory(kd, cx);
	if (r == 0)
		r = kd->kernel->os->stack(kd->kernel, cx, kp, cb, closure, &n);
	r = kvmi_kd_end(kd, cx, &before, r);
	return (r == 0 ? (ssize_t)n : r);
}
