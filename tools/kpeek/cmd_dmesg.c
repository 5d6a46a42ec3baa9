/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek dmesg: the kernel log. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kpeek.h"

struct dmesg {
	struct context	*c;
	unsigned int	 levels;	/* a bit each; 0: all */
	bool		 raw;		/* <N> before each line */
	int64_t		 boot;		/* -T: when known, else 0 */
	bool		 ctime;
	bool		 timed;		/* records have times */
	json_object	*list;		/* NULL: text */
};

static const char *const level_name[] = { "emerg", "alert", "crit", "err",
	"warn", "notice", "info", "debug" };

static void
print_stamp(const struct dmesg *d, uint64_t nsec)
{
	uint64_t usec = nsec / 1000;
	char buf[64];

	if (d->ctime && d->boot != 0) {
		format_time(d->boot + (int64_t)(usec / 1000000), buf,
		    sizeof(buf));
		printf("[%s] ", buf);
		return;
	}
	printf("[%5" PRIu64 ".%06" PRIu64 "] ", usec / 1000000,
	    usec % 1000000);
}

/* Lines of one record after its first are indented under it. */
static void
print_record(const struct dmesg *d, const struct kvm_logrec *rec)
{
	const char *p = rec->kl_text;
	size_t left = rec->kl_len;

	for (bool first = true; first || left > 0; first = false) {
		const char *nl = left > 0 ? memchr(p, '\n', left) : NULL;
		size_t len = nl != NULL ? (size_t)(nl - p) : left;
		char *safe = escape(p, len, "\t");

		if (d->raw && rec->kl_level >= 0)
			printf("<%d>", rec->kl_facility * 8 + rec->kl_level);
		if (!d->timed)
			printf("%s\n", safe);
		else if (first || d->raw) {
			print_stamp(d, rec->kl_nsec);
			printf("%s\n", safe);
		} else
			printf("%15s%s\n", "", safe);
		free(safe);
		len += nl != NULL;
		p += len;
		left -= len;
	}
}

static json_object *
record_object(const struct dmesg *d, const struct kvm_logrec *rec)
{
	json_object *o = json_object_new_object();
	char time[32];

	json_object_object_add(o, "seq",
	    json_object_new_int64((int64_t)rec->kl_seq));
	snprintf(time, sizeof(time), "%" PRIu64 ".%09" PRIu64,
	    rec->kl_nsec / 1000000000, rec->kl_nsec % 1000000000);
	json_object_object_add(o, "time", !d->timed ? NULL :
	    json_object_new_double_s((double)rec->kl_nsec / 1e9, time));
	json_object_object_add(o, "level", rec->kl_level < 0 ? NULL :
	    json_object_new_int(rec->kl_level));
	json_object_object_add(o, "facility", rec->kl_level < 0 ? NULL :
	    json_object_new_int(rec->kl_facility));
	json_object_object_add(o, "text", json_text(rec->kl_text,
	    rec->kl_len));
	return (o);
}

static int
take_record(const struct kvm_logrec *rec, void *arg)
{
	struct dmesg *d = arg;

	if (d->levels != 0 && (rec->kl_level < 0 || rec->kl_level > 7 ||
	    (d->levels >> rec->kl_level & 1) == 0))
		return (1);
	if (d->list != NULL)
		json_object_array_add(d->list, record_object(d, rec));
	else
		print_record(d, rec);
	return (1);
}

static int
parse_levels(struct dmesg *d, const char *text)
{
	char *copy = strdup(text), *save, *item;
	int r = copy == NULL ? -1 : 0;

	for (item = r == 0 ? strtok_r(copy, ",", &save) : NULL; item != NULL;
	    item = strtok_r(NULL, ",", &save)) {
		unsigned int found = 0;

		for (unsigned int i = 0; i < 8; i++)
			if (strcasecmp(item, level_name[i]) == 0 ||
			    (item[0] == (char)('0' + i) && item[1] == '\0'))
				found = 1u << i;
		if (found == 0) {
			complain("not a level: %s (emerg, alert, crit, err, "
			    "warn, notice, info, debug, or 0 to 7)", item);
			r = -1;
			break;
		}
		d->levels |= found;
	}
	free(copy);
	return (r);
}

static int
parse_options(struct dmesg *d, int argc, char **argv)
{
	static const struct option longs[] = { COMMON_LONG,
		{ "level", required_argument, NULL, 'l' },
		{ "raw", no_argument, NULL, 'r' },
		{ "ctime", no_argument, NULL, 'T' },
		{ NULL, 0, NULL, 0 } };
	int opt, r;

	while ((opt = getopt_long(argc, argv, "l:rT" COMMON_SHORT, longs,
	    NULL)) != -1) {
		switch (opt) {
		case 'l':
			if (parse_levels(d, optarg) != 0)
				return (EXIT_USAGE);
			break;
		case 'r':
			d->raw = true;
			break;
		case 'T':
			d->ctime = true;
			break;
		default:
			r = common_option(d->c, &cmd_dmesg, opt, optarg);
			if (r >= 0)
				return (r);
		}
	}
	if (take_core(d->c, argc - optind, argv + optind) != 0)
		return (usage(&cmd_dmesg));
	return (-1);
}

/* Which times there are: lines of BSD's message buffer have none. */
static void
learn_times(struct dmesg *d)
{
	const struct kvm_info *info = kvm_getinfo(d->c->kd);

	d->timed = info == NULL || strcmp(info->ki_os, "FreeBSD") != 0;
	if (!d->ctime)
		return;
	d->boot = info != NULL ? info->ki_boottime : 0;
	if (!d->timed)
		complain("this log has no times");
	else if (d->boot == 0)
		complain("the time of boot is not known: times are since boot");
}

static int
run_dmesg(struct context *c, int argc, char **argv)
{
	struct dmesg d = { .c = c };
	json_object *doc = NULL;
	int r;

	r = parse_options(&d, argc, argv);
	if (r >= 0)
		return (r);
	if (context_open(c) != 0)
		return (EXIT_FAILED);
	learn_times(&d);
	if (c->json)
		d.list = json_object_new_array();
	if (kvm_walk_log(c->kd, take_record, &d) < 0) {
		json_object_put(d.list);
		return (context_fail(c, NULL));
	}
	if (d.list != NULL) {
		doc = json_object_new_object();
		json_object_object_add(doc, "messages", d.list);
	}
	r = context_damage(c, "parts of the log", doc);
	if (doc != NULL)
		json_print(doc);
	return (r);
}

const struct command cmd_dmesg = {
	.name = "dmesg",
	.args = "[-rT] [-l LEVEL,...] [--json] [CORE [KERNEL]]",
	.summary = "The kernel log",
	.options = "  -l, --level LEVEL,...  these only, by name or number\n"
	    "  -r, --raw            <N> before each line\n"
	    "  -T, --ctime          times of the day (UTC)\n",
	.run = run_dmesg,
};
