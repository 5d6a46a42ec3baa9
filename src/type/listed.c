/* SPDX-License-Identifier: BSD-2-Clause */
#include "type/listed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct listed {
	struct kvmi_types t;
	size_t		 n;
	struct kvmi_listed v[];
};

static const struct kvmi_listed *
find(const struct kvmi_types *t, const char *type, const char *path)
{
	const struct listed *s = (const struct listed *)t;

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].type, type) == 0 &&
		    strcmp(s->v[i].path, path) == 0)
			return (&s->v[i]);
	return (NULL);
}

static int
listed_member(struct kvmi_types *t, const char *type, const char *path,
    struct kvmi_member *ret, struct kvmi_err *err)
{
	const struct kvmi_listed *row;

	if (path[0] == '\0')		/* the row of the size has no path */
		return (kvmi_fail(err, KVMI_EINVAL, "%s: bad path to a "
		    "member: %s.", t->where, type));
	row = find(t, type, path);
	if (row == NULL)
		return (kvmi_fail(err, KVMI_ENOENT, "%s: %s.%s is not known; "
		    "a vmlinux with DWARF as the second argument has it",
		    t->where, type, path));
	*ret = row->m;
	return (0);
}

static int
listed_size(struct kvmi_types *t, const char *type, uint64_t *ret,
    struct kvmi_err *err)
{
	const struct kvmi_listed *row = find(t, type, "");

	if (row == NULL)
		return (kvmi_fail(err, KVMI_ENOENT, "%s: the size of %s is "
		    "not known", t->where, type));
	*ret = row->m.size;
	return (0);
}

static int
by_offset(const void *a, const void *b)
{
	const struct kvmi_named_member *x = a, *y = b;

	return (x->m.off < y->m.off ? -1 : x->m.off > y->m.off);
}

/* Those that are known; of one within another, only the outer. */
static int
listed_list(struct kvmi_types *t, const char *type,
    struct kvmi_member_list *out, struct kvmi_err *err)
{
	const struct listed *s = (const struct listed *)t;

	out->n = 0;
	for (size_t i = 0; i < s->n; i++) {
		const char *path = s->v[i].path;

		if (strcmp(s->v[i].type, type) != 0 || path[0] == '\0' ||
		    strpbrk(path, ".[") != NULL)
			continue;
		if (!kvmi_member_list_add(out, path, &s->v[i].m))
			return (kvmi_fail(err, KVMI_ENOMEM, "out of memory"));
	}
	if (out->n > 0)
		qsort(out->v, out->n, sizeof(out->v[0]), by_offset);
	return (out->n > 0 || find(t, type, "") != NULL ? 0 : kvmi_fail(err,
	    KVMI_ENOENT, "%s: %s is not known", t->where, type));
}

static int
listed_enumerator(struct kvmi_types *t, const char *name, int64_t *ret,
    struct kvmi_err *err)
{
	(void)ret;
	return (kvmi_fail(err, KVMI_ENOENT, "%s: %s is not known", t->where,
	    name));
}

static void
listed_close(struct kvmi_types *t)
{
	free(t);
}

static const struct kvmi_types_ops listed_ops = {
	.name = "list",
	.size = listed_size,
	.member = listed_member,
	.list = listed_list,
	.enumerator = listed_enumerator,
	.close = listed_close,
};

int
kvmi_listed_open(const struct kvmi_listed *v, size_t n, const char *where,
    struct kvmi_types **ret, struct kvmi_err *err)
{
	struct listed *s = calloc(1, sizeof(*s) + n * sizeof(s->v[0]));

	if (s == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "out of memory"));
	s->t.ops = &listed_ops;
	snprintf(s->t.where, sizeof(s->t.where), "%s", where);
	memcpy(s->v, v, n * sizeof(*v));
	s->n = n;
	*ret = &s->t;
	return (0);
}
