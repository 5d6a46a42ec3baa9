/* SPDX-License-Identifier: BSD-2-Clause */
#include "sample.h"

struct elsewhere {
	int	 here;
	struct shared there;
};

enum { LAST = 77 } last;

struct elsewhere defined;
struct shared shared = { LAST, "" };
