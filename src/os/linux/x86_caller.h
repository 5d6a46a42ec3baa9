/* SPDX-License-Identifier: BSD-2-Clause */
/* Callers of functions of x86-64 kernels that ORC tables leave out. */
#ifndef KVMI_X86_CALLER_H
#define KVMI_X86_CALLER_H

#include "os/kernel.h"
#include "os/linux/orc.h"

/*
 * From a frame to its caller's, by the first word of the stack below end that
 * is the return address of a call of s's function.  False: there is none; *s
 * and the error of cx are then as they were.
 */
bool kvmi_linux_x86_caller(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t end, struct kvmi_orc_state *s);

#endif
