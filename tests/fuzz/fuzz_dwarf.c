/* SPDX-License-Identifier: BSD-2-Clause */
/* Input: an ELF file with DWARF; its own strings are the names asked for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sym/elf_symtab.h"
#include "type/type.h"

#define MAX_NAMES	48

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct kvmi_err err;

static void
ask(struct kvmi_types *t, const char *type, const char *name)
{
	static const uint8_t copy[64];
	struct kvmi_member m;
	char path[300];
	uint64_t size;
	int64_t v;

	kvmi_type_size(t, name, &size, &err);
	kvmi_type_enumerator(t, name, &v, &err);
	if (kvmi_type_member(t, type, name, &m, &err) == 0) {
		if (m.bit_size > 64 || (m.bit_size != 0 &&
		    (m.bit_off > 7 || m.size > 8)))
			abort();
		kvmi_member_get(&m, copy, sizeof(copy), false);
		kvmi_member_get(&m, copy, sizeof(copy), true);
	}
	snprintf(path, sizeof(path), "%s[1].%s", name, name);
	kvmi_type_member(t, type, path, &m, &err);
}

static void
ask_strings(struct kvmi_types *t, const char *p, const char *end)
{
	const char *last = "sample", *start;

	for (int n = 0; n < MAX_NAMES && p < end; p++) {
		start = p;
		while (p < end && *p > ' ' && *p < 127)
			p++;
		if (p == end || *p != '\0' || p - start < 3)
			continue;
		ask(t, last, start);
		ask(t, start, last);
		last = start;
		n++;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kvmi_elf_view view;
	struct kvmi_types *t;
	struct kvmi_src *src;
	struct kvmi_elf *e;

	if (size > 1 << 16 ||
	    kvmi_mem_open(data, size, "input", &src, &err) != 0)
		return (0);
	if (kvmi_elf_open(src, &e, &err) != 0)
		return (0);
	if (kvmi_elf_dwarf(e, &view, &err) == 0 &&
	    kvmi_dwarf_open(&view, &t, &err) == 0) {
		ask_strings(t, (const char *)data, (const char *)data + size);
		kvmi_types_close(t);
	}
	kvmi_elf_close(e);
	return (0);
}
