/*
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * kvm.h - Kernel Data Access Library
 *
 * A uniform interface to kernel virtual memory: the running system and crash
 * dumps, of this host's kernel and of any other.  The first half of this file
 * is FreeBSD's kvm(3); the second half ("Extensions") is ours.
 *
 * Conventions.  Every call works on every image as far as the image holds the
 * facts.  Calls return -1 or NULL on failure; kvm_geterr() then has the text
 * and kvm_errkind() the kind.  Addresses and sizes are in bytes, in the
 * image's address space.  Concurrent calls of the reading and looking-up kind
 * on one descriptor are safe; the last error is kept per thread.  Calls that
 * return memory owned by the descriptor say so.
 */
#ifndef _KVM_H_
#define _KVM_H_

#include <sys/types.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t kvaddr_t;	/* kernel virtual address of any architecture */
typedef uint64_t kpaddr_t;	/* physical address of any architecture */
typedef uint64_t ksize_t;
typedef int64_t kssize_t;

#ifndef VM_H
typedef unsigned char vm_prot_t;
#endif
#ifndef VM_PROT_READ
#define VM_PROT_NONE	((vm_prot_t)0x00)
#define VM_PROT_READ	((vm_prot_t)0x01)
#define VM_PROT_WRITE	((vm_prot_t)0x02)
#define VM_PROT_EXECUTE	((vm_prot_t)0x04)
#endif

/* The symbol that names a kernel's version, and its key. */
#define VRS_SYM		"_version"
#define VRS_KEY		"VERSION"

typedef struct __kvm kvm_t;

/* One name to look up with kvm_nlist(); a list ends at a NULL or empty name. */
#ifndef _NLIST_H_
#define _NLIST_H_
struct nlist {
	const char	*n_name;
	unsigned char	 n_type;	/* N_*, 0 when the name was not found */
	char		 n_other;	/* 0 */
	short		 n_desc;	/* 0 */
	unsigned long	 n_value;	/* run-time address, 0 when not found */
};
#define N_UNDF	0x00
#define N_ABS	0x02
#define N_TEXT	0x04
#define N_DATA	0x06
#define N_BSS	0x08
#define N_SIZE	0x0c
#define N_FN	0x1e
#define N_WARN	0x1e
#define N_EXT	0x01
#define N_TYPE	0x1e
#endif

/* The same for kvm_nlist2(), with addresses of any width. */
struct kvm_nlist {
	const char	*n_name;
	unsigned char	 n_type;
	kvaddr_t	 n_value;
};

#define LIBKVM_WALK_PAGES_VERSION	2

/* One mapping, as kvm_walk_pages() reports it. */
struct kvm_page {
	unsigned int	kp_version;	/* LIBKVM_WALK_PAGES_VERSION */
	kpaddr_t	kp_paddr;	/* physical; all ones: not known */
	kvaddr_t	kp_kmap_vaddr;	/* kernel map; 0: direct map only */
	kvaddr_t	kp_dmap_vaddr;	/* direct map; 0: not in it */
	vm_prot_t	kp_prot;	/* VM_PROT_* */
	off_t		kp_offset;	/* in the file; -1: not there as it is */
	size_t		kp_len;		/* bytes mapped by the entry */
};

/* One swap device. */
struct kvm_swap {
	char		ksw_devname[32];
	unsigned int	ksw_used;	/* pages */
	unsigned int	ksw_total;	/* pages */
	int		ksw_flags;
	unsigned int	ksw_reserved1;
	unsigned int	ksw_reserved2;
};
#define SWIF_DEV_PREFIX	0x0002

struct kinfo_proc;			/* <kvm_proc.h>, included below */
struct proc;

/*
 * Open a kernel image.
 *
 * execfile  the kernel file (ELF) that names the symbols; NULL: the image's
 *           own symbols.  A file that is not the kernel of the image is refused.
 *           Not looked at for this host.
 * corefile  the image: a crash dump; NULL or "/dev/mem", "/dev/kmem",
 *           "/proc/kcore": this host, live; "/dev/null": this host, without
 *           access to its memory.
 * swapfile  ignored.
 * flags     O_RDONLY or O_RDWR.
 *
 * Returns a descriptor to be given to kvm_close(), or NULL.  kvm_open() then
 * prints "errstr: why" on standard error, unless errstr is NULL, and so do
 * later failures on the descriptor; errstr is not copied.  kvm_openfiles() and
 * kvm_open2() store the text in errbuf, which is NULL or has at least
 * _POSIX2_LINE_MAX (2048) bytes.  An address that is not mapped, not in the
 * dump or swapped out is never printed.
 *
 * resolver(name, &addr) gives the address of a name and returns 0, or returns
 * non-zero; kvm_nlist() and the library itself ask it before the image's own
 * symbols.
 */
kvm_t	*kvm_open(const char *execfile, const char *corefile,
	    const char *swapfile, int flags, const char *errstr);
kvm_t	*kvm_openfiles(const char *execfile, const char *corefile,
	    const char *swapfile, int flags, char *errbuf);
kvm_t	*kvm_open2(const char *execfile, const char *corefile, int flags,
	    char *errbuf, int (*resolver)(const char *name, kvaddr_t *addr));

/*
 * Release the descriptor and all it handed out.  0, or -1 with errno set;
 * EINVAL for NULL.  No other call may be under way on it.
 */
int	 kvm_close(kvm_t *kd);

/*
 * The text of this thread's last error on kd; "" when there was none or when
 * kd is NULL.  Never NULL.  Valid until this thread's next call on kd, its end,
 * or kvm_close().  It means something after a failure: a call that succeeds
 * does not clear it and may store what it got over.
 */
char	*kvm_geterr(kvm_t *kd);

/* 1 when the image's kernel has this host's ABI and OS; 0 otherwise. */
int	 kvm_native(kvm_t *kd);

/*
 * How far the running kernel lies from where its file says (KASLR), in bytes.
 * Addresses that kvm_nlist() returns have it already.
 */
kssize_t kvm_kerndisp(kvm_t *kd);

/*
 * Fill n_type and n_value of each entry.  A name is also tried without its
 * leading underscore.  Returns how many names were not found; -1 when the
 * symbols cannot be had at all.
 */
int	 kvm_nlist(kvm_t *kd, struct nlist *nl);
int	 kvm_nlist2(kvm_t *kd, struct kvm_nlist *nl);

/*
 * FreeBSD: choose the CPU whose copies of per-CPU variables kvm_nlist() gives
 * from now on; 0 is the first choice.  0, or -1 when there is no such CPU.
 */
int	 kvm_dpcpu_setcpu(kvm_t *kd, unsigned int cpu);

/*
 * Copy nbytes from kernel virtual address addr.  Returns nbytes, or -1 when
 * any of it cannot be had (see kvm_read_partial()).  At the end of a file
 * that was cut short: the bytes that were there.
 */
ssize_t	 kvm_read(kvm_t *kd, unsigned long addr, void *buf, size_t nbytes);
ssize_t	 kvm_read2(kvm_t *kd, kvaddr_t addr, void *buf, size_t nbytes);

/*
 * Copy nbytes to kernel virtual address addr of the running kernel, opened
 * with O_RDWR: to what /proc/kcore gives a physical address of, where the
 * kernel lets /dev/mem be written.  Returns nbytes, less when only those were
 * written, or -1; kvm_geterr() names the lock.  A dump is never written.
 */
ssize_t	 kvm_write(kvm_t *kd, unsigned long addr, const void *buf,
	    size_t nbytes);

/*
 * Call cb for each mapping of the kernel's page tables, in address order (that
 * of the table where it is hashed), then for each page that only the direct
 * map reaches.  cb returns non-zero to go on, 0 to stop.  Returns 1 when the
 * walk came to its end; 0 when cb stopped it, on failure, or when the image has
 * no page tables.
 */
typedef int kvm_walk_pages_cb_t(struct kvm_page *page, void *closure);
int	 kvm_walk_pages(kvm_t *kd, kvm_walk_pages_cb_t *cb, void *closure);

#ifndef KERN_PROC_ALL
#define KERN_PROC_ALL		0	/* all processes, each thread */
#define KERN_PROC_PID		1
#define KERN_PROC_PGRP		2
#define KERN_PROC_SESSION	3
#define KERN_PROC_TTY		4
#define KERN_PROC_UID		5	/* effective */
#define KERN_PROC_RUID		6
#define KERN_PROC_PROC		8	/* all processes, one entry each */
#define KERN_PROC_RGID		10
#define KERN_PROC_GID		11	/* effective */
#define KERN_PROC_INC_THREAD	0x10	/* modifier: one entry per thread */
#endif

/*
 * The processes that op (KERN_PROC_*) and arg select; *cnt is their number.
 * The array belongs to kd and is valid until the next kvm_getprocs() on kd or
 * kvm_close().  NULL on failure.  None selected: not NULL, *cnt is 0.
 * Processes that the image holds only in part are left out or are listed with
 * what there is; kvm_damage() then says how many and why.
 */
struct kinfo_proc *kvm_getprocs(kvm_t *kd, int op, int arg, int *cnt);

/*
 * The arguments, or the environment, of the process kp, up to a NULL entry;
 * nchr: the number of characters to give at most, with the NULs; 0: all.  The
 * result belongs to kd and is valid until the next call of either on kd or
 * kvm_close().  NULL on failure; none at all (a kernel process): the first
 * entry is NULL.
 */
char	**kvm_getargv(kvm_t *kd, const struct kinfo_proc *kp, int nchr);
char	**kvm_getenvv(kvm_t *kd, const struct kinfo_proc *kp, int nchr);

/*
 * Load averages of 1, 5 and 15 minutes, of which at most nelem are stored.
 * Returns their number, or -1.
 */
int	 kvm_getloadavg(kvm_t *kd, double loadavg[], int nelem);

#ifndef CPUSTATES
#define CP_USER		0
#define CP_NICE		1
#define CP_SYS		2
#define CP_INTR		3
#define CP_IDLE		4
#define CPUSTATES	5
#endif

/*
 * The ticks of all CPUs together in each of the CPUSTATES states since boot.
 * 0 or -1; 0 for a NULL kd, which does nothing.
 */
int	 kvm_getcptime(kvm_t *kd, long *cp_time);

/*
 * Swap devices: up to maxswap - 1 of them, and behind these an entry that is
 * the total of all.  flags: 0 or SWIF_DEV_PREFIX (names with "/dev/").  Returns the
 * number of devices stored, or -1; 0 for a NULL kd, which does nothing.
 */
int	 kvm_getswapinfo(kvm_t *kd, struct kvm_swap *swap, int maxswap,
	    int flags);

/* How many CPUs this kernel could ever have, and how many run.  -1: failure. */
int	 kvm_getmaxcpu(kvm_t *kd);
int	 kvm_getncpus(kvm_t *kd);

/*
 * A copy of the per-CPU data of cpu, in the image's byte order, to be freed by
 * the caller: struct pcpu of FreeBSD, the per-CPU area of Linux.  NULL when
 * there is no such CPU, (void *)-1 on failure.
 */
void	*kvm_getpcpu(kvm_t *kd, int cpu);

/* Copy size bytes of cpu's copy of the per-CPU object at base.  size or -1. */
ssize_t	 kvm_read_zpcpu(kvm_t *kd, unsigned long base, void *buf, size_t size,
	    int cpu);

/* The sum of a counter(9) at base over all CPUs; 0 on failure. */
uint64_t kvm_counter_u64_fetch(kvm_t *kd, unsigned long base);

/* ------------------------------------------------------------------------
 * Extensions
 */

/*
 * How to open an image, beyond the arguments of kvm_open2().  Begin with
 * KVM_OPTIONS_INIT.  Strings are copied, but for errstr of kvm_open().
 */
struct kvm_options {
	size_t		 ko_size;	/* sizeof(struct kvm_options) */
	const char	*ko_execfile;	/* as in kvm_open2(), and so on */
	const char	*ko_corefile;
	int		 ko_flags;
	int (*ko_resolver)(const char *name, kvaddr_t *addr);
	/*
	 * Called now and then while the open itself, or a later call, reads
	 * much: done of total bytes (0: unknown).  Zero stops it.  what names
	 * the work, "indexing vmcore.0.gz".
	 */
	int (*ko_progress)(void *closure, const char *what, uint64_t done,
	    uint64_t total);
	void		*ko_closure;
	/* Keeps the index of a compressed image between opens; NULL: none. */
	const char	*ko_index;
	/* The private key of an encrypted dump: a PEM file ... */
	const char	*ko_key;
	int		 ko_key_fd;	/* ... or a descriptor, left open; -1 */
	/* Symbols and types (kernel.debug); NULL: looked for by execfile. */
	const char	*ko_debugfile;
	const char	*ko_modules;	/* directories with ':' between them */
	/*
	 * The corefile is physical memory without a header.  "": offset is
	 * address; "ADDRESS" of its first byte; or
	 * "START-END[@OFFSET],...".  NULL: it says itself what it is.
	 */
	const char	*ko_raw;
	/* The machine, as uname -m prints it, where the image does not say. */
	const char	*ko_arch;
	/*
	 * More files of the image, up to a NULL entry: the other members of a
	 * split dump, or volumes of one on several disks, in any order, or the
	 * pieces that a file was cut into, in theirs where it can not be told.
	 * NULL: there are none.
	 */
	const char *const *ko_more;
	/* Linux: a file of the kernel's VMCOREINFO, instead of the image's. */
	const char	*ko_vmcoreinfo;
};
#define KVM_OPTIONS_INIT						\
	{ sizeof(struct kvm_options), NULL, NULL, 0, NULL, NULL, NULL,	\
	    NULL, NULL, -1, NULL, NULL, NULL, NULL, NULL, NULL }

/* Open as kvm_open2() does, with options. */
kvm_t	*kvm_open_with(const struct kvm_options *options, char *errbuf);

/* What went wrong, for programs; kvm_geterr() says it to people. */
enum kvm_errkind {
	KVM_ERR_NONE = 0,
	KVM_ERR_NOTMAPPED,	/* no mapping for the address */
	KVM_ERR_NOTINDUMP,	/* mapped, but its page is not in the dump */
	KVM_ERR_TRUNCATED,	/* the file, or what its writer could store, ends
				   before the data */
	KVM_ERR_IO,		/* the system refused; see the text */
	KVM_ERR_NOTSUP,		/* not supported for this image or in this build */
	KVM_ERR_BADIMAGE,	/* the image or kernel file contradicts itself */
	KVM_ERR_INVAL,		/* bad argument */
	KVM_ERR_NOMEM,		/* out of memory, or over a limit */
	KVM_ERR_NOSYMBOL,	/* symbol or type not found */
	KVM_ERR_MISMATCH,	/* the kernel file is not the kernel of the image */
	KVM_ERR_PERM,		/* missing privilege or a kernel lock */
	KVM_ERR_SWAPPED		/* user memory that was swapped out */
};
enum kvm_errkind kvm_errkind(kvm_t *kd);

/*
 * Like kvm_read2(), but returns how many bytes could be copied before the
 * first that cannot be had, 0 included; the reason is then the last error.
 * -1 only when nothing can be read at all: a bad argument, or a live system
 * whose memory cannot be opened.
 */
ssize_t	 kvm_read_partial(kvm_t *kd, kvaddr_t addr, void *buf, size_t nbytes);

/* Copy nbytes from physical address pa.  nbytes or -1. */
ssize_t	 kvm_read_phys(kvm_t *kd, kpaddr_t pa, void *buf, size_t nbytes);

/*
 * Copy nbytes of the memory of the process kp, from address uva of its own.
 * nbytes, or -1; what was swapped out or left out of a dump fails.
 */
ssize_t	 kvm_uread(kvm_t *kd, const struct kinfo_proc *kp, kvaddr_t uva,
	    void *buf, size_t nbytes);

/*
 * Translate a kernel virtual address.  *pa becomes its physical address and
 * *len, unless NULL, the bytes mapped contiguously from there.  0 or -1.
 */
int	 kvm_vtophys(kvm_t *kd, kvaddr_t addr, kpaddr_t *pa, uint64_t *len);

/*
 * FreeBSD: choose the network stack, a struct vnet, whose copies of variables
 * kvm_nlist() gives from now on; 0: the first one.  0, or -1 when there is no
 * vnet at that address.
 */
int	 kvm_vnet_select(kvm_t *kd, kvaddr_t vnet);

/* A symbol found by address. */
struct kvm_symbol {
	const char	*ks_name;	/* owned by kd, until kvm_close() */
	const char	*ks_module;	/* "" for the kernel itself */
	kvaddr_t	 ks_value;	/* its address, <= the one asked for */
	uint64_t	 ks_size;	/* its own, or up to the next; 0: unknown */
	char		 ks_letter;	/* as nm(1) prints it */
};

/* The symbol at addr, or the nearest before it.  0, or -1. */
int	 kvm_symbol_by_addr(kvm_t *kd, kvaddr_t addr, struct kvm_symbol *sym);

/* The symbol named name, exactly.  0, or -1. */
int	 kvm_symbol_by_name(kvm_t *kd, const char *name,
	    struct kvm_symbol *sym);

/*
 * Where a member of a structure is, by the image's type information.  type is
 * the name of a structure, union or typedef, of the kernel or else of a loaded
 * module; "MODULE:NAME": of that module.  path: "a.b" follows embedded
 * structures, "a[3]" is an element of an array.  0, or -1.
 */
struct kvm_member {
	uint64_t	 kb_off;	/* bytes from the start of the type */
	uint64_t	 kb_size;	/* bytes; of an array as a whole */
	uint32_t	 kb_count;	/* elements of an array, else 1 */
	uint8_t		 kb_bit_off;	/* of a bit-field, from kb_off on */
	uint8_t		 kb_bit_size;	/* 0: no bit-field */
	uint8_t		 kb_signed;
	uint8_t		 kb_pointer;
};
int	 kvm_type_member(kvm_t *kd, const char *type, const char *path,
	    struct kvm_member *member);

/*
 * Call cb for each member of a structure or union, in its order, those of
 * anonymous ones within it among them; cb returns non-zero to go on.  Returns
 * the number of members given, or -1.
 */
typedef int kvm_walk_members_cb_t(const char *name,
	    const struct kvm_member *member, void *closure);
ssize_t	 kvm_walk_members(kvm_t *kd, const char *type,
	    kvm_walk_members_cb_t *cb, void *closure);

/* How many bytes a type has.  0, or -1. */
int	 kvm_type_size(kvm_t *kd, const char *type, uint64_t *size);

/* The value of an enumerator, of whichever enum has it.  0, or -1. */
int	 kvm_type_enumerator(kvm_t *kd, const char *name, int64_t *value);

/*
 * What the header of a FreeBSD dump says of it, on its device or in info.N
 * beside it.  What is not said there is "" or 0.
 */
struct kvm_dumpheader {
	const char	*kh_magic;	/* "FreeBSD Kernel Dump" */
	const char	*kh_arch;
	const char	*kh_hostname;
	const char	*kh_kernel;	/* its version, the first line */
	const char	*kh_panic;
	const char	*kh_compression;	/* "none", "gzip", "zstd" */
	const char	*kh_device;	/* where savecore(8) found it */
	const char	*kh_status;	/* "good", "bad", as savecore(8) saw it */
	int64_t		 kh_time;	/* seconds since the epoch */
	uint64_t	 kh_length;	/* bytes of the dump as it is stored */
	uint64_t	 kh_extent;	/* reserved for it on the device */
	uint32_t	 kh_version;	/* of the header */
	uint32_t	 kh_archversion;
	uint32_t	 kh_blocksize;
	uint32_t	 kh_keysize;	/* of the key block, when it is encrypted */
	uint32_t	 kh_parity;
	uint32_t	 kh_bounds;	/* N of info.N */
};

/* What the image says of itself.  Strings are "" and numbers 0 when unknown. */
struct kvm_info {
	const char	*ki_format;	/* "kdump-compressed v6, zlib" ... */
	const char	*ki_os;		/* "Linux", "FreeBSD" */
	const char	*ki_release;
	const char	*ki_version;
	const char	*ki_arch;	/* the OS's own word: "x86_64", "amd64" */
	const char	*ki_hostname;
	const char	*ki_panic;	/* why it panicked */
	const char	*ki_buildid;	/* hex digits */
	const char	*ki_symbols;	/* where symbols come from */
	const char	*ki_types;	/* where types come from */
	int64_t		 ki_crashtime;	/* seconds since the epoch */
	int64_t		 ki_boottime;	/* seconds since the epoch */
	uint64_t	 ki_physmem;	/* bytes of RAM known to the image */
	uint64_t	 ki_pages_present;	/* pages stored */
	uint64_t	 ki_pages_excluded;	/* pages left out on purpose */
	uint64_t	 ki_max_pa;	/* end of the highest stored range */
	int64_t		 ki_kerndisp;
	uint32_t	 ki_page_size;
	uint32_t	 ki_ncpus;
	uint8_t		 ki_live;
	uint8_t		 ki_big_endian;
	uint8_t		 ki_pointer_size;
	uint8_t		 ki_paging_levels;
	uint8_t		 ki_truncated;	/* the file ends early */
	uint8_t		 ki_incomplete;	/* the writer said it could not finish */
	const char	*ki_note;	/* what does not fit together in it */
	const char	*ki_vmcoreinfo;	/* Linux: where its VMCOREINFO is from */
	const struct kvm_dumpheader *ki_dump;	/* of FreeBSD; NULL: none */
	const char	*ki_panicthread;	/* that panicked or wrote the dump */
	int32_t		 ki_panicpid;
	int32_t		 ki_panictid;	/* 0: it is not known */
	int32_t		 ki_paniccpu;	/* -1: not known, or none */
};

/*
 * Facts about the image; the result belongs to kd until kvm_close().  What
 * cannot be found is left out, so it fails (NULL) only without memory.
 */
const struct kvm_info *kvm_getinfo(kvm_t *kd);

/* One record of the kernel log. */
struct kvm_logrec {
	uint64_t	 kl_seq;
	uint64_t	 kl_nsec;	/* since boot; 0: the log has no times */
	const char	*kl_text;	/* not NUL-terminated, may hold any byte;
					   valid during the callback */
	size_t		 kl_len;
	int		 kl_level;	/* 0 emergency .. 7 debug; -1: none */
	int		 kl_facility;
};

/*
 * Call cb for each record of the kernel log, oldest first; cb returns
 * non-zero to go on.  Returns the number of records given, or -1.
 */
typedef int kvm_walk_log_cb_t(const struct kvm_logrec *rec, void *closure);
ssize_t	 kvm_walk_log(kvm_t *kd, kvm_walk_log_cb_t *cb, void *closure);

/* A loaded kernel module; the strings are valid during the callback. */
struct kvm_module {
	const char	*km_name;	/* "zfs.ko", on Linux "ext4" */
	const char	*km_path;	/* of its file; "" when not known */
	kvaddr_t	 km_addr;
	uint64_t	 km_size;	/* bytes from there on; 0: unknown */
};

/*
 * Call cb for each loaded module, in the kernel's order; cb returns non-zero
 * to go on.  Returns the number of modules given, or -1.
 */
typedef int kvm_walk_modules_cb_t(const struct kvm_module *module,
	    void *closure);
ssize_t	 kvm_walk_modules(kvm_t *kd, kvm_walk_modules_cb_t *cb, void *closure);

/* A file of a textdump of FreeBSD, which holds text instead of memory. */
struct kvm_file {
	const char	*kf_name;
	const char	*kf_data;	/* not NUL-terminated, may hold any byte */
	size_t		 kf_size;	/* all valid during the callback */
};

/*
 * Call cb for each file of the image; cb returns non-zero to go on.  Returns
 * the number of files given, 0 for images that are no textdumps, or -1.
 */
typedef int kvm_walk_files_cb_t(const struct kvm_file *file, void *closure);
ssize_t	 kvm_walk_files(kvm_t *kd, kvm_walk_files_cb_t *cb, void *closure);

/* How kvm_save() goes about it.  Begin with KVM_SAVE_OPTIONS_INIT. */
struct kvm_save_options {
	size_t		 kv_size;	/* sizeof(struct kvm_save_options) */
	const char	*kv_dir;	/* where the files go; NULL: here */
	int		 kv_flags;	/* KVM_SAVE_* */
	/* Called now and then; zero stops it, and nothing is left. */
	int (*kv_progress)(void *closure, uint64_t done, uint64_t total);
	void		*kv_closure;
};
#define KVM_SAVE_OPTIONS_INIT						\
	{ sizeof(struct kvm_save_options), NULL, 0, NULL, NULL }
#define KVM_SAVE_FORCE	0x1	/* also a dump that was saved before */
#define KVM_SAVE_ZSTD	0x2	/* compress it */

/*
 * Save the FreeBSD dump on device, or in an image of its disk, as savecore(8)
 * does: vmcore.N or what it is, info.N, bounds.  The device is not written
 * to.  path, unless NULL, becomes the path of the dump's file.  0, or -1 with
 * the text in errbuf, which is NULL or has 2048 bytes.
 */
int	 kvm_save(const char *device, const struct kvm_save_options *options,
	    char *path, size_t path_len, char *errbuf);

/* What kvm_convert() writes.  Begin with KVM_CONVERT_OPTIONS_INIT. */
struct kvm_convert_options {
	size_t		 kc_size;	/* sizeof(struct kvm_convert_options) */
	const char	*kc_path;	/* the file to make; NULL: kc_fd */
	int		 kc_fd;		/* open for writing; a pipe: flattened */
	int		 kc_format;	/* KVM_FORMAT_* */
	const char	*kc_codec;	/* "zstd", "zlib", "lzo", "snappy",
					   "none"; NULL: zstd */
	int		 kc_flags;	/* KVM_CONVERT_* */
	int		 kc_exclude;	/* KVM_EXCLUDE_*, or'ed */
	unsigned int	 kc_threads;	/* 0: one for each CPU of this host */
	/* Called now and then, of so many pages; zero stops it. */
	int (*kc_progress)(void *closure, uint64_t done, uint64_t total);
	void		*kc_closure;
};
#define KVM_CONVERT_OPTIONS_INIT					\
	{ sizeof(struct kvm_convert_options), NULL, -1, 0, NULL, 0, 0,	\
	    0, NULL, NULL }

#define KVM_FORMAT_KDUMP	0	/* kdump-compressed */
#define KVM_FORMAT_ELF		1

#define KVM_CONVERT_FLATTENED	0x1	/* as makedumpfile -F writes */
#define KVM_CONVERT_FORCE	0x2	/* replace a file of that name */

/* Pages to leave out; the bits of makedumpfile's -d. */
#define KVM_EXCLUDE_ZERO	0x01	/* nothing but zeros */
#define KVM_EXCLUDE_CACHE	0x02	/* page cache */
#define KVM_EXCLUDE_CACHE_PRIVATE 0x04	/* page cache with private data */
#define KVM_EXCLUDE_USER	0x08	/* memory of processes */
#define KVM_EXCLUDE_FREE	0x10	/* not in use */

/*
 * Write the image as another.  A file is made with mode 0600, whole or not at
 * all.  0 or -1.
 */
int	 kvm_convert(kvm_t *kd, const struct kvm_convert_options *options);

/* One frame of a thread's stack. */
struct kvm_frame {
	kvaddr_t	 kf_pc;		/* where the function goes on */
	kvaddr_t	 kf_sp;
	unsigned int	 kf_flags;	/* KVM_FRAME_* */
	char		 kf_module[64];	/* it is in; "": the kernel itself */
};
/* kf_pc was interrupted; else it is behind a call, so ask for kf_pc - 1. */
#define KVM_FRAME_INTERRUPTED	0x1

/*
 * Call cb for each frame of the kernel stack of the thread kp, an entry of
 * kvm_getprocs(), the innermost first; cb returns non-zero to go on.  Returns
 * the number of frames given, or -1.  A stack that is followed only so far is
 * no failure: kvm_damage() then is 1 and says why.
 */
typedef int kvm_walk_stack_cb_t(const struct kvm_frame *frame, void *closure);
ssize_t	 kvm_walk_stack(kvm_t *kd, const struct kinfo_proc *kp,
	    kvm_walk_stack_cb_t *cb, void *closure);

/* A register by the name its assembler has for it. */
struct kvm_reg {
	const char	*kr_name;	/* constant */
	uint64_t	 kr_value;
};

/*
 * The registers of the thread kp, or, when that is NULL, of cpu.  A thread
 * that does not run has those it saved when it was switched away.  Stores at
 * most nregs; returns how many there are, or -1.
 */
ssize_t	 kvm_getregs(kvm_t *kd, const struct kinfo_proc *kp, int cpu,
	    struct kvm_reg *regs, size_t nregs);

/* The CPU that panicked; -1 when none did or it is not known. */
int	 kvm_getpaniccpu(kvm_t *kd);

/*
 * How many kernel objects this thread's last list call on kd (kvm_getprocs(),
 * kvm_walk_log(), kvm_walk_modules(), kvm_walk_stack()) could not read; *why,
 * unless NULL, becomes the first reason, owned like kvm_geterr()'s.
 */
unsigned int kvm_damage(kvm_t *kd, const char **why);

#ifdef __cplusplus
}
#endif

#include <kvm_proc.h>

#endif /* _KVM_H_ */
