/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

#include <unistd.h>

#include "base/rank.h"

#define BEFORE	16	/* bytes of the file before the bitmap */

enum pattern { ZEROS, ONES, ALTERNATE, SPARSE, DENSE, FIRST, LAST, RUNS };

static const struct { const char *name; enum pattern p; } pattern[] = {
	{ "zeros", ZEROS }, { "ones", ONES }, { "alternating", ALTERNATE },
	{ "sparse", SPARSE }, { "dense", DENSE }, { "first bit", FIRST },
	{ "last bit", LAST }, { "runs", RUNS },
};

static const struct { const char *name; uint64_t nbits; } size_row[] = {
	{ "no bit", 0 }, { "1 bit", 1 }, { "7 bits", 7 }, { "8 bits", 8 },
	{ "9 bits", 9 }, { "63 bits", 63 }, { "64 bits", 64 },
	{ "65 bits", 65 }, { "a block less one", 2047 }, { "a block", 2048 },
	{ "a block and one", 2049 }, { "a superblock less one", 65535 },
	{ "a superblock", 65536 }, { "a superblock and one", 65537 },
	{ "three superblocks and some", 3 * 65536 + 2048 + 13 },
};

/* The sources: mapped, in pieces that cut through blocks, and to be read. */
static const struct { const char *name; uint64_t piece; } way[] = {
	{ "mapped", UINT64_MAX }, { "in pieces", 100 }, { "read", 0 },
};

static bool
bit_of(enum pattern p, uint64_t i, uint64_t nbits, uint64_t *rnd)
{
	switch (p) {
	case ZEROS:
		return (false);
	case ONES:
		return (true);
	case ALTERNATE:
		return (i % 2 == 1);
	case SPARSE:
		return (util_random(rnd) % 1000 == 0);
	case DENSE:
		return (util_random(rnd) % 1000 != 0);
	case FIRST:
		return (i == 0);
	case LAST:
		return (i == nbits - 1);
	case RUNS:
		return (i / 700 % 2 == 0);
	}
	return (false);
}

/* Bits behind the last are set: they must not count. */
static void
make(struct bytes *b, enum pattern p, uint64_t nbits)
{
	uint64_t rnd = 88172645463325252;

	bytes_fill(b, 0xff, BEFORE);
	bytes_fill(b, 0, (size_t)(nbits + 7) / 8);
	for (uint64_t i = 0; i < (nbits + 7) / 8 * 8; i++)
		if (i >= nbits || bit_of(p, i, nbits, &rnd))
			b->p[BEFORE + i / 8] |= (uint8_t)(1u << i % 8);
	bytes_fill(b, 0xff, 32);
}

static bool
is_set(const struct bytes *b, uint64_t i)
{
	return (b->p[BEFORE + i / 8] >> i % 8 & 1);
}

static void
check(const char *name, const struct bytes *b, uint64_t nbits,
    uint64_t piece)
{
	const struct util_src_opts o = { .piece = piece };
	struct kvmi_src *src = util_src(b->p, b->len, &o);
	struct kvmi_rank r;
	struct kvmi_err err;
	uint64_t before = 0, last = 0, step = nbits > 10000 ? 7 : 1;

	UTIL_EQ(name, kvmi_rank_init(&r, src, BEFORE, nbits, 1, "bitmap", &err),
	    0);
	for (uint64_t i = 0; i < nbits; i++) {
		uint64_t after = 0, back = 0, lo, hi;
		struct kvmi_rank_at at;

		/* Near where blocks meet every bit is asked for. */
		if (i % step == 0 || i % 2048 < 2 || i % 2048 > 2045) {
			lo = i % 3 == 0 ? i : i % 3 == 1 && i > 50 ? i - 50 : 0;
			hi = i % 3 == 0 ? i + 1 : i % 3 == 1 ?
			    kvmi_min(i + 50, nbits) : nbits;
			UTIL_EQ(name, kvmi_rank_get(&r, i, lo, hi, &at, &err),
			    0);
			UTIL_EQ(name, at.set, is_set(b, i));
			UTIL_EQ(name, at.rank, before);
			while (i + after < hi && after < at.run &&
			    is_set(b, i + after) == at.set)
				after++;
			while (back < i - lo && back < at.before &&
			    is_set(b, i - back - 1) == at.set)
				back++;
			UTIL_TRUE(name, at.run >= 1);
			UTIL_EQ(name, at.run, after);
			UTIL_EQ(name, at.before, back);
			/* What stops short of a block's end differs there. */
			UTIL_TRUE(name, i + after == hi || after > 4 * 2048 ||
			    is_set(b, i + after) != at.set);
			UTIL_TRUE(name, i - back == lo || back >= 4 * 2048 ||
			    is_set(b, i - back - 1) != at.set);
		}
		if (is_set(b, i)) {
			before++;
			last = i + 1;
		}
	}
	UTIL_EQ(name, r.total, before);
	UTIL_EQ(name, r.last, last);
	kvmi_rank_deinit(&r);
	kvmi_src_close(src);
}

static void
test_against_counting(void **state)
{
	(void)state;
	for (size_t s = 0; s < KVMI_COUNT(size_row); s++)
		for (size_t p = 0; p < KVMI_COUNT(pattern); p++) {
			struct bytes b = { 0 };

			make(&b, pattern[p].p, size_row[s].nbits);
			for (size_t w = 0; w < KVMI_COUNT(way); w++) {
				char name[100];

				snprintf(name, sizeof(name), "%s, %s, %s",
				    size_row[s].name, pattern[p].name,
				    way[w].name);
				check(name, &b, size_row[s].nbits,
				    way[w].piece);
			}
			bytes_free(&b);
		}
}

/* A run is followed through some blocks, so that it can be used whole. */
static void
test_run(void **state)
{
	static const struct {
		const char *name;
		uint64_t bit, lo, hi, before, run;
	} row[] = {
		{ "the first", 0, 0, 65536, 0, 5 * 2048 },
		{ "a block's last", 2047, 0, 65536, 2047, 4 * 2048 + 1 },
		{ "in the middle", 32768 + 7, 0, 65536, 4 * 2048 + 7,
		    5 * 2048 - 7 },
		{ "no longer than asked", 30000, 29997, 30004, 3, 4 },
		{ "to the last", 65535, 60000, 65536, 5535, 1 },
	};
	struct bytes b = { 0 };
	struct kvmi_src *src;
	struct kvmi_rank r;
	struct kvmi_err err;

	(void)state;
	make(&b, ONES, 65536);
	src = util_bytes(&b, b.len);
	UTIL_EQ("init", kvmi_rank_init(&r, src, BEFORE, 65536, 1, "bitmap",
	    &err), 0);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_rank_at at;

		UTIL_EQ(row[i].name, kvmi_rank_get(&r, row[i].bit, row[i].lo,
		    row[i].hi, &at, &err), 0);
		UTIL_EQ(row[i].name, at.before, row[i].before);
		UTIL_EQ(row[i].name, at.run, row[i].run);
		UTIL_EQ(row[i].name, at.rank, row[i].bit);
	}
	kvmi_rank_deinit(&r);
	kvmi_src_close(src);
	bytes_free(&b);
}

static void
test_outside(void **state)
{
	static const struct {
		const char *name;
		uint64_t off, nbits;
		int want;
	} row[] = {
		{ "to the end of the file", 0, 1000 * 8, 0 },
		{ "a bit more", 0, 1000 * 8 + 1, KVMI_ETRUNC },
		{ "from the end", 1000, 0, 0 },
		{ "from behind the end", 1001, 0, KVMI_ETRUNC },
		{ "a bit at the end", 1000, 1, KVMI_ETRUNC },
		{ "the largest number of bits", 0, UINT64_MAX, KVMI_ETRUNC },
		{ "the largest offset", UINT64_MAX, 8, KVMI_ETRUNC },
		{ "both", UINT64_MAX, UINT64_MAX, KVMI_ETRUNC },
		{ "a sum that wraps", UINT64_MAX - 7, 64, KVMI_ETRUNC },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct bytes b = { 0 };
		struct kvmi_src *src;
		struct kvmi_rank r;
		struct kvmi_err err = { 0 };

		bytes_fill(&b, 0, 1000);
		src = util_bytes(&b, b.len);
		UTIL_FAILS(row[i].name, kvmi_rank_init(&r, src, row[i].off,
		    row[i].nbits, 1, "bitmap", &err), row[i].want, &err);
		kvmi_rank_deinit(&r);	/* also after a failure */
		kvmi_rank_deinit(&r);
		kvmi_src_close(src);
		bytes_free(&b);
	}
}

/* Each read fails in its turn. */
static void
test_read_errors(void **state)
{
	struct bytes b = { 0 };
	struct kvmi_err err;
	int r = KVMI_ESYS;
	unsigned int failures = 0;

	(void)state;
	make(&b, DENSE, 5 * 65536);
	for (uint64_t n = 1; r != 0; n++) {
		const struct util_src_opts o = { .reads = n };
		struct kvmi_src *src = util_src(b.p, b.len, &o);
		struct kvmi_rank k;
		struct kvmi_rank_at at;

		r = kvmi_rank_init(&k, src, BEFORE, 5 * 65536, 1, "bitmap", &err);
		if (r == 0)
			UTIL_FAILS("get", kvmi_rank_get(&k, 70000, 70000,
			    70001, &at, &err), n == 5 ? KVMI_ESYS : 0, &err);
		else
			UTIL_FAILS("init", r, KVMI_ESYS, &err);
		failures += r != 0;
		kvmi_rank_deinit(&k);
		kvmi_src_close(src);
	}
	UTIL_EQ("as many as superblocks", failures, 4);
	bytes_free(&b);
}

/* The bitmap's pages go away: an error, not zeros. */
static void
test_shrinks(void **state)
{
	struct bytes b = { 0 };
	struct kvmi_src *src;
	struct kvmi_rank r;
	struct kvmi_err err;
	struct kvmi_rank_at at;
	int fd;

	(void)state;
	bytes_fill(&b, 0x7f, 65536);
	fd = util_file(b.p, b.len);
	src = util_file_src(fd);
	UTIL_EQ("init", kvmi_rank_init(&r, src, 0, 65536 * 8, 1, "bitmap", &err),
	    0);
	UTIL_EQ("shrink", ftruncate(fd, 8192), 0);
	UTIL_FAILS("what is left", kvmi_rank_get(&r, 8191 * 8, 0, 65536,
	    &at, &err), 0, &err);
	UTIL_TRUE("what is left", at.set && at.rank == 8191 * 7);
	UTIL_FAILS("what is gone", kvmi_rank_get(&r, 8192 * 8, 0, 1 << 20, &at,
	    &err), KVMI_ETRUNC, &err);
	UTIL_FAILS("the last", kvmi_rank_get(&r, 65536 * 8 - 1, 0, 1 << 20,
	    &at, &err), KVMI_ETRUNC, &err);
	kvmi_rank_deinit(&r);
	kvmi_src_close(src);
	close(fd);
	bytes_free(&b);
}

/* The same bits in big-endian words have the same ranks. */
static void
test_words(void **state)
{
	static const unsigned int word[] = { 4, 8 };
	static const uint64_t nbits[] = { 64, 2048, 70000 / 64 * 64, 131072 };

	(void)state;
	for (size_t w = 0; w < KVMI_COUNT(word); w++)
		for (size_t s = 0; s < KVMI_COUNT(nbits); s++) {
			struct bytes le = { 0 }, be = { 0 };
			struct kvmi_src *a, *b;
			struct kvmi_rank plain, words;
			struct kvmi_err err;

			make(&le, pattern[KVMI_COUNT(pattern) - 1].p, nbits[s]);
			bytes_fill(&be, 0xff, BEFORE);
			for (uint64_t i = 0; i < nbits[s] / 8; i++)
				bytes_fill(&be, le.p[BEFORE + i / word[w] *
				    word[w] + word[w] - 1 - i % word[w]], 1);
			a = util_bytes(&le, le.len);
			b = util_bytes(&be, be.len);
			UTIL_EQ("little", kvmi_rank_init(&plain, a, BEFORE,
			    nbits[s], 1, "bitmap", &err), 0);
			UTIL_EQ("big", kvmi_rank_init(&words, b, BEFORE,
			    nbits[s], word[w], "bitmap", &err), 0);
			UTIL_EQ("last", words.last, plain.last);
			for (uint64_t i = 0; i < nbits[s]; i++) {
				struct kvmi_rank_at r[2];
				uint64_t lo = i - kvmi_min(i, 70);
				uint64_t hi = kvmi_min(i + 99, nbits[s]);

				kvmi_rank_get(&plain, i, lo, hi, &r[0], &err);
				kvmi_rank_get(&words, i, lo, hi, &r[1], &err);
				UTIL_TRUE("bit", r[0].set == r[1].set &&
				    r[0].rank == r[1].rank &&
				    r[0].run == r[1].run &&
				    r[0].before == r[1].before);
			}
			kvmi_rank_deinit(&plain);
			kvmi_rank_deinit(&words);
			kvmi_src_close(a);
			kvmi_src_close(b);
			bytes_free(&le);
			bytes_free(&be);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_counting),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_read_errors),
		cmocka_unit_test(test_shrinks),
		cmocka_unit_test(test_words),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
