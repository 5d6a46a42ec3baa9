/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the kernel and its page tables are, as <arch>/machdep.c and pmap.c
 * call it; the boot code sets them.
 */
#include "types.h"

#if defined(__amd64__)
uint64_t kernphys = 1, KPML4phys = 1;
int la57 = 0;
#elif defined(__i386__)
int pae_mode = 1;
uint32_t IdlePDPT = 1, IdlePTD_pae = 1, IdlePTD_nopae = 1;
#elif defined(__arm__)
uint32_t kernel_l1pa = 1;
#elif defined(__mips__)
void *kernel_segmap = (void *)1;
#elif defined(__powerpc__)
struct bat {
	uint32_t	 batu;
	uint32_t	 batl;
};

vm_offset_t __startkernel = 1;
int hw_direct_map = 1;
struct bat battable[16] = { { 1, 1 } };
void *moea_pteg_table = (void *)1, *moea64_pteg_table = (void *)1;
u_int moea_pteg_count = 1;
u_long moea64_pteg_count = 1;
void *isa3_proctab = (void *)1;
#ifdef BOOKE
uint64_t kernload = 1;
vm_offset_t kernel_ptbl_root = 1;
#endif
#endif

const vm_offset_t vm_maxuser_address = USER_END;
