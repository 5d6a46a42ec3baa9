/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/root.h"

#include "base/math.h"

/* Kernels are moved in steps of this size at least, virtual and physical. */
#define STEP		(UINT64_C(1) << 21)
/* Beyond that no kernel is loaded; what a file claims may be more. */
#define MAX_PA		(UINT64_C(1) << 42)

int
kvmi_root_check(const struct kvmi_kernel *k, const struct kvmi_paging *p,
    uint64_t root_va)
{
	struct kvmi_mapping m;
	int r = kvmi_walk(p, root_va, kvmi_image_read_phys, k->img, &m, NULL);

	if (r == 0 && m.pa + (root_va - m.va) != p->root_pa)
		r = KVMI_ENOENT;
	return (r);
}

bool
kvmi_root_is(const struct kvmi_kernel *k, const struct kvmi_paging *p,
    uint64_t root_va)
{
	return (kvmi_root_check(k, p, root_va) == 0);
}

bool
kvmi_root_find(struct kvmi_kernel *k, struct kvmi_paging *p, uint64_t root_va)
{
	uint64_t end = kvmi_min(k->img->max_pa, MAX_PA);

	for (uint64_t pa = root_va % STEP; pa < end; pa += STEP) {
		struct kvmi_extent e;

		if (kvmi_image_locate(k->img, pa, &e, NULL) != 0)
			break;
		if (e.state != KVMI_STORED || e.zero) {
			/* On to the last step that is not behind the hole. */
			if (e.len - (pa - e.start) > STEP)
				pa += ((e.len - (pa - e.start)) / STEP - 1) *
				    STEP;
			continue;
		}
		p->root_pa = pa;
		if (kvmi_root_is(k, p, root_va))
			return (true);
	}
	return (false);
}
