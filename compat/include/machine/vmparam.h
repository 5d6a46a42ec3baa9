/* SPDX-License-Identifier: BSD-2-Clause */
#include <machine/param.h>
