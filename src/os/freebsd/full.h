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
 * For who looks for the kernel: from pa how far on the dump has nothing, in
 * whole pages of 4 KiB and no further than to limit; 0: it has what is at pa.
 */
uint64_t kvmi_full_hole(struct kvmi_kernel *k, uint64_t pa, uint64_t limit);

/* Set the page tables, and see whether va leads to pa through them. */
int kvmi_full_root(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kvmi_arch *arch, uint64_t root, unsigned int levels,
    uint64_t va, uint64_t pa);

#endif
