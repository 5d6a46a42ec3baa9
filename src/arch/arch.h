/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Architectures: their names and their page-table formats.  This layer knows
 * no file and no operating system: table entries come through a callback.
 *
 * To add one: a file with a const struct kvmi_arch at its end, a line in
 * arch_table.c, a row in tests/unit/test_arch.c, one in README's table.
 */
#ifndef KVMI_ARCH_H
#define KVMI_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	KVMI_PROT_R = 1,
	KVMI_PROT_W = 2,
	KVMI_PROT_X = 4,
};

/* One page-table entry, decoded. */
struct kvmi_pte {
	bool		present;
	bool		leaf;
	uint8_t		prot;
	uint64_t	pa;		/* of the page or of the next table */
	uint8_t		leaf_shift;	/* of a page larger than its entry; or 0 */
};

/* Addresses that the machine translates without a table. */
struct kvmi_direct {
	uint64_t	va;
	uint64_t	len;
	uint64_t	pa;
};

#define KVMI_MAX_LEVELS	6

/* What a walk starts from. */
struct kvmi_paging {
	const struct kvmi_arch *arch;
	uint64_t	root_pa;
	unsigned int	levels;
	uint8_t		va_bits;	/* of addresses; 0: all of the levels' */
	bool		big_endian;	/* the tables */
	bool		user;		/* they are a process's own */
	uint8_t		soft;		/* what software means by absent ones */
	uint64_t	clear_mask;	/* no address bits (encryption) */
	const struct kvmi_direct *direct;	/* what comes before the tables */
	size_t		ndirect;
	/* By level, the table that entries for nothing lead to; 0: none. */
	uint64_t	empty_pa[KVMI_MAX_LEVELS];
};

/* A stretch of virtual addresses, mapped or not, as a walk found it. */
struct kvmi_mapping {
	uint64_t	va;		/* first byte */
	uint64_t	len;
	uint64_t	pa;
	uint8_t		prot;
	unsigned int	level;		/* where the walk ended */
	uint64_t	entry_pa;	/* of the table entry it ended at; 0: none */
};

/* One level of a radix table: level 0 holds the smallest pages. */
struct kvmi_level {
	uint8_t		shift;		/* log2 of what an entry maps */
	uint8_t		bits;		/* log2 of the entries */
	bool		may_leaf;
};

struct kvmi_arch {
	const char	*name;		/* uname -m on Linux */
	const char	*name_le;	/* little-endian, where either may be */
	const char	*freebsd;	/* uname -p on FreeBSD; NULL: none */
	const char	*freebsd_le;	/* little-endian, as name_le */
	const char *const *uname;	/* in dump headers; NULL-ended */
	uint16_t	 elf_machine;
	uint8_t		 pointer_size;
	uint8_t		 align_64;	/* C's of 64-bit numbers; 0: 8 */
	uint8_t		 page_shift;	/* of the smallest page */
	uint16_t	 prstatus_size;	/* of a Linux NT_PRSTATUS note */
	uint8_t		 entry_size;
	const struct kvmi_level *level;	/* from level 0 upwards */
	unsigned int	 max_levels;
	/* Windows that every kernel has; the one it uses most comes first. */
	const struct kvmi_direct *direct;
	size_t		 ndirect;
	uint64_t	 kernel_va;	/* what tables of its map, when not the end
					   of all addresses */

	/* Decode the entry of a table of level. */
	void (*pte)(uint64_t raw, unsigned int level, struct kvmi_pte *ret);

	/* Is va one that a walk of levels can reach (canonical)? */
	bool (*reachable)(const struct kvmi_paging *p, uint64_t va);
};

/*
 * Page sizes and formats that one machine may choose between are rows of
 * their own with one name; arch_table has the usual one.
 */
extern const struct kvmi_arch kvmi_arch_arm;
extern const struct kvmi_arch kvmi_arch_arm_lpae;
extern const struct kvmi_arch kvmi_arch_arm_v4;
extern const struct kvmi_arch kvmi_arch_arm_v6;
extern const struct kvmi_arch kvmi_arch_arm64;
extern const struct kvmi_arch kvmi_arch_arm64_16k;
extern const struct kvmi_arch kvmi_arch_arm64_64k;
extern const struct kvmi_arch kvmi_arch_arm64_lpa2;
extern const struct kvmi_arch kvmi_arch_arm64_lpa2_16k;
extern const struct kvmi_arch kvmi_arch_i386;
extern const struct kvmi_arch kvmi_arch_i386_pae;
extern const struct kvmi_arch kvmi_arch_loongarch64;
extern const struct kvmi_arch kvmi_arch_loongarch64_4k;
extern const struct kvmi_arch kvmi_arch_loongarch64_64k;
extern const struct kvmi_arch kvmi_arch_mips;
extern const struct kvmi_arch kvmi_arch_mips64;
extern const struct kvmi_arch kvmi_arch_ppc;
extern const struct kvmi_arch kvmi_arch_ppc_booke;
extern const struct kvmi_arch kvmi_arch_ppc64;
extern const struct kvmi_arch kvmi_arch_ppc64_64k;
extern const struct kvmi_arch kvmi_arch_ppc64_hash[];	/* the last: no name */
extern const struct kvmi_arch kvmi_arch_riscv64;
extern const struct kvmi_arch kvmi_arch_s390x;
extern const struct kvmi_arch kvmi_arch_x86_64;

/* Of the two of mips, that with pointers of this size; 0: either. */
const struct kvmi_arch *kvmi_arch_by_elf(uint16_t machine,
    uint8_t pointer_size);
const struct kvmi_arch *kvmi_arch_by_uname(const char *name);
const struct kvmi_arch *kvmi_arch_by_prstatus(uint64_t size);

/* What Linux or FreeBSD, if it runs there, calls a machine of this order. */
static inline const char *
kvmi_arch_linux_name(const struct kvmi_arch *a, bool big_endian)
{
	return (!big_endian && a->name_le != NULL ? a->name_le : a->name);
}

static inline const char *
kvmi_arch_freebsd_name(const struct kvmi_arch *a, bool big_endian)
{
	return (!big_endian && a->freebsd_le != NULL ? a->freebsd_le :
	    a->freebsd);
}

/* Decode an entry for va of a table of level. */
void kvmi_pte_decode(const struct kvmi_paging *p, const void *entry,
    uint64_t va, unsigned int level, struct kvmi_pte *ret);

/* Read size bytes at a physical address; an error code on failure. */
typedef int kvmi_read_phys_fn(void *arg, uint64_t pa, void *buf, size_t size,
    struct kvmi_err *err);

/*
 * Find the stretch that va lies in.  0: *ret is a mapping.  KVMI_ENOTMAPPED:
 * *ret is a hole (va, len), whose entry_pa is 0 where no entry says so.
 * Another error: a table could not be read; *ret is the stretch that the
 * unreadable table stands for.
 */
int kvmi_walk(const struct kvmi_paging *p, uint64_t va,
    kvmi_read_phys_fn *read, void *arg, struct kvmi_mapping *ret,
    struct kvmi_err *err);

/*
 * Widen a mapping that kvmi_walk() found by its neighbours in the same table
 * that go on where it ends: a direct map that was split into small pages is
 * then one stretch again.
 */
void kvmi_widen(const struct kvmi_paging *p, kvmi_read_phys_fn *read,
    void *arg, struct kvmi_mapping *m);

#endif
