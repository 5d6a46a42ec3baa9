/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Input: BTF.  Names to ask for come from its own strings, each as a type,
 * as an enumerator, and as a path within the type named before it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "type/type.h"

#define MAX_NAMES	64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct kvmi_err err;

static void
ask_member(struct kvmi_types *t, const char *type, const char *path)
{
	static const uint8_t copy[64];
	struct kvmi_member m;

	if (kvmi_type_member(t, type, path, &m, &err) != 0)
		return;
	if (m.bit_size > 64 || (m.bit_size != 0 &&
	    (m.bit_off > 7 || m.size > 8)))
		abort();
	kvmi_member_get(&m, copy, sizeof(copy), false);
	kvmi_member_get(&m, copy, sizeof(copy), true);
}

static void
ask(struct kvmi_types *t, const char *type, const char *name)
{
	char path[300];
	uint64_t size;
	int64_t v;

	kvmi_type_size(t, name, &size, &err);
	kvmi_type_enumerator(t, name, &v, &err);
	ask_member(t, type, name);
	snprintf(path, sizeof(path), "%s[3].%s", name, name);
	ask_member(t, type, path);
	snprintf(path, sizeof(path), "%s.%s %s.%s[1]", type, name, name, type);
	kvmi_type_first(t, path, &(struct kvmi_member){ 0 }, &err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *last = "task_struct", *p, *end;
	struct kvmi_types *t;
	uint8_t *copy;
	char *strings;

	if (size > 1 << 16)
		return (0);
	copy = malloc(size == 0 ? 1 : size);
	strings = malloc(size + 1);
	if (copy == NULL || strings == NULL)
		abort();
	memcpy(copy, data, size);
	memcpy(strings, data, size);
	strings[size] = '\0';
	if (kvmi_btf_open(copy, size, &t, &err) != 0) {
		free(strings);
		free(copy);
		return (0);
	}
	/* The strings usually come last. */
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
