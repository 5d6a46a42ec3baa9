/* SPDX-License-Identifier: BSD-2-Clause */
/* Aligned tables: as wide as they need to be, cut only on a terminal. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "kpeek.h"

struct table {
	size_t	 columns;
	const char **title;
	int	*align;
	char	**cell;
	size_t	 n;
	size_t	 cap;
	bool	 wide;
};

static void *
need(void *p)
{
	if (p == NULL)
		abort();
	return (p);
}

struct table *
table_create(size_t columns)
{
	struct table *t = need(calloc(1, sizeof(*t)));

	t->columns = columns;
	t->title = need(calloc(columns, sizeof(*t->title)));
	t->align = need(calloc(columns, sizeof(*t->align)));
	return (t);
}

void
table_column(struct table *t, size_t i, const char *title, int align)
{
	t->title[i] = title;
	t->align[i] = align;
}

void
table_wide(struct table *t)
{
	t->wide = true;
}

void
table_add(struct table *t, const char *fmt, ...)
{
	va_list ap;
	int r;

	if (t->n == t->cap) {
		t->cap = t->cap == 0 ? 256 : t->cap * 2;
		t->cell = need(realloc(t->cell, t->cap * sizeof(*t->cell)));
	}
	va_start(ap, fmt);
	r = vasprintf(&t->cell[t->n], fmt, ap);
	va_end(ap);
	if (r < 0)
		abort();
	t->n++;
}

/* Columns on the screen; bytes when the locale cannot tell. */
static size_t
width_of(const char *s)
{
	size_t width = 0;
	mbstate_t st = { 0 };

	while (*s != '\0') {
		wchar_t wc;
		size_t n = mbrtowc(&wc, s, MB_CUR_MAX, &st);
		int w;

		if (n == (size_t)-1 || n == (size_t)-2)
			return (width + strlen(s));
		w = wcwidth(wc);
		width += w > 0 ? (size_t)w : 0;
		s += n;
	}
	return (width);
}

/* Bytes of s that fit into width columns. */
static int
fitting(const char *s, size_t width)
{
	const char *start = s;
	mbstate_t st = { 0 };

	while (*s != '\0') {
		wchar_t wc;
		size_t n = mbrtowc(&wc, s, MB_CUR_MAX, &st), w;

		if (n == (size_t)-1 || n == (size_t)-2)
			n = w = 1;
		else
			w = wcwidth(wc) > 0 ? (size_t)wcwidth(wc) : 0;
		if (w > width)
			break;
		width -= w;
		s += n;
	}
	return ((int)(s - start));
}

/* 0: not a terminal. */
static size_t
terminal_width(void)
{
	struct winsize ws;

	if (!isatty(STDOUT_FILENO) ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) != 0)
		return (0);
	return (ws.ws_col);
}

/* What is left of the line for the last column; some, however narrow it is. */
static size_t
room(size_t limit, size_t used)
{
	return (limit > used + 8 ? limit - used : 8);
}

static void
print_row(const struct table *t, const char *const *cell,
    const size_t *width, size_t limit)
{
	size_t used = 0;

	for (size_t i = 0; i < t->columns; i++) {
		size_t w = width_of(cell[i]);
		int pad = (int)(width[i] - (w < width[i] ? w : width[i]));
		bool last = i + 1 == t->columns;

		if (i > 0)
			printf("  ");
		if (t->align[i] == RIGHT)
			printf("%*s%s", pad, "", cell[i]);
		else if (!last)
			printf("%s%*s", cell[i], pad, "");
		else if (limit != 0 && w > room(limit, used))
			printf("%.*s", fitting(cell[i], room(limit, used)),
			    cell[i]);
		else
			printf("%s", cell[i]);
		used += width[i] + 2;
	}
	putchar('\n');
}

static bool
has_titles(const struct table *t)
{
	for (size_t i = 0; i < t->columns; i++)
		if (t->title[i][0] != '\0')
			return (true);
	return (false);
}

void
table_destroy(struct table *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n; i++)
		free(t->cell[i]);
	free(t->cell);
	free(t->title);
	free(t->align);
	free(t);
}

void
table_print(struct table *t)
{
	size_t *width = need(calloc(t->columns, sizeof(*width)));
	size_t limit = t->wide ? 0 : terminal_width();

	for (size_t i = 0; i < t->columns; i++)
		width[i] = width_of(t->title[i]);
	for (size_t i = 0; i < t->n; i++) {
		size_t w = width_of(t->cell[i]);

		if (w > width[i % t->columns])
			width[i % t->columns] = w;
	}
	if (has_titles(t))
		print_row(t, t->title, width, limit);
	for (size_t i = 0; i + t->columns <= t->n; i += t->columns)
		print_row(t, (const char *const *)t->cell + i, width, limit);
	free(width);
	table_destroy(t);
}
