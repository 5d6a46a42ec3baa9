/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Format: printheader() of sbin/savecore/savecore.c, as text or, by its option
 * --libxo, as JSON, XML or HTML.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/math.h"
#include "image/infofile.h"

enum kind { TEXT, LINE, NUMBER, TIME };

/* As text names it, and as the others do. */
static const struct field {
	const char	*name;
	const char	*tag;
	enum kind	 kind;
	size_t		 off;
	size_t		 size;
} fields[] = {
#define FIELD(name, tag, kind, member)					\
	{ (name), (tag), (kind), offsetof(struct kvmi_told, member),	\
	    sizeof(((struct kvmi_told *)0)->member) }
	FIELD("Dump header from device", "dump_device", TEXT, device),
	FIELD("Architecture", "architecture", TEXT, arch),
	FIELD("Architecture Version", "architecture_version", NUMBER,
	    arch_version),
	FIELD("Dump Length", "dump_length_bytes", NUMBER, length),
	FIELD("Blocksize", "blocksize", NUMBER, block_size),
	FIELD("Compression", "compression", TEXT, compression),
	FIELD("Dumptime", "dumptime", TIME, time),
	FIELD("Hostname", "hostname", TEXT, hostname),
	FIELD("Magic", "magic", TEXT, magic),
	FIELD("Version String", "version_string", LINE, version),
	FIELD("Panic String", "panic_string", TEXT, panic),
	FIELD("Dump Parity", "dump_parity", NUMBER, parity),
	FIELD("Bounds", "bounds", NUMBER, bounds),
	FIELD("Dump Status", "dump_status", TEXT, status),
#undef FIELD
};

/* A stretch of the file. */
struct part {
	const char	*p;
	size_t		 n;
};

static void
take_text(const char *v, size_t n, char *ret, size_t size)
{
	n = (size_t)kvmi_min(n, size - 1);
	memcpy(ret, v, n);
	ret[n] = '\0';
}

/* "2022-06-23 16:00:00 +0200"; before 13 without a zone, which says little. */
static int64_t
time_of(const char *v, size_t n)
{
	struct tm tm = { 0 };
	char buf[64], sign;
	int hours, minutes, zone;
	time_t t;

	take_text(v, n, buf, sizeof(buf));
	if (sscanf(buf, "%4d-%2d-%2d %2d:%2d:%2d %c%2d%2d", &tm.tm_year,
	    &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
	    &sign, &hours, &minutes) != 9 || (sign != '+' && sign != '-'))
		return (0);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	t = timegm(&tm);
	zone = (hours * 60 + minutes) * 60;
	return (t == (time_t)-1 ? 0 : t - (sign == '+' ? zone : -zone));
}

/* "539557888", or as 10 and before had it "539557888B (514 MB)". */
static void
take_number(const char *v, size_t n, void *ret, size_t size)
{
	char buf[64], *end;
	uint32_t small;
	uint64_t x;

	take_text(v, n, buf, sizeof(buf));
	errno = 0;
	x = strtoull(buf, &end, 10);
	if (end[0] == 'B' && (end[1] == '\0' || end[1] == ' '))
		end += strlen(end);
	if (buf[0] < '0' || buf[0] > '9' || *end != '\0' || errno != 0)
		return;
	if (size == sizeof(x)) {
		memcpy(ret, &x, sizeof(x));
	} else if (x <= UINT32_MAX) {
		small = (uint32_t)x;
		memcpy(ret, &small, sizeof(small));
	}
}

static void
take_field(const struct field *f, const char *v, size_t n,
    struct kvmi_told *told)
{
	void *ret = (char *)told + f->off;

	switch (f->kind) {
	case LINE:
		n = (size_t)kvmi_min(n, strcspn(v, "\n"));
		/* FALLTHROUGH */
	case TEXT:
		take_text(v, n, ret, f->size);
		break;
	case NUMBER:
		take_number(v, n, ret, f->size);
		break;
	case TIME:
		told->time = time_of(v, n);
		break;
	}
}

static bool
is(const struct part *p, const char *s)
{
	return (strlen(s) == p->n && memcmp(p->p, s, p->n) == 0);
}

/* Fields are indented by two, but for the first; other lines are text of one. */
static void
parse_text(const char *text, size_t len, struct kvmi_told *ret)
{
	size_t n;

	for (size_t at = 0; at < len; at += n + 1) {
		const char *p = text + at, *colon;
		const char *nl = memchr(p, '\n', len - at);
		struct part name = { .p = p };
		char v[256];

		n = nl != NULL ? (size_t)(nl - p) : len - at;
		colon = memchr(p, ':', n);
		if (colon == NULL || (size_t)(colon + 1 - p) >= n ||
		    colon[1] != ' ')
			continue;
		name.n = (size_t)(colon - p);
		if (at != 0) {
			if (name.n < 3 || p[0] != ' ' || p[1] != ' ')
				continue;
			name.p += 2;
			name.n -= 2;
		}
		take_text(colon + 2, n - (size_t)(colon + 2 - p), v,
		    sizeof(v));
		for (size_t i = 0; i < KVMI_COUNT(fields); i++)
			if (is(&name, fields[i].name) && (at != 0) == (i != 0))
				take_field(&fields[i], v, strlen(v), ret);
	}
}

static void
take_tag(const struct part *tag, const char *v, struct kvmi_told *ret)
{
	for (size_t i = 0; i < KVMI_COUNT(fields); i++)
		if (is(tag, fields[i].tag))
			take_field(&fields[i], v, strlen(v), ret);
}

/*
 * The JSON string that begins at *at, decoded; what does not fit is left out.
 * libxo escapes ", \ and control characters, and nothing by its number.
 */
static void
json_string(const char *text, size_t len, size_t *at, char *ret, size_t size)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	size_t i = *at + 1, n = 0;

	for (; i < len && text[i] != '"'; i++) {
		char c = text[i];
		const char *known;

		if (c == '\\' && i + 1 < len) {
			c = text[++i];
			known = c != '\0' ? strchr(from, c) : NULL;
			c = known != NULL ? to[known - from] : c;
		}
		if (n < size - 1)
			ret[n++] = c;
	}
	ret[n] = '\0';
	*at = i + 1;
}

/* One object in another: names, and what stands behind their colons. */
static void
parse_json(const char *text, size_t len, struct kvmi_told *ret)
{
	char name[64], v[256];

	for (size_t at = 0; at < len;) {
		size_t n = 0;

		if (text[at] != '"') {
			at++;
			continue;
		}
		json_string(text, len, &at, name, sizeof(name));
		while (at < len && (isspace((unsigned char)text[at]) ||
		    text[at] == ':'))
			at++;
		if (at < len && text[at] == '"') {
			json_string(text, len, &at, v, sizeof(v));
		} else {
			for (; at < len && isdigit((unsigned char)text[at]);
			    at++)
				if (n < sizeof(v) - 1)
					v[n++] = text[at];
			v[n] = '\0';
		}
		take_tag(&(struct part){ name, strlen(name) }, v, ret);
	}
}

/* The text of an element, its references decoded. */
static void
xml_text(const char *p, size_t len, char *ret, size_t size)
{
	static const struct { const char *name; char c; } known[] = {
		{ "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' },
		{ "&amp;", '&' } };
	size_t n = 0, step;

	for (size_t i = 0; i < len && n < size - 1; i += step) {
		ret[n] = p[i];
		step = 1;
		for (size_t j = 0; j < KVMI_COUNT(known); j++) {
			size_t m = strlen(known[j].name);

			if (len - i < m || memcmp(p + i, known[j].name, m) != 0)
				continue;
			ret[n] = known[j].c;
			step = m;
		}
		n++;
	}
	ret[n] = '\0';
}

/* The name of the element, or in HTML of the field that it has. */
static struct part
element(const char *p, size_t n)
{
	static const char attribute[] = "data-tag=\"";
	const char *name = memmem(p, n, attribute, sizeof(attribute) - 1);
	const char *quote;

	if (name == NULL)
		return ((struct part){ p, n });
	name += sizeof(attribute) - 1;
	quote = memchr(name, '"', n - (size_t)(name - p));
	return ((struct part){ name, quote == NULL ? 0 :
	    (size_t)(quote - name) });
}

/* <name>text<..., or as HTML <div ... data-tag="name" ...>text<... */
static void
parse_xml(const char *text, size_t len, struct kvmi_told *ret)
{
	const char *end = text + len, *open, *close, *next;

	for (const char *p = text; p < end; p = next) {
		struct part name;
		char v[256];

		open = memchr(p, '<', (size_t)(end - p));
		close = open != NULL ? memchr(open, '>',
		    (size_t)(end - open)) : NULL;
		if (close == NULL)
			break;
		next = memchr(close, '<', (size_t)(end - close));
		if (next == NULL)
			next = end;
		xml_text(close + 1, (size_t)(next - close - 1), v, sizeof(v));
		name = element(open + 1, (size_t)(close - open) - 1);
		take_tag(&name, v, ret);
	}
}

void
kvmi_infofile_parse(const char *text, size_t len, struct kvmi_told *ret)
{
	*ret = (struct kvmi_told){ .there = true };
	if (len > 0 && text[0] == '{')
		parse_json(text, len, ret);
	else if (len > 0 && text[0] == '<')
		parse_xml(text, len, ret);
	else
		parse_text(text, len, ret);
}
