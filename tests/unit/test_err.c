/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

#include <errno.h>

#include "base/err.h"

static void
test_fail(void **state)
{
	static const struct {
		const char *name;
		int code;
		const char *text;
	} row[] = {
		{ "an error", KVMI_EFORMAT, "bitmap at 0x10" },
		{ "an empty text", KVMI_EINVAL, "" },
		{ "text with what looks like a format", KVMI_ESYS, "%s%n%d" },
		{ "bytes that are no ASCII", KVMI_ESYS, "\xff\x80\x01" },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_err err = { .code = 1, .text = "before" };

		UTIL_EQ(row[i].name, kvmi_fail(&err, row[i].code, "%s",
		    row[i].text), row[i].code);
		UTIL_EQ(row[i].name, err.code, row[i].code);
		UTIL_STR(row[i].name, err.text, row[i].text);
	}
}

/* Texts around the size of the buffer: cut, and always ended. */
static void
test_long(void **state)
{
	static const struct {
		const char *name;
		size_t len;
	} row[] = {
		{ "one below the end", KVMI_ERR_SIZE - 2 },
		{ "just fits", KVMI_ERR_SIZE - 1 },
		{ "one too many", KVMI_ERR_SIZE },
		{ "far too long", 3 * KVMI_ERR_SIZE },
	};
	static char text[3 * KVMI_ERR_SIZE + 1];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct { struct kvmi_err err; char behind[8]; } e;
		size_t want = kvmi_min(row[i].len, KVMI_ERR_SIZE - 1);

		memset(&e, 'y', sizeof(e));
		kvmi_fail(&e.err, KVMI_EFORMAT, "%.*s", (int)row[i].len, text);
		UTIL_EQ(row[i].name, strnlen(e.err.text, KVMI_ERR_SIZE), want);
		kvmi_wrap(&e.err, KVMI_ESYS, "dump");
		UTIL_EQ(row[i].name, e.err.code, KVMI_ESYS);
		UTIL_EQ(row[i].name, strnlen(e.err.text, KVMI_ERR_SIZE),
		    kvmi_min(want + 6, KVMI_ERR_SIZE - 1));
		UTIL_TRUE(row[i].name, strncmp(e.err.text, "dump: xx", 8) == 0);
		kvmi_wrap(&e.err, KVMI_ESYS, "%.*s", (int)row[i].len, text);
		UTIL_EQ(row[i].name, strnlen(e.err.text, KVMI_ERR_SIZE),
		    KVMI_ERR_SIZE - 1);
		errno = EIO;
		kvmi_fail_errno(&e.err, "%.*s", (int)row[i].len, text);
		UTIL_TRUE(row[i].name, strnlen(e.err.text, KVMI_ERR_SIZE) <
		    KVMI_ERR_SIZE);
		UTIL_TRUE(row[i].name, memcmp(e.behind, "yyyyyyyy", 8) == 0);
	}
}

static void
test_errno(void **state)
{
	static const struct {
		const char *name;
		int error;
		int want;
	} row[] = {
		{ "EPERM", EPERM, KVMI_EPERM },
		{ "EACCES", EACCES, KVMI_EPERM },
		{ "ENOMEM", ENOMEM, KVMI_ENOMEM },
		{ "ENOENT", ENOENT, KVMI_ESYS },
		{ "EIO", EIO, KVMI_ESYS },
		{ "EISDIR", EISDIR, KVMI_ESYS },
		{ "no such errno", 99999, KVMI_ESYS },
		{ "zero", 0, KVMI_ESYS },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_err err;
		char want[300];

		errno = row[i].error;
		UTIL_EQ(row[i].name, kvmi_fail_errno(&err, "open %d", 7),
		    row[i].want);
		UTIL_EQ(row[i].name, errno, row[i].error);
		UTIL_EQ(row[i].name, err.code, row[i].want);
		snprintf(want, sizeof(want), "open 7: %s",
		    strerror(row[i].error));
		UTIL_STR(row[i].name, err.text, want);
	}
}

static void
test_wrap(void **state)
{
	struct kvmi_err err;

	(void)state;
	kvmi_fail(&err, KVMI_EFORMAT, "bitmap");
	UTIL_EQ("wrap", kvmi_wrap(&err, KVMI_ETRUNC, "%s %d", "block", 3),
	    KVMI_ETRUNC);
	UTIL_EQ("wrap", err.code, KVMI_ETRUNC);
	kvmi_wrap(&err, KVMI_ETRUNC, "vmcore");
	UTIL_STR("outermost first", err.text, "vmcore: block 3: bitmap");
	for (int i = 0; i < 1000; i++)
		kvmi_wrap(&err, KVMI_ETRUNC, "layer %d", i);
	UTIL_TRUE("many layers", strncmp(err.text, "layer 999: layer 998: ",
	    22) == 0);
	UTIL_EQ("many layers", strlen(err.text), KVMI_ERR_SIZE - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fail),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_errno),
		cmocka_unit_test(test_wrap),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
