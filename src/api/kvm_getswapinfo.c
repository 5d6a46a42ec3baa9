/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_getswapinfo(3). */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/kd.h"
#include "base/math.h"

static void
fill(struct kvm_swap *to, const struct kvmi_swap *from, int flags)
{
	const char *prefix = from->device && (flags & SWIF_DEV_PREFIX) != 0 ?
	    "/dev/" : "";
	char name[sizeof(from->name) + 8];

	*to = (struct kvm_swap){ .ksw_flags = from->flags,
		.ksw_used = (u_int)kvmi_min(from->used, UINT_MAX),
		.ksw_total = (u_int)kvmi_min(from->total, UINT_MAX) };
	snprintf(name, sizeof(name), "%s%s", prefix, from->name);
	memcpy(to->ksw_devname, name, strnlen(name,
	    sizeof(to->ksw_devname) - 1));
}

int
kvm_getswapinfo(kvm_t *kd, struct kvm_swap *swap, int maxswap, int flags)
{
	struct kvmi_swaps s = { 0 };
	struct kvmi_swap total = { 0 };
	struct kvmi_kernel *k;
	struct kvmi_err before;
	struct kvmi_cx *cx;
	size_t n;
	int r;

	if (kd == NULL)
		return (0);
	cx = kvmi_kd_enter(kd);
	if (cx == NULL)
		return (-1);
	before = cx->err;
	k = kd->kernel;
	r = maxswap < 1 ? kvmi_fail(&cx->err, KVMI_EINVAL, "room for %d swap "
	    "devices: the total takes one entry", maxswap) :
	    k->os->swaps == NULL ? kvmi_kd_lacks(k, cx, "swap devices") :
	    k->os->swaps(k, cx, &s);
	if (r != 0) {
		free(s.v);
		return (kvmi_kd_fail(kd, cx, r));
	}
	kvmi_kd_restore(cx, &before);
	n = (size_t)kvmi_min(s.n, (uint64_t)(maxswap - 1));
	for (size_t i = 0; i < s.n; i++) {
		if (i < n)
			fill(&swap[i], &s.v[i], flags);
		total.used += s.v[i].used;
		total.total += s.v[i].total;
	}
	fill(&swap[n], &total, flags);
	free(s.v);
	return ((int)n);
}
