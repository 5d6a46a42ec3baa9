/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek convert: write a dump in another format. */
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kpeek.h"

/* Names of what -x leaves out, or a number as makedumpfile -d takes it. */
static bool
parse_exclude(const char *text, int *ret)
{
	static const struct {
		const char *name;
		int	 bits;
	} kind[] = {
		{ "zero", KVM_EXCLUDE_ZERO },
		{ "cache", KVM_EXCLUDE_CACHE },
		{ "cache-private", KVM_EXCLUDE_CACHE_PRIVATE },
		{ "user", KVM_EXCLUDE_USER },
		{ "free", KVM_EXCLUDE_FREE },
		{ "all", KVM_EXCLUDE_ZERO | KVM_EXCLUDE_CACHE |
		    KVM_EXCLUDE_CACHE_PRIVATE | KVM_EXCLUDE_USER |
		    KVM_EXCLUDE_FREE },
	};
	uint64_t number;

	if (parse_number(text, &number)) {
		*ret = (int)number;
		return (number <= 31);
	}
	while (*text != '\0') {
		size_t n = strcspn(text, ","), i = 0;

		while (i < sizeof(kind) / sizeof(kind[0]) &&
		    (strlen(kind[i].name) != n ||
		    strncmp(kind[i].name, text, n) != 0))
			i++;
		if (i == sizeof(kind) / sizeof(kind[0]))
			return (false);
		*ret |= kind[i].bits;
		text += n + (text[n] == ',');
	}
	return (true);
}

static int
bad_option(const char *what, const char *arg, const char *wanted)
{
	complain("%s: no such %s; wanted %s", arg, what, wanted);
	return (EXIT_USAGE);
}

static int
take_option(struct context *c, struct kvm_convert_options *o, int opt)
{
	uint64_t n;

	switch (opt) {
	case 'c':
		o->kc_codec = optarg;
		return (-1);
	case 'f':
		o->kc_flags |= KVM_CONVERT_FORCE;
		return (-1);
	case 'F':
		o->kc_flags |= KVM_CONVERT_FLATTENED;
		return (-1);
	case 'j':
		if (!parse_number(optarg, &n) || n > UINT_MAX)
			return (bad_option("number of threads", optarg,
			    "a number"));
		o->kc_threads = (unsigned int)n;
		return (-1);
	case 't':
		if (strcmp(optarg, "elf") == 0)
			o->kc_format = KVM_FORMAT_ELF;
		else if (strcmp(optarg, "kdump") == 0)
			o->kc_format = KVM_FORMAT_KDUMP;
		else
			return (bad_option("format", optarg, "kdump or elf"));
		return (-1);
	case 'x':
		if (!parse_exclude(optarg, &o->kc_exclude))
			return (bad_option("kind of pages", optarg, "zero, "
			    "cache, cache-private, user, free, all, with "
			    "commas between, or 0 to 31"));
		return (-1);
	default:
		return (common_option(c, &cmd_convert, opt, optarg));
	}
}

/* OUTPUT is the last argument; "-" is a pipe, which takes a flattened dump. */
static int
take_output(struct context *c, struct kvm_convert_options *o, int argc,
    char **argv)
{
	if (argc < 1 || take_core(c, argc - 1, argv) != 0 || c->core == NULL)
		return (-1);
	if (strcmp(argv[argc - 1], "-") != 0) {
		o->kc_path = argv[argc - 1];
		return (0);
	}
	o->kc_fd = STDOUT_FILENO;
	o->kc_flags |= KVM_CONVERT_FLATTENED;
	return (0);
}

static int
run_convert(struct context *c, int argc, char **argv)
{
	static const struct option longs[] = { COMMON_LONG,
		{ "compress", required_argument, NULL, 'c' },
		{ "exclude", required_argument, NULL, 'x' },
		{ "flattened", no_argument, NULL, 'F' },
		{ "force", no_argument, NULL, 'f' },
		{ "threads", required_argument, NULL, 'j' },
		{ "to", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 } };
	struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
	struct writing p;
	json_object *doc = NULL;
	int opt, r;

	while ((opt = getopt_long(argc, argv, "c:fFj:t:x:" COMMON_SHORT, longs,
	    NULL)) != -1)
		if ((r = take_option(c, &o, opt)) >= 0)
			return (r);
	if (take_output(c, &o, argc - optind, argv + optind) != 0)
		return (usage(&cmd_convert));
	if (o.kc_fd >= 0 && isatty(o.kc_fd)) {
		complain("a dump does not belong on a terminal");
		return (EXIT_USAGE);
	}
	if (context_open(c) != 0)
		return (EXIT_FAILED);
	/* What waits for the reader of a pipe is better killed. */
	writing_begin(&p, "converting", o.kc_path != NULL);
	o.kc_progress = writing_show;
	o.kc_closure = &p;
	r = kvm_convert(c->kd, &o);
	writing_end(&p);
	if (r != 0) {
		r = context_fail(c, NULL);
		return (kvm_errkind(c->kd) == KVM_ERR_INVAL ? EXIT_USAGE : r);
	}
	if (c->json && o.kc_path != NULL) {
		doc = json_object_new_object();
		json_object_object_add(doc, "converted", json_text(o.kc_path,
		    strlen(o.kc_path)));
	}
	/* The others are there, and the new dump says that it is not whole. */
	r = context_damage(c, "pages", doc);
	if (doc != NULL)
		json_print(doc);
	return (r);
}

const struct command cmd_convert = {
	.name = "convert",
	.args = "[-fF] [-t FORMAT] [-c CODEC] [-x KINDS] [-j N] CORE [KERNEL] "
	    "OUTPUT",
	.summary = "Write a dump in another format",
	.options = "  -t, --to FORMAT      kdump (default) or elf\n"
	    "  -c, --compress CODEC zstd (default), zlib, lzo, snappy, none\n"
	    "  -x, --exclude KINDS  leave out pages: zero, cache,\n"
	    "                       cache-private, user, free, all\n"
	    "  -F, --flattened      as a stream; OUTPUT - is one always\n"
	    "  -f, --force          replace OUTPUT\n"
	    "  -j, --threads N      how many threads compress\n",
	.run = run_convert,
};
