/* SPDX-License-Identifier: BSD-2-Clause */
/* The texts of procfs: pure functions, bytes in, numbers out (proc(5)). */
#ifndef KVMI_PARSE_H
#define KVMI_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* /proc/PID/stat */
struct kvmi_proc_stat {
	int32_t		pid, ppid, pgrp, session, tty_nr, tpgid;
	char		comm[65];
	char		state;
	uint64_t	flags, minflt, cminflt, majflt, cmajflt, utime, stime;
	int64_t		cutime, cstime, priority, nice, num_threads;
	uint64_t	starttime, vsize;
	int64_t		rss;
	uint64_t	startcode, endcode, wchan;
	int32_t		processor, rt_priority, policy, exit_code;
};

/* false: the text is not of that form (the process went away). */
bool kvmi_parse_stat(const char *text, size_t len,
    struct kvmi_proc_stat *ret);

/* /proc/PID/status, as far as stat does not have it. */
struct kvmi_proc_status {
	uint32_t	uid[4], gid[4];	/* real, effective, saved, fs */
	uint32_t	groups[16];
	uint32_t	ngroups;	/* as many as there are, also above 16 */
	int32_t		tgid, tracer;
	uint64_t	vm_rss, vm_hwm, vm_data, vm_stk, vm_exe;	/* KiB */
	bool		has_rss;
	uint64_t	sig_pending, shared_pending, sig_blocked,
			sig_ignored, sig_caught;
	uint64_t	nvcsw, nivcsw;
};

bool kvmi_parse_status(const char *text, size_t len,
    struct kvmi_proc_status *ret);

/* One record of /dev/kmsg or of a klogctl() buffer, see kmsg.c. */
struct kvmi_kmsg {
	int		 level, facility;	/* level -1: none */
	uint64_t	 seq, nsec;
	const char	*text;
	size_t		 len;
};
bool kvmi_parse_kmsg(const char *rec, size_t len, struct kvmi_kmsg *ret);

/* The escapes of /dev/kmsg (\xNN) undone in place; the new length. */
size_t kvmi_unescape(char *text, size_t len);

#endif
