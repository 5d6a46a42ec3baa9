/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek text: the files of a textdump. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "kpeek.h"

struct text {
	struct context	*c;
	const char	*name;		/* NULL: list them */
	json_object	*list;		/* NULL: text */
	bool		 found;
};

static json_object *
file_object(const struct kvm_file *f, bool content)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "name", json_text(f->kf_name,
	    strlen(f->kf_name)));
	json_object_object_add(o, "size",
	    json_object_new_int64((int64_t)f->kf_size));
	if (content)
		json_object_object_add(o, "text", json_text(f->kf_data,
		    f->kf_size));
	return (o);
}

static void
print_file(const struct text *t, const struct kvm_file *f)
{
	char *safe;

	if (t->name != NULL) {
		safe = escape(f->kf_data, f->kf_size, "\n\t");
		fputs(safe, stdout);
	} else {
		safe = escape(f->kf_name, strlen(f->kf_name), "");
		printf("%10zu  %s\n", f->kf_size, safe);
	}
	free(safe);
}

static int
take_file(const struct kvm_file *f, void *arg)
{
	struct text *t = arg;

	if (t->name != NULL && strcmp(f->kf_name, t->name) != 0)
		return (1);
	t->found = true;
	if (t->list != NULL)
		json_object_array_add(t->list, file_object(f,
		    t->name != NULL));
	else
		print_file(t, f);
	return (t->name == NULL);
}

static int
show(struct text *t)
{
	json_object *doc;

	if (t->c->json)
		t->list = json_object_new_array();
	if (kvm_walk_files(t->c->kd, take_file, t) < 0) {
		json_object_put(t->list);
		return (context_fail(t->c, NULL));
	}
	if (t->list != NULL && t->found) {
		doc = json_object_new_object();
		json_object_object_add(doc, "files", t->list);
		json_print(doc);
	}
	if (t->found)
		return (EXIT_OK);
	complain("%s in this image%s", t->name != NULL ? t->name : "no files",
	    t->name != NULL ? ": no such file" : ": it is no textdump");
	return (EXIT_FAILED);
}

static int
run_text(struct context *c, int argc, char **argv)
{
	static const struct option longs[] = { COMMON_LONG,
		{ NULL, 0, NULL, 0 } };
	struct text t = { .c = c };
	int opt, r, left;

	while ((opt = getopt_long(argc, argv, COMMON_SHORT, longs,
	    NULL)) != -1)
		if ((r = common_option(c, &cmd_text, opt, optarg)) >= 0)
			return (r);
	left = argc - optind;
	/* One argument alone is the dump, unless that was given before. */
	if (left > (c->core == NULL ? 1 : 0)) {
		t.name = argv[optind++];
		left--;
	}
	if (take_core(c, left, argv + optind) != 0)
		return (usage(&cmd_text));
	if (context_open(c) != 0)
		return (EXIT_FAILED);
	return (show(&t));
}

const struct command cmd_text = {
	.name = "text",
	.args = "[--json] [[FILE] CORE]",
	.summary = "The files of a textdump, or one of them",
	.options = "",
	.run = run_text,
};
