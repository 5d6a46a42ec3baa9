/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

#include "image/infofile.h"

static void
test_fields(void **state)
{
	static const struct {
		const char *text;
		uint64_t length;
		bool compressed;
		int status;
		const char *arch, *panic;
		int64_t time;
	} row[] = {
		{ "", 0, false, KVMI_INFO_UNKNOWN, "", "", 0 },
		{ "  Dump Length: 4096\n", 4096, false, KVMI_INFO_UNKNOWN, "",
		    "", 0 },
		{ "  Dump Length: 4096", 4096, false, KVMI_INFO_UNKNOWN, "",
		    "", 0 },
		{ "Dump Length: 4096\n    Dump Length: 1\n", 0, false,
		    KVMI_INFO_UNKNOWN, "", "", 0 },
		{ "  Dump Length: -1\n", 0, false, KVMI_INFO_UNKNOWN, "", "",
		    0 },
		{ "  Dump Length: 539557888B (514 MB)\n", 539557888, false,
		    KVMI_INFO_UNKNOWN, "", "", 0 },
		{ "  Dump Length: 4096x\n", 0, false, KVMI_INFO_UNKNOWN, "",
		    "", 0 },
		{ "  Dump Length: 18446744073709551615\n", UINT64_MAX, false,
		    KVMI_INFO_UNKNOWN, "", "", 0 },
		{ "  Dump Length: 18446744073709551616\n", 0, false,
		    KVMI_INFO_UNKNOWN, "", "", 0 },
		{ "  Compression: none\n", 0, false, KVMI_INFO_UNKNOWN, "", "",
		    0 },
		{ "  Compression: zstd\n", 0, true, KVMI_INFO_UNKNOWN, "", "",
		    0 },
		{ "  Dump Status: good\n", 0, false, KVMI_INFO_GOOD, "", "",
		    0 },
		{ "  Dump Status: bad\n", 0, false, KVMI_INFO_BAD, "", "", 0 },
		{ "  Dump Status: goodness\n", 0, false, KVMI_INFO_UNKNOWN, "",
		    "", 0 },
		{ "  Architecture: amd64-and-more\n", 0, false,
		    KVMI_INFO_UNKNOWN, "amd64-and-mo", "", 0 },
		{ "  Panic String: a: b\n  Panic String\n  :\n  : x\n", 0,
		    false, KVMI_INFO_UNKNOWN, "", "a: b", 0 },
		{ "  Dumptime: 1970-01-02 00:00:00 +0000\n", 0, false,
		    KVMI_INFO_UNKNOWN, "", "", 86400 },
		{ "  Dumptime: 1970-01-02 00:00:00 -0130\n", 0, false,
		    KVMI_INFO_UNKNOWN, "", "", 86400 + 5400 },
		{ "  Dumptime: Thu Jun 23 16:00:00 2022\n", 0, false,
		    KVMI_INFO_UNKNOWN, "", "", 0 },
		{ "  Dumptime: 9999-99-99 99:99:99 *9999\n", 0, false,
		    KVMI_INFO_UNKNOWN, "", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		size_t len = strlen(row[i].text);
		char *copy = malloc(len + 1);
		struct kvmi_infofile f;

		/* Without a NUL behind it, and cut everywhere. */
		memcpy(copy, row[i].text, len);
		for (size_t n = 0; n <= len; n++)
			kvmi_infofile_parse(copy, n, &f);
		free(copy);
		UTIL_EQ(row[i].text, f.length, row[i].length);
		UTIL_EQ(row[i].text, f.compressed, row[i].compressed);
		UTIL_EQ(row[i].text, f.status, row[i].status);
		UTIL_STR(row[i].text, f.arch, row[i].arch);
		UTIL_STR(row[i].text, f.told.panic, row[i].panic);
		UTIL_EQ(row[i].text, f.told.time, row[i].time);
	}
}

static void
test_names(void **state)
{
	static const struct { const char *core, *want; } row[] = {
		{ "/no/vmcore.0", "/no/info.0" },
		{ "vmcore.12.gz", "info.12" },
		{ "/no/vmcore_encrypted.3", "/no/info.3" },
		{ "/no/textdump.tar.4.gz", "/no/info.4" },
		{ "/no/livecore.5.zst", "/no/info.5" },
		{ "/no/vmcore.last", "/no/info.last" },
		{ "/no/vmcore.", "" },
		{ "/no/vmcore.x", "" },
		{ "/no/vmcore", "" },
		{ "/vmcore.0/x", "" },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_infofile f;
		char name[64] = "";

		UTIL_TRUE(row[i].core, !kvmi_infofile_read(row[i].core, &f,
		    name, sizeof(name)));
		UTIL_STR(row[i].core, name, row[i].want);
		UTIL_TRUE("too long", !kvmi_infofile_read(row[i].core, &f,
		    name, 5));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_names),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
