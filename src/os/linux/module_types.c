/* SPDX-License-Identifier: BSD-2-Clause */
/* The BTF of modules: struct btf_module on btf_modules (kernel/bpf/btf.c). */
#include "os/module_types.h"

#include <inttypes.h>
#include <stdlib.h>

#include "os/linux/linux.h"
#include "os/linux/tasks.h"

#define MAX_MODULE_BTF	(64u << 20)
#define MAX_ALL_BTF	(256u << 20)	/* a broken list may be long */

enum { LIST, BTF, DATA, DATA_SIZE, NAME, N_MEMBERS };

static const char *const members[N_MEMBERS] = {
	[LIST] = "btf_module.list",
	[BTF] = "btf_module.btf",
	[DATA] = "btf.data",
	[DATA_SIZE] = "btf.data_size",
	[NAME] = "btf.name",
};

static int
open_module(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t module,
    const struct kvmi_member *at, struct kvmi_types *base, uint64_t *left,
    struct kvmi_module_types *out)
{
	struct kvmi_types *t;
	uint64_t btf, data, len;
	struct kvmi_blob bytes = { 0 };
	char name[64];
	int r;

	r = kvmi_kread_ptr(k, cx, module + at[BTF].off, &btf);
	if (r == 0)
		r = kvmi_kread_text(k, cx, btf, &at[NAME], name, sizeof(name));
	if (r == 0)
		r = kvmi_kread_ptr(k, cx, btf + at[DATA].off, &data);
	if (r == 0)
		r = kvmi_kread_member(k, cx, btf, &at[DATA_SIZE], &len);
	if (r != 0)
		return (r);
	if (len > MAX_MODULE_BTF || len > *left)
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: BTF of %"
		    PRIu64 " bytes", name, len));
	*left -= len;
	r = kvmi_space_blob(&k->space, cx, data, len, &bytes);
	if (r == 0)
		r = kvmi_btf_open_split(&bytes, base, &t, &cx->err);
	if (r != 0) {
		kvmi_blob_release(&bytes);
		return (kvmi_wrap(&cx->err, r, "BTF of module %s", name));
	}
	if (kvmi_module_types_add(out, name, t))
		return (0);
	kvmi_types_close(t);
	return (kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory"));
}

void
kvmi_linux_module_types(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types *base, struct kvmi_module_types *out)
{
	struct kvmi_member at[N_MEMBERS];
	struct kvmi_addrs list = { 0 };
	uint64_t head, left = MAX_ALL_BTF;

	/* Kernels before 5.11 have no such list, others no module with BTF. */
	if (kvmi_kernel_addr(k, cx, "btf_modules", &head) != 0 ||
	    kvmi_type_members(base, members, N_MEMBERS, at, &cx->err) != 0)
		return;
	if (kvmi_list_collect(k, cx, head, at[LIST].off, "module with BTF",
	    &list) == 0)
		for (size_t i = 0; i < list.n; i++)
			if (open_module(k, cx, list.v[i], at, base, &left,
			    out) != 0)
				kvmi_damage(cx);
	kvmi_addrs_deinit(&list);
}
