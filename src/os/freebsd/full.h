/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Full dumps: all of physical memory, and no word of where the page tables
 * are.  The kernel file says which variable holds that.
 */
#ifndef KVMI_FREEBSD_FULL_H
#define KVMI_FREEBSD_FULL_H

#include "os/kernel.h"

/* The kernel image in memory: physical = virtual - va + pa. */
struct kvmi_boot {
	uint64_t	va;
	uint64_t	pa;
};

struct kvmi_full_arch {
	uint16_t	elf_machine;
	/* Fill k->arch and k->space.paging. */
	int (*find_root)(struct kvmi_kernel *k, struct kvmi_cx *cx);
};

extern const struct kvmi_full_arch kvmi_full_amd64;
extern const struct kvmi_full_arch kvmi_full_arm;
extern const struct kvmi_full_arch kvmi_full_arm64;
extern const struct kvmi_full_arch kvmi_full_i386;
extern const struct kvmi_full_arch kvmi_full_mips;
extern const struct kvmi_full_arch kvmi_full_ppc;
extern const struct kvmi_full_arch kvmi_full_ppc64;
extern const struct kvmi_full_arch kvmi_full_riscv64;

/* find_root of the powerpc that has no hash table. */
int kvmi_full_booke(struct kvmi_kernel *k, struct kvmi_cx *cx);

/* KVMI_ENOTMINE: no FreeBSD dump. */
int kvmi_freebsd_attach_full(struct kvmi_kernel *k, struct kvmi_cx *cx);

/* A symbol of the kernel file, from the caller's resolver first. */
int kvmi_full_symbol(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const char *name, uint64_t *ret);

/* A variable of the kernel image, before there are page tables. */
int kvmi_full_variable(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kvmi_boot *b, const char *name, unsigned int size,
    uint64_t *ret);

/*
 * Find a kernel that the loader put anywhere: the variable of 8 bytes that is
 * linked at va, in a kernel that is linked at base, holds base's physical
 * address, with tag in its upper bits.  false: nowhere does one.
 */
bool kvmi_full_find(struct kvmi_kernel *k, uint64_t base, uint64_t va,
    uint64_t tag, uint64_t *pa);

/* Set the page tables, and see whether va leads to pa through them. */
int kvmi_full_root(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kvmi_arch *arch, uint64_t root, unsigned int levels,
    uint64_t va, uint64_t pa);

#endif
