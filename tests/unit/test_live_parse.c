/* SPDX-License-Identifier: BSD-2-Clause */
/* The parsers of procfs texts of a process, without a host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/math.h"
#include "build_bytes.h"
#include "live/parse.h"

/* Fields 4 to 52, as a kernel 6.12 shows a shell on a pseudo terminal. */
#define NUMBERS " 1200 4378 4377 34816 4399 4194560 552 20 1 3 14 15 -16 17 " \
	"20 0 3 0 158423 5124096 996 18446744073709551615 1 1 0 0 0 0 0 4 " \
	"65536 1 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 256\n"

static bool
stat_of(const char *text, size_t len, struct kvmi_proc_stat *ret)
{
	char *p = exact(text, len);
	bool ok = kvmi_parse_stat(p, len, ret);

	free(p);
	return (ok);
}

static bool
status_of(const char *text, size_t len, struct kvmi_proc_status *ret)
{
	char *p = exact(text, len);
	bool ok = kvmi_parse_status(p, len, ret);

	free(p);
	return (ok);
}

static void
test_stat_fields(void **state)
{
	static const char text[] = "4378 (bash) S" NUMBERS;
	struct kvmi_proc_stat s;

	(void)state;
	assert_true(stat_of(text, strlen(text), &s));
	assert_int_equal(s.pid, 4378);
	assert_string_equal(s.comm, "bash");
	assert_int_equal(s.state, 'S');
	assert_int_equal(s.ppid, 1200);
	assert_int_equal(s.pgrp, 4378);
	assert_int_equal(s.session, 4377);
	assert_int_equal(s.tty_nr, 34816);
	assert_int_equal(s.tpgid, 4399);
	assert_int_equal(s.flags, 4194560);
	assert_int_equal(s.minflt, 552);
	assert_int_equal(s.cminflt, 20);
	assert_int_equal(s.majflt, 1);
	assert_int_equal(s.cmajflt, 3);
	assert_int_equal(s.utime, 14);
	assert_int_equal(s.stime, 15);
	assert_int_equal(s.cutime, -16);
	assert_int_equal(s.cstime, 17);
	assert_int_equal(s.priority, 20);
	assert_int_equal(s.nice, 0);
	assert_int_equal(s.num_threads, 3);
	assert_int_equal(s.starttime, 158423);
	assert_int_equal(s.vsize, 5124096);
	assert_int_equal(s.rss, 996);
	assert_int_equal(s.processor, 1);
	assert_int_equal(s.rt_priority, 0);
	assert_int_equal(s.policy, 0);
	assert_int_equal(s.exit_code, 256);
}

static void
test_stat_names(void **state)
{
	static const struct {
		const char *name, *shown, *want;
	} row[] = {
		{ "empty", "", "" },
		{ "space", "a b", "a b" },
		{ "parentheses", "a) R 1 (b", "a) R 1 (b" },
		{ "ends in one", "x)", "x)" },
		{ "only them", ")(", ")(" },
		{ "looks like a state", ") S 1 1 1 1 1", ") S 1 1 1 1 1" },
		{ "newline", "a\nb", "a\nb" },
		{ "no escapes", "a\\n\\\\b", "a\\n\\\\b" },
		{ "backslash at the end", "a\\", "a\\" },
		{ "Latin-1", "latin \344\366", "latin \344\366" },
		{ "tab", "\t", "\t" },
		{ "63 characters", "0123456789abcdef0123456789abcdef"
		    "0123456789abcdef0123456789abcde", "0123456789abcdef"
		    "0123456789abcdef0123456789abcdef0123456789abcde" },
		{ "64 are cut", "0123456789abcdef0123456789abcdef"
		    "0123456789abcdef0123456789abcdeX", "0123456789abcdef"
		    "0123456789abcdef0123456789abcdef0123456789abcde" },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_proc_stat s;
		char text[1024];

		snprintf(text, sizeof(text), "7 (%s) R" NUMBERS,
		    row[i].shown);
		if (!stat_of(text, strlen(text), &s))
			fail_msg("%s: refused", row[i].name);
		if (strcmp(s.comm, row[i].want) != 0 || s.state != 'R' ||
		    s.ppid != 1200)
			fail_msg("%s: got %s", row[i].name, s.comm);
	}
}

static void
test_stat_refused(void **state)
{
	static const struct {
		const char *name, *text;
	} row[] = {
		{ "empty", "" },
		{ "newline", "\n" },
		{ "no number", "(a) S" NUMBERS },
		{ "negative", "-7 (a) S" NUMBERS },
		{ "large number", "2147483648 (a) S" NUMBERS },
		{ "no parenthesis", "7 a S" NUMBERS },
		{ "closed first", "7 )( S" NUMBERS },
		{ "no state", "7 (a)" NUMBERS },
		{ "no blank behind it", "7 (a)S" NUMBERS },
		{ "long state", "7 (a) SS" NUMBERS },
		{ "two blanks", "7 (a) S " NUMBERS },
		{ "no newline", "7 (a) S 1 2 3" },
		{ "few fields", "7 (a) S 1 2 3\n" },
		{ "no number in a field", "7 (a) S x" NUMBERS },
		{ "a sign alone", "7 (a) S -" NUMBERS },
		{ "hexadecimal", "7 (a) S 0x1" NUMBERS },
		{ "a parent too large", "7 (a) S 2147483648" NUMBERS },
		{ "a negative parent", "7 (a) S -1" NUMBERS },
		{ "a group too small", "7 (a) S 1 -2147483649" NUMBERS },
		{ "negative flags", "7 (a) S 1 1 1 1 1 -1" NUMBERS },
		{ "flags too large", "7 (a) S 1 1 1 1 1 4294967296" NUMBERS },
		{ "over 64 bits", "7 (a) S 1 1 1 1 1 1 18446744073709551616"
		    NUMBERS },
		{ "far over", "7 (a) S 1 1 1 1 1 1 "
		    "99999999999999999999999999999999999999" NUMBERS },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_proc_stat s = { .pid = 99 };

		if (stat_of(row[i].text, strlen(row[i].text), &s))
			fail_msg("%s: taken", row[i].name);
		if (s.pid != 99)
			fail_msg("%s: the result was touched", row[i].name);
	}
}

static void
test_stat_extremes(void **state)
{
	static const char text[] = "2147483647 (a) Z 2147483647 -2147483648 "
	    "2147483647 -1 -1 4294967295 18446744073709551615 0 0 0 "
	    "18446744073709551615 0 -9223372036854775808 "
	    "9223372036854775807 -101 -20 0 0 18446744073709551615 "
	    "18446744073709551615 -1 18446744073709551615 1 1 0 0 0 0 0 0 0 "
	    "0 0 0 -1 2147483647 99 6\n";
	struct kvmi_proc_stat s;

	(void)state;
	assert_true(stat_of(text, strlen(text), &s));
	assert_int_equal(s.pid, INT32_MAX);
	assert_int_equal(s.pgrp, INT32_MIN);
	assert_int_equal(s.tty_nr, -1);
	assert_int_equal(s.flags, UINT32_MAX);
	assert_true(s.utime == UINT64_MAX);
	assert_true(s.cutime == INT64_MIN);
	assert_true(s.cstime == INT64_MAX);
	assert_int_equal(s.priority, -101);
	assert_int_equal(s.nice, -20);
	assert_true(s.vsize == UINT64_MAX);
	assert_true(s.rss == -1);
	assert_int_equal(s.processor, INT32_MAX);
	assert_int_equal(s.rt_priority, 99);
	assert_int_equal(s.policy, 6);
	/* Linux before 3.5 ends with field 51 or earlier. */
	assert_int_equal(s.exit_code, 0);
}

/* Fields that kernels to come may add are no reason to refuse. */
static void
test_stat_more_fields(void **state)
{
	static const char text[] = "1 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 "
	    "1 0 5 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 3 0 0 0 0 0 0 0 0 0 0 0 "
	    "0 7 8 -9 18446744073709551615\n";
	struct kvmi_proc_stat s;

	(void)state;
	assert_true(stat_of(text, strlen(text), &s));
	assert_int_equal(s.processor, 3);
	assert_int_equal(s.exit_code, 7);
}

static void
test_stat_truncated(void **state)
{
	static const char text[] = "4378 (a) R 1 (b) S" NUMBERS;
	struct kvmi_proc_stat s;

	(void)state;
	for (size_t len = 0; len < strlen(text); len++)
		if (stat_of(text, len, &s))
			fail_msg("taken when cut to %zu bytes", len);
}

static const char status_text[] =
    "Name:\tUid: ) x\\n\n"
    "Umask:\t0022\n"
    "State:\tS (sleeping)\n"
    "Tgid:\t4378\n"
    "Ngid:\t0\n"
    "Pid:\t4379\n"
    "PPid:\t1200\n"
    "TracerPid:\t77\n"
    "Uid:\t1000\t1001\t1002\t1003\n"
    "Gid:\t2000\t2001\t2002\t4294967295\n"
    "FDSize:\t256\n"
    "Groups:\t4 24 27 65533 \n"
    "NStgid:\t4378\t12\n"
    "NSpid:\t4379\t13\n"
    "Kthread:\t0\n"
    "VmPeak:\t    3060 kB\n"
    "VmHWM:\t    1780 kB\n"
    "VmRSS:\t    1664 kB\n"
    "VmData:\t     360 kB\n"
    "VmStk:\t     132 kB\n"
    "VmExe:\t      20 kB\n"
    "VmSwap:\t       8 kB\n"
    "Threads:\t2\n"
    "SigQ:\t0/96365\n"
    "SigPnd:\t0000000000000001\n"
    "ShdPnd:\t8000000000000000\n"
    "SigBlk:\t0000000000010000\n"
    "SigIgn:\t0000000000380004\n"
    "SigCgt:\t000000004b817efb\n"
    "Mems_allowed:\t00000000,00000001\n"
    "voluntary_ctxt_switches:\t150\n"
    "nonvoluntary_ctxt_switches:\t545\n"
    "x86_Thread_features:\t\n";

static void
test_status_fields(void **state)
{
	struct kvmi_proc_status s;

	(void)state;
	assert_true(status_of(status_text, strlen(status_text), &s));
	assert_int_equal(s.tgid, 4378);
	assert_int_equal(s.pid, 4379);
	assert_int_equal(s.tracer, 77);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(s.uid[i], 1000 + i);
	assert_int_equal(s.gid[1], 2001);
	assert_int_equal(s.gid[3], UINT32_MAX);
	assert_int_equal(s.ngroups, 4);
	assert_int_equal(s.groups[0], 4);
	assert_int_equal(s.groups[3], 65533);
	assert_int_equal(s.ns_levels, 2);
	assert_int_equal(s.vm_hwm, 1780);
	assert_true(s.has_rss);
	assert_int_equal(s.vm_rss, 1664);
	assert_int_equal(s.vm_data, 360);
	assert_int_equal(s.vm_stk, 132);
	assert_int_equal(s.vm_exe, 20);
	assert_int_equal(s.vm_swap, 8);
	assert_int_equal(s.sig_pending.__bits[0], 1);
	assert_int_equal(s.shared_pending.__bits[1], 0x80000000);
	assert_int_equal(s.shared_pending.__bits[0], 0);
	assert_int_equal(s.sig_blocked.__bits[0], 0x10000);
	assert_int_equal(s.sig_ignored.__bits[0], 0x380004);
	assert_int_equal(s.sig_caught.__bits[0], 0x4b817efb);
	assert_int_equal(s.nvcsw, 150);
	assert_int_equal(s.nivcsw, 545);
}

#define IDS "Tgid:\t1\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n"

static void
test_status_least(void **state)
{
	struct kvmi_proc_status s;

	(void)state;
	assert_true(status_of(IDS, strlen(IDS), &s));
	assert_int_equal(s.gid[3], 8);
	assert_false(s.has_rss);
	assert_int_equal(s.ngroups, 0);
	assert_int_equal(s.ns_levels, 0);
}

static void
test_status_lines(void **state)
{
	static const struct {
		const char *name, *text;
		bool want;
	} row[] = {
		{ "empty", "", false },
		{ "no Uid", "Tgid:\t1\nGid:\t1\t1\t1\t1\n", false },
		{ "no Gid", "Tgid:\t1\nUid:\t1\t1\t1\t1\n", false },
		{ "no Tgid", "Uid:\t1\t1\t1\t1\nGid:\t1\t1\t1\t1\n", false },
		{ "no newline at the end", IDS "Pid:\t1", false },
		{ "three numbers", IDS "Uid:\t1\t2\t3\n", false },
		{ "five numbers", IDS "Uid:\t1\t2\t3\t4\t5\n", false },
		{ "too large", IDS "Uid:\t1\t2\t3\t4294967296\n", false },
		{ "negative", IDS "Uid:\t-1\t2\t3\t4\n", false },
		{ "no number", IDS "Pid:\n", false },
		{ "text behind it", IDS "Pid:\t1x\n", false },
		{ "a pid too large", IDS "Pid:\t2147483648\n", false },
		{ "no groups", IDS "Groups:\t \n", true },
		{ "groups, nothing at all", IDS "Groups:\n", true },
		{ "a group too large", IDS "Groups:\t4294967296\n", false },
		{ "text among groups", IDS "Groups:\t1 two\n", false },
		{ "kilobytes", IDS "VmRSS:\t18446744073709551615 kB\n", true },
		{ "no unit", IDS "VmRSS:\t1\n", false },
		{ "other unit", IDS "VmRSS:\t1 MB\n", false },
		{ "over 64 bits", IDS "VmRSS:\t18446744073709551616 kB\n",
		    false },
		{ "no signals", IDS "SigBlk:\t\n", false },
		{ "128 signals", IDS "SigBlk:\t"
		    "80000000000000000000000000000001\n", true },
		{ "129 signals", IDS "SigBlk:\t"
		    "180000000000000000000000000000001\n", false },
		{ "no hexadecimal", IDS "SigBlk:\t000000000000000g\n", false },
		{ "lines that are not known", "a\n\nb:\n:\n" IDS "\n", true },
		{ "a key in part", IDS "Pi\nPid\nVmRS\nGroup\n", true },
		{ "a NUL", IDS "Pid:\t1\0\n", false },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_proc_status s = { .tgid = 99 };
		size_t len = strlen(row[i].text);

		/* The one with a NUL goes on behind it. */
		if (strcmp(row[i].name, "a NUL") == 0)
			len += 2;
		if (status_of(row[i].text, len, &s) != row[i].want)
			fail_msg("%s: %s", row[i].name,
			    row[i].want ? "refused" : "taken");
		if (!row[i].want && s.tgid != 99)
			fail_msg("%s: the result was touched", row[i].name);
	}
}

static void
test_status_signals_of_mips(void **state)
{
	static const char text[] = IDS
	    "SigBlk:\t80000000400000002000000010000001\n";
	struct kvmi_proc_status s;

	(void)state;
	assert_true(status_of(text, strlen(text), &s));
	assert_int_equal(s.sig_blocked.__bits[0], 0x10000001);
	assert_int_equal(s.sig_blocked.__bits[1], 0x20000000);
	assert_int_equal(s.sig_blocked.__bits[2], 0x40000000);
	assert_int_equal(s.sig_blocked.__bits[3], 0x80000000);
}

static void
test_status_many_groups(void **state)
{
	size_t cap = 65536 * 12 + sizeof(IDS) + 16, len;
	char *text = malloc(cap);
	struct kvmi_proc_status s;

	(void)state;
	assert_non_null(text);
	len = (size_t)snprintf(text, cap, IDS "Groups:\t");
	for (unsigned int i = 0; i < 65536; i++)
		len += (size_t)snprintf(text + len, cap - len, "%u ",
		    4000000000u + i);
	len += (size_t)snprintf(text + len, cap - len, "\n");
	assert_true(status_of(text, len, &s));
	assert_int_equal(s.ngroups, 65536);
	assert_int_equal(s.groups[KVMI_COUNT(s.groups) - 1],
	    4000000000u + KVMI_COUNT(s.groups) - 1);
	free(text);
}

/* What is taken ends with a line; the rest of the values are then whole. */
static void
test_status_truncated(void **state)
{
	struct kvmi_proc_status s;
	size_t taken = 0;

	(void)state;
	for (size_t len = 0; len < strlen(status_text); len++) {
		if (!status_of(status_text, len, &s))
			continue;
		taken++;
		assert_int_equal(status_text[len - 1], '\n');
		assert_int_equal(s.gid[3], UINT32_MAX);
		assert_true(s.nivcsw == 0 || s.nivcsw == 545);
	}
	assert_true(taken > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat_fields),
		cmocka_unit_test(test_stat_names),
		cmocka_unit_test(test_stat_refused),
		cmocka_unit_test(test_stat_extremes),
		cmocka_unit_test(test_stat_more_fields),
		cmocka_unit_test(test_stat_truncated),
		cmocka_unit_test(test_status_fields),
		cmocka_unit_test(test_status_least),
		cmocka_unit_test(test_status_lines),
		cmocka_unit_test(test_status_signals_of_mips),
		cmocka_unit_test(test_status_many_groups),
		cmocka_unit_test(test_status_truncated),
	};

	return (cmocka_run_group_tests_name("live_parse", tests, NULL, NULL));
}
