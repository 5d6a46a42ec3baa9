/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Input: BTF.  Names to ask for come from its own strings, each as a type,
 * as an enumerator, and as a path within the type named before it.
 */
#include <stdlib.h>
#include <string.h>

#include "ask_types.h"

#define MAX_NAMES	64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct kvmi_err err;

/* The same bytes once more, as those of a module. */
static void
ask_split(struct kvmi_types *base, const uint8_t *data, size_t size,
    const char *strings)
{
	uint8_t *copy = malloc(size);
	struct kvmi_types *t;

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	if (kvmi_btf_open_split(&(struct kvmi_blob){ copy, size, copy },
	    base, &t, &err) != 0) {
		free(copy);
		return;
	}
	ask_names(t, strings, size, MAX_NAMES, "task_struct", &err);
	kvmi_types_close(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
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
	if (kvmi_btf_open(&(struct kvmi_blob){ copy, size, copy }, &t,
	    &err) != 0) {
		free(strings);
		free(copy);
		return (0);
	}
	ask_names(t, strings, size, MAX_NAMES, "task_struct", &err);
	ask_split(t, data, size, strings);
	kvmi_types_close(t);
	free(strings);
	return (0);
}
