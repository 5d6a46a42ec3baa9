/* SPDX-License-Identifier: BSD-2-Clause */
/* Stand-alone dumps of s390, piece by piece. */
#ifndef BUILD_S390_H
#define BUILD_S390_H

#include "util.h"

#define BLOCK		4096
#define PAGES		64
#define END		((uint64_t)PAGES * BLOCK)
#define TOD		UINT64_C(0xd800000000000000)
#define MAGIC		UINT64_C(0xa8190173618f23fd)
#define MAGIC_EXTENDED	UINT64_C(0xa8190173618f23fe)
#define ENTRY		(4 * BLOCK)	/* the tools take 1 MiB */
#define PLAIN		0x80000000u

/* What is not zero, in pages. */
static const struct run {
	unsigned int	first, n;
} runs[] = { { 0, 4 }, { 8, 9 }, { 30, 10 }, { 60, 2 } };

#define NRUNS		KVMI_COUNT(runs)

/* Every other entry does not compress. */
static inline void
page(uint64_t pfn, uint8_t *p)
{
	uint64_t rnd = pfn + 1;
	bool zero = true;

	for (size_t i = 0; i < NRUNS; i++)
		zero &= pfn - runs[i].first >= runs[i].n;
	memset(p, zero ? 0 : (int)pfn + 1, BLOCK);
	for (size_t i = 0; !zero && pfn / 4 % 2 == 0 && i < BLOCK; i++)
		p[i] = (uint8_t)util_random(&rnd);
}

struct kind {
	bool		extended, many;
	unsigned int	volume;
	uint64_t	tod;		/* 0: the usual */
	uint32_t	entry;		/* compressed in these */
};

static inline void
header(struct bytes *b, const struct kind *k)
{
	size_t at = b->len;

	b->big_endian = true;
	bytes_uint(b, k->extended ? MAGIC_EXTENDED : MAGIC, 8);
	bytes_uint(b, k->extended ? 2 : 5, 4);
	bytes_uint(b, BLOCK, 4);
	bytes_uint(b, 4, 4);
	bytes_uint(b, BLOCK, 4);
	bytes_uint(b, END, 8);
	bytes_uint(b, 0, 8);
	bytes_uint(b, END, 8);
	bytes_uint(b, PAGES, 4);
	bytes_uint(b, 0, 4);
	bytes_uint(b, k->tod != 0 ? k->tod : TOD, 8);
	bytes_uint(b, 0xff, 8);
	bytes_uint(b, 2, 4);
	bytes_uint(b, k->volume, 4);
	bytes_uint(b, 2, 4);
	bytes_uint(b, END, 8);
	bytes_uint(b, k->many, 1);
	bytes_uint(b, 0x10001, 4);
	bytes_uint(b, k->entry != 0, 1);
	bytes_uint(b, k->entry, 4);
	bytes_fill(b, 0, at + 0x200 - b->len);
	bytes_uint(b, !k->many ? 0 : k->extended ? MAGIC_EXTENDED : MAGIC, 8);
	bytes_fill(b, 0, at + BLOCK - b->len);
}

static inline void
memory(struct bytes *b, uint64_t first, uint64_t n)
{
	uint8_t p[BLOCK];

	for (uint64_t pfn = first; pfn < first + n; pfn++) {
		page(pfn, p);
		bytes_put(b, p, BLOCK);
	}
}

static inline void
end_marker(struct bytes *b, uint64_t tod)
{
	bytes_put(b, "DUMP_END", 8);
	bytes_uint(b, tod, 8);
	bytes_fill(b, 0, BLOCK - 16);
}

/* A run in entries; what the buffer held before is behind each. */
static inline void
put_entries(struct bytes *b, size_t head, uint64_t first, uint64_t n)
{
	void *encoder = kvmi_codec_zlib.encoder_create();
	uint8_t plain[ENTRY], stored[ENTRY];
	size_t data = b->len;
	uint32_t count = 0;

	for (uint64_t pfn = first; pfn < first + n; pfn += 4, count++) {
		size_t pages = (size_t)kvmi_min(4, first + n - pfn);
		size_t len;
		uint32_t at = (uint32_t)((b->len - data) / BLOCK);

		for (size_t i = 0; i < pages; i++)
			page(pfn + i, plain + i * BLOCK);
		len = kvmi_codec_zlib.encode(encoder, plain, pages * BLOCK,
		    stored, pages * BLOCK - 1);
		if (len == 0) {
			at |= PLAIN;
			bytes_put(b, plain, pages * BLOCK);
		} else {
			bytes_put(b, stored, len);
			bytes_fill(b, 0xa5, -len % BLOCK);
		}
		bytes_poke(b, head + 0x34 + 4 * count, at, 4);
	}
	bytes_poke(b, head + 0x18, (b->len - data) / BLOCK, 4);
	bytes_poke(b, head + 0x30, count, 4);
	kvmi_codec_zlib.encoder_destroy(encoder);
}

static inline void
segment(struct bytes *b, const struct kind *k, uint64_t first, uint64_t n,
    bool last)
{
	size_t head = b->len;

	bytes_uint(b, first * BLOCK, 8);
	bytes_uint(b, n * BLOCK, 8);
	bytes_uint(b, last ? UINT64_MAX : 0, 8);
	bytes_fill(b, 0, head + BLOCK - b->len);
	if (k->entry != 0)
		put_entries(b, head, first, n);
	else
		memory(b, first, n);
}

/* What can be read is right; how many pages there are. */
static inline unsigned int
check_pages(const char *name, struct kvmi_image *img)
{
	uint8_t want[BLOCK], got[BLOCK];
	unsigned int n = 0;

	for (uint64_t pfn = 0; pfn < PAGES; pfn++) {
		struct kvmi_err err = { 0 };
		size_t done;
		int r = kvmi_image_read(img, pfn * BLOCK, got, BLOCK, &done,
		    &err);

		if (r == 0) {
			page(pfn, want);
			UTIL_TRUE(name, memcmp(got, want, BLOCK) == 0);
			n++;
		} else {
			UTIL_TRUE(name, (r == KVMI_ETRUNC ||
			    r == KVMI_EFORMAT) && err.text[0] != '\0');
		}
	}
	util_walk_extents(name, img, 0, UINT64_MAX, NULL, NULL);
	return (n);
}

#endif
