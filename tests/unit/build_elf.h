/* SPDX-License-Identifier: BSD-2-Clause */
/* A small kernel file, written by libelf. */
#ifndef BUILD_ELF_H
#define BUILD_ELF_H

#include <sys/mman.h>
#include <unistd.h>

#include <gelf.h>
#include <libelf.h>

#include "build_bytes.h"

enum elf_section {
	S_NOTE = 1, S_TEXT, S_RODATA, S_DATA, S_BSS, S_PERCPU, S_COMMENT, S_ODD,
	S_SYMTAB, S_STRTAB, S_SHSTRTAB, S_END,
};

struct elf_sym {
	const char	*name;
	uint64_t	 value;
	uint64_t	 size;
	unsigned char	 bind;
	unsigned char	 type;
	uint16_t	 section;
};

struct elf_spec {
	const char	*name;
	int		 class;
	bool		 big_endian;
	uint16_t	 type;
	uint16_t	 machine;
	uint8_t		 osabi;
	uint64_t	 base;		/* of the text */
	bool		 dynsym;	/* instead of .symtab */
	bool		 no_symbols;
	bool		 compress_symbols;
	bool		 compress_strings;
	bool		 no_note_section;	/* only its segment */
	bool		 no_segments;
	bool		 no_buildid;
	const struct elf_sym *sym;
	size_t		 n_sym;
};

#define ELF_TEXT_LEN	0x40
#define ELF_RODATA_OFF	0x1000	/* from base */
#define ELF_DATA_OFF	0x2000
#define ELF_DATA_LEN	0x30
#define ELF_BSS_LEN	0x100
#define ELF_NOTE_OFF	0x800
#define ELF_PERCPU_VA	0x10

static const struct {
	const char *name;
	uint32_t type;
	uint32_t flags;
	uint64_t off;		/* from base */
} elf_sections[S_END] = {
	[S_NOTE] = { ".notes", SHT_NOTE, SHF_ALLOC, ELF_NOTE_OFF },
	[S_TEXT] = { ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0 },
	[S_RODATA] = { ".rodata", SHT_PROGBITS, SHF_ALLOC, ELF_RODATA_OFF },
	[S_DATA] = { ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE,
	    ELF_DATA_OFF },
	[S_BSS] = { ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE,
	    ELF_DATA_OFF + ELF_DATA_LEN },
	[S_PERCPU] = { ".data..percpu", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE,
	    0 },
	[S_COMMENT] = { ".comment", SHT_PROGBITS, 0, 0 },
	[S_ODD] = { ".odd", SHT_PROGBITS, SHF_WRITE, 0 },
	[S_SYMTAB] = { ".symtab", SHT_SYMTAB, 0, 0 },
	[S_STRTAB] = { ".strtab", SHT_STRTAB, 0, 0 },
	[S_SHSTRTAB] = { ".shstrtab", SHT_STRTAB, 0, 0 },
};

/* Another note, then the build id: 20 bytes from 1 on. */
static inline void
elf_put_notes(const struct elf_spec *s, struct bytes *b)
{
	bytes_uint(b, 6, 4);
	bytes_uint(b, 4, 4);
	bytes_uint(b, 3, 4);
	bytes_put(b, "Linux\0\0\0", 8);
	bytes_uint(b, 0, 4);
	bytes_uint(b, 4, 4);
	bytes_uint(b, 20, 4);
	bytes_uint(b, s->no_buildid ? 4 : 3, 4);
	bytes_put(b, "GNU", 4);
	for (unsigned int i = 1; i <= 20; i++)
		bytes_uint(b, i, 1);
}

static inline void
elf_put_symbols(const struct elf_spec *s, struct bytes *symbols,
    struct bytes *strings)
{
	bytes_put(strings, "", 1);
	bytes_fill(symbols, 0, s->class == ELFCLASS64 ? 24 : 16);
	for (size_t i = 0; i < s->n_sym; i++) {
		const struct elf_sym *y = &s->sym[i];

		bytes_uint(symbols, strings->len, 4);
		if (s->class == ELFCLASS32) {
			bytes_uint(symbols, y->value, 4);
			bytes_uint(symbols, y->size, 4);
		}
		bytes_uint(symbols, GELF_ST_INFO(y->bind, y->type), 1);
		bytes_uint(symbols, 0, 1);
		bytes_uint(symbols, y->section, 2);
		if (s->class == ELFCLASS64) {
			bytes_uint(symbols, y->value, 8);
			bytes_uint(symbols, y->size, 8);
		}
		bytes_put(strings, y->name, strlen(y->name) + 1);
	}
}

static inline void
elf_put_section(const struct elf_spec *s, unsigned int i, struct bytes *b,
    struct bytes *symbols, struct bytes *strings)
{
	switch (i) {
	case S_NOTE:
		elf_put_notes(s, b);
		break;
	case S_TEXT:
		for (unsigned int j = 0; j < ELF_TEXT_LEN; j++)
			bytes_uint(b, 0x40 + j, 1);
		break;
	case S_DATA:
		bytes_fill(b, 0xdd, ELF_DATA_LEN);
		break;
	case S_SYMTAB:
		bytes_put(b, symbols->p, symbols->len);
		break;
	case S_STRTAB:
		bytes_put(b, strings->p, strings->len);
		break;
	case S_SHSTRTAB:
		bytes_put(b, "", 1);
		for (unsigned int j = 1; j < S_END; j++)
			bytes_put(b, elf_sections[j].name,
			    strlen(elf_sections[j].name) + 1);
		break;
	default:
		bytes_fill(b, 0xee, 0x20);
		break;
	}
}

static inline void
elf_make_section(const struct elf_spec *s, Elf *elf, unsigned int i,
    struct bytes *b)
{
	Elf_Scn *scn = elf_newscn(elf);
	Elf_Data *data = elf_newdata(scn);
	GElf_Shdr sh;

	if (gelf_getshdr(scn, &sh) == NULL)
		abort();
	sh.sh_name = 1;
	for (unsigned int j = 1; j < i; j++)
		sh.sh_name += strlen(elf_sections[j].name) + 1;
	sh.sh_type = elf_sections[i].type;
	sh.sh_flags = elf_sections[i].flags;
	sh.sh_addralign = 4;
	if ((sh.sh_flags & SHF_ALLOC) != 0)
		sh.sh_addr = s->base + elf_sections[i].off;
	if (i == S_PERCPU)
		sh.sh_addr = ELF_PERCPU_VA;
	if (i == S_NOTE && s->no_note_section)
		sh.sh_type = SHT_PROGBITS;
	if (i == S_SYMTAB) {
		sh.sh_type = s->no_symbols ? SHT_PROGBITS :
		    s->dynsym ? SHT_DYNSYM : SHT_SYMTAB;
		sh.sh_link = s->no_symbols ? 0 : S_STRTAB;
		sh.sh_info = 1;
		sh.sh_entsize = s->class == ELFCLASS64 ? 24 : 16;
	}
	data->d_type = ELF_T_BYTE;	/* bytes are in their order already */
	data->d_align = 4;
	data->d_buf = b->p;
	data->d_size = i == S_BSS ? ELF_BSS_LEN : b->len;
	if (gelf_update_shdr(scn, &sh) == 0)
		abort();
	if (((i == S_SYMTAB && s->compress_symbols) ||
	    (i == S_STRTAB && s->compress_strings)) &&
	    elf_compress(scn, ELFCOMPRESS_ZLIB, ELF_CHF_FORCE) != 1)
		abort();
}

static inline void
elf_make_segment(Elf *elf, int i, uint32_t type, unsigned int section,
    uint64_t more_mem)
{
	GElf_Phdr ph;
	GElf_Shdr sh;

	memset(&ph, 0, sizeof(ph));
	if (gelf_getshdr(elf_getscn(elf, section), &sh) == NULL)
		abort();
	ph.p_type = type;
	ph.p_offset = sh.sh_offset;
	ph.p_vaddr = ph.p_paddr = sh.sh_addr;
	ph.p_filesz = sh.sh_size;
	ph.p_memsz = sh.sh_size + more_mem;
	ph.p_align = 4;
	if (gelf_update_phdr(elf, i, &ph) == 0)
		abort();
}

static inline struct bytes
elf_build(const struct elf_spec *s)
{
	struct bytes symbols = { .big_endian = s->big_endian };
	struct bytes content[S_END] = { { 0 } };
	struct bytes strings = { 0 }, out = { .big_endian = s->big_endian };
	int fd = memfd_create("elf", 0);
	GElf_Ehdr eh;
	char buf[4096];
	ssize_t n;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_WRITE, NULL);
	if (elf == NULL || gelf_newehdr(elf, s->class) == NULL ||
	    gelf_getehdr(elf, &eh) == NULL)
		abort();
	eh.e_ident[EI_DATA] = s->big_endian ? ELFDATA2MSB : ELFDATA2LSB;
	eh.e_ident[EI_OSABI] = s->osabi;
	eh.e_type = s->type;
	eh.e_machine = s->machine;
	eh.e_version = EV_CURRENT;
	eh.e_shstrndx = S_SHSTRTAB;
	if (gelf_update_ehdr(elf, &eh) == 0 ||
	    (!s->no_segments && gelf_newphdr(elf, 5) == NULL))
		abort();
	elf_put_symbols(s, &symbols, &strings);
	for (unsigned int i = 1; i < S_END; i++) {
		content[i].big_endian = s->big_endian;
		elf_put_section(s, i, &content[i], &symbols, &strings);
		elf_make_section(s, elf, i, &content[i]);
	}
	if (elf_update(elf, ELF_C_NULL) < 0)
		abort();
	if (!s->no_segments) {
		elf_make_segment(elf, 0, PT_LOAD, S_TEXT, 0);
		elf_make_segment(elf, 1, PT_LOAD, S_NOTE, 0);
		elf_make_segment(elf, 2, PT_LOAD, S_DATA, ELF_BSS_LEN);
		elf_make_segment(elf, 3, PT_LOAD, S_PERCPU, 0);
		elf_make_segment(elf, 4, PT_NOTE, S_NOTE, 0);
	}
	if (elf_update(elf, ELF_C_WRITE) < 0)
		abort();
	elf_end(elf);
	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		bytes_put(&out, buf, (size_t)n);
	close(fd);
	for (unsigned int i = 1; i < S_END; i++)
		bytes_free(&content[i]);
	bytes_free(&symbols);
	bytes_free(&strings);
	return (out);
}

#define BASE64	UINT64_C(0xffffffff81000000)
#define BASE32	UINT64_C(0xc0100000)
#define DISP	INT64_C(0x1600000)

/* Sorted as the linker sorts them; values are from the base of the image. */
static const struct {
	struct elf_sym	 sym;
	char		 letter;	/* 0: not listed */
	bool		 in_image;	/* value is from base, and moves */
} symbols[] = {
	{ { "vmlinux.c", 0, 0, STB_LOCAL, STT_FILE, SHN_ABS }, 0, false },
	{ { "section", 0, 0, STB_LOCAL, STT_SECTION, S_TEXT }, 0, false },
	{ { "", 8, 0, STB_LOCAL, STT_NOTYPE, S_TEXT }, 0, true },
	{ { "text_local", 8, 4, STB_LOCAL, STT_FUNC, S_TEXT }, 't', true },
	{ { "twice", 12, 4, STB_LOCAL, STT_FUNC, S_TEXT }, 't', true },
	{ { "data_local", 0x2000, 4, STB_LOCAL, STT_OBJECT, S_DATA }, 'd',
	    true },
	{ { "bss_local", 0x2030, 4, STB_LOCAL, STT_OBJECT, S_BSS }, 'b',
	    true },
	{ { "rodata_local", 0x1000, 4, STB_LOCAL, STT_OBJECT, S_RODATA }, 'r',
	    true },
	{ { "abs_local", 0x1234, 0, STB_LOCAL, STT_NOTYPE, SHN_ABS }, 'a',
	    false },
	{ { "comment", BASE64, 0, STB_LOCAL, STT_NOTYPE, S_COMMENT }, 'n',
	    false },
	{ { "odd", 0, 0, STB_LOCAL, STT_NOTYPE, S_ODD }, '?', false },
	{ { "_text", 0, 0, STB_GLOBAL, STT_NOTYPE, S_TEXT }, 'T', true },
	{ { "text_global", 16, 8, STB_GLOBAL, STT_FUNC, S_TEXT }, 'T', true },
	{ { "twice", 32, 8, STB_GLOBAL, STT_FUNC, S_TEXT }, 'T', true },
	{ { "data_global", 0x2008, 8, STB_GLOBAL, STT_OBJECT, S_DATA }, 'D',
	    true },
	{ { "bss_global", 0x2040, 8, STB_GLOBAL, STT_OBJECT, S_BSS }, 'B',
	    true },
	{ { "rodata_global", 0x1008, 8, STB_GLOBAL, STT_OBJECT, S_RODATA },
	    'R', true },
	{ { "note_global", 0x800, 8, STB_GLOBAL, STT_OBJECT, S_NOTE }, 'R',
	    true },
	{ { "abs_global", 0x5678, 0, STB_GLOBAL, STT_NOTYPE, SHN_ABS }, 'A',
	    false },
	{ { "percpu_global", 0x18, 8, STB_GLOBAL, STT_OBJECT, S_PERCPU }, 'D',
	    false },
	{ { "per_cpu_load", 0x3000, 0, STB_GLOBAL, STT_NOTYPE, S_PERCPU }, 'D',
	    true },
	{ { "common", 8, 8, STB_GLOBAL, STT_OBJECT, SHN_COMMON }, 'C', false },
	{ { "undefined", 0, 0, STB_GLOBAL, STT_NOTYPE, SHN_UNDEF }, 'U',
	    false },
	{ { "weak_text", 24, 0, STB_WEAK, STT_FUNC, S_TEXT }, 'W', true },
	{ { "weak_data", 0x2010, 0, STB_WEAK, STT_OBJECT, S_DATA }, 'V',
	    true },
	{ { "weak_undefined", 0, 0, STB_WEAK, STT_NOTYPE, SHN_UNDEF }, 'w',
	    false },
	{ { "weak_undefined_object", 0, 0, STB_WEAK, STT_OBJECT, SHN_UNDEF },
	    'v', false },
	{ { "no_such_section", 0, 0, STB_GLOBAL, STT_FUNC, S_END + 5 }, 0,
	    false },
};

#endif
