/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_getloadavg(3). */
#include "api/kd.h"

int
kvm_getloadavg(kvm_t *kd, double loadavg[], int nelem)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	struct kvmi_kernel *k;
	double avg[3];
	int n = nelem < 3 ? nelem : 3, r;

	if (cx == NULL)
		return (-1);
	k = kd->kernel;
	r = nelem < 0 ? kvmi_fail(&cx->err, KVMI_EINVAL, "room for %d load "
	    "averages", nelem) : k->os->loadavg == NULL ?
	    kvmi_kd_lacks(k, cx, "load averages") :
	    k->os->loadavg(k, cx, avg);
	if (r != 0)
		return (kvmi_kd_fail(kd, cx, r));
	for (int i = 0; i < n; i++)
		loadavg[i] = avg[i];
	return (n);
}
