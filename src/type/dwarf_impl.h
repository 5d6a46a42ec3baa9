/* SPDX-License-Identifier: BSD-2-Clause */
/* What indexing DWARF and decoding its entries share. */
#ifndef KVMI_DWARF_IMPL_H
#define KVMI_DWARF_IMPL_H

#include <elfutils/libdw.h>
#include <pthread.h>

#include "base/elfview.h"
#include "type/path.h"

/* A name: of a type, or of an enumerator. */
struct kvmi_dwarf_name {
	const char	*name;		/* in the file's strings */
	const void	*die;		/* where its entry is */
	uint32_t	 hash;
	uint32_t	 next;		/* in its chain; 0: the last */
	uint32_t	 unit;		/* the number of its unit */
	uint8_t		 rank;		/* of several in a unit the highest */
};

struct kvmi_dwarf_names {
	struct kvmi_dwarf_name *v;	/* from 1 on */
	uint32_t	 n;
	uint32_t	 cap;
	uint32_t	*head;		/* as many as cap, a power of two */
};

struct kvmi_dwarf {
	struct kvmi_types t;
	struct kvmi_elf_view view;
	Dwarf		*dbg;
	bool		 big_endian;
	pthread_mutex_t	 lock;		/* libdw caches without one */
	Dwarf_CU	*unit;		/* the last one that was indexed */
	uint32_t	 n_units;
	bool		 whole;		/* all units are indexed */
	struct kvmi_dwarf_names types;
	struct kvmi_dwarf_names enumerators;
};

/* NULL: not there. */
const struct kvmi_dwarf_name *kvmi_dwarf_names_find(
    const struct kvmi_dwarf_names *ns, const char *name);

/*
 * Keep the name unless an earlier unit, or this one with as high a rank, has
 * it; false: no memory.
 */
bool kvmi_dwarf_names_add(struct kvmi_dwarf_names *ns, const char *name,
    const void *die, uint32_t unit, uint8_t rank);
void kvmi_dwarf_names_free(struct kvmi_dwarf_names *ns);

/*
 * The definition of a type, looked for in one unit after the other until it
 * is found.  KVMI_ENOENT, without a text: there is none.
 */
int kvmi_dwarf_find_type(struct kvmi_dwarf *d, const char *name,
    Dwarf_Die *ret, struct kvmi_err *err);

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
