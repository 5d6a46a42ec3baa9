/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes of a made-up root. */
#ifndef TEST_LIVE_FAKE_H
#define TEST_LIVE_FAKE_H

#include <inttypes.h>

#include "base/math.h"
#include "test_live_root.h"

/* A process as a made-up root has it. */
struct fake {
	int32_t		 pid;
	const char	*comm;
	char		 state;
	int32_t		 ppid, pgrp, session, tty;
	uint32_t	 flags;
	int32_t		 threads;
	uint32_t	 uid, gid;
};

static inline void
fake_task(const struct root *r, const char *dir, int32_t tid,
    const struct fake *p)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/stat", dir);
	root_file(r, path, "%" PRId32 " (%s) %c %" PRId32 " %" PRId32 " %"
	    PRId32 " %" PRId32 " %d %" PRIu32 " 1 2 3 4 250 50 0 7 20 0 %"
	    PRId32 " 0 12345 8192000 500 0 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 "
	    "0 0 0 0 0 0 0 0 0 0 256\n", tid, p->comm, p->state, p->ppid,
	    p->pgrp, p->session, p->tty, p->tty == 0 ? -1 : p->pgrp, p->flags,
	    p->threads);
	snprintf(path, sizeof(path), "%s/status", dir);
	root_file(r, path, "Name:\t%s\nTgid:\t%" PRId32 "\nPid:\t%" PRId32
	    "\nTracerPid:\t0\nUid:\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t0\n"
	    "Gid:\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t0\nGroups:\t4 24 \n"
	    "VmHWM:\t  3000 kB\nVmRSS:\t  2048 kB\nVmData:\t   400 kB\n"
	    "VmStk:\t   132 kB\nVmExe:\t    64 kB\nVmSwap:\t     0 kB\n"
	    "SigPnd:\t0000000000000001\nShdPnd:\t0000000000000100\n"
	    "SigBlk:\t0000000000010000\nSigIgn:\t0000000100000004\n"
	    "SigCgt:\t0000000000000002\nvoluntary_ctxt_switches:\t15\n"
	    "nonvoluntary_ctxt_switches:\t5\n", p->comm, p->pid, tid, p->uid,
	    p->uid + 1, p->uid + 2, p->gid, p->gid + 1, p->gid + 2);
}

/* Files for the process and for as many threads as it says it has. */
static inline void
fake_process(const struct root *r, const struct fake *p)
{
	char dir[128];

	snprintf(dir, sizeof(dir), "proc/%" PRId32, p->pid);
	fake_task(r, dir, p->pid, p);
	for (int32_t i = 0; i < p->threads; i++) {
		snprintf(dir, sizeof(dir), "proc/%" PRId32 "/task/%" PRId32,
		    p->pid, p->pid + i);
		fake_task(r, dir, p->pid + i, p);
	}
}

static const struct fake some[] = {
	{ 10, "ten", 'S', 1, 10, 10, 34816, 0, 1, 1000, 100 },
	{ 2, "two", 'I', 0, 0, 0, 0, 0x208040, 1, 0, 0 },
	{ 300, "three hundred", 'R', 10, 10, 10, 34816, 0, 3, 2000, 100 },
	{ 41, "forty-one", 'Z', 10, 41, 10, 0, 4, 1, 1000, 200 },
};

static inline void
fake_some(struct root *r)
{
	root_init(r);
	root_file(r, "proc/self/comm", "x\n");
	root_file(r, "proc/stat", "cpu 1 2 3\nintr 5\nctxt 6\nbtime 1000000\n"
	    "processes 7\n");
	for (size_t i = 0; i < KVMI_COUNT(some); i++)
		fake_process(r, &some[i]);
}

#endif
