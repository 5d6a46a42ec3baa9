/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/linux/vmcoreinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
kvmi_vmcoreinfo_plausible(const void *text, size_t len)
{
	static const char key[] = "OSRELEASE=";

	return (len > sizeof(key) && memcmp(text, key, sizeof(key) - 1) == 0);
}

bool
kvmi_vmcoreinfo_init(struct kvmi_vmcoreinfo *v, const void *text, size_t len)
{
	v->len = strnlen(text, len);
	v->text = malloc(v->len + 1);
	if (v->text == NULL)
		return (false);
	memcpy(v->text, text, v->len);
	v->text[v->len] = '\0';
	return (true);
}

void
kvmi_vmcoreinfo_deinit(struct kvmi_vmcoreinfo *v)
{
	free(v->text);
	*v = (struct kvmi_vmcoreinfo){ 0 };
}

bool
kvmi_vmcoreinfo_get(const struct kvmi_vmcoreinfo *v, const char *key,
    char *buf, size_t len)
{
	size_t key_len = strlen(key);
	bool found = false;

	if (v->text == NULL)
		return (false);
	for (const char *line = v->text; *line != '\0';) {
		size_t n = strcspn(line, "\n");

		if (n > key_len && line[key_len] == '=' &&
		    memcmp(line, key, key_len) == 0) {
			size_t val = n - key_len - 1;

			if (val >= len)
				val = len - 1;
			memcpy(buf, line + key_len + 1, val);
			buf[val] = '\0';
			found = true;
		}
		line += n;
		line += *line == '\n';
	}
	return (found);
}

/* *ret is kept when there is no such number: callers put a default there. */
static bool
get_u64(const struct kvmi_vmcoreinfo *v, const char *key, int base,
    uint64_t *ret)
{
	char val[80], *end;
	uint64_t n;

	/* One that fills the buffer was cut. */
	if (!kvmi_vmcoreinfo_get(v, key, val, sizeof(val)) ||
	    strlen(val) == sizeof(val) - 1)
		return (false);
	errno = 0;
	n = strtoull(val, &end, base);
	if (errno != 0 || end == val || *end != '\0')
		return (false);
	*ret = n;
	return (true);
}

static bool
get_form(const struct kvmi_vmcoreinfo *v, const char *form, const char *name,
    int base, uint64_t *ret)
{
	char key[160];

	snprintf(key, sizeof(key), "%s(%s)", form, name);
	return (get_u64(v, key, base, ret));
}

bool
kvmi_vmcoreinfo_symbol(const struct kvmi_vmcoreinfo *v, const char *name,
    uint64_t *ret)
{
	return (get_form(v, "SYMBOL", name, 16, ret));
}

bool
kvmi_vmcoreinfo_number(const struct kvmi_vmcoreinfo *v, const char *name,
    int64_t *ret)
{
	/* Decimal, or hex with 0x; strtoull negates "-1" as we want it. */
	return (get_form(v, "NUMBER", name, 0, (uint64_t *)ret));
}

bool
kvmi_vmcoreinfo_offset(const struct kvmi_vmcoreinfo *v, const char *name,
    uint64_t *ret)
{
	return (get_form(v, "OFFSET", name, 10, ret));
}

bool
kvmi_vmcoreinfo_size(const struct kvmi_vmcoreinfo *v, const char *name,
    uint64_t *ret)
{
	return (get_form(v, "SIZE", name, 10, ret));
}

bool
kvmi_vmcoreinfo_hex(const struct kvmi_vmcoreinfo *v, const char *key,
    uint64_t *ret)
{
	return (get_u64(v, key, 16, ret));
}
