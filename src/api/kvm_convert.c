/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_convert(3). */
#include <string.h>

#include "api/kd.h"
#include "base/math.h"
#include "convert/convert.h"

int
kvm_convert(kvm_t *kd, const struct kvm_convert_options *options)
{
	struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	const struct kvm_info *info;
	struct kvmi_err before;
	int r;

	if (cx == NULL)
		return (-1);
	before = cx->err;
	if (options == NULL || options->kc_size < sizeof(options->kc_size))
		return (kvmi_kd_fail(kd, cx, kvmi_fail(&cx->err, KVMI_EINVAL,
		    "begin with KVM_CONVERT_OPTIONS_INIT")));
	memcpy(&o, options, kvmi_min(options->kc_size, sizeof(o)));
	info = kvm_getinfo(kd);
	if (info == NULL)
		return (-1);
	kvmi_damage_reset(cx);
	r = kvmi_convert(kd->kernel, cx, &o, info);
	return (kvmi_kd_end(kd, cx, &before, r));
}
