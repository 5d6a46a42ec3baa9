/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where an ELF symbol in a module's memory has what (elf(5)); st_name comes
 * first.
 */
#ifndef KVMI_ELF_SYM_H
#define KVMI_ELF_SYM_H

#include <stddef.h>

struct kvmi_elf_sym {
	size_t		size, info, shndx, value, st_size;
	unsigned int	word;
};

/* Of a kernel with such pointers. */
static inline const struct kvmi_elf_sym *
kvmi_elf_sym(unsigned int pointer_size)
{
	static const struct kvmi_elf_sym elf32 = { 16, 12, 14, 4, 8, 4 },
	    elf64 = { 24, 4, 6, 8, 16, 8 };

	return (pointer_size == 8 ? &elf64 : &elf32);
}

#endif
