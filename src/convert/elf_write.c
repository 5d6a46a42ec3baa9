/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ELF vmcore: notes, and a segment for each run of pages, with those left
 * out behind it as its tail without data (as makedumpfile -E).  ELF64 for
 * every machine, as the kernel writes /proc/vmcore where 32 bits may be few.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "convert/convert.h"

#define EHDR		64
#define PHDR		56
#define SHDR		64
#define ET_CORE		4
#define PT_LOAD		1
#define PT_NOTE		4
#define PN_XNUM		0xffff
#define INCOMPLETE	1		/* e_flags, as makedumpfile sets it */
#define MAX_LOADS	(1u << 24)

/* A hole in a segment pays only when it is large; makedumpfile's number. */
#define MIN_GAP		256

/*
 * makedumpfile 1.7 maps a segment whose data is page-aligned and then takes a
 * page that was left out for data behind it, or behind the end of the file.
 */
#define OFF_ALIGNMENT	16

struct writer {
	struct kvmi_convert *c;
	bool		 big;
	uint8_t		*head;		/* all headers */
	size_t		 head_len;
	uint64_t	 loads;
	uint64_t	 notes_off;
	uint64_t	 data_off;
	uint64_t	 at;		/* of the next page */
	uint64_t	 next;		/* pfn behind the last that was put */
	uint64_t	 waiting;	/* pages of zeros behind it */
	bool		 drop;		/* leave zeros out */
	bool		 holes;		/* segments end in pages left out */
	bool		 lost;
};

static void
put16(const struct writer *w, uint8_t *p, uint16_t v)
{
	p[w->big ? 1 : 0] = (uint8_t)v;
	p[w->big ? 0 : 1] = (uint8_t)(v >> 8);
}

static void
put_phdr(const struct writer *w, uint64_t i, uint32_t type, uint64_t off,
    uint64_t pa, uint64_t filesz, uint64_t memsz)
{
	uint8_t *p = w->head + EHDR + i * PHDR;

	kvmi_put32(p, type, w->big);
	kvmi_put32(p + 4, type == PT_LOAD ? 7 : 0, w->big);
	kvmi_put64(p + 8, off, w->big);
	kvmi_put64(p + 16, pa, w->big);	/* as QEMU: what it is mapped at */
	kvmi_put64(p + 24, pa, w->big);	/* is for the page tables to say */
	kvmi_put64(p + 32, filesz, w->big);
	kvmi_put64(p + 40, memsz, w->big);
	kvmi_put64(p + 48, type == PT_LOAD ? 0 : 4, w->big);
}

/*
 * Each segment in turn: pages that are written, then pages that are not.
 * Without w->head they are only counted.
 */
static int
put_loads(struct writer *w, struct kvmi_err *err)
{
	const struct kvmi_pageset *s = &w->c->pages;
	uint64_t off = w->data_off;

	w->loads = 0;
	for (uint64_t pfn = 0; pfn < s->npages;) {
		bool ram, dumped;
		uint64_t end = pfn + kvmi_pageset_run(s, s->ram, pfn, &ram);

		while (ram && pfn < end) {
			uint64_t n = 0, left = 0;

			n = kvmi_min(kvmi_pageset_run(s, s->dump, pfn,
			    &dumped), end - pfn);
			if (!dumped) {
				left = n;
				n = 0;
			} else if (pfn + n < end) {
				left = kvmi_min(kvmi_pageset_run(s, s->dump,
				    pfn + n, &dumped), end - pfn - n);
			}
			w->holes |= left != 0;
			if (++w->loads > MAX_LOADS)
				return (kvmi_fail(err, KVMI_ENOTSUP, "more than "
				    "%u segments; a kdump-compressed file has "
				    "room for them", MAX_LOADS));
			if (w->head != NULL)
				put_phdr(w, w->loads, PT_LOAD, n == 0 ? 0 : off,
				    pfn << s->shift, n << s->shift,
				    (n + left) << s->shift);
			off += n << s->shift;
			pfn += n + left;
		}
		pfn = end;
	}
	return (0);
}

static void
put_ehdr(const struct writer *w)
{
	const struct kvmi_arch *arch = w->c->k->arch;
	uint8_t *p = w->head;
	bool many = w->loads + 1 >= PN_XNUM;

	memcpy(p, "\177ELF\2", 5);
	p[5] = w->big ? 2 : 1;
	p[6] = 1;
	put16(w, p + 16, ET_CORE);
	put16(w, p + 18, arch != NULL ? arch->elf_machine : 0);
	kvmi_put32(p + 20, 1, w->big);
	kvmi_put64(p + 32, EHDR, w->big);
	kvmi_put32(p + 48, w->lost ? INCOMPLETE : 0, w->big);
	put16(w, p + 52, EHDR);
	put16(w, p + 54, PHDR);
	put16(w, p + 56, many ? PN_XNUM : (uint16_t)(w->loads + 1));
	if (!many)
		return;
	kvmi_put64(p + 40, EHDR + (w->loads + 1) * PHDR, w->big);
	put16(w, p + 58, SHDR);
	put16(w, p + 60, 1);
	kvmi_put32(p + EHDR + (w->loads + 1) * PHDR + 44,
	    (uint32_t)(w->loads + 1), w->big);
}

/* p NULL: zeros, which in a file's gap are there. */
static int
put_bytes(struct writer *w, const uint8_t *p, struct kvmi_err *err)
{
	size_t size = (size_t)1 << w->c->pages.shift;
	int r = 0;

	if (p != NULL)
		r = kvmi_sink_put(&w->c->sink, w->at, p, size, err);
	w->at += size;
	return (r);
}

/*
 * Before page pfn: the zeros that are waiting are dropped where they, and what
 * is left out around them, make a gap that pays.
 */
static int
end_zeros(struct writer *w, uint64_t pfn, struct kvmi_err *err)
{
	uint8_t *zeros = NULL;
	int r = 0;

	if (w->waiting == 0)
		return (0);
	if (pfn - w->next >= MIN_GAP) {
		kvmi_pageset_drop(&w->c->pages, w->next, pfn);
		w->waiting = 0;
		return (0);
	}
	if (w->c->sink.flattened) {
		zeros = calloc(1, (size_t)1 << w->c->pages.shift);
		if (zeros == NULL)
			return (kvmi_fail(err, KVMI_ENOMEM, "no memory for a "
			    "page"));
	}
	for (; r == 0 && w->waiting > 0; w->waiting--)
		r = put_bytes(w, zeros, err);
	free(zeros);
	return (r);
}

static int
put_page(void *arg, const struct kvmi_packed *page, struct kvmi_err *err)
{
	struct writer *w = arg;
	int r;

	if (page->zero && !page->lost && w->drop) {
		w->waiting++;
		return (0);
	}
	r = end_zeros(w, page->pfn, err);
	if (r != 0)
		return (r);
	w->next = page->pfn + 1;
	/* Lost pages become zeros, and e_flags says so. */
	w->lost |= page->lost;
	return (put_bytes(w, (page->zero || page->lost) &&
	    !w->c->sink.flattened ? NULL : page->p, err));
}

static int
put_head(struct writer *w, struct kvmi_err *err)
{
	put_ehdr(w);
	return (kvmi_sink_put(&w->c->sink, 0, w->head, w->head_len, err));
}

/* Where the data begins when there are loads segments. */
static void
place_data(struct writer *w, uint64_t loads)
{
	uint64_t page = UINT64_C(1) << w->c->pages.shift;

	w->notes_off = EHDR + (loads + 1) * PHDR +
	    (loads + 1 >= PN_XNUM ? SHDR : 0);
	w->data_off = (w->notes_off + w->c->notes_len + page - 1) / page *
	    page + (w->holes || w->drop ? OFF_ALIGNMENT : 0);
	w->at = w->data_off;
}

/*
 * No more segments than that can come of zeros that are dropped: a new one
 * behind each MIN_GAP of them, and one at the start of each stretch of memory.
 */
static uint64_t
most_loads(const struct writer *w)
{
	return (w->drop ? 2 * w->loads + w->c->pages.ndump / MIN_GAP + 1 :
	    w->loads);
}

static int
make_head(struct writer *w, struct kvmi_err *err)
{
	int r;

	w->head_len = EHDR + (size_t)(w->loads + 1) * PHDR +
	    (w->loads + 1 >= PN_XNUM ? SHDR : 0);
	w->head = calloc(1, w->head_len);
	if (w->head == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "no memory for %" PRIu64
		    " program headers", w->loads));
	r = put_loads(w, err);
	put_phdr(w, 0, PT_NOTE, w->notes_off, 0, w->c->notes_len,
	    w->c->notes_len);
	return (r);
}

/* Which zeros are dropped is known when all pages have been seen. */
static int
put_data(struct writer *w, struct kvmi_err *err)
{
	struct kvmi_convert *c = w->c;
	int r;

	r = kvmi_sink_put(&c->sink, w->notes_off, c->notes, c->notes_len, err);
	if (r == 0)
		r = kvmi_pool_run(c, NULL, put_page, w);
	if (r == 0)
		r = end_zeros(w, c->pages.npages, err);
	kvmi_pageset_count(&c->pages);
	return (r);
}

int
kvmi_convert_elf(struct kvmi_convert *c, struct kvmi_err *err)
{
	struct writer w = { .c = c, .big = c->k->big_endian,
		.drop = (c->o->kc_exclude & KVM_EXCLUDE_ZERO) != 0 };
	int r;

	kvmi_pageset_fill_gaps(&c->pages, MIN_GAP);
	r = put_loads(&w, err);
	if (r != 0)
		return (r);
	place_data(&w, most_loads(&w));
	if (!w.drop)
		r = make_head(&w, err);
	/* A stream begins with its headers, where they are known. */
	if (r == 0 && !w.drop)
		r = put_head(&w, err);
	if (r == 0)
		r = put_data(&w, err);
	if (r == 0 && w.drop)
		r = put_loads(&w, err);
	if (r == 0 && w.drop)
		r = make_head(&w, err);
	if (r == 0 && (w.drop || w.lost))
		r = put_head(&w, err);
	/* The last pages may be zeros that nobody wrote. */
	if (r == 0 && !c->sink.flattened)
		r = kvmi_sink_size(&c->sink, w.at, err);
	free(w.head);
	return (r);
}
