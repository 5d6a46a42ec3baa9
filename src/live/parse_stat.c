/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc/PID/stat: "PID (NAME) STATE NUMBER NUMBER ...\n". */
#include <string.h>

#include "base/math.h"
#include "live/parse.h"

/* The scheduling policy has been there since 2.5; later ones may be missing. */
#define LAST_NEEDED	41

enum kind { I32, NATURAL, U32, I64, U64 };

struct field {
	uint8_t		number;		/* as proc(5) counts */
	uint8_t		kind;
	uint16_t	off;
};

#define FIELD(number, kind, member) \
	{ number, kind, offsetof(struct kvmi_proc_stat, member) }

static const struct field fields[] = {
	FIELD(4, NATURAL, ppid),
	FIELD(5, I32, pgrp),
	FIELD(6, I32, session),
	FIELD(7, I32, tty_nr),
	FIELD(8, I32, tpgid),
	FIELD(9, U32, flags),
	FIELD(10, U64, minflt),
	FIELD(11, U64, cminflt),
	FIELD(12, U64, majflt),
	FIELD(13, U64, cmajflt),
	FIELD(14, U64, utime),
	FIELD(15, U64, stime),
	FIELD(16, I64, cutime),
	FIELD(17, I64, cstime),
	FIELD(18, I32, priority),
	FIELD(19, I32, nice),
	FIELD(20, NATURAL, num_threads),
	FIELD(22, U64, starttime),
	FIELD(23, U64, vsize),
	FIELD(24, I64, rss),
	FIELD(39, NATURAL, processor),
	FIELD(40, U32, rt_priority),
	FIELD(41, U32, policy),
	FIELD(52, I32, exit_code),
};

bool
kvmi_parse_decimal(const char **p, const char *end, uint64_t max,
    uint64_t *ret)
{
	const char *s = *p;
	uint64_t v = 0;

	for (; s < end && *s >= '0' && *s <= '9'; s++)
		if (!kvmi_mul(v, 10, &v) ||
		    !kvmi_add(v, (uint64_t)(*s - '0'), &v))
			return (false);
	if (s == *p || v > max)
		return (false);
	*p = s;
	*ret = v;
	return (true);
}

/* The field at *p; where it is NULL only the form is looked at. */
static bool
read_field(const char **p, const char *end, const struct field *f,
    struct kvmi_proc_stat *s)
{
	static const uint64_t max[] = { [I32] = INT32_MAX,
		[NATURAL] = INT32_MAX, [U32] = UINT32_MAX, [I64] = INT64_MAX,
		[U64] = UINT64_MAX };
	bool negative = *p < end && **p == '-';
	void *to = f == NULL ? NULL : (char *)s + f->off;
	uint64_t v;

	*p += negative;
	if (!kvmi_parse_decimal(p, end, f == NULL ? UINT64_MAX :
	    max[f->kind] + (negative && f->kind != U64), &v))
		return (false);
	if (f == NULL)
		return (true);
	if (negative && f->kind != I32 && f->kind != I64)
		return (false);
	if (negative)
		v = -v;
	switch (f->kind) {
	case I32:
	case NATURAL:
	case U32: {
		uint32_t v32 = (uint32_t)v;

		memcpy(to, &v32, sizeof(v32));
		break;
	}
	default:
		memcpy(to, &v, sizeof(v));
	}
	return (true);
}

/* The numbers behind the state, up to the newline. */
static bool
read_numbers(const char *p, const char *end, struct kvmi_proc_stat *s)
{
	const struct field *f = fields, *last = fields + KVMI_COUNT(fields);
	int n;

	for (n = 4; p < end; n++) {
		bool wanted = f < last && f->number == n;

		if (*p++ != ' ' || !read_field(&p, end, wanted ? f : NULL, s))
			return (false);
		f += wanted;
	}
	return (n > LAST_NEEDED);
}

bool
kvmi_parse_stat(const char *text, size_t len, struct kvmi_proc_stat *ret)
{
	struct kvmi_proc_stat s = { 0 };
	const char *end = text + len, *p = text, *open, *close;
	uint64_t pid;

	if (len == 0 || *--end != '\n' ||
	    !kvmi_parse_decimal(&p, end, INT32_MAX, &pid))
		return (false);
	open = p;
	/* The name may hold parentheses and spaces: it ends at the last one. */
	close = memrchr(open, ')', (size_t)(end - open));
	if (close == NULL || close - open < 2 || open[0] != ' ' ||
	    open[1] != '(' || end - close < 3 || close[1] != ' ')
		return (false);
	s.pid = (int32_t)pid;
	/* As it is: unlike in status, nothing in it is escaped. */
	memcpy(s.comm, open + 2, kvmi_min(sizeof(s.comm) - 1,
	    (size_t)(close - open - 2)));
	s.state = close[2];
	if (!read_numbers(close + 3, end, &s))
		return (false);
	*ret = s;
	return (true);
}
