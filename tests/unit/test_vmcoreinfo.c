/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

#include "os/linux/vmcoreinfo.h"

static const char sample[] =
    "OSRELEASE=6.12.1\n"
    "BUILD-ID=0123456789abcdef\n"
    "PAGESIZE=4096\n"
    "SYMBOL(_stext)=ffffffff81000000\n"
    "SYMBOL(prefixed)=0x1234\n"
    "SYMBOL(huge)=10000000000000000\n"
    "SYMBOL(none)=\n"
    "SYMBOL(tail)=12zz\n"
    "SYMBOL(spaced)= 12\n"
    "SYMBOL(twice)=1\n"
    "NUMBER(phys_base)=-335544320\n"
    "NUMBER(mask)=0x800000000000\n"
    "NUMBER(big)=18446744073709551615\n"
    "NUMBER(over)=18446744073709551616\n"
    "NUMBER(word)=yes\n"
    "OFFSET(list_head.next)=0\n"
    "OFFSET(hex)=0x10\n"
    "SIZE(page)=64\n"
    "SIZE(negative)=-1\n"
    "KERNELOFFSET=14000000\n"
    "SYMBOL(twice)=2\n"
    "EMPTY=\n"
    "=no key\n"
    "\n"
    "no equals sign\n"
    "CRASHTIME=1700000000\n";

static void
open_text(struct kvmi_vmcoreinfo *v, const char *text, size_t len)
{
	struct bytes b = { .p = (uint8_t *)(uintptr_t)text };
	uint8_t *copy = bytes_exact(&b, len);

	UTIL_TRUE("init", kvmi_vmcoreinfo_init(v, copy, len));
	free(copy);		/* it has a copy of its own */
}

static void
test_get(void **state)
{
	static const struct {
		const char *name, *key;
		const char *want;	/* NULL: there is none */
	} row[] = {
		{ "the first", "OSRELEASE", "6.12.1" },
		{ "in the middle", "PAGESIZE", "4096" },
		{ "the last", "CRASHTIME", "1700000000" },
		{ "with brackets", "SYMBOL(_stext)", "ffffffff81000000" },
		{ "the last one counts", "SYMBOL(twice)", "2" },
		{ "an empty value", "EMPTY", "" },
		{ "an empty key", "", "no key" },
		{ "the beginning of a key", "OSREL", NULL },
		{ "the end of a key", "RELEASE", NULL },
		{ "more than a key", "OSRELEASE=6", NULL },
		{ "a value", "4096", NULL },
		{ "a line without =", "no equals sign", NULL },
		{ "lower case", "osrelease", NULL },
		{ "none", "NOSUCH", NULL },
	};
	struct kvmi_vmcoreinfo v;

	(void)state;
	open_text(&v, sample, sizeof(sample) - 1);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		char buf[80] = "untouched";

		UTIL_EQ(row[i].name, kvmi_vmcoreinfo_get(&v, row[i].key, buf,
		    sizeof(buf)), row[i].want != NULL);
		UTIL_STR(row[i].name, buf, row[i].want != NULL ? row[i].want :
		    "untouched");
	}
	kvmi_vmcoreinfo_deinit(&v);
}

enum form { SYMBOL, NUMBER, OFFSET, SIZE, HEX };

static bool
get_number(const struct kvmi_vmcoreinfo *v, enum form form, const char *name,
    uint64_t *ret)
{
	switch (form) {
	case SYMBOL:
		return (kvmi_vmcoreinfo_symbol(v, name, ret));
	case NUMBER:
		return (kvmi_vmcoreinfo_number(v, name, (int64_t *)ret));
	case OFFSET:
		return (kvmi_vmcoreinfo_offset(v, name, ret));
	case SIZE:
		return (kvmi_vmcoreinfo_size(v, name, ret));
	case HEX:
		return (kvmi_vmcoreinfo_hex(v, name, ret));
	}
	return (false);
}

#define NONE	UINT64_C(0x5555)	/* the value before */

static void
test_numbers(void **state)
{
	static const struct {
		const char *name;
		enum form form;
		const char *key;
		uint64_t want;
	} row[] = {
		{ "symbol", SYMBOL, "_stext", UINT64_C(0xffffffff81000000) },
		{ "symbol with 0x", SYMBOL, "prefixed", 0x1234 },
		{ "symbol of 65 bits", SYMBOL, "huge", NONE },
		{ "symbol without a value", SYMBOL, "none", NONE },
		{ "symbol with a tail", SYMBOL, "tail", NONE },
		{ "no such symbol", SYMBOL, "nosuch", NONE },
		{ "a number is no symbol", SYMBOL, "phys_base", NONE },
		{ "negative number", NUMBER, "phys_base",
		    (uint64_t)INT64_C(-335544320) },
		{ "hexadecimal number", NUMBER, "mask",
		    UINT64_C(0x800000000000) },
		{ "the largest number", NUMBER, "big", UINT64_MAX },
		{ "number of 65 bits", NUMBER, "over", NONE },
		{ "a word", NUMBER, "word", NONE },
		{ "offset 0", OFFSET, "list_head.next", 0 },
		{ "offsets are decimal", OFFSET, "hex", NONE },
		{ "size", SIZE, "page", 64 },
		{ "hexadecimal without 0x", HEX, "KERNELOFFSET", 0x14000000 },
		{ "hexadecimal, none", HEX, "KERNELOFFSE", NONE },
		{ "not hexadecimal", HEX, "OSRELEASE", NONE },
		{ "no value", HEX, "EMPTY", NONE },
	};
	struct kvmi_vmcoreinfo v;

	(void)state;
	open_text(&v, sample, sizeof(sample) - 1);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		uint64_t got = NONE;

		UTIL_EQ(row[i].name, get_number(&v, row[i].form, row[i].key,
		    &got), row[i].want != NONE);
		/* Callers have put a default there. */
		UTIL_EQ(row[i].name, got, row[i].want);
	}
	kvmi_vmcoreinfo_deinit(&v);
}

/* Cut at each byte: a value is whole, or cut where the text is, or not there. */
static void
test_cut(void **state)
{
	(void)state;
	for (size_t len = 0; len <= sizeof(sample) - 1; len++) {
		struct kvmi_vmcoreinfo v;
		char buf[80];
		uint64_t u;

		open_text(&v, sample, len);
		UTIL_EQ("length", v.len, len);
		if (kvmi_vmcoreinfo_get(&v, "OSRELEASE", buf, sizeof(buf)))
			UTIL_TRUE("a beginning", strncmp(buf, "6.12.1",
			    strlen(buf)) == 0);
		for (enum form f = SYMBOL; f <= HEX; f++)
			get_number(&v, f, "twice", &u);
		UTIL_EQ("plausible", kvmi_vmcoreinfo_plausible(sample, len),
		    len > 11);
		kvmi_vmcoreinfo_deinit(&v);
	}
}

static void
test_odd(void **state)
{
	static const struct {
		const char *name, *text;
		size_t len;
		const char *want;	/* of KEY */
	} row[] = {
		{ "nothing", "", 0, NULL },
		{ "a NUL ends it", "KEY=1\nX=\0KEY=2\n", 15, "1" },
		{ "NUL first", "\0KEY=1\n", 7, NULL },
		{ "no last newline", "KEY=1", 5, "1" },
		{ "no last newline, no value", "KEY=", 4, "" },
		{ "two equals signs", "KEY=a=b\n", 8, "a=b" },
		{ "carriage return", "KEY=1\r\n", 7, "1\r" },
		{ "blank lines", "\n\n\nKEY=1\n\n\n", 11, "1" },
		{ "key alone", "KEY", 3, NULL },
		{ "bytes that are no text", "\xff\xfe\nKEY=\x80\n", 9,
		    "\x80" },
	};
	struct kvmi_vmcoreinfo v;
	char buf[8];

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		open_text(&v, row[i].text, row[i].len);
		UTIL_EQ(row[i].name, kvmi_vmcoreinfo_get(&v, "KEY", buf,
		    sizeof(buf)), row[i].want != NULL);
		if (row[i].want != NULL)
			UTIL_STR(row[i].name, buf, row[i].want);
		kvmi_vmcoreinfo_deinit(&v);
	}
	UTIL_EQ("after deinit", kvmi_vmcoreinfo_get(&v, "KEY", buf,
	    sizeof(buf)), false);
	kvmi_vmcoreinfo_deinit(&v);
}

/* Values and keys that are longer than their buffers. */
static void
test_long(void **state)
{
	struct bytes b = { 0 };
	struct kvmi_vmcoreinfo v;
	char buf[8], name[400], number[100];
	uint64_t u = NONE;

	(void)state;
	bytes_put(&b, "KEY=", 4);
	bytes_fill(&b, 'v', 100000);
	bytes_put(&b, "\nSYMBOL(", 8);
	bytes_fill(&b, 'n', 300);
	bytes_put(&b, ")=1\nSYMBOL(wide)=", 17);
	bytes_fill(&b, '0', 200);
	bytes_put(&b, "1\n", 2);
	open_text(&v, (const char *)b.p, b.len);
	UTIL_EQ("a long value", kvmi_vmcoreinfo_get(&v, "KEY", buf,
	    sizeof(buf)), true);
	UTIL_STR("is cut", buf, "vvvvvvv");
	UTIL_EQ("of one byte", kvmi_vmcoreinfo_get(&v, "KEY", buf, 1), true);
	UTIL_STR("of one byte", buf, "");
	memset(name, 'n', 300);
	name[300] = '\0';
	UTIL_EQ("a long name", kvmi_vmcoreinfo_symbol(&v, name, &u), false);
	UTIL_EQ("a long name", u, NONE);
	/* Cut, it would be another number. */
	UTIL_EQ("a long number", kvmi_vmcoreinfo_symbol(&v, "wide", &u),
	    false);
	UTIL_EQ("a long number", u, NONE);
	UTIL_EQ("as text", kvmi_vmcoreinfo_get(&v, "SYMBOL(wide)", number,
	    sizeof(number)), true);
	kvmi_vmcoreinfo_deinit(&v);
	bytes_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_long),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
