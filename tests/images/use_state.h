/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls for the system's state, on images of any quality. */
#ifndef USE_STATE_H
#define USE_STATE_H

#include "kvm.h"

/*
 * Ask for all of it, whatever comes.  The name of a call that failed without
 * a reason, or NULL.
 */
const char *use_state(kvm_t *kd);

#endif
