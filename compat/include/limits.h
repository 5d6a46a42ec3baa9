/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FreeBSD's nice values begin at NZERO, which is 0, as ki_nice counts them.
 * What the host's header would define is undone each time it is included.
 */
#include_next <limits.h>

#undef NZERO
#define NZERO	0

#ifndef UID_MAX
#define GID_MAX		UINT_MAX
#define UID_MAX		UINT_MAX
#define OFF_MAX		LLONG_MAX
#define QUAD_MAX	LLONG_MAX
#define UQUAD_MAX	ULLONG_MAX
#endif
