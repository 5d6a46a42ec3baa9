/* SPDX-License-Identifier: BSD-2-Clause */
/* The running Linux host. */
#ifndef KVMI_LIVE_H
#define KVMI_LIVE_H

#include "os/kernel.h"

struct kvmi_live_options {
	bool		 memory;	/* reading memory was asked for */
	const char	*proc_root;	/* "/proc"; tests have others */
};

/* Set k->priv, before k->os->attach(). */
int kvmi_live_prepare(struct kvmi_kernel *k,
    const struct kvmi_live_options *o, struct kvmi_err *err);

struct kvmi_live {
	bool		 memory;
	char		*proc_root;
	pthread_mutex_t	 lock;		/* of opening memory */
};

/* Open /proc/kcore; called with the lock held. */
int kvmi_live_open_memory(struct kvmi_kernel *k, struct kvmi_live *l,
    struct kvmi_cx *cx);

int kvmi_live_symbols(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab **t, char *where, size_t where_len);
int kvmi_live_types(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types **ret);
int kvmi_live_procs(struct kvmi_kernel *k, struct kvmi_cx *cx, int op,
    int arg, bool threads, struct kvmi_procs *out);
int kvmi_live_log(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_log_cb_t *cb, void *closure, size_t *n);
void kvmi_live_facts(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_facts *f);

/*
 * A small file, relative to dirfd, with a NUL behind it; its length or -1
 * with errno.
 */
ssize_t kvmi_live_slurp(int dirfd, const char *path, char *buf, size_t len);

#endif
