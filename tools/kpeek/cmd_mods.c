/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek mods: loaded modules. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kpeek.h"

struct mods {
	struct table	*table;		/* NULL: JSON */
	int		 digits;	/* of an address */
	json_object	*list;
};

static void
add_row(const struct mods *mods, const struct kvm_module *m)
{
	struct table *t = mods->table;
	char *name = escape(m->km_name, strlen(m->km_name), "");
	char *path = escape(m->km_path, strlen(m->km_path), "");

	if (m->km_addr != 0)
		table_add(t, "%0*" PRIx64, mods->digits, m->km_addr);
	else
		table_add(t, "-");
	if (m->km_size != 0)
		table_add(t, "%" PRIu64, m->km_size);
	else
		table_add(t, "-");
	table_add(t, "%s", name);
	table_add(t, "%s", path[0] != '\0' ? path : "-");
	free(name);
	free(path);
}

static json_object *
module_object(const struct kvm_module *m)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "name", json_text(m->km_name,
	    strlen(m->km_name)));
	json_object_object_add(o, "address", m->km_addr == 0 ? NULL :
	    json_address(m->km_addr));
	json_object_object_add(o, "size", m->km_size == 0 ? NULL :
	    json_object_new_int64((int64_t)m->km_size));
	json_object_object_add(o, "path", json_known(m->km_path));
	return (o);
}

static int
take_module(const struct kvm_module *m, void *arg)
{
	struct mods *mods = arg;

	if (mods->table != NULL)
		add_row(mods, m);
	else
		json_object_array_add(mods->list, module_object(m));
	return (1);
}

static struct table *
make_table(void)
{
	static const struct { const char *title; int align; } column[] = {
		{ "ADDRESS", LEFT }, { "SIZE", RIGHT }, { "NAME", LEFT },
		{ "FILE", LEFT },
	};
	struct table *t = table_create(4);

	for (size_t i = 0; i < 4; i++)
		table_column(t, i, column[i].title, column[i].align);
	return (t);
}

static int
run_mods(struct context *c, int argc, char **argv)
{
	struct mods mods = { 0 };
	json_object *doc = NULL;
	ssize_t n;
	int r = plain_options(c, &cmd_mods, argc, argv);

	if (r >= 0)
		return (r);
	if (context_open(c) != 0)
		return (EXIT_FAILED);
	if (c->json)
		mods.list = json_object_new_array();
	else
		mods.table = make_table();
	mods.digits = address_digits(c);
	n = kvm_walk_modules(c->kd, take_module, &mods);
	if (n < 0) {
		r = context_fail(c, NULL);
		table_destroy(mods.table);
		json_object_put(mods.list);
		return (r);
	}
	if (mods.table != NULL && n == 0) {
		table_destroy(mods.table);
		complain("no modules are loaded");
	} else if (mods.table != NULL) {
		table_print(mods.table);
	} else {
		doc = json_object_new_object();
		json_object_object_add(doc, "modules", mods.list);
	}
	r = context_damage(c, "modules", doc);
	if (doc != NULL)
		json_print(doc);
	return (r);
}

const struct command cmd_mods = {
	.name = "mods",
	.args = "[--json] [CORE [KERNEL]]",
	.summary = "Loaded modules",
	.options = "",
	.run = run_mods,
};
