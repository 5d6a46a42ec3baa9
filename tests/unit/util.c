/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

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

struct kvmi_image *
util_image(const char *name, struct kvmi_src *src)
{
	struct kvmi_image *img;
	struct kvmi_err err;

	if (kvmi_image_open(src, NULL, &img, &err) != 0)
		fail_msg("%s: %s", name, err.text);
	return (img);
}

uint64_t
util_open_errors(const struct bytes *b)
{
	int r = KVMI_ESYS;
	uint64_t n = 0;

	while (r != 0) {
		const struct util_src_opts o = { .reads = ++n };
		struct kvmi_image *img;
		struct kvmi_err err;

		r = kvmi_image_open(util_src(b->p, b->len, &o), NULL, &img,
		    &err);
		UTIL_FAILS("open", r, r == 0 ? 0 : KVMI_ESYS, &err);
		if (r == 0)
			kvmi_image_close(img);
	}
	return (n);
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
