/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/math.h"
#include "sym/sym.h"

#define KERNEL	UINT64_C(0xffffffff81000000)

static struct kvmi_err err;

struct in {
	const char	*name;
	const char	*module;
	uint64_t	 addr;
	uint64_t	 size;
	char		 letter;
};

static struct kvmi_symtab *
new_symtab(const struct in *in, size_t n)
{
	struct kvmi_symtab *t = NULL;

	assert_int_equal(kvmi_symtab_create(&t, &err), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(kvmi_symtab_add(t, in[i].name,
		    strlen(in[i].name), in[i].module, in[i].addr, in[i].size,
		    in[i].letter, &err), 0);
	return (t);
}

static void
test_by_name(void **state)
{
	static const struct {
		const char *name;
		struct in in[4];	/* all called "x" unless named */
		int want;
		uint64_t want_addr;
	} row[] = {
		{ "only one", { { "x", "", 16, 0, 't' } }, 0, 16 },
		{ "global wins over an earlier local", {
		    { "x", "", 16, 0, 't' }, { "x", "", 32, 0, 'T' } }, 0, 32 },
		{ "global wins over a later local", {
		    { "x", "", 32, 0, 'D' }, { "x", "", 16, 0, 'd' } }, 0, 32 },
		{ "a module's global wins over the kernel's local", {
		    { "x", "", 16, 0, 't' }, { "x", "m", 32, 0, 'T' } }, 0,
		    32 },
		{ "the kernel's global wins over a module's", {
		    { "x", "m", 16, 0, 'T' }, { "x", "", 32, 0, 'T' } }, 0,
		    32 },
		{ "the kernel's local wins over a module's", {
		    { "x", "", 32, 0, 't' }, { "x", "m", 16, 0, 't' } }, 0,
		    32 },
		{ "the lower address wins", {
		    { "x", "", 48, 0, 't' }, { "x", "", 16, 0, 't' },
		    { "x", "", 32, 0, 't' } }, 0, 16 },
		{ "the lower address wins among modules", {
		    { "x", "m", 48, 0, 't' }, { "x", "n", 16, 0, 't' } }, 0,
		    16 },
		{ "an absolute symbol is one", {
		    { "x", "", 0, 0, 'A' } }, 0, 0 },
		{ "an undefined symbol is none", {
		    { "x", "", 0, 0, 'U' } }, KVMI_ENOENT, 0 },
		{ "an undefined symbol is not preferred", {
		    { "x", "", 0, 0, 'U' }, { "x", "m", 16, 0, 't' } }, 0,
		    16 },
		{ "an undefined weak symbol is none", {
		    { "x", "", 0, 0, 'w' }, { "x", "", 0, 0, 'v' } },
		    KVMI_ENOENT, 0 },
		{ "a defined weak symbol is one", {
		    { "x", "m", 16, 0, 'w' } }, 0, 16 },
		{ "a prefix is another name", {
		    { "xx", "", 16, 0, 'T' }, { "", "", 32, 0, 'T' } },
		    KVMI_ENOENT, 0 },
		{ "an empty table", { { 0 } }, KVMI_ENOENT, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_symtab *t;
		struct kvmi_sym s = { 0 };
		size_t n = 0;
		int r;

		while (n < KVMI_COUNT(row[i].in) && row[i].in[n].name != NULL)
			n++;
		t = new_symtab(row[i].in, n);
		strcpy(err.text, "untouched");
		r = kvmi_symtab_by_name(t, "x", &s, &err);
		if (r != row[i].want || s.addr != row[i].want_addr ||
		    strcmp(err.text, "untouched") != 0)
			fail_msg("%s: %d, %" PRIx64 ", %s", row[i].name, r,
			    s.addr, err.text);
		if (r == 0 && strcmp(s.name, "x") != 0)
			fail_msg("%s: found %s", row[i].name, s.name);
		kvmi_symtab_destroy(t);
	}
}

static void
test_kernel_order(void **state)
{
	static const struct in in[] = {
		{ "__do_sys_pause", "", KERNEL + 0x100, 0, 't' },
		{ "__x64_sys_pause", "", KERNEL + 0x100, 0, 'T' },
		{ "behind", "", KERNEL + 0x200, 0, 'W' },
		{ "before", "", KERNEL, 0, 't' },
		{ "behind_too", "", KERNEL + 0x200, 0, 'T' },
	};
	struct kvmi_symtab *t = new_symtab(in, KVMI_COUNT(in));
	struct kvmi_sym s = { .name = "none" };

	(void)state;
	assert_int_equal(kvmi_symtab_by_addr(t, KERNEL + 0x110, &s, &err), 0);
	assert_string_equal(s.name, "__x64_sys_pause");
	kvmi_symtab_destroy(t);
	t = new_symtab(in, KVMI_COUNT(in));
	kvmi_symtab_kernel_order(t);
	assert_int_equal(kvmi_symtab_by_addr(t, KERNEL + 0x110, &s, &err), 0);
	assert_string_equal(s.name, "__do_sys_pause");
	assert_int_equal(s.size, 0x100);
	assert_int_equal(kvmi_symtab_by_addr(t, KERNEL + 0x200, &s, &err), 0);
	assert_string_equal(s.name, "behind");
	kvmi_symtab_destroy(t);
}

static void
test_by_addr(void **state)
{
	static const struct in in[] = {
		{ "percpu", "", 0x40, 0, 'D' },
		{ "absolute", "", KERNEL + 0x150, 0, 'A' },
		{ "absolute_local", "", KERNEL + 0x151, 0, 'a' },
		{ "_text", "", KERNEL, 0, 'T' },
		{ "local", "", KERNEL + 0x100, 0, 't' },
		{ "weak", "", KERNEL + 0x100, 0, 'W' },
		{ "global", "", KERNEL + 0x100, 0, 'T' },
		{ "global_too", "", KERNEL + 0x100, 0, 'T' },
		{ "sized", "", KERNEL + 0x200, 0x10, 'D' },
		{ "weak_only", "", KERNEL + 0x300, 0, 'V' },
		{ "local_too", "", KERNEL + 0x300, 0, 'd' },
		{ "last", "", KERNEL + 0x400, 0, 'b' },
		{ "first_of_m", "m", KERNEL + 0x40000, 0, 't' },
		{ "second_of_m", "m", KERNEL + 0x40010, 0, 'w' },
		{ "of_n", "n", KERNEL + 0x50000, 0, 't' },
		{ "gone", "", 0, 0, 'U' },
		{ "gone_too", "", 0, 0, 'w' },
	};
	static const struct {
		const char *name;
		uint64_t addr;
		const char *want;	/* NULL: none */
		uint64_t want_size;
	} row[] = {
		{ "exact", KERNEL, "_text", 0x100 },
		{ "inside", KERNEL + 0xff, "_text", 0x100 },
		{ "several names: the first global", KERNEL + 0x100, "global",
		    0x100 },
		{ "behind an absolute", KERNEL + 0x160, "global", 0x100 },
		{ "with a size", KERNEL + 0x200, "sized", 0x10 },
		{ "past its size", KERNEL + 0x280, "sized", 0x10 },
		{ "weak before local", KERNEL + 0x301, "weak_only", 0x100 },
		{ "last of the kernel", KERNEL + 0x500, "last", 0 },
		{ "module", KERNEL + 0x40001, "first_of_m", 0x10 },
		{ "last of a module", KERNEL + 0x40010, "second_of_m", 0 },
		{ "last", UINT64_MAX, "of_n", 0 },
		{ "below", KERNEL - 1, NULL, 0 },
		{ "user address", 0x7fff12345678, NULL, 0 },
		{ "low address", 0x40, NULL, 0 },
		{ "zero", 0, NULL, 0 },
	};
	struct kvmi_symtab *t = new_symtab(in, KVMI_COUNT(in));

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_sym s = { .name = "none" };
		int r = kvmi_symtab_by_addr(t, row[i].addr, &s, &err);

		if (row[i].want == NULL ? r != KVMI_ENOENT : r != 0 ||
		    strcmp(s.name, row[i].want) != 0 ||
		    s.size != row[i].want_size)
			fail_msg("%s: %d, %s, size 0x%" PRIx64, row[i].name, r,
			    s.name, s.size);
	}
	kvmi_symtab_destroy(t);
}

/* Where a kernel lies decides which of its symbols are addresses. */
static void
test_lowest_place(void **state)
{
	static const struct {
		const char *name;
		uint64_t low, high, at;
		int want;
	} row[] = {
		{ "64 bit: offset", 0x40, KERNEL, 0x50, KVMI_ENOENT },
		{ "64 bit: large offset", 0x200000, KERNEL, 0x200000,
		    KVMI_ENOENT },
		{ "64 bit, just upper half", 0x40, UINT64_C(1) << 63, 0x50,
		    KVMI_ENOENT },
		{ "32 bit: offset", 0x40, 0xc0100000, 0x50, KVMI_ENOENT },
		{ "32 bit: last offset", 0xfffff, 0xc0100000, 0xfffff,
		    KVMI_ENOENT },
		{ "32 bit: address", 0x100000, 0xc0100000, 0x100000, 0 },
		{ "s390x: low core", 0x40, 0x100000, 0x50, 0 },
		{ "s390x: modules", 0x40, 0x3ff80001000, 0x50, 0 },
		{ "below 2 GiB", 0x40, 0x7fffffff, 0x50, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct in in[] = {
			{ "low", "", row[i].low, 0, 'D' },
			{ "high", "", row[i].high, 0, 'T' },
		};
		struct kvmi_symtab *t = new_symtab(in, 2);
		struct kvmi_sym s;

		if (kvmi_symtab_by_addr(t, row[i].at, &s, &err) !=
		    row[i].want ||
		    kvmi_symtab_by_addr(t, row[i].high, &s, &err) != 0 ||
		    kvmi_symtab_by_name(t, "low", &s, &err) != 0)
			fail_msg("%s", row[i].name);
		kvmi_symtab_destroy(t);
	}
}

/* Undefined symbols have no place, in low images either. */
static void
test_undefined_have_no_place(void **state)
{
	static const struct in in[] = {
		{ "undefined", "", 0x20, 0, 'U' },
		{ "weak_undefined", "", 0, 0, 'w' },
		{ "text", "", 0x100, 0, 'T' },
	};
	struct kvmi_symtab *t = new_symtab(in, KVMI_COUNT(in));
	struct kvmi_sym s;

	(void)state;
	assert_int_equal(kvmi_symtab_by_addr(t, 0xff, &s, &err), KVMI_ENOENT);
	assert_int_equal(kvmi_symtab_by_addr(t, 0x100, &s, &err), 0);
	kvmi_symtab_destroy(t);
}

static void
test_order_of_addition(void **state)
{
	static const struct in in[] = {
		{ "b", "", 32, 1, 'T' },
		{ "a", "m", 16, 2, 't' },
		{ "a", "m", 16, 2, 't' },
		{ "c", "", 8, 3, 'U' },
	};
	struct kvmi_symtab *t = new_symtab(in, KVMI_COUNT(in));
	struct kvmi_sym s;

	(void)state;
	assert_int_equal(kvmi_symtab_count(t), KVMI_COUNT(in));
	for (size_t i = 0; i < KVMI_COUNT(in); i++) {
		kvmi_symtab_get(t, i, &s);
		assert_string_equal(s.name, in[i].name);
		assert_ptr_not_equal(s.name, in[i].name);
		assert_ptr_equal(s.module, in[i].module);
		assert_int_equal(s.addr, in[i].addr);
		assert_int_equal(s.size, in[i].size);
		assert_int_equal(s.letter, in[i].letter);
	}
	kvmi_symtab_destroy(t);
	kvmi_symtab_destroy(NULL);
}

/* Names stay where they are, and indexes follow what is added later. */
static void
test_many(void **state)
{
	const uint32_t n = 100000;
	struct kvmi_symtab *t = new_symtab(NULL, 0);
	struct kvmi_sym s, first;
	char name[64];

	(void)state;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t scrambled = (uint32_t)(i * UINT64_C(48271) % n);
		size_t len = (size_t)snprintf(name, sizeof(name),
		    "symbol_%" PRIu32, scrambled);

		assert_int_equal(kvmi_symtab_add(t, name, len, "",
		    KERNEL + scrambled * 16, 0, 't', &err), 0);
		if (i == 0)
			kvmi_symtab_get(t, 0, &first);
		/* Both indexes are there now and then while adding. */
		if (i % 30000 != 7)
			continue;
		assert_int_equal(kvmi_symtab_by_name(t, name, &s, &err), 0);
		assert_int_equal(s.addr, KERNEL + scrambled * 16);
		assert_int_equal(kvmi_symtab_by_addr(t,
		    KERNEL + scrambled * 16 + 3, &s, &err), 0);
		assert_string_equal(s.name, name);
	}
	kvmi_symtab_get(t, 0, &s);
	assert_ptr_equal(s.name, first.name);
	assert_string_equal(s.name, "symbol_0");
	for (uint32_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "symbol_%" PRIu32, i);
		assert_int_equal(kvmi_symtab_by_name(t, name, &s, &err), 0);
		assert_int_equal(s.addr, KERNEL + i * 16);
		assert_int_equal(kvmi_symtab_by_addr(t, KERNEL + i * 16 + 15,
		    &s, &err), 0);
		assert_string_equal(s.name, name);
		assert_int_equal(s.size, i == n - 1 ? 0 : 16);
	}
	kvmi_symtab_destroy(t);
}

/* A part comes behind what was added meanwhile, or is dropped. */
static void
test_split(void **state)
{
	static const struct in in[] = {
		{ "in_module", "m", 0x1000, 0, 't' },
		{ "in_kernel", "", 0x2000, 0, 't' },
	};
	static const char *const want[] = { "in_module", "in_kernel", "first",
		"second", "third" };

	(void)state;
	for (int joined = 0; joined <= 1; joined++) {
		struct kvmi_symtab *t = new_symtab(in, 2), *part = NULL;
		struct kvmi_sym s;

		assert_int_equal(kvmi_symtab_split(t, 1, 2, &part, &err), 0);
		assert_int_equal(kvmi_symtab_add(part, "second", 6, "", 0x4000,
		    0, 't', &err), 0);
		assert_int_equal(kvmi_symtab_add(t, "first", 5, "", 0x3000, 0,
		    't', &err), 0);
		assert_int_equal(kvmi_symtab_add(part, "third", 5, "", 0x5000,
		    0, 'T', &err), 0);
		/* It has room for no more than was said. */
		assert_int_not_equal(kvmi_symtab_add(part, "x", 1, "", 0, 0,
		    't', &err), 0);
		if (joined)
			kvmi_symtab_join(t, part);
		else
			kvmi_symtab_destroy(part);
		assert_int_equal(kvmi_symtab_count(t), joined ? 5 : 3);
		for (size_t i = 0; i < kvmi_symtab_count(t); i++) {
			kvmi_symtab_get(t, i, &s);
			assert_string_equal(s.name, want[i]);
			assert_string_equal(s.module, i == 0 ? "m" : "");
			assert_int_equal(s.addr, 0x1000 * (i + 1));
			assert_int_equal(kvmi_symtab_by_name(t, want[i], &s,
			    &err), 0);
		}
		kvmi_symtab_destroy(t);
	}
}

/* Lengths around the steps of the hash, and beyond a chunk of the arena. */
static void
test_name_lengths(void **state)
{
	static const size_t extra[] = { 4095, 1 << 18, (1 << 18) + 1, 3 << 20 };
	struct kvmi_symtab *t = new_symtab(NULL, 0);
	char *name = malloc((3 << 20) + 1);
	struct kvmi_sym s;

	(void)state;
	assert_non_null(name);
	memset(name, 'n', 3 << 20);
	for (size_t i = 0; i < 40 + KVMI_COUNT(extra); i++) {
		size_t len = i < 40 ? i : extra[i - 40];

		assert_int_equal(kvmi_symtab_add(t, name, len, "", len, 0,
		    'T', &err), 0);
	}
	for (size_t i = 0; i < 40 + KVMI_COUNT(extra); i++) {
		size_t len = i < 40 ? i : extra[i - 40];

		name[len] = '\0';
		assert_int_equal(kvmi_symtab_by_name(t, name, &s, &err), 0);
		assert_int_equal(s.addr, len);
		assert_int_equal(strlen(s.name), len);
		name[len] = 'n';
	}
	free(name);
	kvmi_symtab_destroy(t);
}

static void
test_intern(void **state)
{
	struct kvmi_symtab *t = new_symtab(NULL, 0);
	const char *name[1000];
	char text[32];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "module_%d", i);
		name[i] = kvmi_symtab_intern(t, text, &err);
		assert_non_null(name[i]);
		assert_ptr_not_equal(name[i], text);
		/* What is added between moves nothing. */
		assert_int_equal(kvmi_symtab_add(t, "odd", i % 4, name[i], 1,
		    0, 't', &err), 0);
	}
	for (int i = 0; i < 1000; i++) {
		struct kvmi_sym s;

		snprintf(text, sizeof(text), "module_%d", i);
		assert_string_equal(name[i], text);
		assert_ptr_equal(kvmi_symtab_intern(t, text, &err), name[i]);
		kvmi_symtab_get(t, (size_t)i, &s);
		assert_ptr_equal(s.module, name[i]);
	}
	kvmi_symtab_destroy(t);
}

struct race {
	struct kvmi_symtab *t;
	pthread_barrier_t barrier;
};

static void *
race_thread(void *arg)
{
	struct race *race = arg;
	struct kvmi_err e;
	struct kvmi_sym s;
	uintptr_t wrong = 0;

	pthread_barrier_wait(&race->barrier);
	for (uint64_t i = 0; i < 2000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "s%" PRIu64, i);
		if (kvmi_symtab_by_name(race->t, name, &s, &e) != 0 ||
		    s.addr != 0x1000 + i)
			wrong++;
		if (kvmi_symtab_by_addr(race->t, 0x1000 + i, &s, &e) != 0 ||
		    strcmp(s.name, name) != 0)
			wrong++;
	}
	return ((void *)wrong);
}

static void
test_concurrent_first_look_ups(void **state)
{
	struct race race = { .t = new_symtab(NULL, 0) };
	pthread_t thread[4];

	(void)state;
	for (uint64_t i = 0; i < 2000; i++) {
		char name[32];
		size_t len = (size_t)snprintf(name, sizeof(name),
		    "s%" PRIu64, i);

		assert_int_equal(kvmi_symtab_add(race.t, name, len, "",
		    0x1000 + i, 0, 'T', &err), 0);
	}
	pthread_barrier_init(&race.barrier, NULL, KVMI_COUNT(thread));
	for (size_t i = 0; i < KVMI_COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, race_thread,
		    &race), 0);
	for (size_t i = 0; i < KVMI_COUNT(thread); i++) {
		void *wrong;

		pthread_join(thread[i], &wrong);
		assert_null(wrong);
	}
	pthread_barrier_destroy(&race.barrier);
	kvmi_symtab_destroy(race.t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_name),
		cmocka_unit_test(test_by_addr),
		cmocka_unit_test(test_kernel_order),
		cmocka_unit_test(test_lowest_place),
		cmocka_unit_test(test_undefined_have_no_place),
		cmocka_unit_test(test_order_of_addition),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_name_lengths),
		cmocka_unit_test(test_intern),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_concurrent_first_look_ups),
	};

	return (cmocka_run_group_tests_name("symtab", tests, NULL, NULL));
}
