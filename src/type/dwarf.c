/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DWARF, read by libdw.  A kernel has thousands of units which mostly repeat
 * each other's types, and no index by name that is always there: units are
 * indexed one after the other until a name turns up.  Most do in the first
 * few.  A name that is nowhere would take them all, a second for a kernel: that
 * one is not among the strings either.
 */
#include "type/dwarf_impl.h"

#include <dwarf.h>
#include <inttypes.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Compilers keep a name in the entry when a reference is no shorter. */
#define MIN_SHARED	4

/* The name of a type or enumerator; notes how the file keeps long ones. */
static const char *
name_of(struct kvmi_dwarf *d, Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	const char *name;

	if (dwarf_attr(die, DW_AT_name, &attr) == NULL)
		return (NULL);
	name = dwarf_formstring(&attr);
	if (name == NULL || strlen(name) < MIN_SHARED)
		return (name);
	switch (dwarf_whatform(&attr)) {
	case DW_FORM_strp:
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
		d->shared_names = true;
		break;
	default:
		d->own_names = true;
		break;
	}
	return (name);
}

/* .debug_str as a whole: its strings follow each other. */
static void
find_strings(struct kvmi_dwarf *d)
{
	size_t len;

	d->strings = dwarf_getstring(d->dbg, 0, &len);
	for (const char *p = d->strings; p != NULL;
	    p = dwarf_getstring(d->dbg, d->strings_len, &len))
		d->strings_len += len + 1;
}

/*
 * Can the name be anywhere in the units that are left?  The end of another is
 * good enough, as a linker has them share it.
 */
static bool
may_be_there(struct kvmi_dwarf *d, const char *name)
{
	size_t len = strlen(name);

	if (len < MIN_SHARED || d->own_names)
		return (true);
	if (d->strings == NULL)
		find_strings(d);
	return (d->strings_len == 0 ||
	    memmem(d->strings, d->strings_len, name, len + 1) != NULL);
}

static bool
add_enumerators(struct kvmi_dwarf *d, Dwarf_Die *type)
{
	const char *name;
	Dwarf_Die die;
	bool more;

	for (more = dwarf_child(type, &die) == 0; more;
	    more = kvmi_dwarf_next(&die)) {
		if (dwarf_tag(&die) != DW_TAG_enumerator)
			continue;
		name = name_of(d, &die);
		if (name != NULL && !kvmi_names_add(&d->enumerators,
		    name, (uintptr_t)die.addr, d->n_units, 0))
			return (false);
	}
	return (true);
}

/* Structures with members before typedefs and the rest; 0: not looked up. */
static uint8_t
type_rank(Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_class_type:
		return (dwarf_haschildren(die) > 0 ? 4 : 1);
	case DW_TAG_typedef:
		return (3);
	case DW_TAG_enumeration_type:
	case DW_TAG_base_type:
		return (2);
	default:
		return (0);
	}
}

static bool
index_entry(struct kvmi_dwarf *d, Dwarf_Die *die)
{
	uint8_t rank = type_rank(die);
	const char *name;

	if (rank == 0 || kvmi_dwarf_is_declaration(die))
		return (true);
	if (dwarf_tag(die) == DW_TAG_enumeration_type &&
	    !add_enumerators(d, die))
		return (false);
	name = name_of(d, die);
	return (name == NULL || kvmi_names_add(&d->types, name,
	    (uintptr_t)die->addr, d->n_units, rank));
}

/* Index one unit more; d->whole when there is none. */
static int
index_unit(struct kvmi_dwarf *d, struct kvmi_err *err)
{
	Dwarf_Die unit, die;
	uint8_t unit_type;
	Dwarf_CU *next;
	bool more;
	int r;

	r = dwarf_get_units(d->dbg, d->unit, &next, NULL, &unit_type, &unit,
	    NULL);
	if (r != 0) {
		d->whole = true;
		/* What is behind a damaged unit cannot be found. */
		return (r > 0 ? 0 : kvmi_fail(err, KVMI_EFORMAT, "%s: unit %"
		    PRIu32 ": %s", d->t.where, d->n_units, dwarf_errmsg(-1)));
	}
	d->unit = next;
	d->n_units++;
	if (unit_type == DW_UT_skeleton || unit.addr == NULL)
		return (0);
	for (more = dwarf_child(&unit, &die) == 0; more;
	    more = kvmi_dwarf_next(&die))
		if (!index_entry(d, &die))
			return (kvmi_fail(err, KVMI_ENOMEM, "%s: no memory for "
			    "%" PRIu32 " names", d->t.where, d->types.n));
	return (0);
}

static int
find(struct kvmi_dwarf *d, const struct kvmi_names *names,
    const char *name, Dwarf_Die *ret, struct kvmi_err *err)
{
	const struct kvmi_name *n;
	bool asked = false;
	int r = 0;

	while ((n = kvmi_names_find(names, name)) == NULL && !d->whole &&
	    r == 0) {
		if (!asked && d->shared_names && !may_be_there(d, name))
			break;
		asked = d->shared_names;
		r = index_unit(d, err);
	}
	if (n == NULL)
		return (r != 0 ? r : KVMI_ENOENT);
	if (dwarf_die_addr_die(d->dbg, (void *)(uintptr_t)n->where, ret) == NULL)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: %s", d->t.where,
		    dwarf_errmsg(-1)));
	return (0);
}

int
kvmi_dwarf_find_type(struct kvmi_dwarf *d, const char *name, Dwarf_Die *ret,
    struct kvmi_err *err)
{
	return (find(d, &d->types, name, ret, err));
}

void
kvmi_dwarf_enter(struct kvmi_types *t)
{
	pthread_mutex_lock(&((struct kvmi_dwarf *)t)->lock);
}

/* Bytes of the file that were lost while libdw looked at them read as 0. */
int
kvmi_dwarf_leave(struct kvmi_types *t, int r, struct kvmi_err *err)
{
	struct kvmi_dwarf *d = (struct kvmi_dwarf *)t;
	int lost = kvmi_src_check_lost(d->view.src, d->view.p, d->view.len,
	    err);

	pthread_mutex_unlock(&d->lock);
	return (lost != 0 ? lost : r);
}

static int
dwarf_enumerator(struct kvmi_types *t, const char *name, int64_t *ret,
    struct kvmi_err *err)
{
	struct kvmi_dwarf *d = (struct kvmi_dwarf *)t;
	Dwarf_Die die;
	int r;

	kvmi_dwarf_enter(t);
	r = find(d, &d->enumerators, name, &die, err);
	if (r == KVMI_ENOENT || (r == 0 &&
	    !kvmi_dwarf_number(&die, DW_AT_const_value, ret)))
		r = kvmi_fail(err, KVMI_ENOENT, "%s: no enumerator %s",
		    t->where, name);
	return (kvmi_dwarf_leave(t, r, err));
}

static void
dwarf_close(struct kvmi_types *t)
{
	struct kvmi_dwarf *d = (struct kvmi_dwarf *)t;

	kvmi_names_free(&d->types);
	kvmi_names_free(&d->enumerators);
	dwarf_end(d->dbg);
	elf_end(d->view.elf);
	free(d->view.copy);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static const struct kvmi_types_ops dwarf_ops = {
	.name = "DWARF",
	.path = &kvmi_dwarf_path_ops,
	.size = kvmi_path_size,
	.member = kvmi_path_member,
	.list = kvmi_path_list,
	.enumerator = dwarf_enumerator,
	.close = dwarf_close,
};

int
kvmi_dwarf_open(const struct kvmi_elf_view *view, struct kvmi_types **ret,
    struct kvmi_err *err)
{
	struct kvmi_dwarf *d = calloc(1, sizeof(*d));
	const char *ident;

	if (d == NULL || pthread_mutex_init(&d->lock, NULL) != 0) {
		elf_end(view->elf);
		free(view->copy);
		free(d);
		return (kvmi_fail(err, KVMI_ENOMEM, "no memory for DWARF"));
	}
	d->t.ops = &dwarf_ops;
	snprintf(d->t.where, sizeof(d->t.where), "DWARF");
	d->view = *view;
	ident = elf_getident(view->elf, NULL);
	d->big_endian = ident != NULL && ident[EI_DATA] == ELFDATA2MSB;
	d->dbg = dwarf_begin_elf(view->elf, DWARF_C_READ, NULL);
	if (d->dbg == NULL) {
		kvmi_fail(err, KVMI_EFORMAT, "%s: DWARF: %s", view->src->name,
		    dwarf_errmsg(-1));
		dwarf_close(&d->t);
		return (KVMI_EFORMAT);
	}
	*ret = &d->t;
	return (0);
}
