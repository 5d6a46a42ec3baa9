/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the files of a process; who lists them is in proc_list.c. */
#ifndef KVMI_PROC_READ_H
#define KVMI_PROC_READ_H

#include "live/live.h"
#include "live/parse.h"
#include "live/proc_fill.h"

/* A process may be in 65536 groups, which status lists. */
#define KVMI_PROC_TEXT_MAX	((size_t)4 << 20)
#define KVMI_DENTS_SIZE	((size_t)64 << 10)

/* The outcome of reading a process that is not to be listed. */
#define KVMI_PROC_SKIP	1

struct kvmi_ids {
	int32_t		*v;
	size_t		 n;
	size_t		 cap;
};

struct kvmi_proc_lister {
	struct kvmi_live *live;
	struct kvmi_cx	*cx;
	int		 rootfd;
	int		 op, arg;
	bool		 threads;
	bool		 clocks;
	uid_t		 euid;
	struct kvmi_fill fill;
	char		*dents;
	struct kvmi_text text;
	struct kvmi_ids	 tids;
	struct kvmi_procs *out;
};

/* SKIP, or an error that fails the list: what errno e means for it. */
int kvmi_proc_skip_or_fail(const struct kvmi_proc_lister *x, int e,
    int32_t id, const char *file);

/* Its directory, a number below fd; and the numbers below fd, in order. */
int kvmi_proc_open_id(const struct kvmi_proc_lister *x, int fd, int32_t id,
    int *ret);
int kvmi_proc_read_ids(const struct kvmi_proc_lister *x, int fd,
    struct kvmi_ids *ids);

int kvmi_proc_read_stat(struct kvmi_proc_lister *x, int dirfd, int32_t id,
    struct kvmi_proc_stat *ret);
int kvmi_proc_read_status(struct kvmi_proc_lister *x, int dirfd, int32_t id,
    struct kvmi_proc_status *ret);

/* What it used of the CPUs; false: that clock cannot be read. */
bool kvmi_proc_read_clock(const struct kvmi_proc_lister *x, int32_t pid,
    uint64_t *ret_usec);

/* Into ki, if it may be asked for. */
void kvmi_proc_fill_wmesg(struct kvmi_proc_lister *x, int dirfd,
    struct kinfo_proc *ki);
void kvmi_proc_fill_io(struct kvmi_proc_lister *x, int dirfd,
    struct kinfo_proc *ki);
void kvmi_proc_fill_runtime(struct kvmi_proc_lister *x, int dirfd,
    struct kinfo_proc *ki);

#endif
