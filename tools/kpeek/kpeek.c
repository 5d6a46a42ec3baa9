/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek: look into a kernel's memory, alive or dead. */
#include "kpeek.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <string.h>

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static const struct command *const commands[] = {
	&cmd_info,
	&cmd_ps,
	&cmd_args,
	&cmd_env,
	&cmd_cpu,
	&cmd_load,
	&cmd_swap,
	&cmd_mods,
	&cmd_dmesg,
	&cmd_bt,
	&cmd_regs,
	&cmd_sym,
	&cmd_type,
	&cmd_read,
	&cmd_vtop,
	&cmd_text,
	&cmd_save,
	&cmd_convert,
};

static void
print_overview(FILE *out)
{
	fprintf(out, "usage: kpeek COMMAND [OPTIONS] [CORE [KERNEL]]\n\n"
	    "Look into a kernel's memory: of the crash dump CORE, or of this "
	    "host.\n\n");
	for (size_t i = 0; i < COUNT(commands); i++)
		fprintf(out, "  %-7s  %s\n", commands[i]->name,
		    commands[i]->summary);
	fprintf(out, "\n  -M CORE    the dump, instead of the argument\n"
	    "  -N KERNEL  the kernel file, where the dump has no symbols\n"
	    "  --key FILE the private key, where the dump is encrypted\n"
	    "  --json     one JSON document, for programs\n"
	    "  --help     after a command: its options\n"
	    "  --version\n\n"
	    "Exit status: 0 done, 1 failed, 2 usage, 3 done in part.  "
	    "See kpeek(1).\n");
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < COUNT(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return (commands[i]);
	return (NULL);
}

/*
 * Options before the command.  The status to exit with, or -1 and optind at
 * the command.
 */
static int
leading_options(struct context *c, int argc, char **argv)
{
	static const struct option longs[] = {
		COMMON_LONG,
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "+V" COMMON_SHORT, longs,
	    NULL)) != -1) {
		switch (opt) {
		case 'h':
			print_overview(stdout);
			return (EXIT_OK);
		case 'V':
			printf("kpeek (libkvm) %s\n", KPEEK_VERSION);
			return (EXIT_OK);
		case '?':
			fprintf(stderr, "Try 'kpeek --help'.\n");
			return (EXIT_USAGE);
		default:
			common_option(c, NULL, opt, optarg);
		}
	}
	return (-1);
}

static int
no_command(const char *name)
{
	complain("no such command: %s", name);
	fprintf(stderr, "Try 'kpeek --help'.\n");
	return (EXIT_USAGE);
}

/* "help", or "help COMMAND". */
static int
help_on(int argc, char **argv)
{
	const struct command *cmd;

	if (argc < 2) {
		print_overview(stdout);
		return (EXIT_OK);
	}
	cmd = find_command(argv[1]);
	if (cmd == NULL)
		return (no_command(argv[1]));
	help(cmd);
	return (EXIT_OK);
}

static int
run(struct context *c, int argc, char **argv)
{
	const struct command *cmd;
	int status = leading_options(c, argc, argv), first = optind;
	char name[32];

	if (status >= 0)
		return (status);
	if (first >= argc) {
		print_overview(stderr);
		return (EXIT_USAGE);
	}
	if (strcmp(argv[first], "help") == 0)
		return (help_on(argc - first, argv + first));
	cmd = find_command(argv[first]);
	if (cmd == NULL)
		return (no_command(argv[first]));
	/* What getopt() calls it in its messages. */
	snprintf(name, sizeof(name), "kpeek %s", cmd->name);
	argv[first] = name;
	optind = 0;	/* start over, on the command's own arguments */
	status = cmd->run(c, argc - first, argv + first);
	context_close(c);
	return (status);
}

int
main(int argc, char **argv)
{
	struct context c = { 0 };
	int status;

	setlocale(LC_CTYPE, "");
	/* A reader that had enough is no failure of ours. */
	signal(SIGPIPE, SIG_DFL);
	status = run(&c, argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain("standard output: %s", strerror(errno));
		return (EXIT_FAILED);
	}
	return (status);
}
