/* SPDX-License-Identifier: BSD-2-Clause */
/* The parsers of lines of symbols and of the log, without a host. */
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

static void
test_kallsyms_lines(void **state)
{
	static const struct {
		const char *line;
		bool want;
		uint64_t addr;
		char letter;
		const char *name, *module;
	} row[] = {
		{ "ffffffff81000000 T _stext", true, 0xffffffff81000000, 'T',
		    "_stext", "" },
		{ "0000000000000000 A fixed_percpu_data", true, 0, 'A',
		    "fixed_percpu_data", "" },
		{ "c0008000 t a", true, 0xc0008000, 't', "a", "" },
		{ "ffffffffc0201000 t init\t[ext4]", true, 0xffffffffc0201000,
		    't', "init", "ext4" },
		{ "ffffffffc0201000 t bpf_prog_x\t[bpf]", true,
		    0xffffffffc0201000, 't', "bpf_prog_x", "bpf" },
		{ "0 t <core::fmt>::f with blank", true, 0, 't',
		    "<core::fmt>::f with blank", "" },
		{ "1 t a\t[[]]", true, 1, 't', "a", "[]" },
		{ "", false, 0, 0, NULL, NULL },
		{ "ffffffff81000000", false, 0, 0, NULL, NULL },
		{ "ffffffff81000000 T", false, 0, 0, NULL, NULL },
		{ "ffffffff81000000 T ", false, 0, 0, NULL, NULL },
		{ "ffffffff81000000  T a", false, 0, 0, NULL, NULL },
		{ "ffffffff81000000 TT a", false, 0, 0, NULL, NULL },
		{ "ffffffff810000000 T a", false, 0, 0, NULL, NULL },
		{ "FFFFFFFF81000000 T a", false, 0, 0, NULL, NULL },
		{ " ffffffff81000000 T a", false, 0, 0, NULL, NULL },
		{ "0x1 T a", false, 0, 0, NULL, NULL },
		{ "1 T \t[m]", false, 0, 0, NULL, NULL },
		{ "1 T a\t", false, 0, 0, NULL, NULL },
		{ "1 T a\t[]", false, 0, 0, NULL, NULL },
		{ "1 T a\t[m", false, 0, 0, NULL, NULL },
		{ "1 T a\tm]", false, 0, 0, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		size_t len = strlen(row[i].line);
		char *p = exact(row[i].line, len);
		struct kvmi_kallsyms_line l;

		if (kvmi_parse_kallsyms(p, len, &l) != row[i].want)
			fail_msg("\"%s\": %s", row[i].line,
			    row[i].want ? "refused" : "taken");
		if (row[i].want && (l.addr != row[i].addr ||
		    l.letter != row[i].letter ||
		    l.name_len != strlen(row[i].name) ||
		    memcmp(l.name, row[i].name, l.name_len) != 0 ||
		    l.module_len != strlen(row[i].module) ||
		    (l.module_len > 0 &&
		    memcmp(l.module, row[i].module, l.module_len) != 0)))
			fail_msg("\"%s\": misread", row[i].line);
		free(p);
	}
}

static void
test_kmsg_records(void **state)
{
	static const struct {
		const char *rec;
		bool want;
		int level, facility;
		uint64_t seq, nsec;
		const char *text;
	} row[] = {
		{ "6,339,5140900,-;NET: Registered\n", true, 6, 0, 339,
		    5140900000, "NET: Registered" },
		{ "30,340,5690716,-;user, facility 3\n", true, 6, 3, 340,
		    5690716000, "user, facility 3" },
		{ "4,0,0,-,caller=T1;x;y\n", true, 4, 0, 0, 0, "x;y" },
		{ "6,1,2,c;\n", true, 6, 0, 1, 2000, "" },
		{ "6,1,2,-;a\n SUBSYSTEM=acpi\n DEVICE=+acpi:PNP0A03:00\n",
		    true, 6, 0, 1, 2000, "a" },
		{ "6,1,2,-;a\\x0ab\\x5cn\\xff\n", true, 6, 0, 1, 2000,
		    "a\nb\\n\377" },
		{ "6,1,2,-;a\\x0\\xg0\\y\\\n", true, 6, 0, 1, 2000,
		    "a\\x0\\xg0\\y\\" },
		{ "", false, 0, 0, 0, 0, NULL },
		{ "\n", false, 0, 0, 0, 0, NULL },
		{ "6,1,2,-;a", false, 0, 0, 0, 0, NULL },
		{ "6,1,2,-a\n;b\n", false, 0, 0, 0, 0, NULL },
		{ "6,1,2;a\n", false, 0, 0, 0, 0, NULL },
		{ "6,1,x,-;a\n", false, 0, 0, 0, 0, NULL },
		{ "-6,1,2,-;a\n", false, 0, 0, 0, 0, NULL },
		{ "2048,1,2,-;a\n", false, 0, 0, 0, 0, NULL },
		{ "6,18446744073709551616,2,-;a\n", false, 0, 0, 0, 0, NULL },
		{ "6,1,18446744073709552,-;a\n", false, 0, 0, 0, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		size_t len = strlen(row[i].rec);
		char *p = exact(row[i].rec, len);
		struct kvmi_kmsg m;

		if (kvmi_parse_kmsg(p, len, &m) != row[i].want)
			fail_msg("%s: %s", row[i].rec,
			    row[i].want ? "refused" : "taken");
		if (row[i].want) {
			m.len = kvmi_unescape(p + (m.text - p), m.len);
			assert_int_equal(m.level, row[i].level);
			assert_int_equal(m.facility, row[i].facility);
			assert_true(m.seq == row[i].seq);
			assert_true(m.nsec == row[i].nsec);
			assert_int_equal(m.len, strlen(row[i].text));
			assert_memory_equal(m.text, row[i].text, m.len);
		}
		free(p);
	}
}

static void
test_kmsg_truncated(void **state)
{
	static const char rec[] = "6,339,5140900,-,caller=T1;a\\x0ab\n K=v\n";
	struct kvmi_kmsg m;

	(void)state;
	for (size_t len = 0; len <= strlen(rec); len++) {
		char *p = exact(rec, len);

		if (kvmi_parse_kmsg(p, len, &m)) {
			assert_true(len > (size_t)(strchr(rec, '\n') - rec));
			assert_int_equal(m.len, 6);
		}
		free(p);
	}
}

static void
test_syslog_lines(void **state)
{
	static const struct {
		const char *line;
		int level, facility;
		uint64_t nsec;
		const char *text;
	} row[] = {
		{ "<6>[    5.140900] NET: Registered", 6, 0, 5140900000,
		    "NET: Registered" },
		{ "<30>[12345.000001] x", 6, 3, 12345000001000, "x" },
		{ "<4>[    0.000000][    T0] Linux", 4, 0, 0, "Linux" },
		{ "<4>[    0.000000][   C12] Linux", 4, 0, 0, "Linux" },
		{ "<6>[    0.000000] [Firmware Bug]: x", 6, 0, 0,
		    "[Firmware Bug]: x" },
		{ "<6>[    0.000000][T] x", 6, 0, 0, "[T] x" },
		{ "<6>without a time", 6, 0, 0, "without a time" },
		{ "<6>[Firmware Bug]: x", 6, 0, 0, "[Firmware Bug]: x" },
		{ "<6>[1.5] x", 6, 0, 0, "[1.5] x" },
		{ "<6>[    1.0000000] x", 6, 0, 0, "[    1.0000000] x" },
		{ "<6>[99999999999999999999.000000] x", 6, 0, 0,
		    "[99999999999999999999.000000] x" },
		{ "no level", -1, 0, 0, "no level" },
		{ "<>x", -1, 0, 0, "<>x" },
		{ "<6", -1, 0, 0, "<6" },
		{ "<2048>x", -1, 0, 0, "<2048>x" },
		{ "", -1, 0, 0, "" },
		{ "<6>", 6, 0, 0, "" },
		{ "<6>[    1.000000]", 6, 0, 1000000000, "" },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		size_t len = strlen(row[i].line);
		char *p = exact(row[i].line, len);
		struct kvmi_kmsg m;

		kvmi_parse_syslog(p, len, &m);
		if (m.level != row[i].level || m.facility != row[i].facility ||
		    m.nsec != row[i].nsec || m.len != strlen(row[i].text) ||
		    memcmp(m.text, row[i].text, m.len) != 0)
			fail_msg("\"%s\": misread: %d %d %.*s", row[i].line,
			    m.level, m.facility, (int)m.len, m.text);
		free(p);
		for (size_t cut = 0; cut < len; cut++) {
			p = exact(row[i].line, cut);
			kvmi_parse_syslog(p, cut, &m);
			free(p);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kallsyms_lines),
		cmocka_unit_test(test_kmsg_records),
		cmocka_unit_test(test_kmsg_truncated),
		cmocka_unit_test(test_syslog_lines),
	};

	return (cmocka_run_group_tests_name("live_lines", tests, NULL, NULL));
}
