/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "kpeek.h"

/* The length of a valid UTF-8 sequence at p, 0 when there is none. */
static size_t
utf8_len(const unsigned char *p, size_t left)
{
	static const unsigned char least[] = { 0, 0, 0x80, 0xa0, 0x90 };
	size_t n = p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 :
	    p[0] >= 0xe0 && p[0] < 0xf0 ? 3 :
	    p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : 0;

	if (n == 0 || n > left)
		return (0);
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return (0);
	/* Overlong forms, surrogates, beyond U+10FFFF; U+0080-009F control. */
	if ((p[0] == 0xe0 && p[1] < least[3]) ||
	    (p[0] == 0xf0 && p[1] < least[4]) ||
	    (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f) ||
	    (p[0] == 0xc2 && p[1] < 0xa0))
		return (0);
	return (n);
}

char *
escape(const char *text, size_t len, const char *keep)
{
	static const char digit[] = "0123456789abcdef";
	const unsigned char *p = (const unsigned char *)text;
	char *out = malloc(4 * len + 1), *o = out;

	if (out == NULL)
		abort();
	for (size_t i = 0; i < len;) {
		size_t n = utf8_len(p + i, len - i);

		if (n == 0 && ((p[i] >= 0x20 && p[i] < 0x7f) ||
		    (p[i] != '\0' && strchr(keep, p[i]) != NULL)))
			n = 1;
		if (n > 0) {
			memcpy(o, p + i, n);
			o += n;
			i += n;
			continue;
		}
		*o++ = '\\';
		*o++ = 'x';
		*o++ = digit[p[i] >> 4];
		*o++ = digit[p[i] & 15];
		i++;
	}
	*o = '\0';
	return (out);
}

void
complain(const char *fmt, ...)
{
	char *text, *safe;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	safe = escape(text, (size_t)n, "");
	fprintf(stderr, "kpeek: %s\n", safe);
	free(safe);
	free(text);
}
