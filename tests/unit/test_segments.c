/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

#include "image/segments.h"

#define MAX	UINT64_MAX

struct load {
	uint64_t	start, filesz, memsz, off;
};

static void
build(struct kvmi_segments *s, const struct load *v, size_t n)
{
	struct kvmi_err err = { 0 };

	*s = (struct kvmi_segments){ 0 };
	for (size_t i = 0; i < n; i++)
		UTIL_FAILS("add", kvmi_segments_add(s, v[i].start,
		    v[i].filesz, v[i].memsz, v[i].off, &err), 0, &err);
	kvmi_segments_sort(s);
}

#define LOADS	6

static const struct {
	const char *name;
	struct load load[LOADS];
	uint64_t file_size, addr;
	enum kvmi_state state;
	uint64_t start, len, off;
} row[] = {
	{ "nothing at all", { { 0 } }, 0x1000, 0x10, KVMI_ABSENT, 0, MAX, 0 },
	{ "the first byte", { { 0x100, 0x10, 0x10, 0x40 } }, 0x1000, 0x100,
	    KVMI_STORED, 0x100, 0x10, 0x40 },
	{ "the last byte", { { 0x100, 0x10, 0x10, 0x40 } }, 0x1000, 0x10f,
	    KVMI_STORED, 0x100, 0x10, 0x40 },
	{ "one before", { { 0x100, 0x10, 0x10, 0x40 } }, 0x1000, 0xff,
	    KVMI_ABSENT, 0, 0x100, 0 },
	{ "one behind", { { 0x100, 0x10, 0x10, 0x40 } }, 0x1000, 0x110,
	    KVMI_ABSENT, 0x110, MAX - 0x110, 0 },
	{ "between two", { { 0x200, 0x10, 0x10, 0x50 },
	    { 0x100, 0x10, 0x10, 0x40 } }, 0x1000, 0x180, KVMI_ABSENT, 0x110,
	    0xf0, 0 },
	{ "a tail that was left out", { { 0x100, 0x10, 0x30, 0x40 } },
	    0x1000, 0x120, KVMI_EXCLUDED, 0x110, 0x20, 0 },
	{ "the end of the tail", { { 0x100, 0x10, 0x30, 0x40 } }, 0x1000,
	    0x130, KVMI_ABSENT, 0x130, MAX - 0x130, 0 },
	{ "all left out", { { 0x100, 0, 0x30, 0x40 } }, 0x1000, 0x100,
	    KVMI_EXCLUDED, 0x100, 0x30, 0 },
	{ "stored inside what another left out", { { 0x100, 0, 0x100, 0 },
	    { 0x140, 0x10, 0x10, 0x40 } }, 0x1000, 0x145, KVMI_STORED, 0x140,
	    0x10, 0x40 },
	{ "left out before it", { { 0x100, 0, 0x100, 0 },
	    { 0x140, 0x10, 0x10, 0x40 } }, 0x1000, 0x105, KVMI_EXCLUDED,
	    0x100, 0x40, 0 },
	{ "left out behind it", { { 0x100, 0, 0x100, 0 },
	    { 0x140, 0x10, 0x10, 0x40 } }, 0x1000, 0x1ff, KVMI_EXCLUDED,
	    0x150, 0xb0, 0 },
	{ "twice the same", { { 0x100, 0x10, 0x10, 0x40 },
	    { 0x100, 0x10, 0x10, 0x40 } }, 0x1000, 0x10f, KVMI_STORED, 0x100,
	    0x10, 0x40 },
	{ "one inside another", { { 0x100, 0x100, 0x100, 0x40 },
	    { 0x140, 0x10, 0x10, 0x80 } }, 0x1000, 0x160, KVMI_STORED, 0x100,
	    0x100, 0x40 },
	{ "overlapping in part", { { 0x100, 0x20, 0x20, 0x40 },
	    { 0x110, 0x20, 0x20, 0x50 } }, 0x1000, 0x125, KVMI_STORED, 0x120,
	    0x10, 0x60 },
	{ "filesz larger than memsz", { { 0x100, 0x20, 0x10, 0x40 } },
	    0x1000, 0x11f, KVMI_STORED, 0x100, 0x20, 0x40 },
	{ "the file ends in it", { { 0x100, 0x100, 0x100, 0x40 } }, 0x80,
	    0x13f, KVMI_STORED, 0x100, 0x40, 0x40 },
	{ "behind the file's end", { { 0x100, 0x100, 0x100, 0x40 } }, 0x80,
	    0x140, KVMI_LOST, 0x140, 0xc0, 0 },
	{ "the file ends before it", { { 0x100, 0x100, 0x100, 0x40 } }, 0x40,
	    0x100, KVMI_LOST, 0x100, 0x100, 0 },
	{ "an offset beyond any file", { { 0x100, 0x100, 0x100, MAX } },
	    0x1000, 0x100, KVMI_EXCLUDED, 0x100, 0x100, 0 },
	{ "an offset that wraps", { { 0x100, 0x100, 0x100, MAX - 0x7f } },
	    0x1000, 0x100, KVMI_LOST, 0x100, 0x7f, 0 },
	{ "to the end of the address space", { { MAX - 0xff, 0x100, 0x100,
	    0x40 } }, 0x1000, MAX - 1, KVMI_STORED, MAX - 0xff, 0xff, 0x40 },
	{ "beyond the end of the address space", { { MAX - 0xff, 0x1000,
	    0x1000, 0x40 } }, 0x2000, MAX - 1, KVMI_STORED, MAX - 0xff, 0xff,
	    0x40 },
	{ "all of the address space", { { 0, MAX, MAX, 0x40 } }, 0x1000,
	    0x100, KVMI_STORED, 0, 0xfc0, 0x40 },
	{ "a tail to the end", { { 0x100, 0x10, MAX, 0x40 } }, 0x1000,
	    MAX - 1, KVMI_EXCLUDED, 0x110, MAX - 0x110, 0 },
	{ "behind a segment that reaches the end", { { 0x1000, MAX - 0xfff,
	    MAX, 0x40 }, { 0x2000, 0x1000, 0x1000, 0x1040 } },
	    UINT64_C(1) << 40, 0x5000, KVMI_STORED, 0x1000, 0, 0x40 },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_segments s;
		struct kvmi_extent e;

		build(&s, row[i].load, LOADS);
		kvmi_segments_locate(&s, row[i].addr, row[i].file_size, &e);
		UTIL_EQ(row[i].name, e.state, row[i].state);
		UTIL_EQ(row[i].name, e.start, row[i].start);
		if (row[i].len != 0)
			UTIL_EQ(row[i].name, e.len, row[i].len);
		UTIL_TRUE(row[i].name, row[i].addr - e.start < e.len);
		if (row[i].state == KVMI_STORED)
			UTIL_EQ(row[i].name, e.off, row[i].off);
		UTIL_EQ(row[i].name, e.why != NULL, e.state == KVMI_LOST);
		UTIL_TRUE(row[i].name, e.codec == NULL);
		kvmi_segments_deinit(&s);
	}
}

#define WORLD	256

/* May a byte in this state be where it is said to be? */
static bool
allowed(const struct load *v, size_t n, uint64_t file_size, uint64_t addr,
    const struct kvmi_extent *e)
{
	bool stored = false, excluded = false, there = false, lost = false;

	for (size_t i = 0; i < n; i++) {
		uint64_t in = addr - v[i].start;

		if (addr < v[i].start)
			continue;
		if (in < v[i].filesz) {
			stored = true;
			if (v[i].off + in >= file_size)
				lost = true;
			else if (e->state == KVMI_STORED &&
			    e->off + (addr - e->start) == v[i].off + in)
				there = true;
		} else if (in < v[i].memsz) {
			excluded = true;
		}
	}
	switch (e->state) {
	case KVMI_STORED:
		return (there);
	case KVMI_LOST:
		return (lost);
	case KVMI_EXCLUDED:
		return (excluded && !stored);
	default:
		return (!excluded && !stored);
	}
}

/* Random segments in small worlds at both ends of the address space. */
static void
test_random(void **state)
{
	static const struct { const char *name; uint64_t base; } at[] = {
		{ "at 0", 0 }, { "in the middle", UINT64_C(1) << 63 },
		{ "at the top", MAX - WORLD + 1 },
	};
	uint64_t rnd = 17;

	(void)state;
	for (size_t w = 0; w < KVMI_COUNT(at); w++)
		for (int round = 0; round < 3000; round++) {
			struct load v[LOADS];
			size_t n = util_random(&rnd) % (LOADS + 1);
			uint64_t file_size = util_random(&rnd) % 400;
			uint64_t base = at[w].base;
			struct kvmi_segments s;

			for (size_t i = 0; i < n; i++)
				v[i] = (struct load){
					base + util_random(&rnd) % WORLD,
					util_random(&rnd) % 100,
					util_random(&rnd) % 150,
					util_random(&rnd) % 300 };
			build(&s, v, n);
			/* The very last address is nobody's. */
			for (uint64_t a = 0; a < WORLD - 1; a++) {
				struct kvmi_extent e, other;
				uint64_t addr = base + a, end;

				kvmi_segments_locate(&s, addr, file_size, &e);
				UTIL_TRUE(at[w].name, addr - e.start <
				    e.len && e.len - 1 <= MAX - e.start);
				UTIL_TRUE(at[w].name, allowed(v, n, file_size,
				    addr, &e));
				/* The same holds for the extent's ends. */
				UTIL_TRUE(at[w].name, allowed(v, n, file_size,
				    e.start, &e));
				end = e.start + (e.len - 1);
				UTIL_TRUE(at[w].name, end == MAX ||
				    allowed(v, n, file_size, end, &e));
				kvmi_segments_locate(&s, end, file_size,
				    &other);
				UTIL_TRUE(at[w].name, other.start == e.start &&
				    other.state == e.state);
			}
			kvmi_segments_deinit(&s);
		}
}

/* Many segments: an answer for each. */
static void
test_many(void **state)
{
	struct kvmi_segments s = { 0 };
	struct kvmi_err err;
	struct kvmi_extent e;

	(void)state;
	for (uint64_t i = 70000; i-- > 0;)
		UTIL_EQ("add", kvmi_segments_add(&s, i * 0x2000, 0x1000,
		    0x1800, i * 0x1000, &err), 0);
	kvmi_segments_sort(&s);
	for (uint64_t i = 0; i < 70000; i += 7) {
		kvmi_segments_locate(&s, i * 0x2000 + 5, MAX, &e);
		UTIL_EQ("stored", e.state, KVMI_STORED);
		UTIL_EQ("stored", e.off, i * 0x1000);
		kvmi_segments_locate(&s, i * 0x2000 + 0x1000, MAX, &e);
		UTIL_EQ("excluded", e.state, KVMI_EXCLUDED);
		kvmi_segments_locate(&s, i * 0x2000 + 0x1800, MAX, &e);
		UTIL_EQ("absent", e.state, KVMI_ABSENT);
	}
	kvmi_segments_deinit(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_many),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
