/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_getloadavg(3). */
#include "api/kd.h"

int
kvm_getloadavg(kvm_t *kd, double loadavg[], int nelem)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	struct kvmi_kernel *k;
	struct kvmi_err before;
	double avg[3];
	int n = nelem < 3 ? nelem : 3, r;

	if (cx == NULL)
		return (-1);
	before = cx->err;
	k = kd->kernel;
	r = nelem < 0 ? kvmi_fail(&cx->err, KVMI_EINVAL, "room for %d load "
	    "averages", nelem) : k->os->loadavg == NULL ?
	    kvmi_kd_lacks(k, cx, "load averages") :
	    k->os->loadavg(k, cx, avg);
	if (kvmi_kd_end(kd, cx, &before, r) != 0)
		return (-1);
	for (int i = 0; i < n; i++)
		loadavg[i] = avg[i];
	return (n);
}
