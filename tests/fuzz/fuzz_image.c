/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Containers: recognise, locate, read.  Every format of image_table.c and the
 * notes inside go through here.
 */
#include "use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kvmi_image *img = fuzz_open(data, size);

	if (img != NULL) {
		fuzz_use_image(img);
		kvmi_image_close(img);
	}
	return (0);
}
