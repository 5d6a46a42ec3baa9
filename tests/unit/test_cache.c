/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>

#include "image/cache.h"

#define BLOCK	4096
#define THREADS	8

/* The content of a block is a function of its key. */
static void
fill(uint8_t *block, size_t len, uint64_t key)
{
	for (size_t i = 0; i < len; i += 8) {
		uint64_t w = mkimage_mix(key + i);

		memcpy(block + i, &w, 8);
	}
}

static bool
has(struct kvmi_cache *c, uint64_t key, size_t len)
{
	uint8_t *got = malloc(len), *want = malloc(len);
	bool hit;

	memset(got, 0xee, len);
	fill(want, len, key);
	hit = kvmi_cache_get(c, key, 7, 0, got, len);
	if (hit)
		UTIL_TRUE("right bytes", memcmp(got, want, len) == 0);
	else
		UTIL_TRUE("untouched", got[0] == 0xee && got[len - 1] == 0xee);
	free(got);
	free(want);
	return (hit);
}

static void
put(struct kvmi_cache *c, uint64_t key, size_t len)
{
	uint8_t *block = malloc(len);

	fill(block, len, key);
	kvmi_cache_put(c, key, 7, block);
	free(block);
}

static void
test_get_and_put(void **state)
{
	static const struct { const char *name; uint64_t key; } row[] = {
		{ "0", 0 }, { "1", 1 }, { "a page", 4096 },
		{ "the next", 8192 }, { "2^32", UINT64_C(1) << 32 },
		{ "2^63", UINT64_C(1) << 63 }, { "the largest", UINT64_MAX },
	};
	struct kvmi_cache *c = kvmi_cache_create(BLOCK);

	(void)state;
	UTIL_TRUE("created", c != NULL);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		UTIL_EQ(row[i].name, has(c, row[i].key, BLOCK), false);
		put(c, row[i].key, BLOCK);
		UTIL_EQ(row[i].name, has(c, row[i].key, BLOCK), true);
		put(c, row[i].key, BLOCK);	/* again */
		UTIL_EQ(row[i].name, has(c, row[i].key, BLOCK), true);
	}
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		uint8_t byte;

		UTIL_EQ(row[i].name, has(c, row[i].key, BLOCK), true);
		UTIL_EQ("stored in another way", kvmi_cache_get(c, row[i].key,
		    8, 0, &byte, 1), false);
	}
	kvmi_cache_destroy(c);
	kvmi_cache_destroy(NULL);
}

static void
test_parts(void **state)
{
	static const struct { const char *name; size_t at, len; } row[] = {
		{ "the first byte", 0, 1 }, { "the last byte", BLOCK - 1, 1 },
		{ "nothing", 17, 0 }, { "the middle", 1000, 2000 },
		{ "nothing at the end", BLOCK, 0 }, { "all", 0, BLOCK },
	};
	struct kvmi_cache *c = kvmi_cache_create(BLOCK);
	uint8_t want[BLOCK], got[BLOCK + 1];

	(void)state;
	put(c, 77, BLOCK);
	fill(want, BLOCK, 77);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		memset(got, 0xee, sizeof(got));
		UTIL_EQ(row[i].name, kvmi_cache_get(c, 77, 7, row[i].at, got,
		    row[i].len), true);
		UTIL_TRUE(row[i].name, memcmp(got, want + row[i].at,
		    row[i].len) == 0 && got[row[i].len] == 0xee);
	}
	kvmi_cache_destroy(c);
}

/* What is used stays; much more than fits comes by. */
static void
test_least_recent(void **state)
{
	struct kvmi_cache *c = kvmi_cache_create(64);
	size_t kept = 0, old = 0;

	(void)state;
	put(c, 12345, 64);
	for (uint64_t key = 0; key < 200000; key += 4) {
		put(c, UINT64_C(1) << 40 | key * 4096, 64);
		kept += has(c, 12345, 64);
	}
	UTIL_EQ("what is used stays", kept, 50000);
	for (uint64_t key = 0; key < 100000; key += 4)
		old += has(c, UINT64_C(1) << 40 | key * 4096, 64);
	UTIL_EQ("what is not goes", old, 0);
	for (uint64_t key = 199960; key < 200000; key += 4)
		old += has(c, UINT64_C(1) << 40 | key * 4096, 64);
	UTIL_EQ("the newest are there", old, 10);
	kvmi_cache_destroy(c);
}

/* Large blocks make fewer frames, not more memory. */
static void
test_memory(void **state)
{
	static const struct { const char *name; uint32_t block; } row[] = {
		{ "1 KiB", 1024 }, { "4 KiB", 4096 }, { "64 KiB", 65536 },
		{ "1 MiB", 1 << 20 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct mallinfo2 before = mallinfo2(), after;
		struct kvmi_cache *c = kvmi_cache_create(row[i].block);
		size_t used, there;

		for (uint64_t n = 0; n < (UINT64_C(128) << 20) / row[i].block &&
		    n < 20000; n++)
			put(c, n * row[i].block, row[i].block);
		after = mallinfo2();
		used = after.uordblks + after.hblkhd - before.uordblks -
		    before.hblkhd;
		/* Sanitizers' allocators count nothing here. */
		UTIL_TRUE(row[i].name, used <= (size_t)67 << 20);
		there = 0;
		for (uint64_t n = 0; n < 128; n++)
			there += has(c, n * row[i].block, row[i].block);
		UTIL_TRUE(row[i].name, there <= 64);
		put(c, 5, row[i].block);
		UTIL_EQ(row[i].name, has(c, 5, row[i].block), true);
		kvmi_cache_destroy(c);
	}
}

struct job {
	struct kvmi_cache *c;
	uint64_t	 seed;
	atomic_uint	*hits, *wrong;
};

static void *
hammer(void *arg)
{
	struct job *j = arg;
	uint8_t got[256], want[256];

	for (int i = 0; i < 20000; i++) {
		uint64_t key = util_random(&j->seed) % 6000 * 512;

		fill(want, sizeof(want), key);
		if (!kvmi_cache_get(j->c, key, 7, 0, got, sizeof(got))) {
			kvmi_cache_put(j->c, key, 7, want);
			continue;
		}
		atomic_fetch_add(j->hits, 1);
		if (memcmp(got, want, sizeof(got)) != 0)
			atomic_fetch_add(j->wrong, 1);
	}
	return (NULL);
}

static void
test_threads(void **state)
{
	struct kvmi_cache *c = kvmi_cache_create(256);
	atomic_uint hits = 0, wrong = 0;
	struct job job[THREADS];
	pthread_t id[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++) {
		job[i] = (struct job){ c, i + 1, &hits, &wrong };
		pthread_create(&id[i], NULL, hammer, &job[i]);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(id[i], NULL);
	UTIL_EQ("wrong", wrong, 0);
	UTIL_TRUE("hits", hits > 1000);
	kvmi_cache_destroy(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get_and_put),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_least_recent),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_threads),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
