/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DWARF entries as types (DWARF 5, 5.1 to 5.18; the bit-fields of DWARF 2 and
 * 3, 5.5.6 there).
 */
#include "type/dwarf_impl.h"

#include <dwarf.h>
#include <inttypes.h>

#include "base/math.h"

#define MAX_DIMENSIONS	16
#define MAX_ENUMERATORS	65536	/* looked at for their sign */

bool
kvmi_dwarf_next(Dwarf_Die *die)
{
	const void *before = die->addr;

	return (dwarf_siblingof(die, die) == 0 &&
	    (uintptr_t)die->addr > (uintptr_t)before);
}

bool
kvmi_dwarf_flag(Dwarf_Die *die, unsigned int at)
{
	Dwarf_Attribute attr;
	bool flag = false;

	return (dwarf_attr(die, at, &attr) != NULL &&
	    dwarf_formflag(&attr, &flag) == 0 && flag);
}

bool
kvmi_dwarf_is_declaration(Dwarf_Die *die)
{
	/* GCC's stand-in for a type unit has a signature only. */
	return (kvmi_dwarf_flag(die, DW_AT_declaration) ||
	    dwarf_hasattr(die, DW_AT_signature));
}

bool
kvmi_dwarf_number(Dwarf_Die *die, unsigned int at, int64_t *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Sword s;
	Dwarf_Word u;

	if (dwarf_attr(die, at, &attr) == NULL)
		return (false);
	/* Only these say that they have a sign: data1 0xff is mostly 255. */
	switch (dwarf_whatform(&attr)) {
	case DW_FORM_sdata:
	case DW_FORM_implicit_const:
		if (dwarf_formsdata(&attr, &s) != 0)
			return (false);
		*ret = s;
		return (true);
	default:
		if (dwarf_formudata(&attr, &u) != 0)
			return (false);
		*ret = (int64_t)u;
		return (true);
	}
}

static struct kvmi_tref
ref_to(const Dwarf_Die *die)
{
	return ((struct kvmi_tref){ .id = (uintptr_t)die->addr });
}

static bool
die_at(struct kvmi_dwarf *d, struct kvmi_tref ref, Dwarf_Die *ret)
{
	return (ref.id != 0 && dwarf_die_addr_die(d->dbg,
	    (void *)(uintptr_t)ref.id, ret) != NULL);
}

/* Where an attribute refers to; nowhere is void. */
static struct kvmi_tref
attr_type(Dwarf_Die *die, unsigned int at)
{
	Dwarf_Attribute attr;
	Dwarf_Die to;

	if (dwarf_attr(die, at, &attr) == NULL ||
	    dwarf_formref_die(&attr, &to) == NULL)
		return ((struct kvmi_tref){ 0 });
	return (ref_to(&to));
}

static uint64_t
byte_size(Dwarf_Die *die)
{
	int64_t n;

	return (kvmi_dwarf_number(die, DW_AT_byte_size, &n) && n > 0 ?
	    (uint64_t)n : 0);
}

static uint64_t
pointer_size(Dwarf_Die *die)
{
	uint64_t size = byte_size(die);
	Dwarf_Die unit;
	uint8_t addr_size;

	if (size == 0 && dwarf_diecu(die, &unit, &addr_size, NULL) != NULL)
		size = addr_size;
	return (size);
}

/* Elements of the dimension that a subrange stands for; 0: it does not say. */
static uint64_t
subrange_count(Dwarf_Die *die)
{
	int64_t upper, lower = 0, n;

	if (kvmi_dwarf_number(die, DW_AT_count, &n))
		return ((uint64_t)n);
	if (!kvmi_dwarf_number(die, DW_AT_upper_bound, &upper))
		return (0);
	kvmi_dwarf_number(die, DW_AT_lower_bound, &lower);
	/* The upper bound of an empty array is -1. */
	return ((uint64_t)upper - (uint64_t)lower + 1);
}

/* One dimension of an array; the next one is a type of its own. */
static int
array_node(struct kvmi_dwarf *d, Dwarf_Die *die, struct kvmi_tref ref,
    struct kvmi_tnode *ret, struct kvmi_err *err)
{
	uint32_t n = 0;
	Dwarf_Die child;
	bool more;

	ret->kind = KVMI_T_ARRAY;
	for (more = dwarf_child(die, &child) == 0; more;
	    more = kvmi_dwarf_next(&child)) {
		if (dwarf_tag(&child) != DW_TAG_subrange_type)
			continue;
		if (n == MAX_DIMENSIONS)
			return (kvmi_fail(err, KVMI_EFORMAT, "%s: the array at "
			    "0x%" PRIx64 " has more than %d dimensions",
			    d->t.where, (uint64_t)dwarf_dieoffset(die),
			    MAX_DIMENSIONS));
		if (n++ == ref.dim)
			ret->nelems = subrange_count(&child);
	}
	ret->to = ref.dim + 1 < n ?
	    (struct kvmi_tref){ ref.id, ref.dim + 1 } :
	    attr_type(die, DW_AT_type);
	return (0);
}

/*
 * A structure that is only declared here is defined in a type unit, or in
 * another unit under the same name.
 */
static int
find_definition(struct kvmi_dwarf *d, Dwarf_Die *die, struct kvmi_err *err)
{
	struct kvmi_tref unit = attr_type(die, DW_AT_signature);
	const char *name = dwarf_diename(die);
	int tag = dwarf_tag(die), r;

	if (unit.id != 0 && die_at(d, unit, die) &&
	    !kvmi_dwarf_is_declaration(die))
		return (0);
	if (name == NULL)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: a declaration "
		    "without a name", d->t.where));
	r = kvmi_dwarf_find_type(d, name, die, err);
	if (r == 0 && dwarf_tag(die) != tag)
		r = KVMI_ENOENT;
	if (r == KVMI_ENOENT)
		r = kvmi_fail(err, KVMI_ENOENT, "%s: %s is declared, but not "
		    "defined", d->t.where, name);
	return (r);
}

static bool
is_float(Dwarf_Die *die)
{
	int64_t n;

	return (kvmi_dwarf_number(die, DW_AT_encoding, &n) &&
	    (n == DW_ATE_float || n == DW_ATE_complex_float));
}

static int
dwarf_find(struct kvmi_types *t, const char *type, struct kvmi_tref *ret,
    struct kvmi_err *err)
{
	Dwarf_Die die;
	int r;

	r = kvmi_dwarf_find_type((struct kvmi_dwarf *)t, type, &die, err);
	if (r == 0)
		*ret = ref_to(&die);
	return (r);
}

static int
dwarf_node(struct kvmi_types *t, struct kvmi_tref ref,
    struct kvmi_tnode *ret, struct kvmi_err *err)
{
	struct kvmi_dwarf *d = (struct kvmi_dwarf *)t;
	Dwarf_Die die;
	int r;

	if (ref.id == 0)
		return (0);
	if (!die_at(d, ref, &die))
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: no entry where a "
		    "type should be: %s", t->where, dwarf_errmsg(-1)));
	if (kvmi_dwarf_is_declaration(&die)) {
		r = find_definition(d, &die, err);
		if (r != 0)
			return (r);
		ref = ret->self = ref_to(&die);
	}
	switch (dwarf_tag(&die)) {
	case DW_TAG_base_type:
		ret->kind = is_float(&die) ? KVMI_T_FLOAT : KVMI_T_INT;
		ret->size = byte_size(&die);
		return (0);
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		ret->kind = KVMI_T_POINTER;
		ret->size = pointer_size(&die);
		return (0);
	case DW_TAG_enumeration_type:
		ret->kind = KVMI_T_ENUM;
		ret->size = byte_size(&die);
		return (0);
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_class_type:
		ret->kind = KVMI_T_STRUCT;
		ret->size = byte_size(&die);
		return (0);
	case DW_TAG_array_type:
		return (array_node(d, &die, ref, ret, err));
	case DW_TAG_typedef:
	case DW_TAG_const_type:
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:
	case DW_TAG_packed_type:
	case DW_TAG_immutable_type:
		ret->kind = KVMI_T_ALIAS;
		ret->to = attr_type(&die, DW_AT_type);
		return (0);
	default:
		return (0);
	}
}

/* DWARF 2 has an expression, of which only "add this" is ever used. */
static bool
member_location(Dwarf_Die *die, int64_t *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Op *op;
	size_t n;

	*ret = 0;
	if (dwarf_attr(die, DW_AT_data_member_location, &attr) == NULL)
		return (true);
	if (kvmi_dwarf_number(die, DW_AT_data_member_location, ret))
		return (true);
	if (dwarf_getlocation(&attr, &op, &n) != 0 || n != 1 ||
	    (op[0].atom != DW_OP_plus_uconst && op[0].atom != DW_OP_constu))
		return (false);
	*ret = (int64_t)op[0].number;
	return (true);
}

/* What holds a bit-field: byte_size, or the type's. */
static bool
storage_bits(struct kvmi_dwarf *d, Dwarf_Die *die, struct kvmi_tref type,
    int64_t *ret)
{
	uint64_t size = byte_size(die);
	struct kvmi_err err;

	if (size == 0 && kvmi_path_ref_size(&d->t, type, &size, &err) != 0)
		return (false);
	*ret = (int64_t)size * 8;
	return (size <= 16);
}

/*
 * DW_AT_bit_offset counts from the most significant bit of the storage to
 * the field's most significant bit; in little-endian storage that is its end.
 */
static bool
old_bit_offset(struct kvmi_dwarf *d, Dwarf_Die *die,
    const struct kvmi_tmember *m, int64_t *ret)
{
	Dwarf_Attribute attr;
	int64_t storage;
	Dwarf_Sword off;

	*ret = 0;
	if (dwarf_attr(die, DW_AT_bit_offset, &attr) == NULL)
		return (true);
	/* It is negative where a packed field begins before its storage. */
	if (dwarf_formsdata(&attr, &off) != 0 || off < -256 || off > 256 ||
	    !storage_bits(d, die, m->type, &storage))
		return (false);
	*ret = d->big_endian ? off : storage - off - (int64_t)m->bit_size;
	return (true);
}

static bool
decode_member(struct kvmi_dwarf *d, Dwarf_Die *die, struct kvmi_tmember *m)
{
	const char *name = dwarf_diename(die);
	int64_t bytes, bits = 0, n;

	*m = (struct kvmi_tmember){ .name = name == NULL ? "" : name,
		.type = attr_type(die, DW_AT_type) };
	if (!member_location(die, &bytes) || bytes < 0 ||
	    bytes > INT64_MAX / 16)
		return (false);
	if (kvmi_dwarf_number(die, DW_AT_bit_size, &n)) {
		if (n < 0 || n > 128)
			return (false);
		m->bit_size = (uint32_t)n;
		if (!kvmi_dwarf_number(die, DW_AT_data_bit_offset, &bits) &&
		    !old_bit_offset(d, die, m, &bits))
			return (false);
	}
	if (bits > INT64_MAX / 16 || bytes * 8 + bits < 0)
		return (false);
	m->bits = (uint64_t)(bytes * 8 + bits);
	return (true);
}

static int
dwarf_member(struct kvmi_types *t, const struct kvmi_tnode *s, uint64_t *pos,
    struct kvmi_tmember *ret, struct kvmi_err *err)
{
	struct kvmi_dwarf *d = (struct kvmi_dwarf *)t;
	struct kvmi_tref ref = *pos == 0 ? s->self :
	    (struct kvmi_tref){ .id = *pos };
	Dwarf_Die die;
	bool more;

	if (!die_at(d, ref, &die))
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: %s", t->where,
		    dwarf_errmsg(-1)));
	more = *pos == 0 ? dwarf_child(&die, &die) == 0 :
	    kvmi_dwarf_next(&die);
	/* Static members are members too, up to DWARF 4. */
	while (more && (dwarf_tag(&die) != DW_TAG_member ||
	    kvmi_dwarf_flag(&die, DW_AT_external)))
		more = kvmi_dwarf_next(&die);
	if (!more)
		return (KVMI_ENOENT);
	*pos = (uintptr_t)die.addr;
	if (!decode_member(d, &die, ret))
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: the place of the "
		    "member at 0x%" PRIx64 " is not understood", t->where,
		    (uint64_t)dwarf_dieoffset(&die)));
	return (0);
}

static bool
signed_encoding(Dwarf_Die *die, bool *ret)
{
	int64_t n;

	if (!kvmi_dwarf_number(die, DW_AT_encoding, &n))
		return (false);
	*ret = n == DW_ATE_signed || n == DW_ATE_signed_char ||
	    n == DW_ATE_signed_fixed;
	return (true);
}

/* Without an underlying type: as soon as an enumerator is negative. */
static bool
enum_is_signed(struct kvmi_dwarf *d, Dwarf_Die *die)
{
	Dwarf_Die child;
	int64_t n;
	bool more, ret = false;

	for (unsigned int i = 0; i < 64; i++) {
		if (signed_encoding(die, &ret))
			return (ret);
		if (!die_at(d, attr_type(die, DW_AT_type), &child))
			break;
		*die = child;
	}
	more = dwarf_child(die, &child) == 0;
	for (unsigned int i = 0; more && i < MAX_ENUMERATORS; i++) {
		if (kvmi_dwarf_number(&child, DW_AT_const_value, &n) && n < 0)
			return (true);
		more = kvmi_dwarf_next(&child);
	}
	return (false);
}

static bool
dwarf_is_signed(struct kvmi_types *t, const struct kvmi_tnode *n)
{
	struct kvmi_dwarf *d = (struct kvmi_dwarf *)t;
	Dwarf_Die die;

	if (!die_at(d, n->self, &die))
		return (false);
	return (enum_is_signed(d, &die));
}

const struct kvmi_path_ops kvmi_dwarf_path_ops = {
	.find = dwarf_find,
	.node = dwarf_node,
	.member = dwarf_member,
	.is_signed = dwarf_is_signed,
	.enter = kvmi_dwarf_enter,
	.leave = kvmi_dwarf_leave,
};
