/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree of kpeek ps, of parents as a broken dump may have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ps.h"

/* Sorting is by id here. */
void
ps_get(const struct ps *ps, const struct kinfo_proc *ki, const struct key *key,
    struct cell *cell)
{
	(void)ps;
	(void)key;
	*cell = (struct cell){ .kind = CELL_NUMBER, .n = ki->ki_pid };
}

void
ps_cell_free(struct cell *cell)
{
	(void)cell;
}

struct family {
	struct kinfo_proc	*ki;
	struct row		*rows;
	size_t			 n;
};

/* Processes 1 to n with these parents. */
static struct family
make(size_t n, int (*parent)(int pid))
{
	struct family f = { calloc(n, sizeof(*f.ki)),
		calloc(n, sizeof(*f.rows)), n };

	assert_non_null(f.ki);
	assert_non_null(f.rows);
	for (size_t i = 0; i < n; i++) {
		f.ki[i].ki_pid = (int)i + 1;
		f.ki[i].ki_ppid = parent((int)i + 1);
		f.rows[i].ki = &f.ki[i];
	}
	return (f);
}

static void
drop(struct family *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->rows[i].prefix);
	free(f->rows);
	free(f->ki);
}

static void
check(const struct family *f, size_t at, int pid, const char *prefix)
{
	assert_int_equal(f->rows[at].ki->ki_pid, pid);
	assert_string_equal(f->rows[at].prefix, prefix);
}

static int
binary(int pid)
{
	return (pid / 2);
}

static void
test_tree(void **state)
{
	struct family f = make(7, binary);

	(void)state;
	ps_tree(f.rows, f.n);
	check(&f, 0, 1, "");
	check(&f, 1, 2, "|-- ");
	check(&f, 2, 4, "|   |-- ");
	check(&f, 3, 5, "|   `-- ");
	check(&f, 4, 3, "`-- ");
	check(&f, 5, 6, "    |-- ");
	check(&f, 6, 7, "    `-- ");
	drop(&f);
}

/* 1 is its own parent, 2 to 4 one another's; 5 hangs on that, 6 on nothing. */
static int
circle(int pid)
{
	static const int parent[] = { 0, 1, 4, 2, 3, 2, 99 };

	return (parent[pid]);
}

static void
test_circle(void **state)
{
	struct family f = make(6, circle);
	bool seen[7] = { false };

	(void)state;
	ps_tree(f.rows, f.n);
	for (size_t i = 0; i < f.n; i++) {
		assert_false(seen[f.rows[i].ki->ki_pid]);
		assert_non_null(f.rows[i].prefix);
		seen[f.rows[i].ki->ki_pid] = true;
	}
	check(&f, 0, 1, "");
	check(&f, 1, 6, "");
	check(&f, 2, 2, "");
	drop(&f);
}

static int
before(int pid)
{
	return (pid - 1);
}

/* Neither the stack nor memory grows with the square of it. */
static void
test_chain(void **state)
{
	struct family f = make(100000, before);

	(void)state;
	ps_tree(f.rows, f.n);
	check(&f, 1, 2, "`-- ");
	assert_int_equal(f.rows[99999].ki->ki_pid, 100000);
	assert_int_equal(strlen(f.rows[99999].prefix), 256);
	drop(&f);
}

static void
test_sort(void **state)
{
	struct family f = make(50, before);
	struct ps ps = { .nsort = 1, .sort = { { NULL, true } } };

	(void)state;
	ps_sort(&ps, f.rows, f.n);
	for (int i = 0; i < 50; i++)
		assert_int_equal(f.rows[i].ki->ki_pid, 50 - i);
	ps_sort(&ps, f.rows, 0);
	ps_tree(f.rows, 0);
	drop(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_circle),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_sort),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
