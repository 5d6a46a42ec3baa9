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
#endif

const vm_offset_t vm_maxuser_address = USER_END;
