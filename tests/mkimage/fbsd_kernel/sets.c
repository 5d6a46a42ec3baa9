/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Variables that each CPU or network stack has a copy of: sys/pcpu.h and
 * net/vnet.h.  These are the templates; the copies are what counts.
 */
#include "pcpu.h"

char pcpu_entry_runq[32] __attribute__((section("set_pcpu"))) = "template";
uint64_t pcpu_entry_switches __attribute__((section("set_pcpu"))) = 7;
uint64_t vnet_entry_ifindex __attribute__((section("set_vnet"))) = 5;

/* vnet0 and what it has of the set. */
uint64_t vnet_data[8] HEAP = { 55 };
extern char vnet_displacement[];
struct vnet vnet_first HEAP = {
	.vnet_magic_n = VNET_MAGIC_N,
	.vnet_ifcnt = 1,
	.vnet_data_mem = vnet_data,
	.vnet_data_base = (uintptr_t)vnet_displacement,
};
struct vnet *vnet0 = &vnet_first;
LIST_HEAD(vnet_list_head, vnet) vnet_head = { &vnet_first };
