/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

/* What note n of make() is. */
static const struct {
	const char	*name;
	uint32_t	 namesz, type;
	const char	*desc;
	uint32_t	 descsz;
} note[] = {
	{ "CORE", 5, 1, "0123456789ab", 12 },
	{ "QEMU", 5, 0, "x", 1 },
	{ "VMCOREINFO", 11, 0, "OSRELEASE=6.1\n", 14 },
	{ "LINUX", 5, 0x46e62b7f, "", 0 },	/* named without a NUL */
	{ "GNU", 4, 3, "\1\2\3\4\5\6\7", 7 },
};

static void
make(struct bytes *b, bool big_endian)
{
	b->big_endian = big_endian;
	for (size_t i = 0; i < KVMI_COUNT(note); i++)
		util_note(b, note[i].name, note[i].namesz, note[i].type,
		    note[i].desc, note[i].descsz);
}

static bool
same(const struct kvmi_note *n, size_t i)
{
	return (n->namesz == note[i].namesz && n->type == note[i].type &&
	    memcmp(n->name, note[i].name, n->namesz) == 0 &&
	    n->descsz == note[i].descsz &&
	    memcmp(n->desc, note[i].desc, n->descsz) == 0);
}

/*
 * Both orders, cut at each byte: whole notes are found, in order.  The rest of
 * a cut one may look like notes too: these lie inside.
 */
static void
test_cut(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct bytes b = { 0 };

		make(&b, big);
		for (size_t len = 0; len <= b.len; len++) {
			uint8_t *copy = bytes_exact(&b, len);
			struct kvmi_blob blob = { .p = copy, .len = len };
			struct kvmi_note n;
			size_t pos = 0, i = 0, last = 0, whole = 0, end = 0;

			for (; whole < KVMI_COUNT(note); whole++) {
				end += 12 + (note[whole].namesz + 3) / 4 * 4 +
				    note[whole].descsz;
				if (end > len)
					break;
				end = (end + 3) / 4 * 4;
			}

			while (kvmi_note_next(&blob, big, &pos, &n)) {
				UTIL_TRUE("moves on", pos > last);
				last = pos;
				if (i < whole)
					UTIL_TRUE("in order", same(&n, i));
				UTIL_TRUE("inside", n.desc + n.descsz <=
				    copy + len);
				i++;
			}
			UTIL_TRUE("all whole ones", i >= whole);
			if (len == b.len)
				UTIL_EQ("no other", i, KVMI_COUNT(note));
			free(copy);
		}
		bytes_free(&b);
	}
}

static void
test_damaged(void **state)
{
	static const struct {
		const char *name;
		uint32_t namesz, descsz;
		size_t filling;		/* bytes behind the header */
		bool found;
		bool next;		/* is the good note behind found? */
	} row[] = {
		{ "zeros", 0, 0, 0, false, true },
		{ "many zeros", 0, 0, 4096, false, true },
		{ "an empty description", 4, 0, 4, true, true },
		{ "the largest name", UINT32_MAX, 0, 16, false, true },
		{ "a name that pads to 2^32", 0xfffffffd, 0, 16, false, true },
		{ "the largest description", 4, UINT32_MAX, 16, false, true },
		{ "a description that pads to 2^32", 4, 0xfffffffd, 16, false,
		    true },
		{ "both the largest", UINT32_MAX, UINT32_MAX, 16, false,
		    true },
		{ "a name of all that is left", 24, 0, 4, true, false },
		{ "a name of one more", 25, 0, 4, false, true },
		{ "sums of 2^32", 0x80000000, 0x80000000, 16, false, true },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct bytes b = { 0 };
		struct kvmi_note n;
		struct kvmi_blob blob;
		size_t pos = 0;
		unsigned int found = 0, good = 0;
		uint8_t *copy;

		bytes_uint(&b, row[i].namesz, 4);
		bytes_uint(&b, row[i].descsz, 4);
		bytes_uint(&b, 9, 4);
		bytes_fill(&b, row[i].namesz == 0 ? 0 : 'n', row[i].filling);
		util_note(&b, "GNU", 4, 3, "word", 4);
		copy = bytes_exact(&b, b.len);
		blob = (struct kvmi_blob){ .p = copy, .len = b.len };
		while (kvmi_note_next(&blob, false, &pos, &n)) {
			found += n.type == 9;
			good += kvmi_note_is(&n, "GNU", 3) &&
			    n.descsz == 4 && memcmp(n.desc, "word", 4) == 0;
			UTIL_TRUE(row[i].name, (const uint8_t *)n.name >=
			    copy && n.desc + n.descsz <= copy + b.len &&
			    (const uint8_t *)n.name + n.namesz <= n.desc);
		}
		UTIL_EQ(row[i].name, found, row[i].found);
		UTIL_EQ(row[i].name, good, row[i].next);
		free(copy);
		bytes_free(&b);
	}
}

/* Whatever the bytes: it ends, and what it gives lies inside. */
static void
test_random(void **state)
{
	uint64_t rnd = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t len = util_random(&rnd) % 100, pos = 0, steps = 0;
		uint8_t *p = malloc(len + 1), sum = 0;
		struct kvmi_blob blob = { .p = p, .len = len };
		struct kvmi_note n;

		for (size_t j = 0; j < len; j++)	/* small numbers mostly */
			p[j] = util_random(&rnd) % 4 == 0 ?
			    (uint8_t)(util_random(&rnd) % 32) : 0;
		p = realloc(p, len == 0 ? 1 : len);
		blob.p = p;
		while (kvmi_note_next(&blob, i % 2, &pos, &n)) {
			steps++;
			for (uint32_t j = 0; j < n.namesz; j++)
				sum ^= (uint8_t)n.name[j];
			for (uint32_t j = 0; j < n.descsz; j++)
				sum ^= n.desc[j];
		}
		UTIL_TRUE("ends", steps <= len / 12 + (sum & 0));
		free(p);
	}
}

static void
test_is(void **state)
{
	static const struct {
		const char *name;
		const char *bytes;
		uint32_t namesz, type;
		bool want;
	} row[] = {
		{ "with its NUL", "CORE\0", 5, 1, true },
		{ "without", "CORE", 4, 1, true },
		{ "another type", "CORE\0", 5, 2, false },
		{ "longer", "CORE2\0", 6, 1, false },
		{ "shorter", "COR\0", 4, 1, false },
		{ "two NULs", "CORE\0\0", 6, 1, false },
		{ "another", "QEMU\0", 5, 1, false },
		{ "empty", "", 0, 1, false },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_note n = { .name = row[i].bytes,
			.namesz = row[i].namesz, .type = row[i].type };

		UTIL_EQ(row[i].name, kvmi_note_is(&n, "CORE", 1),
		    row[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_is),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
