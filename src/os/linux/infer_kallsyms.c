/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a module has its symbols: since 4.5 struct module has a pointer to a
 * struct mod_kallsyms (include/linux/module.h), which once the module runs is the
 * one that follows it.  The symbols, their names and letters lie in the module.
 */
#include <ctype.h>

#include "os/linux/elf_sym.h"
#include "os/linux/infer.h"

#define NAME_END	64		/* MODULE_NAME_LEN and a pointer */
#define MAX_MODULE	2048		/* as far as members are looked for */
#define MODULE_STATE_LIVE 0
#define MAX_SYMS	(1u << 18)
#define LOOKED_AT	64		/* symbols of each */

/* What of a module is read; letters only since 5.2. */
struct tables {
	uint64_t	symtab, n, strtab, letters;
};

static bool
in_module(const struct kvmi_infer *x, uint64_t module, uint64_t va,
    uint64_t len)
{
	const struct kvmi_infer_memory *m = &x->memory;

	for (unsigned int i = 0; i < m->n; i++) {
		uint64_t at = module + m->base + i * m->step,
		    start = kvmi_infer_read(x, at, x->ptr),
		    size = kvmi_infer_read(x, at + m->size, 4);

		if (va >= start && va - start < size && len <= size - (va -
		    start))
			return (true);
	}
	return (false);
}

static bool
read_tables(const struct kvmi_infer *x, uint64_t module, uint64_t off,
    const struct kvmi_elf_sym *s, struct tables *t)
{
	uint64_t at = module + off + x->ptr;

	if (kvmi_infer_read(x, module + off, x->ptr) != at)
		return (false);
	t->symtab = kvmi_infer_read(x, at, x->ptr);
	t->n = kvmi_infer_read(x, at + x->ptr, 4);
	t->strtab = kvmi_infer_read(x, at + 2 * x->ptr, x->ptr);
	t->letters = kvmi_infer_read(x, at + 3 * x->ptr, x->ptr);
	return (t->n > 0 && t->n < MAX_SYMS &&
	    in_module(x, module, t->symtab, t->n * s->size) &&
	    in_module(x, module, t->strtab, 1));
}

static bool
is_letter(uint64_t c)
{
	return (c == '?' || (c < 0x80 && isalpha((int)c)));
}

/*
 * The first symbol is none; what others have is in the module, but for data of
 * each CPU's.  Before 5.2 the letter of each is where elf(5) has its kind.
 */
static bool
fits_module(const struct kvmi_infer *x, uint64_t module, uint64_t off,
    bool letters)
{
	const struct kvmi_elf_sym *s = kvmi_elf_sym(x->ptr);
	size_t inside = 0, outside = 0;
	struct tables t;

	if (!read_tables(x, module, off, s, &t) ||
	    (letters && !in_module(x, module, t.letters, t.n)) ||
	    kvmi_infer_read(x, t.symtab, 4) != 0 ||
	    kvmi_infer_read(x, t.symtab + s->value, x->ptr) != 0)
		return (false);
	for (uint64_t i = 1; i < t.n && i < LOOKED_AT; i++) {
		uint64_t at = t.symtab + i * s->size,
		    letter = kvmi_infer_read(x, letters ? t.letters + i :
		    at + s->info, 1);

		if (!in_module(x, module, t.strtab + kvmi_infer_read(x, at, 4),
		    1) || !is_letter(letter))
			return (false);
		if (kvmi_infer_read(x, at + s->shndx, 2) == 0)
			continue;
		*(in_module(x, module, kvmi_infer_read(x, at + s->value,
		    x->ptr), 0) ? &inside : &outside) += 1;
	}
	return (inside >= outside);
}

/* One that is just coming or going may have others. */
static bool
fits_all(struct kvmi_infer *x, uint64_t off, bool letters)
{
	size_t n = 0;

	for (size_t i = 0; i < x->modules.n; i++) {
		uint64_t va = x->modules.v[i];

		if (kvmi_infer_read(x, va, 4) != MODULE_STATE_LIVE)
			continue;
		if (!fits_module(x, va, off, letters))
			return (false);
		n++;
	}
	return (n > 0);
}

static bool
has_letters(struct kvmi_infer *x, uint64_t off)
{
	return (fits_all(x, off, true));
}

static bool
has_none(struct kvmi_infer *x, uint64_t off)
{
	return (fits_all(x, off, false));
}

void
kvmi_infer_kallsyms(struct kvmi_infer *x)
{
	static const char t[] = "mod_kallsyms";
	uint64_t from = NAME_END + 2 * x->ptr, off;
	bool letters;

	if (x->memory.n == 0)
		return;
	letters = kvmi_infer_only(x, from, MAX_MODULE, x->ptr, has_letters,
	    &off);
	if (!letters && !kvmi_infer_only(x, from, MAX_MODULE, x->ptr,
	    has_none, &off))
		return;
	kvmi_infer_add_ptr(x, "module", "kallsyms", off);
	kvmi_infer_add_ptr(x, t, "symtab", 0);
	kvmi_infer_add(x, t, "num_symtab", x->ptr, 4, false);
	kvmi_infer_add_ptr(x, t, "strtab", 2 * x->ptr);
	if (letters)
		kvmi_infer_add_ptr(x, t, "typetab", 3 * x->ptr);
}
