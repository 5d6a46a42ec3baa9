/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek info: what is this image? */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kpeek.h"

static void
line(const char *key, const char *value)
{
	char *safe = escape(value, strlen(value), "");

	if (value[0] != '\0')
		printf("%-14s  %s\n", key, safe);
	free(safe);
}

static void
time_line(const char *key, int64_t sec)
{
	char buf[64];

	if (sec == 0)
		return;
	format_time(sec, buf, sizeof(buf));
	line(key, buf);
}

static void
print_memory(const struct kvm_info *i)
{
	char size[32];

	if (i->ki_physmem != 0) {
		format_bytes(i->ki_physmem, size, sizeof(size));
		printf("%-14s  %s (%" PRIu64 " bytes)\n", "memory", size,
		    i->ki_physmem);
	}
	if (i->ki_pages_present != 0 || i->ki_pages_excluded != 0)
		printf("%-14s  %" PRIu64 " present, %" PRIu64 " left out\n",
		    "pages", i->ki_pages_present, i->ki_pages_excluded);
}

/* FreeBSD writes dumps without a panic too. */
static void
print_panic(const struct kvm_info *i)
{
	char *name = escape(i->ki_panicthread, strlen(i->ki_panicthread), "");

	line("panic", i->ki_panic);
	if (i->ki_paniccpu >= 0)
		printf("%-14s  %" PRId32 "\n", "panicked CPU", i->ki_paniccpu);
	if (i->ki_panictid != 0)
		printf("%-14s  PID %" PRId32 " TID %" PRId32 " %s\n",
		    i->ki_paniccpu >= 0 ? "panicked" : "dumped by",
		    i->ki_panicpid, i->ki_panictid, name);
	free(name);
}

/* As FreeBSD wrote it on the dump's device, or savecore(8) into info.N. */
static void
print_dump(const struct kvm_dumpheader *h)
{
	char text[512], when[64], version[32] = "";

	if (h == NULL)
		return;
	if (h->kh_version != 0)
		snprintf(version, sizeof(version), " version %" PRIu32,
		    h->kh_version);
	snprintf(text, sizeof(text), "%s%s, %s version %" PRIu32 ", parity %"
	    PRIu32, h->kh_magic, version, h->kh_arch, h->kh_archversion,
	    h->kh_parity);
	line("dump header", text);
	snprintf(text, sizeof(text), "%" PRIu64 " bytes in blocks of %" PRIu32
	    ", compression %s", h->kh_length, h->kh_blocksize,
	    h->kh_compression[0] != '\0' ? h->kh_compression : "unknown");
	if (h->kh_keysize != 0)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    ", key block of %" PRIu32 " bytes", h->kh_keysize);
	line("dump length", text);
	if (h->kh_time != 0) {
		format_time(h->kh_time, when, sizeof(when));
		snprintf(text, sizeof(text), "%s%s%s", when,
		    h->kh_hostname[0] != '\0' ? " on " : "", h->kh_hostname);
		line("dumped", text);
	}
	if (h->kh_device[0] != '\0') {
		snprintf(text, sizeof(text), "%s, number %" PRIu32
		    ", status %s", h->kh_device, h->kh_bounds, h->kh_status);
		line("saved from", text);
	}
}

static void
print_text(const struct kvm_info *i)
{
	int64_t d = i->ki_kerndisp;

	line("format", i->ki_format);
	print_dump(i->ki_dump);
	line("os", i->ki_os);
	line("release", i->ki_release);
	line("version", i->ki_version);
	line("arch", i->ki_arch);
	line("hostname", i->ki_hostname);
	time_line(i->ki_panic[0] != '\0' ? "crashed" : "stopped",
	    i->ki_crashtime);
	time_line("booted", i->ki_boottime);
	print_panic(i);
	if (i->ki_ncpus != 0)
		printf("%-14s  %" PRIu32 "\n", "cpus", i->ki_ncpus);
	print_memory(i);
	if (i->ki_page_size != 0)
		printf("%-14s  %" PRIu32 " bytes\n", "page size",
		    i->ki_page_size);
	if (i->ki_paging_levels != 0)
		printf("%-14s  %u levels\n", "paging", i->ki_paging_levels);
	printf("%-14s  %s0x%" PRIx64 "\n", "displacement", d < 0 ? "-" : "",
	    d < 0 ? -(uint64_t)d : (uint64_t)d);
	line("build id", i->ki_buildid);
	line("vmcoreinfo", i->ki_vmcoreinfo);
	line("symbols", i->ki_symbols);
	line("types", i->ki_types);
	line("warning", i->ki_note);
	if (i->ki_truncated)
		line("warning", "the file is cut short; what is missing cannot "
		    "be read");
	if (i->ki_incomplete)
		line("warning", "the writer could not finish this dump");
}

static json_object *
known_number(uint64_t v)
{
	return (v == 0 ? NULL : json_object_new_int64((int64_t)v));
}

struct json_field {
	const char	*key;
	json_object	*value;
};

static void
add_fields(json_object *o, const struct json_field *field, size_t n)
{
	for (size_t i = 0; i < n; i++)
		json_object_object_add(o, field[i].key, field[i].value);
}

static json_object *
dump_object(const struct kvm_dumpheader *h)
{
	json_object *o = json_object_new_object();
	const struct json_field field[] = {
		{ "magic", json_known(h->kh_magic) },
		{ "version", known_number(h->kh_version) },
		{ "arch", json_known(h->kh_arch) },
		{ "arch_version", known_number(h->kh_archversion) },
		{ "length", known_number(h->kh_length) },
		{ "extent", known_number(h->kh_extent) },
		{ "block_size", known_number(h->kh_blocksize) },
		{ "key_size", known_number(h->kh_keysize) },
		{ "compression", json_known(h->kh_compression) },
		{ "time", known_number((uint64_t)h->kh_time) },
		{ "hostname", json_known(h->kh_hostname) },
		{ "kernel", json_known(h->kh_kernel) },
		{ "panic", json_known(h->kh_panic) },
		{ "parity", json_object_new_int64(h->kh_parity) },
		{ "device", json_known(h->kh_device) },
		{ "bounds", json_object_new_int64(h->kh_bounds) },
		{ "status", json_known(h->kh_status) },
	};

	add_fields(o, field, sizeof(field) / sizeof(field[0]));
	return (o);
}

static json_object *
known_thread(const struct kvm_info *i, int32_t id)
{
	return (i->ki_panictid == 0 ? NULL : json_object_new_int(id));
}

static void
print_json(const struct kvm_info *i)
{
	json_object *o = json_object_new_object();
	const struct json_field field[] = {
		{ "format", json_known(i->ki_format) },
		{ "dump_header", i->ki_dump == NULL ? NULL :
		    dump_object(i->ki_dump) },
		{ "os", json_known(i->ki_os) },
		{ "release", json_known(i->ki_release) },
		{ "version", json_known(i->ki_version) },
		{ "arch", json_known(i->ki_arch) },
		{ "hostname", json_known(i->ki_hostname) },
		{ "crash_time", known_number((uint64_t)i->ki_crashtime) },
		{ "boot_time", known_number((uint64_t)i->ki_boottime) },
		{ "panic", json_known(i->ki_panic) },
		{ "panic_cpu", i->ki_paniccpu < 0 ? NULL :
		    json_object_new_int(i->ki_paniccpu) },
		{ "panic_pid", known_thread(i, i->ki_panicpid) },
		{ "panic_tid", known_thread(i, i->ki_panictid) },
		{ "panic_thread", json_known(i->ki_panicthread) },
		{ "cpus", known_number(i->ki_ncpus) },
		{ "memory_bytes", known_number(i->ki_physmem) },
		{ "pages_present", json_object_new_int64(
		    (int64_t)i->ki_pages_present) },
		{ "pages_excluded", json_object_new_int64(
		    (int64_t)i->ki_pages_excluded) },
		{ "page_size", known_number(i->ki_page_size) },
		{ "paging_levels", known_number(i->ki_paging_levels) },
		{ "pointer_size", known_number(i->ki_pointer_size) },
		{ "byte_order", json_object_new_string(i->ki_big_endian ?
		    "big" : "little") },
		{ "kernel_displacement", json_object_new_int64(
		    i->ki_kerndisp) },
		{ "build_id", json_known(i->ki_buildid) },
		{ "vmcoreinfo", json_known(i->ki_vmcoreinfo) },
		{ "symbols", json_known(i->ki_symbols) },
		{ "types", json_known(i->ki_types) },
		{ "note", json_known(i->ki_note) },
		{ "live", json_object_new_boolean(i->ki_live) },
		{ "truncated", json_object_new_boolean(i->ki_truncated) },
		{ "incomplete", json_object_new_boolean(i->ki_incomplete) },
	};

	add_fields(o, field, sizeof(field) / sizeof(field[0]));
	json_print(o);
}

static int
run_info(struct context *c, int argc, char **argv)
{
	const struct kvm_info *i;
	int r = plain_options(c, &cmd_info, argc, argv);

	if (r >= 0)
		return (r);
	if (context_open(c) != 0)
		return (EXIT_FAILED);
	i = kvm_getinfo(c->kd);
	if (i == NULL)
		return (context_fail(c, NULL));
	if (c->json)
		print_json(i);
	else
		print_text(i);
	return (EXIT_OK);
}

const struct command cmd_info = {
	.name = "info",
	.args = "[--json] [CORE [KERNEL]]",
	.summary = "Format, system, time, memory and panic of an image",
	.options = "",
	.run = run_info,
};
