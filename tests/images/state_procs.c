/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes and threads: every member of kinfo_proc that the data determine. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

enum kind { NUMBER, TEXT, ARRAY };

struct field {
	const char	*name;
	size_t		 offset;
	size_t		 size;		/* of an element */
	enum kind	 kind;
};

#define FIELD(member, kind)						\
	{ #member, offsetof(struct kinfo_proc, member),			\
	    sizeof(((struct kinfo_proc *)NULL)->member), kind }
#define N(member)	FIELD(member, NUMBER)
#define T(member)	FIELD(member, TEXT)
#define A(member)							\
	{ #member, offsetof(struct kinfo_proc, member), 4, ARRAY }

static const struct field fields[] = {
	N(ki_structsize), N(ki_args), N(ki_paddr), N(ki_textvp), N(ki_fd),
	N(ki_vmspace), N(ki_wchan), N(ki_pid), N(ki_ppid), N(ki_pgid),
	N(ki_tpgid), N(ki_sid), N(ki_tsid), N(ki_tdev_freebsd11),
	A(ki_siglist), A(ki_sigmask), A(ki_sigignore), A(ki_sigcatch),
	N(ki_uid), N(ki_ruid), N(ki_svuid), N(ki_rgid), N(ki_svgid),
	N(ki_ngroups), A(ki_groups), N(ki_size), N(ki_rssize), N(ki_swrss),
	N(ki_tsize), N(ki_dsize), N(ki_ssize), N(ki_xstat), N(ki_acflag),
	N(ki_swtime), N(ki_slptime), N(ki_cow), N(ki_runtime), N(ki_start.tv_sec),
	N(ki_start.tv_usec), N(ki_flag), N(ki_kiflag), N(ki_traceflag),
	N(ki_stat), N(ki_nice), N(ki_lock), N(ki_oncpu_old),
	N(ki_lastcpu_old), T(ki_tdname), T(ki_wmesg), T(ki_login),
	T(ki_lockname), T(ki_comm), T(ki_emul), T(ki_loginclass),
	T(ki_moretdname), N(ki_tdev), N(ki_oncpu), N(ki_lastcpu),
	N(ki_tracer), N(ki_flag2), N(ki_fibnum), N(ki_cr_flags), N(ki_jid),
	N(ki_numthreads), N(ki_tid), N(ki_pri.pri_level),
	N(ki_pri.pri_native), N(ki_pri.pri_user), N(ki_pri.pri_class),
	N(ki_pcb), N(ki_kstack), N(ki_tdaddr), N(ki_pd), N(ki_tdflags),
	N(ki_childtime.tv_sec), N(ki_childtime.tv_usec),
	N(ki_rusage.ru_utime.tv_sec), N(ki_rusage.ru_utime.tv_usec),
	N(ki_rusage.ru_stime.tv_sec), N(ki_rusage.ru_stime.tv_usec),
	N(ki_rusage_ch.ru_utime.tv_sec), N(ki_rusage_ch.ru_utime.tv_usec),
	N(ki_rusage_ch.ru_stime.tv_sec), N(ki_rusage_ch.ru_stime.tv_usec),
	N(ki_rusage_ch.ru_nvcsw), N(ki_rusage.ru_maxrss), N(ki_rusage.ru_minflt),
	N(ki_rusage.ru_majflt), N(ki_rusage.ru_nvcsw),
	N(ki_rusage.ru_nivcsw), N(ki_rusage.ru_inblock),
	N(ki_rusage.ru_oublock),
};

/* name: as in fields, with its index in brackets if that is an array. */
static const struct field *
find_field(const char *name, size_t *index)
{
	size_t len = strcspn(name, "[");

	*index = name[len] == '[' ? strtoul(name + len + 1, NULL, 10) : 0;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strlen(fields[i].name) == len &&
		    memcmp(fields[i].name, name, len) == 0)
			return (&fields[i]);
	return (NULL);
}

static uint64_t
number(const void *p, size_t size)
{
	uint64_t v = 0;

	memcpy(&v, p, size);		/* the host is little-endian */
	return (v);
}

static void
check_field(struct state *s, const char *who, const struct kinfo_proc *ki,
    const char *name, const char *want)
{
	size_t index;
	const struct field *f = find_field(name, &index);
	uint64_t mask, expected, got;
	const char *p;

	if (!state_check(s, f != NULL, "%s: %s is no field", who, name))
		return;
	p = (const char *)ki + f->offset + index * f->size;
	if (f->kind == TEXT) {
		state_check(s, strnlen(p, f->size) == strlen(want) &&
		    memcmp(p, want, strlen(want)) == 0,
		    "%s: %s is \"%.*s\", not \"%s\"", who, name,
		    (int)strnlen(p, f->size), p, want);
		return;
	}
	mask = f->size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * f->size) - 1;
	expected = (want[0] == '-' ? (uint64_t)strtoll(want, NULL, 10) :
	    strtoull(want, NULL, 10)) & mask;
	got = number(p, f->size);
	state_check(s, got == expected, "%s: %s is 0x%" PRIx64 ", not 0x%"
	    PRIx64, who, name, got, expected);
}

static const struct kinfo_proc *
find_entry(const struct kinfo_proc *ki, int n, int pid, int tid)
{
	for (int i = 0; i < n; i++)
		if (ki[i].ki_pid == pid && (tid < 0 || ki[i].ki_tid == tid))
			return (&ki[i]);
	return (NULL);
}

/* prefix: "kproc " or "kthread "; how many entries the lines are about. */
static int
check_entries(struct state *s, const char *prefix, bool threads, int op)
{
	int n = 0, pid = -1, tid = -1, last_pid = -1, last_tid = -1, seen = 0;
	struct kinfo_proc *ki = kvm_getprocs(s->kd, op, 0, &n);
	const struct kinfo_proc *e = NULL;
	char who[64], field[64];
	const char *why;

	if (!state_check(s, ki != NULL, "kvm_getprocs(%d): %s", op,
	    kvm_geterr(s->kd)))
		return (0);
	state_check(s, kvm_damage(s->kd, &why) == 0,
	    "kvm_getprocs(%d): damage: %s", op, why);
	for (size_t i = 0; i < s->nline; i++) {
		const char *line = s->line[i];
		int at = 0;

		if (strncmp(line, prefix, strlen(prefix)) != 0)
			continue;
		line += strlen(prefix);
		if (threads ? sscanf(line, "%d %d %63s%n", &pid, &tid, field,
		    &at) < 3 : sscanf(line, "%d %63s%n", &pid, field,
		    &at) < 2)
			abort();
		if (pid != last_pid || tid != last_tid) {
			e = find_entry(ki, n, pid, tid);
			state_check(s, e != NULL, "%s%d %d is not listed",
			    prefix, pid, tid);
			seen++;
			last_pid = pid;
			last_tid = tid;
		}
		snprintf(who, sizeof(who), "%s%d %d", prefix, pid, tid);
		if (e != NULL)
			check_field(s, who, e, field,
			    line[at] == ' ' ? line + at + 1 : "");
	}
	state_check(s, n >= seen, "kvm_getprocs(%d) lists %d", op, n);
	return (n - seen);
}

/* "select OP ARG PID...", in ascending order. */
static void
check_selection(struct state *s, const char *line)
{
	int op = 0, arg = 0, at = 0, n = -1, pid, step;
	struct kinfo_proc *ki;

	sscanf(line, "select %d %d%n", &op, &arg, &at);
	ki = kvm_getprocs(s->kd, op, arg, &n);
	if (!state_check(s, ki != NULL, "%s: %s", line, kvm_geterr(s->kd)))
		return;
	line += at;
	for (int i = 0; i < n; i++) {
		if (sscanf(line, "%d%n", &pid, &step) != 1)
			pid = -1;
		else
			line += step;
		if (!state_check(s, pid == ki[i].ki_pid, "select %d %d: %d "
		    "instead of %d", op, arg, ki[i].ki_pid, pid))
			return;
	}
	state_check(s, sscanf(line, "%d", &pid) != 1, "select %d %d: no %d",
	    op, arg, pid);
}

void
state_procs(struct state *s)
{
	int zombies = 0;

	state_check(s, check_entries(s, "kproc ", false,
	    KERN_PROC_PROC) == 0, "processes that are not");
	/* A zombie has an entry and no thread. */
	for (size_t i = 0; i < s->nline; i++)
		if (strncmp(s->line[i], "kproc ", 6) == 0 &&
		    strstr(s->line[i], " ki_stat 5") != NULL)
			zombies++;
	state_check(s, check_entries(s, "kthread ", true,
	    KERN_PROC_ALL) == zombies, "threads that are not");
	for (size_t i = 0; i < s->nline; i++)
		if (strncmp(s->line[i], "select ", 7) == 0)
			check_selection(s, s->line[i]);
}
