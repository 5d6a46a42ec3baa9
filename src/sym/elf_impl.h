/* SPDX-License-Identifier: BSD-2-Clause */
/* What the readers of parts of an ELF file share. */
#ifndef KVMI_ELF_IMPL_H
#define KVMI_ELF_IMPL_H

#include <gelf.h>
#include <libelf.h>

#include "sym/elf_file.h"

struct kvmi_elf_load {
	uint64_t	 va;
	uint64_t	 off;
	uint64_t	 filesz;
	uint64_t	 memsz;
};

struct kvmi_elf {
	struct kvmi_src	*src;
	struct kvmi_blob file;
	void		*copy;		/* which libelf may write to */
	Elf		*elf;
	GElf_Ehdr	 eh;
	struct kvmi_elf_load *load;
	size_t		 n_loads;
	bool		 module;	/* may be an object file */
	uint64_t	 text_start;	/* lowest address of code */
};

struct kvmi_elf_sym {
	GElf_Sym	 sym;
	const char	*name;
	GElf_Shdr	 shdr;		/* when in_section */
	bool		 in_section;
	size_t		 section;	/* its number, when in_section */
};

/* libelf cannot read a part of the file. */
int kvmi_elf_malformed(const struct kvmi_elf *e, const char *what,
    struct kvmi_err *err);

/* What the file is when it is no kernel's; NULL: it may be one. */
const char *kvmi_elf_program(const struct kvmi_elf *e);

/* The segment that va is loaded with. */
const struct kvmi_elf_load *kvmi_elf_find_load(const struct kvmi_elf *e,
    uint64_t va);

/* Where a symbol is in the running kernel; false: it is not to be listed. */
typedef bool kvmi_elf_place_fn(struct kvmi_elf *e, const struct kvmi_elf_sym *s,
    const void *arg, uint64_t *va);

/* All symbols that have a place, as those of module ("": the kernel). */
int kvmi_elf_add_symbols(struct kvmi_elf *e, const char *module,
    kvmi_elf_place_fn *place, const void *arg, struct kvmi_symtab *t,
    struct kvmi_err *err);

#endif
