/* SPDX-License-Identifier: BSD-2-Clause */
#include "sym/system_map.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"

#define MAX_SIZE	(256u << 20)
#define MAX_NAME	512

struct kvmi_sysmap {
	struct kvmi_src	*src;
	struct kvmi_blob text;
	uint64_t	 begin, end;	/* of the kernel image */
};

struct line {
	uint64_t	 addr;
	unsigned int	 digits;
	char		 letter;
	const char	*name;
	size_t		 len;
};

static int
digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	return (c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

/* "ffffffff81000000 T _text"; *pos moves behind it.  false: no such line. */
static bool
next_line(const uint8_t *p, size_t len, size_t *pos, struct line *ret)
{
	size_t at = *pos;

	*ret = (struct line){ 0 };
	for (; at < len && digit(p[at]) >= 0; at++) {
		if (++ret->digits > 16)
			return (false);
		ret->addr = ret->addr << 4 | (unsigned int)digit(p[at]);
	}
	if (ret->digits < 8 || len - at < 4 || p[at] != ' ' ||
	    p[at + 2] != ' ')
		return (false);
	ret->letter = (char)p[at + 1];
	at += 3;
	ret->name = (const char *)p + at;
	while (at < len && p[at] > ' ' && p[at] != 0x7f)
		at++;
	ret->len = (size_t)((const char *)p + at - ret->name);
	/* A module's name may follow, in brackets. */
	while (at < len && p[at] != '\n')
		at++;
	*pos = at < len ? at + 1 : at;
	return (ret->len > 0 && ret->len <= MAX_NAME);
}

bool
kvmi_sysmap_recognise(struct kvmi_src *src)
{
	uint8_t head[MAX_NAME + 32];
	size_t len = (size_t)kvmi_min(src->size, sizeof(head)), pos = 0;
	struct kvmi_err err;
	struct line line;

	return (kvmi_src_read(src, 0, head, len, "head", &err) == 0 &&
	    next_line(head, len, &pos, &line));
}

int
kvmi_sysmap_open(struct kvmi_src *src, struct kvmi_sysmap **ret,
    struct kvmi_err *err)
{
	struct kvmi_sysmap *m = calloc(1, sizeof(*m));
	int r;

	if (m == NULL || src->size > MAX_SIZE) {
		r = kvmi_fail(err, m == NULL ? KVMI_ENOMEM : KVMI_EFORMAT,
		    "%s: a System.map of %" PRIu64 " bytes", src->name,
		    src->size);
		free(m);
		kvmi_src_close(src);
		return (r);
	}
	m->src = src;
	r = kvmi_src_blob(src, 0, src->size, "System.map", &m->text, err);
	if (r == 0 && ((!kvmi_sysmap_symbol(m, "_text", &m->begin) &&
	    !kvmi_sysmap_symbol(m, "_stext", &m->begin)) ||
	    !kvmi_sysmap_symbol(m, "_end", &m->end)))
		r = kvmi_fail(err, KVMI_EFORMAT, "%s: a System.map without "
		    "_text, _stext and _end: of no kernel, or cut short",
		    src->name);
	if (r != 0) {
		kvmi_sysmap_close(m);
		return (r);
	}
	*ret = m;
	return (0);
}

void
kvmi_sysmap_close(struct kvmi_sysmap *m)
{
	if (m == NULL)
		return;
	kvmi_blob_release(&m->text);
	kvmi_src_close(m->src);
	free(m);
}

bool
kvmi_sysmap_symbol(const struct kvmi_sysmap *m, const char *name,
    uint64_t *ret)
{
	size_t pos = 0, len = strlen(name);
	struct line l;

	while (next_line(m->text.p, m->text.len, &pos, &l))
		if (l.len == len && memcmp(l.name, name, len) == 0) {
			*ret = l.addr;
			return (true);
		}
	return (false);
}

int
kvmi_sysmap_symbols(const struct kvmi_sysmap *m, int64_t disp,
    struct kvmi_symtab *t, struct kvmi_err *err)
{
	size_t pos = 0;
	struct line l;
	int r = 0;

	while (r == 0 && next_line(m->text.p, m->text.len, &pos, &l)) {
		if (l.addr >= m->begin && l.addr <= m->end &&
		    l.letter != 'A' && l.letter != 'a')
			l.addr += (uint64_t)disp;
		/* An address of 32 bits stays one. */
		if (l.digits == 8)
			l.addr &= UINT32_MAX;
		r = kvmi_symtab_add(t, l.name, l.len, "", l.addr, 0, l.letter,
		    err);
	}
	if (r == 0)
		r = kvmi_src_check_lost(m->src, m->text.p, m->text.len, err);
	if (r == 0 && pos < m->text.len)
		r = kvmi_fail(err, KVMI_EFORMAT, "%s: no line of a System.map "
		    "at 0x%zx", m->src->name, pos);
	return (r);
}
