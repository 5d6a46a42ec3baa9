/* SPDX-License-Identifier: BSD-2-Clause */
/* Variables of the kernel by name. */
#include "os/freebsd/freebsd.h"

int
kvmi_freebsd_uint(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    unsigned int size, uint64_t *ret)
{
	uint64_t va;
	int r;

	r = kvmi_kernel_addr(k, cx, name, &va);
	if (r != 0)
		return (r);
	r = kvmi_kread_uint(k, cx, va, size, ret);
	return (r == 0 ? 0 : kvmi_wrap(&cx->err, r, "%s", name));
}

int
kvmi_freebsd_int(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    int32_t *ret)
{
	uint64_t v;
	int r = kvmi_freebsd_uint(k, cx, name, 4, &v);

	if (r == 0)
		*ret = (int32_t)v;
	return (r);
}

int
kvmi_freebsd_ptr(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    uint64_t *ret)
{
	return (kvmi_freebsd_uint(k, cx, name, k->arch->pointer_size, ret));
}
