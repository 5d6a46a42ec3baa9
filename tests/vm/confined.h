/* SPDX-License-Identifier: BSD-2-Clause */
/* The live host as containers show it. */
#ifndef CONFINED_H
#define CONFINED_H

#include <stdbool.h>

/*
 * In namespaces and roots that lack one thing each: what can be had is had,
 * and each call that fails names why.  Prints a line of what is wrong; the
 * number of such.  -1, after a line that says why: namespaces cannot be made.
 * *skipped: how many places this kernel, or what confines this process, does
 * not have.
 */
int check_confined(int *skipped);

#endif
