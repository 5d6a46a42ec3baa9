/* SPDX-License-Identifier: BSD-2-Clause */
/* The types of loaded modules, and names that mean one of them. */
#include "os/module_types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
kvmi_module_types_add(struct kvmi_module_types *ts, const char *name,
    struct kvmi_types *t)
{
	struct kvmi_module_type *v;

	v = realloc(ts->v, (ts->n + 1) * sizeof(*v));
	if (v == NULL)
		return (false);
	ts->v = v;
	v += ts->n++;
	*v = (struct kvmi_module_type){ .types = t };
	snprintf(v->name, sizeof(v->name), "%s", name);
	snprintf(t->where, sizeof(t->where), "BTF of module %.40s", name);
	return (true);
}

void
kvmi_module_types_free(struct kvmi_module_types *ts)
{
	if (ts == NULL)
		return;
	for (size_t i = 0; i < ts->n; i++)
		kvmi_types_close(ts->v[i].types);
	free(ts->v);
	free(ts);
}

/* Found at first use; only running out of memory is an error. */
static int
get_modules(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kvmi_module_types **ret)
{
	struct kvmi_module_types *ts, *there = NULL;

	*ret = ts = atomic_load_explicit(&k->module_types,
	    memory_order_acquire);
	if (ts != NULL)
		return (0);
	ts = calloc(1, sizeof(*ts));
	if (ts == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory"));
	if (k->os->module_types != NULL)
		k->os->module_types(k, cx, k->types, ts);
	if (!atomic_compare_exchange_strong(&k->module_types, &there, ts)) {
		kvmi_module_types_free(ts);	/* another thread was first */
		ts = there;
	}
	*ret = ts;
	return (0);
}

/* "module:rest"; NULL: all of them are meant. */
static const char *
split_name(const char *name, size_t *module_len)
{
	const char *colon = strchr(name, ':');

	*module_len = colon == NULL ? 0 : (size_t)(colon - name);
	return (colon == NULL ? NULL : colon + 1);
}

/* A kernel's name for a module has - or _, as it pleases. */
static bool
is_module(const char *name, const char *wanted, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (name[i] != wanted[i] &&
		    !(name[i] == '_' && wanted[i] == '-'))
			return (false);
	return (name[len] == '\0');
}

int
kvmi_any_type(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    kvmi_ask_types_fn *ask, void *arg)
{
	const struct kvmi_module_types *ts;
	struct kvmi_types *t;
	struct kvmi_err first;
	const char *rest;
	size_t len;
	int r, r2;

	rest = split_name(name, &len);
	r = kvmi_kernel_types(k, cx, &t);
	if (r != 0)
		return (r);
	if (rest == NULL && (r = ask(t, name, arg, &cx->err)) != KVMI_ENOENT)
		return (r);
	first = cx->err;
	r = get_modules(k, cx, &ts);
	if (r != 0)
		return (r);
	for (size_t i = 0; i < ts->n; i++) {
		if (rest != NULL && !is_module(ts->v[i].name, name, len))
			continue;
		r2 = ask(ts->v[i].types, rest != NULL ? rest : name, arg,
		    &cx->err);
		if (rest != NULL || r2 != KVMI_ENOENT)
			return (r2);
	}
	if (rest != NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOENT,
		    "%.*s: no module with types of its own", (int)len, name));
	cx->err = first;
	return (KVMI_ENOENT);
}
