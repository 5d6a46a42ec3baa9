/* SPDX-License-Identifier: BSD-2-Clause */
/* A /proc/kcore of two segments, of which one has no physical address. */
#ifndef TEST_LIVE_KCORE_H
#define TEST_LIVE_KCORE_H

#include <elf.h>
#include <stddef.h>

#include "base/math.h"
#include "test_live_root.h"

#define TEXT_VA		UINT64_C(0xffffffff81000000)
#define VMALLOC_VA	UINT64_C(0xffffc90000000000)
#define TEXT_PA		UINT64_C(0x1000000)
#define SEGMENT_SIZE	8192
#define KERNELOFFSET	"1a000000"

struct kcore {
	Elf64_Ehdr	eh;
	Elf64_Phdr	ph[3];
	struct {
		Elf64_Nhdr	nh;
		char		name[12];
		char		desc[64];
	} note;
	uint8_t		text[SEGMENT_SIZE];
	uint8_t		vmalloc[SEGMENT_SIZE];
};

static inline void
make_kcore(struct kcore *c)
{
	static const char info[] = "OSRELEASE=6.1.0\nKERNELOFFSET="
	    KERNELOFFSET "\nCRASHTIME=0\n";
	bool big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

	memset(c, 0, sizeof(*c));
	memcpy(c->eh.e_ident, ELFMAG, SELFMAG);
	c->eh.e_ident[EI_CLASS] = ELFCLASS64;
	c->eh.e_ident[EI_DATA] = big ? ELFDATA2MSB : ELFDATA2LSB;
	c->eh.e_ident[EI_VERSION] = EV_CURRENT;
	c->eh.e_type = ET_CORE;
	c->eh.e_machine = EM_X86_64;
	c->eh.e_version = EV_CURRENT;
	c->eh.e_phoff = offsetof(struct kcore, ph);
	c->eh.e_ehsize = sizeof(c->eh);
	c->eh.e_phentsize = sizeof(c->ph[0]);
	c->eh.e_phnum = KVMI_COUNT(c->ph);
	c->ph[0] = (Elf64_Phdr){ .p_type = PT_NOTE,
		.p_offset = offsetof(struct kcore, note),
		.p_filesz = sizeof(c->note) };
	c->ph[1] = (Elf64_Phdr){ .p_type = PT_LOAD,
		.p_offset = offsetof(struct kcore, text), .p_vaddr = TEXT_VA,
		.p_paddr = TEXT_PA, .p_filesz = SEGMENT_SIZE,
		.p_memsz = SEGMENT_SIZE };
	c->ph[2] = (Elf64_Phdr){ .p_type = PT_LOAD,
		.p_offset = offsetof(struct kcore, vmalloc),
		.p_vaddr = VMALLOC_VA, .p_paddr = UINT64_MAX,
		.p_filesz = SEGMENT_SIZE, .p_memsz = SEGMENT_SIZE };
	c->note.nh = (Elf64_Nhdr){ .n_namesz = sizeof("VMCOREINFO"),
		.n_descsz = sizeof(info) - 1 };
	memcpy(c->note.name, "VMCOREINFO", sizeof("VMCOREINFO"));
	memcpy(c->note.desc, info, sizeof(info));
	for (size_t i = 0; i < SEGMENT_SIZE; i++) {
		c->text[i] = (uint8_t)(i * 7);
		c->vmalloc[i] = (uint8_t)(i * 11 + 1);
	}
}

#endif
