/* SPDX-License-Identifier: BSD-2-Clause */
/* include/linux/module.h, arch/x86/include/asm/module.h. */
#include "os/linux/module_text.h"

#include <inttypes.h>

#include "base/math.h"
#include "os/linux/linux.h"
#include "os/linux/tasks.h"

/* Of what stays, and of what is there while the module is being set up. */
#define TEXTS	2

/* The members that a module is looked at by; since 6.4 text is mem[0]. */
struct layout {
	struct kvmi_member list, name, base[TEXTS], size[TEXTS];
	struct kvmi_member ips, entries, n;	/* of size 0: it has no ORC */
};

static int
init(struct layout *l, struct kvmi_types *t, struct kvmi_err *err)
{
	const struct {
		const char	*spellings;
		struct kvmi_member *m;
	} members[] = {
		{ "module.list", &l->list },
		{ "module.name", &l->name },
		{ "module.mem[0].base module.core_layout.base", &l->base[0] },
		{ "module.mem[0].size module.core_layout.text_size",
		    &l->size[0] },
		{ "module.arch.orc_unwind_ip", &l->ips },
		{ "module.arch.orc_unwind", &l->entries },
		{ "module.arch.num_orcs", &l->n },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < KVMI_COUNT(members); i++)
		r = kvmi_type_first(t, members[i].spellings, members[i].m,
		    err);
	if (r != 0 && (r != KVMI_ENOENT || l->size[0].size == 0))
		return (r);
	if (kvmi_type_first(t, "module.mem[4].base module.init_layout.base",
	    &l->base[1], err) != 0 || kvmi_type_first(t, "module.mem[4].size "
	    "module.init_layout.text_size", &l->size[1], err) != 0)
		l->size[1].size = 0;
	return (0);
}

static bool
holds(struct kvmi_kernel *k, struct kvmi_cx *cx, const struct layout *l,
    uint64_t module, uint64_t va, struct kvmi_linux_module *ret)
{
	uint64_t size;

	for (unsigned int i = 0; i < TEXTS; i++)
		if (l->size[i].size != 0 &&
		    kvmi_kread_member(k, cx, module, &l->base[i],
		    &ret->text) == 0 &&
		    kvmi_kread_member(k, cx, module, &l->size[i],
		    &size) == 0 && kvmi_add(ret->text, size, &ret->etext) &&
		    va >= ret->text && va < ret->etext)
			return (true);
	return (false);
}

static int
read_module(struct kvmi_kernel *k, struct kvmi_cx *cx, const struct layout *l,
    uint64_t module, struct kvmi_linux_module *ret)
{
	int r = kvmi_kread_text(k, cx, module, &l->name, ret->name,
	    sizeof(ret->name));

	if (r == 0 && l->n.size != 0)
		r = kvmi_kread_member(k, cx, module, &l->ips, &ret->orc.ips);
	if (r == 0 && l->n.size != 0)
		r = kvmi_kread_member(k, cx, module, &l->entries,
		    &ret->orc.entries);
	if (r == 0 && l->n.size != 0)
		r = kvmi_kread_member(k, cx, module, &l->n, &ret->orc.n);
	return (r == 0 ? 0 : kvmi_wrap(&cx->err, r, "struct module at 0x%"
	    PRIx64, module));
}

int
kvmi_linux_module_at(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    struct kvmi_linux_module *ret)
{
	struct kvmi_addrs list = { 0 };
	struct kvmi_types *t;
	struct layout l;
	int r = kvmi_kernel_types(k, cx, &t);

	*ret = (struct kvmi_linux_module){ .text = 0 };
	if (r == 0)
		r = init(&l, t, &cx->err);
	if (r == 0)
		r = kvmi_linux_modules_collect(k, cx, l.list.off, &list);
	if (r != 0) {
		kvmi_addrs_deinit(&list);
		return (r);
	}
	r = KVMI_ENOENT;
	for (size_t i = 0; r == KVMI_ENOENT && i < list.n; i++)
		if (holds(k, cx, &l, list.v[i], va, ret))
			r = read_module(k, cx, &l, list.v[i], ret);
	kvmi_addrs_deinit(&list);
	if (r != 0)
		*ret = (struct kvmi_linux_module){ .text = 0 };
	if (r == KVMI_ENOENT)
		kvmi_fail(&cx->err, r, "0x%" PRIx64 " is not in the text of "
		    "the kernel or a module", va);
	return (r);
}
