/* SPDX-License-Identifier: BSD-2-Clause */
#include "type/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* Names made to collide are kept twice rather than compared for ever. */
#define MAX_COMPARED	64

static bool
grow(struct kvmi_names *ns)
{
	uint32_t cap = ns->cap == 0 ? 1024 : ns->cap * 2;
	struct kvmi_name *v;
	uint32_t *head, *h;

	if (cap > UINT32_C(1) << 30)
		return (false);
	v = realloc(ns->v, (size_t)cap * sizeof(*v));
	if (v == NULL)
		return (false);
	ns->v = v;
	head = calloc(cap, sizeof(*head));
	if (head == NULL)
		return (false);
	for (uint32_t i = 1; i <= ns->n; i++) {
		h = &head[v[i].hash & (cap - 1)];
		v[i].next = *h;
		*h = i;
	}
	free(ns->head);
	ns->head = head;
	ns->cap = cap;
	return (true);
}

const struct kvmi_name *
kvmi_names_find(const struct kvmi_names *ns, const char *name)
{
	const struct kvmi_name *best = NULL;
	uint32_t hash = kvmi_hash(name, strlen(name));

	if (ns->cap == 0)
		return (NULL);
	for (uint32_t i = ns->head[hash & (ns->cap - 1)]; i != 0;
	    i = ns->v[i].next)
		if (ns->v[i].hash == hash && strcmp(ns->v[i].name, name) == 0 &&
		    (best == NULL || ns->v[i].unit < best->unit))
			best = &ns->v[i];
	return (best);
}

bool
kvmi_names_add(struct kvmi_names *ns, const char *name, uint64_t where,
    uint32_t unit, uint8_t rank)
{
	uint32_t hash = kvmi_hash(name, strlen(name)), compared = 0, *head;
	struct kvmi_name *e;

	if (ns->n + 1 >= ns->cap && !grow(ns))
		return (false);
	head = &ns->head[hash & (ns->cap - 1)];
	for (uint32_t i = *head; i != 0 && compared < MAX_COMPARED;
	    i = e->next) {
		e = &ns->v[i];
		compared++;
		if (e->hash != hash || strcmp(e->name, name) != 0)
			continue;
		if (e->unit == unit && rank > e->rank) {
			e->where = where;
			e->rank = rank;
		}
		return (true);
	}
	ns->v[++ns->n] = (struct kvmi_name){ .name = name,
		.where = where, .hash = hash, .next = *head, .unit = unit,
		.rank = rank };
	*head = ns->n;
	return (true);
}

void
kvmi_names_free(struct kvmi_names *ns)
{
	free(ns->v);
	free(ns->head);
}
