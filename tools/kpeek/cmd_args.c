/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek args: arguments or environment of processes. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kpeek.h"

#define MAX_PIDS	256

struct args {
	struct context	*c;
	const struct command *cmd;
	bool		 environment;
	int		 pids[MAX_PIDS];
	size_t		 npids;
	unsigned int	 shown;		/* processes */
	unsigned int	 failed;	/* of these */
	char		 why[2048];	/* of the first */
};

static bool
wanted(const struct args *a, const struct kinfo_proc *ki)
{
	for (size_t i = 0; i < a->npids; i++)
		if (a->pids[i] == ki->ki_pid)
			return (true);
	return (a->npids == 0);
}

static char **
get_strings(struct args *a, const struct kinfo_proc *ki)
{
	char **v = a->environment ? kvm_getenvv(a->c->kd, ki, 0) :
	    kvm_getargv(a->c->kd, ki, 0);

	a->shown++;
	if (v == NULL && a->failed++ == 0)
		snprintf(a->why, sizeof(a->why), "%s", kvm_geterr(a->c->kd));
	return (v);
}

/* In the place of strings that are not to be had. */
static const char *
absence(kvm_t *kd)
{
	switch (kvm_errkind(kd)) {
	case KVM_ERR_NOTINDUMP:
		return ("(not in the dump)");
	case KVM_ERR_SWAPPED:
		return ("(swapped out)");
	case KVM_ERR_NOTMAPPED:
		return ("(no page)");
	case KVM_ERR_PERM:
		return ("(not permitted)");
	case KVM_ERR_TRUNCATED:
		return ("(lost)");
	case KVM_ERR_INVAL:
		return ("(gone)");
	default:
		return ("(not known)");
	}
}

/* One argument so that it can be told from the next. */
static char *
quote(const char *s)
{
	char *safe = escape(s, strlen(s), ""), *out;

	if (s[0] != '\0' && strpbrk(safe, " \"'") == NULL)
		return (safe);
	if (asprintf(&out, strchr(safe, '"') == NULL ? "\"%s\"" : "'%s'",
	    safe) < 0)
		abort();
	free(safe);
	return (out);
}

static char *
join(char **v)
{
	char *line = NULL;
	size_t len;
	FILE *f = open_memstream(&line, &len);

	if (f == NULL)
		abort();
	for (size_t i = 0; v[i] != NULL; i++) {
		char *one = quote(v[i]);

		fprintf(f, "%s%s", i == 0 ? "" : " ", one);
		free(one);
	}
	if (fclose(f) != 0)
		abort();
	return (line);
}

static void
add_row(struct args *a, struct table *t, const struct kinfo_proc *ki)
{
	char *comm = escape(ki->ki_comm, strnlen(ki->ki_comm,
	    sizeof(ki->ki_comm)), "");
	char **v = get_strings(a, ki);
	char *line = v == NULL ? NULL : join(v);

	table_add(t, "%" PRId32, ki->ki_pid);
	table_add(t, ki->ki_flag & P_KPROC ? "[%s]" : "%s", comm);
	table_add(t, "%s", line != NULL ? line : absence(a->c->kd));
	free(line);
	free(comm);
}

static void
add_object(struct args *a, json_object *list, const struct kinfo_proc *ki)
{
	json_object *o = json_object_new_object(), *strings = NULL;
	char **v = get_strings(a, ki);
	const char *why = kvm_geterr(a->c->kd);

	json_object_object_add(o, "pid", json_object_new_int64(ki->ki_pid));
	json_object_object_add(o, "comm", json_text(ki->ki_comm,
	    strnlen(ki->ki_comm, sizeof(ki->ki_comm))));
	if (v != NULL)
		strings = json_object_new_array();
	for (size_t i = 0; v != NULL && v[i] != NULL; i++)
		json_object_array_add(strings, json_text(v[i], strlen(v[i])));
	json_object_object_add(o, a->environment ? "environment" : "args",
	    strings);
	json_object_object_add(o, "error", v != NULL ? NULL :
	    json_text(why, strlen(why)));
	json_object_array_add(list, o);
}

static void
print_table(struct args *a, const struct kinfo_proc *p, int n)
{
	struct table *t = table_create(3);

	table_column(t, 0, "PID", RIGHT);
	table_column(t, 1, "COMMAND", LEFT);
	table_column(t, 2, a->environment ? "ENVIRONMENT" : "ARGUMENTS",
	    LEFT);
	for (int i = 0; i < n; i++)
		if (wanted(a, &p[i]))
			add_row(a, t, &p[i]);
	table_print(t);
}

static json_object *
document(struct args *a, const struct kinfo_proc *p, int n)
{
	json_object *doc = json_object_new_object();
	json_object *list = json_object_new_array();

	for (int i = 0; i < n; i++)
		if (wanted(a, &p[i]))
			add_object(a, list, &p[i]);
	json_object_object_add(doc, "processes", list);
	return (doc);
}

/* Say which of the processes that were asked for there are not. */
static bool
miss(const struct args *a, const struct kinfo_proc *p, int n)
{
	bool missing = false;

	for (size_t i = 0; i < a->npids; i++) {
		int k = 0;

		while (k < n && p[k].ki_pid != a->pids[i])
			k++;
		if (k < n)
			continue;
		complain("no process %d", a->pids[i]);
		missing = true;
	}
	return (missing);
}

/* What went wrong, and the exit status. */
static int
verdict(const struct args *a, bool missing, int damage)
{
	if (a->failed != 0)
		complain("%s of %u process%s cannot be had; the first: %s",
		    a->environment ? "environment" : "arguments", a->failed,
		    a->failed == 1 ? "" : "es", a->why);
	if (a->failed == a->shown)
		return (EXIT_FAILED);
	return (a->failed != 0 || missing ? EXIT_PARTIAL : damage);
}

/* Numbers are process ids: what comes behind them is the dump. */
static int
parse_options(struct args *a, int argc, char **argv)
{
	static const struct option longs[] = { COMMON_LONG,
		{ "environment", no_argument, NULL, 'e' },
		{ NULL, 0, NULL, 0 } };
	uint64_t v;
	int opt, r;

	while ((opt = getopt_long(argc, argv, "e" COMMON_SHORT, longs,
	    NULL)) != -1) {
		if (opt == 'e')
			a->environment = true;
		else if ((r = common_option(a->c, a->cmd, opt,
		    optarg)) >= 0)
			return (r);
	}
	for (; optind < argc && parse_number(argv[optind], &v); optind++) {
		if (v > INT32_MAX || a->npids == MAX_PIDS) {
			complain("not a process id: %s", argv[optind]);
			return (EXIT_USAGE);
		}
		a->pids[a->npids++] = (int)v;
	}
	if (take_core(a->c, argc - optind, argv + optind) != 0)
		return (usage(a->cmd));
	return (-1);
}

static int
run(struct context *c, int argc, char **argv, const struct command *cmd)
{
	struct args a = { .c = c, .cmd = cmd,
		.environment = cmd == &cmd_env };
	const struct kinfo_proc *p;
	json_object *doc = NULL;
	bool missing;
	int n, r;

	r = parse_options(&a, argc, argv);
	if (r >= 0)
		return (r);
	if (context_open(c) != 0)
		return (EXIT_FAILED);
	p = kvm_getprocs(c->kd, a.npids == 1 ? KERN_PROC_PID : KERN_PROC_PROC,
	    a.npids == 1 ? a.pids[0] : 0, &n);
	if (p == NULL)
		return (context_fail(c, NULL));
	/* An image that none can be had of is no matter of each process. */
	if (n > 0 && kvm_getargv(c->kd, &p[0], 1) == NULL &&
	    kvm_errkind(c->kd) == KVM_ERR_NOTSUP)
		return (context_fail(c, NULL));
	missing = miss(&a, p, n);
	if (c->json)
		doc = document(&a, p, n);
	else
		print_table(&a, p, n);
	r = context_damage(c, "processes", doc);
	if (doc != NULL)
		json_print(doc);
	return (verdict(&a, missing, r));
}

static int
run_args(struct context *c, int argc, char **argv)
{
	return (run(c, argc, argv, &cmd_args));
}

static int
run_env(struct context *c, int argc, char **argv)
{
	return (run(c, argc, argv, &cmd_env));
}

const struct command cmd_args = {
	.name = "args",
	.args = "[-e] [--json] [PID...] [CORE [KERNEL]]",
	.summary = "Arguments or environment of processes",
	.options = "  -e, --environment    the environment\n",
	.run = run_args,
};

const struct command cmd_env = {
	.name = "env",
	.args = "[--json] [PID...] [CORE [KERNEL]]",
	.summary = "Environment of processes",
	.options = "",
	.run = run_env,
};
