/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek save: from a dump device into files. */
#include <getopt.h>
#include <limits.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "kpeek.h"

static int
run_save(struct context *c, int argc, char **argv)
{
	static const struct option longs[] = { COMMON_LONG,
		{ "compress", no_argument, NULL, 'z' },
		{ "force", no_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 } };
	struct kvm_save_options o = KVM_SAVE_OPTIONS_INIT;
	char path[PATH_MAX], why[2048] = "";
	struct writing p;
	json_object *doc;
	int opt, r;

	while ((opt = getopt_long(argc, argv, "zf" COMMON_SHORT, longs,
	    NULL)) != -1) {
		if (opt == 'z')
			o.kv_flags |= KVM_SAVE_ZSTD;
		else if (opt == 'f')
			o.kv_flags |= KVM_SAVE_FORCE;
		else if ((r = common_option(c, &cmd_save, opt, optarg)) >= 0)
			return (r);
	}
	if (optind < argc && c->core == NULL)
		c->core = argv[optind++];
	if (optind < argc)
		o.kv_dir = argv[optind++];
	if (optind < argc || c->core == NULL)
		return (usage(&cmd_save));
	writing_begin(&p, "saving", true);
	o.kv_progress = writing_show;
	o.kv_closure = &p;
	r = kvm_save(c->core, &o, path, sizeof(path), why);
	writing_end(&p);
	if (r != 0) {
		complain("%s", why);
		return (EXIT_FAILED);
	}
	if (c->json) {
		doc = json_object_new_object();
		json_object_object_add(doc, "saved", json_text(path,
		    strlen(path)));
		json_print(doc);
	} else {
		printf("%s\n", path);
	}
	return (EXIT_OK);
}

const struct command cmd_save = {
	.name = "save",
	.args = "[-fz] [--json] DEVICE [DIR]",
	.summary = "Save a FreeBSD dump from its device",
	.options = "  -f, --force          also one that was saved before\n"
	    "  -z, --compress       with zstd\n",
	.run = run_save,
};
