/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel file: symbols, identity and the sections that describe types. */
#ifndef KVMI_ELF_FILE_H
#define KVMI_ELF_FILE_H

#include "arch/arch.h"
#include "base/elfview.h"
#include "base/src.h"
#include "sym/sym.h"

struct kvmi_elf;

/* Check that src is a kernel ELF file; src is owned also on failure. */
int kvmi_elf_open(struct kvmi_src *src, struct kvmi_elf **ret,
    struct kvmi_err *err);

/* The same for a module's file, which may be an object file. */
int kvmi_elf_open_module(struct kvmi_src *src, struct kvmi_elf **ret,
    struct kvmi_err *err);
void kvmi_elf_close(struct kvmi_elf *e);

uint16_t kvmi_elf_machine(const struct kvmi_elf *e);
bool kvmi_elf_big_endian(const struct kvmi_elf *e);
uint8_t kvmi_elf_pointer_size(const struct kvmi_elf *e);
uint8_t kvmi_elf_osabi(const struct kvmi_elf *e);

/*
 * The GNU build id, and the link-time address of its note when it is loaded
 * (0: it is not).  KVMI_ENOENT when the file has none.
 */
struct kvmi_buildid {
	uint8_t		bytes[64];
	size_t		len;
	uint64_t	note_va;	/* of the build id's own bytes */
};
int kvmi_elf_buildid(struct kvmi_elf *e, struct kvmi_buildid *ret,
    struct kvmi_err *err);

/* Copy len bytes of the loaded image at link-time address va. */
int kvmi_elf_read(struct kvmi_elf *e, uint64_t va, void *buf, size_t len,
    struct kvmi_err *err);

/*
 * Add the symbols of .symtab, or of .dynsym when there is no .symtab, also
 * from compressed sections.  disp is added to addresses inside loaded
 * sections, not to absolute ones, nor to per-CPU offsets below the image.
 */
int kvmi_elf_symbols(struct kvmi_elf *e, int64_t disp,
    struct kvmi_symtab *t, struct kvmi_err *err);

/*
 * Add those of a FreeBSD module that was loaded at base, where it takes size
 * bytes.  module lives as long as t.  KVMI_EMISMATCH: the file is larger.
 */
int kvmi_elf_module_symbols(struct kvmi_elf *e, uint64_t base,
    uint64_t size, const char *module, struct kvmi_symtab *t,
    struct kvmi_err *err);

/* Is there a .symtab?  Without, the file was stripped. */
bool kvmi_elf_has_symtab(const struct kvmi_elf *e);

/* The link-time value of one symbol, before any displacement. */
int kvmi_elf_symbol(struct kvmi_elf *e, const char *name, uint64_t *ret,
    struct kvmi_err *err);

/* The file's bytes, and where they come from. */
const struct kvmi_blob *kvmi_elf_bytes(const struct kvmi_elf *e,
    struct kvmi_src **src);

/*
 * A section's bytes where they lie in the file: no NOBITS, not compressed by
 * ELF.  false: there is none of that name.  link is its sh_link, 0 for none.
 */
bool kvmi_elf_section(const struct kvmi_elf *e, const char *name,
    const uint8_t **p, size_t *len, uint32_t *link);

/*
 * The file for a reader of its DWARF, which gets a libelf descriptor of its
 * own.  KVMI_ENOENT: it has none.
 */
int kvmi_elf_dwarf(const struct kvmi_elf *e, struct kvmi_elf_view *ret,
    struct kvmi_err *err);

#endif
