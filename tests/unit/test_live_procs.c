/* SPDX-License-Identifier: BSD-2-Clause */
/* Which processes are listed, of made-up roots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "test_live_fake.h"
#include "test_live_list.h"

static void
test_selections(void **state)
{
	static const struct {
		int op, arg;
		bool threads;
		int want[8];		/* pid and thread, 0-ended */
	} row[] = {
		{ KERN_PROC_PROC, 0, false, { 2, 2, 10, 10, 41, 41, 300, 300 }},
		{ KERN_PROC_PID, 10, false, { 10, 10 } },
		{ KERN_PROC_PID, 300, true, { 300, 300, 300, 301, 300, 302 } },
		{ KERN_PROC_PID, 11, false, { 0 } },
		{ KERN_PROC_PID, 0, false, { 0 } },
		{ KERN_PROC_PID, -1, false, { 0 } },
		{ KERN_PROC_PGRP, 10, false, { 10, 10, 300, 300 } },
		{ KERN_PROC_PGRP, 41, true, { 41, 41 } },
		{ KERN_PROC_SESSION, 10, false, { 10, 10, 41, 41, 300, 300 } },
		{ KERN_PROC_TTY, 34816, false, { 10, 10, 300, 300 } },
		{ KERN_PROC_TTY, 0, false, { 0 } },
		{ KERN_PROC_TTY, -1, false, { 0 } },
		{ KERN_PROC_UID, 1001, false, { 10, 10, 41, 41 } },
		{ KERN_PROC_UID, 1000, false, { 0 } },
		{ KERN_PROC_RUID, 1000, false, { 10, 10, 41, 41 } },
		{ KERN_PROC_GID, 101, false, { 10, 10, 300, 300 } },
		{ KERN_PROC_RGID, 200, true, { 41, 41 } },
		{ KERN_PROC_RUID, 2000, true, { 300, 300, 300, 301, 300,
		    302 } },
	};
	struct kvmi_procs p;
	struct root r;

	(void)state;
	fake_some(&r);
	root_open(&r, true);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		size_t n = 0;

		must_list(&r, row[i].op, row[i].arg, row[i].threads, &p);
		while (n < 4 && row[i].want[2 * n] != 0)
			n++;
		if (p.n != n)
			fail_msg("%d %d: %zu entries", row[i].op, row[i].arg,
			    p.n);
		for (size_t j = 0; j < n; j++) {
			assert_int_equal(p.v[j].ki_pid, row[i].want[2 * j]);
			assert_int_equal(p.v[j].ki_tid,
			    row[i].want[2 * j + 1]);
		}
		assert_int_equal(r.cx->damage, 0);
		free(p.v);
	}
	root_deinit(&r);
}

/* What is in a root beside processes, or in the place of one. */
static void
test_strange_roots(void **state)
{
	struct kvmi_procs p;
	struct root r;
	char path[128];

	(void)state;
	fake_some(&r);
	/* Gone when we came, or between two files. */
	snprintf(path, sizeof(path), "%s/proc/500", r.dir);
	assert_int_equal(mkdir(path, 0755), 0);
	fake_process(&r, &(struct fake){ .pid = 501, .comm = "a",
		.state = 'S', .threads = 1 });
	snprintf(path, sizeof(path), "%s/proc/501/status", r.dir);
	assert_int_equal(unlink(path), 0);
	/* No process, whatever their names are. */
	root_file(&r, "proc/502", "a file\n");
	root_file(&r, "proc/010/stat", "7 (bond) S\n");
	root_file(&r, "proc/99999999999/stat", "x\n");
	root_file(&r, "proc/2147483648/stat", "x\n");
	root_file(&r, "proc/12x/stat", "x\n");
	/* The number of a thread. */
	fake_task(&r, "proc/301", 301, &some[2]);
	root_open(&r, true);
	must_list(&r, KERN_PROC_PROC, 0, false, &p);
	assert_int_equal(p.n, 4);
	assert_int_equal(r.cx->damage, 0);
	free(p.v);
	must_list(&r, KERN_PROC_PID, 301, false, &p);
	assert_int_equal(p.n, 0);
	assert_int_equal(r.cx->damage, 0);
	free(p.v);
	root_deinit(&r);
}

static void
test_garbage_is_damage(void **state)
{
	struct kvmi_procs p;
	struct root r;
	char path[128];

	(void)state;
	fake_some(&r);
	root_file(&r, "proc/500/stat", "garbage");
	fake_process(&r, &(struct fake){ .pid = 501, .comm = "a",
		.state = 'S', .threads = 1 });
	root_file(&r, "proc/501/status", "Name:\ta\n");
	/* Another process's: never believed. */
	fake_task(&r, "proc/502", 503, &some[0]);
	snprintf(path, sizeof(path), "%s/proc/504", r.dir);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/proc/504/stat", r.dir);
	assert_int_equal(mkfifo(path, 0644), 0);
	root_open(&r, true);
	must_list(&r, KERN_PROC_PROC, 0, false, &p);
	assert_int_equal(p.n, 4);
	assert_int_equal(r.cx->damage, 4);
	assert_non_null(strstr(r.cx->damage_why, "/proc/500/stat"));
	free(p.v);
	root_deinit(&r);
}

static bool
lists_what_it_may(struct root *r)
{
	struct kvmi_procs p;
	int status = list(r, KERN_PROC_PROC, 0, false, &p);
	bool ok = status == 0 && p.n == 3 && find(&p, 10, 10) == NULL &&
	    r->cx->damage == 0;

	if (!ok)
		fprintf(stderr, "%d, %zu entries, damage %u: %s\n", status,
		    p.n, r->cx->damage, r->cx->damage_why);
	free(p.v);
	return (ok);
}

static void
test_hidden_process(void **state)
{
	struct root r;
	char path[128];

	(void)state;
	fake_some(&r);
	snprintf(path, sizeof(path), "%s/proc/10/stat", r.dir);
	assert_int_equal(chmod(path, 0), 0);
	root_open(&r, true);
	assert_true(as_nobody(lists_what_it_may, &r));
	root_deinit(&r);
}

static void
test_no_procfs(void **state)
{
	struct kvmi_procs p;
	struct root r;
	char path[128];

	(void)state;
	root_init(&r);
	root_open(&r, true);
	assert_int_not_equal(list(&r, KERN_PROC_PROC, 0, false, &p), 0);
	assert_non_null(strstr(r.cx->err.text, "is procfs mounted?"));
	free(p.v);
	snprintf(path, sizeof(path), "%s/proc", r.dir);
	assert_int_equal(mkdir(path, 0755), 0);
	/* An empty directory is not a system without processes. */
	assert_int_equal(list(&r, KERN_PROC_PID, 1, false, &p), KVMI_ENOTSUP);
	assert_non_null(strstr(r.cx->err.text, "not mounted"));
	free(p.v);
	root_deinit(&r);
}

/* Without btime, as with subset=pid, the clocks tell when the host booted. */
static void
test_boot_time_without_stat(void **state)
{
	struct timespec now, up;
	struct root r;

	(void)state;
	root_init(&r);
	root_open(&r, true);
	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	assert_in_range(kvmi_live_boot(r.k.priv) + 2 - (now.tv_sec -
	    up.tv_sec), 0, 4);
	root_deinit(&r);
}

/* Start times stay what they are while the clock is set. */
static void
test_boot_time_stays(void **state)
{
	struct root r;

	(void)state;
	root_init(&r);
	root_file(&r, "proc/stat", "btime 1000000\n");
	root_open(&r, true);
	assert_int_equal(kvmi_live_boot(r.k.priv), 1000000);
	root_file(&r, "proc/stat", "btime 2000000\n");
	assert_int_equal(kvmi_live_boot(r.k.priv), 1000000);
	root_deinit(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selections),
		cmocka_unit_test(test_strange_roots),
		cmocka_unit_test(test_garbage_is_damage),
		cmocka_unit_test(test_hidden_process),
		cmocka_unit_test(test_no_procfs),
		cmocka_unit_test(test_boot_time_without_stat),
		cmocka_unit_test(test_boot_time_stays),
	};

	return (cmocka_run_group_tests_name("live_procs", tests, NULL, NULL));
}
