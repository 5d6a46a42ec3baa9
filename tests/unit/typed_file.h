/* SPDX-License-Identifier: BSD-2-Clause */
/* A file of dwarf/: the types of a kernel, and of which machine it is. */
#ifndef TYPED_FILE_H
#define TYPED_FILE_H

#include <fcntl.h>

#include <elf.h>
#include <gelf.h>

#include "os/kernel.h"
#include "sym/elf_file.h"
#include "util.h"

/* BTF goes before DWARF, of which it was made; false: there is none. */
static inline bool
typed_file_btf(struct kvmi_elf *file, struct kvmi_types **ret)
{
	struct kvmi_src *src;
	const struct kvmi_blob *b = kvmi_elf_bytes(file, &src);
	Elf_Scn *scn = NULL;
	struct kvmi_err err;
	size_t names;
	uint8_t *copy;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_memory((char *)(uintptr_t)b->p, b->len);
	assert_non_null(elf);
	assert_int_equal(elf_getshdrstrndx(elf, &names), 0);
	while ((scn = elf_nextscn(elf, scn)) != NULL) {
		GElf_Shdr sh;

		assert_non_null(gelf_getshdr(scn, &sh));
		if (strcmp(elf_strptr(elf, names, sh.sh_name), ".BTF") != 0)
			continue;
		assert_true(kvmi_inside(sh.sh_offset, sh.sh_size, b->len));
		copy = malloc(sh.sh_size);
		assert_non_null(copy);
		memcpy(copy, b->p + sh.sh_offset, sh.sh_size);
		assert_int_equal(kvmi_btf_open(&(struct kvmi_blob){ copy,
		    sh.sh_size, copy }, ret, &err), 0);
		break;
	}
	elf_end(elf);
	return (scn != NULL);
}

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
	if (!typed_file_btf(*elf, &k->types)) {
		assert_int_equal(kvmi_elf_dwarf(*elf, &view, &err), 0);
		assert_int_equal(kvmi_dwarf_open(&view, &k->types, &err), 0);
	}
	ptr = ident[EI_CLASS] == ELFCLASS64 ? 8 : 4;
	k->big_endian = ident[EI_DATA] == ELFDATA2MSB;
	k->arch = kvmi_arch_by_elf(kvmi_elf_machine(*elf),
	    kvmi_elf_pointer_size(*elf));
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
