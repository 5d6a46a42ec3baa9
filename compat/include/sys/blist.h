/* SPDX-License-Identifier: BSD-2-Clause */
/* Block numbers of swap devices. */
#ifndef _LIBKVM_BSD_SYS_BLIST_H_
#define _LIBKVM_BSD_SYS_BLIST_H_

#include <stdint.h>

#define SWAPBLK_MASK	(INT64_MAX)
#define SWAPBLK_NONE	(INT64_MIN)

#endif
