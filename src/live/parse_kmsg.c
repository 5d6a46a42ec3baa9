/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of the kernel log, as /dev/kmsg gives them
 * (Documentation/ABI/testing/dev-kmsg of Linux) and as syslog(2) does.
 */
#include <string.h>

#include "base/math.h"
#include "live/parse.h"

#define MAX_PRIORITY	(255 << 3 | 7)
#define FRACTION_DIGITS	6

static bool
number(const char **p, const char *end, char stop, uint64_t max,
    uint64_t *ret)
{
	if (!kvmi_parse_decimal(p, end, max, ret) || *p == end || **p != stop)
		return (false);
	++*p;
	return (true);
}

static void
set_priority(struct kvmi_kmsg *m, uint64_t priority)
{
	m->level = (int)(priority & 7);
	m->facility = (int)(priority >> 3);
}

/* "PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,...];TEXT\n KEY=VALUE\n ..." */
bool
kvmi_parse_kmsg(const char *rec, size_t len, struct kvmi_kmsg *ret)
{
	const char *p = rec, *end = rec + len, *semi, *nl;
	struct kvmi_kmsg m = { 0 };
	uint64_t priority, usec;

	if (!number(&p, end, ',', MAX_PRIORITY, &priority) ||
	    !number(&p, end, ',', UINT64_MAX, &m.seq) ||
	    !number(&p, end, ',', UINT64_MAX / 1000, &usec))
		return (false);
	nl = memchr(p, '\n', (size_t)(end - p));
	if (nl == NULL)
		return (false);
	semi = memchr(p, ';', (size_t)(nl - p));
	if (semi == NULL)
		return (false);
	set_priority(&m, priority);
	m.nsec = usec * 1000;
	m.text = semi + 1;
	m.len = (size_t)(nl - m.text);
	*ret = m;
	return (true);
}

size_t
kvmi_unescape(char *text, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len; out++) {
		int hi, lo;

		if (len - i >= 4 && text[i] == '\\' && text[i + 1] == 'x' &&
		    (hi = kvmi_hex_value(text[i + 2])) >= 0 &&
		    (lo = kvmi_hex_value(text[i + 3])) >= 0) {
			text[out] = (char)(hi << 4 | lo);
			i += 4;
		} else {
			text[out] = text[i++];
		}
	}
	return (out);
}

/* "[ SECONDS.FRACTION]" at *p; false, and *p as it was, without one. */
static bool
take_time(const char **p, const char *end, uint64_t *ret_nsec)
{
	const char *s = *p;
	uint64_t sec, usec;

	if (s == end || *s++ != '[')
		return (false);
	while (s < end && *s == ' ')
		s++;
	if (!number(&s, end, '.', UINT64_MAX / 1000000000 - 1, &sec) ||
	    end - s <= FRACTION_DIGITS || s[FRACTION_DIGITS] != ']' ||
	    !number(&s, end, ']', 999999, &usec))
		return (false);
	*p = s;
	*ret_nsec = sec * 1000000000 + usec * 1000;
	return (true);
}

/* "[  T1234]" or "[  C12]", with CONFIG_PRINTK_CALLER. */
static void
skip_caller(const char **p, const char *end)
{
	const char *s = *p;
	uint64_t id;

	if (s == end || *s++ != '[')
		return;
	while (s < end && *s == ' ')
		s++;
	if (s == end || (*s != 'T' && *s != 'C'))
		return;
	s++;
	if (number(&s, end, ']', UINT32_MAX, &id))
		*p = s;
}

/* "<PRIORITY>[ TIME][ CALLER] TEXT", where the middle two may be missing. */
void
kvmi_parse_syslog(const char *line, size_t len, struct kvmi_kmsg *ret)
{
	const char *p = line, *end = line + len;
	uint64_t priority;

	*ret = (struct kvmi_kmsg){ .level = -1 };
	if (p < end && *p == '<') {
		p++;
		if (number(&p, end, '>', MAX_PRIORITY, &priority))
			set_priority(ret, priority);
		else
			p = line;
	}
	if (take_time(&p, end, &ret->nsec)) {
		skip_caller(&p, end);
		p += p < end && *p == ' ';
	}
	ret->text = p;
	ret->len = (size_t)(end - p);
}
