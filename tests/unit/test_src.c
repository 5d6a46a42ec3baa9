/* SPDX-License-Identifier: BSD-2-Clause */
/* Byte sources: their bounds, and several as one. */
#include "util.h"

#include "base/src.h"
#include "image/joined.h"

#define LEN	10000

static uint8_t content[LEN];

static int
setup(void **state)
{
	(void)state;
	mkimage_fill(content, LEN, 0);
	return (0);
}

/* Each way a source may answer. */
static const struct { const char *name; uint64_t piece; } way[] = {
	{ "mapped", UINT64_MAX }, { "in pieces of 7", 7 },
	{ "in pages", 4096 }, { "not mapped", 0 },
};

static const struct {
	const char *name;
	uint64_t off, len;
	bool ok;
} range[] = {
	{ "all", 0, LEN, true },
	{ "nothing", 0, 0, true },
	{ "nothing, at the end", LEN, 0, true },
	{ "the first byte", 0, 1, true },
	{ "the last byte", LEN - 1, 1, true },
	{ "across pieces", 4090, 20, true },
	{ "one too many", 0, LEN + 1, false },
	{ "one at the end", LEN, 1, false },
	{ "behind the end", LEN + 1, 1, false },
	{ "nothing behind the end", LEN + 1, 0, false },
	{ "the largest offset", UINT64_MAX, 1, false },
	{ "a sum that wraps", UINT64_MAX - 5, 10, false },
	{ "the largest length", 5, UINT64_MAX, false },
	{ "both", UINT64_MAX, UINT64_MAX, false },
};

static void
test_ranges(void **state)
{
	(void)state;
	for (size_t w = 0; w < KVMI_COUNT(way); w++) {
		const struct util_src_opts o = { .piece = way[w].piece };
		struct kvmi_src *s = util_src(content, LEN, &o);

		for (size_t i = 0; i < KVMI_COUNT(range); i++) {
			uint64_t off = range[i].off, len = range[i].len;
			int want = range[i].ok ? 0 : KVMI_ETRUNC;
			struct kvmi_err err = { 0 };
			struct kvmi_blob b = { 0 };
			uint8_t buf[LEN + 1] = { 0 };
			const uint8_t *p;

			UTIL_FAILS(range[i].name, kvmi_src_read(s, off, buf,
			    len, "header", &err), want, &err);
			UTIL_TRUE(range[i].name, !range[i].ok ||
			    memcmp(buf, content + off, len) == 0);
			UTIL_TRUE(range[i].name, range[i].ok ||
			    strstr(err.text, "header") != NULL);
			p = kvmi_src_ptr(s, off, len);
			UTIL_TRUE(range[i].name, p == NULL || (range[i].ok &&
			    len > 0 && memcmp(p, content + off, len) == 0));
			if (way[w].piece == UINT64_MAX)
				UTIL_TRUE(range[i].name, p != NULL ||
				    !range[i].ok || len == 0);
			if (way[w].piece == 0)
				UTIL_TRUE(range[i].name, p == NULL);
			UTIL_FAILS(range[i].name, kvmi_src_blob(s, off, len,
			    "notes", &b, &err), want, &err);
			UTIL_TRUE(range[i].name, !range[i].ok ||
			    (b.len == len && memcmp(b.p, content + off,
			    len) == 0));
			UTIL_TRUE(range[i].name, (b.owned == NULL) ==
			    (p != NULL || !range[i].ok));
			kvmi_blob_release(&b);
			UTIL_TRUE(range[i].name, b.p == NULL && b.len == 0);
		}
		UTIL_EQ("close", kvmi_src_close(s), 0);
	}
	UTIL_EQ("close nothing", kvmi_src_close(NULL), 0);
}

static void
test_memory(void **state)
{
	struct kvmi_src *s;
	struct kvmi_err err;
	uint64_t run;
	uint8_t buf[4];

	(void)state;
	UTIL_EQ("open", kvmi_mem_open(content, LEN, "name", &s, &err), 0);
	UTIL_EQ("size", s->size, LEN);
	UTIL_STR("name", s->name, "name");
	UTIL_TRUE("in place", s->ops->map(s, 5, &run) == content + 5);
	UTIL_EQ("to the end", run, LEN - 5);
	UTIL_TRUE("no more", s->ops->map(s, LEN, &run) == NULL);
	UTIL_TRUE("no more", s->ops->map(s, UINT64_MAX, &run) == NULL);
	UTIL_EQ("read", kvmi_src_read(s, LEN - 4, buf, 4, "x", &err), 0);
	UTIL_TRUE("read", memcmp(buf, content + LEN - 4, 4) == 0);
	UTIL_EQ("offset", s->ops->file_off(s, 77), 77);
	kvmi_src_close(s);
	UTIL_EQ("open nothing", kvmi_mem_open(NULL, 0, "", &s, &err), 0);
	UTIL_EQ("nothing", s->size, 0);
	kvmi_src_close(s);
}

/* Several as one, which have no more than their files have. */
static void
test_joined(void **state)
{
	const struct util_src_opts o = { .piece = 0 };

	(void)state;
	/* The second claims more than it has: neither adds to the other. */
	for (uint64_t backed = 0; backed <= 5; backed += 5) {
		struct kvmi_src *v[2] = { util_src(content, LEN, &o),
			util_src(content, LEN, &o) };
		struct kvmi_err err = { 0 };
		struct kvmi_src *s;
		uint8_t buf[20];

		v[1]->backed = backed;
		UTIL_FAILS("joined", kvmi_joined_open(v, 2, &s, &err), 0, &err);
		UTIL_EQ("size", s->size, 2 * LEN);
		UTIL_EQ("backed", s->backed, backed == 0 ? 0 : LEN + 5);
		UTIL_FAILS("whole", kvmi_src_check(s, 0, 2 * LEN, "all", &err),
		    backed == 0 ? 0 : KVMI_ETRUNC, &err);
		UTIL_FAILS("across", kvmi_src_read(s, LEN - 5, buf, 10,
		    "bytes", &err), 0, &err);
		UTIL_TRUE("across", memcmp(buf, content + LEN - 5, 5) == 0 &&
		    memcmp(buf + 5, content, 5) == 0);
		kvmi_src_close(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_joined),
	};

	return (cmocka_run_group_tests(tests, setup, util_report));
}
