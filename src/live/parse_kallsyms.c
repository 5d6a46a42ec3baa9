/* SPDX-License-Identifier: BSD-2-Clause */
/* A line of /proc/kallsyms: "ADDRESS LETTER NAME" and perhaps "\t[MODULE]". */
#include <string.h>

#include "live/parse.h"

#define ADDRESS_DIGITS	16

bool
kvmi_parse_kallsyms(const char *line, size_t len,
    struct kvmi_kallsyms_line *ret)
{
	const char *end = line + len, *p = line, *tab;
	int d;

	*ret = (struct kvmi_kallsyms_line){ 0 };
	for (; p < end && (d = kvmi_hex_value(*p)) >= 0; p++)
		ret->addr = ret->addr << 4 | (uint64_t)d;
	if (p == line || p - line > ADDRESS_DIGITS || end - p < 4 ||
	    p[0] != ' ' || p[1] <= ' ' || p[2] != ' ')
		return (false);
	ret->letter = p[1];
	ret->name = p + 3;
	tab = memchr(ret->name, '\t', (size_t)(end - ret->name));
	ret->name_len = (size_t)((tab != NULL ? tab : end) - ret->name);
	if (ret->name_len == 0 || memchr(line, '\0', len) != NULL)
		return (false);
	if (tab == NULL)
		return (true);
	if (end - tab < 4 || tab[1] != '[' || end[-1] != ']')
		return (false);
	ret->module = tab + 2;
	ret->module_len = (size_t)(end - 1 - ret->module);
	return (true);
}
