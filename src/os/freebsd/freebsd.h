/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of os/freebsd share. */
#ifndef KVMI_FREEBSD_H
#define KVMI_FREEBSD_H

#include "base/hex.h"
#include "image/minidump.h"
#include "os/freebsd/hpt.h"
#include "os/kernel.h"
#include "os/pages.h"

/* Translation by the page tables inside a minidump; arg is its header. */
extern const struct kvmi_space_ops kvmi_freebsd_minidump_space;

/* What is mapped without tables: the direct map and the CPU's windows. */
bool kvmi_freebsd_untabled(const struct kvmi_space *s, uint64_t va,
    struct kvmi_mapping *ret);

/* Where a minidump has a hash table for tables. */
struct kvmi_hpt kvmi_freebsd_minidump_hpt(const struct kvmi_minidump *h);

int kvmi_freebsd_walk_pages(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_pages_cb_t *cb, void *closure, bool *done);

int kvmi_freebsd_procs(struct kvmi_kernel *k, struct kvmi_cx *cx, int op,
    int arg, bool threads, struct kvmi_procs *out);

int kvmi_freebsd_log(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_log_cb_t *cb, void *closure, size_t *n);

/* Text as records, a line each; *n counts them. */
void kvmi_freebsd_log_lines(const char *text, size_t len,
    kvm_walk_log_cb_t *cb, void *closure, size_t *n);

/* The release out of the version, when it is not known yet. */
void kvmi_freebsd_release(struct kvmi_facts *f);

int kvmi_freebsd_loadavg(struct kvmi_kernel *k, struct kvmi_cx *cx,
    double avg[3]);
int kvmi_freebsd_cptime(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t ticks[CPUSTATES]);
int kvmi_freebsd_swaps(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_swaps *out);
int kvmi_freebsd_cpus(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint32_t *running, uint32_t *max);
int kvmi_freebsd_pcpu(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t cpu,
    uint64_t *va, uint64_t *len);
int kvmi_freebsd_zpcpu(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t base, uint32_t cpu, uint64_t *va);

int kvmi_freebsd_strings(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, enum kvmi_strings_kind kind, size_t max,
    struct kvmi_strings *out);
int kvmi_freebsd_uread(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint64_t va, void *buf, size_t len,
    size_t *done);

int kvmi_freebsd_regs(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint32_t cpu, struct kvmi_regs *out);
int kvmi_freebsd_stack(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, kvm_walk_stack_cb_t *cb, void *closure,
    size_t *n);
int kvmi_freebsd_panic_cpu(struct kvmi_kernel *k, struct kvmi_cx *cx,
    int32_t *ret);
int kvmi_freebsd_panic_thread(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kinfo_proc *ret);

void kvmi_freebsd_facts(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_facts *f);

/*
 * Open the kernel's debug information: the file that was given, which has to
 * fit, or one where FreeBSD puts it.  Finding none is no failure.
 */
int kvmi_freebsd_find_debug(struct kvmi_kernel *k, struct kvmi_cx *cx);

int kvmi_freebsd_symbols(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab **t, char *where, size_t where_len);

/* KVMI_ENOENT: the file has no CTF. */
int kvmi_freebsd_ctf(struct kvmi_elf *e, uint8_t pointer_size,
    struct kvmi_types **ret, struct kvmi_err *err);
int kvmi_freebsd_types(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types **ret);

int kvmi_freebsd_modules(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_modules_cb_t *cb, void *closure, size_t *n);

/*
 * Add the symbols of the modules whose files are found.  The table of symbols
 * is being filled: addresses come from the kernel file e.
 */
int kvmi_freebsd_module_symbols(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_elf *e, struct kvmi_symtab *t);

int kvmi_freebsd_set_symbol(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const char *name, struct kvmi_sym *ret);
int kvmi_freebsd_set_cpu(struct kvmi_kernel *k, struct kvmi_cx *cx,
    unsigned int cpu);
int kvmi_freebsd_set_vnet(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t vnet);

/* When the machine booted; false: not known, and 0. */
bool kvmi_freebsd_boottime(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvm_timeval *ret);

/* What its clock said last; 0: not known. */
int64_t kvmi_freebsd_now(struct kvmi_kernel *k, struct kvmi_cx *cx);

/* An integer variable of size bytes. */
int kvmi_freebsd_uint(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const char *name, unsigned int size, uint64_t *ret);

/* An integer variable of 4 bytes: int, u_int. */
int kvmi_freebsd_int(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const char *name, int32_t *ret);

/* A variable of a pointer's size: pointers, list heads, u_long. */
int kvmi_freebsd_ptr(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const char *name, uint64_t *ret);

#endif
