/* SPDX-License-Identifier: BSD-2-Clause */
/* Look-ups that go on to the symbols of loaded modules. */
#include "os/kernel.h"

/* Found at first use; NULL: there are none, or no memory for them. */
static struct kvmi_symtab *
module_symtab(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	struct kvmi_symtab *t, *there = NULL;
	unsigned int damage = cx->damage;

	t = atomic_load_explicit(&k->module_syms, memory_order_acquire);
	if (t != NULL || k->os->module_symbols == NULL)
		return (t);
	if (kvmi_symtab_create(&t, &cx->err) != 0)
		return (NULL);
	k->os->module_symbols(k, cx, t);
	/* A module whose symbols cannot be had is no damage of a list. */
	cx->damage = damage;
	if (damage == 0)
		cx->damage_why[0] = '\0';
	if (!atomic_compare_exchange_strong(&k->module_syms, &there, t)) {
		kvmi_symtab_destroy(t);	/* another thread was first */
		t = there;
	}
	return (t);
}

int
kvmi_module_symbol(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const char *name, struct kvmi_sym *ret)
{
	struct kvmi_err unknown = cx->err;
	struct kvmi_symtab *t = module_symtab(k, cx);

	if (t != NULL && kvmi_symtab_by_name(t, name, ret, &cx->err) == 0)
		return (0);
	cx->err = unknown;
	return (KVMI_ENOENT);
}

int
kvmi_symbol_at(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t addr,
    struct kvmi_sym *ret)
{
	struct kvmi_symtab *t;
	struct kvmi_err before;
	struct kvmi_sym of_module;
	int r = kvmi_kernel_symtab(k, cx, &t);

	if (r == 0)
		r = kvmi_symtab_by_addr(t, addr, ret, &cx->err);
	/* What the kernel itself has there is no module's. */
	if ((r == 0 && addr - ret->addr < ret->size) ||
	    (r != 0 && r != KVMI_ENOENT))
		return (r);
	before = cx->err;
	t = module_symtab(k, cx);
	if (t != NULL && kvmi_symtab_by_addr(t, addr, &of_module,
	    &cx->err) == 0 && (r != 0 || of_module.addr > ret->addr)) {
		*ret = of_module;
		return (0);
	}
	cx->err = before;
	return (r);
}
