/* SPDX-License-Identifier: BSD-2-Clause */
/* The GNU build id, among the notes of an ELF file. */
#include "sym/elf_impl.h"

#include <inttypes.h>
#include <string.h>

/* Look for the build id in notes that are loaded at va (0: they are not). */
static bool
buildid_in_notes(Elf_Data *notes, uint64_t va, struct kvmi_buildid *ret)
{
	size_t off = 0, name_off, desc_off;
	const uint8_t *p = notes->d_buf;
	GElf_Nhdr nh;

	if (p == NULL)
		return (false);
	while ((off = gelf_getnote(notes, off, &nh, &name_off,
	    &desc_off)) != 0) {
		if (nh.n_type != NT_GNU_BUILD_ID || nh.n_namesz != 4 ||
		    memcmp(p + name_off, "GNU", 4) != 0 ||
		    nh.n_descsz == 0 || nh.n_descsz > sizeof(ret->bytes))
			continue;
		*ret = (struct kvmi_buildid){
			.len = nh.n_descsz,
			.note_va = va == 0 ? 0 : va + desc_off,
		};
		memcpy(ret->bytes, p + desc_off, nh.n_descsz);
		return (true);
	}
	return (false);
}

static bool
buildid_in_segments(struct kvmi_elf *e, struct kvmi_buildid *ret)
{
	Elf_Data *notes;
	GElf_Phdr ph;
	uint64_t va;
	size_t n;

	if (elf_getphdrnum(e->elf, &n) != 0)
		return (false);
	for (size_t i = 0; i < n; i++) {
		if (gelf_getphdr(e->elf, (int)i, &ph) == NULL ||
		    ph.p_type != PT_NOTE || ph.p_offset > INT64_MAX)
			continue;
		notes = elf_getdata_rawchunk(e->elf, (int64_t)ph.p_offset,
		    ph.p_filesz, ph.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
		va = kvmi_elf_find_load(e, ph.p_vaddr) != NULL ? ph.p_vaddr : 0;
		if (notes != NULL && buildid_in_notes(notes, va, ret))
			return (true);
	}
	return (false);
}

/*
 * Sections first: a file of debug information keeps them, while its program
 * headers speak of the file that it was split from.
 */
static bool
buildid_in_sections(struct kvmi_elf *e, struct kvmi_buildid *ret)
{
	Elf_Scn *scn = NULL;
	Elf_Data *notes;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(e->elf, scn)) != NULL) {
		if (gelf_getshdr(scn, &sh) == NULL ||
		    sh.sh_type != SHT_NOTE ||
		    (sh.sh_flags & SHF_COMPRESSED) != 0)
			continue;
		notes = elf_getdata(scn, NULL);
		if (notes != NULL && buildid_in_notes(notes,
		    (sh.sh_flags & SHF_ALLOC) != 0 ? sh.sh_addr : 0, ret))
			return (true);
	}
	return (false);
}

int
kvmi_elf_buildid(struct kvmi_elf *e, struct kvmi_buildid *ret,
    struct kvmi_err *err)
{
	if (!buildid_in_sections(e, ret) && !buildid_in_segments(e, ret))
		return (kvmi_fail(err, KVMI_ENOENT, "%s: no build id",
		    e->src->name));
	return (kvmi_src_check_lost(e->src, e->file.p, e->file.len, err));
}
