/* SPDX-License-Identifier: BSD-2-Clause */
/* Images that end early: around the boundaries of their parts, and anywhere. */
#include "images.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/minidump.h"
#include "peak.h"

#define CUTS	220

static int
descending(const void *a, const void *b)
{
	const off_t *x = a, *y = b;

	return ((*x < *y) - (*x > *y));
}

/* Where to cut: around the sections' boundaries, and anywhere. */
static size_t
choose_cuts(const char *image, const struct expect *e, off_t size,
    off_t cut[CUTS])
{
	struct kvmi_err err;
	struct kvmi_image *img = open_container(image, e, &err);
	const struct kvmi_minidump *m;
	struct kvmi_extent x;
	uint64_t rnd = 7;
	size_t n = 0;

	for (off_t i = 0; i < 20; i++)
		for (off_t d = -1; d <= 1; d++)
			cut[n++] = i * PAGE + d;
	for (off_t d = 1; d < 4; d++)
		cut[n++] = size - d;
	m = img != NULL ? img->minidump : NULL;
	for (off_t d = -1; d <= 1 && m != NULL; d++) {
		cut[n++] = (off_t)m->pt_off + d;
		cut[n++] = (off_t)(m->pt_off + m->pt_len) + d;
		cut[n++] = (off_t)m->msgbuf_off + d;
	}
	/* Pages of the dump begin and end at these. */
	for (int i = 0; i < 40 && img != NULL; i++) {
		uint64_t pa = next_random(&rnd) % (img->max_pa + 1);

		if (kvmi_image_locate(img, pa, &x, &err) != 0 ||
		    x.state != KVMI_STORED)
			continue;
		for (off_t d = -1; d <= 1; d++)
			cut[n++] = (off_t)img->src->ops->file_off(img->src,
			    x.off) + d;
	}
	while (n < CUTS)
		cut[n++] = (off_t)(next_random(&rnd) % (uint64_t)size);
	kvmi_image_close(img);
	qsort(cut, n, sizeof(*cut), descending);
	return (n);
}

/* The work whose memory is measured, on a whole image and on a cut one. */
static size_t
use_cut(const char *image, const char *path, const struct expect *e, off_t len)
{
	char why[2048] = "";
	kvm_t *kd;

	peak_reset();
	kd = open_image(image, e, path, why);
	if (kd == NULL) {
		expect_true(why[0] != '\0', image, "open", (uint64_t)len,
		    "no reason");
		return (peak_bytes());
	}
	/* Records that later ones would have overridden look like any other. */
	if (strstr(image, "-overlap") == NULL)
		check_random(image, e, kd, 50, true);
	use_all(image, kd);
	kvm_close(kd);
	return (peak_bytes());
}

void
check_cut(const char *image, const struct expect *e)
{
	off_t size, cut[CUTS];
	int fd = copy_of(image, &size);
	size_t whole, n = choose_cuts(image, e, size, cut);
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	whole = use_cut(image, path, e, size);
	/* From the longest on, so that one copy does for all. */
	for (size_t i = 0; i < n; i++) {
		size_t peak;

		if (cut[i] < 0 || cut[i] >= size ||
		    ftruncate(fd, cut[i]) != 0)
			continue;
		peak = use_cut(image, path, e, cut[i]);
		/* Small kernels that lack pages are copied to be searched. */
		expect_true(peak <= 2 * whole + (1 << 20), image, "memory",
		    peak, "more than twice what the whole image takes");
	}
	close(fd);
}
