/* SPDX-License-Identifier: BSD-2-Clause */
/* Input: a CTF section, or what a compressed one holds, behind its header. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "type/type.h"

#define MAX_NAMES	64

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *last = "proc", *p, *end;
	struct kvmi_ctf_input in = { .len = size, .pointer_size = 8 };
	struct kvmi_types *t;
	uint64_t length;
	bool compressed;
	uint8_t *copy;
	char *strings;

	if (size > 1 << 16)
		return (0);
	kvmi_ctf_length(data, size, &length, &compressed, &err);
	copy = malloc(size == 0 ? 1 : size);
	strings = malloc(size + 1);
	if (copy == NULL || strings == NULL)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	memcpy(strings, copy, size);
	strings[size] = '\0';
	in.p = copy;
	if (kvmi_ctf_open(&in, &t, &err) != 0) {
		free(strings);
		free(copy);
		return (0);
	}
	/* The strings come last. */
	end = strings + size;
	p = end;
	for (int n = 0; n < MAX_NAMES && p > strings; n++) {
		for (p--; p > strings && p[-1] != '\0';)
			p--;
		ask(t, last, p);
		ask(t, p, last);
		last = p;
	}
	kvmi_types_close(t);
	free(strings);
	return (0);
}
