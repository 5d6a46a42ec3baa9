/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

#include "image/infofile.h"

static void
test_fields(void **state)
{
	static const struct {
		const char *text;
		uint64_t length;
		const char *compression, *status, *arch, *panic;
		int64_t time;
	} row[] = {
		{ "", 0, "", "", "", "", 0 },
		{ "x\n  Dump Length: 4096\n", 4096, "", "", "", "", 0 },
		{ "x\n  Dump Length: 4096", 4096, "", "", "", "", 0 },
		{ "  Dump Length: 4096\n", 0, "", "", "", "", 0 },
		{ "x\nDump Length: 4096\n    Dump Length: 1\n", 0, "", "", "",
		    "", 0 },
		{ "x\n  Dump Length: -1\n", 0, "", "", "", "", 0 },
		{ "x\n  Dump Length: 539557888B (514 MB)\n", 539557888, "", "",
		    "", "", 0 },
		{ "x\n  Dump Length: 4096x\n", 0, "", "", "", "", 0 },
		{ "x\n  Dump Length: 18446744073709551615\n", UINT64_MAX, "",
		    "", "", "", 0 },
		{ "x\n  Dump Length: 18446744073709551616\n", 0, "", "", "",
		    "", 0 },
		{ "x\n  Compression: none\n", 0, "none", "", "", "", 0 },
		{ "x\n  Compression: zstandard\n", 0, "zstanda", "", "", "",
		    0 },
		{ "x\n  Dump Status: good\n", 0, "", "good", "", "", 0 },
		{ "x\n  Dump Status: goodness\n", 0, "", "goodnes", "", "",
		    0 },
		{ "x\n  Architecture: amd64-and-more\n", 0, "", "",
		    "amd64-and-mo", "", 0 },
		{ "x\n  Panic String: a: b\n  Panic String\n  :\n  : x\n", 0,
		    "", "", "", "a: b", 0 },
		{ "x\n  Dumptime: 1970-01-02 00:00:00 +0000\n", 0, "", "", "",
		    "", 86400 },
		{ "x\n  Dumptime: 1970-01-02 00:00:00 -0130\n", 0, "", "", "",
		    "", 86400 + 5400 },
		{ "x\n  Dumptime: Thu Jun 23 16:00:00 2022\n", 0, "", "", "",
		    "", 0 },
		{ "x\n  Dumptime: 9999-99-99 99:99:99 *9999\n", 0, "", "", "",
		    "", 0 },
		{ "{\"dump_length_bytes\":77}", 77, "", "", "", "", 0 },
		{ "{\"crashdump\": {\"dump_length_bytes\" : \"77\"", 77, "", "",
		    "", "", 0 },
		{ "{\"dump_length_bytes\":-77}", 0, "", "", "", "", 0 },
		{ "{\"panic_string\":\"say \\\"no\\\"\\n\\\\", 0, "", "", "",
		    "say \"no\"\n\\", 0 },
		{ "{\"panic_string\"", 0, "", "", "", "", 0 },
		{ "{\"panic_string", 0, "", "", "", "", 0 },
		{ "<a><dump_length_bytes>77</dump_length_bytes></a>", 77, "",
		    "", "", "", 0 },
		{ "<panic_string>&lt;a&gt; &amp;lt; &quot;&nbsp;</", 0, "", "",
		    "", "<a> &lt; \"&nbsp;", 0 },
		{ "<div class=\"line\"><div class=\"label\">Dump Length</div>"
		    "<div class=\"data\" data-tag=\"dump_length_bytes\">77"
		    "</div></div>", 77, "", "", "", "", 0 },
		{ "<div data-tag=\"panic_string\" class=\"data\">&lt;a",
		    0, "", "", "", "<a", 0 },
		{ "<div data-tag=\"panic_string>a</div>", 0, "", "", "", "",
		    0 },
		{ "<panic_string", 0, "", "", "", "", 0 },
		{ "<panic_string>", 0, "", "", "", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		size_t len = strlen(row[i].text);
		struct kvmi_told f;

		/* Without a NUL behind it, and cut everywhere. */
		for (size_t n = 0; n <= len; n++) {
			char *copy = malloc(n + (n == 0));

			memcpy(copy, row[i].text, n);
			kvmi_infofile_parse(copy, n, &f);
			free(copy);
		}
		UTIL_EQ(row[i].text, f.length, row[i].length);
		UTIL_STR(row[i].text, f.compression, row[i].compression);
		UTIL_STR(row[i].text, f.status, row[i].status);
		UTIL_STR(row[i].text, f.arch, row[i].arch);
		UTIL_STR(row[i].text, f.panic, row[i].panic);
		UTIL_EQ(row[i].text, f.time, row[i].time);
	}
}

/* All fields, in each of the three forms that savecore(8) writes. */
static void
test_forms(void **state)
{
	static const char *const form[] = {
		"Dump header from device: /dev/ada0p3\n"
		"  Architecture: amd64\n"
		"  Architecture Version: 2\n"
		"  Dump Length: 539557888\n"
		"  Blocksize: 512\n"
		"  Compression: none\n"
		"  Dumptime: 2022-06-23 18:00:00 +0200\n"
		"  Hostname: a.example\n"
		"  Magic: FreeBSD Kernel Dump\n"
		"  Version String: FreeBSD 13.1 <GENERIC>\n"
		"    root@a.example\n"
		"  Panic String: page \"fault\" & more\n"
		"  Dump Parity: 3735928559\n"
		"  Bounds: 7\n"
		"  Dump Status: good\n",
		"{\"crashdump\": {\"dump_device\":\"/dev/ada0p3\","
		"\"architecture\":\"amd64\",\"architecture_version\":2,"
		"\"dump_length_bytes\":539557888,\"blocksize\":512,"
		"\"compression\":\"none\","
		"\"dumptime\":\"2022-06-23 18:00:00 +0200\","
		"\"hostname\":\"a.example\",\"magic\":\"FreeBSD Kernel Dump\","
		"\"version_string\":\"FreeBSD 13.1 <GENERIC>\\n    root\","
		"\"panic_string\":\"page \\\"fault\\\" & more\","
		"\"dump_parity\":3735928559,\"bounds\":7,"
		"\"dump_status\":\"good\"}}\n",
		"<crashdump><dump_device>/dev/ada0p3</dump_device>"
		"<architecture>amd64</architecture>"
		"<architecture_version>2</architecture_version>"
		"<dump_length_bytes>539557888</dump_length_bytes>"
		"<blocksize>512</blocksize><compression>none</compression>"
		"<dumptime>2022-06-23 18:00:00 +0200</dumptime>"
		"<hostname>a.example</hostname>"
		"<magic>FreeBSD Kernel Dump</magic>"
		"<version_string>FreeBSD 13.1 &lt;GENERIC&gt;\n root"
		"</version_string>"
		"<panic_string>page &quot;fault&quot; &amp; more</panic_string>"
		"<dump_parity>3735928559</dump_parity><bounds>7</bounds>"
		"<dump_status>good</dump_status></crashdump>",
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(form); i++) {
		struct kvmi_told f;

		kvmi_infofile_parse(form[i], strlen(form[i]), &f);
		UTIL_TRUE(form[i], f.there);
		UTIL_STR(form[i], f.device, "/dev/ada0p3");
		UTIL_STR(form[i], f.arch, "amd64");
		UTIL_EQ(form[i], f.arch_version, 2);
		UTIL_EQ(form[i], f.length, 539557888);
		UTIL_EQ(form[i], f.block_size, 512);
		UTIL_STR(form[i], f.compression, "none");
		UTIL_EQ(form[i], f.time, 1656000000);
		UTIL_STR(form[i], f.hostname, "a.example");
		UTIL_STR(form[i], f.magic, "FreeBSD Kernel Dump");
		UTIL_STR(form[i], f.version, "FreeBSD 13.1 <GENERIC>");
		UTIL_STR(form[i], f.panic, "page \"fault\" & more");
		UTIL_EQ(form[i], f.parity, 3735928559u);
		UTIL_EQ(form[i], f.bounds, 7);
		UTIL_STR(form[i], f.status, "good");
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
		{ "/no/vmcore.last.zst", "/no/info.last" },
		{ "/no/vmcore.la", "" },
		{ "/no/vmcore.", "" },
		{ "/no/vmcore.x", "" },
		{ "/no/vmcore", "" },
		{ "/vmcore.0/x", "" },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_told f;
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
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_names),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
