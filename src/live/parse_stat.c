/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "live/parse.h"

#define FIRST_FIELD	3	/* behind the name, counted as proc(5) does */
#define LAST_FIELD	52

/* A decimal number; the next character to read, NULL when there is none. */
static const char *
number(const char *p, const char *end, int64_t *ret)
{
	bool negative = p < end && *p == '-';
	uint64_t v = 0;
	const char *start = p += negative;

	for (; p < end && *p >= '0' && *p <= '9'; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	if (p == start)
		return (NULL);
	*ret = (int64_t)(negative ? -v : v);
	return (p);
}

static void
copy_comm(char *dst, size_t size, const char *src, size_t len)
{
	if (len >= size)
		len = size - 1;
	memcpy(dst, src, len);
	dst[len] = '\0';
}

/* The numbers behind the state, by their place in proc(5). */
static void
assign(struct kvmi_proc_stat *s, const int64_t *f)
{
	s->ppid = (int32_t)f[4];
	s->pgrp = (int32_t)f[5];
	s->session = (int32_t)f[6];
	s->tty_nr = (int32_t)f[7];
	s->tpgid = (int32_t)f[8];
	s->flags = (uint64_t)f[9];
	s->minflt = (uint64_t)f[10];
	s->cminflt = (uint64_t)f[11];
	s->majflt = (uint64_t)f[12];
	s->cmajflt = (uint64_t)f[13];
	s->utime = (uint64_t)f[14];
	s->stime = (uint64_t)f[15];
	s->cutime = f[16];
	s->cstime = f[17];
	s->priority = f[18];
	s->nice = f[19];
	s->num_threads = f[20];
	s->starttime = (uint64_t)f[22];
	s->vsize = (uint64_t)f[23];
	s->rss = f[24];
	s->startcode = (uint64_t)f[26];
	s->endcode = (uint64_t)f[27];
	s->wchan = (uint64_t)f[35];
	s->processor = (int32_t)f[39];
	s->rt_priority = (int32_t)f[40];
	s->policy = (int32_t)f[41];
	s->exit_code = (int32_t)f[52];
}

bool
kvmi_parse_stat(const char *text, size_t len, struct kvmi_proc_stat *ret)
{
	const char *end = text + len, *p, *open, *close;
	int64_t f[LAST_FIELD + 1] = { 0 };
	int n;

	*ret = (struct kvmi_proc_stat){ 0 };
	p = number(text, end, &f[1]);
	open = p != NULL ? memchr(p, '(', (size_t)(end - p)) : NULL;
	/* The name may hold parentheses and spaces: it ends at the last one. */
	close = memrchr(text, ')', len);
	if (open == NULL || close == NULL || close < open || end - close < 4)
		return (false);
	ret->pid = (int32_t)f[1];
	copy_comm(ret->comm, sizeof(ret->comm), open + 1,
	    (size_t)(close - open - 1));
	ret->state = close[2];
	p = close + 3;
	for (n = FIRST_FIELD + 1; n <= LAST_FIELD; n++) {
		if (p >= end || *p != ' ' ||
		    (p = number(p + 1, end, &f[n])) == NULL)
			break;
	}
	/* Field 39 has been there since 2.2; later ones may be missing. */
	if (n <= 39)
		return (false);
	assign(ret, f);
	return (true);
}
