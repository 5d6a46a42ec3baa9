/* SPDX-License-Identifier: BSD-2-Clause */
#include "build_flattened.h"
#include "util.h"

#include <time.h>
#include <unistd.h>

extern const struct kvmi_image_ops kvmi_image_flattened;

#define MAX	(1 << 16)

/* The record's bytes: what the file made of them has there. */
static void
record(struct bytes *b, uint64_t off, size_t len, const uint8_t *content)
{
	flattened_record(b, (int64_t)off, (int64_t)len);
	bytes_put(b, content, len);
}

static int
wrap(const struct bytes *b, size_t len, uint64_t piece, struct kvmi_src **ret,
    struct kvmi_err *err)
{
	const struct util_src_opts o = { .piece = piece };

	return (kvmi_image_flattened.wrap(util_src(b->p, len, &o), NULL, ret, err));
}

/* What the source presents is content, all ways of reading. */
static void
check_content(const char *name, struct kvmi_src *s, const uint8_t *content,
    size_t len, uint64_t *rnd)
{
	uint8_t *all = malloc(len + 1);
	struct kvmi_err err = { 0 };

	UTIL_EQ(name, s->size, len);
	UTIL_FAILS(name, kvmi_src_read(s, 0, all, len, "all", &err), 0, &err);
	UTIL_TRUE(name, memcmp(all, content, len) == 0);
	UTIL_FAILS(name, s->ops->read(s, 0, all, len, &err), 0, &err);
	UTIL_TRUE(name, memcmp(all, content, len) == 0);
	for (int i = 0; i < 200 && len > 0; i++) {
		uint64_t off = util_random(rnd) % len, run = 0;
		size_t n = util_random(rnd) % (len - off) % 300 + 1;
		const uint8_t *p;

		n = (size_t)kvmi_min(n, len - off);
		UTIL_FAILS(name, kvmi_src_read(s, off, all, n, "part", &err),
		    0, &err);
		UTIL_TRUE(name, memcmp(all, content + off, n) == 0);
		UTIL_FAILS(name, s->ops->read(s, off, all, n, &err), 0, &err);
		UTIL_TRUE(name, memcmp(all, content + off, n) == 0);
		p = s->ops->map(s, off, &run);
		if (p == NULL)
			continue;
		UTIL_TRUE(name, run > 0 && run <= len - off);
		UTIL_TRUE(name, memcmp(p, content + off, (size_t)run) == 0);
	}
	UTIL_FAILS(name, kvmi_src_read(s, len, all, 1, "more", &err),
	    KVMI_ETRUNC, &err);
	free(all);
}

struct piece {
	uint64_t	off;
	size_t		len;
};

static void
test_orders(void **state)
{
	static const struct {
		const char *name;
		struct piece piece[6];
		bool end;
	} row[] = {
		{ "one record", { { 0, 1000 } }, true },
		{ "in order", { { 0, 100 }, { 100, 50 }, { 150, 7 } }, true },
		{ "out of order", { { 150, 7 }, { 0, 100 }, { 100, 50 } },
		    true },
		{ "with gaps", { { 10, 20 }, { 100, 50 }, { 1000, 1 } },
		    true },
		{ "the same again", { { 0, 100 }, { 0, 100 } }, true },
		{ "the middle again", { { 0, 100 }, { 40, 20 } }, true },
		{ "the beginning again", { { 0, 100 }, { 0, 20 } }, true },
		{ "the end again, and more", { { 0, 100 }, { 90, 20 } },
		    true },
		{ "all again, and more", { { 50, 10 }, { 0, 100 } }, true },
		{ "thrice", { { 0, 100 }, { 20, 60 }, { 40, 20 },
		    { 45, 10 } }, true },
		{ "a gap filled later", { { 0, 10 }, { 20, 10 }, { 10, 10 } },
		    true },
		{ "no end record", { { 0, 100 }, { 100, 50 } }, false },
		{ "bytes", { { 3, 1 }, { 1, 1 }, { 2, 1 }, { 0, 1 } }, true },
	};
	static const uint64_t way[] = { UINT64_MAX, 64, 0 };
	uint64_t rnd = 23;

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++)
		for (size_t w = 0; w < KVMI_COUNT(way); w++) {
			static uint8_t content[MAX];
			uint8_t data[1000];
			size_t size = 0;
			struct bytes b = { 0 };
			struct kvmi_src *s;
			struct kvmi_err err = { 0 };

			memset(content, 0, sizeof(content));
			flattened_header(&b);
			for (size_t p = 0; p < 6 && row[i].piece[p].len != 0;
			    p++) {
				const struct piece *x = &row[i].piece[p];

				for (size_t j = 0; j < x->len; j++)
					data[j] = (uint8_t)util_random(&rnd);
				record(&b, x->off, x->len, data);
				memcpy(content + x->off, data, x->len);
				if (x->off + x->len > size)
					size = (size_t)x->off + x->len;
			}
			if (row[i].end)
				flattened_record(&b, -1, -1);
			UTIL_FAILS(row[i].name, wrap(&b, b.len, way[w], &s,
			    &err), 0, &err);
			check_content(row[i].name, s, content, size, &rnd);
			UTIL_EQ(row[i].name, s->truncated, !row[i].end);
			UTIL_STR(row[i].name, s->wrapping, "flattened");
			UTIL_STR(row[i].name, s->name, "input");
			kvmi_src_close(s);
			bytes_free(&b);
		}
}

/* Records anywhere, later ones over earlier ones: the file is the last word. */
static void
test_random(void **state)
{
	uint64_t rnd = 29;

	(void)state;
	for (int round = 0; round < 400; round++) {
		static uint8_t content[MAX], data[MAX];
		size_t n = util_random(&rnd) % 60 + 1, size = 0;
		size_t world = round % 2 ? 500 : 20000;
		struct bytes b = { 0 };
		struct kvmi_src *s;
		struct kvmi_err err = { 0 };

		memset(content, 0, sizeof(content));
		flattened_header(&b);
		for (size_t i = 0; i < n; i++) {
			size_t off = util_random(&rnd) % world;
			size_t len = util_random(&rnd) % (world / 3) + 1;

			for (size_t j = 0; j < len; j++)
				data[j] = (uint8_t)util_random(&rnd);
			record(&b, off, len, data);
			memcpy(content + off, data, len);
			if (off + len > size)
				size = off + len;
		}
		flattened_record(&b, -1, -1);
		/* Behind the end nothing counts. */
		record(&b, 0, 100, data);
		UTIL_FAILS("random", wrap(&b, b.len, UINT64_MAX, &s, &err), 0,
		    &err);
		check_content("random", s, content, size, &rnd);
		UTIL_EQ("whole", s->truncated, false);
		kvmi_src_close(s);
		bytes_free(&b);
	}
}

static void
test_bad(void **state)
{
	static const struct {
		const char *name;
		int64_t off, len;
		int want;
	} row[] = {
		{ "size 0", 100, 0, KVMI_EFORMAT },
		{ "size -1", 100, -1, KVMI_EFORMAT },
		{ "size -2^63", 100, INT64_MIN, KVMI_EFORMAT },
		{ "offset -1", -1, 10, KVMI_EFORMAT },
		{ "offset -2^63", INT64_MIN, 10, KVMI_EFORMAT },
		{ "beyond 2^63", INT64_MAX, 10, KVMI_EFORMAT },
		{ "up to 2^63 - 1", INT64_MAX - 10, 10, 0 },
		{ "the largest size", 0, INT64_MAX, 0 },
		{ "the largest size from 1 on", 1, INT64_MAX, KVMI_EFORMAT },
	};
	static const uint8_t ten[10] = "0123456789";

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct bytes b = { 0 };
		struct kvmi_src *s = NULL;
		struct kvmi_err err = { 0 };
		char at[20];
		int64_t half = row[i].off == -1 || row[i].len == -1;

		flattened_header(&b);
		record(&b, 0, 10, ten);
		flattened_record(&b, row[i].off, row[i].len);
		bytes_put(&b, ten, 10);
		flattened_record(&b, -1, -1);
		UTIL_FAILS(row[i].name, wrap(&b, b.len, UINT64_MAX, &s, &err),
		    row[i].want, &err);
		if (row[i].want != 0) {
			snprintf(at, sizeof(at), "0x%x", 4096 + 26);
			UTIL_TRUE(row[i].name, strstr(err.text, at) != NULL ||
			    half);
		}
		kvmi_src_close(s);
		bytes_free(&b);
	}
}

static void
test_header(void **state)
{
	static const struct {
		const char *name;
		size_t at;
		uint64_t v;
		int want;
	} row[] = {
		{ "as it is", 16, 1, 0 },
		{ "type 0", 16, 0, KVMI_ENOTSUP },
		{ "type 2", 16, 2, KVMI_ENOTSUP },
		{ "the largest type", 16, UINT64_MAX, KVMI_ENOTSUP },
		{ "version 0", 24, 0, KVMI_ENOTSUP },
		{ "version 2", 24, 2, KVMI_ENOTSUP },
		{ "little-endian", 16, UINT64_C(1) << 56, KVMI_ENOTSUP },
		{ "filling that is not zero", 32, UINT64_MAX, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct bytes b = { 0 };
		struct kvmi_src *s = NULL;
		struct kvmi_err err = { 0 };

		flattened_header(&b);
		bytes_poke(&b, row[i].at, row[i].v, 8);
		record(&b, 0, 3, (const uint8_t *)"abc");
		flattened_record(&b, -1, -1);
		UTIL_FAILS(row[i].name, wrap(&b, b.len, UINT64_MAX, &s, &err),
		    row[i].want, &err);
		kvmi_src_close(s);
		bytes_free(&b);
	}
}

/* Cut at each byte: what was written up to there, and known to be cut. */
static void
test_cut(void **state)
{
	static uint8_t content[600];
	struct bytes b = { 0 };
	size_t last = 0;

	(void)state;
	mkimage_fill(content, sizeof(content), 0);
	flattened_header(&b);
	record(&b, 0, 200, content);
	record(&b, 400, 200, content + 400);
	record(&b, 200, 200, content + 200);
	flattened_record(&b, -1, -1);
	for (size_t len = 4096; len <= b.len; len++) {
		struct kvmi_src *s = NULL;
		struct kvmi_err err = { 0 };
		uint8_t buf[600];

		UTIL_FAILS("cut", wrap(&b, len, UINT64_MAX, &s, &err), 0,
		    &err);
		UTIL_EQ("cut", s->truncated, len < b.len);
		UTIL_TRUE("no smaller", s->size >= last);
		last = (size_t)s->size;
		kvmi_src_read(s, 0, buf, last, "all", &err);
		for (size_t i = 0; i < last; i++)
			UTIL_TRUE("right or not yet there",
			    buf[i] == content[i] || buf[i] == 0);
		kvmi_src_close(s);
	}
	UTIL_EQ("whole", last, 600);
	for (size_t len = 0; len < 4096; len += 13) {
		struct kvmi_image *img;
		struct kvmi_err err = { 0 };

		UTIL_FAILS("less than a header", kvmi_image_open(
		    util_bytes(&b, len), NULL, &img, &err), len < 16 ?
		    KVMI_EFORMAT : KVMI_ETRUNC, &err);
	}
	bytes_free(&b);
}

/* A dump inside, and where its bytes are in the file. */
static void
test_image(void **state)
{
	static const uint8_t states[20] = { 2, 2, 1, 0, 2, 2, 2, 2, 2, 2, 2,
		2, 2, 2, 2, 2, 2, 2, 2, 2 };
	const struct util_kdump k = { .version = 6, .npages = 20,
		.state = states };
	struct bytes inner = { 0 }, b = { 0 };
	struct kvmi_image *img;
	struct kvmi_extent e;
	struct kvmi_err err;
	uint64_t run;
	int64_t off;
	int code;

	(void)state;
	util_kdump(&inner, &k);
	flattened_header(&b);
	/* Odd records, so that pages and their neighbours are cut apart. */
	for (size_t at = 0; at < inner.len; at += 1500)
		record(&b, at, (size_t)kvmi_min(1500, inner.len - at),
		    inner.p + at);
	flattened_record(&b, -1, -1);
	img = util_image("flattened", util_bytes(&b, b.len));
	UTIL_STR("format", img->format, "kdump-compressed v6, flattened");
	UTIL_EQ("whole", img->truncated, false);
	for (uint64_t pfn = 0; pfn < 20; pfn++) {
		UTIL_TRUE("page", util_read_right(img, pfn * 4096, 4096, &code,
		    &err));
		UTIL_EQ("page", code, states[pfn] == 2 ? 0 : KVMI_ENOTINDUMP);
	}
	UTIL_EQ("locate", kvmi_image_locate(img, 0, &e, &err), 0);
	off = img->src->ops->file_off(img->src, e.off);
	UTIL_TRUE("where it is in the file", off > 0 &&
	    kvmi_image_ptr(img, &e, 0, &run) != NULL && run <= 1500 &&
	    mkimage_differs(b.p + off, (size_t)run, 0) == run);
	UTIL_EQ("behind the end", img->src->ops->file_off(img->src,
	    img->src->size), -1);
	kvmi_image_close(img);
	/* Cut: nothing is wrong that can be read. */
	for (size_t len = 4096; len < b.len; len += 777) {
		if (kvmi_image_open(util_bytes(&b, len), NULL, &img, &err) != 0)
			continue;
		UTIL_TRUE("known to be cut", img->truncated);
		for (uint64_t pfn = 0; pfn < 20; pfn++)
			UTIL_TRUE("right", util_read_right(img, pfn * 4096,
			    4096, &code, &err));
		kvmi_image_close(img);
	}
	bytes_free(&inner);
	bytes_free(&b);
}

/* Wrapped again and again: not without end. */
static void
test_nested(void **state)
{
	struct bytes b = { 0 };
	const struct util_elf e = { 0 };
	const struct util_phdr load = { 1, 0, 0, 0, 1, 1 };

	(void)state;
	util_elf(&b, &e, &load, 1);
	for (int depth = 1; depth <= 8; depth++) {
		struct bytes outer = { 0 };
		struct kvmi_image *img;
		struct kvmi_err err = { 0 };

		flattened_header(&outer);
		record(&outer, 0, b.len, b.p);
		flattened_record(&outer, -1, -1);
		bytes_free(&b);
		b = outer;
		if (kvmi_image_open(util_bytes(&b, b.len), NULL, &img, &err) == 0) {
			UTIL_TRUE("not too deep", depth <= 4);
			kvmi_image_close(img);
		} else {
			UTIL_TRUE("deep enough", depth > 4);
			UTIL_EQ("why", err.code, KVMI_EFORMAT);
		}
	}
	bytes_free(&b);
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((double)t.tv_sec + (double)t.tv_nsec / 1e9);
}

/*
 * A small file may present a huge one.  What it says of itself there must
 * cost neither the memory nor the time of the huge one.
 */
static void
test_bomb(void **state)
{
	enum { KDUMP, ELF_HEADERS, ELF_NOTES, MINI_BITMAP, MINI_AVAIL };
	static const struct { const char *name; int kind; } row[] = {
		{ "kdump with bitmaps of 2^44 bytes", KDUMP },
		{ "ELF with 2^47 bytes of program headers", ELF_HEADERS },
		{ "ELF with notes of 2^62 bytes", ELF_NOTES },
		{ "minidump with a bitmap of 4 GiB", MINI_BITMAP },
		{ "minidump with dump_avail of 4 GiB", MINI_AVAIL },
	};
	static const uint8_t states[1] = { 2 };
	const struct util_kdump k = { .version = 6, .npages = 1,
		.state = states };
	const struct util_elf e = { 0 };
	const struct util_phdr note = { 4, 0x1000, 0, 0,
		UINT64_C(1) << 62, 0 };
	const struct util_minidump m = { .version = 3, .npages = 0 };

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct bytes inner = { 0 }, b = { 0 };
		struct kvmi_image *img;
		struct kvmi_err err = { 0 };
		double start = seconds();
		int r;

		switch (row[i].kind) {
		case KDUMP:
			util_kdump(&inner, &k);
			bytes_poke(&inner, 436, UINT32_MAX, 4);
			bytes_poke(&inner, 4096 + 96, UINT64_C(1) << 45, 8);
			break;
		case ELF_HEADERS:
			util_elf(&inner, &e, &note, 1);
			bytes_fill(&inner, 0, 4096);
			bytes_poke(&inner, 54, UINT16_MAX, 2);
			bytes_poke(&inner, 56, UINT16_MAX, 2);
			bytes_poke(&inner, 58, 64, 2);
			bytes_poke(&inner, 40, 1024, 8);
			bytes_poke(&inner, 1024 + 44, UINT32_MAX, 4);
			break;
		case ELF_NOTES:
			util_elf(&inner, &e, &note, 1);
			break;
		case MINI_BITMAP:
			util_minidump(&inner, &m, NULL);
			bytes_poke(&inner, 32, UINT32_MAX - 7, 4);
			break;
		case MINI_AVAIL:
			util_minidump(&inner, &m, NULL);
			bytes_poke(&inner, 64, UINT32_MAX - 15, 4);
			break;
		}
		flattened_header(&b);
		record(&b, 0, inner.len, inner.p);
		record(&b, UINT64_C(1) << 62, 1, (const uint8_t *)"x");
		flattened_record(&b, -1, -1);
		r = kvmi_image_open(util_bytes(&b, b.len), NULL, &img, &err);
		if (r == 0)
			kvmi_image_close(img);
		UTIL_TRUE(row[i].name, r != 0 && err.text[0] != '\0');
		UTIL_TRUE(row[i].name, seconds() - start < 0.5);
		bytes_free(&inner);
		bytes_free(&b);
	}
}

/* The file shrinks while it is presented. */
static void
test_shrinks(void **state)
{
	static uint8_t content[40000];
	struct bytes b = { 0 };
	struct kvmi_src *s;
	struct kvmi_err err = { 0 };
	uint8_t buf[100];
	int fd;

	(void)state;
	mkimage_fill(content, sizeof(content), 0);
	flattened_header(&b);
	record(&b, 0, sizeof(content), content);
	flattened_record(&b, -1, -1);
	fd = util_file(b.p, b.len);
	UTIL_FAILS("open", kvmi_image_flattened.wrap(util_file_src(fd), NULL, &s,
	    &err), 0, &err);
	UTIL_EQ("shrink", ftruncate(fd, 8192), 0);
	UTIL_FAILS("what is left", kvmi_src_read(s, 1000, buf, 100, "x", &err),
	    0, &err);
	UTIL_TRUE("what is left", memcmp(buf, content + 1000, 100) == 0);
	UTIL_FAILS("what is gone", kvmi_src_read(s, 20000, buf, 100, "x",
	    &err), KVMI_ETRUNC, &err);
	kvmi_src_close(s);
	close(fd);
	bytes_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_image),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_shrinks),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
