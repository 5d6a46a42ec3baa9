/* SPDX-License-Identifier: BSD-2-Clause */
/* The members that there are in the sample of BTF, and some that are not. */
#ifndef BTF_MEMBERS_H
#define BTF_MEMBERS_H

#include "type/type.h"

struct want {
	const char	*type;
	const char	*path;
	int		 r;
	struct kvmi_member m;
};

static const struct want members[] = {
	{ "task", "state", 0, { 0, 4, 1, 0, 0, true, false } },
	{ "task", "x", 0, { 8, 4, 1, 0, 0, true, false } },
	{ "task", "y", 0, { 12, 4, 1, 0, 0, true, false } },
	{ "task", "both", 0, { 8, 8, 1, 0, 0, false, false } },
	{ "task", "usage", 0, { 16, 4, 1, 0, 0, false, false } },
	{ "task", "usage.counter", 0, { 16, 4, 1, 0, 0, true, false } },
	{ "atomic_t", "counter", 0, { 0, 4, 1, 0, 0, true, false } },
	{ "task", "tasks", 0, { 24, 16, 1, 0, 0, false, false } },
	{ "task", "tasks.prev", 0, { 32, 8, 1, 0, 0, false, true } },
	{ "task", "comm", 0, { 40, 16, 16, 0, 0, true, false } },
	{ "task", "comm[3]", 0, { 43, 1, 1, 0, 0, true, false } },
	{ "task", "comm[15]", 0, { 55, 1, 1, 0, 0, true, false } },
	{ "task", "comm[16]", KVMI_ENOENT, { 0 } },
	{ "task", "grid", 0, { 56, 60, 5, 0, 0, true, false } },
	{ "task", "grid[1]", 0, { 68, 12, 3, 0, 0, true, false } },
	{ "task", "grid[4][2]", 0, { 112, 4, 1, 0, 0, true, false } },
	{ "task", "grid[4][3]", KVMI_ENOENT, { 0 } },
	{ "task", "grid[0][0][0]", KVMI_ENOENT, { 0 } },
	{ "task", "pids[2]", 0, { 152, 16, 1, 0, 0, false, false } },
	{ "task", "pids[2].nr", 0, { 152, 4, 1, 0, 0, true, false } },
	{ "task", "pids[3].ns", 0, { 176, 8, 1, 0, 0, false, true } },
	{ "task", "pids.nr", KVMI_ENOENT, { 0 } },
	{ "task", "low", 0, { 184, 1, 1, 0, 1, true, false } },
	{ "task", "mid", 0, { 184, 2, 1, 1, 12, true, false } },
	{ "task", "unsigned_mid", 0, { 185, 2, 1, 5, 7, false, false } },
	{ "task", "wide_bits", 0, { 192, 8, 1, 0, 64, false, false } },
	{ "task", "tagged", 0, { 200, 4, 1, 0, 0, true, false } },
	{ "task", "flags", 0, { 204, 4, 1, 0, 0, false, false } },
	{ "task", "wide", 0, { 208, 8, 1, 0, 0, true, false } },
	{ "task", "elsewhere", 0, { 216, 8, 1, 0, 0, false, true } },
	{ "task", "elsewhere.x", KVMI_ENOENT, { 0 } },
	{ "task", "tail", 0, { 256, 0, 0, 0, 0, false, false } },
	{ "task", "tail[9].prev", 0, { 408, 8, 1, 0, 0, false, true } },
	{ "task", "unaligned", KVMI_EFORMAT, { 0 } },
	{ "task", "nine_bytes", KVMI_EFORMAT, { 0 } },
	{ "task", "second", KVMI_ENOENT, { 0 } },
	{ "old", "bits", 0, { 8, 1, 1, 2, 3, true, false } },
	{ "old", "far", 0, { 0x2468ac0, 4, 1, 0, 0, true, false } },
	{ "old", "real", 0, { 16, 8, 1, 0, 0, false, false } },
	{ "int", "x", KVMI_ENOENT, { 0 } },
	{ "flags", "FLAG_HIGH", KVMI_ENOENT, { 0 } },
	{ "task", "wide.WIDE_LOW", KVMI_ENOENT, { 0 } },
	{ "elsewhere", "x", KVMI_ENOENT, { 0 } },
	{ "variable", "x", KVMI_ENOENT, { 0 } },
	{ "nothing", "x", KVMI_ENOENT, { 0 } },
	{ "", "x", KVMI_ENOENT, { 0 } },
	{ "task", "stat", KVMI_ENOENT, { 0 } },
	{ "task", "states", KVMI_ENOENT, { 0 } },
	{ "task", "tasks.nope", KVMI_ENOENT, { 0 } },
	{ "task", "", KVMI_EINVAL, { 0 } },
	{ "task", ".x", KVMI_EINVAL, { 0 } },
	{ "task", "x.", KVMI_EINVAL, { 0 } },
	{ "task", "tasks.", KVMI_EINVAL, { 0 } },
	{ "task", "tasks..next", KVMI_EINVAL, { 0 } },
	{ "task", "[0]", KVMI_EINVAL, { 0 } },
	{ "task", "tasks]", KVMI_EINVAL, { 0 } },
	{ "task", "comm[", KVMI_EINVAL, { 0 } },
	{ "task", "comm[]", KVMI_EINVAL, { 0 } },
	{ "task", "comm[1", KVMI_EINVAL, { 0 } },
	{ "task", "comm[1x]", KVMI_EINVAL, { 0 } },
	{ "task", "comm[-1]", KVMI_EINVAL, { 0 } },
	{ "task", "comm[1]x", KVMI_EINVAL, { 0 } },
	{ "task", "pids[2]xnr", KVMI_EINVAL, { 0 } },
	{ "task", "comm[99999999999]", KVMI_EINVAL, { 0 } },
	{ "task", "comm[4294967289]", KVMI_ENOENT, { 0 } },
	{ "task", "state[0]", KVMI_ENOENT, { 0 } },
};

#endif
