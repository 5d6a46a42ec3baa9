/* SPDX-License-Identifier: BSD-2-Clause */
/* The symbols of an ELF file. */
#include "sym/elf_impl.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "base/math.h"

#define MAX_SECTION	(UINT64_C(1) << 30)	/* after decompression */
#define MAX_NAME	4096

/* A symbol table with everything that is needed to read it. */
struct symbols {
	Elf_Data	*data;
	Elf_Data	*xindex;	/* section numbers above 0xff00 */
	const char	*strings;
	size_t		 strings_len;	/* ends with a NUL */
	size_t		 n;
};

/* All bytes of a section, decompressed. */
static Elf_Data *
section_data(struct kvmi_elf *e, Elf_Scn *scn, struct kvmi_err *err)
{
	Elf_Data *data;
	GElf_Shdr sh;
	GElf_Chdr ch;

	if (gelf_getshdr(scn, &sh) == NULL) {
		kvmi_elf_malformed(e, "section header", err);
		return (NULL);
	}
	if ((sh.sh_flags & SHF_COMPRESSED) != 0) {
		if (gelf_getchdr(scn, &ch) == NULL) {
			kvmi_elf_malformed(e, "header of a compressed section",
			    err);
			return (NULL);
		}
		if (ch.ch_size > MAX_SECTION) {
			kvmi_fail(err, KVMI_ENOMEM, "%s: section %zu is too "
			    "large: %" PRIu64 " bytes", e->src->name,
			    elf_ndxscn(scn), ch.ch_size);
			return (NULL);
		}
		if (elf_compress(scn, 0, 0) < 0) {
			kvmi_elf_malformed(e, "compressed section", err);
			return (NULL);
		}
	}
	data = elf_getdata(scn, NULL);
	if (data == NULL || data->d_buf == NULL) {
		kvmi_elf_malformed(e, "section without data", err);
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
		return (kvmi_elf_malformed(e, "header of the symbol table",
		    err));
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
    struct kvmi_elf_sym *ret)
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
symbol_letter(const struct kvmi_elf_sym *s)
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
is_relocated(const struct kvmi_elf *e, const struct kvmi_elf_sym *s)
{
	return (s->in_section && (s->shdr.sh_flags & SHF_ALLOC) != 0 &&
	    s->sym.st_value >= e->text_start / 2);
}

int
kvmi_elf_add_symbols(struct kvmi_elf *e, const char *module,
    kvmi_elf_place_fn *place, const void *arg, struct kvmi_symtab *t,
    struct kvmi_err *err)
{
	struct symbols st = { 0 };
	struct kvmi_elf_sym s;
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
place_displaced(struct kvmi_elf *e, const struct kvmi_elf_sym *s,
    const void *arg, uint64_t *va)
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
	return (kvmi_elf_add_symbols(e, "", place_displaced, &disp, t, err));
}

int
kvmi_elf_symbol(struct kvmi_elf *e, const char *name, uint64_t *ret,
    struct kvmi_err *err)
{
	struct symbols st = { 0 };
	bool found = false;
	struct kvmi_elf_sym s;
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
