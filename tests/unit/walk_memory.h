/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that page tables are walked in. */
#ifndef WALK_MEMORY_H
#define WALK_MEMORY_H

#include "arch/arch.h"
#include "util.h"

/* Physical memory: the words that are named, zeros, and pages that fail. */
struct word {
	uint64_t	pa, v;
};

struct memory {
	const struct word *word;
	size_t		 n;
	uint64_t	 first, end;	/* what is in the dump */
	unsigned int	 reads;
};

static inline int
read_memory(void *arg, uint64_t pa, void *buf, size_t size,
    struct kvmi_err *err)
{
	struct memory *m = arg;

	m->reads++;
	if (pa < m->first || pa >= m->end || size > m->end - pa)
		return (kvmi_fail(err, KVMI_ENOTINDUMP, "0x%" PRIx64
		    " is not there", pa));
	memset(buf, 0, size);
	for (size_t i = 0; i < m->n; i++)
		for (uint64_t b = 0; b < 8; b++)
			if (m->word[i].pa + b - pa < size)
				((uint8_t *)buf)[m->word[i].pa + b - pa] =
				    (uint8_t)(m->word[i].v >> 8 * b);
	return (0);
}

#endif
