/* SPDX-License-Identifier: BSD-2-Clause */
/* <machine/frame.h>, and what a call leaves on a stack. */
#ifndef FBSD_TRAP_H
#define FBSD_TRAP_H

#include "types.h"

/* Two words: the caller's frame pointer and where to return to. */
struct call {
	uintptr_t	 fp;
	uintptr_t	 pc;
};

#if defined(__amd64__)
struct trapframe {
	register_t	 tf_rdi;
	register_t	 tf_rsi;
	register_t	 tf_rdx;
	register_t	 tf_rcx;
	register_t	 tf_r8;
	register_t	 tf_r9;
	register_t	 tf_rax;
	register_t	 tf_rbx;
	register_t	 tf_rbp;
	register_t	 tf_r10;
	register_t	 tf_r11;
	register_t	 tf_r12;
	register_t	 tf_r13;
	register_t	 tf_r14;
	register_t	 tf_r15;
	uint32_t	 tf_trapno;
	uint16_t	 tf_fs;
	uint16_t	 tf_gs;
	register_t	 tf_addr;
	uint32_t	 tf_flags;
	uint16_t	 tf_es;
	uint16_t	 tf_ds;
	register_t	 tf_err;
	register_t	 tf_rip;
	register_t	 tf_cs;
	register_t	 tf_rflags;
	register_t	 tf_rsp;
	register_t	 tf_ss;
};
/* Segment selectors: those of the kernel's and of a program's code. */
#define MODE_KERNEL	0x20
#define MODE_USER	0x43
#define TRAPFRAME(pc, fp, mode)						\
	{ .tf_rip = pc, .tf_rbp = fp, .tf_rsp = fp, .tf_cs = mode }
#define FRAME_POINTER(call)	((uintptr_t)&(call))
#define PCB_AT(pc, call)						\
	{ .pcb_rip = pc, .pcb_rbp = FRAME_POINTER(call),		\
	    .pcb_rsp = (uintptr_t)&(call) }
#elif defined(__aarch64__)
struct trapframe {
	uint64_t	 tf_sp;
	uint64_t	 tf_lr;
	uint64_t	 tf_elr;
	uint32_t	 tf_spsr;
	uint32_t	 tf_esr;
	uint64_t	 tf_x[30];
};
/* SPSR_EL1.M: EL1h and EL0t. */
#define MODE_KERNEL	0x5
#define MODE_USER	0x0
#define TRAPFRAME(pc, fp, mode)						\
	{ .tf_elr = pc, .tf_sp = fp, .tf_x = { [29] = fp }, .tf_spsr = mode }
#define FRAME_POINTER(call)	((uintptr_t)&(call))
#define PCB_AT(pc, call)						\
	{ .pcb_lr = pc, .pcb_x = { [29] = FRAME_POINTER(call) },	\
	    .pcb_sp = (uintptr_t)&(call) }
#elif defined(__riscv)
struct trapframe {
	uint64_t	 tf_ra;
	uint64_t	 tf_sp;
	uint64_t	 tf_gp;
	uint64_t	 tf_tp;
	uint64_t	 tf_t[7];
	uint64_t	 tf_s[12];
	uint64_t	 tf_a[8];
	uint64_t	 tf_sepc;
	uint64_t	 tf_sstatus;
	uint64_t	 tf_stval;
	uint64_t	 tf_scause;
};
/* sstatus.SPP */
#define MODE_KERNEL	0x100
#define MODE_USER	0x0
#define TRAPFRAME(pc, fp, mode)						\
	{ .tf_sepc = pc, .tf_sp = fp, .tf_s = { fp }, .tf_sstatus = mode }
/* s0 is what sp was before the call. */
#define FRAME_POINTER(call)	((uintptr_t)(&(call) + 1))
#define PCB_AT(pc, call)						\
	{ .pcb_ra = pc, .pcb_s = { FRAME_POINTER(call) },		\
	    .pcb_sp = (uintptr_t)&(call) }
#endif

#endif
