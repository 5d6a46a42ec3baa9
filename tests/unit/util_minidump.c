/* SPDX-License-Identifier: BSD-2-Clause */
/* Minidumps of FreeBSD. */
#include "util.h"

#define PAGE	4096

/* The physical page of a bit; what implied_range() implies without ranges. */
static uint64_t
pfn_of_bit(const struct util_minidump *m, uint64_t bit)
{
	if (m->avail == NULL)
		return (bit);
	for (const uint64_t *a = m->avail; a[1] != 0; a += 2) {
		uint64_t n = (a[1] + PAGE - 1) / PAGE - a[0] / PAGE;

		if (bit < n)
			return (a[0] / PAGE + bit);
		bit -= n;
	}
	return (UINT64_MAX);
}

void
util_minidump(struct bytes *b, const struct util_minidump *m,
    util_page_fn *page)
{
	size_t navail = 0, at, bitmap_len = (size_t)((m->npages + 63) / 64 * 8);
	uint8_t buf[PAGE];

	for (const uint64_t *a = m->avail; a != NULL && a[1] != 0; a += 2)
		navail++;
	bytes_put(b, m->magic != NULL ? m->magic :
	    "minidump FreeBSD/amd64\0", 24);
	bytes_uint(b, m->version, 4);
	bytes_uint(b, m->msgbuf != NULL ? strlen(m->msgbuf) : 0, 4);
	bytes_uint(b, bitmap_len, 4);
	bytes_uint(b, m->nentries * 8, 4);
	bytes_uint(b, m->kernbase, 8);
	bytes_uint(b, m->dmap_start, 8);
	bytes_uint(b, m->dmap_end, 8);
	if (m->version >= 3)
		bytes_uint(b, m->avail != NULL ? (navail + 1) * 16 : 0, 4);
	bytes_align(b, PAGE);
	if (m->msgbuf != NULL)
		bytes_put(b, m->msgbuf, strlen(m->msgbuf));
	bytes_align(b, PAGE);
	for (size_t i = 0; m->version >= 3 && m->avail != NULL &&
	    i < 2 * (navail + 1); i++)
		bytes_uint(b, m->avail[i], 8);
	bytes_align(b, PAGE);
	at = b->len;
	bytes_fill(b, 0, bitmap_len);
	for (uint64_t i = 0; i < m->npages; i++)
		if (m->stored[i])
			b->p[at + i / 8] |= (uint8_t)(1u << i % 8);
	bytes_align(b, PAGE);
	for (size_t i = 0; i < m->nentries; i++)
		bytes_uint(b, m->entry[i], 8);
	bytes_align(b, PAGE);
	for (uint64_t i = 0; i < m->npages; i++) {
		uint64_t pfn = pfn_of_bit(m, i);

		if (!m->stored[i])
			continue;
		if (page == NULL || !page(pfn, buf))
			mkimage_fill(buf, PAGE, pfn * PAGE);
		bytes_put(b, buf, PAGE);
	}
}
