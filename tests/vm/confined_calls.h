/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked of the live host in each place. */
#ifndef CONFINED_CALLS_H
#define CONFINED_CALLS_H

#include <stdbool.h>

#include <kvm.h>

enum { PROCS, ARGV, UREAD, LOAD, SWAP, CPTIME, CPUS, MODULES, LOG, SYMBOL,
    TYPES, MEMORY, INFO, N_CALLS };

extern const struct confined_call {
	const char *name;
	bool (*ask)(kvm_t *kd);		/* does it work? */
} confined_calls[N_CALLS];

#endif
