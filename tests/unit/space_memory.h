/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory with page tables, in files of several kinds, and what lies where. */
#ifndef SPACE_MEMORY_H
#define SPACE_MEMORY_H

#include <unistd.h>

#include "build_flattened.h"
#include "space/space.h"
#include "util.h"

#define PAGE	4096
#define MB2	(UINT64_C(1) << 21)
#define BASE	UINT64_C(0xffff888000000000)
#define LAST	(UINT64_MAX - 0xfff)

/* Physical memory: 64 pages, 512 more at 2 MiB, some left out behind these. */
#define LOW	64
#define BIG	512
#define BIG_PFN	512
#define EXCL_PFN (BIG_PFN + BIG)
#define NPAGES	(EXCL_PFN + 8)

/* Pages of their own: tables, and one with strings. */
#define L4	0x10
#define L3	0x11
#define L2	0x12
#define L1	0x13
#define TOP3	0x14
#define TOP2	0x15
#define TOP1	0x16
#define OTHER4	0x17
#define OTHER3	0x18
#define STRINGS	0x19

static const struct entry {
	uint64_t	pfn, index, v;
} entry[] = {
	{ L4, 273, L3 << 12 | 3 }, { L4, 511, TOP3 << 12 | 3 },
	{ L3, 0, L2 << 12 | 3 },
	{ L2, 0, L1 << 12 | 3 },
	{ L2, 1, BIG_PFN << 12 | 0x83 },
	{ L2, 2, 0x800000 | 3 },		/* a table that is not there */
	{ L2, 3, EXCL_PFN << 12 | 3 },		/* one that was left out */
	{ L1, 0, 0x1003 }, { L1, 1, 0x2003 },	/* neighbours */
	{ L1, 2, 0x20003 },
	{ L1, 4, 0x900003 },			/* no such memory */
	{ L1, 5, 0x3003 },
	{ L1, 6, EXCL_PFN << 12 | 3 },		/* left out */
	{ L1, 7, 0x4003 },
	{ L1, 8, STRINGS << 12 | 3 },
	{ L1, 511, 0x5003 },
	{ TOP3, 511, TOP2 << 12 | 3 }, { TOP2, 511, TOP1 << 12 | 3 },
	{ TOP1, 511, 0x7003 },
	{ OTHER4, 273, OTHER3 << 12 | 3 },
	{ OTHER3, 0, L1 << 12 | 3 },		/* L1 as a level 2 table */
};

static inline bool
page_of(uint64_t pfn, uint8_t *page)
{
	if (pfn < L4 || pfn > STRINGS)
		return (false);
	memset(page, 0, PAGE);
	for (size_t i = 0; i < KVMI_COUNT(entry); i++)
		if (entry[i].pfn == pfn)
			memcpy(page + 8 * entry[i].index, &entry[i].v, 8);
	if (pfn == STRINGS) {
		strcpy((char *)page + 0x100, "hello");
		memset(page + 0x200, 'x', 0x100);
		strcpy((char *)page + 0xff0, "to the end!end!");
		memcpy(page + 0xffb, "nonul", 5);
	}
	return (true);
}

static inline void
fill_page(uint64_t pfn, uint8_t *page)
{
	if (!page_of(pfn, page))
		mkimage_fill(page, PAGE, pfn * PAGE);
}

static uint8_t states[NPAGES];

static inline int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < NPAGES; i++)
		states[i] = i < LOW || (i >= BIG_PFN && i < EXCL_PFN) ?
		    UTIL_STORED : i >= EXCL_PFN ? UTIL_EXCLUDED : UTIL_ABSENT;
	return (0);
}

static inline void
make_elf(struct bytes *b)
{
	const struct util_elf e = { 0 };
	const struct util_phdr ph[] = {
		{ 1, 0x1000, 0, 0, LOW * PAGE, LOW * PAGE },
		{ 1, 0x1000 + LOW * PAGE, 0, BIG_PFN * PAGE, BIG * PAGE,
		    (BIG + 8) * PAGE },
	};

	util_elf(b, &e, ph, KVMI_COUNT(ph));
	bytes_fill(b, 0, 0x1000 - b->len + (LOW + BIG) * PAGE);
	for (uint64_t i = 0; i < LOW + BIG; i++)
		fill_page(i < LOW ? i : i - LOW + BIG_PFN,
		    b->p + 0x1000 + i * PAGE);
}

/* A flattened file of odd records, so that pages are in pieces. */
static inline void
make_flattened(struct bytes *b)
{
	make_elf(b);
	flatten(b, 12345);
}

static inline void
make_kdump(struct bytes *b, uint32_t flags)
{
	const struct util_kdump k = { .version = 6, .npages = NPAGES,
		.state = states, .flags = flags, .page = page_of };

	util_kdump(b, &k);
}

enum store { ELF, ELF_PIECES, ELF_READ, FLAT, KDUMP_RAW, KDUMP_ZLIB,
	ELF_FILE };

static const struct { const char *name; enum store s; } store[] = {
	{ "ELF, mapped", ELF }, { "ELF, in pieces", ELF_PIECES },
	{ "ELF, read", ELF_READ }, { "flattened", FLAT },
	{ "kdump, raw", KDUMP_RAW }, { "kdump, zlib", KDUMP_ZLIB },
	{ "ELF, a file", ELF_FILE },
};

static inline struct kvmi_image *
open_store(enum store s)
{
	struct util_src_opts o = { .piece = UINT64_MAX };
	struct bytes b = { 0 };
	struct kvmi_image *img;
	int fd;

	switch (s) {
	case ELF_PIECES:
		o.piece = 5000;
		make_elf(&b);
		break;
	case ELF_READ:
		o.piece = 0;
		make_elf(&b);
		break;
	case FLAT:
		make_flattened(&b);
		break;
	case KDUMP_RAW:
		make_kdump(&b, 0);
		break;
	case KDUMP_ZLIB:
		make_kdump(&b, 1);
		break;
	default:
		make_elf(&b);
		break;
	}
	if (s == ELF_FILE) {
		fd = util_file(b.p, b.len);
		img = util_image("file", util_file_src(fd));
		close(fd);
	} else {
		img = util_image("bytes", util_src(b.p, b.len, &o));
	}
	bytes_free(&b);
	return (img);
}

static inline struct kvmi_space
space_of(struct kvmi_image *img)
{
	return ((struct kvmi_space){ .ops = &kvmi_space_paged, .img = img,
		.paging = { .arch = &kvmi_arch_x86_64, .levels = 4,
		.root_pa = L4 * PAGE } });
}

/* What lies at BASE and from there on, page by page; at LAST as well. */
static inline int
truth(uint64_t va, uint64_t *pa)
{
	uint64_t in = va - BASE, i = in / PAGE;

	if (va >= LAST)
		return (*pa = 0x7000 + (va - LAST), 0);
	if (in >= MB2 && in < 2 * MB2)
		return (*pa = BIG_PFN * PAGE + (in - MB2), 0);
	if (in >= 2 * MB2 && in < 4 * MB2)
		return (KVMI_ENOTINDUMP);
	if (in >= 4 * MB2)
		return (KVMI_ENOTMAPPED);
	for (size_t n = 0; n < KVMI_COUNT(entry); n++)
		if (entry[n].pfn == L1 && entry[n].index == i) {
			*pa = (entry[n].v & ~UINT64_C(0xfff)) + in % PAGE;
			return (*pa / PAGE >= EXCL_PFN ? KVMI_ENOTINDUMP : 0);
		}
	return (KVMI_ENOTMAPPED);
}

/* The bytes that should come of it, and then what. */
static inline int
expected(uint64_t va, uint8_t *buf, size_t len, size_t *done)
{
	uint8_t page[PAGE];

	for (*done = 0; *done < len;) {
		uint64_t at = va + *done, pa;
		size_t step = (size_t)kvmi_min(PAGE - at % PAGE, len - *done);
		int r = at < va ? KVMI_ENOTMAPPED : truth(at, &pa);

		if (r != 0)
			return (r);
		fill_page(pa / PAGE, page);
		memcpy(buf + *done, page + pa % PAGE, step);
		*done += step;
	}
	return (0);
}

/* true: as it should be. */
static inline bool
read_is_right(const struct kvmi_space *s, struct kvmi_cx *cx, uint64_t va,
    size_t len)
{
	uint8_t *want = malloc(2 * len + 1), *got = want + len;
	size_t n, done = 12345;
	int code = expected(va, want, len, &n);
	bool ok;
	char hex[24];

	cx->err.text[0] = '\0';
	ok = kvmi_space_read(s, cx, va, got, len, &done) == code &&
	    done == n && memcmp(want, got, n) == 0;
	snprintf(hex, sizeof(hex), "0x%" PRIx64, va + n);
	if (code != 0 && va + n >= va && ok)
		ok = cx->err.code == code && strstr(cx->err.text, hex) != NULL;
	free(want);
	return (ok);
}

static inline uint64_t
random_va(uint64_t *rnd)
{
	uint64_t r = util_random(rnd);

	switch (r % 8) {
	case 0:
		return (LAST + r / 8 % PAGE);
	case 1:
		return (BASE + MB2 + r / 8 % (4 * MB2));
	case 2:
		return (BASE + MB2 + r / 8 % MB2);
	default:
		return (BASE + r / 8 % (10 * PAGE));
	}
}

#endif
