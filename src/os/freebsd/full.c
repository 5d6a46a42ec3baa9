/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/freebsd/full.h"

#include <inttypes.h>

#include "base/endian.h"
#include "base/math.h"

#define ELFOSABI_STANDALONE 255

static const struct kvmi_full_arch *const full_table[] = {
	&kvmi_full_amd64,
	&kvmi_full_arm,
	&kvmi_full_i386,
};

int
kvmi_full_symbol(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    uint64_t *ret)
{
	kvaddr_t addr;

	if (k->opts->ko_resolver != NULL && k->opts->ko_resolver(name, &addr) == 0) {
		*ret = addr;
		return (0);
	}
	if (k->exec == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOENT, "%s: no such symbol",
		    name));
	return (kvmi_elf_symbol(k->exec, name, ret, &cx->err));
}

int
kvmi_full_variable(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kvmi_boot *b, const char *name, unsigned int size,
    uint64_t *ret)
{
	uint8_t raw[8];
	uint64_t va;
	int r = kvmi_full_symbol(k, cx, name, &va);

	if (r != 0)
		return (r);
	r = kvmi_image_read_phys(k->img, va - b->va + b->pa, raw, size,
	    &cx->err);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "%s: %s of the kernel file at 0x%"
		    PRIx64, k->img->src->name, name, va));
	*ret = kvmi_get_uint(raw, size, k->big_endian);
	return (0);
}

int
kvmi_full_root(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kvmi_arch *arch, uint64_t root, unsigned int levels,
    uint64_t va, uint64_t pa)
{
	struct kvmi_mapping m;
	int r;

	k->arch = arch;
	k->space.paging = (struct kvmi_paging){ .arch = arch, .root_pa = root,
		.levels = levels, .big_endian = k->big_endian };
	r = kvmi_walk(&k->space.paging, va, kvmi_image_read_phys, k->img, &m,
	    &cx->err);
	if (r == 0 && m.pa + (va - m.va) == pa)
		return (0);
	return (kvmi_fail(&cx->err, KVMI_EMISMATCH, "%s: the page tables at "
	    "physical 0x%" PRIx64 " do not map the kernel (0x%" PRIx64 " to 0x%"
	    PRIx64 "): is %s the kernel of this dump?", k->img->src->name,
	    root, va, pa, k->opts->ko_execfile));
}

int
kvmi_freebsd_attach_full(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	const struct kvmi_image *img = k->img;

	if (img->elf_osabi != ELFOSABI_STANDALONE)
		return (KVMI_ENOTMINE);
	k->arch = img->arch;
	k->big_endian = img->big_endian;
	k->space = (struct kvmi_space){ .img = k->img,
		.ops = &kvmi_space_paged };
	/* Whatever reads structures has to know how long a pointer is. */
	if (img->virtual_segments && img->arch != NULL) {
		k->space.ops = &kvmi_space_segments;
		return (0);
	}
	for (size_t i = 0; i < KVMI_COUNT(full_table); i++) {
		if (full_table[i]->elf_machine != img->elf_machine)
			continue;
		if (k->exec == NULL && k->opts->ko_resolver == NULL)
			return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: a full "
			    "dump of FreeBSD does not say where its page tables "
			    "are; give the kernel file as namelist (-N "
			    "/boot/kernel/kernel)", img->src->name));
		return (full_table[i]->find_root(k, cx));
	}
	return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: a full dump of ELF "
	    "machine %u; FreeBSD writes such of amd64, arm and i386 only",
	    img->src->name, img->elf_machine));
}
