/* SPDX-License-Identifier: BSD-2-Clause */
/* BTF as it should be: a sample with all that may be in it, and this kernel. */
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
#include "btf_members.h"
#include "build_btf_sample.h"
#include "check_list.h"

/* Of a structure with a member that makes no sense there is no list. */
static void
check_lists(struct kvmi_types *t)
{
	struct kvmi_member_list l = { 0 };

	assert_int_equal(check_list(t, "list_head", "next"), 2);
	assert_int_equal(check_list(t, "upid", "nr"), 2);
	assert_int_equal(check_list(t, "atomic_t", "counter"), 1);
	assert_int_equal(kvmi_type_list(t, "int", &l, &err), 0);
	assert_int_equal(l.n, 0);
	assert_int_equal(kvmi_type_list(t, "nothing", &l, &err), KVMI_ENOENT);
	assert_int_equal(kvmi_type_list(t, "task", &l, &err), KVMI_EFORMAT);
	assert_non_null(strstr(err.text, "task: unaligned: "));
	free(l.v);
}

static void
check_members(struct kvmi_types *t, const char *how)
{
	for (size_t i = 0; i < KVMI_COUNT(members); i++) {
		const struct want *w = &members[i];
		struct kvmi_member m;
		int r;

		memset(&m, 0, sizeof(m));
		r = kvmi_type_member(t, w->type, w->path, &m, &err);
		if (r != w->r || m.off != w->m.off || m.size != w->m.size ||
		    m.count != w->m.count || m.bit_off != w->m.bit_off ||
		    m.bit_size != w->m.bit_size ||
		    m.is_signed != w->m.is_signed ||
		    m.is_pointer != w->m.is_pointer)
			fail_msg("%s: %s.%s: %d, off %" PRIu64 " size %" PRIu64
			    " count %u bits %u+%u%s%s: %s", how, w->type,
			    w->path, r, m.off, m.size, m.count, m.bit_off,
			    m.bit_size, m.is_signed ? " signed" : "",
			    m.is_pointer ? " pointer" : "",
			    r != 0 ? err.text : "");
	}
}

static void
check_sizes(struct kvmi_types *t, const char *how)
{
	static const struct {
		const char *type;
		int r;
		uint64_t size;
	} row[] = {
		{ "int", 0, 4 },
		{ "task", 0, 424 },
		{ "atomic_t", 0, 4 },
		{ "list_head", 0, 16 },
		{ "state", 0, 4 },
		{ "wide", 0, 8 },
		{ "elsewhere", KVMI_ENOENT, 0 },
		{ "fn", KVMI_ENOENT, 0 },
		{ "", KVMI_ENOENT, 0 },
	};

	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		uint64_t size = 0;
		int r = kvmi_type_size(t, row[i].type, &size, &err);

		if (r != row[i].r || size != row[i].size)
			fail_msg("%s: sizeof(%s): %d, %" PRIu64, how,
			    row[i].type, r, size);
	}
}

static void
check_enumerators(struct kvmi_types *t, const char *how)
{
	static const struct {
		const char *name;
		int r;
		int64_t value;
	} row[] = {
		{ "STATE_BAD", 0, -1 },
		{ "STATE_GOOD", 0, 1 },		/* the first of two */
		{ "FLAG_HIGH", 0, 0x80000000 },
		{ "FLAG_LOW", 0, 1 },
		{ "WIDE_LOW", 0, -0xffffffffb },
		{ "WIDE_HIGH", 0, INT64_C(0x100000000) },
		{ "STATE", KVMI_ENOENT, 0 },
		{ "", KVMI_ENOENT, 0 },
	};

	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		int64_t v = 0;
		int r = kvmi_type_enumerator(t, row[i].name, &v, &err);

		if (r != row[i].r || v != row[i].value)
			fail_msg("%s: %s: %d, %" PRId64, how, row[i].name, r,
			    v);
	}
}

static void
test_sample(void **state)
{
	static const struct {
		const char *name;
		bool big_endian;
		uint32_t hdr_len, gap;
	} row[] = {
		{ "little endian", false, 24, 0 },
		{ "big endian", true, 24, 0 },
		{ "7.x header", false, 32, 0 },
		{ "gaps, unaligned", true, 27, 5 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_types *t = must_open(sample(row[i].big_endian,
		    row[i].hdr_len, row[i].gap));

		assert_string_equal(t->ops->name, "BTF");
		check_members(t, row[i].name);
		check_sizes(t, row[i].name);
		check_enumerators(t, row[i].name);
		check_lists(t);
		kvmi_types_close(t);
	}
	kvmi_types_close(NULL);
}

static void
test_error_texts(void **state)
{
	static const struct {
		const char *type, *path, *text;
	} row[] = {
		{ "nothing", "x", "BTF in the image: no type nothing" },
		{ "task", "nope", "BTF in the image: no member task.nope" },
		{ "task", "tasks.nope.more",
		    "BTF in the image: no member task.tasks.nope" },
		{ "task", "comm[16]", "BTF in the image: no member "
		    "task.comm[16]" },
		{ "task", "comm[", "BTF in the image: bad path to a member: "
		    "task.comm[" },
	};
	struct kvmi_types *t = must_open(sample(false, 24, 0));
	struct kvmi_member m;
	int64_t v;

	(void)state;
	strcpy(t->where, "BTF in the image");
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		assert_int_not_equal(kvmi_type_member(t, row[i].type,
		    row[i].path, &m, &err), 0);
		assert_string_equal(err.text, row[i].text);
	}
	kvmi_type_enumerator(t, "NOPE", &v, &err);
	assert_string_equal(err.text, "BTF in the image: no enumerator NOPE");
	kvmi_types_close(t);
}

static void
test_pointer_size(void **state)
{
	static const struct {
		const char *name;
		const char *type;
		uint32_t size;
		uint64_t want;
	} row[] = {
		{ "long of 4", "long unsigned int", 4, 4 },
		{ "long of 8", "long int", 8, 8 },
		{ "clang's name", "unsigned long", 4, 4 },
		{ "nonsense", "long", 3, 8 },
		{ "no long", "int", 4, 8 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_types *t;
		struct kvmi_member m;
		struct btf_build b;

		btf_start(&b, false);
		btf_int(&b, row[i].type, row[i].size, INT_UNSIGNED);
		btf_type(&b, NULL, K_PTR, false, 0, 1);
		btf_type(&b, "s", K_STRUCT, false, 1, 8);
		btf_member(&b, "p", 2, 0);
		t = must_open(btf_finish(&b));
		if (kvmi_type_member(t, "s", "p", &m, &err) != 0 ||
		    m.size != row[i].want || !m.is_pointer)
			fail_msg("%s: %" PRIu64, row[i].name, m.size);
		kvmi_types_close(t);
	}
}

/* Before Linux 6.0 all enumerators are signed and nothing says so. */
static void
test_old_enums(void **state)
{
	struct kvmi_types *t;
	struct kvmi_member m;
	struct btf_build b;
	int64_t v;

	(void)state;
	btf_start(&b, false);
	btf_type(&b, "e", K_ENUM, false, 1, 4);
	btf_value(&b, "MINUS", (uint32_t)-2);
	btf_type(&b, "s", K_STRUCT, false, 1, 4);
	btf_member(&b, "e", 1, 0);
	t = must_open(btf_finish(&b));
	assert_int_equal(kvmi_type_enumerator(t, "MINUS", &v, &err), 0);
	assert_int_equal(v, -2);
	assert_int_equal(kvmi_type_member(t, "s", "e", &m, &err), 0);
	assert_true(m.is_signed);
	kvmi_types_close(t);
}

static void *
race_thread(void *arg)
{
	struct kvmi_types *t = arg;
	struct kvmi_err e;
	uintptr_t wrong = 0;
	int64_t v;

	for (int i = 0; i < 1000; i++)
		if (kvmi_type_enumerator(t, "STATE_BAD", &v, &e) != 0 ||
		    v != -1)
			wrong++;
	return ((void *)wrong);
}

static void
test_concurrent_enumerators(void **state)
{
	struct kvmi_types *t = must_open(sample(false, 24, 0));
	pthread_t thread[4];

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, race_thread,
		    t), 0);
	for (size_t i = 0; i < KVMI_COUNT(thread); i++) {
		void *wrong;

		pthread_join(thread[i], &wrong);
		assert_null(wrong);
	}
	kvmi_types_close(t);
}

/* The kernel this runs on. */
static void
test_this_kernel(void **state)
{
	struct bytes b = { 0 };
	struct kvmi_types *t;
	struct kvmi_member m, next;
	uint64_t size;
	char buf[65536];
	int64_t v;
	size_t n;
	FILE *f;

	(void)state;
	f = fopen("/sys/kernel/btf/vmlinux", "r");
	if (f == NULL)
		skip();
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		bytes_put(&b, buf, n);
	fclose(f);
	t = must_open(b);
	assert_int_equal(kvmi_type_member(t, "task_struct", "comm", &m, &err),
	    0);
	assert_int_equal(m.size, 16);
	assert_int_equal(m.count, 16);
	assert_int_equal(kvmi_type_member(t, "task_struct", "pid", &m, &err),
	    0);
	assert_int_equal(m.size, 4);
	assert_true(m.is_signed);
	assert_int_equal(kvmi_type_size(t, "task_struct", &size, &err), 0);
	assert_true(m.off + m.size < size);
	assert_int_equal(kvmi_type_first(t, "task_struct.__state "
	    "task_struct.state", &m, &err), 0);
	assert_int_equal(kvmi_type_member(t, "task_struct", "tasks", &m, &err),
	    0);
	assert_int_equal(m.size, 2 * sizeof(void *));
	assert_int_equal(kvmi_type_member(t, "task_struct", "tasks.prev",
	    &next, &err), 0);
	assert_int_equal(next.off, m.off + sizeof(void *));
	assert_true(next.is_pointer);
	/* mm_struct's members lie in an anonymous structure. */
	assert_int_equal(kvmi_type_member(t, "mm_struct", "pgd", &m, &err), 0);
	assert_int_equal(m.size, sizeof(void *));
	assert_int_equal(kvmi_type_first(t, "mm_struct.rss_stat[1].count "
	    "mm_struct.rss_stat.count[1]", &m, &err), 0);
	assert_int_equal(m.size, 8);
	assert_int_equal(kvmi_type_member(t, "task_struct",
	    "sched_reset_on_fork", &m, &err), 0);
	assert_int_equal(m.bit_size, 1);
	assert_int_equal(kvmi_type_enumerator(t, "PIDTYPE_PID", &v, &err), 0);
	assert_int_equal(v, 0);
	assert_int_equal(kvmi_type_enumerator(t, "NETREG_UNINITIALIZED", &v,
	    &err), 0);
	kvmi_types_close(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_error_texts),
		cmocka_unit_test(test_pointer_size),
		cmocka_unit_test(test_old_enums),
		cmocka_unit_test(test_concurrent_enumerators),
		cmocka_unit_test(test_this_kernel),
	};

	return (cmocka_run_group_tests_name("btf", tests, NULL, NULL));
}
