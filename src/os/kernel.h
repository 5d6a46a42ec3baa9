/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel: an image together with what an operating system means by its
 * bytes.  Everything above this line (src/api) knows kernels only.
 *
 * To add an operating system: a folder with a const struct kvmi_os_ops, a
 * line in os_table (kernel.c).
 */
#ifndef KVMI_KERNEL_H
#define KVMI_KERNEL_H

#include <pthread.h>
#include <stdatomic.h>

#include "kvm.h"
#include "base/thread.h"
#include "image/image.h"
#include "space/space.h"
#include "sym/elf_file.h"
#include "sym/sym.h"
#include "sym/system_map.h"
#include "type/type.h"

struct kvmi_kernel;
struct kvmi_module_types;

/* A growing list of kinfo_proc. */
struct kvmi_procs {
	struct kinfo_proc *v;
	size_t		 n;
	size_t		 cap;
};

/* A zeroed entry at the end, with ki_structsize set; NULL without memory. */
struct kinfo_proc *kvmi_procs_add(struct kvmi_procs *p);

/* Room for n entries; false without memory. */
bool kvmi_procs_reserve(struct kvmi_procs *p, size_t n);

/*
 * Those of more behind those of p, in which more may lie already; false without
 * memory.
 */
bool kvmi_procs_append(struct kvmi_procs *p, const struct kvmi_procs *more);

/* By process id, then by thread id. */
void kvmi_procs_sort(struct kvmi_procs *p);

/* Is the entry one of those that op (without INC_THREAD) and arg select? */
bool kvmi_procs_selected(const struct kinfo_proc *ki, int op, int arg);

/* ki_tdname, and in ki_moretdname what does not fit there. */
void kvmi_procs_thread_name(struct kinfo_proc *ki, const char *name);

/* ki_pctcpu: used in the course of of_usec. */
uint32_t kvmi_procs_share(uint64_t used_usec, uint64_t of_usec);

/* Check op; *threads: one entry per thread is wanted. */
int kvmi_procs_op(int op, int *ret_op, bool *threads, struct kvmi_err *err);

/* Strings of struct kvm_info and the numbers that go with them. */
struct kvmi_facts {
	struct kvm_info	 info;
	struct kvm_dumpheader dump;
	char		 format[192];
	char		 release[128];
	char		 version[256];
	char		 hostname[128];
	char		 panic[512];
	char		 note[2048];
	char		 buildid[130];
	char		 symbols[128];
	char		 types[128];
	char		 vmcoreinfo[160];
	char		 panicthread[64];
};

/* Strings of a process as they lie in its memory, each with its NUL. */
struct kvmi_strings {
	char		*p;		/* malloc */
	size_t		 len;
};

enum kvmi_strings_kind { KVMI_ARGV, KVMI_ENVV };

/* A swap device, in pages. */
struct kvmi_swap {
	char		 name[64];
	bool		 device;	/* name is one under /dev */
	uint64_t	 used;
	uint64_t	 total;
	int		 flags;
};

struct kvmi_swaps {
	struct kvmi_swap *v;		/* malloc */
	size_t		 n;
};

/* What the header of a dump says of the kernel in it. */
struct kvmi_dump_facts {
	const char	*vmcoreinfo;	/* the kernel's */
	size_t		 vmcoreinfo_len;	/* 0: it has none */
	uint64_t	 phys_base;	/* where x86 lies, or arm begins */
};

/* n pages from pfn on are of a KVM_EXCLUDE_* kind. */
typedef void kvmi_page_kind_fn(void *arg, uint64_t pfn, uint64_t n, int kind);

/* Registers of a CPU or a thread; the names are constant. */
#define KVMI_MAX_REGS	64
struct kvmi_regs {
	struct kvm_reg	 v[KVMI_MAX_REGS];
	size_t		 n;
};

struct kvmi_os_ops {
	const char	*name;

	/*
	 * Recognise the kernel in k->img (k->exec may help) and set k->arch,
	 * k->space and k->kerndisp.  0, KVMI_ENOTMINE, or an error: mine, but
	 * it cannot be used.  detach is called in every case.
	 */
	int (*attach)(struct kvmi_kernel *k, struct kvmi_cx *cx);
	void (*detach)(struct kvmi_kernel *k);

	/* Make k->space usable, where that waits for the first read. */
	int (*memory)(struct kvmi_kernel *k, struct kvmi_cx *cx);

	/*
	 * Symbols that are known without a table (VMCOREINFO); asked first.
	 * NULL: none.
	 */
	int (*early_symbol)(struct kvmi_kernel *k, const char *name,
	    uint64_t *ret);

	/* Fill *t, or replace it, from the best source; where names it for
	 * people. */
	int (*symbols)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    struct kvmi_symtab **t, char *where, size_t where_len);

	/* Add those of modules that are not among them.  NULL: there are none. */
	void (*module_symbols)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    struct kvmi_symtab *t);

	int (*types)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    struct kvmi_types **ret);
	/*
	 * Add those of loaded modules, which refer to base, the kernel's; what
	 * cannot be had is damage.  NULL: modules have none.
	 */
	void (*module_types)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    struct kvmi_types *base, struct kvmi_module_types *out);

	/*
	 * A variable that exists several times, by its own name: the copy of
	 * the CPU and network stack that were selected.  KVMI_ENOENT: there is
	 * none of that name.
	 */
	int (*set_symbol)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    const char *name, struct kvmi_sym *ret);
	int (*set_cpu)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    unsigned int cpu);
	int (*set_vnet)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    uint64_t vnet);

	/* Append what op and arg select; skipped ones: kvmi_damage(). */
	int (*procs)(struct kvmi_kernel *k, struct kvmi_cx *cx, int op,
	    int arg, bool threads, struct kvmi_procs *out);

	/* Records in order; *n counts those given. */
	int (*log)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    kvm_walk_log_cb_t *cb, void *closure, size_t *n);

	/*
	 * Of what follows each may be NULL: not had for this kernel.
	 */

	/* Averages of 1, 5 and 15 minutes. */
	int (*loadavg)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    double avg[3]);

	/* Ticks in each state, all CPUs together. */
	int (*cptime)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    uint64_t ticks[CPUSTATES]);

	int (*swaps)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    struct kvmi_swaps *out);

	/* CPUs that run, and CPUs there could be. */
	int (*cpus)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    uint32_t *running, uint32_t *max);

	/* Where the data of cpu is; *len 0: there is no such CPU. */
	int (*pcpu)(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t cpu,
	    uint64_t *va, uint64_t *len);

	/*
	 * Where cpu's copy of the per-CPU object at base is.  KVMI_ENOENT:
	 * there is no such CPU.
	 */
	int (*zpcpu)(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t base,
	    uint32_t cpu, uint64_t *va);

	/* Up to max bytes of arguments or environment. */
	int (*strings)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    const struct kinfo_proc *ki, enum kvmi_strings_kind kind,
	    size_t max, struct kvmi_strings *out);

	/* User memory, as kvmi_space_read() does. */
	int (*uread)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    const struct kinfo_proc *ki, uint64_t va, void *buf, size_t len,
	    size_t *done);
	/* To kernel memory; *done bytes were written, also on failure. */
	int (*write)(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
	    const void *buf, size_t len, size_t *done);

	/* The loaded modules; *n counts those given.  NULL: not known. */
	int (*modules)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    kvm_walk_modules_cb_t *cb, void *closure, size_t *n);

	/*
	 * Frames of ki's thread, the innermost first; *n counts those given.
	 * What ends the stack too early is damage, with a reason.
	 */
	int (*stack)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    const struct kinfo_proc *ki, kvm_walk_stack_cb_t *cb,
	    void *closure, size_t *n);

	/* Of ki's thread; when that is NULL, of cpu. */
	int (*regs)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    const struct kinfo_proc *ki, uint32_t cpu, struct kvmi_regs *out);

	int (*panic_cpu)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    int32_t *ret);

	/*
	 * ki_pid, ki_tid and names of the thread that panicked or wrote the
	 * dump.  KVMI_ENOENT: it is not known.
	 */
	int (*panic_thread)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    struct kinfo_proc *ret);

	/* NULL: there are none. */
	void (*dump_facts)(struct kvmi_kernel *k, struct kvmi_dump_facts *ret);

	/* Tell the kinds of all pages that need not be dumped. */
	int (*page_kinds)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    kvmi_page_kind_fn *fn, void *arg);

	/* Fill what can be known; what fails stays empty. */
	void (*facts)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    struct kvmi_facts *f);

	/* *done: the walk came to its end (the callback did not stop it). */
	int (*walk_pages)(struct kvmi_kernel *k, struct kvmi_cx *cx,
	    kvm_walk_pages_cb_t *cb, void *closure, bool *done);
};

struct kvmi_kernel {
	const struct kvmi_os_ops *os;
	const struct kvmi_arch *arch;	/* NULL: not known */
	struct kvmi_image *img;		/* NULL: a live kernel without memory */
	struct kvmi_elf	*exec;		/* the kernel file; NULL: none given */
	struct kvmi_sysmap *sysmap;	/* or a System.map; NULL: none given */
	struct kvmi_elf	*debug;		/* a file of its debug information */
	char		 debug_path[KVMI_ERR_SIZE];	/* or why there is none */
	const struct kvm_options *opts;
	struct kvmi_space space;
	int64_t		 kerndisp;
	bool		 live;
	bool		 big_endian;
	void		*priv;		/* the OS's own */
	uint64_t	 spaces;	/* of processes, made so far; atomic */

	_Atomic unsigned int dpcpu;	/* whose copies names mean */
	_Atomic uint64_t vnet;		/* 0: the first network stack */

	pthread_mutex_t	 lock;		/* guards the first use of what follows */
	struct kvmi_symtab *syms;
	int		 syms_status;	/* 1: not tried, 0: there, < 0: why not */
	char		 syms_where[128];
	char		 syms_why[KVMI_ERR_SIZE];
	struct kvmi_types *types;
	int		 types_status;
	char		 types_why[KVMI_ERR_SIZE];
	_Atomic(struct kvmi_module_types *) module_types; /* NULL: not tried */
	_Atomic(struct kvmi_symtab *) module_syms;	/* the same */
};

/*
 * The rows of os_table are tried in order.  img and exec become k's; o, which
 * may be NULL, has to live as long as k.
 */
int kvmi_kernel_open(struct kvmi_image *img, struct kvmi_elf *exec,
    const struct kvm_options *o, struct kvmi_cx *cx,
    struct kvmi_kernel **ret);

/* The running kernel of this host. memory: its memory may be read. */
int kvmi_kernel_open_live(bool memory, const struct kvm_options *o,
    struct kvmi_cx *cx, struct kvmi_kernel **ret);

/* Returns what closing the files returned. */
int kvmi_kernel_close(struct kvmi_kernel *k);

/* The symbol table, filled at first use. */
int kvmi_kernel_symtab(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab **ret);

/*
 * A symbol from the resolver, the image's own notes, or the table; a leading
 * underscore may be in excess.  KVMI_ENOENT: there is none of that name.
 */
int kvmi_kernel_symbol(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const char *name, struct kvmi_sym *ret);

/* A symbol of a module; KVMI_ENOENT, with the error that was there before. */
int kvmi_module_symbol(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const char *name, struct kvmi_sym *ret);

/* The kernel's or a module's last symbol at or below an address. */
int kvmi_symbol_at(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t addr,
    struct kvmi_sym *ret);

/* The address alone, of the exact name. */
int kvmi_kernel_addr(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const char *name, uint64_t *ret);

/* The types, found at first use. */
int kvmi_kernel_types(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types **ret);

/*
 * A number for an address space of a process: no translation in this thread's
 * cache has it.
 */
uint32_t kvmi_kernel_new_asid(struct kvmi_kernel *k, struct kvmi_cx *cx);

/* Reading kernel memory, with the image's byte order. */
int kvmi_kread(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    void *buf, size_t len);
int kvmi_kread_uint(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    unsigned int size, uint64_t *ret);
int kvmi_kread_ptr(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    uint64_t *ret);

/* A member of the structure at base that is an integer or a pointer. */
int kvmi_kread_member(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t base, const struct kvmi_member *m, uint64_t *ret);

/* A member that is an array of characters; buf ends with a NUL in any case. */
int kvmi_kread_text(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t base, const struct kvmi_member *m, char *buf, size_t size);

/* What cannot be had becomes zeros and counts as damage, with what naming it. */
void kvmi_kread_holes(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    uint8_t *buf, size_t len, const char *what);

extern const struct kvmi_os_ops kvmi_os_linux;
extern const struct kvmi_os_ops kvmi_os_freebsd;
extern const struct kvmi_os_ops kvmi_os_freebsd_text;

/* src/live */
extern const struct kvmi_os_ops kvmi_os_live_linux;

#endif
