/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_native(3) and kvm_kerndisp(3). */
#include <string.h>

#include "api/kd.h"
#include "base/host.h"

int
kvm_native(kvm_t *kd)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	const struct kvmi_arch *arch = NULL;
	const struct kvmi_kernel *k;
	struct utsname host;

	if (cx == NULL)
		return (0);
	k = kd->kernel;
	if (k->live)
		return (1);
	if (kvmi_host_uname(&host) == 0 &&
	    strcmp(host.sysname, k->os->name) == 0)
		arch = kvmi_arch_by_uname(host.machine);
	/* Rows of one machine differ in the size of pages. */
	return (arch != NULL && k->arch != NULL &&
	    strcmp(arch->name, k->arch->name) == 0 && k->big_endian ==
	    (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__));
}

kssize_t
kvm_kerndisp(kvm_t *kd)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);

	if (cx == NULL)
		return (0);
	/* A live kernel's is known once its memory is open. */
	if (kd->kernel->live) {
		struct kvmi_err before = cx->err;

		kvmi_kd_memory(kd, cx);
		kvmi_kd_restore(cx, &before);
	}
	return (kd->kernel->kerndisp);
}
