/* SPDX-License-Identifier: BSD-2-Clause */
/* vm/vm_map.h, vm/pmap.h and each <machine/pmap.h>. */
#ifndef FBSD_VM_H
#define FBSD_VM_H

#include "types.h"

struct pmap_statistics {
	long		 resident_count;
	long		 wired_count;
};

struct vm_radix {
	uintptr_t	 rt_root;
};

/* PMAP_ROOT: what leads to the page tables of a process. */
#if defined(__amd64__)
#define PMAP_ROOT							\
	.pm_pmltop = (uint64_t *)USER_ROOT_VA, .pm_cr3 = USER_ROOT,
struct pmap {
	struct mtx	 pm_mtx;
	uint64_t	*pm_pmltop;
	uint64_t	*pm_pmltopu;
	uint64_t	 pm_cr3;
	uint64_t	 pm_ucr3;
	TAILQ_HEAD(, pv_chunk) pm_pvchunk;
	cpuset_t	 pm_active;
	enum pmap_type { PT_X86, PT_EPT, PT_RVI } pm_type;
	struct pmap_statistics pm_stats;
	struct vm_radix	 pm_root;
	long		 pm_eptgen;
	void		*pm_eptsmr;
	int		 pm_flags;
	struct { uint32_t pm_pcid; uint32_t pm_gen; } pm_pcids[MAXCPU];
};
#elif defined(__i386__)
#ifdef PAE
#define PMAP_ROOT							\
	.pm_pdir_pae = (uint64_t *)(USER_ROOT_VA + PAGE_SIZE),		\
	.pm_pdpt_pae = (uint64_t *)USER_ROOT_VA,
#else
#define PMAP_ROOT	.pm_pdir_nopae = (uint32_t *)USER_ROOT_VA,
#endif
struct pmap {
	cpuset_t	 pm_active;
	struct mtx	 pm_mtx;
	struct pmap_statistics pm_stats;
	uint32_t	*pm_pdir_nopae;
	uint64_t	*pm_pdir_pae;
	TAILQ_HEAD(, pv_chunk) pm_pvchunk;
	LIST_ENTRY(pmap) pm_list;
	uint64_t	*pm_pdpt_pae;
	struct vm_radix	 pm_root;
	struct vm_page	*pm_ptdpg[4];
};
#elif defined(__aarch64__)
/* An ASID is above the address. */
#define PMAP_ROOT	.pm_ttbr = 5ul << 48 | USER_ROOT,
struct pmap {
	struct mtx	 pm_mtx;
	struct pmap_statistics pm_stats;
	uint64_t	 pm_ttbr;
	uint64_t	*pm_l0;
	TAILQ_HEAD(, pv_chunk) pm_pvchunk;
	struct vm_radix	 pm_root;
	long		 pm_cookie;
	uint64_t	 pm_levels;
};
#elif defined(__riscv)
#define PMAP_ROOT	.pm_satp = 8ul << 60 | USER_ROOT >> 12,
struct pmap {
	struct mtx	 pm_mtx;
	struct pmap_statistics pm_stats;
	uint64_t	*pm_top;
	u_long		 pm_satp;
	cpuset_t	 pm_active;
	TAILQ_HEAD(, pv_chunk) pm_pvchunk;
	LIST_ENTRY(pmap) pm_list;
	struct vm_radix	 pm_root;
};
#elif defined(__arm__)
#define PMAP_ROOT	.pm_pt1 = (uint32_t *)USER_ROOT_VA,
struct pmap {
	struct mtx	 pm_mtx;
	uint32_t	*pm_pt1;
	uint32_t	*pm_pt2tab;
	cpuset_t	 pm_active;
	struct pmap_statistics pm_stats;
	LIST_ENTRY(pmap) pm_list;
	TAILQ_HEAD(, pv_chunk) pm_pvchunk;
	struct vm_radix	 pm_root;
};
#elif defined(__mips__)
#define PMAP_ROOT	.pm_segtab = (void *)USER_ROOT_VA,
struct pmap {
	void		*pm_segtab;
	TAILQ_HEAD(, pv_chunk) pm_pvchunk;
	cpuset_t	 pm_active;
	struct { uint32_t asid:8; uint32_t gen:24; } pm_asid[MAXCPU];
	struct pmap_statistics pm_stats;
	struct mtx	 pm_mtx;
	struct vm_radix	 pm_root;
};
#elif defined(__powerpc__)
#ifdef __powerpc64__
#define PMAP_ROOT	.pm_pml1 = (uint64_t *)USER_ROOT_VA,
#else
/* A number of the process's own above that of the segment. */
#define PMAP_SR(n)	(USER_ROOT | (n))
#define PMAP_ROOT							\
	.pm_sr = { PMAP_SR(0), PMAP_SR(1), PMAP_SR(2), PMAP_SR(3),	\
	    PMAP_SR(4), PMAP_SR(5), PMAP_SR(6), PMAP_SR(7), PMAP_SR(8),	\
	    PMAP_SR(9), PMAP_SR(10), PMAP_SR(11), PMAP_SR(12),		\
	    PMAP_SR(13), PMAP_SR(14), PMAP_SR(15) },
#endif
struct pmap {
	struct pmap_statistics pm_stats;
	struct mtx	 pm_mtx;
	cpuset_t	 pm_active;
	union {
		struct {
#ifdef __powerpc64__
			struct slbtnode *pm_slb_tree_root;
			struct slb **pm_slb;
			int pm_slb_len;
#else
			register_t pm_sr[16];
#endif
			struct pmap *pmap_phys;
			struct pvo_entry *pmap_pvo;
		};
#ifdef __powerpc64__
		struct {
			uint64_t *pm_pml1;
			struct vm_radix pm_radix;
			TAILQ_HEAD(, pv_chunk) pm_pvchunk;
			uint64_t pm_pid;
			int	 pm_flags;
		};
#endif
	} __attribute__((aligned(128)));
};
#endif
#ifndef PMAP_ROOT
#define PMAP_ROOT
#endif

struct vm_map_entry {
	struct vm_map_entry *left;
	struct vm_map_entry *right;
	vm_offset_t	 start;
	vm_offset_t	 end;
	vm_offset_t	 next_read;
	vm_size_t	 max_free;
	union { void *vm_object; void *sub_map; } object;
	vm_ooffset_t	 offset;
	u_int		 eflags;
	u_char		 protection;
	u_char		 max_protection;
	char		 inheritance;
	uint8_t		 read_ahead;
	int		 wired_count;
	struct ucred	*cred;
	struct thread	*wiring_thread;
};

struct vm_map {
	struct vm_map_entry header;
	union { struct sx lock; struct mtx system_mtx; };
	int		 nentries;
	vm_size_t	 size;
	u_int		 timestamp;
	u_char		 needs_wakeup;
	u_char		 system_map;
	u_short		 flags;
	struct vm_map_entry *root;
	struct pmap	*pmap;
	vm_offset_t	 anon_loc;
	int		 busy;
};

struct vmspace {
	struct vm_map	 vm_map;
	struct shmmap_state *vm_shm;
	segsz_t		 vm_swrss;
	segsz_t		 vm_tsize;
	segsz_t		 vm_dsize;
	segsz_t		 vm_ssize;
	caddr_t		 vm_taddr;
	caddr_t		 vm_daddr;
	caddr_t		 vm_maxsaddr;
	u_int		 vm_refcnt;
	struct pmap	 vm_pmap;
};

#endif
