/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel file.  libelf parses it out of memory; what it leaves to its
 * users to check (string offsets, links, counts, notes) is checked here.
 * libelf caches without locks: only kvmi_elf_read() may run concurrently.
 */
#include "sym/elf_impl.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"

#define MAX_COPY	(UINT64_C(1) << 30)	/* of what cannot be mapped */

static int
not_kernel(const struct kvmi_elf *e, const char *why, struct kvmi_err *err)
{
	return (kvmi_fail(err, KVMI_EFORMAT, "%s: not a kernel file: %s",
	    e->src->name, why));
}

int
kvmi_elf_malformed(const struct kvmi_elf *e, const char *what,
    struct kvmi_err *err)
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
		return (kvmi_elf_malformed(e, "header", err));
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
		return (kvmi_elf_malformed(e, "number of program headers",
		    err));
	if (n > e->file.len / sizeof(Elf32_Phdr))
		return (kvmi_elf_malformed(e, "too many program headers", err));
	e->load = calloc(n + 1, sizeof(e->load[0]));
	if (e->load == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM,
		    "%s: no memory for %zu program headers", e->src->name, n));
	for (size_t i = 0; i < n; i++) {
		if (gelf_getphdr(e->elf, (int)i, &ph) == NULL)
			return (kvmi_elf_malformed(e, "program header", err));
		if (ph.p_type == PT_LOAD)
			e->load[e->n_loads++] = (struct kvmi_elf_load){
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
		return (kvmi_elf_malformed(e, "libelf", err));
	return (0);
}

static int
load_file(struct kvmi_elf *e, struct kvmi_err *err)
{
	struct kvmi_src *s = e->src;
	int r;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return (kvmi_elf_malformed(e, "libelf", err));
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
	const char *what;
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
	if (r == 0 && !module && (what = kvmi_elf_program(e)) != NULL)
		r = not_kernel(e, what, err);
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

const struct kvmi_elf_load *
kvmi_elf_find_load(const struct kvmi_elf *e, uint64_t va)
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
	const struct kvmi_elf_load *l;
	uint64_t at, in_file;
	size_t n, n_file;

	for (; len > 0; len -= n, va += n, out += n) {
		l = kvmi_elf_find_load(e, va);
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
