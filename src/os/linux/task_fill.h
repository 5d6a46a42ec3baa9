/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fields of a kinfo_proc from the structures of an image; kvm_getprocs(3)
 * has the table.
 */
#ifndef KVMI_TASK_FILL_H
#define KVMI_TASK_FILL_H

#include "os/addrs.h"
#include "os/linux/layout.h"
#include "os/linux/linux.h"

struct kvmi_linux_waits;

/* What names of kernel threads are made of, once the first one asked for it. */
struct kvmi_task_names {
	bool		 full, worker;	/* their members are looked up */
	bool		 ids;		/* a worker's whole name is shown */
};

/* What a list of processes works with. */
struct kvmi_lister {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	struct kvmi_linux_layout layout;
	struct kvmi_task_names names;
	uint64_t	*percpu;	/* offsets of the CPUs that there are */
	unsigned int	 ncpus;
	int64_t		 boot_nsec;	/* since the epoch; 0: not known */
	uint64_t	 now_nsec;	/* since boot; 0: not known */
	uint64_t	 sched_nsec;	/* the scheduler's clock; 0: not known */
	uint64_t	 running;	/* where tasks do not tell; or 0 */
	struct kvmi_linux_waits *waits;	/* NULL: no stacks to be had */
	/* All that were met: a broken image may have them in each process. */
	struct kvmi_addrs threads;
	struct kvm_sigset shared;	/* pending for the process at hand */
	uint8_t		*task;		/* copies of the structures at hand */
	uint8_t		*signal;
	uint8_t		*mm;
	uint8_t		*cred;
};

/* The lister is to be released however this ends. */
int kvmi_lister_init(struct kvmi_lister *x, struct kvmi_kernel *k,
    struct kvmi_cx *cx);
void kvmi_lister_deinit(struct kvmi_lister *x);

/* The same for another thread, with a context of its own. */
int kvmi_lister_clone(struct kvmi_lister *x, const struct kvmi_lister *of);
void kvmi_lister_free_clone(struct kvmi_lister *x);

/*
 * What threads used; times in nanoseconds, which may be exact, input and output
 * in bytes.
 */
struct kvmi_usage {
	bool		exact;
	uint64_t	utime, stime, runtime, inbytes, outbytes;
	uint64_t	minflt, majflt, nvcsw, nivcsw;
	int64_t		split_rss, split_swap;
};

/* A member of a copied structure. */
static inline uint64_t
kvmi_lister_get(const struct kvmi_lister *x, enum kvmi_linux_member id,
    const void *copy, uint64_t size)
{
	return (kvmi_member_get(&x->layout.m[id], copy, (size_t)size,
	    x->k->big_endian));
}

static inline uint64_t
kvmi_task_get(const struct kvmi_lister *x, enum kvmi_linux_member id)
{
	return (kvmi_lister_get(x, id, x->task, x->layout.task_len));
}

static inline uint64_t
kvmi_signal_get(const struct kvmi_lister *x, enum kvmi_linux_member id)
{
	return (kvmi_lister_get(x, id, x->signal, x->layout.signal_size));
}

/* A member that is behind a pointer; 0 when it cannot be had. */
uint64_t kvmi_lister_follow(struct kvmi_lister *x, uint64_t base,
    enum kvmi_linux_member id);

/* Copy a structure that ki is not complete without. */
bool kvmi_lister_copy(struct kvmi_lister *x, const struct kinfo_proc *ki,
    const char *what, uint64_t va, uint8_t *buf, uint64_t size);

/* What a thread has of its own, from the copied task, which is at va. */
void kvmi_task_thread(struct kvmi_lister *x, struct kinfo_proc *ki,
    uint64_t va);

/*
 * What the threads of a process share.  The signal_struct has to come first
 * and has the usage of threads that are gone.
 */
void kvmi_task_signal(struct kvmi_lister *x, struct kinfo_proc *ki,
    struct kvmi_usage *u);
/* The signal that stopped all threads, or what all of them end with. */
void kvmi_task_exit_code(const struct kvmi_lister *x, struct kinfo_proc *ki);

/* ki_comm and the thread's name, from the copied task (task_name.c). */
void kvmi_task_name(struct kvmi_lister *x, struct kinfo_proc *ki);
void kvmi_task_cred(struct kvmi_lister *x, struct kinfo_proc *ki);
void kvmi_task_actions(struct kvmi_lister *x, struct kinfo_proc *ki,
    uint64_t sighand);
void kvmi_task_mm(struct kvmi_lister *x, struct kinfo_proc *ki);

/* Add what the copied task used. */
void kvmi_usage_add(const struct kvmi_lister *x, struct kvmi_usage *u);

/* Into ki; alive_nsec is for how long it was used, 0: not known. */
void kvmi_usage_fill(struct kinfo_proc *ki, const struct kvmi_usage *u,
    uint64_t alive_nsec);

/* What kvmi_task_mm() found, with what the threads had not handed in. */
void kvmi_usage_pages(const struct kvmi_lister *x, struct kinfo_proc *ki,
    const struct kvmi_usage *u);

/* Since the copied task was started; 0: not known. */
uint64_t kvmi_task_alive(const struct kvmi_lister *x);

static inline struct kvm_timeval
kvmi_timeval_of(uint64_t nsec)
{
	struct kvm_timeval tv = { .tv_sec = (int64_t)(nsec / 1000000000),
		.tv_usec = (int64_t)(nsec % 1000000000 / 1000) };

	return (tv);
}

#endif
