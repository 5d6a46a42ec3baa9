/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs and libraries, which are ELF files of the types that kernels are of
 * too, but have what no kernel has.
 */
#include "sym/elf_impl.h"

#include <string.h>

#include "base/math.h"

/* What FreeBSD's kernels are linked with (sys/conf/kern.pre.mk). */
#define NO_INTERPRETER	"/red/herring"

static bool
has_interpreter(const struct kvmi_elf *e, const GElf_Phdr *ph)
{
	const char *p = (const char *)e->file.p + ph->p_offset;

	/* In a file of debug information there are other bytes. */
	return (ph->p_filesz > 1 &&
	    kvmi_inside(ph->p_offset, ph->p_filesz, e->file.len) &&
	    p[0] == '/' && strnlen(p, ph->p_filesz) == ph->p_filesz - 1 &&
	    strcmp(p, NO_INTERPRETER) != 0);
}

static bool
has_name(const struct kvmi_elf *e, const GElf_Phdr *ph)
{
	Elf_Data *dyn;
	GElf_Dyn d;

	if (!kvmi_inside(ph->p_offset, ph->p_filesz, e->file.len))
		return (false);
	dyn = elf_getdata_rawchunk(e->elf, (int64_t)ph->p_offset,
	    ph->p_filesz, ELF_T_DYN);
	for (int i = 0; dyn != NULL && gelf_getdyn(dyn, i, &d) != NULL &&
	    d.d_tag != DT_NULL; i++)
		if (d.d_tag == DT_SONAME)
			return (true);
	return (false);
}

const char *
kvmi_elf_program(const struct kvmi_elf *e)
{
	const char *what = NULL;
	GElf_Phdr ph;
	size_t n;

	if (elf_getphdrnum(e->elf, &n) != 0)
		return (NULL);
	for (size_t i = 0; i < n && what == NULL; i++) {
		if (gelf_getphdr(e->elf, (int)i, &ph) == NULL)
			break;
		if (ph.p_type == PT_INTERP && has_interpreter(e, &ph))
			what = "a program (the kernel's is called vmlinux, or "
			    "/boot/kernel/kernel)";
		else if (ph.p_type == PT_DYNAMIC && has_name(e, &ph))
			what = "a shared library";
		else if (ph.p_type == PT_TLS)
			what = "a program or library, which has variables of "
			    "threads";
	}
	return (what);
}
