/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs and libraries, which are ELF files of the types that kernels are of
 * too, but have what no kernel has.
 */
#include "sym/elf_impl.h"

#include <string.h>

#include "base/endian.h"
#include "base/math.h"

/* What FreeBSD's kernels are linked with (sys/conf/kern.pre.mk). */
#define NO_INTERPRETER	"/red/herring"

/* Longer no such part of a program is. */
#define MAX_INTERPRETER	4096
#define MAX_DYNAMIC	65536

/* What the segment has in the file; it may be anything. */
static const char *
segment(const struct kvmi_elf *e, const GElf_Phdr *ph)
{
	if (!kvmi_inside(ph->p_offset, ph->p_filesz, e->file.len))
		return (NULL);
	return ((const char *)e->file.p + ph->p_offset);
}

static bool
has_interpreter(const struct kvmi_elf *e, const GElf_Phdr *ph)
{
	const char *p = segment(e, ph);
	uint64_t len = ph->p_filesz;

	/* In a file of debug information there are other bytes. */
	return (p != NULL && len > 1 && len <= MAX_INTERPRETER &&
	    p[0] == '/' && strnlen(p, len) == len - 1 &&
	    strcmp(p, NO_INTERPRETER) != 0);
}

/* Other bytes have no table of strings, or no end. */
static bool
has_name(const struct kvmi_elf *e, const GElf_Phdr *ph)
{
	const char *p = segment(e, ph);
	uint64_t len = kvmi_min(ph->p_filesz, MAX_DYNAMIC);
	bool big = e->eh.e_ident[EI_DATA] == ELFDATA2MSB;
	unsigned int word = e->eh.e_ident[EI_CLASS] == ELFCLASS32 ? 4 : 8;
	bool name = false, strings = false;

	for (uint64_t i = 0; p != NULL && len - i >= 2 * word; i += 2 * word) {
		uint64_t tag = kvmi_get_uint(p + i, word, big);

		if (tag == DT_NULL)
			return (name && strings);
		name |= tag == DT_SONAME;
		strings |= tag == DT_STRTAB;
	}
	return (false);
}

const char *
kvmi_elf_program(const struct kvmi_elf *e)
{
	const char *what = NULL;
	bool dynamic = false;
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
		else if (ph.p_type == PT_DYNAMIC && !dynamic &&
		    has_name(e, &ph))
			what = "a shared library";
		else if (ph.p_type == PT_TLS)
			what = "a program or library, which has variables of "
			    "threads";
		/* There is one; made-up files have thousands. */
		dynamic |= ph.p_type == PT_DYNAMIC;
	}
	return (what);
}
