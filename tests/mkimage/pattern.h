/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The content of every plain page in an image made by tests/mkimage.
 *
 * A page is 512 words of 64 bits; word i of physical page pfn is a function of
 * (pfn, i) alone, so a test can say of any byte it reads whether it came from
 * the right place.  Words lie in memory least significant byte first, whatever
 * the byte order of the image's machine.  Pages are 4096 bytes here even where
 * the image has another page size: a 16 KiB page is four consecutive pfns.
 *
 *	mix(n):	z = (n + 1) * 0x9e3779b97f4a7c15	golden ratio, odd
 *		z = z ^ (z >> 32)
 *		z = z * 0x243f6a8885a308d3		pi, odd
 *		z = z ^ (z >> 32)
 *
 * all modulo 2^64.  mix() is a bijection, so no two words of one kind are equal.
 * A dump must also hold pages that compress and pages of zeros; pfn decides:
 *
 *	pfn % 64 == 63		zero	word i = 0
 *	pfn % 8 == 5		runs	word i = 0x0101010101010101 *
 *					    (mix(pfn * 512 + (i & ~63)) & 0xff)
 *	pfn % 8 == 1		period	word i = mix(pfn * 512 + (i & 63))
 *	any other		full	word i = mix(pfn * 512 + i)
 */
#ifndef MKIMAGE_PATTERN_H
#define MKIMAGE_PATTERN_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t
mkimage_mix(uint64_t n)
{
	uint64_t z = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z ^= z >> 32;
	z *= UINT64_C(0x243f6a8885a308d3);
	return z ^ z >> 32;
}

/* Word i (0..511) of physical page pfn. */
static inline uint64_t
mkimage_word(uint64_t pfn, unsigned i)
{
	if (pfn % 64 == 63)
		return 0;
	if (pfn % 8 == 5)
		return UINT64_C(0x0101010101010101) *
		    (mkimage_mix(pfn * 512 + (i & ~63U)) & 0xff);
	if (pfn % 8 == 1)
		return mkimage_mix(pfn * 512 + (i & 63));
	return mkimage_mix(pfn * 512 + i);
}

/* The byte at physical address pa. */
static inline unsigned char
mkimage_byte(uint64_t pa)
{
	return (unsigned char)(mkimage_word(pa >> 12, (unsigned)(pa >> 3 & 511)) >>
	    (pa & 7) * 8);
}

/* Fill buf with the len bytes at physical address pa. */
static inline void
mkimage_fill(void *buf, size_t len, uint64_t pa)
{
	unsigned char *p = buf;
	uint64_t w = 0;

	for (size_t i = 0; i < len; i++, pa++) {
		if (i == 0 || (pa & 7) == 0)
			w = mkimage_word(pa >> 12, (unsigned)(pa >> 3 & 511));
		p[i] = (unsigned char)(w >> (pa & 7) * 8);
	}
}

/* Index of the first of len bytes that is not what lies at pa, or len. */
static inline size_t
mkimage_differs(const void *buf, size_t len, uint64_t pa)
{
	const unsigned char *p = buf;
	uint64_t w = 0;

	for (size_t i = 0; i < len; i++, pa++) {
		if (i == 0 || (pa & 7) == 0)
			w = mkimage_word(pa >> 12, (unsigned)(pa >> 3 & 511));
		if (p[i] != (unsigned char)(w >> (pa & 7) * 8))
			return i;
	}
	return len;
}

#endif
