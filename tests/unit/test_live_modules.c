/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc/modules, as the kernel prints it and otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>

#include "base/math.h"
#include "test_live_root.h"

struct see {
	char	 text[512];
	int	 left;		/* stop after so many; 0: never */
};

static int
see(const struct kvm_module *m, void *arg)
{
	struct see *s = arg;
	size_t n = strlen(s->text);

	assert_string_equal(m->km_path, "");
	snprintf(s->text + n, sizeof(s->text) - n, "%s %" PRIu64 " 0x%" PRIx64
	    "|", m->km_name, m->km_size, m->km_addr);
	return (--s->left != 0);
}

static void
test_modules(void **state)
{
	static const char good[] =
	    "ext4 987136 2 - Live 0xffffffffc0a3f000\n"
	    "crc16 16384 1 ext4, Live 0xffffffffc0351000\n"
	    "nfs 200704 0 - Loading 0x0000000000000000 (OE)\n";
	static const struct {
		const char *name, *file, *want;
		int left;
		size_t n;
		unsigned int damage;
	} row[] = {
		{ "all", good, "ext4 987136 0xffffffffc0a3f000|"
		    "crc16 16384 0xffffffffc0351000|nfs 200704 0x0|", 0, 3, 0 },
		{ "stopped", good, "ext4 987136 0xffffffffc0a3f000|", 1, 1, 0 },
		{ "empty", "", "", 0, 0, 0 },
		{ "no newline", "a 1 0 - Live 0x10", "a 1 0x10|", 0, 1, 0 },
		{ "one is odd", "a 1 0 - Live 0x10\nb x\nc 2 0 - Live 0x20\n",
		    "a 1 0x10|c 2 0x20|", 0, 2, 1 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct see s = { .left = row[i].left };
		struct root r;
		size_t n = 0;

		root_init(&r);
		root_file(&r, "proc/modules", "%s", row[i].file);
		root_open(&r, false);
		assert_int_equal(kvmi_live_modules(&r.k, r.cx, see, &s, &n),
		    0);
		if (n != row[i].n || strcmp(s.text, row[i].want) != 0 ||
		    r.cx->damage != row[i].damage)
			fail_msg("%s: %zu, %u: %s", row[i].name, n,
			    r.cx->damage, s.text);
		root_deinit(&r);
	}
}

/* A kernel without modules has no such file; a procfs of pids, no files. */
static void
test_no_modules(void **state)
{
	struct see s = { 0 };
	struct root r;
	size_t n = 0;

	(void)state;
	root_init(&r);
	root_open(&r, false);
	assert_int_equal(kvmi_live_modules(&r.k, r.cx, see, &s, &n),
	    KVMI_ENOTSUP);
	assert_non_null(strstr(r.cx->err.text, "subset=pid"));
	root_file(&r, "proc/version", "Linux version 6.1\n");
	assert_int_equal(kvmi_live_modules(&r.k, r.cx, see, &s, &n), 0);
	assert_int_equal(n, 0);
	root_deinit(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modules),
		cmocka_unit_test(test_no_modules),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
