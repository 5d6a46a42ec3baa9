/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/image.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "image/cache.h"
#include "image/own_note.h"

/* Text of a crash; no more is held in memory at once. */
#define MAX_FILE	(256 << 20)

int
kvmi_image_close(struct kvmi_image *img)
{
	int r;

	if (img == NULL)
		return (0);
	kvmi_own_notes_drop(img);
	if (img->ops != NULL)
		img->ops->close(img);
	kvmi_cache_destroy(img->cache);
	kvmi_blob_release(&img->notes);
	kvmi_blob_release(&img->vmcoreinfo);
	r = kvmi_src_close(img->src);
	free(img);
	return (r);
}

int
kvmi_image_locate(struct kvmi_image *img, uint64_t pa,
    struct kvmi_extent *ret, struct kvmi_err *err)
{
	int r = img->ops->locate(img, pa, ret, err);

	/* A length cannot say that a gap goes on to the very last address. */
	if (r == 0 && pa - ret->start >= ret->len) {
		ret->start = pa;
		ret->len = 1;
	}
	return (r);
}

const uint8_t *
kvmi_image_ptr(struct kvmi_image *img, const struct kvmi_extent *e,
    uint64_t addr, uint64_t *run)
{
	const uint8_t *p;

	if (e->state != KVMI_STORED || e->zero || e->codec != NULL ||
	    img->live)
		return (NULL);
	p = img->src->ops->map(img->src, e->off + (addr - e->start), run);
	if (p != NULL)
		*run = kvmi_min(*run, e->start + e->len - addr);
	return (p);
}

int
kvmi_state_fail(const struct kvmi_image *img, const struct kvmi_extent *e,
    uint64_t pa, struct kvmi_err *err)
{
	switch (e->state) {
	case KVMI_EXCLUDED:
		return (kvmi_fail(err, KVMI_ENOTINDUMP, "physical address 0x%"
		    PRIx64 " was left out of the dump (%s)", pa,
		    e->why != NULL ? e->why : "filtered by page kind"));
	case KVMI_LOST:
		return (kvmi_fail(err, KVMI_ETRUNC,
		    "physical address 0x%" PRIx64 " is lost: %s%s%s", pa,
		    e->why != NULL ? e->why : "the file ends before it",
		    img->src->damage != NULL ? "; " : "",
		    img->src->damage != NULL ? img->src->damage : ""));
	default:
		return (kvmi_fail(err, KVMI_ENOTINDUMP, "physical address 0x%"
		    PRIx64 " is not in %s: no such memory, or none that was "
		    "dumped", pa, img->src->name));
	}
}

static int
decode_block(struct kvmi_image *img, const struct kvmi_extent *e, size_t at,
    void *buf, size_t len, struct kvmi_err *err)
{
	uint32_t how = e->stored_len ^ e->codec->kdump_flag << 24;
	struct kvmi_blob stored;
	uint8_t *block;
	int r;

	if (kvmi_cache_get(img->cache, e->off, how, at, buf, len))
		return (0);
	r = kvmi_src_blob(img->src, e->off, e->stored_len, "compressed page",
	    &stored, err);
	if (r != 0)
		return (r);
	block = malloc(img->block_size);
	if (block == NULL) {
		r = kvmi_fail(err, KVMI_ENOMEM, "no memory for a page");
		goto out;
	}
	r = kvmi_codec_decode(e->codec, stored.p, stored.len, block,
	    (size_t)e->len, err);
	if (r == 0 || r == KVMI_EFORMAT) {
		/* Bytes that vanished under us explain a broken stream. */
		int lost = kvmi_src_check_lost(img->src, stored.p, stored.len,
		    err);

		r = lost != 0 ? lost : r;
	}
	if (r != 0) {
		r = kvmi_wrap(err, r, "%s: page at physical 0x%" PRIx64
		    ", stored at 0x%" PRIx64, img->src->name, e->start, e->off);
		goto out;
	}
	kvmi_cache_put(img->cache, e->off, how, block);
	memcpy(buf, block + at, len);
out:
	free(block);
	kvmi_blob_release(&stored);
	return (r);
}

int
kvmi_extent_read(struct kvmi_image *img, const struct kvmi_extent *e,
    uint64_t addr, void *buf, size_t len, struct kvmi_err *err)
{
	if (e->zero) {
		memset(buf, 0, len);
		return (0);
	}
	if (e->codec != NULL)
		return (decode_block(img, e, (size_t)(addr - e->start), buf,
		    len, err));
	return (kvmi_src_read(img->src, e->off + (addr - e->start), buf, len,
	    "memory", err));
}

int
kvmi_image_read(struct kvmi_image *img, uint64_t pa, void *buf, size_t len,
    size_t *done, struct kvmi_err *err)
{
	uint8_t *out = buf;

	*done = 0;
	while (*done < len) {
		struct kvmi_extent e;
		size_t step;
		int r;

		r = kvmi_image_locate(img, pa, &e, err);
		if (r == 0 && e.state != KVMI_STORED)
			r = kvmi_state_fail(img, &e, pa, err);
		if (r != 0)
			return (r);
		step = (size_t)kvmi_min(e.start + e.len - pa, len - *done);
		r = kvmi_extent_read(img, &e, pa, out + *done, step, err);
		if (r != 0)
			return (r);
		*done += step;
		/* The last byte of the address space has no successor. */
		if (!kvmi_add(pa, step, &pa) && *done < len)
			return (kvmi_fail(err, KVMI_ENOTINDUMP,
			    "the physical address space ends here"));
	}
	return (0);
}

int
kvmi_image_file(struct kvmi_image *img, const struct kvmi_file *f,
    struct kvmi_blob *ret, struct kvmi_err *err)
{
	if (f->len > MAX_FILE)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: %s of %" PRIu64
		    " bytes is larger than %d", img->src->name, f->name, f->len,
		    MAX_FILE));
	return (kvmi_src_blob(img->src, f->off, f->len, f->name, ret, err));
}

int
kvmi_image_read_phys(void *img, uint64_t pa, void *buf, size_t len,
    struct kvmi_err *err)
{
	size_t done;

	return (kvmi_image_read(img, pa, buf, len, &done, err));
}
