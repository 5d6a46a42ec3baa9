/* SPDX-License-Identifier: BSD-2-Clause */
/* kdump files, written from the writer's side of the format. */
#include "util.h"

#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif
#ifdef HAVE_LZO
#include <lzo/lzo1x.h>
#endif
#ifdef HAVE_SNAPPY
#include <snappy-c.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#define PAGE	4096

size_t
util_compress(uint32_t flag, const void *src, size_t len, void *dst,
    size_t cap)
{
	size_t n = cap;

	(void)src;
	(void)len;
	(void)dst;
	switch (flag) {
#ifdef HAVE_LIBDEFLATE
	case 0x1: {
		struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);

		n = libdeflate_zlib_compress(c, src, len, dst, cap);
		libdeflate_free_compressor(c);
		return (n);
	}
#endif
#ifdef HAVE_LZO
	case 0x2: {
		static uint8_t work[LZO1X_1_MEM_COMPRESS]
		    __attribute__((aligned(16)));
		lzo_uint m = cap;

		if (cap < len + len / 16 + 64 + 3 || lzo1x_1_compress(src,
		    len, dst, &m, work) != LZO_E_OK)
			return (0);
		return (m);
	}
#endif
#ifdef HAVE_SNAPPY
	case 0x4:
		return (snappy_compress(src, len, dst, &n) == SNAPPY_OK ? n :
		    0);
#endif
#ifdef HAVE_ZSTD
	case 0x20:
		n = ZSTD_compress(dst, cap, src, len, 1);
		return (ZSTD_isError(n) ? 0 : n);
#endif
	default:
		(void)n;
		return (0);
	}
}

static uint32_t
bitmap_blocks(const struct util_kdump *k, uint32_t bs)
{
	uint64_t bytes = (k->npages + 7) / 8;

	return ((uint32_t)((bytes + bs - 1) / bs));
}

struct util_kdump_layout
util_kdump_layout(const struct util_kdump *k)
{
	uint32_t bs = k->block_size != 0 ? k->block_size : PAGE;
	uint32_t one = bitmap_blocks(k, bs);
	struct util_kdump_layout l = { .sub = bs };

	/* The notes and the text take one block behind the sub header. */
	l.bitmap1 = (size_t)bs * (k->version >= 3 ? 3 : 2);
	l.bitmap2 = l.bitmap1 + (k->one_bitmap ? 0 : (size_t)one * bs);
	l.desc = l.bitmap2 + (size_t)one * bs;
	for (uint64_t i = 0; i < k->npages; i++)
		if (k->state[i] == UTIL_STORED && (k->split == 0 ||
		    (i >= k->start_pfn && i < k->end_pfn)))
			l.ndesc++;
	return (l);
}

static void
pad_to(struct bytes *b, size_t len)
{
	if (b->len < len)
		bytes_fill(b, 0, len - b->len);
}

static void
kdump_header(struct bytes *b, const struct util_kdump *k, uint32_t bs)
{
	const char *const uts[] = { "Linux", "node", k->unnamed ? "" : "6.1.0",
		"#1 SMP", k->machine != NULL ? k->machine : "x86_64",
		"(none)" };
	unsigned int w = k->is32 ? 4 : 8;

	bytes_put(b, "KDUMP   ", 8);
	bytes_uint(b, (uint32_t)k->version, 4);
	for (size_t i = 0; i < KVMI_COUNT(uts); i++) {
		size_t at = b->len;

		bytes_put(b, uts[i], strlen(uts[i]));
		pad_to(b, at + 65);
	}
	pad_to(b, k->is32 ? 404 : 408);
	bytes_uint(b, 1700000000, w);
	bytes_uint(b, 0, w);
	bytes_uint(b, k->flags | k->status, 4);
	bytes_uint(b, bs, 4);
	bytes_uint(b, k->version >= 3 ? 2 : 1, 4);
	bytes_uint(b, bitmap_blocks(k, bs) * (k->one_bitmap ? 1 : 2), 4);
	bytes_uint(b, k->npages, 4);
	pad_to(b, bs);
}

static void
kdump_sub(struct bytes *b, const struct util_kdump *k, uint32_t bs)
{
	unsigned int w = k->is32 ? 4 : 8;
	/* What aligns the 64-bit fields behind an odd number of longs. */
	unsigned int hole = k->is32 && k->padded ? 4 : 0;
	size_t info = k->info != NULL && k->version >= 3 ? strlen(k->info) :
	    0;
	size_t notes = k->notes != NULL && k->version >= 4 ? k->notes->len :
	    0;

	bytes_uint(b, k->phys_base, w);
	bytes_uint(b, 31, 4);		/* dump_level */
	bytes_uint(b, (uint32_t)k->split, 4);
	bytes_uint(b, k->start_pfn, w);
	bytes_uint(b, k->end_pfn, w);
	bytes_fill(b, 0, hole);
	bytes_uint(b, info != 0 ? 2 * bs : 0, 8);
	bytes_uint(b, info, w);
	bytes_fill(b, 0, hole);
	bytes_uint(b, notes != 0 ? 2 * bs + (info + 3) / 4 * 4 : 0, 8);
	bytes_uint(b, notes, w);
	bytes_fill(b, 0, hole);
	bytes_uint(b, 0, 8);		/* eraseinfo */
	bytes_uint(b, 0, w);
	bytes_fill(b, 0, hole);
	bytes_uint(b, k->start_pfn, 8);
	bytes_uint(b, k->end_pfn, 8);
	bytes_uint(b, k->npages, 8);
	pad_to(b, 2 * (size_t)bs);
	if (info != 0)
		bytes_put(b, k->info, info);
	bytes_align(b, 4);
	if (notes != 0)
		bytes_put(b, k->notes->p, notes);
}

static void
kdump_bitmap(struct bytes *b, const struct util_kdump *k, uint32_t bs,
    uint8_t least)
{
	size_t at = b->len;

	bytes_fill(b, 0, (size_t)bitmap_blocks(k, bs) * bs);
	for (uint64_t i = 0; i < k->npages; i++)
		if (k->state[i] >= least)
			b->p[at + i / 8] |= (uint8_t)(1u << i % 8);
}

void
util_kdump(struct bytes *b, const struct util_kdump *k)
{
	uint32_t bs = k->block_size != 0 ? k->block_size : PAGE;
	struct util_kdump_layout l = util_kdump_layout(k);
	uint8_t *page = malloc(bs), *packed = malloc(2 * (size_t)bs + 1024);
	size_t i = 0;

	if (page == NULL || packed == NULL)
		abort();
	b->big_endian = k->big_endian;
	kdump_header(b, k, bs);
	kdump_sub(b, k, bs);
	pad_to(b, l.bitmap1);
	if (!k->one_bitmap)
		kdump_bitmap(b, k, bs, UTIL_EXCLUDED);
	kdump_bitmap(b, k, bs, UTIL_STORED);
	bytes_fill(b, 0, l.ndesc * 24);
	for (uint64_t pfn = 0; pfn < k->npages; pfn++) {
		size_t at = l.desc + i * 24, n;
		uint32_t flags = k->flags;

		if (k->state[pfn] != UTIL_STORED || (k->split != 0 &&
		    (pfn < k->start_pfn || pfn >= k->end_pfn)))
			continue;
		if (k->page == NULL || !k->page(pfn, page))
			mkimage_fill(page, bs, pfn * bs);
		n = flags != 0 ? util_compress(flags, page, bs, packed,
		    2 * (size_t)bs + 1024) : 0;
		if (n == 0 || n >= bs) {
			flags = 0;
			n = bs;
		}
		bytes_poke(b, at, b->len, 8);
		bytes_poke(b, at + 8, n, 4);
		bytes_poke(b, at + 12, flags, 4);
		bytes_put(b, flags != 0 ? packed : page, n);
		i++;
	}
	free(page);
	free(packed);
}
