/* SPDX-License-Identifier: BSD-2-Clause */
/* What vm.vmtotal is: numbers of pages and of threads. */
#ifndef _LIBKVM_BSD_SYS_VMMETER_H_
#define _LIBKVM_BSD_SYS_VMMETER_H_

#include <sys/types.h>

#ifndef MAXSLP
#define MAXSLP	20
#endif

struct vmtotal {
	uint64_t t_vm;		/* virtual */
	uint64_t t_avm;		/* of processes that ran not long ago */
	uint64_t t_rm;		/* resident */
	uint64_t t_arm;
	uint64_t t_vmshr;	/* shared */
	uint64_t t_avmshr;
	uint64_t t_rmshr;
	uint64_t t_armshr;
	uint64_t t_free;
	int16_t	 t_rq;		/* threads that run or could */
	int16_t	 t_dw;		/* that wait for a disk */
	int16_t	 t_pw;		/* that wait for a page */
	int16_t	 t_sl;		/* that sleep */
	int16_t	 t_sw;		/* that are swapped out */
	uint16_t t_pad[3];
};

#endif
