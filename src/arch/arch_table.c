/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <strings.h>

#include "arch/arch.h"
#include "base/math.h"

static const struct kvmi_arch *const arch_table[] = {
	&kvmi_arch_x86_64,
	&kvmi_arch_arm64,
	&kvmi_arch_i386,
	&kvmi_arch_arm,
	&kvmi_arch_riscv64,
	&kvmi_arch_ppc64,
	&kvmi_arch_ppc,
	&kvmi_arch_s390x,
	&kvmi_arch_loongarch64,
	&kvmi_arch_mips64,
	&kvmi_arch_mips,
};

const struct kvmi_arch *
kvmi_arch_by_elf(uint16_t machine, uint8_t pointer_size)
{
	const struct kvmi_arch *found = NULL;

	/* Hypervisors wrap 32-bit machines in 64-bit files, and vice versa. */
	for (size_t i = 0; i < KVMI_COUNT(arch_table); i++) {
		if (arch_table[i]->elf_machine != machine)
			continue;
		if (found == NULL ||
		    arch_table[i]->pointer_size == pointer_size)
			found = arch_table[i];
	}
	return (found);
}

const struct kvmi_arch *
kvmi_arch_by_uname(const char *name)
{
	for (size_t i = 0; i < KVMI_COUNT(arch_table); i++)
		for (const char *const *n = arch_table[i]->uname; *n; n++)
			if (strcasecmp(*n, name) == 0)
				return (arch_table[i]);
	return (NULL);
}

const struct kvmi_arch *
kvmi_arch_by_prstatus(uint64_t size)
{
	for (size_t i = 0; i < KVMI_COUNT(arch_table); i++)
		if (arch_table[i]->prstatus_size == size)
			return (arch_table[i]);
	return (NULL);
}
