/* SPDX-License-Identifier: BSD-2-Clause */
/* A file of dwarf/: the types of a kernel, and of which machine it is. */
#ifndef TYPED_FILE_H
#define TYPED_FILE_H

#include <fcntl.h>

#include <elf.h>

#include "os/kernel.h"
#include "sym/elf_symtab.h"
#include "util.h"

/*
 * Set what k has of the file; *arch is k's where its pointers are not the usual
 * ones.  false: this machine has no compiler for it, and the file is empty.
 */
static inline bool
typed_file_open(const char *path, struct kvmi_kernel *k,
    struct kvmi_arch *arch, struct kvmi_elf **elf)
{
	int fd = open(path, O_RDONLY);
	struct kvmi_elf_view view;
	uint8_t ident[EI_NIDENT];
	struct kvmi_src *src;
	struct kvmi_err err;
	unsigned int ptr;

	assert_true(fd >= 0);
	assert_int_equal(kvmi_file_open(fd, path, &src, &err), 0);
	if (src->size == 0) {
		kvmi_src_close(src);
		return (false);
	}
	assert_int_equal(kvmi_src_read(src, 0, ident, sizeof(ident), "ident",
	    &err), 0);
	assert_int_equal(kvmi_elf_open(src, elf, &err), 0);
	assert_int_equal(kvmi_elf_dwarf(*elf, &view, &err), 0);
	assert_int_equal(kvmi_dwarf_open(&view, &k->types, &err), 0);
	ptr = ident[EI_CLASS] == ELFCLASS64 ? 8 : 4;
	k->big_endian = ident[EI_DATA] == ELFDATA2MSB;
	k->arch = kvmi_arch_by_elf(kvmi_elf_machine(*elf));
	assert_non_null(k->arch);
	/* Of the two that share a number. */
	if (k->arch->pointer_size != ptr) {
		*arch = *k->arch;
		arch->pointer_size = (uint8_t)ptr;
		k->arch = arch;
	}
	return (true);
}

#endif
