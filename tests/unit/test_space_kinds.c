/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtual reads where the page tables are not in memory: none, or beside it. */
#include "image/minidump.h"
#include "os/freebsd/freebsd.h"
#include "space/space.h"
#include "util.h"

#define PAGE	4096
#define MB2	(UINT64_C(1) << 21)
#define BASE	UINT64_C(0xffff888000000000)

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_minidump),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
