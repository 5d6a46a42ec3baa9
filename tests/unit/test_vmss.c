/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

static void
item(struct bytes *b, const char *name, int index, uint64_t v, unsigned int size)
{
	bytes_uint(b, strlen(name) << 8 | (index < 0 ? 0 : 1 << 6) | size, 2);
	bytes_put(b, name, strlen(name));
	if (index >= 0)
		bytes_uint(b, (uint64_t)index, 4);
	if (size <= 8)
		bytes_uint(b, v, size);
}

static void
head(struct bytes *b, uint32_t groups, const char *name)
{
	char text[64] = "";

	bytes_uint(b, 0xbed3bed3, 4);
	bytes_uint(b, 8, 4);
	bytes_uint(b, groups, 4);
	snprintf(text, sizeof(text), "%s", name);
	bytes_put(b, text, sizeof(text));
	bytes_uint(b, 92, 8);
	bytes_uint(b, 4096, 8);
}

/* Two regions of which the second begins at page 16. */
static void
regions(struct bytes *b)
{
	item(b, "regionsCount", -1, 2, 4);
	item(b, "regionPageNum", 0, 0, 4);
	item(b, "regionPPN", 0, 0, 4);
	item(b, "regionSize", 0, 1, 4);
	item(b, "unknown", 0, 1, 2);
	item(b, "regionPageNum", 1, 1, 4);
	item(b, "regionPPN", 1, 16, 4);
	item(b, "regionSize", 1, 2, 4);
}

static void
block(struct bytes *b, unsigned int kind, uint64_t len)
{
	item(b, "Memory", 0, 0, kind);
	bytes_uint(b, len, 8);
	bytes_uint(b, len, 8);
	bytes_uint(b, 3, 2);
	bytes_fill(b, 0xee, 3);
}

static void
pages(struct bytes *b)
{
	for (uint8_t i = 1; i <= 3; i++)
		bytes_fill(b, i, 4096);
}

static int
byte_at(struct kvmi_image *img, uint64_t pa)
{
	struct kvmi_err err = { 0 };
	uint8_t v;
	size_t done;

	return (kvmi_image_read(img, pa, &v, 1, &done, &err) == 0 ? v : -1);
}

static void
check(const char *name, struct kvmi_image *img)
{
	static const struct { uint64_t pa; int want; } row[] = {
		{ 0, 1 }, { 0xfff, 1 }, { 0x1000, -1 }, { 0xffff, -1 },
		{ 0x10000, 2 }, { 0x11000, 3 }, { 0x11fff, 3 }, { 0x12000, -1 },
	};

	for (size_t i = 0; i < KVMI_COUNT(row); i++)
		UTIL_EQ(name, byte_at(img, row[i].pa), row[i].want);
	UTIL_EQ(name, img->max_pa, 0x12000);
	UTIL_EQ(name, img->truncated, false);
	util_walk_extents(name, img, 0, UINT64_MAX, NULL, NULL);
}

static void
test_inside(void **state)
{
	struct bytes b = { 0 };
	struct kvmi_image *img;
	unsigned int opened = 0;
	size_t data, done;
	uint8_t c;

	(void)state;
	head(&b, 1, "memory");
	regions(&b);
	block(&b, 63, 3 * 4096);
	pages(&b);
	bytes_uint(&b, 0, 2);
	img = util_image("inside", util_bytes(&b, b.len));
	check("inside", img);
	kvmi_image_close(img);
	/* Cut: a reason; within memory, what there is of it. */
	data = b.len - 2 - 3 * 4096;
	for (size_t len = 0; len < b.len; len += 7) {
		struct kvmi_err err = { 0 };

		if (kvmi_image_open(util_bytes(&b, len), NULL, &img,
		    &err) != 0) {
			UTIL_TRUE("cut", err.text[0] != '\0' && len < data);
			continue;
		}
		opened++;
		UTIL_TRUE("cut", img->truncated);
		UTIL_EQ("cut", byte_at(img, 0), len > data ? 1 : -1);
		UTIL_EQ("cut", byte_at(img, 0x10fff), len >= data + 8192 ? 2 :
		    -1);
		UTIL_EQ("cut", byte_at(img, 0x11fff), len >= data + 12288 ? 3 :
		    -1);
		if (len < data + 12288)
			UTIL_FAILS("cut", kvmi_image_read(img, 0x11fff, &c, 1,
			    &done, &err), KVMI_ETRUNC, &err);
		kvmi_image_close(img);
	}
	UTIL_TRUE("cut", opened > 3 * 4096 / 7);
	bytes_free(&b);
}

static void
test_beside(void **state)
{
	struct bytes b = { 0 }, mem = { 0 };
	struct kvmi_err err = { 0 };
	struct kvmi_image *img;
	struct kvmi_src *v[2], *src;

	(void)state;
	head(&b, 1, "memory");
	regions(&b);
	bytes_uint(&b, 0, 2);
	pages(&mem);
	UTIL_FAILS("alone", kvmi_image_open(util_bytes(&b, b.len), NULL, &img,
	    &err), KVMI_ENOTSUP, &err);
	UTIL_TRUE("alone", strstr(err.text, ".vmem") != NULL);
	v[0] = util_bytes(&b, b.len);
	v[1] = util_bytes(&mem, mem.len);
	UTIL_FAILS("join", kvmi_image_join(v, 2, NULL, &src, &err), 0, &err);
	UTIL_FAILS("open", kvmi_image_open(src, NULL, &img, &err), 0, &err);
	check("beside", img);
	kvmi_image_close(img);
	bytes_free(&b);
	bytes_free(&mem);
}

static void
test_bad(void **state)
{
	static const struct {
		const char *name;
		uint32_t groups;
		const char *group;
		const char *item;
		int	 index;
		uint64_t value;
		unsigned int kind;
		int	 want;
	} row[] = {
		{ "no group", 0, "memory", "x", -1, 0, 63, KVMI_EFORMAT },
		{ "many groups", UINT32_MAX, "memory", "x", -1, 0, 63,
		    KVMI_EFORMAT },
		{ "no memory", 1, "cpu", "x", -1, 0, 63, KVMI_EFORMAT },
		{ "many regions", 1, "memory", "regionsCount", -1, 65, 63,
		    KVMI_EFORMAT },
		{ "region 64", 1, "memory", "regionPPN", 64, 1, 63,
		    KVMI_EFORMAT },
		{ "the largest page", 1, "memory", "regionPPN", 1, UINT64_MAX,
		    63, KVMI_EFORMAT },
		{ "the largest size", 1, "memory", "regionSize", 1, UINT64_MAX,
		    63, KVMI_EFORMAT },
		{ "the largest place", 1, "memory", "regionPageNum", 1,
		    UINT64_MAX, 63, KVMI_EFORMAT },
		{ "compressed", 1, "memory", "x", -1, 0, 62, KVMI_ENOTSUP },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_err err = { 0 };
		struct kvmi_image *img;
		struct bytes b = { 0 };

		head(&b, row[i].groups, row[i].group);
		regions(&b);
		item(&b, row[i].item, row[i].index, row[i].value, 8);
		block(&b, row[i].kind, 3 * 4096);
		pages(&b);
		bytes_uint(&b, 0, 2);
		UTIL_FAILS(row[i].name, kvmi_image_open(util_bytes(&b, b.len),
		    NULL, &img, &err), row[i].want, &err);
		bytes_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_bad),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
