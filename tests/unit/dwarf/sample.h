/* SPDX-License-Identifier: BSD-2-Clause */
struct shared {
	int	 one;
	char	 two[8];
};
extern struct shared shared;
