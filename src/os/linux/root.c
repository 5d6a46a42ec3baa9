/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/linux/root.h"

#include <inttypes.h>

#include "base/math.h"

/* Kernels are moved in steps of this size at least, virtual and physical. */
#define STEP		(UINT64_C(1) << 21)
/* Beyond that no kernel is loaded; what a file claims may be more. */
#define MAX_PA		(UINT64_C(1) << 42)
/* Pieces of a linear map, which holes of memory and rights divide. */
#define MAX_PIECES	65536

bool
kvmi_linux_root_is(const struct kvmi_kernel *k, const struct kvmi_paging *p,
    uint64_t root_va)
{
	struct kvmi_mapping m;
	struct kvmi_err ignored;

	return (kvmi_walk(p, root_va, kvmi_image_read_phys, k->img, &m,
	    &ignored) == 0 && m.pa + (root_va - m.va) == p->root_pa);
}

int
kvmi_linux_root_find(struct kvmi_kernel *k, struct kvmi_paging *p,
    uint64_t root_va, struct kvmi_err *err)
{
	uint64_t end = kvmi_min(k->img->max_pa, MAX_PA);

	for (uint64_t pa = root_va % STEP; pa < end; pa += STEP) {
		struct kvmi_extent e;

		if (kvmi_image_locate(k->img, pa, &e, err) != 0)
			break;
		if (e.state != KVMI_STORED) {
			/* On to the last step that is not behind the hole. */
			if (e.len - (pa - e.start) > STEP)
				pa += ((e.len - (pa - e.start)) / STEP - 1) *
				    STEP;
			continue;
		}
		p->root_pa = pa;
		if (kvmi_linux_root_is(k, p, root_va))
			return (0);
	}
	return (kvmi_fail(err, KVMI_ENOENT, "%s: nowhere in memory are %u-level "
	    "page tables that map themselves to 0x%" PRIx64 ", where "
	    "VMCOREINFO says swapper_pg_dir is", k->img->src->name, p->levels,
	    root_va));
}

uint64_t
kvmi_linux_split(const uint64_t *splits, size_t n, uint64_t va)
{
	size_t i = 0;

	while (i + 1 < n && va < splits[i])
		i++;
	return (splits[i]);
}

int
kvmi_linux_linear(struct kvmi_kernel *k, uint64_t va, uint64_t pa,
    struct kvmi_mapping *ret, struct kvmi_err *err)
{
	struct kvmi_mapping m;
	uint64_t at = va;

	for (unsigned int i = 0; i < MAX_PIECES; i++) {
		if (kvmi_space_translate(&k->space, at, &m, err) != 0 ||
		    m.pa + (at - m.va) != pa + (at - va) ||
		    m.va + m.len <= at)
			break;
		at = m.va + m.len;
	}
	*ret = (struct kvmi_mapping){ .va = va, .pa = pa, .len = at - va };
	return (at != va ? 0 : kvmi_fail(err, KVMI_ENOENT, "0x%" PRIx64
	    " does not map physical 0x%" PRIx64, va, pa));
}
