/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What procfs and sysfs say of the system as a whole: loadavg, the first line
 * of stat, swaps, and lists of CPUs.
 */
#include <string.h>

#include "base/math.h"
#include "live/parse.h"

/* "0.16": at most two digits follow the point. */
static bool
parse_load(const char **p, const char *end, double *ret)
{
	uint64_t whole, part;
	const char *start;

	if (!kvmi_parse_decimal(p, end, UINT32_MAX, &whole) || *p == end ||
	    *(*p)++ != '.')
		return (false);
	start = *p;
	if (!kvmi_parse_decimal(p, end, 99, &part) || *p - start != 2)
		return (false);
	*ret = (double)whole + (double)part / 100;
	return (true);
}

bool
kvmi_parse_loadavg(const char *text, size_t len, double avg[3])
{
	const char *p = text, *end = text + len;
	double v[3];

	for (size_t i = 0; i < KVMI_COUNT(v); i++)
		if (!parse_load(&p, end, &v[i]) || p == end || *p++ != ' ')
			return (false);
	memcpy(avg, v, sizeof(v));
	return (true);
}

bool
kvmi_parse_cpu_times(const char *text, size_t len,
    uint64_t ticks[CPUSTATES])
{
	/* proc(5): user nice system idle iowait irq softirq steal ... */
	static const uint8_t state[] = { CP_USER, CP_NICE, CP_SYS, CP_IDLE,
		CP_IDLE, CP_INTR, CP_INTR };
	const char *end = memchr(text, '\n', len), *p;
	uint64_t sum[CPUSTATES] = { 0 }, v;

	if (end == NULL || end - text < 4 || memcmp(text, "cpu ", 4) != 0)
		return (false);
	p = text + 3;
	for (size_t i = 0; i < KVMI_COUNT(state); i++) {
		while (p < end && *p == ' ')
			p++;
		if (!kvmi_parse_decimal(&p, end, UINT64_MAX, &v) ||
		    !kvmi_add(sum[state[i]], v, &sum[state[i]]))
			return (false);
		if (p < end && *p != ' ')
			return (false);
	}
	memcpy(ticks, sum, sizeof(sum));
	return (true);
}

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return (p);
}

/* Blanks and backslashes of a name are written as \ooo. */
static char
unescape(const char **p, const char *end)
{
	const char *s = *p;
	unsigned int v = 0;

	if (*s != '\\' || end - s < 4)
		return (*(*p)++);
	for (int i = 1; i < 4; i++) {
		if (s[i] < '0' || s[i] > '7')
			return (*(*p)++);
		v = v * 8 + (unsigned int)(s[i] - '0');
	}
	*p += 4;
	return ((char)v);
}

bool
kvmi_parse_swap(const char *line, size_t len, struct kvmi_proc_swap *ret)
{
	struct kvmi_proc_swap s = { .name = "" };
	const char *p = line, *end = line + len, *word;
	size_t n = 0;

	while (p < end && *p != ' ' && *p != '\t') {
		char c = unescape(&p, end);

		/* Longer names are cut. */
		if (n < sizeof(s.name) - 1)
			s.name[n++] = c;
	}
	if (n == 0)
		return (false);
	word = p = skip_blanks(p, end);
	while (p < end && *p >= 'a' && *p <= 'z')
		p++;
	if (p == word)
		return (false);
	p = skip_blanks(p, end);
	if (!kvmi_parse_decimal(&p, end, INT64_MAX, &s.size_kib))
		return (false);
	p = skip_blanks(p, end);
	if (!kvmi_parse_decimal(&p, end, INT64_MAX, &s.used_kib) ||
	    (p < end && *p != ' ' && *p != '\t'))
		return (false);
	*ret = s;
	return (true);
}

bool
kvmi_parse_cpu_list(const char *text, size_t len, uint32_t *count,
    uint32_t *end_cpu)
{
	const char *p = text, *end = text + len;
	uint64_t sum = 0, next = 0, first, last;

	while (end > p && end[-1] == '\n')
		end--;
	while (p < end) {
		if (!kvmi_parse_decimal(&p, end, INT32_MAX - 1, &first))
			return (false);
		last = first;
		if (p < end && *p == '-' && (p++, !kvmi_parse_decimal(&p, end,
		    INT32_MAX - 1, &last)))
			return (false);
		/* In order, and none twice. */
		if (first < next || last < first)
			return (false);
		sum += last - first + 1;
		next = last + 1;
		if (p < end && (*p++ != ',' || p == end))
			return (false);
	}
	*count = (uint32_t)sum;
	*end_cpu = (uint32_t)next;
	return (next != 0);
}

bool
kvmi_parse_cpu_lines(const char *text, size_t len, uint32_t *count,
    uint32_t *end_cpu)
{
	const char *end = text + len, *nl;
	uint64_t n = 0, next = 0, cpu;

	for (const char *p = text; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			return (false);
		if (nl - p < 4 || memcmp(p, "cpu", 3) != 0 || p[3] == ' ')
			continue;
		p += 3;
		if (!kvmi_parse_decimal(&p, nl, INT32_MAX - 1, &cpu) ||
		    cpu < next)
			return (false);
		next = cpu + 1;
		n++;
	}
	*count = (uint32_t)n;
	*end_cpu = (uint32_t)next;
	return (n != 0);
}
