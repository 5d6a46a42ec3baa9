/* SPDX-License-Identifier: BSD-2-Clause */
/* Symbols of the running kernel. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/math.h"
#include "test_live_root.h"

#define TEXT_VA		UINT64_C(0xffffffff81000000)

static int
symbols(struct root *r, struct kvmi_symtab **t, char where[128])
{
	int status;

	assert_int_equal(kvmi_symtab_create(t, &r->cx->err), 0);
	status = r->k.os->symbols(&r->k, r->cx, t, where, 128);
	if (status != 0) {
		kvmi_symtab_destroy(*t);
		*t = NULL;
	}
	return (status);
}

static const char kallsyms[] =
    "0000000000000000 A fixed_percpu_data\n"
    "ffffffff81000000 T _stext\n"
    "ffffffff81000100 t helper\n"
    "ffffffffc0000000 t helper\t[ext4]\n"
    "ffffffffc0000010 T ext4_init\t[ext4]\n"
    "ffffffffc0100000 t helper\t[ext]\n"
    "ffffffffc0200000 t bpf_prog_1\t[bpf]\n";

static void
test_symbols(void **state)
{
	struct kvmi_symtab *t;
	struct kvmi_sym s;
	char where[128] = "";
	struct root r;

	(void)state;
	root_init(&r);
	root_bytes(&r, "proc/kallsyms", kallsyms, strlen(kallsyms));
	root_open(&r, true);
	assert_int_equal(symbols(&r, &t, where), 0);
	assert_non_null(strstr(where, "/proc/kallsyms"));
	assert_int_equal(kvmi_symtab_count(t), 7);
	kvmi_symtab_get(t, 3, &s);
	assert_string_equal(s.name, "helper");
	assert_string_equal(s.module, "ext4");
	kvmi_symtab_get(t, 5, &s);
	assert_string_equal(s.module, "ext");
	assert_int_equal(kvmi_symtab_by_name(t, "helper", &s, &r.cx->err), 0);
	assert_string_equal(s.module, "");
	assert_true(s.addr == TEXT_VA + 0x100);
	assert_int_equal(s.letter, 't');
	assert_int_equal(kvmi_symtab_by_addr(t, UINT64_C(0xffffffffc0000018),
	    &s, &r.cx->err), 0);
	assert_string_equal(s.name, "ext4_init");
	kvmi_symtab_destroy(t);
	root_deinit(&r);
}

/* More than the reader holds at a time, with lines across its blocks. */
static void
test_symbols_many(void **state)
{
	size_t cap = 32 << 20, len = 0, n = 0;
	char *text = malloc(cap), where[128];
	struct kvmi_symtab *t;
	struct kvmi_sym s;
	struct root r;

	(void)state;
	assert_non_null(text);
	while (n < 100000) {
		len += (size_t)snprintf(text + len, cap - len, "%016" PRIx64
		    " t f%zu_%.*s%s\n", TEXT_VA + n * 16, n, (int)(n % 97),
		    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
		    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
		    n % 3 == 0 ? "\t[m]" : "");
		n++;
	}
	root_init(&r);
	root_bytes(&r, "proc/kallsyms", text, len);
	root_open(&r, true);
	assert_int_equal(symbols(&r, &t, where), 0);
	assert_int_equal(kvmi_symtab_count(t), n);
	for (size_t i = 0; i < n; i++) {
		char want[32];

		kvmi_symtab_get(t, i, &s);
		snprintf(want, sizeof(want), "f%zu_", i);
		assert_memory_equal(s.name, want, strlen(want));
		assert_int_equal(strlen(s.name), strlen(want) + i % 97);
		assert_true(s.addr == TEXT_VA + i * 16);
		assert_string_equal(s.module, i % 3 == 0 ? "m" : "");
	}
	kvmi_symtab_destroy(t);
	root_deinit(&r);
	free(text);
}

static void
test_symbols_refused(void **state)
{
	static const struct {
		const char *name, *text;
		int code;
		const char *why;
	} row[] = {
		{ "empty", "", KVMI_ENOTSUP, "empty" },
		{ "hidden", "0000000000000000 T _stext\n"
		    "0000000000000000 T _text\n", KVMI_EPERM,
		    "kptr_restrict=2, kernel.perf_event_paranoid=?" },
		{ "garbage", "ffffffff81000000 T _stext\nhello\n", KVMI_EFORMAT,
		    "line 2" },
		{ "blank line", "\n", KVMI_EFORMAT, "line 1" },
		{ "cut", "ffffffff81000000 T _stext\nffffffff8100", KVMI_ETRUNC,
		    "line 2" },
		{ "cut in the name", "ffffffff81000000 T _stext", KVMI_ETRUNC,
		    "line 1" },
	};
	struct kvmi_symtab *t;
	char where[128] = "", *text;
	struct root r;

	(void)state;
	root_init(&r);
	root_file(&r, "proc/sys/kernel/kptr_restrict", "2\n");
	root_open(&r, true);
	assert_int_equal(symbols(&r, &t, where), KVMI_ENOTSUP);
	assert_non_null(strstr(r.cx->err.text, "CONFIG_KALLSYMS"));
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		int status;

		root_bytes(&r, "proc/kallsyms", row[i].text,
		    strlen(row[i].text));
		status = symbols(&r, &t, where);
		if (status != row[i].code ||
		    strstr(r.cx->err.text, row[i].why) == NULL)
			fail_msg("%s: %d: %s", row[i].name, status,
			    r.cx->err.text);
	}
	text = malloc(1 << 20);
	assert_non_null(text);
	memset(text, 'a', 1 << 20);
	root_bytes(&r, "proc/kallsyms", text, 1 << 20);
	assert_int_equal(symbols(&r, &t, where), KVMI_EFORMAT);
	assert_non_null(strstr(r.cx->err.text, "no end"));
	free(text);
	root_file(&r, "proc/kallsyms", "1 t a\t[%0200d]\n", 7);
	assert_int_equal(symbols(&r, &t, where), KVMI_EFORMAT);
	root_deinit(&r);
}

static void
test_symbols_truncated(void **state)
{
	struct kvmi_symtab *t;
	char where[128];
	struct root r;

	(void)state;
	root_init(&r);
	root_open(&r, true);
	for (size_t len = 1; len < strlen(kallsyms); len++) {
		int status;

		root_bytes(&r, "proc/kallsyms", kallsyms, len);
		status = symbols(&r, &t, where);
		if (kallsyms[len - 1] != '\n')
			assert_int_equal(status, KVMI_ETRUNC);
		else if (len == strcspn(kallsyms, "\n") + 1)
			assert_int_equal(status, KVMI_EPERM);
		else
			assert_int_equal(status, 0);
		kvmi_symtab_destroy(t);
	}
	root_deinit(&r);
}

static bool
has_no_symbols(struct root *r)
{
	struct kvmi_symtab *t;
	char where[128];
	int status = symbols(r, &t, where);

	if (status == 0)	/* this host shows them to anyone */
		kvmi_symtab_destroy(t);
	else if (status != KVMI_EPERM ||
	    strstr(r->cx->err.text, "kptr_restrict=") == NULL)
		fprintf(stderr, "%d: %s\n", status, r->cx->err.text);
	return (status == 0 || status == KVMI_EPERM);
}

static void
test_host_symbols(void **state)
{
	struct kvmi_symtab *t;
	struct kvmi_sym s;
	char where[128];
	struct root r;
	int status;

	(void)state;
	root_open_host(&r);
	status = symbols(&r, &t, where);
	if (status == 0) {
		assert_string_equal(where, "/proc/kallsyms");
		assert_true(kvmi_symtab_count(t) > 1000);
		assert_int_equal(kvmi_symtab_by_name(t, "_stext", &s,
		    &r.cx->err), 0);
		assert_true(s.addr != 0);
		kvmi_symtab_destroy(t);
	} else if (status != KVMI_EPERM && status != KVMI_ENOTSUP) {
		fail_msg("%s", r.cx->err.text);
	}
	if (status != KVMI_ENOTSUP)
		assert_true(as_nobody(has_no_symbols, &r));
	root_deinit(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_symbols_many),
		cmocka_unit_test(test_symbols_refused),
		cmocka_unit_test(test_symbols_truncated),
		cmocka_unit_test(test_host_symbols),
	};

	return (cmocka_run_group_tests_name("live_symbols", tests, NULL, NULL));
}
