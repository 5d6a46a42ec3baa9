/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Textdumps of FreeBSD: a ustar archive (POSIX.1-1988) without blocks of
 * zeros at its end and with NULs for a version, as sys/ddb/db_textdump.c
 * writes it.
 */
#include "image/textdump.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"

#define BLOCK		512
#define MAX_FILES	64	/* the kernel writes five */

enum { NAME = 0, NAME_LEN = 100, SIZE = 124, MTIME = 136, NUMBER_LEN = 12,
	CHECKSUM = 148, CHECKSUM_LEN = 8, MAGIC = 257 };

/* What the kernel calls the files, any of which may be the first. */
static const char *const known[] = { "ddb.txt", "config.txt", "msgbuf.txt",
	"panic.txt", "version.txt" };

/* Octal, between blanks; ended by a blank, a NUL or the field. */
static bool
octal(const uint8_t *p, size_t len, uint64_t *ret)
{
	size_t i = 0, first;

	while (i < len && p[i] == ' ')
		i++;
	*ret = 0;
	for (first = i; i < len && p[i] >= '0' && p[i] <= '7'; i++)
		*ret = *ret << 3 | (uint64_t)(p[i] - '0');
	return (i > first && (i == len || p[i] == ' ' || p[i] == '\0'));
}

/* All bytes together, the sum itself being blanks. */
static bool
sum_right(const uint8_t *h)
{
	uint64_t want, sum = 0;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= CHECKSUM && i < CHECKSUM + CHECKSUM_LEN ? ' ' :
		    h[i];
	return (octal(h + CHECKSUM, CHECKSUM_LEN, &want) && want == sum);
}

static bool
is_header(const uint8_t *h)
{
	return (memcmp(h + MAGIC, "ustar", 6) == 0 && sum_right(h));
}

static bool
textdump_recognise(struct kvmi_src *src)
{
	struct kvmi_err ignored;
	uint8_t h[BLOCK];

	if (src->size < BLOCK || kvmi_src_read(src, 0, h, BLOCK, "header",
	    &ignored) != 0 || !is_header(h))
		return (false);
	/* Other archives are not ours. */
	for (size_t i = 0; i < KVMI_COUNT(known); i++)
		if (strcmp((const char *)h, known[i]) == 0)
			return (true);
	return (false);
}

/* One member; *at goes on behind it. */
static int
add_file(struct kvmi_image *img, const uint8_t *h, uint64_t *at,
    struct kvmi_err *err)
{
	struct kvmi_file *f = &img->files[img->nfiles];
	uint64_t mtime, end;

	snprintf(f->name, sizeof(f->name), "%.*s", NAME_LEN,
	    (const char *)h + NAME);
	f->off = *at + BLOCK;
	if (!octal(h + SIZE, NUMBER_LEN, &f->len) ||
	    !kvmi_add(f->off, f->len, &end) ||
	    !kvmi_round_up(end, BLOCK, at))
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: textdump: size of %s "
		    "(header at 0x%" PRIx64 ") is no octal number",
		    img->src->name, f->name, f->off - BLOCK));
	if (octal(h + MTIME, NUMBER_LEN, &mtime) && mtime <= INT64_MAX)
		img->timestamp = (int64_t)mtime;
	if (end > img->src->size) {
		img->truncated = true;
		f->len = img->src->size - f->off;
	}
	img->nfiles++;
	return (0);
}

static int
textdump_open(struct kvmi_image *img, struct kvmi_err *err)
{
	uint64_t at = 0, size = img->src->size;
	uint8_t h[BLOCK];
	int r = 0;

	img->files = calloc(MAX_FILES, sizeof(*img->files));
	if (img->files == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory",
		    img->src->name));
	while (r == 0 && at < size && img->nfiles < MAX_FILES) {
		if (size - at < BLOCK) {
			img->truncated = true;
			break;
		}
		r = kvmi_src_read(img->src, at, h, BLOCK, "tar header", err);
		if (r != 0)
			break;
		if (h[0] == '\0')	/* tools put zeros at the end */
			break;
		if (!is_header(h)) {
			/* What came before it is good. */
			img->incomplete = true;
			break;
		}
		r = add_file(img, h, &at, err);
	}
	snprintf(img->format, sizeof(img->format), "FreeBSD textdump");
	return (r);
}

static int
textdump_locate(struct kvmi_image *img, uint64_t pa, struct kvmi_extent *ret,
    struct kvmi_err *err)
{
	(void)ret;
	return (kvmi_fail(err, KVMI_ENOTSUP, "%s: physical address 0x%" PRIx64
	    ": a textdump holds no memory", img->src->name, pa));
}

static void
textdump_close(struct kvmi_image *img)
{
	free(img->files);
}

const struct kvmi_image_ops kvmi_image_textdump = {
	.name = "FreeBSD textdump",
	.recognise = textdump_recognise,
	.min_size = BLOCK,
	.open = textdump_open,
	.locate = textdump_locate,
	.close = textdump_close,
};

bool
kvmi_textdump(const struct kvmi_image *img)
{
	return (img->ops == &kvmi_image_textdump);
}

int
kvmi_textdump_file(struct kvmi_image *img, const char *name,
    struct kvmi_blob *ret, struct kvmi_err *err)
{
	for (size_t i = 0; i < img->nfiles; i++)
		if (strcmp(img->files[i].name, name) == 0)
			return (kvmi_image_file(img, &img->files[i], ret,
			    err));
	return (kvmi_fail(err, KVMI_ENOENT, "%s: the textdump has no %s",
	    img->src->name, name));
}
