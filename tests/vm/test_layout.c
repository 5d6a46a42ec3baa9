/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Marks in an image without a kernel.
 *
 * usage: test_layout IMAGE PA=MARK...
 *	a big-endian word at each address; of 0, another one or none
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/endian.h"
#include "image/image.h"

int
main(int argc, char **argv)
{
	struct kvmi_err err = { 0 };
	struct kvmi_image *img;
	struct kvmi_src *src;
	int failed = 0;

	if (argc < 2 || kvmi_file_open(open(argv[1], O_RDONLY), argv[1], &src,
	    &err) != 0 || kvmi_image_open(src, NULL, &img, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return (1);
	}
	for (int i = 2; i < argc; i++) {
		char *mark;
		uint64_t pa = strtoull(argv[i], &mark, 16);
		uint64_t want = strtoull(mark + 1, NULL, 10), got = 0;
		uint64_t number = (uint64_t)i - 1;
		uint8_t b[8];
		size_t done;

		if (kvmi_image_read(img, pa, b, sizeof(b), &done, &err) == 0)
			got = kvmi_get_uint(b, sizeof(b), true);
		if (want != 0 ? got == want : got != number)
			continue;
		printf("%s: 0x%" PRIx64 ": %" PRIu64 ", wanted %" PRIu64 "\n",
		    img->format, pa, got, want);
		failed = 1;
	}
	kvmi_image_close(img);
	return (failed);
}
