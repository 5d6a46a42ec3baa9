/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Input: memory with an ORC table at its start and a stack in its second half.
 * The first byte chooses the layout.  A step either fails with a reason and
 * leaves the state, or says where it went.
 */
#include <stdlib.h>

#include "../unit/build_orc.h"

#define STEPS	100

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w;
	struct kvmi_orc_state s = { .sp = WORLD_STACK, .bp = WORLD_STACK + 64,
		.r10 = WORLD_STACK + 128, .full = true, .exact = true };
	struct kvmi_err err = { 0 };
	int r = 1;

	if (size < 2)
		return (0);
	world_start(&w, (data[0] & 1) != 0);
	w.table.n = data[1];
	memcpy(w.p, data + 2, kvmi_min(size - 2, sizeof(w.p)));
	s.ip = WORLD_VA + (data[0] >> 1) * 64u;
	kvmi_orc_numbering(&w.orc, &w.table, &err);
	for (int i = 0; i < STEPS && r == 1; i++) {
		struct kvmi_orc_state before = s;

		err = (struct kvmi_err){ 0 };
		r = kvmi_orc_step(&w.orc, &w.table, &s, &err);
		if (r > 1 || (r < 0 && (err.text[0] == '\0' ||
		    s.ip != before.ip || s.sp != before.sp)))
			abort();
	}
	return (0);
}
