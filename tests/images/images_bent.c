/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of headers at their extremes, bits flipped in bitmaps and tables. */
#include "images.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/kd.h"
#include "base/math.h"
#include "image/minidump.h"

#define FLIPS		150
#define FLIPS_PER_USE	8
#define SMALL		(512 << 10)

typedef void use_fn(const char *image, kvm_t *kd);

/* Overwrite, use, put back. */
static void
use_bent(const char *image, const struct expect *e, int fd, off_t at,
    const void *with, size_t len, use_fn *use)
{
	char path[40], why[2048] = "";
	uint8_t was[8];
	kvm_t *kd;

	if (pread(fd, was, len, at) != (ssize_t)len ||
	    pwrite(fd, with, len, at) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	alarm(PATIENCE);
	kd = open_image(image, e, path, why);
	if (kd == NULL)
		expect_true(why[0] != '\0', image, "open", (uint64_t)at,
		    "no reason");
	else {
		use(image, kd);
		kvm_close(kd);
	}
	if (pwrite(fd, was, len, at) != (ssize_t)len)
		abort();
}

/* Set a field in the headers of a dump device alike, and its parity right. */
static void
put_field(int fd, const off_t *header, size_t n, off_t field, uint32_t value)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t was, parity;

		if (pread(fd, &was, 4, header[i] + field) != 4 ||
		    pread(fd, &parity, 4, header[i] + 508) != 4)
			abort();
		parity ^= was ^ value;
		if (pwrite(fd, &value, 4, header[i] + field) != 4 ||
		    pwrite(fd, &parity, 4, header[i] + 508) != 4)
			abort();
	}
}

/* struct kerneldumpheader, before and behind a dump (sys/sys/kerneldump.h). */
static size_t
find_headers(int fd, off_t size, off_t *header, size_t max)
{
	char magic[8];
	size_t n = 0;

	for (off_t at = 0; at + 512 <= size && n < max; at += 512)
		if (pread(fd, magic, 8, at) == 8 &&
		    memcmp(magic, "FreeBSD ", 8) == 0)
			header[n++] = at;
	return (n);
}

static void
bend_headers(const char *image, const struct expect *e, int fd, off_t size)
{
	static const uint32_t value[] = { 0, UINT32_MAX, 1, 1u << 24 };
	off_t header[8];
	size_t n = find_headers(fd, size, header, 8);

	/* From behind the magic up to the texts. */
	for (off_t at = 20; n > 0 && at < 128; at += 4)
		for (size_t v = 0; v < 4; v++) {
			uint32_t was;

			if (pread(fd, &was, 4, header[0] + at) != 4)
				abort();
			put_field(fd, header, n, at, value[v]);
			/* Nothing more is bent: it is used as it is. */
			use_bent(image, e, fd, 0, "", 0, use_all);
			put_field(fd, header, n, at, was);
		}
}

/* Where the root of the page tables is in the file, or 0. */
static off_t
root_offset(const char *image, const struct expect *e)
{
	char why[2048] = "";
	kvm_t *kd = open_image(image, e, image, why);
	struct kvmi_extent x;
	off_t off = 0;

	if (kd == NULL)
		return (0);
	if (kd->kernel->space.paging.root_pa != 0 &&
	    kvmi_image_locate(kd->kernel->img, kd->kernel->space.paging.root_pa,
	    &x, NULL) == 0 && x.state == KVMI_STORED && x.codec == NULL)
		off = (off_t)kd->kernel->img->src->ops->file_off(
		    kd->kernel->img->src, x.off +
		    (kd->kernel->space.paging.root_pa - x.start));
	kvm_close(kd);
	return (off);
}

/* Where the fields of a container's headers are, if not all at its start. */
static const struct fields {
	const char	*prefix;
	off_t		 begin, end;
} fields_table[] = {
	/* Main header and sub header of a kdump. */
	{ "linux-kdump", 404, 464 },
	{ "linux-kdump", 4096, 4096 + 128 },
	/* Up to the note of VMCOREINFO. */
	{ "linux-s390", 8, 160 },
	{ "linux-mem", 0, 128 },
	{ "linux-flat", 16, 40 },
	{ "linux-flat", 4096, 4096 + 160 },
	{ "", 16, 160 },
};

/* Each field of four or eight bytes at its extremes. */
static void
bend_fields(const char *image, const struct expect *e, int fd, off_t begin,
    off_t end)
{
	static const uint8_t with[][8] = { { 0 }, { 255, 255, 255, 255, 255,
		255, 255, 255 }, { 1 }, { 0, 0, 0, 1 } };

	for (off_t at = begin; at < end; at += 4) {
		for (size_t i = 0; i < KVMI_COUNT(with); i++)
			use_bent(image, e, fd, at, with[i], 4, use_all);
		if (at % 8 == 0)
			use_bent(image, e, fd, at, with[1], 8,
			    use_all);
	}
}

static void
bend_all_fields(const char *image, const struct expect *e, int fd)
{
	const char *name = strrchr(image, '/') + 1;
	bool found = false;

	for (size_t i = 0; i < KVMI_COUNT(fields_table); i++) {
		const struct fields *f = &fields_table[i];

		if (strncmp(name, f->prefix, strlen(f->prefix)) != 0 ||
		    (found && f->prefix[0] == '\0'))
			continue;
		found = true;
		bend_fields(image, e, fd, f->begin, f->end);
	}
}

static void
flip(const char *image, const struct expect *e, int fd, off_t at,
    uint64_t *rnd, use_fn *use)
{
	uint8_t byte;

	if (pread(fd, &byte, 1, at) != 1)
		return;
	byte ^= (uint8_t)(1u << next_random(rnd) % 8);
	use_bent(image, e, fd, at, &byte, 1, use);
}

/*
 * Each field of the headers at its extremes, and bits flipped in bitmaps and
 * page tables: $KVM_FLIPS of them, where time is no matter.
 */
void
check_bent(const char *image, const struct expect *e)
{
	const char *many = getenv("KVM_FLIPS");
	long flips = many != NULL ? atol(many) : FLIPS;
	off_t size, tables, root = root_offset(image, e);
	int fd = copy_of(image, &size);
	struct kvmi_err err;
	struct kvmi_image *img = open_container(image, e, &err);
	const struct kvmi_minidump *m = img != NULL ? img->minidump : NULL;
	uint64_t rnd = 11;

	/*
	 * Of a minidump up to its pages; of what has records all along, or is
	 * small, all of it; of others the headers.
	 */
	tables = m != NULL ? (off_t)(m->pt_off + m->pt_len) :
	    size <= SMALL ? size : PAGE;
	bend_all_fields(image, e, fd);
	bend_headers(image, e, fd, size);
	for (long i = 0; i < flips; i++) {
		/* The tables of a full dump follow its root, as a rule. */
		off_t at = root != 0 && i % 2 == 0 ? root + (off_t)(
		    next_random(&rnd) % (16 * PAGE)) :
		    (off_t)(next_random(&rnd) % (uint64_t)tables);

		/* What bitmaps and tables lead to is soon looked at. */
		flip(image, e, fd, at, &rnd, i % FLIPS_PER_USE == 0 ? use_all :
		    use_memory);
	}
	kvmi_image_close(img);
	close(fd);
}
