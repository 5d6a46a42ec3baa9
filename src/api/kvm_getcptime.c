/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_getcptime(3). */
#include <limits.h>

#include "api/kd.h"
#include "base/math.h"

int
kvm_getcptime(kvm_t *kd, long *cp_time)
{
	uint64_t ticks[CPUSTATES] = { 0 };
	struct kvmi_kernel *k;
	struct kvmi_err before;
	struct kvmi_cx *cx;
	int r;

	if (kd == NULL)
		return (0);
	cx = kvmi_kd_enter(kd);
	if (cx == NULL)
		return (-1);
	before = cx->err;
	k = kd->kernel;
	r = k->os->cptime == NULL ? kvmi_kd_lacks(k, cx, "CPU times") :
	    k->os->cptime(k, cx, ticks);
	if (kvmi_kd_end(kd, cx, &before, r) != 0)
		return (-1);
	for (int i = 0; i < CPUSTATES; i++)
		cp_time[i] = (long)kvmi_min(ticks[i], LONG_MAX);
	return (0);
}
