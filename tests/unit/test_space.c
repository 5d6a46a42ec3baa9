/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtual reads: through page tables in an image, however it is stored. */
#include "util.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "image/minidump.h"
#include "os/freebsd/freebsd.h"
#include "space/space.h"

#define PAGE	4096
#define MB2	(UINT64_C(1) << 21)
#define BASE	UINT64_C(0xffff888000000000)
#define LAST	(UINT64_MAX - 0xfff)
#define THREADS	8

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

static bool
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

static void
fill_page(uint64_t pfn, uint8_t *page)
{
	if (!page_of(pfn, page))
		mkimage_fill(page, PAGE, pfn * PAGE);
}

static uint8_t states[NPAGES];

static int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < NPAGES; i++)
		states[i] = i < LOW || (i >= BIG_PFN && i < EXCL_PFN) ?
		    UTIL_STORED : i >= EXCL_PFN ? UTIL_EXCLUDED : UTIL_ABSENT;
	return (0);
}

static void
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
static void
make_flattened(struct bytes *b)
{
	struct bytes inner = { 0 };

	make_elf(&inner);
	b->big_endian = true;
	bytes_put(b, "makedumpfile\0\0\0\0", 16);
	bytes_uint(b, 1, 8);
	bytes_uint(b, 1, 8);
	bytes_fill(b, 0, 4096 - b->len);
	for (size_t at = 0; at < inner.len; at += 12345) {
		size_t n = (size_t)kvmi_min(12345, inner.len - at);

		bytes_uint(b, at, 8);
		bytes_uint(b, n, 8);
		bytes_put(b, inner.p + at, n);
	}
	bytes_uint(b, UINT64_MAX, 8);
	bytes_uint(b, UINT64_MAX, 8);
	bytes_free(&inner);
}

static void
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

static struct kvmi_image *
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

static struct kvmi_space
space_of(struct kvmi_image *img)
{
	return ((struct kvmi_space){ .ops = &kvmi_space_paged, .img = img,
		.paging = { .arch = &kvmi_arch_x86_64, .levels = 4,
		.root_pa = L4 * PAGE } });
}

/* What lies at BASE and from there on, page by page; at LAST as well. */
static int
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
static int
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
static bool
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

static const struct {
	const char *name;
	uint64_t va;
	size_t len;
} row[] = {
	{ "a byte", BASE, 1 }, { "a word", BASE + 8, 8 },
	{ "nothing", BASE, 0 }, { "nothing in a hole", BASE + 0x3000, 0 },
	{ "the last byte of a page", BASE + 0xfff, 1 },
	{ "across neighbours", BASE + 0xffc, 8 },
	{ "across pages that are no neighbours", BASE + 0x1ffc, 8 },
	{ "three pages", BASE, 0x3000 },
	{ "into a hole", BASE + 0x2ffc, 8 },
	{ "a hole", BASE + 0x3000, 8 },
	{ "the same hole again", BASE + 0x3abc, 8 },
	{ "no such memory", BASE + 0x4000, 8 },
	{ "no such memory again", BASE + 0x4010, 8 },
	{ "out of a hole", BASE + 0x4ffc, 8 },
	{ "left out", BASE + 0x6000, 8 },
	{ "left out, again", BASE + 0x6fff, 1 },
	{ "into what was left out", BASE + 0x5ff8, 16 },
	{ "the last entry of a table", BASE + 0x1ff000, 0x1000 },
	{ "into the large page", BASE + MB2 - 8, 16 },
	{ "the large page", BASE + MB2, 0x200000 },
	{ "its last byte", BASE + 2 * MB2 - 1, 1 },
	{ "out of it", BASE + 2 * MB2 - 8, 16 },
	{ "below a table that is not there", BASE + 2 * MB2 + 5, 8 },
	{ "below a table that was left out", BASE + 3 * MB2 + 5, 8 },
	{ "below no table", BASE + 4 * MB2 + 5, 8 },
	{ "the last page", LAST, PAGE },
	{ "the last byte of all", UINT64_MAX, 1 },
	{ "beyond it", UINT64_MAX, 2 },
	{ "a page beyond it", LAST, PAGE + 1 },
	{ "not canonical", UINT64_C(1) << 47, 8 },
	{ "page 0", 0, 8 },
};

static void
test_rows(void **state)
{
	struct kvmi_cx *cx = kvmi_cx_new();

	(void)state;
	for (size_t n = 0; n < KVMI_COUNT(store); n++) {
		struct kvmi_image *img = open_store(store[n].s);
		struct kvmi_space s = space_of(img);

		kvmi_space_flush(cx);
		/* Cold, warm, and each on its own. */
		for (int round = 0; round < 3; round++)
			for (size_t i = 0; i < KVMI_COUNT(row); i++) {
				char name[120];

				snprintf(name, sizeof(name), "%s, %s, %d",
				    store[n].name, row[i].name, round);
				if (round == 2)
					kvmi_space_flush(cx);
				UTIL_TRUE(name, read_is_right(&s, cx,
				    row[i].va, row[i].len));
			}
		kvmi_image_close(img);
	}
	kvmi_cx_free(cx);
}

static uint64_t
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

static void
test_random(void **state)
{
	struct kvmi_cx *cx = kvmi_cx_new();
	uint64_t rnd = 31;

	(void)state;
	for (size_t n = 0; n < KVMI_COUNT(store); n++) {
		struct kvmi_image *img = open_store(store[n].s);
		struct kvmi_space s = space_of(img);

		kvmi_space_flush(cx);
		for (int i = 0; i < 3000; i++) {
			uint64_t va = random_va(&rnd);
			size_t len = util_random(&rnd) % (i % 16 == 0 ?
			    20000 : 64);

			UTIL_TRUE(store[n].name, read_is_right(&s, cx, va,
			    len));
			if (i % 100 == 0)
				kvmi_space_flush(cx);
		}
		kvmi_image_close(img);
	}
	kvmi_cx_free(cx);
}

/* A hit gives the same bytes without a call; only where they are whole. */
static void
test_hit(void **state)
{
	struct kvmi_cx *cx = kvmi_cx_new();
	struct kvmi_image *img = open_store(ELF);
	struct kvmi_space s = space_of(img);
	const struct kvmi_tlb_entry *e;
	uint8_t buf[16];
	size_t done;

	(void)state;
	UTIL_TRUE("cold", kvmi_tlb_word(&cx->tlb, BASE) == NULL);
	kvmi_space_read(&s, cx, BASE, buf, 8, &done);
	e = kvmi_tlb_word(&cx->tlb, BASE + 16);
	UTIL_TRUE("warm", e != NULL && mkimage_differs(kvmi_tlb_host(e,
	    BASE + 16), 8, 0x1010) == 8);
	/* The two neighbours are one stretch. */
	e = kvmi_tlb_word(&cx->tlb, BASE + 0xffc);
	UTIL_TRUE("across", e != NULL && mkimage_differs(kvmi_tlb_host(e,
	    BASE + 0xffc), 8, 0x1ffc) == 8);
	kvmi_space_read(&s, cx, BASE + 0x1000, buf, 8, &done);
	UTIL_TRUE("just", kvmi_tlb_word(&cx->tlb, BASE + 0x1ff8) != NULL);
	UTIL_TRUE("over the end", kvmi_tlb_word(&cx->tlb, BASE + 0x1ff9) ==
	    NULL);
	kvmi_space_read(&s, cx, BASE + 0x3000, buf, 8, &done);
	UTIL_TRUE("a hole", kvmi_tlb_word(&cx->tlb, BASE + 0x3000) == NULL);
	/* A process has addresses of its own. */
	s.asid = 1;
	kvmi_space_flush(cx);
	kvmi_space_read(&s, cx, BASE, buf, 8, &done);
	UTIL_TRUE("not the kernel's", kvmi_tlb_word(&cx->tlb, BASE) == NULL);
	s.asid = 0;
	kvmi_space_read(&s, cx, BASE, buf, 8, &done);
	kvmi_space_flush(cx);
	UTIL_TRUE("flushed", kvmi_tlb_word(&cx->tlb, BASE) == NULL);
	kvmi_image_close(img);
	kvmi_cx_free(cx);
}

/* Two spaces of one thread do not mix. */
static void
test_asid(void **state)
{
	struct kvmi_cx *cx = kvmi_cx_new();
	struct kvmi_image *img = open_store(ELF);
	struct kvmi_space a = space_of(img), b = space_of(img);
	uint8_t buf[8];

	(void)state;
	b.asid = 1;
	b.paging.root_pa = OTHER4 * PAGE;
	for (int i = 0; i < 3; i++) {
		UTIL_TRUE("first", read_is_right(&a, cx, BASE, 8));
		/* There the page at 0x1000 is read as a table of pages. */
		UTIL_TRUE("second", kvmi_space_copy(&b, cx, BASE, buf, 8) !=
		    0 || mkimage_differs(buf, 8, 0x1000) != 8);
	}
	kvmi_image_close(img);
	kvmi_cx_free(cx);
}

/* Whatever was read along, a glance tells what a copy tells. */
static void
glances_are_right(enum store how, const char *name)
{
	struct kvmi_cx *cx = kvmi_cx_new();
	struct kvmi_image *img = open_store(how);
	struct kvmi_space s = space_of(img);
	uint8_t buf[700], want[sizeof(buf)];
	uint64_t rnd = 5;
	size_t done;

	for (int i = 0; i < 3000; i++) {
		uint64_t va = BASE + util_random(&rnd) % (9 * PAGE);
		size_t len = 1 + util_random(&rnd) % (i % 3 == 0 ?
		    sizeof(buf) : 24);
		int r = expected(va, want, len, &done);

		UTIL_EQ(name, kvmi_space_glance(&s, cx, va, buf, len), r);
		UTIL_TRUE(name, r != 0 || memcmp(buf, want, len) == 0);
		/* One that lies in what was read along. */
		va += len / 2;
		len -= len / 2;
		r = expected(va, want, len, &done);
		UTIL_EQ(name, kvmi_space_glance(&s, cx, va, buf, len), r);
		UTIL_TRUE(name, r != 0 || memcmp(buf, want, len) == 0);
	}
	kvmi_image_close(img);
	kvmi_cx_free(cx);
}

static void
test_glance(void **state)
{
	struct kvmi_cx *cx = kvmi_cx_new();
	struct kvmi_image *img = open_store(ELF);
	struct kvmi_space s = space_of(img);
	uint8_t buf[8];

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(store); i++)
		glances_are_right(store[i].s, store[i].name);
	UTIL_FAILS("glance", kvmi_space_glance(&s, cx, BASE, buf, 8), 0,
	    &cx->err);
	UTIL_TRUE("past the cache", kvmi_tlb_word(&cx->tlb, BASE) == NULL);
	UTIL_TRUE("kept", cx->glance.len > 8);
	kvmi_space_flush(cx);
	UTIL_EQ("flushed", cx->glance.len, 0);
	/* The addresses of a process are not the kernel's. */
	kvmi_space_glance(&s, cx, BASE, buf, 8);
	s.asid = 1;
	s.paging.root_pa = OTHER4 * PAGE;
	UTIL_TRUE("of a process", kvmi_space_glance(&s, cx, BASE, buf, 8) !=
	    0 || mkimage_differs(buf, 8, 0x1000) != 8);
	kvmi_image_close(img);
	kvmi_cx_free(cx);
}

static void
test_uint(void **state)
{
	struct kvmi_cx *cx = kvmi_cx_new();
	struct kvmi_image *img = open_store(ELF);
	struct kvmi_space s = space_of(img);

	(void)state;
	for (unsigned int size = 1; size <= 8; size++)
		for (int big = 0; big < 2; big++) {
			uint8_t raw[8];
			uint64_t v = 0, want = 0;

			mkimage_fill(raw, size, 0x1ffd);
			for (unsigned int i = 0; i < size; i++)
				want |= (uint64_t)raw[i] << 8 *
				    (big ? size - 1 - i : i);
			UTIL_FAILS("uint", kvmi_space_uint(&s, cx, BASE +
			    0xffd, size, big, &v), 0, &cx->err);
			UTIL_EQ("uint", v, want);
			v = 77;
			UTIL_FAILS("hole", kvmi_space_uint(&s, cx, BASE +
			    0x3000 - size + 1, size, big, &v),
			    KVMI_ENOTMAPPED, &cx->err);
			UTIL_EQ("hole", v, 77);
		}
	UTIL_FAILS("too large", kvmi_space_uint(&s, cx, BASE, 9, false,
	    &(uint64_t){ 0 }), KVMI_EFORMAT, &cx->err);
	UTIL_FAILS("far too large", kvmi_space_uint(&s, cx, BASE, UINT32_MAX,
	    false, &(uint64_t){ 0 }), KVMI_EFORMAT, &cx->err);
	kvmi_image_close(img);
	kvmi_cx_free(cx);
}

static void
test_string(void **state)
{
	static const struct {
		const char *name;
		uint64_t va;
		size_t len;
		int want;
		const char *text;
	} string[] = {
		{ "a string", BASE + 0x8100, 64, 0, "hello" },
		{ "just room", BASE + 0x8100, 6, 0, "hello" },
		{ "cut", BASE + 0x8100, 5, 0, "hell" },
		{ "no room", BASE + 0x8100, 1, 0, "" },
		{ "empty", BASE + 0x8106, 64, 0, "" },
		{ "a long one, cut", BASE + 0x8200, 9, 0, "xxxxxxxx" },
		{ "ends at a hole without a NUL", BASE + 0x8ffb, 64,
		    KVMI_ENOTMAPPED, "nonul" },
		{ "just to the hole", BASE + 0x8ffb, 6, 0, "nonul" },
		{ "a hole", BASE + 0x3000, 64, KVMI_ENOTMAPPED, "" },
		{ "left out", BASE + 0x6000, 64, KVMI_ENOTINDUMP, "" },
	};
	struct kvmi_cx *cx = kvmi_cx_new();

	(void)state;
	for (size_t n = 0; n < KVMI_COUNT(store); n++) {
		struct kvmi_image *img = open_store(store[n].s);
		struct kvmi_space s = space_of(img);

		kvmi_space_flush(cx);
		for (size_t i = 0; i < KVMI_COUNT(string); i++) {
			char buf[65];

			memset(buf, '#', sizeof(buf));
			UTIL_FAILS(string[i].name, kvmi_space_string(&s, cx,
			    string[i].va, buf, string[i].len),
			    string[i].want, &cx->err);
			UTIL_STR(string[i].name, buf, string[i].text);
			UTIL_TRUE(string[i].name, buf[string[i].len] == '#');
		}
		kvmi_image_close(img);
	}
	kvmi_cx_free(cx);
}

static void
test_translate(void **state)
{
	static const struct {
		const char *name;
		uint64_t va;
		int want;
		uint64_t start, len, pa;
	} r[] = {
		{ "neighbours", BASE + 0x1800, 0, BASE, 0x2000, 0x1000 },
		{ "alone", BASE + 0x2000, 0, BASE + 0x2000, 0x1000, 0x20000 },
		{ "not in the dump, but mapped", BASE + 0x4000, 0,
		    BASE + 0x4000, 0x1000, 0x900000 },
		{ "large", BASE + MB2 + 77, 0, BASE + MB2, MB2,
		    BIG_PFN * PAGE },
		{ "a hole", BASE + 0x3000, KVMI_ENOTMAPPED, BASE + 0x3000,
		    0x1000, 0 },
		{ "no table", BASE + 2 * MB2, KVMI_ENOTINDUMP,
		    BASE + 2 * MB2, MB2, 0 },
	};
	struct kvmi_image *img = open_store(ELF);
	struct kvmi_space s = space_of(img);

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(r); i++) {
		struct kvmi_mapping m;
		struct kvmi_err err = { 0 };

		UTIL_FAILS(r[i].name, kvmi_space_translate(&s, r[i].va, &m,
		    &err), r[i].want, &err);
		UTIL_EQ(r[i].name, m.va, r[i].start);
		UTIL_EQ(r[i].name, m.len, r[i].len);
		if (r[i].want == 0)
			UTIL_EQ(r[i].name, m.pa, r[i].pa);
	}
	kvmi_image_close(img);
}

/* Images that are read by virtual address. */
static void
test_segments(void **state)
{
	static const struct {
		const char *name;
		uint64_t va;
		size_t len, done;
		int want;
	} r[] = {
		{ "a word", BASE + 0x10, 8, 8, 0 },
		{ "all", BASE, 0x2000, 0x2000, 0 },
		{ "too many", BASE + 0x1ff0, 0x20, 0x10, KVMI_ENOTMAPPED },
		{ "before", BASE - 1, 2, 0, KVMI_ENOTMAPPED },
		{ "across segments", BASE + 0x3ff8, 16, 16, 0 },
		{ "nothing", 0, 0, 0, 0 },
		{ "the last byte", UINT64_MAX, 2, 0, KVMI_ENOTMAPPED },
	};
	const struct util_src_opts live = { .piece = UINT64_MAX,
		.live = true };
	const struct util_elf e = { 0 };
	const struct util_phdr ph[] = {
		{ 1, 0x1000, BASE, UINT64_MAX, 0x2000, 0x2000 },
		{ 1, 0x4000, BASE + 0x3000, UINT64_MAX, 0x1000, 0x1000 },
		{ 1, 0x5000, BASE + 0x4000, 0x77000, 0x1000, 0x1000 },
	};
	struct kvmi_cx *cx = kvmi_cx_new();
	struct bytes b = { 0 };
	struct kvmi_image *img;
	struct kvmi_mapping m;
	struct kvmi_space s;
	uint8_t buf[0x2000];

	(void)state;
	util_elf(&b, &e, ph, KVMI_COUNT(ph));
	bytes_fill(&b, 0, 0x6000 - b.len);
	mkimage_fill(b.p + 0x1000, 0x5000, 0);
	img = util_image("live", util_src(b.p, b.len, &live));
	s = (struct kvmi_space){ .ops = &kvmi_space_segments, .img = img };
	for (size_t i = 0; i < KVMI_COUNT(r); i++) {
		size_t done = 99;

		UTIL_FAILS(r[i].name, kvmi_space_read(&s, cx, r[i].va, buf,
		    r[i].len, &done), r[i].want, &cx->err);
		UTIL_EQ(r[i].name, done, r[i].done);
		UTIL_EQ(r[i].name, mkimage_differs(buf, done, r[i].va - BASE),
		    done);
		UTIL_TRUE(r[i].name, kvmi_tlb_word(&cx->tlb, r[i].va) ==
		    NULL);
	}
	UTIL_FAILS("translate", kvmi_space_translate(&s, BASE, &m, &cx->err),
	    KVMI_ENOTMAPPED, &cx->err);
	UTIL_EQ("translate", kvmi_space_translate(&s, BASE + 0x4008, &m,
	    &cx->err), 0);
	UTIL_EQ("translate", m.va, BASE + 0x4000);
	UTIL_EQ("translate", m.len, 0x1000);
	UTIL_EQ("translate", m.pa, 0x77000);
	kvmi_image_close(img);
	bytes_free(&b);
	kvmi_cx_free(cx);
}

/* FreeBSD's minidumps carry their tables beside the memory. */
#define KERN	UINT64_C(0xfffffe0000000000)
#define DMAP	UINT64_C(0xfffff80000000000)

static bool
mini_page(uint64_t pfn, uint8_t *page)
{
	static const uint64_t pte[] = { 0x1003, 0x2003, 0, 0x900003 };

	if (pfn != 5)
		return (false);
	memset(page, 0, PAGE);
	memcpy(page, pte, sizeof(pte));
	return (true);
}

static void
test_minidump(void **state)
{
	static const uint64_t ptes[512] = { 0x1003, 0x2003, 0, 0x900003 };
	static const uint64_t pdes[512] = { 0x5003, 0x200083, 0, 0x6003,
		0x900003 };
	static const struct {
		const char *name;
		uint64_t va;
		int want[2];		/* of version 1, of version 2 */
		uint64_t pa;
	} r[] = {
		{ "a page", KERN + 8, { 0, 0 }, 0x1008 },
		{ "the next", KERN + 0x1ffc, { 0, 0 }, 0x2ffc },
		{ "no entry", KERN + 0x2000, { KVMI_ENOTMAPPED,
		    KVMI_ENOTMAPPED }, 0 },
		{ "not in the dump", KERN + 0x3000, { KVMI_ENOTINDUMP,
		    KVMI_ENOTINDUMP }, 0 },
		{ "behind 512 entries", KERN + MB2 + 0x3008,
		    { KVMI_ENOTMAPPED, KVMI_ENOTINDUMP }, 0 },
		{ "a table not in the dump", KERN + 3 * MB2,
		    { KVMI_ENOTMAPPED, KVMI_ENOTINDUMP }, 0 },
		{ "a table that is no memory", KERN + 4 * MB2,
		    { KVMI_ENOTMAPPED, KVMI_ENOTINDUMP }, 0 },
		{ "behind the kernel map", KERN + (UINT64_C(1) << 30),
		    { KVMI_ENOTMAPPED, KVMI_ENOTMAPPED }, 0 },
		{ "the last address", UINT64_MAX - 7, { KVMI_ENOTMAPPED,
		    KVMI_ENOTMAPPED }, 0 },
		{ "direct map", DMAP + 0x2000, { 0, 0 }, 0x2000 },
		{ "direct map, left out", DMAP + 0x4000, { KVMI_ENOTINDUMP,
		    KVMI_ENOTINDUMP }, 0 },
		{ "direct map, its last word", KERN - (UINT64_C(2) << 40) - 8,
		    { KVMI_ENOTINDUMP, KVMI_ENOTINDUMP }, 0 },
		{ "behind the direct map", KERN - (UINT64_C(2) << 40),
		    { KVMI_ENOTMAPPED, KVMI_ENOTMAPPED }, 0 },
		{ "before the direct map", DMAP - 8, { KVMI_ENOTMAPPED,
		    KVMI_ENOTMAPPED }, 0 },
		{ "page 0", 0, { KVMI_ENOTMAPPED, KVMI_ENOTMAPPED }, 0 },
	};
	static uint8_t stored[64] = { 0, 1, 1, 1, 0, 1, 0, 1 };

	(void)state;
	for (uint32_t version = 1; version <= 2; version++) {
		const struct util_minidump m = { .version = version,
			.npages = 64, .stored = stored,
			.entry = version == 1 ? ptes : pdes, .nentries = 512,
			.kernbase = KERN, .dmap_start = DMAP,
			.dmap_end = KERN - (UINT64_C(2) << 40) };
		struct kvmi_cx *cx = kvmi_cx_new();
		struct bytes b = { 0 };
		struct kvmi_image *img;
		struct kvmi_space s;

		util_minidump(&b, &m, mini_page);
		img = util_image("minidump", util_bytes(&b, b.len));
		s = (struct kvmi_space){ .ops = &kvmi_freebsd_minidump_space,
			.img = img, .arg = img->minidump,
			.paging = { .arch = &kvmi_arch_x86_64 } };
		for (int round = 0; round < 2; round++)
			for (size_t i = 0; i < KVMI_COUNT(r); i++) {
				uint8_t buf[8];
				int want = r[i].want[version - 1];

				UTIL_FAILS(r[i].name, kvmi_space_copy(&s, cx,
				    r[i].va, buf, 4), want, &cx->err);
				UTIL_TRUE(r[i].name, want != 0 ||
				    mkimage_differs(buf, 4, r[i].pa) == 4);
			}
		kvmi_image_close(img);
		bytes_free(&b);
		kvmi_cx_free(cx);
	}
}

struct job {
	const struct kvmi_space *s;
	struct kvmi_threads *t;
	uint64_t	 seed;
	bool		 shrinks;
	atomic_uint	*wrong, *lost;
};

static void *
read_often(void *arg)
{
	struct job *j = arg;
	struct kvmi_cx *cx = kvmi_cx_get(j->t);
	uint8_t want[64], got[64];

	for (int i = 0; i < 10000; i++) {
		uint64_t va = random_va(&j->seed);
		size_t len = util_random(&j->seed) % 64, n, done;
		int code = expected(va, want, len, &n), r;

		if (!j->shrinks) {
			if (!read_is_right(j->s, cx, va, len))
				atomic_fetch_add(j->wrong, 1);
			continue;
		}
		r = kvmi_space_read(j->s, cx, va, got, len, &done);
		if (memcmp(got, want, done) != 0 || (r != KVMI_ETRUNC &&
		    (r != code || done != n)))
			atomic_fetch_add(j->wrong, 1);
		if (r == KVMI_ETRUNC)
			atomic_fetch_add(j->lost, 1);
	}
	return (NULL);
}

static void
run_threads(const char *name, struct kvmi_space *s, int fd, size_t size)
{
	atomic_uint wrong = 0, lost = 0;
	struct kvmi_threads t;
	struct job job[THREADS];
	pthread_t id[THREADS];

	UTIL_EQ(name, kvmi_threads_init(&t), 0);
	for (size_t i = 0; i < THREADS; i++) {
		job[i] = (struct job){ s, &t, i + 1, fd >= 0, &wrong, &lost };
		pthread_create(&id[i], NULL, read_often, &job[i]);
	}
	for (size_t left = size & ~(size_t)0xffff; fd >= 0 && left > 0x10000;
	    left -= 0x10000) {
		if (ftruncate(fd, (off_t)left) != 0)
			abort();
		usleep(1000);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(id[i], NULL);
	UTIL_EQ(name, wrong, 0);
	UTIL_EQ(name, lost > 0, fd >= 0);
	kvmi_threads_deinit(&t);
}

/* Eight threads read one space, and each has its own error. */
static void
test_threads(void **state)
{
	static const enum store which[] = { ELF, ELF_READ, FLAT, KDUMP_ZLIB,
		ELF_FILE };

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(which); i++) {
		struct kvmi_image *img = open_store(which[i]);
		struct kvmi_space s = space_of(img);

		run_threads(store[which[i]].name, &s, -1, 0);
		kvmi_image_close(img);
	}
}

/* The same while the file shrinks: right bytes, or "truncated". */
static void
test_shrinks(void **state)
{
	static const struct { const char *name; enum store s; } which[] = {
		{ "ELF", ELF }, { "flattened", FLAT }, { "kdump", KDUMP_ZLIB },
		{ "raw kdump", KDUMP_RAW },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(which); i++) {
		struct bytes b = { 0 };
		struct kvmi_image *img;
		struct kvmi_space s;
		int fd;

		if (which[i].s == ELF)
			make_elf(&b);
		else if (which[i].s == FLAT)
			make_flattened(&b);
		else
			make_kdump(&b, which[i].s == KDUMP_ZLIB);
		fd = util_file(b.p, b.len);
		img = util_image(which[i].name, util_file_src(fd));
		s = space_of(img);
		run_threads(which[i].name, &s, fd, b.len);
		kvmi_image_close(img);
		close(fd);
		bytes_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_hit),
		cmocka_unit_test(test_asid),
		cmocka_unit_test(test_glance),
		cmocka_unit_test(test_uint),
		cmocka_unit_test(test_string),
		cmocka_unit_test(test_translate),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_minidump),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_shrinks),
	};

	return (cmocka_run_group_tests(tests, setup, util_report));
}
