/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek ps: processes and threads. */
#include <getopt.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kpeek.h"

#define MAX_PIDS	256

struct ps {
	struct context	*c;
	bool		 threads;
	int		 op;
	int		 arg;
	int		 pids[MAX_PIDS];
	size_t		 npids;
	uint64_t	 page_size;
};

/* One letter, from what BSD spreads over three fields. */
static char
state_of(const struct kinfo_proc *ki)
{
	switch (ki->ki_stat) {
	case SRUN:
		return ('R');
	case SSLEEP:
		return (ki->ki_tdflags & TDF_SINTR ? 'S' :
		    ki->ki_tdflags & TDF_NOLOAD ? 'I' : 'D');
	case SSTOP:
		return (ki->ki_flag & P_STOPPED_TRACE ? 't' : 'T');
	case SZOMB:
		return ('Z');
	case SIDL:
		return ('N');
	case SWAIT:
		return ('W');
	case SLOCK:
		return ('L');
	default:
		return ('?');
	}
}

static const char *
name_of(const struct ps *ps, const struct kinfo_proc *ki, size_t *len)
{
	const char *name = ps->threads ? ki->ki_tdname : ki->ki_comm;

	*len = strnlen(name, ps->threads ? sizeof(ki->ki_tdname) :
	    sizeof(ki->ki_comm));
	return (name);
}

static bool
wanted(const struct ps *ps, const struct kinfo_proc *ki)
{
	for (size_t i = 0; i < ps->npids; i++)
		if (ps->pids[i] == ki->ki_pid)
			return (true);
	return (ps->npids == 0);
}

/* As hours and minutes on the day of the image's end, else as a date. */
static void
start_of(const struct kinfo_proc *ki, char *buf, size_t len)
{
	time_t t = (time_t)ki->ki_start.tv_sec;
	struct tm tm;

	buf[0] = '-';
	buf[1] = '\0';
	if (t != 0 && gmtime_r(&t, &tm) != NULL)
		strftime(buf, len, "%Y-%m-%d %H:%M:%S", &tm);
}

/* Names of users are this host's: a dump has numbers only. */
static void
user_of(const struct ps *ps, const struct kinfo_proc *ki, char *buf,
    size_t len)
{
	struct passwd *pw = NULL;

	if (ps->c->core == NULL)
		pw = getpwuid(ki->ki_uid);
	if (pw != NULL)
		snprintf(buf, len, "%s", pw->pw_name);
	else
		snprintf(buf, len, "%" PRIu32, ki->ki_uid);
}

static void
add_row(struct table *t, const struct ps *ps, const struct kinfo_proc *ki)
{
	char start[32], user[64];
	size_t len;
	const char *name = name_of(ps, ki, &len);
	char *safe = escape(name, len, "");

	start_of(ki, start, sizeof(start));
	user_of(ps, ki, user, sizeof(user));
	table_add(t, "%" PRId32, ki->ki_pid);
	if (ps->threads)
		table_add(t, "%" PRId32, ki->ki_tid);
	table_add(t, "%" PRId32, ki->ki_ppid);
	table_add(t, "%s", user);
	table_add(t, "%c", state_of(ki));
	table_add(t, "%d", ki->ki_nice);
	table_add(t, "%" PRId32, ki->ki_numthreads);
	table_add(t, "%s", start);
	table_add(t, "%" PRIu64, ki->ki_size / 1024);
	table_add(t, "%" PRIu64, (uint64_t)ki->ki_rssize * ps->page_size /
	    1024);
	/* As ps(1) marks them: kernel threads have no command line. */
	table_add(t, ki->ki_flag & P_KPROC ? "[%s]" : "%s", safe);
	free(safe);
}

static void
print_table(const struct ps *ps, const struct kinfo_proc *p, int n)
{
	static const struct { const char *title; int align; } column[] = {
		{ "PID", RIGHT }, { "TID", RIGHT }, { "PPID", RIGHT },
		{ "USER", LEFT }, { "S", LEFT }, { "NI", RIGHT },
		{ "THR", RIGHT }, { "STARTED (UTC)", LEFT },
		{ "VSZ/K", RIGHT }, { "RSS/K", RIGHT }, { "COMMAND", LEFT },
	};
	size_t all = sizeof(column) / sizeof(column[0]), at = 0;
	struct table *t = table_create(ps->threads ? all : all - 1);

	for (size_t i = 0; i < all; i++)
		if (i != 1 || ps->threads)
			table_column(t, at++, column[i].title,
			    column[i].align);
	for (int i = 0; i < n; i++)
		if (wanted(ps, &p[i]))
			add_row(t, ps, &p[i]);
	table_print(t);
}

static void
add_int(json_object *o, const char *key, int64_t v)
{
	json_object_object_add(o, key, json_object_new_int64(v));
}

static json_object *
process_object(const struct ps *ps, const struct kinfo_proc *ki)
{
	json_object *o = json_object_new_object();
	char state[2] = { state_of(ki), '\0' };
	size_t len;
	const char *name = name_of(ps, ki, &len);

	add_int(o, "pid", ki->ki_pid);
	if (ps->threads)
		add_int(o, "tid", ki->ki_tid);
	add_int(o, "ppid", ki->ki_ppid);
	add_int(o, "pgid", ki->ki_pgid);
	add_int(o, "sid", ki->ki_sid);
	add_int(o, "uid", ki->ki_uid);
	add_int(o, "ruid", ki->ki_ruid);
	add_int(o, "gid", ki->ki_groups[0]);
	json_object_object_add(o, "comm", json_text(name, len));
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
document(const struct ps *ps, const struct kinfo_proc *p, int n)
{
	json_object *doc = json_object_new_object();
	json_object *list = json_object_new_array();

	for (int i = 0; i < n; i++)
		if (wanted(ps, &p[i]))
			json_object_array_add(list, process_object(ps, &p[i]));
	json_object_object_add(doc, "processes", list);
	return (doc);
}

/* -p 1,2,3 */
static int
parse_pids(struct ps *ps, const char *text)
{
	char *copy = strdup(text), *save, *item;
	int r = copy == NULL ? -1 : 0;

	for (item = r == 0 ? strtok_r(copy, ",", &save) : NULL; item != NULL;
	    item = strtok_r(NULL, ",", &save)) {
		uint64_t v;

		if (!parse_number(item, &v) || v > INT32_MAX ||
		    ps->npids == MAX_PIDS) {
			fprintf(stderr, "kpeek: not a process id: %s\n", item);
			r = -1;
			break;
		}
		ps->pids[ps->npids++] = (int)v;
	}
	free(copy);
	if (ps->npids == 1) {
		ps->op = KERN_PROC_PID;
		ps->arg = ps->pids[0];
	}
	return (r);
}

static int
parse_options(struct ps *ps, int argc, char **argv)
{
	static const struct option longs[] = { COMMON_LONG,
		{ "threads", no_argument, NULL, 'H' },
		{ "pid", required_argument, NULL, 'p' },
		{ "user", required_argument, NULL, 'u' },
		{ NULL, 0, NULL, 0 } };
	uint64_t v;
	int opt, r;

	ps->op = KERN_PROC_PROC;
	while ((opt = getopt_long(argc, argv, "Hp:u:" COMMON_SHORT, longs,
	    NULL)) != -1) {
		switch (opt) {
		case 'H':
			ps->threads = true;
			break;
		case 'p':
			if (parse_pids(ps, optarg) != 0)
				return (EXIT_USAGE);
			break;
		case 'u':
			if (!parse_number(optarg, &v) || v > UINT32_MAX) {
				fprintf(stderr, "kpeek: not a user id: %s\n",
				    optarg);
				return (EXIT_USAGE);
			}
			ps->op = KERN_PROC_UID;
			ps->arg = (int)(uint32_t)v;
			break;
		default:
			r = common_option(ps->c, &cmd_ps, opt, optarg);
			if (r >= 0)
				return (r);
		}
	}
	if (take_core(ps->c, argc - optind, argv + optind) != 0)
		return (usage(&cmd_ps));
	return (-1);
}

static int
run_ps(struct context *c, int argc, char **argv)
{
	struct ps ps = { .c = c };
	const struct kvm_info *info;
	const struct kinfo_proc *p;
	json_object *doc = NULL;
	int n, r;

	r = parse_options(&ps, argc, argv);
	if (r >= 0)
		return (r);
	if (context_open(c) != 0)
		return (EXIT_FAILED);
	p = kvm_getprocs(c->kd, ps.op | (ps.threads ? KERN_PROC_INC_THREAD :
	    0), ps.arg, &n);
	if (p == NULL)
		return (context_fail(c, NULL));
	info = kvm_getinfo(c->kd);
	ps.page_size = info != NULL && info->ki_page_size != 0 ?
	    info->ki_page_size : 4096;
	if (c->json)
		doc = document(&ps, p, n);
	else
		print_table(&ps, p, n);
	r = context_damage(c, "processes", doc);
	if (doc != NULL)
		json_print(doc);
	if (r == EXIT_OK && n == 0 && ps.op != KERN_PROC_PROC)
		return (EXIT_FAILED);
	return (r);
}

const struct command cmd_ps = {
	.name = "ps",
	.args = "[-H] [-p PID,...] [-u UID] [--json] [CORE [KERNEL]]",
	.summary = "Processes",
	.options = "  -H, --threads        a row for each thread\n"
	    "  -p, --pid PID,...    these only\n"
	    "  -u, --user UID       those with this effective user id\n",
	.run = run_ps,
};
