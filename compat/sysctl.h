/* SPDX-License-Identifier: BSD-2-Clause */
/* The variables of libkvm-bsd's sysctl(3). */
#ifndef LIBKVM_BSD_SYSCTL_H
#define LIBKVM_BSD_SYSCTL_H

#include <stddef.h>

/* A value as a program gets it; data is to be freed. */
struct value {
	void	*data;
	size_t	 len;
};

struct variable {
	const char	*name;
	int		 mib[2];
	/*
	 * Make the value; index is what follows the number of a variable
	 * that has many (-1: nothing).  0, or an errno.
	 */
	int (*get)(int index, struct value *v);
};

extern const struct variable kvmi_bsd_variables[];
extern const size_t kvmi_bsd_nvariables;

#endif
