/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ELF core files of physical memory: kdump's /proc/vmcore and its copies,
 * makedumpfile -E, QEMU's dump-guest-memory, /proc/kcore.  System V gABI,
 * chapters 4 and 5; fs/proc/kcore.c and kernel/crash_core.c of Linux;
 * dump/dump.c of QEMU.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "base/rd.h"
#include "image/image.h"
#include "image/segments.h"

#define ET_CORE		4
#define PT_LOAD		1
#define PT_NOTE		4
#define PT_DUMP_DELTA	0x6fb5d000	/* sys/elf_common.h of FreeBSD */
#define PN_XNUM		0xffff
#define DUMP_ELF_INCOMPLETE 1	/* e_flags, set by makedumpfile */

struct elf_phdr {
	uint32_t	type;
	uint64_t	off, vaddr, paddr, filesz, memsz, align;
};

struct elfcore {
	bool		 is64;
	bool		 big_endian;
	uint16_t	 machine;
	uint8_t		 osabi;
	uint32_t	 flags;
	uint64_t	 phoff, shoff;
	uint32_t	 phnum;
	uint16_t	 phentsize, shentsize;
	unsigned int	 loads;
	bool		 has_paddr;	/* some segment says where it is */
	struct kvmi_segments phys;
	struct kvmi_segments virt;	/* live, or without physical address */
	struct kvmi_segments places;	/* live: by virtual address, not where
					   in the file, but in memory */
};

static uint64_t
rd_word(struct kvmi_rd *r, const struct elfcore *e, const char *field)
{
	return (kvmi_rd_uint(r, field, e->is64 ? 8 : 4));
}

static int
ehdr_decode(struct elfcore *e, const uint8_t *p, size_t len, const char *name,
    struct kvmi_err *err)
{
	struct kvmi_rd r = { .base = p, .len = len, .what = "ELF header",
		.err = err };
	const uint8_t *ident = kvmi_rd_bytes(&r, "e_ident", 16);
	uint16_t type;

	if (ident == NULL)
		return (kvmi_wrap(err, r.status, "%s", name));
	if (ident[4] != 1 && ident[4] != 2)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: ELF class %u, wanted "
		    "1 (32 bit) or 2 (64 bit)", name, ident[4]));
	if (ident[5] != 1 && ident[5] != 2)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: ELF byte order %u, "
		    "wanted 1 (little) or 2 (big)", name, ident[5]));
	e->is64 = ident[4] == 2;
	r.big_endian = e->big_endian = ident[5] == 2;
	e->osabi = ident[7];
	type = kvmi_rd_u16(&r, "e_type");
	e->machine = kvmi_rd_u16(&r, "e_machine");
	kvmi_rd_u32(&r, "e_version");
	rd_word(&r, e, "e_entry");
	e->phoff = rd_word(&r, e, "e_phoff");
	e->shoff = rd_word(&r, e, "e_shoff");
	e->flags = kvmi_rd_u32(&r, "e_flags");
	kvmi_rd_u16(&r, "e_ehsize");	/* QEMU writes nonsense here */
	e->phentsize = kvmi_rd_u16(&r, "e_phentsize");
	e->phnum = kvmi_rd_u16(&r, "e_phnum");
	e->shentsize = kvmi_rd_u16(&r, "e_shentsize");
	if (r.status != 0)
		return (kvmi_wrap(err, r.status, "%s", name));
	if (type != ET_CORE)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: an ELF file of type "
		    "%u, not a core (4); is it the kernel file? It goes "
		    "second, after the dump", name, type));
	return (0);
}

/* More than 65534 program headers: the count is in section header 0. */
static int
read_xnum(struct kvmi_image *img, struct elfcore *e, struct kvmi_err *err)
{
	uint8_t sh[64];
	size_t len = e->is64 ? 64 : 40;
	struct kvmi_rd r = { .base = sh, .len = len, .off = e->shoff,
		.what = "section header 0", .big_endian = e->big_endian,
		.err = err };
	int s;

	if (e->phnum != PN_XNUM || e->shoff == 0 || e->shentsize < len)
		return (0);
	s = kvmi_src_read(img->src, e->shoff, sh, len, "section header 0",
	    err);
	if (s != 0)
		return (s);
	kvmi_rd_seek(&r, "sh_info", e->is64 ? 44 : 28);
	e->phnum = kvmi_rd_u32(&r, "sh_info");
	return (r.status);
}

static void
phdr_decode(struct kvmi_rd *r, const struct elfcore *e, struct elf_phdr *ph)
{
	ph->type = kvmi_rd_u32(r, "p_type");
	if (e->is64)
		kvmi_rd_u32(r, "p_flags");
	ph->off = rd_word(r, e, "p_offset");
	ph->vaddr = rd_word(r, e, "p_vaddr");
	ph->paddr = rd_word(r, e, "p_paddr");
	ph->filesz = rd_word(r, e, "p_filesz");
	ph->memsz = rd_word(r, e, "p_memsz");
	if (!e->is64)
		kvmi_rd_u32(r, "p_flags");
	ph->align = rd_word(r, e, "p_align");
	if (!e->is64 && ph->paddr == UINT32_MAX)
		ph->paddr = UINT64_MAX;
}

/* Append a PT_NOTE's content; several become one blob. */
static int
add_notes(struct kvmi_image *img, const struct elf_phdr *ph,
    struct kvmi_err *err)
{
	uint64_t len = ph->filesz, total;
	uint8_t *p;
	int r;

	if (ph->off >= img->src->size || len == 0)
		return (0);
	len = kvmi_min(len, img->src->size - ph->off);
	if (!kvmi_add(img->notes.len, (len + 3) & ~UINT64_C(3), &total) ||
	    total > KVMI_MAX_NOTES)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: notes of %" PRIu64
		    " bytes at 0x%" PRIx64 ", more than any machine has CPUs "
		    "for", img->src->name, len, ph->off));
	p = realloc(img->notes.owned, (size_t)total);
	if (p == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: no memory for notes",
		    img->src->name));
	memset(p + img->notes.len, 0, (size_t)total - img->notes.len);
	r = kvmi_src_read(img->src, ph->off, p + img->notes.len, (size_t)len,
	    "PT_NOTE", err);
	img->notes = (struct kvmi_blob){ .p = p, .len = (size_t)total,
		.owned = p };
	return (r);
}

static int
add_load(struct kvmi_image *img, struct elfcore *e, const struct elf_phdr *ph,
    struct kvmi_err *err)
{
	uint64_t end;
	int r = 0;

	if (img->live || ph->paddr == UINT64_MAX)
		r = kvmi_segments_add(&e->virt, ph->vaddr, ph->filesz,
		    ph->memsz, ph->off, err);
	e->loads++;
	e->has_paddr |= ph->paddr != 0;
	if (r != 0 || ph->paddr == UINT64_MAX)
		return (r);
	if (img->live) {
		r = kvmi_segments_add(&e->places, ph->vaddr, ph->filesz,
		    ph->filesz, ph->paddr, err);
		if (r != 0)
			return (r);
	}
	if (ph->filesz > 0 && kvmi_add(ph->paddr, ph->filesz, &end) &&
	    end > img->max_pa)
		img->max_pa = end;
	/*
	 * A file that lacks the end of a segment was cut short.  makedumpfile
	 * and QEMU write segments that pages share; filesz is what counts.
	 */
	if (!kvmi_add(ph->off, ph->filesz, &end) ||
	    (ph->filesz > 0 && end > img->src->size))
		img->truncated = true;
	return (kvmi_segments_add(&e->phys, ph->paddr, ph->filesz, ph->memsz,
	    ph->off, err));
}

static int
read_phdrs(struct kvmi_image *img, struct elfcore *e, struct kvmi_err *err)
{
	size_t need = e->is64 ? 56 : 32;
	uint64_t len = (uint64_t)e->phnum * e->phentsize;
	struct kvmi_blob table;
	int r;

	if (e->phnum == 0)
		return (kvmi_fail(err, KVMI_EFORMAT,
		    "%s: no program headers", img->src->name));
	if (e->phentsize < need)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: program headers of "
		    "%u bytes, wanted at least %zu", img->src->name,
		    e->phentsize, need));
	r = kvmi_src_blob(img->src, e->phoff, len, "program headers", &table,
	    err);
	if (r != 0)
		return (r);
	for (uint32_t i = 0; i < e->phnum && r == 0; i++) {
		struct kvmi_rd rd = {
			.base = table.p + (size_t)i * e->phentsize,
			.len = need, .off = e->phoff +
			    (uint64_t)i * e->phentsize,
			.what = "program header", .err = err,
			.big_endian = e->big_endian };
		struct elf_phdr ph;

		phdr_decode(&rd, e, &ph);
		r = rd.status;
		if (r == 0 && ph.type == PT_NOTE)
			r = add_notes(img, &ph, err);
		else if (r == 0 && ph.type == PT_LOAD)
			r = add_load(img, e, &ph, err);
		else if (r == 0 && ph.type == PT_DUMP_DELTA)
			img->delta = (struct kvmi_dump_delta){ true, ph.vaddr,
				ph.paddr, ph.align };
	}
	kvmi_blob_release(&table);
	return (r);
}

/*
 * Several segments that all are at physical address 0: the core of a process,
 * or /proc/kcore before Linux 4.11, whose segments are found by virtual address.
 */
static int
check_paddr(struct kvmi_image *img, struct elfcore *e, struct kvmi_err *err)
{
	if (e->loads < 2 || e->has_paddr)
		return (0);
	if (!img->live)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: no segment of this ELF "
		    "core has a physical address: the core of a process, not "
		    "of a kernel", img->src->name));
	kvmi_segments_deinit(&e->phys);
	kvmi_segments_deinit(&e->places);
	e->phys = e->places = (struct kvmi_segments){ 0 };
	return (0);
}

static int
elfcore_open(struct kvmi_image *img, struct kvmi_err *err)
{
	struct elfcore *e = calloc(1, sizeof(*e));
	uint8_t head[64];
	size_t len = (size_t)kvmi_min(img->src->size, sizeof(head));
	int r;

	img->priv = e;
	if (e == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory",
		    img->src->name));
	r = kvmi_src_read(img->src, 0, head, len, "ELF header", err);
	if (r == 0)
		r = ehdr_decode(e, head, len, img->src->name, err);
	if (r == 0)
		r = read_xnum(img, e, err);
	if (r == 0)
		r = read_phdrs(img, e, err);
	if (r == 0)
		r = check_paddr(img, e, err);
	if (r != 0)
		return (r);
	kvmi_segments_sort(&e->phys);
	kvmi_segments_sort(&e->virt);
	kvmi_segments_sort(&e->places);
	img->arch = kvmi_arch_by_elf(e->machine, e->is64 ? 8 : 4);
	img->elf_machine = e->machine;
	img->elf_osabi = e->osabi;
	img->virtual_segments = !img->live && e->virt.nstored > 0 &&
	    e->phys.nstored == 0;
	img->big_endian = e->big_endian;
	img->incomplete = (e->flags & DUMP_ELF_INCOMPLETE) != 0;
	snprintf(img->format, sizeof(img->format), "ELF %s",
	    img->live ? "kcore" : "vmcore");
	return (0);
}

static int
elfcore_locate(struct kvmi_image *img, uint64_t pa, struct kvmi_extent *ret,
    struct kvmi_err *err)
{
	struct elfcore *e = img->priv;

	(void)err;
	kvmi_segments_locate(&e->phys, pa, img->src->size, ret);
	return (0);
}

static int
elfcore_locate_va(struct kvmi_image *img, uint64_t va,
    struct kvmi_extent *ret, struct kvmi_err *err)
{
	struct elfcore *e = img->priv;

	(void)err;
	kvmi_segments_locate(&e->virt, va, img->src->size, ret);
	return (0);
}

static int
elfcore_va_to_pa(struct kvmi_image *img, uint64_t va, uint64_t *start,
    uint64_t *len, uint64_t *pa)
{
	const struct elfcore *e = img->priv;
	struct kvmi_extent x;

	kvmi_segments_locate(&e->places, va, UINT64_MAX, &x);
	if (x.state != KVMI_STORED)
		return (KVMI_ENOENT);
	*start = x.start;
	*len = x.len;
	*pa = x.off;
	return (0);
}

static int
elfcore_count(struct kvmi_image *img, struct kvmi_err *err)
{
	const struct elfcore *e = img->priv;

	(void)err;
	kvmi_segments_sum(&e->phys, img);
	return (0);
}

static void
elfcore_close(struct kvmi_image *img)
{
	struct elfcore *e = img->priv;

	if (e == NULL)
		return;
	kvmi_segments_deinit(&e->phys);
	kvmi_segments_deinit(&e->virt);
	kvmi_segments_deinit(&e->places);
	free(e);
}

const struct kvmi_image_ops kvmi_image_elfcore = {
	.name = "ELF core",
	.magic = { { .off = 0, .len = 4, .bytes = "\177ELF" } },
	.min_size = 52,
	.open = elfcore_open,
	.locate = elfcore_locate,
	.locate_va = elfcore_locate_va,
	.va_to_pa = elfcore_va_to_pa,
	.count = elfcore_count,
	.close = elfcore_close,
};
