/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/math.h"
#include "live/parse.h"

/* Skips blanks; false when there is no number before the line's end. */
static bool
next_number(const char **p, const char *end, unsigned int base, uint64_t *ret)
{
	const char *s = *p;
	uint64_t v = 0;
	bool any = false;

	while (s < end && (*s == ' ' || *s == '\t'))
		s++;
	for (; s < end; s++, any = true) {
		unsigned int d = *s >= '0' && *s <= '9' ?
		    (unsigned int)(*s - '0') : *s >= 'a' && *s <= 'f' ?
		    (unsigned int)(*s - 'a') + 10 : 16;

		if (d >= base)
			break;
		v = v * base + d;
	}
	*p = s;
	*ret = v;
	return (any);
}

static void
four(const char *p, const char *end, uint32_t ret[4])
{
	uint64_t v;

	for (int i = 0; i < 4 && next_number(&p, end, 10, &v); i++)
		ret[i] = (uint32_t)v;
}

static void
groups(const char *p, const char *end, struct kvmi_proc_status *ret)
{
	uint64_t v;

	for (; next_number(&p, end, 10, &v); ret->ngroups++)
		if (ret->ngroups < KVMI_COUNT(ret->groups))
			ret->groups[ret->ngroups] = (uint32_t)v;
}

static void
line(const char *key, size_t key_len, const char *p, const char *end,
    struct kvmi_proc_status *ret)
{
	const struct { const char *key; unsigned int base; uint64_t *ret; }
	    numbers[] = {
		{ "VmRSS", 10, &ret->vm_rss },
		{ "VmHWM", 10, &ret->vm_hwm },
		{ "VmData", 10, &ret->vm_data },
		{ "VmStk", 10, &ret->vm_stk },
		{ "VmExe", 10, &ret->vm_exe },
		{ "SigPnd", 16, &ret->sig_pending },
		{ "ShdPnd", 16, &ret->shared_pending },
		{ "SigBlk", 16, &ret->sig_blocked },
		{ "SigIgn", 16, &ret->sig_ignored },
		{ "SigCgt", 16, &ret->sig_caught },
		{ "voluntary_ctxt_switches", 10, &ret->nvcsw },
		{ "nonvoluntary_ctxt_switches", 10, &ret->nivcsw },
	};
	uint64_t v;

	if (key_len == 3 && memcmp(key, "Uid", 3) == 0) {
		four(p, end, ret->uid);
	} else if (key_len == 3 && memcmp(key, "Gid", 3) == 0) {
		four(p, end, ret->gid);
	} else if (key_len == 6 && memcmp(key, "Groups", 6) == 0) {
		groups(p, end, ret);
	} else if (key_len == 4 && memcmp(key, "Tgid", 4) == 0) {
		if (next_number(&p, end, 10, &v))
			ret->tgid = (int32_t)v;
	} else if (key_len == 9 && memcmp(key, "TracerPid", 9) == 0) {
		if (next_number(&p, end, 10, &v))
			ret->tracer = (int32_t)v;
	} else {
		for (size_t i = 0; i < KVMI_COUNT(numbers); i++)
			if (strlen(numbers[i].key) == key_len &&
			    memcmp(numbers[i].key, key, key_len) == 0)
				next_number(&p, end, numbers[i].base,
				    numbers[i].ret);
		if (key_len == 5 && memcmp(key, "VmRSS", 5) == 0)
			ret->has_rss = true;
	}
}

bool
kvmi_parse_status(const char *text, size_t len, struct kvmi_proc_status *ret)
{
	const char *end = text + len, *p = text;
	bool any = false;

	*ret = (struct kvmi_proc_status){ 0 };
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *stop = nl != NULL ? nl : end;
		const char *colon = memchr(p, ':', (size_t)(stop - p));

		if (colon != NULL) {
			line(p, (size_t)(colon - p), colon + 1, stop, ret);
			any = true;
		}
		p = stop + 1;
	}
	return (any);
}
