/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_nlist(3): symbols by list, by name and by address. */

#include <inttypes.h>

#include "api/kd.h"

/* nm(1)'s letter as a.out's type. */
static unsigned char
n_type_of(char letter)
{
	unsigned char ext = letter >= 'A' && letter <= 'Z' ? N_EXT : 0;

	switch (letter) {
	case 'T':
	case 't':
	case 'R':	/* BSD counts read-only data as text */
	case 'r':
	case 'W':
	case 'w':
	case 'i':
		return (N_TEXT | ext);
	case 'B':
	case 'b':
		return (N_BSS | ext);
	case 'A':
	case 'a':
		return (N_ABS | ext);
	default:
		return (N_DATA | ext);
	}
}

/*
 * BSD's order: the name itself, then copies of variables that have several.
 * Modules come last: few ask for theirs.
 */
static int
look_up(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    struct kvmi_sym *sym)
{
	int r = kvmi_kernel_symbol(k, cx, name, sym);
	struct kvmi_err unknown;

	if (r != KVMI_ENOENT)
		return (r);
	/* Whatever keeps a copy from being found, the name stays unknown. */
	unknown = cx->err;
	if (k->os->set_symbol != NULL &&
	    k->os->set_symbol(k, cx, name, sym) == 0)
		return (0);
	cx->err = unknown;
	return (kvmi_module_symbol(k, cx, name, sym));
}

int
kvm_nlist2(kvm_t *kd, struct kvm_nlist *nl)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	struct kvmi_err last;
	int missing = 0;

	if (cx == NULL)
		return (-1);
	last = cx->err;
	for (struct kvm_nlist *p = nl; p->n_name != NULL &&
	    p->n_name[0] != '\0'; p++) {
		struct kvmi_sym sym;
		int r;

		p->n_type = 0;
		p->n_value = 0;
		r = look_up(kd->kernel, cx, p->n_name, &sym);
		if (r == 0) {
			p->n_type = n_type_of(sym.letter);
			p->n_value = sym.addr;
			continue;
		}
		if (r != KVMI_ENOENT)
			return (kvmi_kd_fail(kd, cx, r));
		last = cx->err;
		missing++;
	}
	kvmi_kd_restore(cx, &last);
	return (missing);
}

int
kvm_nlist(kvm_t *kd, struct nlist *nl)
{
	struct kvm_nlist one[2] = { 0 };
	int missing = 0;

	if (kvmi_kd_enter(kd) == NULL)
		return (-1);
	for (struct nlist *p = nl; p->n_name != NULL && p->n_name[0] != '\0';
	    p++) {
		int r;

		p->n_type = 0;
		p->n_other = 0;
		p->n_desc = 0;
		p->n_value = 0;
		one[0].n_name = p->n_name;
		r = kvm_nlist2(kd, one);
		if (r < 0)
			return (-1);
		missing += r;
		p->n_type = one[0].n_type;
		p->n_value = (unsigned long)one[0].n_value;
	}
	return (missing);
}

/* End a look-up in the table: r is its outcome, s what it found. */
static int
give(kvm_t *kd, struct kvmi_cx *cx, const struct kvmi_err *before, int r,
    const struct kvmi_sym *s, struct kvm_symbol *ret)
{
	if (kvmi_kd_end(kd, cx, before, r) != 0)
		return (-1);
	*ret = (struct kvm_symbol){ .ks_name = s->name,
		.ks_module = s->module, .ks_value = s->addr,
		.ks_size = s->size, .ks_letter = s->letter };
	return (0);
}

int
kvm_symbol_by_addr(kvm_t *kd, kvaddr_t addr, struct kvm_symbol *sym)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	struct kvmi_err before;
	struct kvmi_sym s;
	int r;

	if (cx == NULL)
		return (-1);
	before = cx->err;
	r = kvmi_symbol_at(kd->kernel, cx, addr, &s);
	if (r == KVMI_ENOENT)
		kvmi_fail(&cx->err, r, "no symbol at or below 0x%" PRIx64,
		    addr);
	return (give(kd, cx, &before, r, &s, sym));
}

int
kvm_symbol_by_name(kvm_t *kd, const char *name, struct kvm_symbol *sym)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	struct kvmi_symtab *t;
	struct kvmi_err before;
	struct kvmi_sym s;
	int r;

	if (cx == NULL)
		return (-1);
	before = cx->err;
	/* From the table, so that the name outlives the caller's. */
	r = kvmi_kernel_symtab(kd->kernel, cx, &t);
	if (r == 0)
		r = kvmi_symtab_by_name(t, name, &s, &cx->err);
	if (r == KVMI_ENOENT)
		r = kvmi_module_symbol(kd->kernel, cx, name, &s);
	if (r == KVMI_ENOENT)
		kvmi_fail(&cx->err, r, "%s: no such symbol", name);
	return (give(kd, cx, &before, r, &s, sym));
}
