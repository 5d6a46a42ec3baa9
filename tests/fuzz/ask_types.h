/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions to any source of types, by the names that its input holds. */
#ifndef ASK_TYPES_H
#define ASK_TYPES_H

#include <stdio.h>
#include <stdlib.h>

#include "type/type.h"

static inline void
ask_member(struct kvmi_types *t, const char *type, const char *path,
    struct kvmi_err *err)
{
	static const uint8_t copy[64];
	struct kvmi_member m;

	if (kvmi_type_member(t, type, path, &m, err) != 0)
		return;
	if (m.bit_size > 64 || (m.bit_size != 0 &&
	    (m.bit_off > 7 || m.size > 8)))
		abort();
	kvmi_member_get(&m, copy, sizeof(copy), false);
	kvmi_member_get(&m, copy, sizeof(copy), true);
}

static inline void
ask_type(struct kvmi_types *t, const char *type, const char *name,
    struct kvmi_err *err)
{
	struct kvmi_member_list list = { 0 };
	char path[300];
	uint64_t size;
	int64_t v;

	kvmi_type_size(t, name, &size, err);
	kvmi_type_enumerator(t, name, &v, err);
	kvmi_type_list(t, name, &list, err);
	free(list.v);
	ask_member(t, type, name, err);
	snprintf(path, sizeof(path), "%s[1].%s", name, name);
	ask_member(t, type, path, err);
	snprintf(path, sizeof(path), "%s[3].%s", name, name);
	ask_member(t, type, path, err);
	snprintf(path, sizeof(path), "%s.%s %s.%s[1]", type, name, name, type);
	kvmi_type_first(t, path, &(struct kvmi_member){ 0 }, err);
}

/*
 * Ask for up to max of the strings, which take size bytes and have one NUL
 * more behind them, from the last on: that is where most formats keep names.
 */
static inline void
ask_names(struct kvmi_types *t, const char *strings, size_t size, int max,
    const char *last, struct kvmi_err *err)
{
	const char *p = strings + size;

	for (int n = 0; n < max && p > strings; n++) {
		for (p--; p > strings && p[-1] != '\0';)
			p--;
		ask_type(t, last, p, err);
		ask_type(t, p, last, err);
		last = p;
	}
}

#endif
