/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

#include <unistd.h>

#define ET_REL	1
#define PT_NOTE	4
#define PT_LOAD	1
#define NOTES	0x200		/* where the notes are, and the data */
#define DATA	0x400

static const struct {
	const char *name;
	bool is32, big_endian;
} shape[] = {
	{ "64-bit little-endian", false, false },
	{ "64-bit big-endian", false, true },
	{ "32-bit little-endian", true, false },
	{ "32-bit big-endian", true, true },
};

/*
 * Two pages at 0x1000; one at 0x10000 with two more left out behind it; half
 * a page at 0x20800, before the others in the file.
 */
static void
make(struct bytes *b, bool is32, bool big_endian, uint32_t flags)
{
	const struct util_elf e = { .is32 = is32, .big_endian = big_endian,
		.flags = flags };
	const struct util_phdr ph[] = {
		{ PT_NOTE, NOTES, 0, 0, 28, 28 },
		{ PT_LOAD, DATA + 0x800, 0x11000, 0x1000, 0x2000, 0x2000 },
		{ PT_LOAD, DATA + 0x2800, 0x110000, 0x10000, 0x1000, 0x3000 },
		{ PT_NOTE, NOTES + 0x40, 0, 0, 30, 30 },
		{ 0x6474e551, 0, 0, 0x5000, 0x1000, 0x1000 },	/* no matter */
		{ PT_LOAD, DATA, 0x120800, 0x20800, 0x800, 0x800 },
	};

	util_elf(b, &e, ph, KVMI_COUNT(ph));
	bytes_fill(b, 0, NOTES - b->len);
	util_note(b, "CORE", 5, 1, "01234567", 8);
	bytes_fill(b, 0, NOTES + 0x40 - b->len);
	util_note(b, "QEMU", 5, 0, "0123456789", 10);
	bytes_fill(b, 0, DATA - b->len);
	bytes_fill(b, 0, 0x3800);
	mkimage_fill(b->p + DATA, 0x800, 0x20800);
	mkimage_fill(b->p + DATA + 0x800, 0x2000, 0x1000);
	mkimage_fill(b->p + DATA + 0x2800, 0x1000, 0x10000);
}

static const struct {
	const char *name;
	uint64_t pa;
	size_t len;
	int want;
} read_row[] = {
	{ "first page", 0x1000, 0x1000, 0 },
	{ "across two pages", 0x1ff0, 0x20, 0 },
	{ "both pages", 0x1000, 0x2000, 0 },
	{ "last byte", 0x2fff, 1, 0 },
	{ "one before", 0xfff, 1, KVMI_ENOTINDUMP },
	{ "one behind", 0x3000, 1, KVMI_ENOTINDUMP },
	{ "one too many", 0x1000, 0x2001, KVMI_ENOTINDUMP },
	{ "half a page", 0x20800, 0x800, 0 },
	{ "before the half", 0x207ff, 2, KVMI_ENOTINDUMP },
	{ "with a tail", 0x10000, 0x1000, 0 },
	{ "the tail", 0x11000, 1, KVMI_ENOTINDUMP },
	{ "into the tail", 0x10ff0, 0x20, KVMI_ENOTINDUMP },
	{ "another kind of segment", 0x5000, 1, KVMI_ENOTINDUMP },
	{ "the top", UINT64_MAX, 1, KVMI_ENOTINDUMP },
	{ "beyond the top", UINT64_MAX - 3, 8, KVMI_ENOTINDUMP },
	{ "nothing, nowhere", 0x77777777, 0, 0 },
};

static void
test_read(void **state)
{
	(void)state;
	for (size_t s = 0; s < KVMI_COUNT(shape); s++) {
		struct bytes b = { 0 };
		struct kvmi_image *img;
		struct kvmi_err err;
		struct kvmi_note n;
		size_t pos = 0;
		int code;

		make(&b, shape[s].is32, shape[s].big_endian, 0);
		img = util_image(shape[s].name, util_bytes(&b, b.len));
		for (size_t i = 0; i < KVMI_COUNT(read_row); i++) {
			UTIL_TRUE(read_row[i].name, util_read_right(img,
			    read_row[i].pa, read_row[i].len, &code, &err));
			UTIL_EQ(read_row[i].name, code, read_row[i].want);
		}
		UTIL_EQ(shape[s].name, img->big_endian, shape[s].big_endian);
		UTIL_TRUE(shape[s].name, img->arch == &kvmi_arch_x86_64);
		UTIL_STR(shape[s].name, img->format, "ELF vmcore");
		UTIL_EQ(shape[s].name, img->max_pa, 0x21000);
		UTIL_EQ(shape[s].name, img->truncated, false);
		UTIL_EQ(shape[s].name, img->incomplete, false);
		UTIL_TRUE("both notes", kvmi_note_next(&img->notes,
		    img->big_endian, &pos, &n) && kvmi_note_is(&n, "CORE", 1) &&
		    kvmi_note_next(&img->notes, img->big_endian, &pos, &n) &&
		    kvmi_note_is(&n, "QEMU", 0) && n.descsz == 10);
		UTIL_EQ("count", img->ops->count(img, &err), 0);
		UTIL_EQ("count", img->pages_present, 3);
		UTIL_EQ("count", img->pages_excluded, 2);
		UTIL_EQ("count", img->ram_bytes, 0x5800);
		util_walk_extents(shape[s].name, img, 0, UINT64_MAX, NULL,
		    NULL);
		kvmi_image_close(img);
		bytes_free(&b);
	}
}

/* Cut at each byte: an error, or what can be read is right. */
static void
test_cut(void **state)
{
	(void)state;
	for (size_t s = 0; s < KVMI_COUNT(shape); s++) {
		struct bytes b = { 0 };

		make(&b, shape[s].is32, shape[s].big_endian, 0);
		for (size_t len = 0; len < b.len;
		    len += len < DATA || len % 512 > 510 ? 1 : 73) {
			struct kvmi_image *img = NULL;
			struct kvmi_err err = { 0 };
			int code, r;

			r = kvmi_image_open(util_bytes(&b, len), NULL, &img, &err);
			if (r != 0) {
				UTIL_TRUE("no image", img == NULL);
				UTIL_FAILS("why", r, len < 4 ? KVMI_EFORMAT :
				    KVMI_ETRUNC, &err);
				continue;
			}
			UTIL_TRUE("known to be cut", img->truncated);
			for (size_t i = 0; i < KVMI_COUNT(read_row); i++) {
				UTIL_TRUE(read_row[i].name, util_read_right(
				    img, read_row[i].pa, read_row[i].len,
				    &code, &err));
				UTIL_TRUE(read_row[i].name, code ==
				    read_row[i].want || code == KVMI_ETRUNC);
			}
			util_walk_extents("cut", img, 0, UINT64_MAX, NULL,
			    NULL);
			kvmi_image_close(img);
		}
		bytes_free(&b);
	}
}

/* One field of the 64-bit header or of the first PT_LOAD's at a time. */
static void
test_fields(void **state)
{
	static const struct {
		const char *name;
		size_t at;
		unsigned int size;
		uint64_t v;
		int want;
	} row[] = {
		{ "class 0", 4, 1, 0, KVMI_EFORMAT },
		{ "class 3", 4, 1, 3, KVMI_EFORMAT },
		{ "byte order 0", 5, 1, 0, KVMI_EFORMAT },
		{ "byte order 3", 5, 1, 3, KVMI_EFORMAT },
		{ "a relocatable file", 16, 2, ET_REL, KVMI_EFORMAT },
		{ "another machine", 18, 2, 75, 0 },
		{ "no version", 20, 4, 0, 0 },
		{ "QEMU's e_ehsize", 52, 2, 8, 0 },
		{ "e_phoff beyond the file", 32, 8, 0x4000, KVMI_ETRUNC },
		{ "the largest e_phoff", 32, 8, UINT64_MAX, KVMI_ETRUNC },
		{ "e_phoff that wraps", 32, 8, UINT64_MAX - 100,
		    KVMI_ETRUNC },
		{ "e_phentsize 0", 54, 2, 0, KVMI_EFORMAT },
		{ "e_phentsize 55", 54, 2, 55, KVMI_EFORMAT },
		{ "the largest e_phentsize", 54, 2, UINT16_MAX, KVMI_ETRUNC },
		{ "e_phnum 0", 56, 2, 0, KVMI_EFORMAT },
		{ "e_phnum 65534", 56, 2, 65534, KVMI_ETRUNC },
		{ "e_phnum 65535 without sections", 56, 2, 65535,
		    KVMI_ETRUNC },
		{ "p_offset beyond the file", 128, 8, 0x10000, 0 },
		{ "the largest p_offset", 128, 8, UINT64_MAX, 0 },
		{ "p_paddr all ones", 144, 8, UINT64_MAX, 0 },
		{ "the largest p_paddr", 144, 8, UINT64_MAX - 0xfff, 0 },
		{ "the largest p_filesz", 152, 8, UINT64_MAX, 0 },
		{ "p_filesz 0", 152, 8, 0, 0 },
		{ "the largest p_memsz", 160, 8, UINT64_MAX, 0 },
		{ "p_memsz 0", 160, 8, 0, 0 },
		{ "notes beyond the file", 72, 8, 0x10000, 0 },
		{ "the largest offset of notes", 72, 8, UINT64_MAX, 0 },
		{ "the largest notes", 96, 8, UINT64_MAX, 0 },
		{ "no notes", 96, 8, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct bytes b = { 0 };
		struct kvmi_image *img = NULL;
		struct kvmi_err err = { 0 };
		int code;

		make(&b, false, false, 0);
		bytes_poke(&b, row[i].at, row[i].v, row[i].size);
		UTIL_FAILS(row[i].name, kvmi_image_open(util_bytes(&b, b.len), NULL,
		    &img, &err), row[i].want, &err);
		if (row[i].want == 0) {
			/* What this field does not touch is as it was. */
			UTIL_TRUE(row[i].name, (row[i].at == 152 &&
			    row[i].v != 0) || (util_read_right(img, 0x20800,
			    0x800, &code, &err) && code == 0));
			util_walk_extents(row[i].name, img, 0, UINT64_MAX,
			    NULL, NULL);
			kvmi_image_close(img);
		}
		bytes_free(&b);
	}
}

static void
test_marks(void **state)
{
	struct bytes b = { 0 };
	struct kvmi_image *img;

	(void)state;
	make(&b, false, false, 1);
	img = util_image("makedumpfile's mark", util_bytes(&b, b.len));
	UTIL_EQ("incomplete", img->incomplete, true);
	kvmi_image_close(img);
	bytes_free(&b);
}

/* More than 65534 program headers: their number is in section header 0. */
static void
test_xnum(void **state)
{
	static const struct {
		const char *name;
		uint64_t shoff;
		uint16_t shentsize;
		uint32_t info;
		int want;
	} row[] = {
		{ "the number is there", 0x400, 64, 65540, 0 },
		{ "the section header is beyond the file", 0x10000000, 64, 1,
		    KVMI_ETRUNC },
		{ "the largest offset", UINT64_MAX, 64, 1, KVMI_ETRUNC },
		{ "small section headers", 0x400, 63, 65540, 0 },
		{ "no section headers", 0, 64, 65540, 0 },
		{ "none after all", 0x400, 64, 0, KVMI_EFORMAT },
		{ "more than there are", 0x400, 64, UINT32_MAX, KVMI_ETRUNC },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		const struct util_elf e = { 0 };
		const struct util_phdr load = { PT_LOAD, 0x1000, 0, 0x1000,
			0x1000, 0x1000 };
		struct bytes b = { 0 };
		struct kvmi_image *img = NULL;
		struct kvmi_err err = { 0 };
		int code;

		util_elf(&b, &e, &load, 1);
		bytes_poke(&b, 32, 0x2000, 8);
		bytes_poke(&b, 56, 0xffff, 2);
		bytes_poke(&b, 40, row[i].shoff, 8);
		bytes_poke(&b, 58, row[i].shentsize, 2);
		bytes_fill(&b, 0, 0x1000 - b.len);
		bytes_poke(&b, 0x400 + 44, row[i].info, 4);
		bytes_fill(&b, 0, 0x1000);
		mkimage_fill(b.p + 0x1000, 0x1000, 0x1000);
		/* Mostly empty, with the segment last. */
		bytes_fill(&b, 0, 65540 * 56);
		memcpy(b.p + 0x2000 + (i == 0 ? 65539 : 65534) * 56,
		    b.p + 64, 56);
		UTIL_FAILS(row[i].name, kvmi_image_open(util_bytes(&b, b.len), NULL,
		    &img, &err), row[i].want, &err);
		if (row[i].want == 0) {
			UTIL_TRUE(row[i].name, util_read_right(img, 0x1000,
			    0x1000, &code, &err) && code == 0);
			kvmi_image_close(img);
		}
		bytes_free(&b);
	}
}

/* Notes in many segments are one blob, and no more than any machine has. */
static void
test_notes(void **state)
{
	const struct util_elf e = { 0 };
	static struct util_phdr ph[4000];
	struct bytes b = { 0 };
	struct kvmi_image *img = NULL;
	struct kvmi_err err = { 0 };
	struct kvmi_note n;
	size_t pos = 0, found = 0;

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(ph); i++)
		ph[i] = (struct util_phdr){ PT_NOTE, 64 + 4000 * 56, 0, 0, 21,
			21 };
	util_elf(&b, &e, ph, KVMI_COUNT(ph));
	util_note(&b, "CORE", 5, 1, "x", 1);
	img = util_image("many", util_bytes(&b, b.len));
	while (kvmi_note_next(&img->notes, false, &pos, &n))
		found += kvmi_note_is(&n, "CORE", 1);
	UTIL_EQ("all", found, KVMI_COUNT(ph));
	kvmi_image_close(img);
	/* The same 9 MiB so often that they would be 72 MiB. */
	for (size_t i = 0; i < KVMI_COUNT(ph); i++)
		bytes_poke(&b, 64 + i * 56 + 32, i % 500 == 0 ? 9 << 20 : 0,
		    8);
	bytes_fill(&b, 0, 9 << 20);
	UTIL_FAILS("too many", kvmi_image_open(util_bytes(&b, b.len), NULL, &img,
	    &err), KVMI_EFORMAT, &err);
	bytes_free(&b);
}

/* A live image is found by virtual address as well, and never in place. */
static void
test_live(void **state)
{
	const struct util_src_opts live = { .piece = UINT64_MAX,
		.live = true };
	struct bytes b = { 0 };
	struct kvmi_image *img;
	struct kvmi_extent e;
	struct kvmi_err err;
	uint64_t run;

	(void)state;
	make(&b, false, false, 0);
	img = util_image("live", util_src(b.p, b.len, &live));
	UTIL_STR("format", img->format, "ELF kcore");
	UTIL_EQ("by address", img->ops->locate_va(img, 0x11800, &e, &err), 0);
	UTIL_TRUE("by address", e.state == KVMI_STORED &&
	    e.start == 0x11000 && e.len == 0x2000 && e.off == DATA + 0x800);
	UTIL_EQ("nowhere", img->ops->locate_va(img, 0x1800, &e, &err), 0);
	UTIL_EQ("nowhere", e.state, KVMI_ABSENT);
	UTIL_EQ("physical", kvmi_image_locate(img, 0x1000, &e, &err), 0);
	UTIL_TRUE("not in place", e.state == KVMI_STORED &&
	    kvmi_image_ptr(img, &e, 0x1000, &run) == NULL);
	kvmi_image_close(img);
	bytes_free(&b);
}

/* In place: pointers as far as the source has them in one piece. */
static void
test_in_place(void **state)
{
	static const struct {
		const char *name;
		uint64_t piece, pa, run;
	} row[] = {
		{ "in one piece", UINT64_MAX, 0x1000, 0x2000 },
		{ "not to the segment's end", UINT64_MAX, 0x2ff0, 0x10 },
		{ "in pieces", 256, 0x1010, 0xf0 },
		{ "no pointers", 0, 0x1000, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		const struct util_src_opts o = { .piece = row[i].piece };
		struct bytes b = { 0 };
		struct kvmi_image *img;
		struct kvmi_extent e;
		struct kvmi_err err;
		const uint8_t *p;
		uint64_t run;
		int code;

		make(&b, false, false, 0);
		img = util_image(row[i].name, util_src(b.p, b.len, &o));
		UTIL_EQ(row[i].name, kvmi_image_locate(img, row[i].pa, &e,
		    &err), 0);
		p = kvmi_image_ptr(img, &e, row[i].pa, &run);
		UTIL_EQ(row[i].name, p != NULL, row[i].run != 0);
		if (p != NULL) {
			UTIL_EQ(row[i].name, run, row[i].run);
			UTIL_EQ(row[i].name, mkimage_differs(p, (size_t)run,
			    row[i].pa), run);
		}
		UTIL_TRUE(row[i].name, util_read_right(img, 0x1000, 0x2000,
		    &code, &err) && code == 0);
		kvmi_image_close(img);
		bytes_free(&b);
	}
}

/* Each read of the file fails in its turn. */
static void
test_read_errors(void **state)
{
	struct util_src_opts o = { 0 };
	struct bytes b = { 0 };
	struct kvmi_image *img;
	struct kvmi_err err;
	int code;

	(void)state;
	make(&b, false, false, 0);
	o.reads = util_open_errors(&b);
	UTIL_TRUE("several reads", o.reads > 2);
	img = util_image("open", util_src(b.p, b.len, &o));
	UTIL_TRUE("no read is left", util_read_right(img, 0x1000, 16, &code,
	    &err) && code == KVMI_ESYS);
	kvmi_image_close(img);
	bytes_free(&b);
}

/* The file shrinks between opening it as a file and as an image, and later. */
static void
test_shrinks(void **state)
{
	struct bytes b = { 0 };
	struct kvmi_image *img = NULL;
	struct kvmi_src *src;
	struct kvmi_err err = { 0 };
	int fd, code;

	(void)state;
	make(&b, false, false, 0);
	bytes_poke(&b, 32, 0x10000, 8);		/* headers in a page of their own */
	bytes_fill(&b, 0, 0x10000 - b.len);
	bytes_put(&b, b.p + 64, 6 * 56);
	fd = util_file(b.p, b.len);
	src = util_file_src(fd);
	UTIL_EQ("shrink", ftruncate(fd, 0x8000), 0);
	UTIL_FAILS("while it is opened", kvmi_image_open(src, NULL, &img, &err),
	    KVMI_ETRUNC, &err);
	close(fd);
	fd = util_file(b.p, b.len);
	img = util_image("whole", util_file_src(fd));
	UTIL_EQ("shrink", ftruncate(fd, 0x1000), 0);
	UTIL_TRUE("what is left", util_read_right(img, 0x1000, 0x100, &code,
	    &err) && code == 0);
	UTIL_TRUE("what is gone", util_read_right(img, 0x2400, 0x100, &code,
	    &err) && code == KVMI_ETRUNC);
	kvmi_image_close(img);
	close(fd);
	bytes_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_xnum),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_in_place),
		cmocka_unit_test(test_read_errors),
		cmocka_unit_test(test_shrinks),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
