/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The texts of procfs and of the kernel log: pure functions, bytes in,
 * numbers out.  A text that was cut short, or that has a number which does
 * not fit, is refused whole.
 */
#ifndef KVMI_PARSE_H
#define KVMI_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kvm.h"

struct kvmi_kallsyms_line {
	uint64_t	 addr;
	char		 letter;
	const char	*name;		/* inside the line */
	size_t		 name_len;
	const char	*module;	/* without brackets */
	size_t		 module_len;	/* 0: the kernel itself */
};

/* One line without its newline; false when it is none. */
bool kvmi_parse_kallsyms(const char *line, size_t len,
    struct kvmi_kallsyms_line *ret);

/* A kernel thread may show up to 63 characters. */
#define KVMI_PROC_COMM	64

/* /proc/PID/stat, see proc(5) */
struct kvmi_proc_stat {
	int32_t		pid, ppid, pgrp, session, tty_nr, tpgid;
	char		comm[KVMI_PROC_COMM];
	char		state;
	uint32_t	flags;
	uint64_t	minflt, cminflt, majflt, cmajflt;
	uint64_t	utime, stime;		/* clock ticks */
	int64_t		cutime, cstime;
	int32_t		priority, nice, num_threads;
	uint64_t	starttime;		/* clock ticks since boot */
	uint64_t	vsize;			/* bytes */
	int64_t		rss;			/* pages */
	int32_t		processor, exit_code;
	uint32_t	rt_priority, policy;
};

bool kvmi_parse_stat(const char *text, size_t len,
    struct kvmi_proc_stat *ret);

/* /proc/PID/status, as far as stat does not have it; 0: no such line. */
struct kvmi_proc_status {
	int32_t		tgid, pid, tracer;
	uint32_t	uid[4], gid[4];	/* real, effective, saved, fs */
	uint32_t	groups[KI_NGROUPS - 1];
	uint32_t	ngroups;	/* also those that do not fit */
	uint32_t	ns_levels;	/* namespaces that number it */
	uint64_t	vm_hwm, vm_rss, vm_data;	/* KiB, as the next */
	uint64_t	vm_stk, vm_exe, vm_swap;
	bool		has_rss;
	struct kvm_sigset sig_pending, shared_pending, sig_blocked,
			sig_ignored, sig_caught;
	uint64_t	nvcsw, nivcsw;
};

bool kvmi_parse_status(const char *text, size_t len,
    struct kvmi_proc_status *ret);

/* /proc/loadavg */
bool kvmi_parse_loadavg(const char *text, size_t len, double avg[3]);

/* The first line of /proc/stat.  Stolen time is no time of this machine. */
bool kvmi_parse_cpu_times(const char *text, size_t len,
    uint64_t ticks[CPUSTATES]);

/*
 * The other lines that start with "cpu": how many, and the number behind the
 * last.  false: there are none, or not in order.
 */
bool kvmi_parse_cpu_lines(const char *text, size_t len, uint32_t *count,
    uint32_t *end_cpu);

/* "0-3,5\n", with the same results. */
bool kvmi_parse_cpu_list(const char *text, size_t len, uint32_t *count,
    uint32_t *end_cpu);

struct kvmi_proc_swap {
	char		name[64];	/* unescaped; cut when longer */
	uint64_t	size_kib, used_kib;
};

/* A line of /proc/swaps below its first, without its newline. */
bool kvmi_parse_swap(const char *line, size_t len,
    struct kvmi_proc_swap *ret);

struct kvmi_kmsg {
	int		 level, facility;	/* level -1: none */
	uint64_t	 seq, nsec;
	const char	*text;			/* inside the record */
	size_t		 len;
};

/* A record of /dev/kmsg; its text is still escaped. */
bool kvmi_parse_kmsg(const char *rec, size_t len, struct kvmi_kmsg *ret);

/* The escapes of /dev/kmsg (\xNN) undone in place; the new length. */
size_t kvmi_unescape(char *text, size_t len);

/* A line of syslog(2) without its newline; it has no sequence number. */
void kvmi_parse_syslog(const char *line, size_t len, struct kvmi_kmsg *ret);

/*
 * What the parsers share: digits at *p, which then points behind them.
 * false: there are none, or the number passes max.
 */
bool kvmi_parse_decimal(const char **p, const char *end, uint64_t max,
    uint64_t *ret);

/* The value of a digit of lower-case hexadecimal; -1: it is none. */
static inline int
kvmi_hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	return (-1);
}

#endif
