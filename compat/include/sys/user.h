/* SPDX-License-Identifier: BSD-2-Clause */
/* struct kinfo_proc, besides the host's own registers and struct user. */
#ifndef _LIBKVM_BSD_SYS_USER_H_
#define _LIBKVM_BSD_SYS_USER_H_

#include_next <sys/user.h>
#include <kvm_proc.h>
#include <sys/priority.h>
#include <sys/types.h>

#define CRED_FLAG_CAPMODE	KI_CRF_CAPABILITY_MODE

#endif
