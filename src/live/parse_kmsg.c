/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "live/parse.h"

static bool
number(const char **p, const char *end, char stop, uint64_t *ret)
{
	const char *s = *p;
	uint64_t v = 0;

	for (; s < end && *s >= '0' && *s <= '9'; s++)
		v = v * 10 + (uint64_t)(*s - '0');
	if (s == *p || s >= end || *s != stop)
		return (false);
	*p = s + 1;
	*ret = v;
	return (true);
}

/* "PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,...];TEXT\n KEY=VALUE\n ..." */
bool
kvmi_parse_kmsg(const char *rec, size_t len, struct kvmi_kmsg *ret)
{
	const char *p = rec, *end = rec + len, *semi, *nl;
	uint64_t prio, usec;

	*ret = (struct kvmi_kmsg){ 0 };
	if (!number(&p, end, ',', &prio) || !number(&p, end, ',', &ret->seq) ||
	    !number(&p, end, ',', &usec))
		return (false);
	semi = memchr(p, ';', (size_t)(end - p));
	if (semi == NULL)
		return (false);
	ret->level = (int)(prio & 7);
	ret->facility = (int)(prio >> 3 & 0xff);
	ret->nsec = usec * 1000;
	ret->text = semi + 1;
	nl = memchr(ret->text, '\n', (size_t)(end - ret->text));
	ret->len = (size_t)((nl != NULL ? nl : end) - ret->text);
	return (true);
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	return (-1);
}

size_t
kvmi_unescape(char *text, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len; out++) {
		if (len - i >= 4 && text[i] == '\\' && text[i + 1] == 'x' &&
		    digit(text[i + 2]) >= 0 && digit(text[i + 3]) >= 0) {
			text[out] = (char)(digit(text[i + 2]) << 4 |
			    digit(text[i + 3]));
			i += 4;
		} else {
			text[out] = text[i++];
		}
	}
	return (out);
}
