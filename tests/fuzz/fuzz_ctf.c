/* SPDX-License-Identifier: BSD-2-Clause */
/* Input: a CTF section, or what a compressed one holds, behind its header. */
#include <stdlib.h>
#include <string.h>

#include "ask_types.h"

#define MAX_NAMES	64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct kvmi_err err;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
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
	ask_names(t, strings, size, MAX_NAMES, "proc", &err);
	kvmi_types_close(t);
	free(strings);
	return (0);
}
