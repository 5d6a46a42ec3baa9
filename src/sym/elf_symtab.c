/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel file.  libelf parses it out of memory; what it leaves to its
 * users to check (string offsets, links, counts, notes) is checked here.
 * libelf caches without locks: only kvmi_elf_read() may run concurrently.
 */
#include "sym/elf_symtab.h"

#include <ctype.h>
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"

#define MAX_COPY	(UINT64_C(1) << 30)	/* of what cannot be mapped */
#define MAX_SECTION	(UINT64_C(1) << 30)	/* after decompression */
#define MAX_NAME	4096

struct load {
	uint64_t	 va;
	uint64_t	 off;
	uint64_t	 filesz;
	uint64_t	 memsz;
};

struct kvmi_elf {
	struct kvmi_src	*src;
	struct kvmi_blob file;
	void		*copy;		/* which libelf may write to */
	Elf		*elf;
	GElf_Ehdr	 eh;
	struct load	*load;
	size_t		 n_loads;
	bool		 module;	/* may be an object file */
	uint64_t	 text_start;	/* lowest address of code */
};

/* A symbol table with everything that is needed to read it. */
struct symbols {
	Elf_Data	*data;
	Elf_Data	*xindex;	/* section numbers above 0xff00 */
	const char	*strings;
	size_t		 strings_len;	/* ends with a NUL */
	size_t		 n;
};

struct symbol {
	GElf_Sym	 sym;
	const char	*name;
	GElf_Shdr	 shdr;		/* when in_section */
	bool		 in_section;
	size_t		 section;	/* its number, when in_section */
};

static int
not_kernel(const struct kvmi_elf *e, const char *why, struct kvmi_err *err)
{
	return (kvmi_fail(err, KVMI_EFORMAT, "%s: not a kernel file: %s",
	    e->src->name, why));
}

static int
malformed(const struct kvmi_elf *e, const char *what, struct kvmi_err *err)
{
	return (kvmi_fail(err, KVMI_EFORMAT, "%s: malformed ELF file: %s: %s",
	    e->src->name, what, elf_errmsg(-1)));
}

/* What people give instead of the ELF file of a kernel. */
static const char *
look_alike(const uint8_t *p, size_t len)
{
	static const struct {
		size_t		 off;
		size_t		 len;
		const char	*magic;
		const char	*what;
	} known[] = {
		{ 0x202, 4, "HdrS",
		    "a compressed boot image (bzImage); extract vmlinux" },
		{ 0x38, 4, "ARM\x64",
		    "a boot image (arm64 Image); give the vmlinux" },
		{ 0, 2, "\x1f\x8b", "compressed with gzip" },
		{ 0, 6, "\xfd" "7zXZ", "compressed with xz" },
		{ 0, 4, "\x28\xb5\x2f\xfd", "compressed with zstd" },
		{ 0, 4, "KDUM", "a crash dump" },
		{ 0, 8, "makedump", "a crash dump (makedumpfile -F)" },
		{ 0, 8, "minidump", "a crash dump (FreeBSD minidump)" },
		{ 0, 7, "!<arch>", "an archive" },
	};

	for (size_t i = 0; i < KVMI_COUNT(known); i++)
		if (kvmi_inside(known[i].off, known[i].len, len) &&
		    memcmp(p + known[i].off, known[i].magic,
		    known[i].len) == 0)
			return (known[i].what);
	return ("no ELF file");
}

static int
check_header(struct kvmi_elf *e, struct kvmi_err *err)
{
	uint64_t len;

	if (gelf_getehdr(e->elf, &e->eh) == NULL)
		return (malformed(e, "header", err));
	switch (e->eh.e_type) {
	case ET_EXEC:
	case ET_DYN:
		break;
	case ET_CORE:
		return (not_kernel(e, "a core file or crash dump", err));
	case ET_REL:
		if (e->module)
			break;
		return (not_kernel(e, "an object file or kernel module", err));
	default:
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: not a kernel file: "
		    "ELF type %u", e->src->name, e->eh.e_type));
	}
	len = (uint64_t)e->eh.e_phnum * e->eh.e_phentsize;
	if (e->eh.e_phnum != 0 &&
	    !kvmi_inside(e->eh.e_phoff, len, e->file.len))
		return (kvmi_fail(err, KVMI_ETRUNC, "%s: program headers at 0x%"
		    PRIx64 " pass the end of the file at 0x%zx", e->src->name,
		    e->eh.e_phoff, e->file.len));
	len = (uint64_t)e->eh.e_shnum * e->eh.e_shentsize;
	if (e->eh.e_shoff != 0 &&
	    !kvmi_inside(e->eh.e_shoff, len, e->file.len))
		return (kvmi_fail(err, KVMI_ETRUNC, "%s: section headers at 0x%"
		    PRIx64 " pass the end of the file at 0x%zx", e->src->name,
		    e->eh.e_shoff, e->file.len));
	return (0);
}

static int
read_loads(struct kvmi_elf *e, struct kvmi_err *err)
{
	GElf_Phdr ph;
	size_t n;

	if (elf_getphdrnum(e->elf, &n) != 0)
		return (malformed(e, "number of program headers", err));
	if (n > e->file.len / sizeof(Elf32_Phdr))
		return (malformed(e, "too many program headers", err));
	e->load = calloc(n + 1, sizeof(e->load[0]));
	if (e->load == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM,
		    "%s: no memory for %zu program headers", e->src->name, n));
	for (size_t i = 0; i < n; i++) {
		if (gelf_getphdr(e->elf, (int)i, &ph) == NULL)
			return (malformed(e, "program header", err));
		if (ph.p_type == PT_LOAD)
			e->load[e->n_loads++] = (struct load){
				ph.p_vaddr, ph.p_offset, ph.p_filesz,
				ph.p_memsz,
			};
	}
	return (0);
}

/* Is a symbol table, or what it links to, compressed? */
static bool
needs_decompression(const struct kvmi_elf *e)
{
	Elf_Scn *scn = NULL, *link;
	GElf_Shdr sh, link_sh;

	while ((scn = elf_nextscn(e->elf, scn)) != NULL) {
		if (gelf_getshdr(scn, &sh) == NULL ||
		    (sh.sh_type != SHT_SYMTAB && sh.sh_type != SHT_DYNSYM))
			continue;
		if ((sh.sh_flags & SHF_COMPRESSED) != 0)
			return (true);
		link = elf_getscn(e->elf, sh.sh_link);
		if (link != NULL && gelf_getshdr(link, &link_sh) != NULL &&
		    (link_sh.sh_flags & SHF_COMPRESSED) != 0)
			return (true);
	}
	return (false);
}

static void
find_text_start(struct kvmi_elf *e)
{
	const GElf_Xword code = SHF_ALLOC | SHF_EXECINSTR;
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	e->text_start = UINT64_MAX;
	while ((scn = elf_nextscn(e->elf, scn)) != NULL)
		if (gelf_getshdr(scn, &sh) != NULL &&
		    (sh.sh_flags & code) == code && sh.sh_size != 0 &&
		    sh.sh_addr < e->text_start)
			e->text_start = sh.sh_addr;
	if (e->text_start == UINT64_MAX)
		e->text_start = 0;
}

/* libelf takes its input as writable; only elf_compress() writes to it. */
static int
start_libelf(struct kvmi_elf *e, struct kvmi_err *err)
{
	void *p = e->copy != NULL ? e->copy :
	    (void *)(uintptr_t)e->file.p;

	elf_end(e->elf);
	e->elf = elf_memory(p, e->file.len);
	if (e->elf == NULL)
		return (malformed(e, "libelf", err));
	return (0);
}

static int
load_file(struct kvmi_elf *e, struct kvmi_err *err)
{
	struct kvmi_src *s = e->src;
	int r;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return (malformed(e, "libelf", err));
	if (s->size > MAX_COPY && kvmi_src_ptr(s, 0, s->size) == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: a kernel file of %"
		    PRIu64 " bytes, which cannot be mapped, is too large",
		    s->name, s->size));
	r = kvmi_src_blob(s, 0, s->size, "kernel file", &e->file, err);
	if (r != 0)
		return (r);
	if (e->file.len < SELFMAG ||
	    memcmp(e->file.p, ELFMAG, SELFMAG) != 0)
		return (not_kernel(e, look_alike(e->file.p, e->file.len),
		    err));
	if (e->file.len < EI_NIDENT)
		return (kvmi_fail(err, KVMI_ETRUNC,
		    "%s: the file ends within its ELF header", s->name));
	r = start_libelf(e, err);
	if (r == 0)
		r = check_header(e, err);
	if (r != 0 || !needs_decompression(e))
		return (r);
	e->copy = e->file.len <= MAX_COPY ? malloc(e->file.len) : NULL;
	if (e->copy == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: no memory for the %zu"
		    " bytes of the file with its compressed symbol table",
		    s->name, e->file.len));
	memcpy(e->copy, e->file.p, e->file.len);
	return (start_libelf(e, err));
}

static int
open_elf(struct kvmi_src *src, bool module, struct kvmi_elf **ret,
    struct kvmi_err *err)
{
	struct kvmi_elf *e = calloc(1, sizeof(*e));
	int r;

	if (e == NULL) {
		kvmi_src_close(src);
		return (kvmi_fail(err, KVMI_ENOMEM,
		    "no memory for a kernel file"));
	}
	e->src = src;
	e->module = module;
	r = load_file(e, err);
	if (r == 0)
		r = read_loads(e, err);
	if (r == 0) {
		find_text_start(e);
		r = kvmi_src_check_lost(src, e->file.p, e->file.len, err);
	}
	if (r != 0) {
		kvmi_elf_close(e);
		return (r);
	}
	*ret = e;
	return (0);
}

int
kvmi_elf_open(struct kvmi_src *src, struct kvmi_elf **ret,
    struct kvmi_err *err)
{
	return (open_elf(src, false, ret, err));
}

int
kvmi_elf_open_module(struct kvmi_src *src, struct kvmi_elf **ret,
    struct kvmi_err *err)
{
	return (open_elf(src, true, ret, err));
}

void
kvmi_elf_close(struct kvmi_elf *e)
{
	if (e == NULL)
		return;
	elf_end(e->elf);
	free(e->load);
	free(e->copy);
	kvmi_blob_release(&e->file);
	kvmi_src_close(e->src);
	free(e);
}

const struct kvmi_blob *
kvmi_elf_bytes(const struct kvmi_elf *e, struct kvmi_src **src)
{
	*src = e->src;
	return (&e->file);
}

uint16_t
kvmi_elf_machine(const struct kvmi_elf *e)
{
	return (e->eh.e_machine);
}

uint8_t
kvmi_elf_pointer_size(const struct kvmi_elf *e)
{
	return (gelf_getclass(e->elf) == ELFCLASS32 ? 4 : 8);
}

bool
kvmi_elf_big_endian(const struct kvmi_elf *e)
{
	return (e->eh.e_ident[EI_DATA] == ELFDATA2MSB);
}

uint8_t
kvmi_elf_osabi(const struct kvmi_elf *e)
{
	return (e->eh.e_ident[EI_OSABI]);
}

/* The segment that va is loaded with. */
static const struct load *
find_load(const struct kvmi_elf *e, uint64_t va)
{
	for (size_t i = 0; i < e->n_loads; i++)
		if (va >= e->load[i].va &&
		    va - e->load[i].va < e->load[i].memsz)
			return (&e->load[i]);
	return (NULL);
}

int
kvmi_elf_read(struct kvmi_elf *e, uint64_t va, void *buf, size_t len,
    struct kvmi_err *err)
{
	uint8_t *out = buf;
	const struct load *l;
	uint64_t at, in_file;
	size_t n, n_file;

	for (; len > 0; len -= n, va += n, out += n) {
		l = find_load(e, va);
		if (l == NULL)
			return (kvmi_fail(err, KVMI_ENOTMAPPED,
			    "%s: no segment holds 0x%" PRIx64, e->src->name,
			    va));
		at = va - l->va;
		n = (size_t)kvmi_min(len, l->memsz - at);
		in_file = l->filesz > at ? l->filesz - at : 0;
		n_file = (size_t)kvmi_min(n, in_file);
		if (n_file > 0 && (!kvmi_add(l->off, at, &at) ||
		    !kvmi_inside(at, n_file, e->file.len)))
			return (kvmi_fail(err, KVMI_ETRUNC, "%s: the segment "
			    "of 0x%" PRIx64 " passes the end of the file at "
			    "0x%zx", e->src->name, va, e->file.len));
		if (n_file > 0)
			memcpy(out, e->file.p + at, n_file);
		memset(out + n_file, 0, n - n_file);
	}
	return (kvmi_src_check_lost(e->src, e->file.p, e->file.len, err));
}

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
		va = find_load(e, ph.p_vaddr) != NULL ? ph.p_vaddr : 0;
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

/* All bytes of a section, decompressed. */
static Elf_Data *
section_data(struct kvmi_elf *e, Elf_Scn *scn, struct kvmi_err *err)
{
	Elf_Data *data;
	GElf_Shdr sh;
	GElf_Chdr ch;

	if (gelf_getshdr(scn, &sh) == NULL) {
		malformed(e, "section header", err);
		return (NULL);
	}
	if ((sh.sh_flags & SHF_COMPRESSED) != 0) {
		if (gelf_getchdr(scn, &ch) == NULL) {
			malformed(e, "header of a compressed section", err);
			return (NULL);
		}
		if (ch.ch_size > MAX_SECTION) {
			kvmi_fail(err, KVMI_ENOMEM, "%s: section %zu is too "
			    "large: %" PRIu64 " bytes", e->src->name,
			    elf_ndxscn(scn), ch.ch_size);
			return (NULL);
		}
		if (elf_compress(scn, 0, 0) < 0) {
			malformed(e, "compressed section", err);
			return (NULL);
		}
	}
	data = elf_getdata(scn, NULL);
	if (data == NULL || data->d_buf == NULL) {
		malformed(e, "section without data", err);
		return (NULL);
	}
	return (data);
}

static Elf_Scn *
find_section(struct kvmi_elf *e, GElf_Word type, GElf_Word link)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(e->elf, scn)) != NULL)
		if (gelf_getshdr(scn, &sh) != NULL && sh.sh_type == type &&
		    (link == 0 || sh.sh_link == link))
			return (scn);
	return (NULL);
}

static int
symbols_init(struct kvmi_elf *e, struct symbols *ret, struct kvmi_err *err)
{
	Elf_Scn *scn, *link, *xindex;
	Elf_Data *strings;
	size_t entry;
	GElf_Shdr sh;

	scn = find_section(e, SHT_SYMTAB, 0);
	if (scn == NULL)
		scn = find_section(e, SHT_DYNSYM, 0);
	if (scn == NULL)
		return (kvmi_fail(err, KVMI_ENOENT,
		    "%s: no symbol table (stripped)", e->src->name));
	if (gelf_getshdr(scn, &sh) == NULL)
		return (malformed(e, "header of the symbol table", err));
	link = elf_getscn(e->elf, sh.sh_link);
	if (sh.sh_link == 0 || link == NULL)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: the symbol table "
		    "links to section %u, which is no string table",
		    e->src->name, sh.sh_link));
	ret->data = section_data(e, scn, err);
	strings = section_data(e, link, err);
	if (ret->data == NULL || strings == NULL)
		return (err->code);
	ret->strings = strings->d_buf;
	ret->strings_len = strings->d_size;
	while (ret->strings_len > 0 &&
	    ret->strings[ret->strings_len - 1] != '\0')
		ret->strings_len--;
	xindex = find_section(e, SHT_SYMTAB_SHNDX, (GElf_Word)elf_ndxscn(scn));
	ret->xindex = xindex == NULL ? NULL : elf_getdata(xindex, NULL);
	entry = gelf_fsize(e->elf, ELF_T_SYM, 1, EV_CURRENT);
	ret->n = (size_t)kvmi_min(ret->data->d_size / entry, INT_MAX);
	return (kvmi_src_check_lost(e->src, e->file.p, e->file.len, err));
}

/* Symbol i; false: it is none that anyone looks up. */
static bool
symbol_get(struct kvmi_elf *e, const struct symbols *st, size_t i,
    struct symbol *ret)
{
	Elf32_Word xindex = 0;
	Elf_Scn *scn;
	size_t index;

	if (gelf_getsymshndx(st->data, st->xindex, (int)i, &ret->sym,
	    &xindex) == NULL)
		return (false);
	if (GELF_ST_TYPE(ret->sym.st_info) == STT_FILE ||
	    GELF_ST_TYPE(ret->sym.st_info) == STT_SECTION ||
	    ret->sym.st_name >= st->strings_len ||
	    st->strings[ret->sym.st_name] == '\0')
		return (false);
	ret->name = st->strings + ret->sym.st_name;
	index = ret->sym.st_shndx == SHN_XINDEX ? xindex : ret->sym.st_shndx;
	ret->in_section = index != SHN_UNDEF &&
	    (index < SHN_LORESERVE || ret->sym.st_shndx == SHN_XINDEX);
	if (!ret->in_section)
		return (true);
	ret->section = index;
	scn = elf_getscn(e->elf, index);
	return (scn != NULL && gelf_getshdr(scn, &ret->shdr) != NULL);
}

/* The letter of a section, as a local symbol in it has. */
static char
section_letter(const GElf_Shdr *sh)
{
	if ((sh->sh_flags & SHF_ALLOC) == 0)
		return ((sh->sh_flags & SHF_WRITE) != 0 ? '?' : 'n');
	if ((sh->sh_flags & SHF_EXECINSTR) != 0)
		return ('t');
	/* A file of debug information has read-only sections without bits. */
	if (sh->sh_type == SHT_NOBITS && (sh->sh_flags & SHF_WRITE) != 0)
		return ('b');
	return ((sh->sh_flags & SHF_WRITE) != 0 ? 'd' : 'r');
}

/* As nm(1) prints it. */
static char
symbol_letter(const struct symbol *s)
{
	unsigned int bind = GELF_ST_BIND(s->sym.st_info);
	bool object = GELF_ST_TYPE(s->sym.st_info) == STT_OBJECT;
	bool undefined = s->sym.st_shndx == SHN_UNDEF;
	char letter;

	if (bind == STB_WEAK && undefined)
		return (object ? 'v' : 'w');
	if (undefined)
		return ('U');
	if (bind == STB_WEAK)
		return (object ? 'V' : 'W');
	if (s->sym.st_shndx == SHN_COMMON)
		return ('C');
	letter = s->in_section ? section_letter(&s->shdr) : 'a';
	return (bind == STB_LOCAL ? letter : (char)toupper(letter));
}

/*
 * Does the symbol move with the image?  Offsets of per-CPU variables (x86-64
 * before Linux 6.15) lie far below it and do not.
 */
static bool
is_relocated(const struct kvmi_elf *e, const struct symbol *s)
{
	return (s->in_section && (s->shdr.sh_flags & SHF_ALLOC) != 0 &&
	    s->sym.st_value >= e->text_start / 2);
}

/* Where a symbol is in the running kernel; false: it is not to be listed. */
typedef bool place_fn(struct kvmi_elf *e, const struct symbol *s,
    const void *arg, uint64_t *va);

static int
add_symbols(struct kvmi_elf *e, const char *module, place_fn *place,
    const void *arg, struct kvmi_symtab *t, struct kvmi_err *err)
{
	struct symbols st = { 0 };
	struct symbol s;
	uint64_t va;
	size_t len;
	int r;

	r = symbols_init(e, &st, err);
	for (size_t i = 1; r == 0 && i < st.n; i++) {
		if (!symbol_get(e, &st, i, &s) || !place(e, &s, arg, &va))
			continue;
		/* Names may overlap: short files could ask for much memory. */
		len = strnlen(s.name, MAX_NAME + 1);
		if (len > MAX_NAME)
			r = kvmi_fail(err, KVMI_EFORMAT, "%s: the name of "
			    "symbol %zu has more than %d bytes", e->src->name,
			    i, MAX_NAME);
		else
			r = kvmi_symtab_add(t, s.name, len, module, va,
			    s.sym.st_size, symbol_letter(&s), err);
	}
	if (r != 0)
		return (r);
	return (kvmi_src_check_lost(e->src, e->file.p, e->file.len, err));
}

static bool
place_displaced(struct kvmi_elf *e, const struct symbol *s, const void *arg,
    uint64_t *va)
{
	const int64_t *disp = arg;

	*va = s->sym.st_value;
	if (is_relocated(e, s))
		*va = (*va + (uint64_t)*disp) &
		    (gelf_getclass(e->elf) == ELFCLASS32 ? UINT32_MAX :
		    UINT64_MAX);
	return (true);
}

int
kvmi_elf_symbols(struct kvmi_elf *e, int64_t disp, struct kvmi_symtab *t,
    struct kvmi_err *err)
{
	return (add_symbols(e, "", place_displaced, &disp, t, err));
}

/* Where a module's sections are; of ET_DYN only the base counts. */
struct placement {
	uint64_t	 base;
	const uint64_t	*section;	/* by number; 0: nowhere */
	size_t		 n_sections;
};

static bool
place_module(struct kvmi_elf *e, const struct symbol *s, const void *arg,
    uint64_t *va)
{
	const struct placement *p = arg;

	if (!s->in_section || (s->shdr.sh_flags & SHF_ALLOC) == 0)
		return (false);
	*va = p->base + s->sym.st_value;
	if (e->eh.e_type != ET_REL)
		return (true);
	if (s->section >= p->n_sections || p->section[s->section] == 0)
		return (false);
	*va = p->section[s->section] + s->sym.st_value;
	return (true);
}

/*
 * FreeBSD's kernel loads an object file section by section, as they come
 * (link_elf_load_file() in sys/kern/link_elf_obj.c).  Its older releases do so
 * with those too that are not to be allocated (all).
 */
static bool
is_laid_out(const struct kvmi_elf *e, const GElf_Shdr *sh, bool all)
{
	switch (sh->sh_type) {
	case SHT_PROGBITS:
	case SHT_NOBITS:
		break;
	case SHT_X86_64_UNWIND:
		if (e->eh.e_machine != EM_X86_64)
			return (false);
		/* FALLTHROUGH */
	case SHT_INIT_ARRAY:
	case SHT_FINI_ARRAY:
		if (all)
			return (false);
		break;
	default:
		return (false);
	}
	return (all || (sh->sh_size != 0 && (sh->sh_flags & SHF_ALLOC) != 0));
}

/* Where each section is; returns how many bytes they take. */
static uint64_t
lay_out(struct kvmi_elf *e, uint64_t base, bool all, uint64_t *section,
    size_t n)
{
	uint64_t at = base, align;
	Elf_Scn *scn;
	GElf_Shdr sh;
	const char *name;

	for (size_t i = 1; i < n; i++) {
		section[i] = 0;
		scn = elf_getscn(e->elf, i);
		if (scn == NULL || gelf_getshdr(scn, &sh) == NULL ||
		    !is_laid_out(e, &sh, all))
			continue;
		align = kvmi_is_pow2(sh.sh_addralign) ? sh.sh_addralign : 1;
		if (!kvmi_round_up(at, align, &at))
			return (0);
		section[i] = at;
		if (!kvmi_add(at, sh.sh_size, &at))
			return (0);
		/* The kernel moves these to where each CPU's or vnet's are. */
		name = elf_strptr(e->elf, e->eh.e_shstrndx, sh.sh_name);
		if (name != NULL && (strcmp(name, "set_pcpu") == 0 ||
		    strcmp(name, "set_vnet") == 0))
			section[i] = 0;
	}
	return (at - base);
}

int
kvmi_elf_module_symbols(struct kvmi_elf *e, uint64_t base, uint64_t size,
    const char *module, struct kvmi_symtab *t, struct kvmi_err *err)
{
	struct placement p = { .base = base };
	uint64_t *section = NULL, need;
	int r;

	if (e->eh.e_type == ET_REL) {
		if (elf_getshdrnum(e->elf, &p.n_sections) != 0 ||
		    p.n_sections > e->file.len / sizeof(Elf32_Shdr))
			return (malformed(e, "sections", err));
		section = calloc(p.n_sections + 1, sizeof(*section));
		if (section == NULL)
			return (kvmi_fail(err, KVMI_ENOMEM, "%s: no memory for "
			    "%zu sections", e->src->name, p.n_sections));
		need = lay_out(e, base, true, section, p.n_sections);
		if (need != size)
			need = lay_out(e, base, false, section, p.n_sections);
		/* The boot loader counts symbols too. */
		if (need > size) {
			free(section);
			return (kvmi_fail(err, KVMI_EMISMATCH, "%s has %" PRIu64
			    " bytes to load, but %s has %" PRIu64,
			    e->src->name, need, module, size));
		}
		p.section = section;
	}
	r = add_symbols(e, module, place_module, &p, t, err);
	free(section);
	return (r);
}

bool
kvmi_elf_has_symtab(const struct kvmi_elf *e)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(e->elf, scn)) != NULL)
		if (gelf_getshdr(scn, &sh) != NULL &&
		    sh.sh_type == SHT_SYMTAB)
			return (true);
	return (false);
}

static bool
section_bytes(const struct kvmi_elf *e, Elf_Scn *scn, const uint8_t **p,
    size_t *len, uint32_t *link)
{
	GElf_Shdr sh;

	if (scn == NULL || gelf_getshdr(scn, &sh) == NULL ||
	    sh.sh_type == SHT_NOBITS || (sh.sh_flags & SHF_COMPRESSED) != 0 ||
	    !kvmi_inside(sh.sh_offset, sh.sh_size, e->file.len))
		return (false);
	*p = e->file.p + sh.sh_offset;
	*len = sh.sh_size;
	*link = sh.sh_link;
	return (true);
}

bool
kvmi_elf_section(const struct kvmi_elf *e, const char *name,
    const uint8_t **p, size_t *len, uint32_t *link)
{
	Elf_Scn *scn = NULL;
	const char *have;
	GElf_Shdr sh;
	size_t names;

	if (elf_getshdrstrndx(e->elf, &names) != 0)
		return (false);
	while ((scn = elf_nextscn(e->elf, scn)) != NULL) {
		if (gelf_getshdr(scn, &sh) == NULL)
			continue;
		have = elf_strptr(e->elf, names, sh.sh_name);
		if (have != NULL && strcmp(have, name) == 0)
			return (section_bytes(e, scn, p, len, link));
	}
	return (false);
}

int
kvmi_elf_symbol(struct kvmi_elf *e, const char *name, uint64_t *ret,
    struct kvmi_err *err)
{
	struct symbols st = { 0 };
	bool found = false;
	struct symbol s;
	int r;

	r = symbols_init(e, &st, err);
	if (r != 0)
		return (r);
	for (size_t i = 1; i < st.n; i++) {
		if (!symbol_get(e, &st, i, &s) || strcmp(s.name, name) != 0 ||
		    s.sym.st_shndx == SHN_UNDEF)
			continue;
		if (!found || GELF_ST_BIND(s.sym.st_info) != STB_LOCAL)
			*ret = s.sym.st_value;
		found = true;
		if (GELF_ST_BIND(s.sym.st_info) != STB_LOCAL)
			break;
	}
	if (!found)
		return (kvmi_fail(err, KVMI_ENOENT, "%s: no symbol %s",
		    e->src->name, name));
	return (kvmi_src_check_lost(e->src, e->file.p, e->file.len, err));
}
