/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek ps: processes and threads. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "ps.h"

/* What is listed when nothing else is asked for, and with -j, -l, -u, -v. */
#define EVERY_DAY	"pid,ppid,user,state,nice,nlwp,start,vsz,rss,comm"
#define EVERY_THREAD	"pid,lwp,ppid,user,state,nice,nlwp,start,vsz,rss," \
	"tdname=COMMAND"
#define FORMAT_J	"user,pid,ppid,pgid,sid,jobc,stat,tty,time,command"
#define FORMAT_L \
	"uid,pid,ppid,cpu,pri,nice,vsz,rss,mwchan,stat,tty,time,command"
#define FORMAT_U \
	"user,pid,%cpu,%mem,vsz,rss,tty,stat,start,time,command"
#define FORMAT_V \
	"pid,stat,time,sl,re,pagein,vsz,rss,lim,tsiz,%cpu,%mem,command"

static const char *
cell_text(const struct cell *cell, char *buf, size_t len)
{
	if (cell->text != NULL)
		return (cell->text);
	switch (cell->kind) {
	case CELL_NUMBER:
		snprintf(buf, len, "%lld", (long long)cell->n);
		break;
	case CELL_REAL:
		snprintf(buf, len, "%.1f", cell->d);
		break;
	default:
		snprintf(buf, len, "-");
		break;
	}
	return (buf);
}

/* The last column shows the tree, if it is a name. */
static bool
has_prefix(const struct ps *ps, size_t column)
{
	const struct key *key = ps->columns[column].key;

	return (column + 1 == ps->ncolumns &&
	    (key->get == ps_get_command || key->get == ps_get_name));
}

static void
add_row(struct table *t, const struct ps *ps, const struct row *row)
{
	for (size_t i = 0; i < ps->ncolumns; i++) {
		const char *prefix = row->prefix != NULL && has_prefix(ps, i) ?
		    row->prefix : "";
		struct cell cell;
		char buf[32];

		ps_get(ps, row->ki, ps->columns[i].key, &cell);
		table_add(t, "%s%s", prefix, cell_text(&cell, buf,
		    sizeof(buf)));
		ps_cell_free(&cell);
	}
}

static void
print_table(const struct ps *ps, const struct row *rows, size_t n)
{
	struct table *t = table_create(ps->ncolumns);

	for (size_t i = 0; i < ps->ncolumns; i++)
		table_column(t, i, ps->columns[i].title != NULL ?
		    ps->columns[i].title : ps->columns[i].key->title,
		    ps->columns[i].key->align);
	for (size_t i = 0; i < n; i++)
		add_row(t, ps, &rows[i]);
	if (ps->wide)
		table_wide(t);
	table_print(t);
}

static json_object *
cell_object(const struct cell *cell)
{
	const char *text = cell->plain != NULL ? cell->plain : cell->text;

	switch (cell->kind) {
	case CELL_NUMBER:
		return (json_object_new_int64(cell->n));
	case CELL_REAL:
		return (json_object_new_double(cell->d));
	case CELL_ADDRESS:
		return (json_address((uint64_t)cell->n));
	case CELL_TEXT:
		return (json_text(text, strlen(text)));
	default:
		return (NULL);
	}
}

static json_object *
chosen_object(const struct ps *ps, const struct kinfo_proc *ki)
{
	json_object *o = json_object_new_object();

	for (size_t i = 0; i < ps->ncolumns; i++) {
		const struct key *key = ps->columns[i].key;
		struct cell cell;

		ps_get(ps, ki, key, &cell);
		json_object_object_add(o, key->name, cell_object(&cell));
		ps_cell_free(&cell);
	}
	return (o);
}

static void
add_int(json_object *o, const char *key, int64_t v)
{
	json_object_object_add(o, key, json_object_new_int64(v));
}

/* For a program that does not choose. */
static json_object *
whole_object(const struct ps *ps, const struct kinfo_proc *ki)
{
	json_object *o = json_object_new_object();
	char state[2] = { ps_state(ki), '\0' }, tty[32];
	char tdname[64];

	add_int(o, "pid", ki->ki_pid);
	if (ps->threads)
		add_int(o, "tid", ki->ki_tid);
	add_int(o, "ppid", ki->ki_ppid);
	add_int(o, "pgid", ki->ki_pgid);
	add_int(o, "sid", ki->ki_sid);
	add_int(o, "uid", ki->ki_uid);
	add_int(o, "ruid", ki->ki_ruid);
	add_int(o, "gid", ki->ki_groups[0]);
	json_object_object_add(o, "tty", json_known(ps_tty(ps, ki, tty,
	    sizeof(tty))));
	json_object_object_add(o, "comm", ps->threads ?
	    json_known(ps_thread_name(ki, tdname, sizeof(tdname))) :
	    json_text(ki->ki_comm, strnlen(ki->ki_comm,
	    sizeof(ki->ki_comm))));
	json_object_object_add(o, "state", json_object_new_string(state));
	add_int(o, "nice", ki->ki_nice);
	add_int(o, "threads", ki->ki_numthreads);
	json_object_object_add(o, "start", ki->ki_start.tv_sec == 0 ? NULL :
	    json_object_new_double((double)ki->ki_start.tv_sec +
	    (double)ki->ki_start.tv_usec / 1e6));
	add_int(o, "vsz_kb", (int64_t)(ki->ki_size / 1024));
	add_int(o, "rss_kb", ki->ki_rssize * (int64_t)ps->page_size / 1024);
	add_int(o, "runtime_us", (int64_t)ki->ki_runtime);
	add_int(o, "cpu", ki->ki_lastcpu);
	json_object_object_add(o, "kernel", json_object_new_boolean(
	    (ki->ki_flag & P_KPROC) != 0));
	return (o);
}

static json_object *
document(const struct ps *ps, const struct row *rows, size_t n)
{
	json_object *doc = json_object_new_object();
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(list, ps->ncolumns != 0 ?
		    chosen_object(ps, rows[i].ki) :
		    whole_object(ps, rows[i].ki));
	json_object_object_add(doc, "processes", list);
	return (doc);
}

/* -j, -l, -u, -v: nothing else that said what to list is in effect then. */
static bool
set_format(struct ps *ps, const char *format)
{
	ps->ncolumns = 0;
	return (ps_add_columns(ps, 0, format));
}

/* -O: behind the first of what would be listed. */
static bool
add_format(struct ps *ps, const char *format)
{
	if (ps->ncolumns == 0 && !ps_add_columns(ps, 0, ps->threads ?
	    EVERY_THREAD : EVERY_DAY))
		return (false);
	return (ps_add_columns(ps, 1, format));
}

/* What an option without an argument switches on; NULL: nothing alone. */
static bool *
flag_of(struct ps *ps, int opt)
{
	switch (opt) {
	case 'a':
		return (&ps->with_tty);
	case 'c':
		return (&ps->only_names);
	case 'd':
		return (&ps->tree);
	case 'e':
		return (&ps->environment);
	case 'H':
		return (&ps->threads);
	case 'S':
		return (&ps->children);
	case 'w':
		return (&ps->wide);
	case 'x':
		return (&ps->own);
	default:
		return (NULL);
	}
}

/* An option of ps; false: said what is wrong with it. */
static bool
take_option(struct ps *ps, int opt, const char *arg, const char **more)
{
	bool *flag = flag_of(ps, opt);

	if (flag != NULL) {
		*flag = true;
		return (true);
	}
	switch (opt) {
	case 'A':
		ps->with_tty = ps->own = true;
		return (true);
	case 'j':
		return (set_format(ps, FORMAT_J));
	case 'l':
		return (set_format(ps, FORMAT_L));
	case 'u':
		return (set_format(ps, FORMAT_U));
	case 'v':
		return (set_format(ps, FORMAT_V) && ps_add_sort(ps, "-rss"));
	case 'm':
		return (ps_add_sort(ps, "-rss"));
	case 'r':
		return (ps_add_sort(ps, "-%cpu"));
	case 's':
		return (ps_add_sort(ps, arg));
	case 'o':
		return (ps_add_columns(ps, ps->ncolumns, arg));
	case 'O':
		*more = arg;
		return (true);
	case 'G':
		return (ps_add_selectors(ps, KERN_PROC_RGID, arg));
	case 'J':
		return (ps_add_selectors(ps, PS_BY_JAIL, arg));
	case 'T':
		return (ps_add_this_tty(ps));
	case 'p':
		return (ps_add_selectors(ps, KERN_PROC_PID, arg));
	case 't':
		return (ps_add_selectors(ps, KERN_PROC_TTY, arg));
	default:
		return (ps_add_selectors(ps, KERN_PROC_UID, arg));
	}
}

/* Not one of those that every command has. */
static bool
is_own(int opt)
{
	return (opt > 0 && opt < 0x100 &&
	    strchr("aAcdeGHjJlLmoOprsStTuUvwx", opt) != NULL);
}

static int
parse_options(struct ps *ps, int argc, char **argv)
{
	static const char own[] = "aAcdeHjlmrSTuvwxLG:J:o:O:p:t:U:" COMMON_SHORT;
	static const struct option longs[] = { COMMON_LONG,
		{ "format", required_argument, NULL, 'o' },
		{ "group", required_argument, NULL, 'G' },
		{ "keys", no_argument, NULL, 'L' },
		{ "pid", required_argument, NULL, 'p' },
		{ "sort", required_argument, NULL, 's' },
		{ "threads", no_argument, NULL, 'H' },
		{ "tree", no_argument, NULL, 'd' },
		{ "tty", required_argument, NULL, 't' },
		{ "user", required_argument, NULL, 'U' },
		{ NULL, 0, NULL, 0 } };
	const char *more = NULL;
	int opt, r;

	/* What names of users mean depends on the image, so that comes first. */
	while ((opt = getopt_long(argc, argv, own, longs, NULL)) != -1)
		if (!is_own(opt) && (r = common_option(ps->c, &cmd_ps, opt,
		    optarg)) >= 0)
			return (r);
	if (take_core(ps->c, argc - optind, argv + optind) != 0)
		return (usage(&cmd_ps));
	optind = 0;
	while ((opt = getopt_long(argc, argv, own, longs, NULL)) != -1) {
		if (opt == 'L') {
			ps_list_keys(stdout);
			return (EXIT_OK);
		}
		if (is_own(opt) && !take_option(ps, opt, optarg, &more))
			return (EXIT_USAGE);
	}
	/* -a and -x together, or neither of them: all. */
	if (ps->with_tty && ps->own)
		ps->with_tty = ps->own = false;
	if (ps->c->core != NULL)
		ps->own = false;
	if (more != NULL && !add_format(ps, more))
		return (EXIT_USAGE);
	if (ps->tree && ps->threads) {
		complain("-d and -H do not go together");
		return (EXIT_USAGE);
	}
	return (-1);
}

static void
learn(struct ps *ps)
{
	const struct kvm_info *info = kvm_getinfo(ps->c->kd);

	ps->page_size = 4096;
	ps->linux_devices = true;
	if (info == NULL)
		return;
	if (info->ki_page_size != 0)
		ps->page_size = info->ki_page_size;
	ps->memory = info->ki_physmem;
	ps->now = info->ki_live ? time(NULL) : info->ki_crashtime;
	ps->linux_devices = strcmp(info->ki_os, "FreeBSD") != 0;
	ps->has_ids = info->ki_live || info->ki_types[0] != '\0';
}

/* Those wanted, in order; *n is their number. */
static struct row *
collect(const struct ps *ps, const struct kinfo_proc *p, int np, size_t *n)
{
	struct row *rows = calloc((size_t)np + 1, sizeof(*rows));

	if (rows == NULL)
		abort();
	*n = 0;
	for (int i = 0; i < np; i++)
		if (ps_selected(ps, &p[i]))
			rows[(*n)++].ki = &p[i];
	ps_sort(ps, rows, *n);
	if (ps->tree)
		ps_tree(rows, *n);
	return (rows);
}

static int
list(struct ps *ps)
{
	const struct kinfo_proc *p;
	json_object *doc = NULL;
	struct row *rows;
	size_t n;
	int np, r;

	p = ps_getprocs(ps, &np);
	if (p == NULL)
		return (context_fail(ps->c, NULL));
	learn(ps);
	rows = collect(ps, p, np, &n);
	if (ps->c->json) {
		doc = document(ps, rows, n);
	} else {
		if (ps->ncolumns == 0)
			set_format(ps, ps->threads ? EVERY_THREAD :
			    EVERY_DAY);
		print_table(ps, rows, n);
	}
	r = context_damage(ps->c, "processes", doc);
	if (doc != NULL)
		json_print(doc);
	for (size_t i = 0; i < n; i++)
		free(rows[i].prefix);
	free(rows);
	return (r == EXIT_OK && n == 0 && ps->nselectors > 0 ? EXIT_FAILED :
	    r);
}

static int
run_ps(struct context *c, int argc, char **argv)
{
	struct ps ps = { .c = c };
	int r = parse_options(&ps, argc, argv);

	if (r < 0)
		r = context_open(c) != 0 ? EXIT_FAILED : list(&ps);
	for (size_t i = 0; i < ps.ncolumns; i++)
		free(ps.columns[i].title);
	for (size_t i = 0; i < ps.nselectors; i++)
		free(ps.selectors[i].tty);
	free(ps.selectors);
	return (r);
}

const struct command cmd_ps = {
	.name = "ps",
	.args = "[-aAcdeHjlmrSTuvwx] [-o|-O KEY,...] [--sort [-]KEY,...]\n"
	    "    [-G GROUP,...] [-J JID,...] [-p PID,...] [-t TTY,...] "
	    "[-U USER,...]\n    [--json] [CORE [KERNEL]]",
	.summary = "Processes",
	.options = "  -H, --threads        a row for each thread\n"
	    "  -o, --format KEY,... these columns; KEY=TITLE, to the end, names "
	    "one\n"
	    "  -O KEY,...           these too, behind the first\n"
	    "  -L, --keys           list the keys\n"
	    "  -j, -l, -u, -v       ps(1)'s columns: jobs, long, users, memory\n"
	    "  -c                   names instead of arguments\n"
	    "  -e                   the environment, behind the arguments\n"
	    "  -d, --tree           parents before their children\n"
	    "      --sort KEY,...   by these; -KEY: the greatest first\n"
	    "  -m, -r               by memory, by CPU\n"
	    "  -S                   times with those of ended children\n"
	    "  -w                   whole lines, on a terminal too\n"
	    "  -p, --pid PID,...    these only\n"
	    "  -t, --tty TTY,...    those on these terminals\n"
	    "  -U, --user USER,...  those of these effective users\n"
	    "  -G, --group GROUP,.. those of these real groups\n"
	    "  -J JID,...           those in these jails\n"
	    "  -T                   those on the terminal you are at\n"
	    "  -a                   those with a terminal; -x: your own; -ax, "
	    "-A: all\n",
	.run = run_ps,
};
