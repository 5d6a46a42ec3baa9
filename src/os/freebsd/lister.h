/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that list processes share. */
#ifndef KVMI_FREEBSD_LISTER_H
#define KVMI_FREEBSD_LISTER_H

#include "os/addrs.h"
#include "os/freebsd/freebsd.h"
#include "os/freebsd/layout.h"

/* p_state (sys/proc.h) */
#define KVMI_PRS_NEW	0
#define KVMI_PRS_NORMAL	1
#define KVMI_PRS_ZOMBIE	2

struct kvmi_freebsd_lister {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	struct kvmi_freebsd_layout l;
	uint64_t	 prison0;	/* 0: not known */
	int32_t		 ticks;
	int32_t		 hz;		/* 0: not known */
	uint64_t	 tick_frequency;	/* of the CPU's ticks; likewise */
	struct kvm_timeval boot;
	uint64_t	 damaged;	/* the structure last found so */

	struct kvmi_addrs procs;
	size_t		 first_zombie;	/* procs from here on */
	size_t		 end_zombie;
	struct kvmi_addrs threads;	/* of all processes: each has one owner */
};

/*
 * A member of the structure at base; 0 when base is NULL, when this kernel
 * has no such member, or when it cannot be read.  The latter is damage, once
 * for each structure.
 */
uint64_t kvmi_lget(struct kvmi_freebsd_lister *x, uint64_t base,
    enum kvmi_freebsd_member id);

/* A member of the structure that is its member outer. */
uint64_t kvmi_lget_in(struct kvmi_freebsd_lister *x, uint64_t base,
    enum kvmi_freebsd_member outer, enum kvmi_freebsd_member id);

/* A member that is an array of characters; "" likewise. */
void kvmi_lister_name(struct kvmi_freebsd_lister *x, uint64_t base,
    enum kvmi_freebsd_member id, char *buf, size_t len);

/* A member that points to a string. */
void kvmi_lister_string(struct kvmi_freebsd_lister *x, uint64_t base,
    enum kvmi_freebsd_member id, char *buf, size_t len);

/* Add a member that is a set of signals to *set. */
void kvmi_lister_signals(struct kvmi_freebsd_lister *x, uint64_t base,
    enum kvmi_freebsd_member id, struct kvm_sigset *set);

/*
 * Every process into x->procs.  0, or an error when there is none at all;
 * what is lost is damage.
 */
int kvmi_lister_procs(struct kvmi_freebsd_lister *x);

/* The threads of proc: those from *first on in x->threads. */
int kvmi_lister_threads(struct kvmi_freebsd_lister *x, uint64_t proc,
    size_t *first);

/* Of the process at ki->ki_paddr: what it is selected by, and the rest. */
void kvmi_lister_fill_identity(struct kvmi_freebsd_lister *x,
    struct kinfo_proc *ki);
void kvmi_lister_fill_proc(struct kvmi_freebsd_lister *x,
    struct kinfo_proc *ki);

/* Of the thread td of the process ki, which is in state. */
void kvmi_lister_fill_thread(struct kvmi_freebsd_lister *x,
    struct kinfo_proc *ki, uint64_t td, uint64_t state);

/* Times and counts: of a process with the n threads td, and of one thread. */
void kvmi_lister_fill_usage(struct kvmi_freebsd_lister *x,
    struct kinfo_proc *ki, const uint64_t *td, size_t n);
void kvmi_lister_fill_thread_usage(struct kvmi_freebsd_lister *x,
    struct kinfo_proc *ki, uint64_t td);

/* Where thread td stands with the scheduler. */
void kvmi_lister_cpu_share(struct kvmi_freebsd_lister *x, uint64_t td,
    bool running, uint32_t *pctcpu, uint32_t *estcpu);

/* In ticks of the CPU. */
uint64_t kvmi_lister_usec(const struct kvmi_freebsd_lister *x,
    uint64_t ticks);

#endif
