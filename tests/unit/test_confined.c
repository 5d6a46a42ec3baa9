/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This host, as containers show it.  Where namespaces cannot be made the test
 * says why and is skipped.
 */
#include <stdio.h>

#include "../vm/confined.h"

#define SKIPPED	77			/* as Meson takes it */

int
main(void)
{
	int skipped, wrong = check_confined(&skipped);

	if (wrong < 0)
		return (SKIPPED);
	printf("%d wrong; %d places could not be entered\n", wrong, skipped);
	return (wrong != 0);
}
