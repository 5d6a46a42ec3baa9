/* SPDX-License-Identifier: BSD-2-Clause */
/* Images to convert, the ways to do it, and a file for what comes of it. */
#ifndef CONVERT_H
#define CONVERT_H

#include <kvm.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/math.h"
#include "image/image.h"

static char dir[] = "/tmp/kvm-convert-XXXXXX";
static char path[64];

static const struct how {
	const char *name;
	int	 format;
	const char *codec;
	int	 flags;
} hows[] = {
	{ "kdump zstd", KVM_FORMAT_KDUMP, NULL, 0 },
	{ "kdump zlib", KVM_FORMAT_KDUMP, "zlib", 0 },
	{ "kdump lzo", KVM_FORMAT_KDUMP, "lzo", 0 },
	{ "kdump snappy", KVM_FORMAT_KDUMP, "snappy", 0 },
	{ "kdump plain", KVM_FORMAT_KDUMP, "none", 0 },
	{ "kdump flattened", KVM_FORMAT_KDUMP, "zlib", KVM_CONVERT_FLATTENED },
	{ "ELF", KVM_FORMAT_ELF, NULL, 0 },
	{ "ELF flattened", KVM_FORMAT_ELF, NULL, KVM_CONVERT_FLATTENED },
};

/* To path. */
static inline struct kvm_convert_options
options_of(const struct how *how)
{
	struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;

	o.kc_path = path;
	o.kc_format = how->format;
	o.kc_codec = how->codec;
	o.kc_flags = how->flags;
	return (o);
}

static inline bool
have_images(void)
{
	if (getenv("KVM_IMAGES") != NULL)
		return (true);
	puts("no images: run tests/mkimage/mkimage --all --out $KVM_IMAGES");
	return (false);
}

static inline int
make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return (-1);
	snprintf(path, sizeof(path), "%s/out", dir);
	return (0);
}

static inline int
remove_dir(void **state)
{
	(void)state;
	return (rmdir(dir));
}

static inline const char *
image_path(const char *name)
{
	static char buf[4096];

	snprintf(buf, sizeof(buf), "%s/%s", getenv("KVM_IMAGES"), name);
	return (buf);
}

static inline kvm_t *
open_image(const char *name)
{
	char why[2048] = "";
	kvm_t *kd = kvm_open2(NULL, image_path(name), O_RDONLY, why, NULL);

	if (kd == NULL)
		print_message("%s: %s\n", name, why);
	assert_non_null(kd);
	return (kd);
}

static inline struct kvmi_image *
open_container(const char *file)
{
	struct kvmi_err err = { 0 };
	struct kvmi_image *img;
	struct kvmi_src *src;
	int fd = open(file, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(kvmi_file_open(fd, file, &src, &err), 0);
	if (kvmi_image_open(src, NULL, &img, &err) != 0) {
		print_message("%s: %s\n", file, err.text);
		return (NULL);
	}
	return (img);
}

/* A page: its bytes, or why there are none. */
static inline void
same_page(const char *image, const struct how *how, struct kvmi_image *a,
    struct kvmi_image *b, uint64_t pa)
{
	struct kvmi_err err = { 0 };
	uint8_t x[4096], y[4096];
	size_t nx, ny;
	int r = kvmi_image_read(a, pa, x, sizeof(x), &nx, &err);
	int s = kvmi_image_read(b, pa, y, sizeof(y), &ny, &err);

	/* Memory that ends inside a page is filled up with zeros. */
	if (nx > 0 && nx < sizeof(x) && s == 0 && r == KVMI_ENOTINDUMP) {
		for (size_t i = nx; i < sizeof(y); i++)
			assert_int_equal(y[i], 0);
		assert_memory_equal(x, y, nx);
		return;
	}
	/* ELF files have no word for what was lost: they say it of them all. */
	if (r == KVMI_ETRUNC && how->format == KVM_FORMAT_ELF) {
		assert_true(b->incomplete);
		return;
	}
	if (r != s || nx != ny || memcmp(x, y, nx) != 0)
		print_message("%s in %s: at 0x%" PRIx64 " %d, was %d\n", image,
		    how->name, pa, s, r);
	assert_int_equal(r, s);
	assert_int_equal(nx, ny);
	assert_memory_equal(x, y, nx);
}

static inline void
compare(const char *name, const struct how *how)
{
	struct kvmi_image *a = open_container(image_path(name));
	struct kvmi_image *b = open_container(path);
	uint64_t pa = 0;

	assert_non_null(a);
	assert_non_null(b);
	assert_true(how->flags == 0 || strstr(b->format, "flattened") != NULL);
	assert_true(how->codec == NULL || strcmp(how->codec, "none") == 0 ||
	    strstr(b->format, how->codec) != NULL);
	while (pa < a->max_pa + 65536) {
		struct kvmi_err err;
		struct kvmi_extent e;

		same_page(name, how, a, b, pa);
		pa += 4096;
		/* Large holes are the same at both ends. */
		assert_int_equal(kvmi_image_locate(a, pa, &e, &err), 0);
		if (e.state == KVMI_ABSENT && e.len > 1 << 20 &&
		    e.start + e.len < UINT64_MAX / 2 &&
		    pa < e.start + e.len - 65536)
			pa = (e.start + e.len - 65536) & ~UINT64_C(4095);
	}
	kvmi_image_close(a);
	kvmi_image_close(b);
}

#endif
