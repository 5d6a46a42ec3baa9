/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of os/linux share. */
#ifndef KVMI_LINUX_H
#define KVMI_LINUX_H

#include "os/kernel.h"
#include "os/linux/vmcoreinfo.h"
#include "sym/kallsyms.h"

struct kvmi_linux;

/* What Linux does on one architecture; the table is in attach.c. */
struct kvmi_linux_arch {
	const struct kvmi_arch *arch;
	/* Set k->space and k->kerndisp from l->info. */
	int (*from_vmcoreinfo)(struct kvmi_kernel *k, struct kvmi_linux *l,
	    struct kvmi_cx *cx);
	/* Set k->space and l->image_* from the CPUs' registers. */
	int (*from_cpus)(struct kvmi_kernel *k, struct kvmi_linux *l,
	    struct kvmi_cx *cx);
};

extern const struct kvmi_linux_arch kvmi_linux_x86_64;

struct kvmi_linux {
	struct kvmi_vmcoreinfo info;
	const struct kvmi_linux_arch *arch;
	uint64_t	 image_va;	/* a part of the kernel image, where */
	uint64_t	 image_len;	/* to look for its tables */
	uint64_t	 stext;		/* 0: unknown */
	struct kvmi_symtab *early;	/* decoded while attaching; handed over */
};

int kvmi_linux_symbols(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab **t, char *where, size_t where_len);

/* Find kallsyms in the image and decode them into t. */
int kvmi_linux_kallsyms(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab *t);

int kvmi_linux_types(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types **ret);
int kvmi_linux_procs(struct kvmi_kernel *k, struct kvmi_cx *cx, int op,
    int arg, bool threads, struct kvmi_procs *out);
int kvmi_linux_log(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_log_cb_t *cb, void *closure, size_t *n);
void kvmi_linux_facts(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_facts *f);
int kvmi_linux_walk_pages(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_pages_cb_t *cb, void *closure, bool *done);

int kvmi_linux_stack(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, kvm_walk_stack_cb_t *cb, void *closure,
    size_t *n);
int kvmi_linux_regs(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint32_t cpu, struct kvmi_regs *out);
int kvmi_linux_panic_cpu(struct kvmi_kernel *k, struct kvmi_cx *cx,
    int32_t *ret);

/* Refuse a kernel file that is not the one in the image. */
int kvmi_linux_check_exec(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx);

/* Copy of utsname member i (0 sysname ... 4 machine). */
int kvmi_linux_uts(struct kvmi_kernel *k, struct kvmi_cx *cx, unsigned int i,
    char buf[65]);

/* Seconds since the epoch when the machine booted, in nanoseconds. */
int kvmi_linux_boottime(struct kvmi_kernel *k, struct kvmi_cx *cx,
    int64_t *ret_nsec);

/* offsets[cpu] to add to a per-CPU address; *ncpus of them; free() it. */
int kvmi_linux_percpu(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t **offsets, unsigned int *ncpus);

#endif
