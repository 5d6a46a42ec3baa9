/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole way: from a file to its kernel's symbols, processes and log. */
#include "use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kvmi_image *img = fuzz_open(data, size);

	if (img != NULL)
		fuzz_use_as_kernel(img);
	return (0);
}
