/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kdump-compressed file, version 6, as makedumpfile's IMPLEMENTATION document
 * describes it: in the byte order and with the words of the machine that was
 * dumped, because that is whose tools wrote the format.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "convert/convert.h"

#define VERSION			6
#define EM_386			3
#define STATUS_INCOMPLETE	0x8
#define DESC			24
#define DESCS_AT_ONCE		1024

struct writer {
	struct kvmi_convert *c;
	bool		 big;		/* byte order */
	unsigned int	 word;		/* bytes of a long */
	bool		 padded;	/* 64-bit fields are aligned */
	uint64_t	 block;
	uint64_t	 sub_blocks, bitmap_blocks;
	uint64_t	 desc_off, data_off;
	uint64_t	 zero_off;	/* the page of zeros that all share; or 0 */
	uint8_t		 desc[DESCS_AT_ONCE * DESC];
	uint64_t	 ndesc;		/* in the buffer */
	uint64_t	 desc_done;	/* in the file */
	bool		 lost;
};

/* A header being put together, field by field. */
struct fields {
	uint8_t		*p;
	size_t		 at;
	const struct writer *w;
};

static void
align(struct fields *f, size_t to)
{
	f->at = (f->at + to - 1) / to * to;
}

static void
put32(struct fields *f, uint64_t v)
{
	kvmi_put32(f->p + f->at, (uint32_t)v, f->w->big);
	f->at += 4;
}

/* A 64-bit field: i386 aligns it to 4 bytes, everybody else to 8. */
static void
put64(struct fields *f, uint64_t v)
{
	if (f->w->word == 8 || f->w->padded)
		align(f, 8);
	kvmi_put64(f->p + f->at, v, f->w->big);
	f->at += 8;
}

static void
put_long(struct fields *f, uint64_t v)
{
	if (f->w->word == 8) {
		put64(f, v);
		return;
	}
	put32(f, v);
}

static void
put_text(struct fields *f, const char *text)
{
	snprintf((char *)f->p + f->at, 65, "%.64s", text);
	f->at += 65;
}

/* struct disk_dump_header */
static void
main_header(const struct writer *w, uint8_t *p)
{
	const struct kvmi_convert *c = w->c;
	const struct kvm_info *i = c->info;
	struct fields f = { .p = p, .at = 8, .w = w };

	memcpy(p, "KDUMP   ", 8);
	put32(&f, VERSION);
	put_text(&f, i->ki_os);
	put_text(&f, i->ki_hostname);
	put_text(&f, i->ki_release);
	put_text(&f, i->ki_version);
	put_text(&f, i->ki_arch);
	put_text(&f, "");
	align(&f, w->word);
	put_long(&f, (uint64_t)i->ki_crashtime);
	put_long(&f, 0);
	put32(&f, (c->codec != NULL ? c->codec->kdump_flag : 0) |
	    (w->lost ? STATUS_INCOMPLETE : 0));
	put32(&f, w->block);
	put32(&f, w->sub_blocks);
	put32(&f, w->bitmap_blocks);
	put32(&f, kvmi_min(c->pages.npages, UINT32_MAX));
	put32(&f, 0);			/* total_ram_blocks */
	put32(&f, 0);			/* device_blocks */
	put32(&f, 0);			/* written_blocks */
	put32(&f, 0);			/* current_cpu */
	put32(&f, i->ki_ncpus);
}

/* struct kdump_sub_header */
static void
sub_header(const struct writer *w, uint8_t *p)
{
	const struct kvmi_convert *c = w->c;
	struct fields f = { .p = p, .w = w };
	uint64_t notes = 2 * w->block;
	bool has_info = c->df.vmcoreinfo_len != 0;

	put_long(&f, c->df.phys_base);
	put32(&f, (uint64_t)c->o->kc_exclude);
	put32(&f, 0);			/* split */
	put_long(&f, 0);
	put_long(&f, 0);
	put64(&f, has_info ? notes + c->info_off : 0);
	put_long(&f, c->df.vmcoreinfo_len);
	put64(&f, c->notes_len != 0 ? notes : 0);
	put_long(&f, c->notes_len);
	put64(&f, 0);			/* eraseinfo */
	put_long(&f, 0);
	put64(&f, 0);			/* start_pfn_64 */
	put64(&f, c->pages.npages);	/* end_pfn_64 */
	put64(&f, c->pages.npages);	/* max_mapnr_64 */
}

static int
put_headers(struct writer *w, struct kvmi_err *err)
{
	uint8_t *p = calloc(2, (size_t)w->block);
	int r;

	if (p == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "no memory for headers"));
	main_header(w, p);
	sub_header(w, p + w->block);
	r = kvmi_sink_put(&w->c->sink, 0, p, 2 * (size_t)w->block, err);
	free(p);
	return (r);
}

/* The words of our bitmaps are the host's; in the file they are bytes. */
static int
put_bitmap(struct writer *w, const uint64_t *bits, uint64_t off,
    struct kvmi_err *err)
{
	uint64_t words = w->c->pages.npages / 64 + 1;
	uint64_t left = w->bitmap_blocks / 2 * w->block;
	uint8_t buf[8192];

	for (uint64_t at = 0; left > 0;) {
		size_t n = (size_t)kvmi_min(left, sizeof(buf));
		int r;

		memset(buf, 0, sizeof(buf));
		for (size_t i = 0; i < n / 8 && at < words; i++)
			kvmi_put64(buf + 8 * i, bits[at++], false);
		r = kvmi_sink_put(&w->c->sink, off, buf, n, err);
		if (r != 0)
			return (r);
		off += n;
		left -= n;
	}
	return (0);
}

static int
flush_descs(struct writer *w, struct kvmi_err *err)
{
	int r = kvmi_sink_put(&w->c->sink, w->desc_off + w->desc_done * DESC,
	    w->desc, (size_t)w->ndesc * DESC, err);

	w->desc_done += w->ndesc;
	w->ndesc = 0;
	return (r);
}

static int
put_desc(struct writer *w, uint64_t off, uint32_t len, uint32_t flag,
    struct kvmi_err *err)
{
	uint8_t *d = w->desc + w->ndesc++ * DESC;

	kvmi_put64(d, off, w->big);
	kvmi_put32(d + 8, len, w->big);
	kvmi_put32(d + 12, flag, w->big);
	kvmi_put64(d + 16, 0, w->big);
	return (w->ndesc == DESCS_AT_ONCE ? flush_descs(w, err) : 0);
}

static int
put_page(void *arg, const struct kvmi_packed *page, struct kvmi_err *err)
{
	struct writer *w = arg;
	uint64_t off = w->data_off;
	int r;

	if (page->lost) {
		/* As makedumpfile when its disk was full. */
		w->lost = true;
		return (put_desc(w, 0, 0, 0, err));
	}
	if (page->zero && w->zero_off != 0)
		return (put_desc(w, w->zero_off, page->len, 0, err));
	if (page->zero)
		w->zero_off = off;
	r = kvmi_sink_put(&w->c->sink, off, page->p, page->len, err);
	w->data_off += page->len;
	return (r != 0 ? r : put_desc(w, off, page->len, page->flag, err));
}

int
kvmi_convert_kdump(struct kvmi_convert *c, struct kvmi_err *err)
{
	struct writer *w = calloc(1, sizeof(*w));
	uint64_t bytes = c->pages.npages / 8 + (c->pages.npages % 8 != 0), one;
	uint64_t bitmaps;
	int r;

	if (w == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "out of memory"));
	w->c = c;
	w->big = c->k->big_endian;
	w->word = c->k->arch != NULL ? c->k->arch->pointer_size : 8;
	w->padded = c->k->arch == NULL || c->k->arch->elf_machine != EM_386;
	w->block = UINT64_C(1) << c->pages.shift;
	w->sub_blocks = 1 + (c->notes_len + w->block - 1) / w->block;
	one = (bytes + w->block - 1) / w->block;
	w->bitmap_blocks = 2 * one;
	bitmaps = (1 + w->sub_blocks) * w->block;
	w->desc_off = bitmaps + w->bitmap_blocks * w->block;
	w->data_off = w->desc_off + c->pages.ndump * DESC;
	r = put_headers(w, err);
	if (r == 0)
		r = kvmi_sink_put(&c->sink, 2 * w->block, c->notes,
		    c->notes_len, err);
	if (r == 0)
		r = put_bitmap(w, c->pages.ram, bitmaps, err);
	if (r == 0)
		r = put_bitmap(w, c->pages.dump, bitmaps + one * w->block, err);
	if (r == 0)
		r = kvmi_pool_run(c, c->codec, put_page, w);
	if (r == 0)
		r = flush_descs(w, err);
	/* That pages are missing is known only now. */
	if (r == 0 && w->lost)
		r = put_headers(w, err);
	free(w);
	return (r);
}
