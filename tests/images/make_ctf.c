/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel file with CTF in place of its DWARF, as ctfconvert(1) makes it of
 * what the compiler wrote.
 *
 * usage: make_ctf KERNEL OUT VERSION
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <err.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/build_ctf.h"

#define MAX_TYPES	(1 << 14)

enum { SIGNED = 1, CHARACTER = 2, BOOLEAN = 4, SINGLE = 1 };

struct all {
	Dwarf_Die	 die[MAX_TYPES];	/* the first is type 1 */
	uint32_t	 n;
	uint32_t	 bits;		/* integers made of bit-fields so far */
	struct ctf	 ctf;
};

static uint64_t
number(Dwarf_Die *die, unsigned int attr, uint64_t otherwise)
{
	Dwarf_Attribute a;
	Dwarf_Word v;

	return (dwarf_attr(die, attr, &a) != NULL &&
	    dwarf_formudata(&a, &v) == 0 ? v : otherwise);
}

static bool
is_type(Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_base_type:
	case DW_TAG_pointer_type:
	case DW_TAG_array_type:
	case DW_TAG_subroutine_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_typedef:
	case DW_TAG_volatile_type:
	case DW_TAG_const_type:
	case DW_TAG_restrict_type:
		return (true);
	default:
		return (false);
	}
}

static void
gather(struct all *all, Dwarf_Die *parent)
{
	Dwarf_Die die;

	if (dwarf_child(parent, &die) != 0)
		return;
	do {
		if (is_type(&die)) {
			if (all->n == MAX_TYPES)
				errx(1, "too many types");
			all->die[all->n++] = die;
		}
		gather(all, &die);
	} while (dwarf_siblingof(&die, &die) == 0);
}

/* The number of the type that die refers to; 0: void. */
static uint32_t
type_of(struct all *all, Dwarf_Die *die)
{
	Dwarf_Attribute a;
	Dwarf_Die type;

	if (dwarf_attr(die, DW_AT_type, &a) == NULL ||
	    dwarf_formref_die(&a, &type) == NULL)
		return (0);
	for (uint32_t i = 0; i < all->n; i++)
		if (all->die[i].addr == type.addr)
			return (i + 1);
	return (0);
}

static unsigned int
encoding_of(Dwarf_Die *die)
{
	switch (number(die, DW_AT_encoding, 0)) {
	case DW_ATE_signed:
		return (SIGNED);
	case DW_ATE_signed_char:
		return (SIGNED | CHARACTER);
	case DW_ATE_unsigned_char:
		return (CHARACTER);
	case DW_ATE_boolean:
		return (BOOLEAN);
	default:
		return (0);
	}
}

/* The base type of a bit-field, through typedefs. */
static Dwarf_Die *
base_of(struct all *all, Dwarf_Die *member)
{
	uint32_t t = type_of(all, member);

	while (t != 0 && dwarf_tag(&all->die[t - 1]) == DW_TAG_typedef)
		t = type_of(all, &all->die[t - 1]);
	return (&all->die[t - 1]);
}

static unsigned int
members_of(Dwarf_Die *die, int tag)
{
	unsigned int n = 0;
	Dwarf_Die m;

	if (dwarf_child(die, &m) == 0)
		do
			n += dwarf_tag(&m) == tag;
		while (dwarf_siblingof(&m, &m) == 0);
	return (n);
}

static void
put_members(struct all *all, Dwarf_Die *die)
{
	uint64_t size = number(die, DW_AT_byte_size, 0);
	Dwarf_Die m;

	if (dwarf_child(die, &m) != 0)
		return;
	do {
		uint32_t type = type_of(all, &m);
		uint64_t at = number(&m, DW_AT_data_bit_offset,
		    number(&m, DW_AT_data_member_location, 0) * 8);
		const char *name = dwarf_diename(&m);

		if (dwarf_tag(&m) != DW_TAG_member)
			continue;
		/* A bit-field has an integer type of its own, behind all. */
		if (number(&m, DW_AT_bit_size, 0) != 0)
			type = all->n + ++all->bits;
		ctf_member(&all->ctf, size, name != NULL ? name : "", type,
		    at);
	} while (dwarf_siblingof(&m, &m) == 0);
}

static void
put_enumerators(struct ctf *c, Dwarf_Die *die)
{
	Dwarf_Die m;

	if (dwarf_child(die, &m) != 0)
		return;
	do
		if (dwarf_tag(&m) == DW_TAG_enumerator)
			ctf_enumerator(c, dwarf_diename(&m),
			    (int32_t)number(&m, DW_AT_const_value, 0));
	while (dwarf_siblingof(&m, &m) == 0);
}

/* CTF has a type for each dimension; the first holds those behind it. */
static void
put_array(struct all *all, Dwarf_Die *die)
{
	uint64_t n = 1;
	Dwarf_Die m;

	if (dwarf_child(die, &m) == 0)
		do
			n *= number(&m, DW_AT_count,
			    number(&m, DW_AT_upper_bound, UINT64_MAX) + 1);
		while (dwarf_siblingof(&m, &m) == 0);
	ctf_array(&all->ctf, type_of(all, die), 1, (uint32_t)n);
}

static void
put_type(struct all *all, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	uint64_t size = number(die, DW_AT_byte_size, 0);
	struct ctf *c = &all->ctf;

	name = name != NULL ? name : "";
	switch (dwarf_tag(die)) {
	case DW_TAG_base_type:
		ctf_int(c, name, size, encoding_of(die),
		    (unsigned int)size * 8);
		break;
	case DW_TAG_pointer_type:
		ctf_record(c, K_POINTER, "", 0, type_of(all, die));
		break;
	case DW_TAG_array_type:
		put_array(all, die);
		break;
	case DW_TAG_subroutine_type:
		ctf_function(c, type_of(all, die), 0, 0);
		break;
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		if (dwarf_hasattr(die, DW_AT_declaration)) {
			ctf_record(c, K_FORWARD, name, 0, K_STRUCT);
			break;
		}
		ctf_sized(c, dwarf_tag(die) == DW_TAG_union_type ? K_UNION :
		    K_STRUCT, name, members_of(die, DW_TAG_member), size);
		put_members(all, die);
		break;
	case DW_TAG_enumeration_type:
		ctf_sized(c, K_ENUM, name, members_of(die, DW_TAG_enumerator),
		    size);
		put_enumerators(c, die);
		break;
	default:
		ctf_record(c, dwarf_tag(die) == DW_TAG_typedef ? K_TYPEDEF :
		    dwarf_tag(die) == DW_TAG_volatile_type ? K_VOLATILE :
		    dwarf_tag(die) == DW_TAG_const_type ? K_CONST : K_RESTRICT,
		    name, 0, type_of(all, die));
	}
}

/* In the order in which put_members() numbered them. */
static void
put_bit_fields(struct all *all)
{
	for (uint32_t i = 0; i < all->n; i++) {
		Dwarf_Die m;

		if ((dwarf_tag(&all->die[i]) != DW_TAG_structure_type &&
		    dwarf_tag(&all->die[i]) != DW_TAG_union_type) ||
		    dwarf_child(&all->die[i], &m) != 0)
			continue;
		do {
			uint64_t bits = number(&m, DW_AT_bit_size, 0);
			Dwarf_Die *base;

			if (bits == 0)
				continue;
			base = base_of(all, &m);
			all->ctf.not_root = true;
			ctf_int(&all->ctf, dwarf_diename(base),
			    number(base, DW_AT_byte_size, 4),
			    encoding_of(base), (unsigned int)bits);
		} while (dwarf_siblingof(&m, &m) == 0);
	}
}

static struct bytes
convert(int fd, unsigned int version, bool big_endian)
{
	static struct all all;
	Dwarf *dw = dwarf_begin(fd, DWARF_C_READ);
	Dwarf_Off off = 0, next;
	size_t header;
	struct bytes b;

	if (dw == NULL)
		errx(1, "%s", dwarf_errmsg(-1));
	ctf_init(&all.ctf, version, big_endian);
	while (dwarf_nextcu(dw, off, &next, &header, NULL, NULL, NULL) == 0) {
		Dwarf_Die cu;

		if (dwarf_offdie(dw, off + header, &cu) != NULL)
			gather(&all, &cu);
		off = next;
	}
	for (uint32_t i = 0; i < all.n; i++)
		put_type(&all, &all.die[i]);
	put_bit_fields(&all);
	b = ctf_finish(&all.ctf, 0);
	dwarf_end(dw);
	return (b);
}

/* One section of DWARF becomes CTF, at the end of the file; none is left. */
static void
replace(Elf *elf, struct bytes *ctf, off_t end)
{
	Elf_Data *strings, *data;
	Elf_Scn *scn = NULL;
	size_t index;
	GElf_Shdr sh;
	char *name;

	if (elf_getshdrstrndx(elf, &index) != 0)
		errx(1, "%s", elf_errmsg(-1));
	strings = elf_getdata(elf_getscn(elf, index), NULL);
	elf_flagelf(elf, ELF_C_SET, ELF_F_LAYOUT);
	while ((scn = elf_nextscn(elf, scn)) != NULL) {
		gelf_getshdr(scn, &sh);
		name = (char *)strings->d_buf + sh.sh_name;
		if (strncmp(name, ".debug_", 7) != 0)
			continue;
		if (strcmp(name, ".debug_info") != 0) {
			name[1] = 'x';
			continue;
		}
		strcpy(name, ".SUNW_ctf");
		data = elf_getdata(scn, NULL);
		if (data == NULL)
			errx(1, "%s", elf_errmsg(-1));
		sh.sh_offset = (GElf_Off)end;
		sh.sh_size = ctf->len;
		gelf_update_shdr(scn, &sh);
		data->d_buf = ctf->p;
		data->d_size = ctf->len;
		elf_flagdata(data, ELF_C_SET, ELF_F_DIRTY);
	}
	elf_flagdata(strings, ELF_C_SET, ELF_F_DIRTY);
	if (elf_update(elf, ELF_C_WRITE) < 0)
		errx(1, "%s", elf_errmsg(-1));
}

static int
copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY);
	int out = open(to, O_RDWR | O_CREAT | O_TRUNC, 0600);
	char buf[1 << 16];
	ssize_t n;

	if (in < 0 || out < 0)
		err(1, "%s, %s", from, to);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			err(1, "%s", to);
	close(in);
	return (out);
}

int
main(int argc, char **argv)
{
	struct bytes ctf;
	struct stat st;
	GElf_Ehdr eh;
	Elf *elf;
	int fd;

	if (argc != 4 || elf_version(EV_CURRENT) == EV_NONE)
		errx(2, "usage: make_ctf KERNEL OUT VERSION");
	fd = copy(argv[1], argv[2]);
	elf = elf_begin(fd, ELF_C_RDWR, NULL);
	if (elf == NULL || gelf_getehdr(elf, &eh) == NULL ||
	    fstat(fd, &st) != 0)
		errx(1, "%s: %s", argv[1], elf_errmsg(-1));
	ctf = convert(fd, (unsigned int)atoi(argv[3]),
	    eh.e_ident[EI_DATA] == ELFDATA2MSB);
	replace(elf, &ctf, (st.st_size + 15) / 16 * 16);
	elf_end(elf);
	bytes_free(&ctf);
	return (close(fd));
}
