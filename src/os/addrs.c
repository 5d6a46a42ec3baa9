/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/addrs.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/err.h"

void
kvmi_addrs_deinit(struct kvmi_addrs *a)
{
	free(a->v);
	free(a->hash);
	*a = (struct kvmi_addrs){ 0 };
}

static size_t
slot_of(const struct kvmi_addrs *a, uint64_t addr)
{
	size_t i = (size_t)(addr * UINT64_C(0x9e3779b97f4a7c15) >> 32);

	for (i &= a->hash_size - 1; a->hash[i] != 0 &&
	    a->v[a->hash[i] - 1] != addr; i = (i + 1) & (a->hash_size - 1))
		;
	return (i);
}

static bool
grow(struct kvmi_addrs *a)
{
	size_t cap = a->cap == 0 ? 256 : a->cap * 2;
	uint64_t *v = realloc(a->v, cap * sizeof(*v));

	if (v == NULL)
		return (false);
	a->v = v;
	a->cap = cap;
	free(a->hash);
	a->hash_size = cap * 2;
	a->hash = calloc(a->hash_size, sizeof(*a->hash));
	if (a->hash == NULL)
		return (false);
	for (size_t i = 0; i < a->n; i++)
		a->hash[slot_of(a, a->v[i])] = (uint32_t)i + 1;
	return (true);
}

int
kvmi_addrs_add(struct kvmi_addrs *a, uint64_t addr)
{
	size_t slot;

	if (a->n == a->cap && !grow(a))
		return (KVMI_ENOMEM);
	slot = slot_of(a, addr);
	if (a->hash[slot] != 0)
		return (0);
	a->v[a->n++] = addr;
	a->hash[slot] = (uint32_t)a->n;
	return (1);
}
