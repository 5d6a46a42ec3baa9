/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "kpeek.h"

void
help(const struct command *cmd)
{
	printf("usage: kpeek %s %s\n\n%s.\n\n%s"
	    "  -M, --core CORE      the dump\n"
	    "  -N, --namelist FILE  the kernel file\n"
	    "      --index FILE     keep the index of a compressed dump\n"
	    "      --key FILE       the private key of an encrypted dump\n"
	    "      --raw-memory[=MAP]  the dump has no header\n"
	    "      --with FILE      one more file of a dump that is split or cut\n"
	    "      --vmcoreinfo FILE  what Linux says of itself, instead\n"
	    "      --arch NAME      the machine, where the dump does not say\n"
	    "      --json           one JSON document\n", cmd->name, cmd->args,
	    cmd->summary, cmd->options);
}

int
usage(const struct command *cmd)
{
	fprintf(stderr, "usage: kpeek %s %s\n", cmd->name, cmd->args);
	return (EXIT_USAGE);
}

int
common_option(struct context *c, const struct command *cmd, int opt,
    const char *arg)
{
	switch (opt) {
	case 'M':
		c->core = arg;
		return (-1);
	case 'N':
		c->kernel = arg;
		return (-1);
	case OPT_ARCH:
		c->arch = arg;
		return (-1);
	case OPT_RAW:
		c->raw = arg != NULL ? arg : "";
		return (-1);
	case OPT_VMCOREINFO:
		c->vmcoreinfo = arg;
		return (-1);
	case OPT_WITH:
		if (c->nmore == MORE_MAX) {
			complain("--with more than %d times", MORE_MAX);
			return (EXIT_USAGE);
		}
		c->more[c->nmore++] = arg;
		return (-1);
	case OPT_INDEX:
		c->index = arg;
		return (-1);
	case OPT_JSON:
		c->json = true;
		return (-1);
	case OPT_KEY:
		c->key = arg;
		return (-1);
	case 'h':
		help(cmd);
		return (EXIT_OK);
	default:
		return (usage(cmd));
	}
}

int
take_core(struct context *c, int argc, char **argv)
{
	int i = 0;

	if (i < argc && c->core == NULL)
		c->core = argv[i++];
	if (i < argc && c->kernel == NULL)
		c->kernel = argv[i++];
	return (i < argc ? -1 : 0);
}

int
plain_options(struct context *c, const struct command *cmd, int argc,
    char **argv)
{
	static const struct option longs[] = { COMMON_LONG,
		{ NULL, 0, NULL, 0 } };
	int opt, r;

	while ((opt = getopt_long(argc, argv, COMMON_SHORT, longs,
	    NULL)) != -1)
		if ((r = common_option(c, cmd, opt, optarg)) >= 0)
			return (r);
	if (take_core(c, argc - optind, argv + optind) != 0)
		return (usage(cmd));
	return (-1);
}

bool
parse_number(const char *text, uint64_t *ret)
{
	char *end;
	int base = strncmp(text, "0x", 2) == 0 ? 16 : 10;

	if (text[0] < '0' || text[0] > '9')
		return (false);
	errno = 0;
	*ret = strtoull(text, &end, base);
	return (errno == 0 && *end == '\0');
}

/* ffffffff81000000: what people paste from a log. */
static bool
parse_bare_hex(const char *text, uint64_t *ret)
{
	size_t n = strspn(text, "0123456789abcdefABCDEF");

	if (n < 8 || n > 16 || text[n] != '\0')
		return (false);
	*ret = strtoull(text, NULL, 16);
	return (true);
}

/*
 * Then that a variable is unknown says nothing.  The second of these every
 * kernel has, and exports to no module.
 */
static bool
lacks_variables(struct context *c)
{
	struct kvm_symbol s;

	return (kvm_symbol_by_name(c->kd, "schedule", &s) == 0 &&
	    kvm_symbol_by_name(c->kd, "saved_command_line", &s) != 0);
}

/* What may be meant by what is neither. */
static void
no_symbol(struct context *c, const char *name)
{
	const char *why = "";

	if (name[0] >= '0' && name[0] <= '9')
		why = ", nor an address of 64 bits";
	else if (strchr(name, '/') != NULL)
		why = "; a name or an address comes before the dump";
	else if (lacks_variables(c))
		why = "; this kernel lists its functions, not all of its "
		    "variables (no CONFIG_KALLSYMS_ALL)";
	complain("%s: no such symbol%s", name[0] != '\0' ? name : "''", why);
}

static int
find_address(struct context *c, const char *name, kvaddr_t *ret)
{
	struct kvm_nlist nl[2] = { { .n_name = name }, { 0 } };
	int r;

	if (parse_number(name, ret) || parse_bare_hex(name, ret))
		return (0);
	/* To kvm_nlist2() an empty name is the end of the list. */
	r = name[0] == '\0' ? 1 : kvm_nlist2(c->kd, nl);
	if (r < 0)
		context_fail(c, name);
	else if (r > 0)
		no_symbol(c, name);
	*ret = nl[0].n_value;
	return (r == 0 ? 0 : -1);
}

int
parse_address(struct context *c, const char *text, kvaddr_t *ret)
{
	const char *plus = strrchr(text, '+');
	uint64_t off = 0;
	char *name = strdup(text);
	int r;

	if (name == NULL)
		abort();
	if (plus != NULL && parse_number(plus + 1, &off))
		name[plus - text] = '\0';
	else
		off = 0;
	r = find_address(c, name, ret);
	free(name);
	if (r == 0 && __builtin_add_overflow(*ret, off, ret)) {
		complain("%s: beyond 64 bits", text);
		return (-1);
	}
	return (r);
}
