/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel file as libdw reads it.  libdw decompresses sections itself: it
 * then writes to the file's bytes, and believes the sizes it is told.
 */
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "sym/elf_file.h"

#define MAX_COPY	(UINT64_C(1) << 30)
#define MAX_UNPACKED	(UINT64_C(2) << 30)	/* of all sections */
#define MAX_RATIO	1100			/* deflate's is 1032 */

struct survey {
	bool		 found;		/* there is .debug_info */
	bool		 compressed;
	uint64_t	 unpacked;
};

static int
survey_section(const struct kvmi_elf_view *v, Elf_Scn *scn, const char *name,
    struct survey *s, struct kvmi_err *err)
{
	uint64_t size = 0;
	const uint8_t *p;
	GElf_Chdr ch;
	GElf_Shdr sh;

	if (gelf_getshdr(scn, &sh) == NULL || sh.sh_type == SHT_NOBITS)
		return (0);
	if ((sh.sh_flags & SHF_COMPRESSED) != 0) {
		if (gelf_getchdr(scn, &ch) == NULL)
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: %s: %s",
			    v->src->name, name, elf_errmsg(-1)));
		size = ch.ch_size;
	} else if (strncmp(name, ".zdebug", 7) == 0) {
		if (!kvmi_inside(sh.sh_offset, sh.sh_size, v->len) ||
		    sh.sh_size < 12)
			return (kvmi_fail(err, KVMI_ETRUNC, "%s: %s passes "
			    "the end of the file", v->src->name, name));
		p = v->p + sh.sh_offset;
		size = kvmi_get64(p + 4, true);
	}
	s->found |= strcmp(name, ".debug_info") == 0 ||
	    strcmp(name, ".zdebug_info") == 0;
	s->compressed |= size != 0;
	if (size / MAX_RATIO > sh.sh_size ||
	    !kvmi_add(s->unpacked, size, &s->unpacked) ||
	    s->unpacked > MAX_UNPACKED)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: %s of %" PRIu64
		    " bytes is said to hold %" PRIu64, v->src->name, name,
		    sh.sh_size, size));
	return (0);
}

static int
survey_file(const struct kvmi_elf_view *v, struct survey *s,
    struct kvmi_err *err)
{
	Elf_Scn *scn = NULL;
	const char *name;
	GElf_Shdr sh;
	size_t names;
	int r = 0;

	*s = (struct survey){ 0 };
	if (elf_getshdrstrndx(v->elf, &names) != 0)
		names = 0;
	while (r == 0 && (scn = elf_nextscn(v->elf, scn)) != NULL) {
		if (gelf_getshdr(scn, &sh) == NULL)
			continue;
		name = elf_strptr(v->elf, names, sh.sh_name);
		if (name != NULL && (strncmp(name, ".debug_", 7) == 0 ||
		    strncmp(name, ".zdebug_", 8) == 0))
			r = survey_section(v, scn, name, s, err);
	}
	if (r == 0 && !s->found)
		r = kvmi_fail(err, KVMI_ENOENT, "%s: no DWARF (section "
		    ".debug_info)", v->src->name);
	return (r);
}

static int
start(struct kvmi_elf_view *v, struct kvmi_err *err)
{
	elf_end(v->elf);
	v->elf = elf_memory(v->copy != NULL ? v->copy :
	    (void *)(uintptr_t)v->p, v->len);
	return (v->elf != NULL ? 0 : kvmi_fail(err, KVMI_EFORMAT, "%s: %s",
	    v->src->name, elf_errmsg(-1)));
}

int
kvmi_elf_dwarf(const struct kvmi_elf *e, struct kvmi_elf_view *ret,
    struct kvmi_err *err)
{
	struct kvmi_elf_view v = { 0 };
	const struct kvmi_blob *file = kvmi_elf_bytes(e, &v.src);
	struct survey s;
	int r;

	v.p = file->p;
	v.len = file->len;
	r = start(&v, err);
	if (r == 0)
		r = survey_file(&v, &s, err);
	if (r == 0 && s.compressed) {
		v.copy = v.len <= MAX_COPY ? malloc(v.len) : NULL;
		if (v.copy == NULL)
			r = kvmi_fail(err, KVMI_ENOMEM, "%s: no memory for the "
			    "%zu bytes of the file with its compressed "
			    "sections", v.src->name, v.len);
		else {
			memcpy(v.copy, v.p, v.len);
			r = start(&v, err);
		}
	}
	if (r != 0) {
		elf_end(v.elf);
		free(v.copy);
		return (r);
	}
	*ret = v;
	return (0);
}
