/* SPDX-License-Identifier: BSD-2-Clause */
/* The text a kernel leaves for dump readers. */
#include "os/linux/vmcoreinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kvmi_vmcoreinfo v;
	uint64_t u;
	int64_t n;
	char text[65];

	kvmi_vmcoreinfo_plausible(data, size);
	if (!kvmi_vmcoreinfo_init(&v, data, size))
		return (0);
	kvmi_vmcoreinfo_get(&v, "OSRELEASE", text, sizeof(text));
	kvmi_vmcoreinfo_symbol(&v, "_stext", &u);
	kvmi_vmcoreinfo_number(&v, "phys_base", &n);
	kvmi_vmcoreinfo_offset(&v, "uts_namespace.name", &u);
	kvmi_vmcoreinfo_size(&v, "printk_info", &u);
	kvmi_vmcoreinfo_hex(&v, "KERNELOFFSET", &u);
	kvmi_vmcoreinfo_deinit(&v);
	return (0);
}
