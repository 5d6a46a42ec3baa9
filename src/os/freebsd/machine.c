/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * struct pcb and struct trapframe of each machine (sys/<arch>/include/pcb.h,
 * frame.h), and the names under which exceptions come in
 * (sys/<arch>/<arch>/db_trace.c knows them too).
 */
#include <string.h>

#include "base/math.h"
#include "os/freebsd/regs.h"

static const struct kvmi_freebsd_reg amd64_regs[] = {
	{ "r15", "pcb.pcb_r15" }, { "r14", "pcb.pcb_r14" },
	{ "r13", "pcb.pcb_r13" }, { "r12", "pcb.pcb_r12" },
	{ "rbp", "pcb.pcb_rbp" }, { "rsp", "pcb.pcb_rsp" },
	{ "rbx", "pcb.pcb_rbx" }, { "rip", "pcb.pcb_rip" },
	{ NULL, NULL },
};

/* Since 14.0 pcb_x begins with x19, and has the return address at its end. */
static const struct kvmi_freebsd_reg arm64_regs[] = {
	{ "x19", "pcb.pcb_x[19] pcb.pcb_x[0]" },
	{ "x20", "pcb.pcb_x[20] pcb.pcb_x[1]" },
	{ "x21", "pcb.pcb_x[21] pcb.pcb_x[2]" },
	{ "x22", "pcb.pcb_x[22] pcb.pcb_x[3]" },
	{ "x23", "pcb.pcb_x[23] pcb.pcb_x[4]" },
	{ "x24", "pcb.pcb_x[24] pcb.pcb_x[5]" },
	{ "x25", "pcb.pcb_x[25] pcb.pcb_x[6]" },
	{ "x26", "pcb.pcb_x[26] pcb.pcb_x[7]" },
	{ "x27", "pcb.pcb_x[27] pcb.pcb_x[8]" },
	{ "x28", "pcb.pcb_x[28] pcb.pcb_x[9]" },
	{ "x29", "pcb.pcb_x[29] pcb.pcb_x[10]" },
	{ "lr", "pcb.pcb_lr pcb.pcb_x[11]" },
	{ "sp", "pcb.pcb_sp" },
	{ NULL, NULL },
};

static const struct kvmi_freebsd_reg riscv_regs[] = {
	{ "ra", "pcb.pcb_ra" }, { "sp", "pcb.pcb_sp" },
	{ "gp", "pcb.pcb_gp" }, { "tp", "pcb.pcb_tp" },
	{ "s0", "pcb.pcb_s[0]" }, { "s1", "pcb.pcb_s[1]" },
	{ "s2", "pcb.pcb_s[2]" }, { "s3", "pcb.pcb_s[3]" },
	{ "s4", "pcb.pcb_s[4]" }, { "s5", "pcb.pcb_s[5]" },
	{ "s6", "pcb.pcb_s[6]" }, { "s7", "pcb.pcb_s[7]" },
	{ "s8", "pcb.pcb_s[8]" }, { "s9", "pcb.pcb_s[9]" },
	{ "s10", "pcb.pcb_s[10]" }, { "s11", "pcb.pcb_s[11]" },
	{ NULL, NULL },
};

static const struct kvmi_freebsd_reg i386_regs[] = {
	{ "edi", "pcb.pcb_edi" }, { "esi", "pcb.pcb_esi" },
	{ "ebp", "pcb.pcb_ebp" }, { "esp", "pcb.pcb_esp" },
	{ "ebx", "pcb.pcb_ebx" }, { "eip", "pcb.pcb_eip" },
	{ NULL, NULL },
};

static const struct kvmi_freebsd_entry amd64_entries[] = {
	{ "Xfast_syscall", true }, { "fast_syscall_common", true },
	{ "Xint0x80_syscall", true }, { "int0x80_syscall_common", true },
	{ "calltrap", false }, { "nmi_calltrap", false },
	{ "mchk_calltrap", false }, { "X", false }, { NULL, false },
};

static const struct kvmi_freebsd_entry arm64_entries[] = {
	{ "handle_el0_", true }, { "handle_el1h_", false },
	{ "handle_serror", false }, { NULL, false },
};

static const struct kvmi_freebsd_entry riscv_entries[] = {
	{ "cpu_exception_handler_user", true },
	{ "cpu_exception_handler_supervisor", false }, { NULL, false },
};

#define AMD64_RPL	3	/* of a selector */
#define ARM64_MODE	0xf	/* SPSR_EL1.M: 0 is EL0 */
#define RISCV_SPP	0x100	/* sstatus: 0 is from user mode */

static const struct kvmi_freebsd_machine machines[] = {
	{ .arch = &kvmi_arch_x86_64, .reg = amd64_regs, .pc = "rip",
	    .sp = "rsp", .fp = "rbp", .abi = &kvmi_frame_x86_64,
	    .entry = amd64_entries, .tf_pc = "trapframe.tf_rip",
	    .tf_sp = "trapframe.tf_rsp", .tf_fp = "trapframe.tf_rbp",
	    .tf_mode = "trapframe.tf_cs", .mode_mask = AMD64_RPL,
	    .mode_user = AMD64_RPL },
	{ .arch = &kvmi_arch_arm64, .reg = arm64_regs, .pc = "lr",
	    .sp = "sp", .fp = "x29", .abi = &kvmi_frame_arm64,
	    .entry = arm64_entries, .tf_pc = "trapframe.tf_elr",
	    .tf_sp = "trapframe.tf_sp", .tf_fp = "trapframe.tf_x[29]",
	    .tf_mode = "trapframe.tf_spsr", .mode_mask = ARM64_MODE,
	    .mode_user = 0, .tf_below_fp = true },
	{ .arch = &kvmi_arch_riscv64, .reg = riscv_regs, .pc = "ra",
	    .sp = "sp", .fp = "s0", .abi = &kvmi_frame_riscv,
	    .entry = riscv_entries, .tf_pc = "trapframe.tf_sepc",
	    .tf_sp = "trapframe.tf_sp", .tf_fp = "trapframe.tf_s[0]",
	    .tf_mode = "trapframe.tf_sstatus", .mode_mask = RISCV_SPP,
	    .mode_user = 0 },
	/* Its stacks are not followed. */
	{ .arch = &kvmi_arch_i386, .reg = i386_regs },
};

const struct kvmi_freebsd_machine *
kvmi_freebsd_machine(const struct kvmi_arch *arch)
{
	for (size_t i = 0; i < KVMI_COUNT(machines); i++)
		if (machines[i].arch->elf_machine == arch->elf_machine)
			return (&machines[i]);
	return (NULL);
}

uint64_t
kvmi_freebsd_reg(const struct kvmi_regs *regs, const char *name)
{
	for (size_t i = 0; i < regs->n; i++)
		if (strcmp(regs->v[i].kr_name, name) == 0)
			return (regs->v[i].kr_value);
	return (0);
}
