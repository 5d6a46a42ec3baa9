/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The descriptor, and how calls end: internal codes become BSD's -1, NULL and
 * texts here and nowhere else.
 */
#ifndef KVMI_KD_H
#define KVMI_KD_H

#include "kvm.h"
#include "os/kernel.h"

struct __kvm {
	struct kvmi_kernel *kernel;
	struct kvmi_threads threads;
	const char	*errstr;	/* kvm_open(): print failures with it */
	struct kvm_options opts;	/* with strings of its own */

	pthread_mutex_t	 lock;		/* what follows is handed out */
	struct kvmi_procs procs;
	struct kvmi_facts *facts;
	char		**strings;	/* kvm_getargv(), and what they point to */
};

/* This thread's context, or NULL with errno set. */
struct kvmi_cx *kvmi_kd_enter(kvm_t *kd);

/* Memory that ran out is said with the name of the image that took it. */
void kvmi_kd_name_memory(const kvm_t *kd, struct kvmi_cx *cx, int code);

/*
 * A call failed with code, whose text is in cx: print it where kvm_open()
 * asked for that.  Returns -1.
 */
int kvmi_kd_fail(kvm_t *kd, struct kvmi_cx *cx, int code);

/*
 * What was tried and failed on the way to success is nobody's error: calls
 * that try things save this thread's error first and put it back.
 */
static inline void
kvmi_kd_restore(struct kvmi_cx *cx, const struct kvmi_err *before)
{
	cx->err = *before;
}

/*
 * End a call that tried things: 0, with this thread's error as it was before,
 * or what kvmi_kd_fail() returns.
 */
int kvmi_kd_end(kvm_t *kd, struct kvmi_cx *cx, const struct kvmi_err *before,
    int code);

/* For an operation that a dump has and the running kernel has not. */
int kvmi_kd_dumps_only(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const char *what);

/* For an operation that k's operating system may lack. */
int kvmi_kd_lacks(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const char *what);

/* The memory of a live kernel is opened when it is first needed. */
int kvmi_kd_memory(kvm_t *kd, struct kvmi_cx *cx);

#endif
