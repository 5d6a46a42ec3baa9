/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

#include <sys/mman.h>
#include <unistd.h>

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

static size_t checks;

void
util_eq(const char *file, int line, const char *name, const char *what,
    int64_t got, int64_t want)
{
	checks++;
	if (got == want)
		return;
	print_error("%s: %s is %" PRId64 " (0x%" PRIx64 "), wanted %" PRId64
	    " (0x%" PRIx64 ")\n", name, what, got, (uint64_t)got, want,
	    (uint64_t)want);
	_fail(file, line);
}

void
util_true(const char *file, int line, const char *name, const char *what,
    bool ok)
{
	checks++;
	if (ok)
		return;
	print_error("%s: not true: %s\n", name, what);
	_fail(file, line);
}

void
util_str(const char *file, int line, const char *name, const char *what,
    const char *got, const char *want)
{
	checks++;
	if (strcmp(got, want) == 0)
		return;
	print_error("%s: %s is \"%s\", wanted \"%s\"\n", name, what, got,
	    want);
	_fail(file, line);
}

void
util_fails(const char *file, int line, const char *name, const char *what,
    int got, int want, const struct kvmi_err *err)
{
	checks++;
	if (got == want && (want == 0 ||
	    (err->code == want && err->text[0] != '\0')))
		return;
	print_error("%s: %s is %d (\"%s\", code %d), wanted %d\n", name, what,
	    got, err->text, err->code, want);
	_fail(file, line);
}

int
util_report(void **state)
{
	(void)state;
	print_message("%zu checks\n", checks);
	return (0);
}

uint64_t
util_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state);
}

struct odd {
	struct kvmi_src	 src;
	uint8_t		*p;
	struct util_src_opts o;
	uint64_t	 nreads;
};

static const uint8_t *
odd_map(struct kvmi_src *s, uint64_t off, uint64_t *run)
{
	struct odd *d = (struct odd *)s;

	if (d->o.piece == 0 || off >= s->size)
		return (NULL);
	*run = kvmi_min(d->o.piece - off % d->o.piece, s->size - off);
	return (d->p + off);
}

static int
odd_read(struct kvmi_src *s, uint64_t off, void *buf, size_t n,
    struct kvmi_err *err)
{
	struct odd *d = (struct odd *)s;

	if (d->o.reads != 0 && d->nreads++ >= d->o.reads)
		return (kvmi_fail(err, KVMI_ESYS, "read %" PRIu64 " fails",
		    d->nreads));
	if (!kvmi_inside(off, n, s->size))
		abort();	/* the caller has to check */
	memcpy(buf, d->p + off, n);
	return (0);
}

static int64_t
odd_file_off(struct kvmi_src *s, uint64_t off)
{
	(void)s;
	return ((int64_t)off);
}

static int
odd_close(struct kvmi_src *s)
{
	free(((struct odd *)s)->p);
	free(s);
	return (0);
}

static const struct kvmi_src_ops odd_ops = {
	.map = odd_map,
	.read = odd_read,
	.file_off = odd_file_off,
	.close = odd_close,
};

struct kvmi_src *
util_src(const void *p, size_t len, const struct util_src_opts *o)
{
	struct odd *d = calloc(1, sizeof(*d));

	if (d == NULL || (d->p = malloc(len == 0 ? 1 : len)) == NULL)
		abort();
	if (len > 0)
		memcpy(d->p, p, len);
	d->o = *o;
	d->src.ops = &odd_ops;
	d->src.name = "input";
	d->src.size = len;
	d->src.volatile_ = o->live;
	return (&d->src);
}

struct kvmi_src *
util_bytes(const struct bytes *b, size_t len)
{
	static const struct util_src_opts plain = { .piece = UINT64_MAX };

	return (util_src(b->p, len, &plain));
}

int
util_file(const void *p, size_t len)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	if (fd < 0)
		fail_msg("memfd_create");
	for (size_t at = 0; at < len;) {
		ssize_t n = pwrite(fd, (const char *)p + at, len - at,
		    (off_t)at);

		if (n <= 0)
			fail_msg("write");
		at += (size_t)n;
	}
	return (fd);
}

struct kvmi_src *
util_file_src(int fd)
{
	struct kvmi_src *s;
	struct kvmi_err err;

	if (kvmi_file_open(dup(fd), "image", &s, &err) != 0)
		fail_msg("%s", err.text);
	return (s);
}

struct kvmi_image *
util_image(const char *name, struct kvmi_src *src)
{
	struct kvmi_image *img;
	struct kvmi_err err;

	if (kvmi_image_open(src, NULL, &img, &err) != 0)
		fail_msg("%s: %s", name, err.text);
	return (img);
}

void
util_note(struct bytes *b, const char *name, uint32_t namesz, uint32_t type,
    const void *desc, uint32_t descsz)
{
	bytes_uint(b, namesz, 4);
	bytes_uint(b, descsz, 4);
	bytes_uint(b, type, 4);
	bytes_put(b, name, namesz);
	bytes_align(b, 4);
	bytes_put(b, desc, descsz);
	bytes_align(b, 4);
}

static void
put_phdr(struct bytes *b, const struct util_elf *e,
    const struct util_phdr *ph)
{
	unsigned int w = e->is32 ? 4 : 8;

	bytes_uint(b, ph->type, 4);
	if (!e->is32)
		bytes_uint(b, 7, 4);
	bytes_uint(b, ph->off, w);
	bytes_uint(b, ph->vaddr, w);
	bytes_uint(b, ph->paddr, w);
	bytes_uint(b, ph->filesz, w);
	bytes_uint(b, ph->memsz, w);
	if (e->is32)
		bytes_uint(b, 7, 4);
	bytes_uint(b, 0, w);
}

void
util_elf(struct bytes *b, const struct util_elf *e,
    const struct util_phdr *ph, size_t n)
{
	unsigned int w = e->is32 ? 4 : 8;

	b->big_endian = e->big_endian;
	bytes_put(b, "\177ELF", 4);
	bytes_uint(b, e->is32 ? 1 : 2, 1);
	bytes_uint(b, e->big_endian ? 2 : 1, 1);
	bytes_uint(b, 1, 1);
	bytes_fill(b, 0, 9);
	bytes_uint(b, e->type == 0 ? 4 : e->type, 2);
	bytes_uint(b, e->machine == 0 ? 62 : e->machine, 2);
	bytes_uint(b, 1, 4);
	bytes_uint(b, 0, w);
	bytes_uint(b, e->is32 ? 52 : 64, w);
	bytes_uint(b, 0, w);
	bytes_uint(b, e->flags, 4);
	bytes_uint(b, e->is32 ? 52 : 64, 2);
	bytes_uint(b, e->is32 ? 32 : 56, 2);
	bytes_uint(b, n, 2);
	bytes_uint(b, 0, 6);
	for (size_t i = 0; i < n; i++)
		put_phdr(b, e, &ph[i]);
}

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

void
util_walk_extents(const char *name, struct kvmi_image *img, uint64_t from,
    uint64_t to, void (*fn)(const char *name, struct kvmi_image *img,
    const struct kvmi_extent *e, void *arg), void *arg)
{
	struct kvmi_extent e;
	struct kvmi_err err;
	uint64_t pa = from;

	for (;;) {
		if (kvmi_image_locate(img, pa, &e, &err) != 0)
			fail_msg("%s: 0x%" PRIx64 ": %s", name, pa, err.text);
		UTIL_TRUE(name, e.len > 0);
		UTIL_TRUE(name, pa >= e.start && pa - e.start < e.len);
		UTIL_TRUE(name, e.len - 1 <= UINT64_MAX - e.start);
		if (fn != NULL)
			fn(name, img, &e, arg);
		if (e.len - 1 >= to - e.start)
			return;
		pa = e.start + e.len;
	}
}

bool
util_read_right(struct kvmi_image *img, uint64_t pa, size_t len, int *code,
    struct kvmi_err *err)
{
	uint8_t *buf = malloc(len + 1);
	size_t done;
	bool ok;

	if (buf == NULL)
		abort();
	checks++;
	err->text[0] = '\0';
	*code = kvmi_image_read(img, pa, buf, len, &done, err);
	ok = done <= len && mkimage_differs(buf, done, pa) == done &&
	    (*code == 0 ? done == len : err->text[0] != '\0');
	free(buf);
	return (ok);
}
