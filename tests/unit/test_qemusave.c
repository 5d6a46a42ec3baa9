/* SPDX-License-Identifier: BSD-2-Clause */
/* QEMU's migration stream and libvirt's file around it. */
#include "image/saved_pages.h"
#include "util.h"

enum { ZERO = 2, MEM_SIZE = 4, PAGE_ = 8, EOS = 0x10, CONTINUE = 0x20 };

static void
name(struct bytes *b, const char *text)
{
	bytes_uint(b, strlen(text), 1);
	bytes_put(b, text, strlen(text));
}

/* With what Arm's machines have behind their name, or whatever is said. */
static void
head_with(struct bytes *b, const char *machine, const char *subsection,
    uint32_t subsection_value)
{
	b->big_endian = true;
	bytes_put(b, "QEVM", 4);
	bytes_uint(b, 3, 4);
	bytes_uint(b, 7, 1);
	bytes_uint(b, strlen(machine), 4);
	bytes_put(b, machine, strlen(machine));
	for (size_t i = 0; subsection != NULL && i < 2; i++) {
		bytes_uint(b, 5, 1);
		name(b, i == 0 ? subsection : "configuration/capabilities");
		bytes_uint(b, 1, 4);
		bytes_uint(b, i == 0 ? subsection_value : 1, 4);
		if (i == 1)
			name(b, "events");
	}
	bytes_uint(b, 1, 1);
	bytes_uint(b, 2, 4);
	name(b, "ram");
	bytes_uint(b, 0, 4);
	bytes_uint(b, 4, 4);
}

static void
head(struct bytes *b, const char *machine)
{
	head_with(b, machine, NULL, 0);
}

static void
blocks_named(struct bytes *b, uint64_t len, const char *rom, const char *ram)
{
	bytes_uint(b, (len + 0x1000) | MEM_SIZE, 8);
	name(b, rom);
	bytes_uint(b, 0x1000, 8);
	name(b, ram);
	bytes_uint(b, len, 8);
}

static void
blocks(struct bytes *b, uint64_t len)
{
	blocks_named(b, len, "rom", "pc.ram");
}

static void
page(struct bytes *b, uint64_t off, bool first, uint8_t byte)
{
	bytes_uint(b, off | PAGE_ | (first ? 0 : CONTINUE), 8);
	if (first)
		name(b, "pc.ram");
	bytes_fill(b, byte, 4096);
}

static void
end_section(struct bytes *b, uint8_t next)
{
	bytes_uint(b, EOS, 8);
	bytes_uint(b, 0x7e, 1);
	bytes_uint(b, 2, 4);
	bytes_uint(b, next, 1);
	if (next != 0)
		bytes_uint(b, 2, 4);
}

static void
good(struct bytes *b, const char *machine, uint64_t len)
{
	head(b, machine);
	blocks(b, len);
	end_section(b, 3);
	page(b, 0x2000, true, 1);
	page(b, 0, false, 2);
	page(b, 0x2000, false, 3);	/* once more: the last counts */
	bytes_uint(b, 0x3000 | ZERO | CONTINUE, 8);
	bytes_uint(b, 9, 1);
	end_section(b, 0);
}

/* The byte at pa; -1: there is none. */
static int
byte_at(struct kvmi_image *img, uint64_t pa)
{
	struct kvmi_err err = { 0 };
	uint8_t v;
	size_t done;

	return (kvmi_image_read(img, pa, &v, 1, &done, &err) == 0 ? v : -1);
}

static void
test_pages(void **state)
{
	static const struct { uint64_t pa; int want; } row[] = {
		{ 0, 2 }, { 0xfff, 2 }, { 0x1000, -1 }, { 0x2000, 3 },
		{ 0x2fff, 3 }, { 0x3000, 9 }, { 0x3abc, 9 }, { 0x4000, -1 },
	};
	struct bytes b = { 0 };
	struct kvmi_image *img;

	(void)state;
	good(&b, "pc-q35-7.2", 0x10000);
	img = util_image("good", util_bytes(&b, b.len));
	for (size_t i = 0; i < KVMI_COUNT(row); i++)
		UTIL_EQ("byte", byte_at(img, row[i].pa), row[i].want);
	UTIL_EQ("pages", img->ops->count(img, NULL), 0);
	UTIL_EQ("pages", img->pages_present, 3);
	util_walk_extents("extents", img, 0, UINT64_MAX, NULL, NULL);
	kvmi_image_close(img);
	bytes_free(&b);
}

/* Where a page of the RAM block is, by machine and size of the block. */
static void
test_machines(void **state)
{
	static const struct {
		const char *machine;
		uint64_t len, off, pa;
		const char *rom;
	} row[] = {
		{ "pc-i440fx-7.2", 0xd0000000, 0xc0001000, 0xc0001000 },
		{ "pc-i440fx-7.2", 0xe0000000, 0xbffff000, 0xbffff000 },
		{ "pc-i440fx-7.2", 0xe0000000, 0xc0001000, 0x100001000 },
		{ "pc-q35-7.2", 0xa0000000, 0x80001000, 0x80001000 },
		{ "pc-q35-7.2", 0xb0000000, 0x80001000, 0x100001000 },
		{ "virt-7.2", 0x80000000, 0x1000, 0x40001000 },
		{ "virt-7.2", 0x80000000, 0x1000, 0x40001000, "virt.flash0" },
		/* What QEMU 7.2 calls those of a riscv64 machine. */
		{ "virt", 0x80000000, 0x1000, 0x80001000,
		    "riscv_virt_board.mrom" },
		{ "virt", 0x80000000, 0x1000, 0x1000, "loongarch.bios" },
		{ "virt", 0x80000000, 0xffff000, 0xffff000, "loongarch.bios" },
		{ "virt", 0x80000000, 0x10001000, 0x80001000,
		    "loongarch.bios" },
		{ "pc-q35-7.2", 0x80000000, 0x1000, 0x1000,
		    "riscv_virt_board.mrom" },
		{ "s390-ccw-virtio-7.2", 0x80000000, 0x1000, 0x1000 },
		{ "unheard-of", 0xf0000000, 0xe0001000, 0xe0001000 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct bytes b = { 0 };
		struct kvmi_image *img;

		head(&b, row[i].machine);
		blocks_named(&b, row[i].len, row[i].rom != NULL ? row[i].rom :
		    "rom", "pc.ram");
		end_section(&b, 3);
		page(&b, row[i].off, true, 7);
		end_section(&b, 0);
		img = util_image(row[i].machine, util_bytes(&b, b.len));
		UTIL_EQ(row[i].machine, byte_at(img, row[i].pa), 7);
		UTIL_EQ(row[i].machine, img->max_pa, row[i].pa + 0x1000);
		kvmi_image_close(img);
		bytes_free(&b);
	}
}

/* Behind the name of an Arm machine is what its pages are. */
static void
test_subsections(void **state)
{
	static const struct {
		const char *name;
		uint32_t v;
		int	 want;
	} row[] = {
		{ "configuration/target-page-bits", 12, 0 },
		{ "configuration/target-page-bits", 14, KVMI_ENOTSUP },
		{ "configuration/unheard-of", 12, KVMI_ENOTSUP },
		{ "configuration/capabilities", UINT32_MAX, KVMI_ENOTSUP },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_err err = { 0 };
		struct bytes b = { 0 };
		struct kvmi_image *img;
		int r;

		head_with(&b, "virt-7.2", row[i].name, row[i].v);
		blocks_named(&b, 0x80000000, "virt.flash0", "mach-virt.ram");
		end_section(&b, 3);
		bytes_uint(&b, 0x1000 | PAGE_, 8);
		name(&b, "mach-virt.ram");
		bytes_fill(&b, 7, 4096);
		end_section(&b, 0);
		r = kvmi_image_open(util_bytes(&b, b.len), NULL, &img, &err);
		if (i < 3)
			UTIL_FAILS(row[i].name, r, row[i].want, &err);
		else
			UTIL_TRUE(row[i].name, r != 0 && err.text[0] != '\0');
		if (r == 0) {
			UTIL_EQ(row[i].name, byte_at(img, 0x40001000), 7);
			kvmi_image_close(img);
		}
		bytes_free(&b);
	}
}

/* Sections of other things, which s390 and powerpc save between the pages. */
static void
test_parts(void **state)
{
	enum { HTAB, NO_HTAB, ATTRIBUTES, ENDLESS_HTAB, ENDLESS_ATTRIBUTES,
		FAILED_ATTRIBUTES };
	static const struct {
		const char *name, *section;
		int	 what, want;
	} row[] = {
		{ "htab", "spapr/htab", HTAB, 0 },
		{ "no htab", "spapr/htab", NO_HTAB, 0 },
		{ "attributes", "s390-storage_attributes", ATTRIBUTES, 0 },
		{ "endless htab", "spapr/htab", ENDLESS_HTAB, KVMI_ETRUNC },
		{ "endless attributes", "s390-storage_attributes",
		    ENDLESS_ATTRIBUTES, KVMI_ETRUNC },
		{ "failed attributes", "s390-storage_attributes",
		    FAILED_ATTRIBUTES, KVMI_EFORMAT },
		{ "another", "slirp", NO_HTAB, KVMI_ENOTSUP },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_err err = { 0 };
		struct bytes b = { 0 };
		struct kvmi_image *img;
		int r;

		head(&b, "pseries-7.2");
		blocks(&b, 0x10000);
		end_section(&b, 0);
		b.p[b.len - 1] = 1;		/* another section begins */
		bytes_uint(&b, 7, 4);
		name(&b, row[i].section);
		bytes_uint(&b, 0, 4);
		bytes_uint(&b, 1, 4);
		switch (row[i].what) {
		case HTAB:
			bytes_uint(&b, 23, 4);
			bytes_uint(&b, 0x7e, 1);
			bytes_uint(&b, 7, 4);
			bytes_uint(&b, 2, 1);	/* and goes on */
			bytes_uint(&b, 7, 4);
			bytes_uint(&b, 0, 4);
			bytes_uint(&b, 0x100, 4);
			bytes_uint(&b, 3 << 16 | 5, 4);
			bytes_fill(&b, 0xff, 3 * 16);
			bytes_uint(&b, 0, 4);	/* entries from the first on */
			bytes_uint(&b, 7, 4);
			bytes_uint(&b, 0, 8);
			break;
		case NO_HTAB:
			bytes_uint(&b, UINT32_MAX, 4);
			break;
		case ENDLESS_HTAB:
			bytes_uint(&b, 0, 8);
			bytes_uint(&b, UINT32_MAX, 4);
			break;
		case ATTRIBUTES:
			bytes_uint(&b, 0x5000 | 2, 8);
			bytes_uint(&b, 3, 8);
			bytes_fill(&b, 0xff, 3);
			bytes_uint(&b, 8, 8);
			bytes_uint(&b, 1, 8);
			break;
		case ENDLESS_ATTRIBUTES:
			bytes_uint(&b, 2, 8);
			bytes_uint(&b, UINT64_MAX, 8);
			break;
		case FAILED_ATTRIBUTES:
			bytes_uint(&b, 4, 8);
			break;
		}
		bytes_uint(&b, 0x7e, 1);
		bytes_uint(&b, 7, 4);
		bytes_uint(&b, 3, 1);
		bytes_uint(&b, 2, 4);
		page(&b, 0x1000, true, 7);
		end_section(&b, 0);
		r = kvmi_image_open(util_bytes(&b, b.len), NULL, &img, &err);
		UTIL_FAILS(row[i].name, r, row[i].want, &err);
		if (r == 0) {
			UTIL_EQ(row[i].name, byte_at(img, 0x1000), 7);
			kvmi_image_close(img);
		}
		bytes_free(&b);
	}
}

/* What follows each other is one run, whatever its length. */
static void
test_runs(void **state)
{
	struct kvmi_saved_pages s = { .page = 4096, .header = 8 };
	const struct kvmi_saved_run *r, *next;
	struct kvmi_err err = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 100000; i++)
		kvmi_saved_push(&s, i * 4096, 100 + i * 4104, false, &err);
	for (uint64_t i = 100000; i < 200000; i++)
		kvmi_saved_push(&s, i * 4096, 500000000 + i * 9, true, &err);
	kvmi_saved_push(&s, UINT64_C(200000) * 4096, 600000000, true, &err);
	UTIL_EQ("finish", kvmi_saved_finish(&s, &err), 0);
	UTIL_EQ("runs", s.n, 3);
	UTIL_EQ("pages", s.pages, 200001);
	r = kvmi_saved_find(&s, 77777 * 4096 + 5, &next);
	UTIL_TRUE("find", r == &s.v[0] && next == &s.v[1]);
	UTIL_EQ("off", kvmi_saved_off(&s, r, 77777), 100 + 77777 * 4104);
	free(s.v);
}

/* Runs of pages that come again, over parts of what came before. */
static void
test_again(void **state)
{
	enum { NPAGES = 64 };
	uint64_t rnd = 3;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct kvmi_saved_pages s = { .page = 4096, .header = 8 };
		uint64_t at[NPAGES] = { 0 }, off = 50, pages = 0;
		struct kvmi_err err = { 0 };

		for (int run = 0; run < 1 + round % 12; run++) {
			uint64_t first = util_random(&rnd) % NPAGES;
			uint64_t n = 1 + util_random(&rnd) % 20;
			bool fill = util_random(&rnd) % 3 == 0;

			off += 30;
			for (uint64_t i = first; i < first + n && i < NPAGES;
			    i++) {
				kvmi_saved_push(&s, i * 4096, off, fill, &err);
				at[i] = off;
				off += 8 + (fill ? 1 : 4096);
			}
		}
		UTIL_EQ("finish", kvmi_saved_finish(&s, &err), 0);
		for (uint64_t i = 0; i < NPAGES; i++) {
			const struct kvmi_saved_run *next, *r =
			    kvmi_saved_find(&s, i * 4096, &next);
			bool in = r != NULL && i - r->pa / 4096 < r->n;

			pages += at[i] != 0;
			UTIL_EQ("there", in, at[i] != 0);
			if (in)
				UTIL_EQ("last", kvmi_saved_off(&s, r,
				    i - r->pa / 4096), at[i]);
			UTIL_TRUE("next", next == NULL ||
			    next->pa > i * 4096);
		}
		UTIL_EQ("pages", s.pages, pages);
		free(s.v);
	}
}

static void
test_bad(void **state)
{
	enum { VERSION, SECTION, FLAGS, BLOCK_LEN, BEYOND, TYPE, NUMBER,
		MACHINE };
	static const struct { const char *name; int what, want; } row[] = {
		{ "version", VERSION, KVMI_ENOTSUP },
		{ "another section first", SECTION, KVMI_ENOTSUP },
		{ "XBZRLE", FLAGS, KVMI_ENOTSUP },
		{ "block larger than all", BLOCK_LEN, KVMI_EFORMAT },
		{ "page beyond its block", BEYOND, KVMI_EFORMAT },
		{ "section of no type", TYPE, KVMI_EFORMAT },
		{ "section of another number", NUMBER, KVMI_EFORMAT },
		{ "the longest machine", MACHINE, KVMI_EFORMAT },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_err err = { 0 };
		struct kvmi_image *img;
		struct bytes b = { 0 };

		head(&b, "pc-q35-7.2");
		switch (row[i].what) {
		case VERSION:
			b.p[7] = 2;
			break;
		case SECTION:
			b.p[4 + 4 + 1 + 4 + 10 + 1 + 4 + 1] = 'x';
			break;
		case MACHINE:
			bytes_poke(&b, 9, UINT32_MAX, 4);
			break;
		}
		blocks(&b, 0x10000);
		if (row[i].what == BLOCK_LEN)
			bytes_poke(&b, b.len - 8, UINT64_MAX, 8);
		end_section(&b, row[i].what == TYPE ? 0x55 : 2);
		if (row[i].what == NUMBER)
			bytes_poke(&b, b.len - 4, 77, 4);
		page(&b, row[i].what == BEYOND ? 0x10000 : 0, true, 1);
		if (row[i].what == FLAGS)
			bytes_uint(&b, 0x1000 | CONTINUE | 0x40, 8);
		end_section(&b, 0);
		UTIL_FAILS(row[i].name, kvmi_image_open(util_bytes(&b, b.len),
		    NULL, &img, &err), row[i].want, &err);
		bytes_free(&b);
	}
}

/* Cut anywhere: a reason, or the pages before the cut. */
static void
test_cut(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	good(&b, "pc-q35-7.2", 0x10000);
	for (size_t len = 0; len < b.len; len++) {
		struct kvmi_err err = { 0 };
		struct kvmi_image *img;
		int v;

		if (kvmi_image_open(util_bytes(&b, len), NULL, &img,
		    &err) != 0) {
			UTIL_TRUE("cut", err.text[0] != '\0');
			continue;
		}
		v = byte_at(img, 0x2000);
		UTIL_TRUE("cut", v == 1 || v == 3);
		UTIL_TRUE("cut", img->truncated || len > b.len - 14);
		kvmi_image_close(img);
	}
	bytes_free(&b);
}

static void
test_libvirt(void **state)
{
	static const struct {
		const char *name, *magic;
		bool	 big;
		uint32_t version, xml;
		int	 want;
	} row[] = {
		{ "little-endian", "LibvirtQemudSave", false, 2, 8, 0 },
		{ "big-endian", "LibvirtQemudSave", true, 2, 8, 0 },
		{ "not finished", "LibvirtQemudPart", false, 2, 8, KVMI_ETRUNC },
		{ "version 3", "LibvirtQemudSave", false, 3, 8, KVMI_ENOTSUP },
		{ "endless XML", "LibvirtQemudSave", false, 2, UINT32_MAX,
		    KVMI_ETRUNC },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct bytes b = { .big_endian = row[i].big };
		struct kvmi_err err = { 0 };
		struct kvmi_image *img;
		int r;

		bytes_put(&b, row[i].magic, 16);
		bytes_uint(&b, row[i].version, 4);
		bytes_uint(&b, row[i].xml, 4);
		bytes_fill(&b, 0, 92 - b.len);
		bytes_put(&b, "<domain>", 8);
		good(&b, "pc-q35-7.2", 0x10000);
		r = kvmi_image_open(util_bytes(&b, b.len), NULL, &img, &err);
		UTIL_FAILS(row[i].name, r, row[i].want, &err);
		if (r == 0) {
			UTIL_EQ(row[i].name, byte_at(img, 0x2000), 3);
			UTIL_TRUE(row[i].name, strstr(img->format, "libvirt") !=
			    NULL);
			kvmi_image_close(img);
		}
		bytes_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_machines),
		cmocka_unit_test(test_subsections),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_libvirt),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
