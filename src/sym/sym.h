/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Symbols.  A source (ELF file, kallsyms in the image, /proc/kallsyms ...)
 * fills a table; look-ups by name go through a hash that is built when first
 * needed, look-ups by address through a sorted index.
 */
#ifndef KVMI_SYM_H
#define KVMI_SYM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct kvmi_sym {
	uint64_t	 addr;
	uint64_t	 size;		/* 0: unknown */
	const char	*name;		/* owned by the table */
	const char	*module;	/* "" for the kernel */
	char		 letter;	/* nm(1) */
};

struct kvmi_symtab;

int kvmi_symtab_create(struct kvmi_symtab **ret, struct kvmi_err *err);
void kvmi_symtab_destroy(struct kvmi_symtab *t);

/* The name is copied; module is kept and must outlive the table or be "". */
int kvmi_symtab_add(struct kvmi_symtab *t, const char *name, size_t name_len,
    const char *module, uint64_t addr, uint64_t size, char letter,
    struct kvmi_err *err);

/*
 * Symbols are added in the order of Linux's own tables: of several names of an
 * address the kernel prints the first, in traces and in /proc/PID/wchan.
 */
void kvmi_symtab_kernel_order(struct kvmi_symtab *t);

/* Make room for n more, which are to follow. */
int kvmi_symtab_reserve(struct kvmi_symtab *t, size_t n,
    struct kvmi_err *err);

/*
 * For another thread: a table of its own for n symbols that are to come behind
 * before more of t, none of a module.  t itself may be added to meanwhile.
 */
int kvmi_symtab_split(struct kvmi_symtab *t, size_t before, size_t n,
    struct kvmi_symtab **ret, struct kvmi_err *err);

/* What was split off goes back, behind as many symbols as were said. */
void kvmi_symtab_join(struct kvmi_symtab *t, struct kvmi_symtab *part);

/* A copy of a module's name that lives as long as the table. */
const char *kvmi_symtab_intern(struct kvmi_symtab *t, const char *module,
    struct kvmi_err *err);

size_t kvmi_symtab_count(const struct kvmi_symtab *t);

/* The i-th symbol in order of addition. */
void kvmi_symtab_get(const struct kvmi_symtab *t, size_t i,
    struct kvmi_sym *ret);

/*
 * By exact name; a global symbol wins over a local one, then the kernel's over
 * a module's, then the lower address.  KVMI_ENOENT, without a text, when there
 * is none.  Thread-safe, as is the next.
 */
int kvmi_symtab_by_name(struct kvmi_symtab *t, const char *name,
    struct kvmi_sym *ret, struct kvmi_err *err);

/*
 * The symbol with the highest address <= addr; its size is filled in.  Of
 * several names a global one, then a weak one, or the kernel's choice.
 */
int kvmi_symtab_by_addr(struct kvmi_symtab *t, uint64_t addr,
    struct kvmi_sym *ret, struct kvmi_err *err);

#endif
