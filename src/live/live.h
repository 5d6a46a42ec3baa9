/* SPDX-License-Identifier: BSD-2-Clause */
/* The running Linux host. */
#ifndef KVMI_LIVE_H
#define KVMI_LIVE_H

#include <limits.h>
#include <sys/utsname.h>

#include "os/kernel.h"

struct kvmi_live_options {
	bool		 memory;	/* reading memory was asked for */
	const char	*proc_root;	/* "/proc"; tests have others */
	const char	*sys_root;	/* NULL: "/sys" */
	const char	*dev_root;	/* NULL: "/dev" */
};

/* Set k->priv, before k->os->attach(), whose detach() frees it. */
int kvmi_live_prepare(struct kvmi_kernel *k,
    const struct kvmi_live_options *o, struct kvmi_err *err);

struct kvmi_live {
	bool		 memory;
	char		*proc_root;
	char		*sys_root;
	char		*dev_root;
	struct utsname	 uts;

	pthread_mutex_t	 lock;		/* opening memory; what follows */
	bool		 boot_known;
	int64_t		 boot;		/* seconds since the epoch */
	pid_t		 clocks_pid;	/* whom clocks is for; 0: nobody */
	bool		 clocks;	/* see proc_list.c */
};

/* Open /proc/kcore; called with the lock held. */
int kvmi_live_open_memory(struct kvmi_kernel *k, struct kvmi_live *l,
    struct kvmi_cx *cx);

int kvmi_live_memory(struct kvmi_kernel *k, struct kvmi_cx *cx);
int kvmi_live_symbols(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab **t, char *where, size_t where_len);
int kvmi_live_types(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types **ret);
void kvmi_live_module_types(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types *base, struct kvmi_module_types *out);
int kvmi_live_procs(struct kvmi_kernel *k, struct kvmi_cx *cx, int op,
    int arg, bool threads, struct kvmi_procs *out);
int kvmi_live_log(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_log_cb_t *cb, void *closure, size_t *n);
int kvmi_live_loadavg(struct kvmi_kernel *k, struct kvmi_cx *cx,
    double avg[3]);
int kvmi_live_cptime(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t ticks[CPUSTATES]);
int kvmi_live_swaps(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_swaps *out);
int kvmi_live_cpus(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint32_t *running, uint32_t *max);
int kvmi_live_strings(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, enum kvmi_strings_kind kind, size_t max,
    struct kvmi_strings *out);
int kvmi_live_uread(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint64_t va, void *buf, size_t len,
    size_t *done);
int kvmi_live_write(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    const void *buf, size_t len, size_t *done);
int kvmi_live_modules(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_modules_cb_t *cb, void *closure, size_t *n);
void kvmi_live_facts(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_facts *f);

/* Is the kernel locked down, for confidentiality or also less? */
bool kvmi_live_locked_down(const struct kvmi_live *l, bool confidentiality);

/* When the host was booted.  Asked for once: the clock may be set later. */
int64_t kvmi_live_boot(struct kvmi_live *l);

/* The content of a file; the buffer is used again by the next read. */
struct kvmi_text {
	char		*p;		/* NUL-terminated after a read */
	size_t		 len;
	size_t		 cap;
};

enum kvmi_text_end {
	KVMI_TEXT_TO_END,	/* read until there is no more */
	KVMI_TEXT_ONE_READ,	/* a read that leaves room had all there was */
};

/* 0, or an errno; EFBIG: more than max bytes. */
int kvmi_text_read(struct kvmi_text *t, int dirfd, const char *path,
    enum kvmi_text_end end, size_t max);
/* A file of procfs for the whole host; says why when there is none. */
int kvmi_live_read_proc(const struct kvmi_live *l, struct kvmi_text *t,
    const char *file, size_t max, struct kvmi_err *err);
void kvmi_text_deinit(struct kvmi_text *t);

/* The number behind key at the start of a line; false: there is none. */
bool kvmi_text_number(const struct kvmi_text *t, const char *key,
    uint64_t *ret);

#endif
