/* SPDX-License-Identifier: BSD-2-Clause */
/* include/linux/module.h, arch/x86/include/asm/module.h. */
#include "os/linux/module_text.h"

#include <inttypes.h>

#include "base/math.h"
#include "os/linux/linux.h"
#include "os/linux/tasks.h"

/* The members that a module is looked at by; since 6.4 text is mem[0]. */
struct layout {
	struct kvmi_member list, name, base, size;
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
		{ "module.mem[0].base module.core_layout.base", &l->base },
		{ "module.mem[0].size module.core_layout.text_size",
		    &l->size },
		{ "module.arch.orc_unwind_ip", &l->ips },
		{ "module.arch.orc_unwind", &l->entries },
		{ "module.arch.num_orcs", &l->n },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < KVMI_COUNT(members); i++)
		r = kvmi_type_first(t, members[i].spellings, members[i].m,
		    err);
	return (r == KVMI_ENOENT && l->size.size != 0 ? 0 : r);
}

static bool
holds(struct kvmi_kernel *k, struct kvmi_cx *cx, const struct layout *l,
    uint64_t module, uint64_t va, struct kvmi_linux_module *ret)
{
	uint64_t size;

	if (kvmi_kread_member(k, cx, module, &l->base, &ret->text) != 0 ||
	    kvmi_kread_member(k, cx, module, &l->size, &size) != 0 ||
	    !kvmi_add(ret->text, size, &ret->etext))
		return (false);
	return (va >= ret->text && va < ret->etext);
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
