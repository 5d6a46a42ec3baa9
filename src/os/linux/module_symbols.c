/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Symbols of loaded modules: since Linux 4.5 a module points to its ELF symbols
 * and their names (struct mod_kallsyms, kernel/module/kallsyms.c).
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/elf_sym.h"
#include "os/linux/linux.h"
#include "os/linux/tasks.h"

/* Above what any module has, and all of them together. */
#define MAX_SYMS	(UINT64_C(1) << 18)
#define MAX_ALL_SYMS	(UINT64_C(1) << 22)
#define MAX_STRINGS	(UINT64_C(1) << 24)
/* KSYM_NAME_LEN is 512 since Linux 6.1. */
#define MAX_NAME	512

enum { LIST, NAME, KALLSYMS, SYMTAB, NUM, STRTAB, N_MEMBERS };

static const char *const members[N_MEMBERS] = {
	[LIST] = "module.list",
	[NAME] = "module.name",
	[KALLSYMS] = "module.kallsyms",
	[SYMTAB] = "mod_kallsyms.symtab",
	[NUM] = "mod_kallsyms.num_symtab",
	[STRTAB] = "mod_kallsyms.strtab",
};

/* Of one module. */
struct tables {
	const struct kvmi_elf_sym *elf;
	bool		 big_endian;
	struct kvmi_blob syms;
	struct kvmi_blob letters;	/* since Linux 5.2; p NULL: none */
	uint64_t	 n;
	char		*strings;
	size_t		 strings_len;
};

static void
tables_close(struct tables *t)
{
	kvmi_blob_release(&t->syms);
	kvmi_blob_release(&t->letters);
	free(t->strings);
}

static uint32_t
name_at(const struct tables *t, uint64_t i)
{
	return (kvmi_get32(t->syms.p + i * t->elf->size, t->big_endian));
}

/* How long the strings are is not written down: up to the last name. */
static int
read_strings(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    struct tables *t)
{
	uint64_t len = 0;

	for (uint64_t i = 0; i < t->n; i++)
		if (name_at(t, i) >= len)
			len = (uint64_t)name_at(t, i) + 1;
	if (len > MAX_STRINGS)
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "a name at 0x%"
		    PRIx64 " of the strings", len - 1));
	len += MAX_NAME;
	t->strings = malloc((size_t)len + 1);
	if (t->strings == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "no memory for %"
		    PRIu64 " bytes of names", len));
	/* What is behind the last name may end anywhere. */
	kvmi_space_read(&k->space, cx, va, t->strings, (size_t)len,
	    &t->strings_len);
	t->strings[t->strings_len] = '\0';
	return (0);
}

static int
tables_open(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t module,
    const struct kvmi_member *at, const struct kvmi_member *letters,
    struct tables *t)
{
	uint64_t ks, symtab, strtab, types;
	int r;

	*t = (struct tables){ .big_endian = k->big_endian,
		.elf = kvmi_elf_sym(k->arch->pointer_size) };
	r = kvmi_kread_ptr(k, cx, module + at[KALLSYMS].off, &ks);
	if (r == 0)
		r = kvmi_kread_ptr(k, cx, ks + at[SYMTAB].off, &symtab);
	if (r == 0)
		r = kvmi_kread_ptr(k, cx, ks + at[STRTAB].off, &strtab);
	if (r == 0)
		r = kvmi_kread_member(k, cx, ks, &at[NUM], &t->n);
	if (r == 0 && t->n > MAX_SYMS)
		r = kvmi_fail(&cx->err, KVMI_EFORMAT, "%" PRIu64 " symbols",
		    t->n);
	if (r == 0)
		r = kvmi_space_blob(&k->space, cx, symtab,
		    t->n * t->elf->size, &t->syms);
	if (r == 0 && letters->size != 0 &&
	    (r = kvmi_kread_ptr(k, cx, ks + letters->off, &types)) == 0)
		r = kvmi_space_blob(&k->space, cx, types, t->n, &t->letters);
	if (r == 0)
		r = read_strings(k, cx, strtab, t);
	if (r != 0)
		tables_close(t);
	return (r);
}

/* Marks of the assembler ($a, $d, $x, .L...) are no symbols of anyone's. */
static bool
is_mark(const char *name)
{
	return (name[0] == '$' || (name[0] == '.' && name[1] == 'L'));
}

/*
 * The kernel keeps nm(1)'s letter, without its case, which is the binding's.
 * Before 5.2 it wrote the letter over both.
 */
static char
letter_of(const struct tables *t, uint64_t i, uint8_t info)
{
	char c = t->letters.p == NULL ? (char)info : (char)t->letters.p[i];
	bool global = t->letters.p != NULL && info >> 4 == 1;

	if (c < 'A' || (c > 'Z' && c < 'a') || c > 'z')
		return ('?');
	return (global ? (char)(c & ~0x20) : c);
}

static int
add_symbols(const struct tables *t, const char *module,
    struct kvmi_symtab *out, struct kvmi_err *err)
{
	const struct kvmi_elf_sym *e = t->elf;
	int r = 0;

	for (uint64_t i = 1; i < t->n && r == 0; i++) {
		const uint8_t *p = t->syms.p + i * e->size;
		/* The file may have changed since it was measured. */
		size_t at = kvmi_min(name_at(t, i), t->strings_len);
		const char *name = t->strings + at;

		if (*name == '\0' || is_mark(name) ||
		    kvmi_get16(p + e->shndx, t->big_endian) == 0)
			continue;
		r = kvmi_symtab_add(out, name, strnlen(name, MAX_NAME), module,
		    kvmi_get_uint(p + e->value, e->word, t->big_endian),
		    kvmi_get_uint(p + e->st_size, e->word, t->big_endian),
		    letter_of(t, i, p[e->info]), err);
	}
	return (r);
}

static int
add_module(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    const struct kvmi_member *at, const struct kvmi_member *letters,
    uint64_t *left, struct kvmi_symtab *out)
{
	char name[64];
	const char *module;
	struct tables t;
	int r;

	r = kvmi_kread_text(k, cx, va, &at[NAME], name, sizeof(name));
	if (r != 0)
		return (r);
	r = tables_open(k, cx, va, at, letters, &t);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "symbols of module %s", name));
	module = kvmi_symtab_intern(out, name, &cx->err);
	if (module == NULL)
		r = KVMI_ENOMEM;
	else if (t.n <= *left)
		r = add_symbols(&t, module, out, &cx->err);
	*left -= kvmi_min(*left, t.n);
	tables_close(&t);
	return (r);
}

void
kvmi_linux_module_symbols(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab *out)
{
	struct kvmi_member at[N_MEMBERS], letters;
	struct kvmi_addrs list = { 0 };
	uint64_t left = MAX_ALL_SYMS;
	struct kvmi_types *types;

	if (kvmi_kernel_types(k, cx, &types) != 0 ||
	    kvmi_type_members(types, members, N_MEMBERS, at, &cx->err) != 0)
		return;
	if (kvmi_type_member(types, "mod_kallsyms", "typetab", &letters,
	    &cx->err) != 0)
		letters = (struct kvmi_member){ 0 };
	kvmi_symtab_kernel_order(out);
	if (kvmi_linux_modules_collect(k, cx, at[LIST].off, &list) == 0)
		for (size_t i = 0; i < list.n; i++)
			add_module(k, cx, list.v[i], at, &letters, &left, out);
	kvmi_addrs_deinit(&list);
}
