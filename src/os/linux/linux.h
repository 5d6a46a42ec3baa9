/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of os/linux share. */
#ifndef KVMI_LINUX_H
#define KVMI_LINUX_H

#include "os/kernel.h"
#include "os/linux/vmcoreinfo.h"
#include "sym/kallsyms.h"

struct kvmi_addrs;
struct kvmi_linux;

/* Since 6.14 the count of a swap device's pages in use has a flag in it. */
#define KVMI_SWAP_OFFLIST	(UINT64_C(1) << 30)

/* What a table entry that is absent to the CPU says to Linux. */
enum kvmi_linux_absent {
	KVMI_ABSENT_NONE,	/* nothing: no page */
	KVMI_ABSENT_KEPT,	/* the page at *pa, out of reach on purpose */
	KVMI_ABSENT_SWAP,	/* *swap: a swap device, or a special meaning */
};

/* A register in the notes of CPUs: where it is in their pr_reg. */
struct kvmi_linux_reg {
	const char	*name;
	uint16_t	 off;
	uint8_t		 size;
};

/* A note of Linux that follows that one of a CPU and has more of its registers. */
struct kvmi_linux_note {
	uint32_t	 type;
	const struct kvmi_linux_reg *regs;	/* as above */
};

/* A register that a task which does not run has left in a structure. */
struct kvmi_linux_saved {
	const char	*name;
	const char	*member;
};

/* Pieces that VMCOREINFO tells of: the image, and all memory. */
#define KVMI_LINUX_TOLD	2

/*
 * What Linux does on one architecture; the table is in attach.c.  A function
 * that is NULL: not had.
 */
struct kvmi_linux_arch {
	/* The usual one; k->arch may become another of the same name. */
	const struct kvmi_arch *arch;

	/* Set k->arch, k->space, k->kerndisp and l->va from l->info. */
	int (*from_vmcoreinfo)(struct kvmi_kernel *k, struct kvmi_linux *l,
	    struct kvmi_cx *cx);
	/*
	 * The same without l->info, and l->image_*, from the CPUs' registers or
	 * what lies in memory.  KVMI_ENOTMINE: there is nothing to begin with.
	 */
	int (*find)(struct kvmi_kernel *k, struct kvmi_linux *l,
	    struct kvmi_cx *cx);
	/* Where a kernel says that its note is. */
	int (*note_pa)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    uint64_t *ret);

	enum kvmi_linux_absent (*absent)(const struct kvmi_paging *p,
	    uint64_t raw, unsigned int level, uint64_t *pa,
	    unsigned int *swap);
	/*
	 * The page of a process that raw, the entry at which the walk to va
	 * ended, leads to in a way that the walk does not know: *m.
	 * KVMI_ENOTMINE: it is no such entry.
	 */
	int (*indirect)(const struct kvmi_space *s, const struct kvmi_linux *l,
	    uint64_t va, uint64_t raw, struct kvmi_mapping *m,
	    struct kvmi_err *err);
	/*
	 * Where Linux keeps what it knows of a page that the hardware's entry
	 * at entry_pa does not say.  NULL: there.
	 */
	uint64_t (*linux_entry)(const struct kvmi_paging *p,
	    uint64_t entry_pa, unsigned int level);
	/*
	 * What differs in *p, the kernel's paging with the root of a process,
	 * for the addresses of the process, whose mm_struct is at mm.
	 */
	int (*user)(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t mm,
	    struct kvmi_paging *p);
	/*
	 * What is mapped in one piece, as l->info tells: for a dump that lacks
	 * its page tables.  How many; too long is no matter.
	 */
	size_t (*told)(const struct kvmi_kernel *k, const struct kvmi_linux *l,
	    struct kvmi_direct ret[KVMI_LINUX_TOLD]);
	/* Where all memory is mapped: va, pa; len, or 0 for the image's. */
	int (*linear)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    struct kvmi_mapping *ret);

	/* Of CPUs; ends with a name that is NULL.  NULL: not known. */
	const struct kvmi_linux_reg *regs;
	/* In other notes; ends with regs that are NULL.  NULL: none. */
	const struct kvmi_linux_note *more_regs;
	/* Of a task that does not run. */
	int (*saved_regs)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    uint64_t task, struct kvmi_regs *out);
	int (*stack)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    const struct kinfo_proc *ki, kvm_walk_stack_cb_t *cb,
	    void *closure, size_t *n);
};

extern const struct kvmi_linux_arch kvmi_linux_arm;
extern const struct kvmi_linux_arch kvmi_linux_arm64;
extern const struct kvmi_linux_arch kvmi_linux_i386;
extern const struct kvmi_linux_arch kvmi_linux_loongarch64;
extern const struct kvmi_linux_arch kvmi_linux_ppc64;
extern const struct kvmi_linux_arch kvmi_linux_riscv64;
extern const struct kvmi_linux_arch kvmi_linux_s390x;
extern const struct kvmi_linux_arch kvmi_linux_x86_64;

enum kvmi_linux_once { KVMI_ONCE_ORC, KVMI_ONCE_SAVED, KVMI_ONCE_STACK,
    KVMI_ONCE_FRAME, KVMI_ONCE_CLOCK, KVMI_ONCE_MODULES, KVMI_ONCE_TICK,
    KVMI_ONCE_SWAP, KVMI_ONCE_PERCPU, KVMI_ONCES };

struct kvmi_linux {
	struct kvmi_vmcoreinfo info;
	char		 info_where[160];	/* where it is from, for people */
	const struct kvmi_linux_arch *arch;
	struct {
		uint64_t first, last;	/* the kernel's addresses */
		uint64_t user_end;	/* those of processes are below */
	} va;
	uint64_t	 image_va;	/* a part of the kernel image, where */
	uint64_t	 image_len;	/* to look for its tables */
	uint64_t	 stext;		/* 0: unknown */
	struct kvmi_symtab *early;	/* decoded while attaching; handed over */
	struct kvmi_direct *direct;	/* what the paging refers to; owned */
	_Atomic(void *)	 once[KVMI_ONCES];
};

/*
 * What was worked out by name at first use and does not change; NULL: not
 * yet.  made (malloc) becomes it unless another thread was faster: use what
 * is returned.
 */
const void *kvmi_linux_once(struct kvmi_linux *l, enum kvmi_linux_once which);
const void *kvmi_linux_once_set(struct kvmi_linux *l,
    enum kvmi_linux_once which, void *made);
void kvmi_linux_once_deinit(struct kvmi_linux *l);

int kvmi_linux_symbols(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab **t, char *where, size_t where_len);

/* user where the tables of a process are for the other half of addresses. */
int kvmi_linux_user_half(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t mm, struct kvmi_paging *p);

/* PAGESIZE of VMCOREINFO, or the architecture's usual one. */
uint64_t kvmi_linux_page_size(const struct kvmi_linux *l);

/* Fill l->early from kallsyms, as soon as the image can be read. */
int kvmi_linux_early_symtab(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx);

/* Find kallsyms in the image and decode them into t. */
int kvmi_linux_kallsyms(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab *t);

void kvmi_linux_module_symbols(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab *out);

int kvmi_linux_types(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types **ret);
void kvmi_linux_module_types(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types *base, struct kvmi_module_types *out);
int kvmi_linux_procs(struct kvmi_kernel *k, struct kvmi_cx *cx, int op,
    int arg, bool threads, struct kvmi_procs *out);
int kvmi_linux_log(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_log_cb_t *cb, void *closure, size_t *n);
int kvmi_linux_loadavg(struct kvmi_kernel *k, struct kvmi_cx *cx,
    double avg[3]);
int kvmi_linux_cptime(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t ticks[CPUSTATES]);
int kvmi_linux_swaps(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_swaps *out);
int kvmi_linux_strings(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, enum kvmi_strings_kind kind, size_t max,
    struct kvmi_strings *out);
int kvmi_linux_uread(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint64_t va, void *buf, size_t len,
    size_t *done);
int kvmi_linux_modules(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_modules_cb_t *cb, void *closure, size_t *n);

/* The struct modules that are loaded, whose list_head is list_off bytes in. */
int kvmi_linux_modules_collect(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t list_off, struct kvmi_addrs *ret);

int kvmi_linux_page_kinds(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvmi_page_kind_fn *fn, void *arg);

void kvmi_linux_facts(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_facts *f);
int kvmi_linux_walk_pages(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_pages_cb_t *cb, void *closure, bool *done);

int kvmi_linux_stack(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, kvm_walk_stack_cb_t *cb, void *closure,
    size_t *n);
/* Follow a stack by the ORC tables of the kernel. */
int kvmi_linux_orc_stack(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, kvm_walk_stack_cb_t *cb, void *closure,
    size_t *n);

/* The thread's own stack.  Fails only when it would wrap around. */
int kvmi_linux_stack_of(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint64_t *start, uint64_t *end);

/* What a walk that began gives back: why it ended early, r, is damage. */
int kvmi_linux_stack_end(struct kvmi_cx *cx, const struct kinfo_proc *ki,
    int r);

void kvmi_linux_reg_add(struct kvmi_regs *out, const char *name,
    uint64_t value);
/* 0 where there is none of that name. */
uint64_t kvmi_linux_reg_get(const struct kvmi_regs *regs, const char *name);

/* Those of saved, which ends with a name that is NULL, in task_struct. */
int kvmi_linux_saved_in_task(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t task, const struct kvmi_linux_saved *saved,
    struct kvmi_regs *out);
/* The same, of the frame that x86 leaves on the stack; it ends at sp. */
int kvmi_linux_saved_on_stack(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t task, const struct kvmi_linux_saved *saved, const char *sp,
    struct kvmi_regs *out);

int kvmi_linux_regs(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint32_t cpu, struct kvmi_regs *out);
int kvmi_linux_panic_cpu(struct kvmi_kernel *k, struct kvmi_cx *cx,
    int32_t *ret);
int kvmi_linux_panic_thread(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kinfo_proc *ret);

/* Refuse a kernel file that is not the one in the image. */
int kvmi_linux_check_exec(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx);

/* Copy of utsname member i (0 sysname ... 4 machine). */
int kvmi_linux_uts(struct kvmi_kernel *k, struct kvmi_cx *cx, unsigned int i,
    char buf[65]);

/* Seconds since the epoch when the machine booted, in nanoseconds. */
int kvmi_linux_boottime(struct kvmi_kernel *k, struct kvmi_cx *cx,
    int64_t *ret_nsec);

/* The monotonic clock when it was last brought up to date, nanoseconds. */
int kvmi_linux_monotonic(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t *ret_nsec);

/* The clock that counts from boot, sleep included, at the same moment. */
int kvmi_linux_uptime(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t *ret_nsec);

/*
 * The name that a struct path, at va, has from the root of all mounts.
 * KVMI_EFORMAT: it leads nowhere.
 */
int kvmi_linux_path(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    char *buf, size_t len);

/* offsets[cpu] to add to a per-CPU address; *ncpus of them; free() it. */
int kvmi_linux_percpu(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t **offsets, unsigned int *ncpus);

/* The copy of the per-CPU object at va that such an offset leads to. */
uint64_t kvmi_linux_percpu_at(const struct kvmi_kernel *k, uint64_t va,
    uint64_t offset);

/*
 * Are all variables among the symbols?  An error, and what to do, when they
 * are not: that a name is unknown then means nothing.
 */
int kvmi_linux_variables(struct kvmi_kernel *k, struct kvmi_cx *cx);

#endif
