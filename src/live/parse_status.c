/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc/PID/status: lines of "Key:\tvalue". */
#include <string.h>

#include "base/math.h"
#include "live/parse.h"

enum kind { ID, FOUR, GROUPS, LEVELS, KIB, RSS, SIGNALS, COUNT };

struct line {
	const char	*key;		/* with its colon */
	uint8_t		 len;
	uint8_t		 kind;
	bool		 needed;	/* no status is without it */
	uint16_t	 off;
};

#define ROW(name, kind, needed, member) \
	{ name ":", sizeof(name), kind, needed, \
	    offsetof(struct kvmi_proc_status, member) }
#define NEEDED(name, kind, member)	ROW(name, kind, true, member)
#define LINE(name, kind, member)	ROW(name, kind, false, member)

/* In the order of the file. */
static const struct line lines[] = {
	NEEDED("Tgid", ID, tgid),
	LINE("Pid", ID, pid),
	LINE("TracerPid", ID, tracer),
	NEEDED("Uid", FOUR, uid),
	NEEDED("Gid", FOUR, gid),
	LINE("Groups", GROUPS, groups),
	LINE("NSpid", LEVELS, ns_levels),
	LINE("VmHWM", KIB, vm_hwm),
	LINE("VmRSS", RSS, vm_rss),
	LINE("VmData", KIB, vm_data),
	LINE("VmStk", KIB, vm_stk),
	LINE("VmExe", KIB, vm_exe),
	LINE("VmSwap", KIB, vm_swap),
	LINE("SigPnd", SIGNALS, sig_pending),
	LINE("ShdPnd", SIGNALS, shared_pending),
	LINE("SigBlk", SIGNALS, sig_blocked),
	LINE("SigIgn", SIGNALS, sig_ignored),
	LINE("SigCgt", SIGNALS, sig_caught),
	LINE("voluntary_ctxt_switches", COUNT, nvcsw),
	LINE("nonvoluntary_ctxt_switches", COUNT, nivcsw),
};

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return (p);
}

/* Up to n numbers in v; *count is how many there are.  false: other text. */
static bool
read_list(const char *p, const char *end, uint32_t *v, uint32_t n,
    uint32_t *count)
{
	uint64_t number;

	*count = 0;
	while ((p = skip_blanks(p, end)) < end) {
		if (!kvmi_parse_decimal(&p, end, UINT32_MAX, &number))
			return (false);
		if (*count < n)
			v[*count] = (uint32_t)number;
		(*count)++;
	}
	return (true);
}

/* Signal 1 is the last bit of the last digit; MIPS has 128 of them. */
static bool
read_signals(const char *p, const char *end, struct kvm_sigset *ret)
{
	struct kvm_sigset set = { { 0 } };
	size_t digits = (size_t)(end - p);

	if (digits == 0 || digits > sizeof(set) * 2)
		return (false);
	for (size_t i = 0; i < digits; i++) {
		int d = kvmi_hex_value(end[-1 - (ptrdiff_t)i]);

		if (d < 0)
			return (false);
		set.__bits[i / 8] |= (uint32_t)d << i % 8 * 4;
	}
	*ret = set;
	return (true);
}

/* A number, then perhaps a unit. */
static bool
read_number(const char *p, const char *end, uint64_t max, const char *unit,
    uint64_t *ret)
{
	size_t len = strlen(unit);

	return (kvmi_parse_decimal(&p, end, max, ret) &&
	    (size_t)(end - p) == len && memcmp(p, unit, len) == 0);
}

static bool
read_line(const struct line *l, const char *p, const char *end,
    struct kvmi_proc_status *s)
{
	void *to = (char *)s + l->off;
	uint32_t n;
	uint64_t v;

	p = skip_blanks(p, end);
	switch (l->kind) {
	case ID:
		if (!read_number(p, end, INT32_MAX, "", &v))
			return (false);
		*(int32_t *)to = (int32_t)v;
		return (true);
	case FOUR:
		return (read_list(p, end, to, 4, &n) && n == 4);
	case GROUPS:
		return (read_list(p, end, to, KVMI_COUNT(s->groups),
		    &s->ngroups));
	case LEVELS:
		return (read_list(p, end, NULL, 0, to));
	case SIGNALS:
		return (read_signals(p, end, to));
	case RSS:
		s->has_rss = true;
		return (read_number(p, end, UINT64_MAX, " kB", to));
	case KIB:
		return (read_number(p, end, UINT64_MAX, " kB", to));
	default:
		return (read_number(p, end, UINT64_MAX, "", to));
	}
}

/* The row that a line belongs to; NULL: none that is wanted. */
static const struct line *
find_row(const char *p, const char *end)
{
	for (const struct line *l = lines; l < lines + KVMI_COUNT(lines); l++)
		if (*p == l->key[0] && end - p >= l->len &&
		    memcmp(p, l->key, l->len) == 0)
			return (l);
	return (NULL);
}

bool
kvmi_parse_status(const char *text, size_t len, struct kvmi_proc_status *ret)
{
	struct kvmi_proc_status s = { 0 };
	const char *end = text + len, *nl;
	uint32_t seen = 0;

	for (const char *p = text; p < end; p = nl + 1) {
		const struct line *l;

		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			return (false);
		l = find_row(p, nl);
		if (l == NULL)
			continue;
		if (!read_line(l, p + l->len, nl, &s))
			return (false);
		seen |= UINT32_C(1) << (l - lines);
	}
	for (size_t i = 0; i < KVMI_COUNT(lines); i++)
		if (lines[i].needed && (seen >> i & 1) == 0)
			return (false);
	*ret = s;
	return (true);
}
