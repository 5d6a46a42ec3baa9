/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unwinding by ORC tables, as the kernel does it (Linux 4.14 and later,
 * Documentation/arch/x86/orc-unwinder.rst): a sorted array of addresses, and
 * for each an entry that says how its caller's stack pointer is found.
 */
#ifndef KVMI_ORC_H
#define KVMI_ORC_H

#include "type/type.h"

/* All bytes at va, or an error. */
typedef int kvmi_orc_read_fn(void *arg, uint64_t va, void *buf, size_t len,
    struct kvmi_err *err);

/* The same bytes in place; NULL: they have to be read. */
typedef const uint8_t *kvmi_orc_map_fn(void *arg, uint64_t va, size_t len);

/* One table: the kernel's own, or a module's. */
struct kvmi_orc_table {
	uint64_t	 ips;		/* int32, relative to its own place */
	uint64_t	 entries;
	uint64_t	 n;
};

struct kvmi_orc {
	kvmi_orc_read_fn *read;
	kvmi_orc_map_fn	*map;		/* NULL: never */
	void		*arg;
	uint64_t	 entry_size;
	const uint8_t	*numbers;	/* which register each number is */
	struct kvmi_member sp_offset, bp_offset, sp_reg, bp_reg, type;
	struct kvmi_member end;		/* size 0 since 6.4 */
};

/* Where a stack is at.  A register that is not known is none of these. */
struct kvmi_orc_state {
	uint64_t	 ip;
	uint64_t	 sp;
	uint64_t	 bp;
	uint64_t	 r10, r13, dx, di;
	bool		 full;		/* r10 and so on are known */
	bool		 exact;		/* ip was interrupted, not called from */
	bool		 user;		/* ip is the program's */
};

/* The layout of the entries, by name. */
int kvmi_orc_init(struct kvmi_orc *o, struct kvmi_types *t,
    kvmi_orc_read_fn *read, void *arg, struct kvmi_err *err);

/*
 * How this kernel numbers registers, which nothing in it says: most entries
 * of its table go by the stack pointer.
 */
int kvmi_orc_numbering(struct kvmi_orc *o, const struct kvmi_orc_table *t,
    struct kvmi_err *err);

/*
 * From a frame to its caller's.  1: *s is that; 0: *s was the last; an error:
 * why the stack cannot be followed.
 */
int kvmi_orc_step(const struct kvmi_orc *o, const struct kvmi_orc_table *t,
    struct kvmi_orc_state *s, struct kvmi_err *err);

#endif
