/* SPDX-License-Identifier: BSD-2-Clause */
/* A list of members against the same asked for one by one. */
#ifndef CHECK_LIST_H
#define CHECK_LIST_H

#include <stdlib.h>
#include <string.h>

#include "type/type.h"

/* How many there are; the first is this one. */
static inline size_t
check_list(struct kvmi_types *t, const char *type, const char *first)
{
	struct kvmi_member_list l = { 0 };
	struct kvmi_member m;
	struct kvmi_err e;
	size_t n;

	if (kvmi_type_list(t, type, &l, &e) != 0)
		fail_msg("%s", e.text);
	n = l.n;
	assert_true(n > 0);
	assert_string_equal(l.v[0].name, first);
	for (size_t i = 0; i < n; i++) {
		const struct kvmi_member *have = &l.v[i].m;

		if (kvmi_type_member(t, type, l.v[i].name, &m, &e) != 0 ||
		    m.off != have->off || m.size != have->size ||
		    m.count != have->count || m.bit_off != have->bit_off ||
		    m.bit_size != have->bit_size ||
		    m.is_signed != have->is_signed ||
		    m.is_pointer != have->is_pointer)
			fail_msg("%s.%s", type, l.v[i].name);
	}
	free(l.v);
	return (n);
}

#endif
