/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/linux/linear.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/math.h"
#include "os/root.h"

/* Pieces of a linear map, which holes of memory and rights divide. */
#define MAX_PIECES	65536

int
kvmi_linux_root(struct kvmi_kernel *k, struct kvmi_paging *p,
    uint64_t root_va, struct kvmi_err *err)
{
	if (kvmi_root_find(k, p, root_va))
		return (0);
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

bool
kvmi_linux_use_told(struct kvmi_kernel *k, struct kvmi_linux *l)
{
	struct kvmi_direct told[KVMI_LINUX_TOLD], *d;
	size_t n = l->arch->told != NULL ? l->arch->told(k, l, told) : 0, m = 0;

	if (n == 0 || (d = calloc(n, sizeof(*d))) == NULL)
		return (false);
	for (size_t i = 0; i < n; i++) {
		if (told[i].pa >= k->img->max_pa)
			continue;
		d[m] = told[i];
		d[m].len = kvmi_min(d[m].len, k->img->max_pa - d[m].pa);
		d[m].len = kvmi_min(d[m].len, UINT64_MAX - d[m].va);
		m++;
	}
	free(l->direct);
	l->direct = d;
	k->space.paging.direct = d;
	k->space.paging.ndirect = m;
	return (m > 0);
}
