/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fields of a kinfo_proc from the texts of procfs; kvm_getprocs(3) has
 * the table.
 */
#ifndef KVMI_PROC_FILL_H
#define KVMI_PROC_FILL_H

#include "live/parse.h"

/* What turns the units of procfs into those of a kinfo_proc. */
struct kvmi_fill {
	int64_t		 boot;		/* seconds since the epoch */
	uint64_t	 now_usec;	/* since boot */
	uint64_t	 hz;
	uint64_t	 page_kib;
};

/* What the threads of a process share. */
void kvmi_fill_process(const struct kvmi_fill *x, struct kinfo_proc *ki,
    const struct kvmi_proc_stat *s);
void kvmi_fill_process_status(const struct kvmi_fill *x,
    struct kinfo_proc *ki, const struct kvmi_proc_status *s);

/* What a thread has of its own; the process itself stands for its first. */
void kvmi_fill_thread(const struct kvmi_fill *x, struct kinfo_proc *ki,
    const struct kvmi_proc_stat *s);
void kvmi_fill_thread_status(struct kinfo_proc *ki,
    const struct kvmi_proc_status *s);

/* The share of a CPU, once ki_runtime is what it is to be. */
void kvmi_fill_share(const struct kvmi_fill *x, struct kinfo_proc *ki,
    uint64_t start_ticks);

#endif
