/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text a kernel leaves for dump readers.  Each key in it must be found,
 * with the value of its last line.
 */
#include <stdlib.h>
#include <string.h>

#include "os/linux/vmcoreinfo.h"

#define MAX_KEYS 100

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The value of the last line that begins with key=, and its length. */
static const char *
last_value(const char *text, const char *key, size_t *len)
{
	const char *found = NULL;
	size_t n = strlen(key);

	while (*text != '\0') {
		size_t line = strcspn(text, "\n");

		if (strncmp(text, key, n) == 0 && text[n] == '=') {
			found = text + n + 1;
			*len = line - n - 1;
		}
		text += line + (text[line] == '\n');
	}
	return (found);
}

static void
check_key(const struct kvmi_vmcoreinfo *v, const char *text, const char *key)
{
	char got[32];
	size_t len;
	const char *want = last_value(text, key, &len);

	if (kvmi_vmcoreinfo_get(v, key, got, sizeof(got)) != (want != NULL))
		abort();
	if (want == NULL)
		return;
	if (len > sizeof(got) - 1)
		len = sizeof(got) - 1;
	if (strlen(got) != len || memcmp(got, want, len) != 0)
		abort();
}

static void
check_numbers(const struct kvmi_vmcoreinfo *v, const char *name)
{
	uint64_t u = 77;
	int64_t n = 77;

	if ((!kvmi_vmcoreinfo_symbol(v, name, &u) && u != 77) ||
	    (!kvmi_vmcoreinfo_number(v, name, &n) && n != 77))
		abort();
	kvmi_vmcoreinfo_offset(v, name, &u);
	kvmi_vmcoreinfo_size(v, name, &u);
	kvmi_vmcoreinfo_hex(v, name, &u);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kvmi_vmcoreinfo v;
	const char *line;
	char *text, key[64];

	kvmi_vmcoreinfo_plausible(data, size);
	text = calloc(1, size + 1);
	if (text == NULL || !kvmi_vmcoreinfo_init(&v, data, size))
		abort();
	memcpy(text, data, size);
	check_key(&v, text, "OSRELEASE");
	line = text;
	for (int i = 0; i < MAX_KEYS && *line != '\0'; i++) {
		size_t n = strcspn(line, "\n"), k = strcspn(line, "=(\n");

		if (k < sizeof(key)) {
			memcpy(key, line, k);
			key[k] = '\0';
			check_key(&v, text, key);
		}
		/* NAME(key)= */
		if (line[k] == '(' && strcspn(line + k, ")") < sizeof(key)) {
			size_t in = strcspn(line + k + 1, ")");

			memcpy(key, line + k + 1, in);
			key[in] = '\0';
			check_numbers(&v, key);
		}
		line += n + (line[n] == '\n');
	}
	kvmi_vmcoreinfo_deinit(&v);
	free(text);
	return (0);
}
