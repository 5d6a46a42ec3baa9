/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_getregs(3). */
#include "api/kd.h"
#include "base/math.h"

ssize_t
kvm_getregs(kvm_t *kd, const struct kinfo_proc *kp, int cpu,
    struct kvm_reg *regs, size_t nregs)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	struct kvmi_regs out = { .n = 0 };
	struct kvmi_err before;
	int r;

	if (cx == NULL)
		return (-1);
	before = cx->err;
	if (kp == NULL && cpu < 0)
		r = kvmi_fail(&cx->err, KVMI_EINVAL, "CPU %d", cpu);
	else if (kd->kernel->os->regs == NULL)
		r = kvmi_kd_dumps_only(kd->kernel, cx, "registers");
	else
		r = kvmi_kd_memory(kd, cx);
	if (r == 0)
		r = kd->kernel->os->regs(kd->kernel, cx, kp, (uint32_t)cpu,
		    &out);
	if (kvmi_kd_end(kd, cx, &before, r) != 0)
		return (-1);
	for (size_t i = 0; i < kvmi_min(out.n, nregs); i++)
		regs[i] = out.v[i];
	return ((ssize_t)out.n);
}

int
kvm_getpaniccpu(kvm_t *kd)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	struct kvmi_err before;
	int32_t cpu = -1;
	int r;

	if (cx == NULL)
		return (-1);
	before = cx->err;
	if (kd->kernel->os->panic_cpu == NULL)
		r = kvmi_kd_lacks(kd->kernel, cx, "the CPU that panicked");
	else
		r = kd->kernel->os->panic_cpu(kd->kernel, cx, &cpu);
	r = kvmi_kd_end(kd, cx, &before, r);
	return (r == 0 ? cpu : r);
}
