/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/freebsd/full.h"

#include <inttypes.h>

#include "base/endian.h"
#include "base/math.h"

#define PAGE_LEN	UINT64_C(4096)
#define LOADER_LIMIT	(UINT64_C(4) << 30)

#define ELFOSABI_FREEBSD 9
#define ELFOSABI_STANDALONE 255

static const struct kvmi_full_arch *const full_table[] = {
	&kvmi_full_amd64,
	&kvmi_full_arm,
	&kvmi_full_arm64,
	&kvmi_full_i386,
	&kvmi_full_mips,
	&kvmi_full_ppc,
	&kvmi_full_ppc64,
	&kvmi_full_riscv64,
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

/* From pa how far on the dump has nothing, in whole pages; 0: it has pa. */
static uint64_t
hole_at(struct kvmi_kernel *k, uint64_t pa)
{
	struct kvmi_extent e;

	if (kvmi_image_locate(k->img, pa, &e, NULL) != 0)
		return (PAGE_LEN);
	if (e.state == KVMI_STORED)
		return (0);
	if (e.len > LOADER_LIMIT || e.start + e.len > LOADER_LIMIT)
		return (LOADER_LIMIT);
	return ((e.start + e.len - pa + PAGE_LEN - 1) & ~(PAGE_LEN - 1));
}

bool
kvmi_full_find(struct kvmi_kernel *k, uint64_t base, uint64_t va,
    uint64_t tag, uint64_t *pa)
{
	uint64_t hole;

	for (*pa = base % PAGE_LEN; *pa < LOADER_LIMIT;
	    *pa += hole != 0 ? hole : PAGE_LEN) {
		struct kvmi_err ignored;
		uint8_t raw[8];

		hole = hole_at(k, *pa + (va - base));
		if (hole == 0 && kvmi_image_read_phys(k->img, *pa + (va - base),
		    raw, sizeof(raw), &ignored) == 0 &&
		    kvmi_get64(raw, k->big_endian) == (tag | *pa))
			return (true);
	}
	return (false);
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

/*
 * FreeBSD's own dumps say so.  Of others (of a hypervisor, raw memory) the
 * kernel file does.
 */
static bool
is_freebsd(const struct kvmi_kernel *k)
{
	const struct kvmi_image *img = k->img;

	return (img->elf_osabi == ELFOSABI_STANDALONE || (k->exec != NULL &&
	    img->nfiles == 0 && !img->live &&
	    kvmi_elf_osabi(k->exec) == ELFOSABI_FREEBSD));
}

static uint16_t
machine_of(const struct kvmi_kernel *k)
{
	if (k->img->elf_machine != 0 || k->exec == NULL)
		return (k->img->elf_machine);
	return (kvmi_elf_machine(k->exec));
}

int
kvmi_freebsd_attach_full(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	const struct kvmi_image *img = k->img;

	if (!is_freebsd(k))
		return (KVMI_ENOTMINE);
	k->arch = img->arch;
	k->big_endian = img->elf_machine != 0 || k->exec == NULL ?
	    img->big_endian : kvmi_elf_big_endian(k->exec);
	k->space = (struct kvmi_space){ .img = k->img,
		.ops = &kvmi_space_paged };
	/* Whatever reads structures has to know how long a pointer is. */
	if (img->virtual_segments && img->arch != NULL) {
		k->space.ops = &kvmi_space_segments;
		return (0);
	}
	for (size_t i = 0; i < KVMI_COUNT(full_table); i++) {
		if (full_table[i]->elf_machine != machine_of(k))
			continue;
		if (k->exec == NULL && k->opts->ko_resolver == NULL)
			return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: a full "
			    "dump of FreeBSD does not say where its page tables "
			    "are; give the kernel file as namelist (-N "
			    "/boot/kernel/kernel)", img->src->name));
		return (full_table[i]->find_root(k, cx));
	}
	return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: a full dump of %s (ELF "
	    "machine %u) by physical addresses; its page tables can be found "
	    "of amd64, arm, arm64, i386, mips, powerpc and riscv64 only: take "
	    "a minidump (sysctl debug.minidump=1)", img->src->name,
	    k->arch != NULL ? k->arch->name : "an unknown machine",
	    machine_of(k)));
}
