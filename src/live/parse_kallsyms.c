/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "live/parse.h"

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	return (-1);
}

bool
kvmi_parse_kallsyms(const char *line, size_t len,
    struct kvmi_kallsyms_line *ret)
{
	const char *end = line + len, *p = line, *tab;
	int d;

	*ret = (struct kvmi_kallsyms_line){ 0 };
	for (; p < end && (d = hex_digit(*p)) >= 0; p++)
		ret->addr = ret->addr << 4 | (uint64_t)d;
	if (p == line || p - line > 16 || end - p < 4 || p[0] != ' ' ||
	    p[2] != ' ')
		return (false);
	ret->letter = p[1];
	ret->name = p + 3;
	tab = memchr(ret->name, '\t', (size_t)(end - ret->name));
	ret->name_len = (size_t)((tab != NULL ? tab : end) - ret->name);
	if (ret->name_len == 0)
		return (false);
	if (tab != NULL && end - tab > 3 && tab[1] == '[' && end[-1] == ']') {
		ret->module = tab + 2;
		ret->module_len = (size_t)(end - 1 - ret->module);
	}
	return (true);
}
