/* SPDX-License-Identifier: BSD-2-Clause */
#include "expect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../mkimage/pattern.h"

static void *
grow(void *v, size_t n, size_t size)
{
	if ((n & (n - 1)) == 0)
		v = realloc(v, (n == 0 ? 1 : 2 * n) * size);
	if (v == NULL)
		abort();
	return (v);
}

static void
add(struct stretches *s, const struct stretch *new)
{
	s->v = grow(s->v, s->n, sizeof(*s->v));
	s->v[s->n++] = *new;
}

static struct named *
add_named(struct named_list *l)
{
	l->v = grow(l->v, l->n, sizeof(*l->v));
	l->v[l->n] = (struct named){ .a = 0 };
	return (&l->v[l->n++]);
}

static int
by_start(const void *a, const void *b)
{
	const struct stretch *x = a, *y = b;

	return ((x->start > y->start) - (x->start < y->start));
}

static void
sort(struct stretches *s)
{
	if (s->n > 0)
		qsort(s->v, s->n, sizeof(*s->v), by_start);
}

static bool
parse_stretch(struct expect *e, const char *line)
{
	struct stretch s = { 0 };
	char kind[32];

	if (sscanf(line, "map %" SCNx64 " %" SCNx64 " %" SCNx64 " %3s",
	    &s.start, &s.len, &s.pa, s.rights) == 4) {
		s.what = MAP;
		add(&e->virt, &s);
	} else if (sscanf(line, "special %" SCNx64 " %" SCNx64 " %" SCNx64
	    " %3s", &s.start, &s.len, &s.pa, s.rights) == 4) {
		s.what = SPECIAL;
		add(&e->virt, &s);
	} else if (sscanf(line, "hole %" SCNx64 " %" SCNx64 " %31s", &s.start,
	    &s.len, kind) == 3) {
		s.what = strcmp(kind, "notmapped") == 0 ? NOTMAPPED :
		    NOTINDUMP;
		add(&e->virt, &s);
	} else if (sscanf(line, "phys %" SCNx64 " %" SCNx64 " %31s", &s.start,
	    &s.len, kind) == 3) {
		s.what = strcmp(kind, "present") == 0 ? PRESENT :
		    strcmp(kind, "excluded") == 0 ? EXCLUDED : ABSENT;
		add(&e->phys, &s);
	} else if (sscanf(line, "planted %" SCNx64 " %" SCNx64, &s.start,
	    &s.len) == 2) {
		s.what = PLANTED;
		add(&e->planted, &s);
	} else {
		return (false);
	}
	return (true);
}

static void
parse_named(struct expect *e, const char *line)
{
	struct named n = { 0 };
	int at = 0;

	if (sscanf(line, "fact %599s %n", n.name, &at) == 1 && at != 0) {
		snprintf(n.text, sizeof(n.text), "%s", line + at);
		*add_named(&e->fact) = n;
	} else if (sscanf(line, "uts %599s %n", n.name, &at) == 1 &&
	    at != 0) {
		snprintf(n.text, sizeof(n.text), "%s", line + at);
		*add_named(&e->uts) = n;
	} else if (sscanf(line, "ksym %599s %" SCNx64 " %c", n.name, &n.a,
	    &n.letter) == 3) {
		*add_named(&e->ksym) = n;
	} else if (sscanf(line, "sym %599s %" SCNx64 " %c", n.name, &n.a,
	    &n.letter) >= 2) {
		*add_named(&e->sym) = n;
	} else if (sscanf(line, "sizeof %599s %" SCNu64, n.name, &n.a) == 2) {
		*add_named(&e->size) = n;
	} else if (sscanf(line, "member %599s %159s %" SCNu64 " %" SCNu64,
	    n.name, n.text, &n.a, &n.b) == 4) {
		*add_named(&e->member) = n;
	} else if (sscanf(line, "enum %599s %159s", n.name, n.text) == 2) {
		/* Signed or not, as it is written. */
		n.a = n.text[0] == '-' ? (uint64_t)strtoll(n.text, NULL, 10) :
		    strtoull(n.text, NULL, 10);
		*add_named(&e->enums) = n;
	} else if (sscanf(line, "proc %" SCNu64 " %" SCNx64 " %n", &n.a, &n.b,
	    &at) == 2 && at != 0) {
		snprintf(n.name, sizeof(n.name), "%s", line + at);
		*add_named(&e->proc) = n;
	}
}

static void
parse_line(struct expect *e, const char *line)
{
	struct word w;
	struct thread t;

	if (parse_stretch(e, line))
		return;
	if (sscanf(line, "word %" SCNx64 " %u %" SCNx64, &w.va, &w.size,
	    &w.value) == 3) {
		e->word = grow(e->word, e->nword, sizeof(*e->word));
		e->word[e->nword++] = w;
		return;
	}
	if (sscanf(line, "thread %" SCNu64 " %" SCNu64 " %d %" SCNx64 " %"
	    SCNx64 " %31s", &t.pid, &t.tid, &t.oncpu, &t.va, &t.pcb,
	    t.name) == 6) {
		e->thread = grow(e->thread, e->nthread, sizeof(*e->thread));
		e->thread[e->nthread++] = t;
		return;
	}
	parse_named(e, line);
}

bool
expect_load(struct expect *e, const char *image)
{
	char path[4200], line[4096];
	FILE *f;

	*e = (struct expect){ 0 };
	snprintf(path, sizeof(path), "%s.expect", image);
	f = fopen(path, "r");
	if (f == NULL)
		return (false);
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		parse_line(e, line);
	}
	fclose(f);
	sort(&e->virt);
	sort(&e->phys);
	sort(&e->planted);
	e->bad = expect_fact(e, "bad") != NULL;
	return (true);
}

void
expect_unload(struct expect *e)
{
	free(e->virt.v);
	free(e->phys.v);
	free(e->planted.v);
	free(e->word);
	free(e->thread);
	free(e->fact.v);
	free(e->sym.v);
	free(e->ksym.v);
	free(e->uts.v);
	free(e->proc.v);
	free(e->size.v);
	free(e->member.v);
	free(e->enums.v);
}

const struct stretch *
expect_find(const struct stretches *s, uint64_t at)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->v[mid].start <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0 || at - s->v[lo - 1].start >= s->v[lo - 1].len)
		return (NULL);
	return (&s->v[lo - 1]);
}

const char *
expect_fact(const struct expect *e, const char *key)
{
	for (size_t i = 0; i < e->fact.n; i++)
		if (strcmp(e->fact.v[i].name, key) == 0)
			return (e->fact.v[i].text);
	return (NULL);
}

uint64_t
expect_number(const struct expect *e, const char *key, uint64_t no)
{
	const char *s = expect_fact(e, key);

	return (s == NULL ? no : strtoull(s, NULL, 0));
}

bool
expect_read(const struct expect *e, uint64_t at, size_t len, size_t *good,
    enum what *then)
{
	*good = 0;
	*then = MAP;
	while (*good < len) {
		const struct stretch *s = expect_find(&e->virt, at + *good);
		uint64_t left;

		if (s == NULL)
			return (false);
		if (s->what == NOTMAPPED || s->what == NOTINDUMP) {
			*then = s->what;
			return (true);
		}
		left = s->start + s->len - (at + *good);
		*good += left < len - *good ? (size_t)left : len - *good;
	}
	return (true);
}

bool
expect_right(const struct expect *e, uint64_t va, const uint8_t *buf,
    size_t n)
{
	for (size_t i = 0; i < n;) {
		const struct stretch *s = expect_find(&e->virt, va + i);
		uint64_t left = s->start + s->len - (va + i);
		size_t step = left < n - i ? (size_t)left : n - i;

		if (s->what == MAP && mkimage_differs(buf + i, step,
		    s->pa + (va + i - s->start)) != step)
			return (false);
		i += step;
	}
	return (true);
}
