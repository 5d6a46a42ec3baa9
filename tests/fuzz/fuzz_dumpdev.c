/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dump devices, partition tables, key blocks and textdumps.  Parity words and
 * checksums are made right first: a fuzzer does not find them.
 */
#include <stdio.h>

#include "image/crypt.h"
#include "image/dumpdev.h"
#include "use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEADER	KVMI_DUMPHEADER_SIZE

static void
mend_header(uint8_t *h)
{
	uint8_t sum[4] = { 0 };

	if (!kvmi_dumpheader_is(h))
		return;
	for (size_t i = 0; i < HEADER - 4; i++)
		sum[i % 4] ^= h[i];
	memcpy(h + HEADER - 4, sum, 4);
}

static void
mend_tar(uint8_t *h)
{
	unsigned int sum = 0;

	if (memcmp(h + 257, "ustar", 6) != 0)
		return;
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < HEADER; i++)
		sum += h[i];
	snprintf((char *)h + 148, 8, "%6o", sum);
}

static void
use_files(struct kvmi_image *img)
{
	struct kvmi_err err;
	struct kvmi_blob b;

	for (size_t i = 0; i < img->nfiles; i++)
		if (kvmi_image_file(img, &img->files[i], &b, &err) == 0)
			kvmi_blob_release(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);
	const struct kvm_options none = KVM_OPTIONS_INIT;
	const struct kvmi_blob block = { .p = copy, .len = size };
	struct kvmi_crypt_key key;
	struct kvmi_image *img;
	struct kvmi_err err;

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	if (kvmi_crypt_key(&block, "input", &none, &key, &err) == 0)
		abort();	/* without a private key */
	for (size_t at = 0; at + HEADER <= size; at += HEADER) {
		mend_header(copy + at);
		mend_tar(copy + at);
	}
	img = fuzz_open(copy, size);
	if (img != NULL) {
		fuzz_use_image(img);
		use_files(img);
		fuzz_use_as_kernel(img);
	}
	free(copy);
	return (0);
}
