/* SPDX-License-Identifier: BSD-2-Clause */
/* struct nlist and N_*, as <kvm.h> has them. */
#ifndef _LIBKVM_BSD_NLIST_H_
#define _LIBKVM_BSD_NLIST_H_

#include <kvm.h>

#endif
