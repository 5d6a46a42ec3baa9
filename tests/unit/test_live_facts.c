/* SPDX-License-Identifier: BSD-2-Clause */
/* Types of the running kernel, and what else is known of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/sysinfo.h>
#include <time.h>

#include <cmocka.h>

#include "test_live_kcore.h"

static void
test_types(void **state)
{
	struct kvmi_types *t = NULL;
	struct root r;

	(void)state;
	root_init(&r);
	root_open(&r, true);
	assert_int_equal(r.k.os->types(&r.k, r.cx, &t), KVMI_ENOTSUP);
	assert_non_null(strstr(r.cx->err.text, "CONFIG_DEBUG_INFO_BTF"));
	root_file(&r, "sys/kernel/btf/vmlinux", "no BTF");
	assert_true(r.k.os->types(&r.k, r.cx, &t) < 0);
	assert_non_null(strstr(r.cx->err.text, "/sys/kernel/btf/vmlinux"));
	assert_null(t);
	root_deinit(&r);
}

static void
test_facts(void **state)
{
	static const uint8_t notes[] = "\4\0\0\0\4\0\0\0\3\0\0\0GNU\0\xde\xad"
	    "\xbe\xef";
	static const uint8_t notes_be[] = "\0\0\0\4\0\0\0\4\0\0\0\3GNU\0\xde"
	    "\xad\xbe\xef";
	static struct kvmi_facts f;
	static struct kcore c;
	struct utsname uts;
	struct root r;

	(void)state;
	make_kcore(&c);
	root_init(&r);
	root_bytes(&r, "proc/kcore", &c, sizeof(c));
	root_file(&r, "proc/meminfo", "MemTotalX: 5 kB\nMemTotal:    6172024 "
	    "kB\nMemFree: 1 kB\n");
	root_file(&r, "proc/stat", "xbtime 1\nbtime 1795417290\n");
	root_bytes(&r, "sys/kernel/notes", __BYTE_ORDER__ ==
	    __ORDER_BIG_ENDIAN__ ? notes_be : notes, sizeof(notes) - 1);
	root_open(&r, true);
	r.k.os->facts(&r.k, r.cx, &f);
	assert_int_equal(uname(&uts), 0);
	assert_string_equal(f.format, "live");
	assert_string_equal(f.release, uts.release);
	assert_string_equal(f.version, uts.version);
	assert_string_equal(f.hostname, uts.nodename);
	assert_string_equal(f.buildid, "deadbeef");
	assert_int_equal(f.info.ki_boottime, 1795417290);
	assert_true(f.info.ki_physmem == UINT64_C(6172024) * 1024);
	assert_int_equal(f.info.ki_page_size, sysconf(_SC_PAGESIZE));
	assert_int_equal(f.info.ki_ncpus, sysconf(_SC_NPROCESSORS_ONLN));
	assert_true(f.info.ki_max_pa == TEXT_PA + SEGMENT_SIZE);
	assert_int_equal(r.k.kerndisp, 0x1a000000);
	root_deinit(&r);
}

/* A root without anything in it: facts are what uname() says. */
static void
test_facts_of_nothing(void **state)
{
	static struct kvmi_facts f;
	struct root r;

	(void)state;
	root_init(&r);
	root_file(&r, "proc/meminfo", "MemTotal: many kB\n");
	root_file(&r, "proc/stat", "btime 99999999999999999999\n");
	root_file(&r, "sys/kernel/notes", "garbage garbage garbage");
	root_open(&r, true);
	r.k.os->facts(&r.k, r.cx, &f);
	assert_string_not_equal(f.release, "");
	assert_string_equal(f.buildid, "");
	assert_int_equal(f.info.ki_physmem, 0);
	assert_int_equal(f.info.ki_max_pa, 0);
	root_deinit(&r);
}

static void
test_host_types(void **state)
{
	struct kvmi_types *t;
	struct root r;
	uint64_t size;
	int status;

	(void)state;
	root_open_host(&r);
	status = r.k.os->types(&r.k, r.cx, &t);
	if (status == 0) {
		assert_string_equal(t->where, "BTF in /sys/kernel/btf/vmlinux");
		assert_int_equal(kvmi_type_size(t, "task_struct", &size,
		    &r.cx->err), 0);
		assert_true(size > 1000);
		kvmi_types_close(t);
	} else if (status != KVMI_ENOTSUP) {
		fail_msg("%s", r.cx->err.text);
	}
	root_deinit(&r);
}

static void
test_host_facts(void **state)
{
	static struct kvmi_facts f;
	struct sysinfo si;
	struct root r;

	(void)state;
	root_open_host(&r);
	r.k.os->facts(&r.k, r.cx, &f);
	assert_int_equal(sysinfo(&si), 0);
	assert_true(f.info.ki_physmem / 1024 ==
	    (uint64_t)si.totalram * si.mem_unit / 1024);
	assert_in_range(time(NULL) - si.uptime - f.info.ki_boottime + 3, 0, 6);
	assert_int_equal(strlen(f.buildid) % 2, 0);
	root_deinit(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_facts_of_nothing),
		cmocka_unit_test(test_host_types),
		cmocka_unit_test(test_host_facts),
	};

	return (cmocka_run_group_tests_name("live_facts", tests, NULL, NULL));
}
