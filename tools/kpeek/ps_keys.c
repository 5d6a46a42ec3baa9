/* SPDX-License-Identifier: BSD-2-Clause */
/* The keys of kpeek ps: those of FreeBSD's ps(1), and a few of Linux's. */
#include <stdlib.h>
#include <string.h>

#include "ps.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define TYPE(m)		__typeof__(((struct kinfo_proc *)0)->m)
#define MEMBER(m) \
	offsetof(struct kinfo_proc, m), sizeof(TYPE(m)), (TYPE(m))-1 < 1
#define PLACE(m)	offsetof(struct kinfo_proc, m), sizeof(TYPE(m)), false
#define NUMBER(name, title, m) \
	{ name, title, RIGHT, ps_get_member, MEMBER(m) }

static const struct key keys[] = {
	{ "%cpu", "%CPU", RIGHT, ps_get_cpu_share, MEMBER(ki_pctcpu) },
	{ "%mem", "%MEM", RIGHT, ps_get_memory_share, MEMBER(ki_rssize) },
	{ "acflag", "ACFLG", RIGHT, ps_get_hex, MEMBER(ki_acflag) },
	{ "args", "COMMAND", LEFT, ps_get_command, 0, 0, false },
	{ "class", "CLASS", LEFT, ps_get_string, PLACE(ki_loginclass) },
	{ "comm", "COMMAND", LEFT, ps_get_name, PLACE(ki_comm) },
	{ "command", "COMMAND", LEFT, ps_get_command, 0, 0, false },
	NUMBER("cow", "COW", ki_cow),
	NUMBER("cpu", "CPU", ki_lastcpu),
	{ "dsiz", "DSIZ/K", RIGHT, ps_get_pages, MEMBER(ki_dsize) },
	{ "emul", "EMUL", LEFT, ps_get_string, PLACE(ki_emul) },
	{ "etime", "ELAPSED", RIGHT, ps_get_elapsed, 0, 0, false },
	{ "etimes", "ELAPSED", RIGHT, ps_get_elapsed_seconds, 0, 0, false },
	NUMBER("fib", "FIB", ki_fibnum),
	{ "flags", "F", RIGHT, ps_get_hex, MEMBER(ki_flag) },
	{ "flags2", "F2", RIGHT, ps_get_hex, MEMBER(ki_flag2) },
	NUMBER("gid", "GID", ki_groups[0]),
	{ "group", "GROUP", LEFT, ps_get_group, MEMBER(ki_groups[0]) },
	NUMBER("inblk", "INBLK", ki_rusage.ru_inblock),
	{ "jail", "JAIL", RIGHT, ps_get_jail, MEMBER(ki_jid) },
	NUMBER("jid", "JID", ki_jid),
	NUMBER("jobc", "JOBC", ki_jobc),
	{ "ktrace", "KTRACE", RIGHT, ps_get_hex, MEMBER(ki_traceflag) },
	{ "label", "LABEL", LEFT, ps_get_none, 0, 0, false },
	{ "lim", "LIM", RIGHT, ps_get_none, 0, 0, false },
	{ "lockname", "LOCK", LEFT, ps_get_string, PLACE(ki_lockname) },
	{ "login", "LOGIN", LEFT, ps_get_string, PLACE(ki_login) },
	{ "lstart", "STARTED (UTC)", LEFT, ps_get_lstart, 0, 0, false },
	NUMBER("lwp", "TID", ki_tid),
	NUMBER("majflt", "MAJFLT", ki_rusage.ru_majflt),
	NUMBER("minflt", "MINFLT", ki_rusage.ru_minflt),
	NUMBER("msgrcv", "MSGRCV", ki_rusage.ru_msgrcv),
	NUMBER("msgsnd", "MSGSND", ki_rusage.ru_msgsnd),
	{ "mwchan", "MWCHAN", LEFT, ps_get_wait, 0, 0, false },
	NUMBER("nice", "NI", ki_nice),
	NUMBER("nivcsw", "NIVCSW", ki_rusage.ru_nivcsw),
	NUMBER("nlwp", "THR", ki_numthreads),
	NUMBER("nsigs", "NSIGS", ki_rusage.ru_nsignals),
	NUMBER("nswap", "NSWAP", ki_rusage.ru_nswap),
	NUMBER("nvcsw", "NVCSW", ki_rusage.ru_nvcsw),
	{ "nwchan", "NWCHAN", LEFT, ps_get_address, MEMBER(ki_wchan) },
	NUMBER("oncpu", "ONCPU", ki_oncpu),
	NUMBER("oublk", "OUBLK", ki_rusage.ru_oublock),
	{ "paddr", "PADDR", LEFT, ps_get_address, MEMBER(ki_paddr) },
	NUMBER("pgid", "PGID", ki_pgid),
	NUMBER("pid", "PID", ki_pid),
	NUMBER("ppid", "PPID", ki_ppid),
	{ "pri", "PRI", RIGHT, ps_get_priority, MEMBER(ki_pri.pri_level) },
	NUMBER("re", "RE", ki_swtime),
	NUMBER("rgid", "RGID", ki_rgid),
	{ "rgroup", "RGROUP", LEFT, ps_get_group, MEMBER(ki_rgid) },
	{ "rss", "RSS/K", RIGHT, ps_get_pages, MEMBER(ki_rssize) },
	{ "rtprio", "RTPRIO", LEFT, ps_get_class, 0, 0, false },
	NUMBER("ruid", "RUID", ki_ruid),
	{ "ruser", "RUSER", LEFT, ps_get_user, MEMBER(ki_ruid) },
	NUMBER("sid", "SID", ki_sid),
	{ "sig", "PENDING", RIGHT, ps_get_signals, PLACE(ki_siglist) },
	{ "sigcatch", "CAUGHT", RIGHT, ps_get_signals, PLACE(ki_sigcatch) },
	{ "sigignore", "IGNORED", RIGHT, ps_get_signals,
	    PLACE(ki_sigignore) },
	{ "sigmask", "BLOCKED", RIGHT, ps_get_signals, PLACE(ki_sigmask) },
	NUMBER("sl", "SL", ki_slptime),
	{ "ssiz", "SSIZ/K", RIGHT, ps_get_pages, MEMBER(ki_ssize) },
	{ "start", "STARTED (UTC)", LEFT, ps_get_start, 0, 0, false },
	{ "stat", "STAT", LEFT, ps_get_stat, 0, 0, false },
	{ "state", "S", LEFT, ps_get_state, 0, 0, false },
	NUMBER("svgid", "SVGID", ki_svgid),
	NUMBER("svuid", "SVUID", ki_svuid),
	{ "swap", "SWAP/K", RIGHT, ps_get_pages, MEMBER(ki_swrss) },
	{ "systime", "SYSTIME", RIGHT, ps_get_seconds,
	    PLACE(ki_rusage.ru_stime) },
	{ "tdaddr", "TDADDR", LEFT, ps_get_address, MEMBER(ki_tdaddr) },
	{ "tdev", "TDEV", RIGHT, ps_get_tdev, MEMBER(ki_tdev) },
	{ "tdname", "TDNAME", LEFT, ps_get_tdname, PLACE(ki_tdname) },
	{ "time", "TIME", RIGHT, ps_get_cpu_time, MEMBER(ki_runtime) },
	NUMBER("tpgid", "TPGID", ki_tpgid),
	NUMBER("tracer", "TRACER", ki_tracer),
	NUMBER("tsid", "TSID", ki_tsid),
	{ "tsiz", "TSIZ/K", RIGHT, ps_get_pages, MEMBER(ki_tsize) },
	{ "tty", "TTY", LEFT, ps_get_tty, 0, 0, false },
	NUMBER("uid", "UID", ki_uid),
	{ "upr", "UPR", RIGHT, ps_get_priority, MEMBER(ki_pri.pri_user) },
	{ "user", "USER", LEFT, ps_get_user, MEMBER(ki_uid) },
	{ "usertime", "USERTIME", RIGHT, ps_get_seconds,
	    PLACE(ki_rusage.ru_utime) },
	{ "vmaddr", "VMADDR", LEFT, ps_get_address, MEMBER(ki_vmspace) },
	{ "vsz", "VSZ/K", RIGHT, ps_get_vsz, MEMBER(ki_size) },
	{ "wchan", "WCHAN", LEFT, ps_get_wait, 0, 0, false },
	{ "xstat", "XSTAT", RIGHT, ps_get_hex, MEMBER(ki_xstat) },
};

/* Other names for them. */
static const struct {
	const char *name, *key;
} aliases[] = {
	{ "acflg", "acflag" }, { "blocked", "sigmask" },
	{ "caught", "sigcatch" }, { "cputime", "time" }, { "egid", "gid" },
	{ "egroup", "group" }, { "euid", "uid" }, { "euser", "user" },
	{ "f", "flags" }, { "f2", "flags2" }, { "ignored", "sigignore" },
	{ "inblock", "inblk" }, { "logname", "login" }, { "ni", "nice" },
	{ "nsignals", "nsigs" }, { "oublock", "oublk" },
	{ "pagein", "majflt" }, { "pcpu", "%cpu" }, { "pending", "sig" },
	{ "pgrp", "pgid" }, { "pmem", "%mem" }, { "s", "state" },
	{ "sess", "sid" }, { "tdnam", "tdname" }, { "thcount", "nlwp" },
	{ "tid", "lwp" }, { "tt", "tty" }, { "ucomm", "comm" },
	{ "uprocp", "paddr" }, { "usrpri", "upr" }, { "vsize", "vsz" },
};

const struct key *
ps_find_key(const char *name)
{
	for (size_t i = 0; i < COUNT(aliases); i++)
		if (strcmp(aliases[i].name, name) == 0)
			name = aliases[i].key;
	for (size_t i = 0; i < COUNT(keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return (&keys[i]);
	return (NULL);
}

void
ps_list_keys(FILE *out)
{
	size_t used = 0;

	for (size_t i = 0; i < COUNT(keys); i++) {
		size_t len = strlen(keys[i].name);

		if (used != 0 && used + 1 + len > 78) {
			putc('\n', out);
			used = 0;
		}
		used += (size_t)fprintf(out, "%s%s", used == 0 ? "" : " ",
		    keys[i].name);
	}
	putc('\n', out);
}

static const struct key *
need_key(const char *name)
{
	const struct key *key = ps_find_key(name);

	if (key == NULL) {
		complain("no such key: %s; there are:", name);
		ps_list_keys(stderr);
	}
	return (key);
}

static bool
insert(struct ps *ps, size_t at, const struct key *key, const char *title)
{
	if (ps->ncolumns == PS_MAX_COLUMNS) {
		complain("more than %d columns", PS_MAX_COLUMNS);
		return (false);
	}
	memmove(&ps->columns[at + 1], &ps->columns[at],
	    (ps->ncolumns - at) * sizeof(ps->columns[0]));
	ps->columns[at].key = key;
	ps->columns[at].title = title == NULL ? NULL : strdup(title);
	ps->ncolumns++;
	return (true);
}

/* A title may hold anything: it goes to the end. */
bool
ps_add_columns(struct ps *ps, size_t at, const char *text)
{
	char *copy = strdup(text), *rest = copy, *item;
	bool ok = true;

	if (copy == NULL)
		abort();
	while (ok && rest != NULL) {
		size_t n = strcspn(rest, ", \t=");
		char *title = NULL;
		const struct key *key;

		item = rest;
		if (rest[n] == '=') {
			title = rest + n + 1;
			rest = NULL;
		} else {
			rest = rest[n] == '\0' ? NULL : rest + n + 1;
		}
		item[n] = '\0';
		if (item[0] == '\0' && title == NULL)
			continue;
		key = need_key(item);
		ok = key != NULL && insert(ps, at++, key, title);
	}
	free(copy);
	return (ok);
}

bool
ps_add_sort(struct ps *ps, const char *text)
{
	char *copy = strdup(text), *save = NULL, *item;
	bool ok = copy != NULL;

	for (item = ok ? strtok_r(copy, ",", &save) : NULL; ok && item != NULL;
	    item = strtok_r(NULL, ",", &save)) {
		struct sort *s = &ps->sort[ps->nsort];

		if (ps->nsort == PS_MAX_SORT) {
			complain("more than %d keys to sort by", PS_MAX_SORT);
			ok = false;
			break;
		}
		s->down = item[0] == '-';
		s->key = need_key(item + (item[0] == '-' || item[0] == '+'));
		ok = s->key != NULL;
		ps->nsort += ok;
	}
	free(copy);
	return (ok);
}
