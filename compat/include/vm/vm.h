/* SPDX-License-Identifier: BSD-2-Clause */
/* Protections of pages. */
#ifndef _LIBKVM_BSD_VM_VM_H_
#define _LIBKVM_BSD_VM_VM_H_

#include <kvm.h>
#include <sys/types.h>

#define VM_PROT_COPY	((vm_prot_t)0x08)
#define VM_PROT_ALL	(VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE)
#define VM_PROT_RW	(VM_PROT_READ | VM_PROT_WRITE)
#define VM_PROT_DEFAULT	VM_PROT_ALL

#endif
