/* SPDX-License-Identifier: BSD-2-Clause */
/* Symbols of a FreeBSD module, where its sections were loaded. */
#include "sym/elf_impl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"

/* Where a module's sections are; of ET_DYN only the base counts. */
struct placement {
	uint64_t	 base;
	const uint64_t	*section;	/* by number; 0: nowhere */
	size_t		 n_sections;
};

static bool
place_module(struct kvmi_elf *e, const struct kvmi_elf_sym *s, const void *arg,
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
			return (kvmi_elf_malformed(e, "sections", err));
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
	r = kvmi_elf_add_symbols(e, module, place_module, &p, t, err);
	free(section);
	return (r);
}
