/* SPDX-License-Identifier: BSD-2-Clause */
/* Input: an ELF file with DWARF; its own strings are the names asked for. */
#include <stdlib.h>
#include <string.h>

#include "sym/elf_file.h"
#include "ask_types.h"

#define MAX_NAMES	48

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct kvmi_err err;

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
		ask_type(t, last, start, &err);
		ask_type(t, start, last, &err);
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
