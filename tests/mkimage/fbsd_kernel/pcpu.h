/* SPDX-License-Identifier: BSD-2-Clause */
/* sys/pcpu.h, net/vnet.h, <machine/pcb.h>. */
#ifndef FBSD_PCPU_H
#define FBSD_PCPU_H

#include "types.h"

struct rm_queue {
	struct rm_queue	*volatile rmq_next;
	struct rm_queue	*volatile rmq_prev;
};

/* x86 makes struct pcpu as long as a page; others a part of one. */
#if defined(__amd64__) || defined(__i386__)
#define PCPU_SIZE	4096
#else
#define PCPU_SIZE	512
#endif

struct pcpu {
	struct thread	*pc_curthread;
	struct thread	*pc_idlethread;
	struct thread	*pc_fpcurthread;
	struct thread	*pc_deadthread;
	struct pcb	*pc_curpcb;
	void		*pc_sched;
	uint64_t	 pc_switchtime;
	int		 pc_switchticks;
	u_int		 pc_cpuid;
	STAILQ_ENTRY(pcpu) pc_allcpu;
	struct lock_list_entry *pc_spinlocks;
	long		 pc_cp_time[CPUSTATES];
	struct _device	*pc_device;
	void		*pc_netisr;
	int8_t		 pc_vfs_freevnodes;
	char		 pc_unused1[3];
	int		 pc_domain;
	struct rm_queue	 pc_rm_queue;
	uintptr_t	 pc_dynamic;
	uint64_t	 pc_early_dummy_counter;
	uintptr_t	 pc_zpcpu_offset;
	/* the machine's own members lie at the end */
} __attribute__((aligned(PCPU_SIZE)));

STAILQ_HEAD(cpuhead, pcpu);

/*
 * How far a CPU's copy is from the address that stands for all of them; amd64
 * counts those from the first struct pcpu.
 */
#if defined(__amd64__)
#define ZPCPU_OFFSET(cpu)	((uintptr_t)pcpu_space + PAGE_SIZE * (cpu))
#else
#define ZPCPU_OFFSET(cpu)	(PAGE_SIZE * (cpu))
#endif

#define VNET_MAGIC_N	0x5e4a6f28

struct vnet {
	LIST_ENTRY(vnet) vnet_le;
	u_int		 vnet_magic_n;
	u_int		 vnet_ifcnt;
	u_int		 vnet_sockcnt;
	u_int		 vnet_state;
	void		*vnet_data_mem;
	uintptr_t	 vnet_data_base;
	bool		 vnet_shutdown;
} __attribute__((aligned(64)));

/* PCB(): the first register. */
#if defined(__amd64__)
struct pcb {
	register_t	 pcb_r15;
	register_t	 pcb_r14;
	register_t	 pcb_r13;
	register_t	 pcb_r12;
	register_t	 pcb_rbp;
	register_t	 pcb_rsp;
	register_t	 pcb_rbx;
	register_t	 pcb_rip;
	register_t	 pcb_fsbase;
	register_t	 pcb_gsbase;
};
#define PCB(first)	{ first }
#elif defined(__aarch64__)
struct pcb {
	uint64_t	 pcb_x[30];
	uint64_t	 pcb_lr;
	uint64_t	 pcb_sp;
};
#define PCB(first)	{ { first } }
#elif defined(__riscv)
struct pcb {
	register_t	 pcb_ra;
	register_t	 pcb_sp;
	register_t	 pcb_gp;
	register_t	 pcb_tp;
	register_t	 pcb_t[7];
	register_t	 pcb_s[12];
	register_t	 pcb_a[8];
};
#define PCB(first)	{ first }
#else
struct pcb {
	register_t	 pcb_regs[16];
};
#define PCB(first)	{ { first } }
#endif

#endif
