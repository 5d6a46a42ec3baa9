/* SPDX-License-Identifier: BSD-2-Clause */
/* What indexing DWARF and decoding its entries share. */
#ifndef KVMI_DWARF_IMPL_H
#define KVMI_DWARF_IMPL_H

#include <elfutils/libdw.h>
#include <pthread.h>

#include "base/elfview.h"
#include "type/names.h"
#include "type/path.h"

struct kvmi_dwarf {
	struct kvmi_types t;
	struct kvmi_elf_view view;
	Dwarf		*dbg;
	bool		 big_endian;
	pthread_mutex_t	 lock;		/* libdw caches without one */
	Dwarf_CU	*unit;		/* the last one that was indexed */
	uint32_t	 n_units;
	bool		 whole;		/* all units are indexed */
	bool		 shared_names;	/* there are long ones in .debug_str */
	bool		 own_names;	/* ... and elsewhere */
	const char	*strings;	/* .debug_str, once it was needed */
	size_t		 strings_len;
	struct kvmi_names types;
	struct kvmi_names enumerators;
};

/*
 * The definition of a type, looked for in one unit after the other until it
 * is found.  KVMI_ENOENT, without a text: there is none.
 */
int kvmi_dwarf_find_type(struct kvmi_dwarf *d, const char *name,
    Dwarf_Die *ret, struct kvmi_err *err);

/* A look-up begins, with the lock, and ends. */
void kvmi_dwarf_enter(struct kvmi_types *t);
int kvmi_dwarf_leave(struct kvmi_types *t, int r, struct kvmi_err *err);

/* Types as path.h wants them; a tref's id is the address of the entry. */
extern const struct kvmi_path_ops kvmi_dwarf_path_ops;

/* The next entry behind this one; false at the end, or going backwards. */
bool kvmi_dwarf_next(Dwarf_Die *die);

bool kvmi_dwarf_flag(Dwarf_Die *die, unsigned int at);

/* Is what it stands for defined elsewhere? */
bool kvmi_dwarf_is_declaration(Dwarf_Die *die);

/* An integer attribute, with the sign that its form gives it. */
bool kvmi_dwarf_number(Dwarf_Die *die, unsigned int at, int64_t *ret);

#endif
