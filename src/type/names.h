/* SPDX-License-Identifier: BSD-2-Clause */
/* A growing table of names of types or enumerators, and where each is. */
#ifndef KVMI_NAMES_H
#define KVMI_NAMES_H

#include <stdbool.h>
#include <stdint.h>

struct kvmi_name {
	const char	*name;		/* outlives the table */
	uint64_t	 where;
	uint32_t	 hash;
	uint32_t	 next;		/* in its chain; 0: the last */
	uint32_t	 unit;		/* the part of the source it is from */
	uint8_t		 rank;		/* of several in a unit the highest */
};

struct kvmi_names {
	struct kvmi_name *v;		/* from 1 on */
	uint32_t	 n;
	uint32_t	 cap;
	uint32_t	*head;		/* as many as cap, a power of two */
};

/* NULL: not there. */
const struct kvmi_name *kvmi_names_find(const struct kvmi_names *ns,
    const char *name);

/*
 * Keep the name unless an earlier unit, or this one with as high a rank, has
 * it; false: no memory.
 */
bool kvmi_names_add(struct kvmi_names *ns, const char *name, uint64_t where,
    uint32_t unit, uint8_t rank);
void kvmi_names_free(struct kvmi_names *ns);

#endif
